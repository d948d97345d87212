// An M95 at the end of the wire: takes commands one at a time, echoes, prompts for data, boots. The commands themselves are
// in system.ts and qmt.ts. It knows nothing of the driver but the bytes it sends.
import type { Draw } from "./draw.js";
import type { Time } from "./time.js";
import type { Wire } from "./wire.js";

/** What differs from one firmware to another. */
export interface Firmware {
  /** Later firmware: SHOWRECVLEN, and a length for AT+QMTPUB. */
  lengths: boolean;
  /** Of +QMTRECV: 1 quotes and blanks, 2 bare payload, 3 no quotes, 4 quotes. */
  shape: 1 | 2 | 3 | 4;
  prompt: ">" | "> ";
  /** It echoes when it boots. */
  echo: boolean;
  /** Its lines may fall into an echo. */
  brokenEcho: boolean;
  /** What becomes of bytes that come while a command runs. */
  busy: "keep" | "drop";
  /** Whether its lines wait while data is awaited. */
  hold: boolean;
  /** What it prints when ESC calls a prompt off. */
  escape: "OK" | "ERROR" | "";
  /** How it takes a query of a setting (note 3.2.1). */
  query: "told" | "refused" | "silent";
}

/** Waiting times, ms. */
export interface Delays {
  /** From a command to its answer, and between two lines of an answer. */
  answer: [number, number];
  gap: [number, number];
  prompt: [number, number];
  roundTrip: [number, number];
  /** Answers and prompts that are late, and by how much. */
  late: number;
  lateBy: [number, number];
}

/** Who looks on. */
export interface Watcher {
  /** A piece of an answer, a prompt or a result is about to be said, or was. */
  piece(after: boolean): void;
  command(text: string): void;
  /** Bytes in front of a command, or a line that is none. */
  garbage(bytes: string): void;
  /** Bytes came while a command ran. */
  early(bytes: string): void;
  /** Data was taken at a prompt. */
  data(bytes: string): void;
  /** A command has taken something down: a client, or with -1 all of them. */
  torn(client: number, text: string): void;
  booted(): void;
}

type Mode = "command" | "busy" | "data" | "off";

/** Data that is waited for. */
export interface Asked {
  /** Bytes; undefined: up to Ctrl+Z. */
  size: number | undefined;
  echoed: boolean;
  taken(data: string): void;
}

/** What carries out commands. False: it does not know this one. */
export type Carrier = (text: string, name: string, form: string, values: string[]) => boolean;

/** Parameters of a command, quotes gone. */
export function parameters(text: string): string[] {
  const all: string[] = [];
  const part = /\s*(?:"([^"]*)"|([^,]*))\s*(,|$)/gy;
  if (!text) return all;
  for (;;) {
    const found = part.exec(text);
    if (!found) return all;
    all.push(found[1] ?? found[2]!.trim());
    if (!found[3]) return all;
  }
}

const BOOT = 3000;

/** What V.250 sets at a boot: line end, line feed, backspace. */
const SETTINGS: { [query: string]: string } = { "ATS3?": "013", "ATS4?": "010", "ATS5?": "008" };

export class Modem {
  echo: boolean;
  /** As &W has stored it. */
  savedEcho: boolean;
  readonly carriers: Carrier[] = [];
  readonly onBoot: (() => void)[] = [];
  readonly time: Time;
  readonly wire: Wire;
  readonly draw: Draw;
  readonly firmware: Firmware;
  readonly delays: Delays;
  readonly watcher: Watcher;
  /** Changes with each boot: what was under way before is gone. */
  era = 0;
  /** When it rebooted it had asked for data, which may come now. */
  leftPrompt = false;
  private mode: Mode = "command";
  private line = "";
  private pending = "";
  private asked: Asked | undefined;
  private data = "";
  private held: [framed: string, handed?: () => void][] = [];

  constructor(time: Time, wire: Wire, draw: Draw, firmware: Firmware, delays: Delays, watcher: Watcher) {
    this.time = time;
    this.wire = wire;
    this.draw = draw;
    this.firmware = firmware;
    this.delays = delays;
    this.watcher = watcher;
    this.echo = this.savedEcho = firmware.echo;
    wire.toModem = (bytes) => this.typed(bytes);
  }

  // ---- what it says

  /** A line that is no answer. @param handed - called when the host is about to be handed its end */
  urc(text: string, handed?: () => void): void {
    if (this.mode === "off") return;
    if (this.mode === "data" && this.firmware.hold) this.held.push([text, handed]);
    else this.wire.send(`\r\n${text}\r\n`, handed);
  }

  /** A result of a command that was answered before. */
  result(text: string, handed?: () => void): void {
    this.watcher.piece(false);
    this.urc(text, handed);
    this.watcher.piece(true);
  }

  /** Later, unless it has booted since. */
  later(ms: number, fn: () => void): void {
    const { era } = this;
    this.time.at(this.time.now() + ms, () => {
      if (era === this.era) fn();
    });
  }

  delay([least, most]: [number, number]): number {
    return (
      this.draw.between(least, most) +
      (this.draw.chance(this.delays.late) ? this.draw.between(...this.delays.lateBy) : 0)
    );
  }

  /**
   * The answer of the command that runs; then the next one may come.
   * @param handed - called when the host is about to be handed the first line
   */
  answer(lines: string[], final = "OK", then?: () => void, handed?: () => void): void {
    const all = final ? [...lines, final] : lines;
    const { gap } = this.delays;
    const next = (i: number): void => {
      if (i < all.length) {
        this.say(`\r\n${all[i]}\r\n`, i ? undefined : handed);
        if (i + 1 < all.length) {
          this.later(this.draw.between(...gap), () => next(i + 1));
          return;
        }
      }
      this.ready();
      then?.();
    };
    this.later(this.delay(this.delays.answer), () => next(0));
  }

  /** Asks for data; `said` is the prompt, framed. */
  ask(said: string, asked: Asked): void {
    this.later(this.delay(this.delays.prompt), () => {
      this.say(said);
      this.mode = "data";
      this.asked = asked;
      this.data = "";
      this.resume();
    });
  }

  private say(text: string, handed?: () => void): void {
    this.watcher.piece(false);
    this.wire.send(text, handed);
    this.watcher.piece(true);
  }

  // ---- what it hears

  private typed(bytes: string): void {
    if (this.mode === "off") return;
    if (this.mode === "data") this.take(bytes);
    else if (this.mode === "busy") {
      this.watcher.early(bytes);
      if (this.firmware.busy === "keep") this.pending += bytes;
    } else this.type(bytes);
  }

  private type(bytes: string): void {
    const end = bytes.indexOf("\r");
    this.line += end < 0 ? bytes : bytes.slice(0, end);
    if (end < 0) return;
    const { line } = this;
    this.line = "";
    this.mode = "busy";
    this.pending = bytes.slice(end + 1) + this.pending;
    this.execute(line);
  }

  private execute(line: string): void {
    // Backspaces take back what stands in front of them.
    let text = line;
    while (/[^\x08]\x08/.test(text)) text = text.replace(/[^\x08]\x08/, "");
    text = text.replace(/\x08/g, "").trim();
    const at = text.search(/AT/i);
    const front = at < 0 ? text : text.slice(0, at);
    // ESC and pluses lead out of prompts that are none.
    if (front.replace(/[\x1b+\s]/g, "")) this.watcher.garbage(front);
    if (this.echo && line) this.repeat(`${line}\r`);
    if (at < 0) {
      this.ready();
      return;
    }
    const command = text.slice(at);
    this.watcher.command(command);
    const parts = /^AT(\+?[A-Z&]*\d?)(=\?|\?|=)?(.*)$/is.exec(command)!;
    const name = parts[1]!.toUpperCase();
    const register = SETTINGS[text.slice(at).toUpperCase()];
    if (register) {
      this.answer([register]);
      return;
    }
    for (const carry of this.carriers) if (carry(command, name, parts[2] ?? "", parameters(parts[3]!))) return;
    this.answer([], "+CME ERROR: 3");
  }

  private repeat(text: string): void {
    if (!this.firmware.brokenEcho || text.length < 3) {
      this.wire.send(text);
      return;
    }
    const at = 1 + this.draw.below(text.length - 2);
    this.wire.send(text.slice(0, at));
    this.later(1, () => this.wire.send(text.slice(at)));
  }

  private take(bytes: string): void {
    const { size } = this.asked!;
    const end = bytes.search(/[\x1a\x1b]/);
    if (size === undefined && end >= 0) {
      this.data += bytes.slice(0, end);
      this.pending = bytes.slice(end + 1) + this.pending;
      this.taken(bytes[end] === "\x1b");
      return;
    }
    this.data += bytes;
    if (size === undefined || this.data.length < size) return;
    this.pending = this.data.slice(size) + this.pending;
    this.data = this.data.slice(0, size);
    this.taken(false);
  }

  private taken(cancelled: boolean): void {
    const { data } = this;
    const asked = this.asked!;
    this.asked = undefined;
    this.mode = "busy";
    for (const [text, handed] of this.held.splice(0)) this.wire.send(`\r\n${text}\r\n`, handed);
    if (cancelled) {
      if (this.firmware.escape) this.answer([], this.firmware.escape);
      else this.ready();
      return;
    }
    if (this.echo && asked.echoed && data) this.wire.send(data);
    this.watcher.data(data);
    asked.taken(data);
  }

  private ready(): void {
    this.mode = "command";
    this.resume();
  }

  private resume(): void {
    if (!this.pending) return;
    const { pending } = this;
    this.pending = "";
    this.typed(pending);
  }

  // ---- starting anew

  /** @param told - with RDY and what follows it */
  reboot(told: boolean): void {
    this.era++;
    this.leftPrompt = this.mode === "data";
    this.mode = "off";
    this.line = this.pending = this.data = "";
    this.held = [];
    this.asked = undefined;
    this.echo = this.savedEcho;
    for (const fn of this.onBoot) fn();
    this.watcher.booted();
    this.later(BOOT, () => {
      this.mode = "command";
      if (told) for (const text of ["RDY", "+CFUN: 1", "+CPIN: READY", "Call Ready"]) this.urc(text);
    });
  }
}

// What the tests of the AT layer share: a framer and a session that write down what they hand over. It asserts nothing.
import { Framer } from "../../../core/at/framer.js";
import { Session } from "../../../core/at/session.js";
import type { Request } from "../../../core/at/types.js";
import { newCounters, statsOf } from "../../../core/counters.js";
import { SimClock } from "../../../virtual-m95/time/sim-clock.js";
import { FakeUart } from "../../support/fake-uart.js";

export const PREFIX = "+QMTRECV:";
export const LIMIT = 200;
/** Bytes of a chunk at most, if no time goes by: more are on the line for longer than a silence, which tells of a host that gathers. */
export const CHUNK = 230;

/** A message without the CR of its line end. */
function withoutCr(text: string): string {
  return text.endsWith("\r") ? text.slice(0, -1) : text;
}

function rethrow(error: unknown): never {
  throw error;
}

/** A framer whose sink notes events; "?" marks what is suspect or ambiguous. */
export class FramerRig {
  readonly clock = new SimClock();
  readonly events: string[] = [];
  /** Lines that count as starts inside a message. */
  known: string[] = ["OK", "+QMTSTAT: 0,1"];
  /** Called at each silence. */
  silent: () => void = () => {};
  /** Called behind each event. */
  after: (event: string) => void = () => {};
  /** What a sink function throws is a mistake, unless a test is about that. */
  threw: (error: unknown) => void = rethrow;
  readonly framer: Framer;
  private awaited = false;

  constructor(limit = LIMIT) {
    const note = (event: string): void => {
      this.events.push(event);
      this.after(event);
    };
    const message = (text: string, ambiguous: boolean): void =>
      note(`message${ambiguous ? "?" : ""} ${withoutCr(text)}`);
    this.framer = new Framer(
      {
        line: (line, suspect) => note(this.prompted(line) ? "prompt" : `line${suspect ? "?" : ""} ${line}`),
        received: message,
        inbox: { received: message },
        quiet: () => this.silent(),
        starts: (line) => this.known.includes(line),
        // Somebody guesses the second one.
        proves: (line, guessed) => line.startsWith("+QMTPUB: 0,7,") || (!!guessed && line.startsWith("+QMTPUB: 0,8,")),
        overran: () => note("overrun"),
        threw: (error) => this.threw(error),
      },
      this.clock,
      PREFIX,
      limit,
    );
    const { framer } = this;
    const [expect, clear] = [framer.expect.bind(framer), framer.clear.bind(framer)];
    framer.expect = (prompt) => {
      expect(prompt);
      this.awaited = true;
    };
    framer.clear = (goesOn) => {
      clear(goesOn);
      this.awaited = framer.prompt !== "";
    };
  }

  /** Whether a line is the prompt that was awaited until now. */
  private prompted(line: string): boolean {
    const prompted = this.awaited && line === ">" && !this.framer.prompt;
    if (prompted) this.awaited = false;
    return prompted;
  }

  /** What has happened since the last look. */
  take(): string[] {
    return this.events.splice(0, this.events.length);
  }
}

/** URCs of this rig, by the part before the colon. */
const URCS = ["+QMTSTAT", "+QMTPUB", "+QMTCONN", "+CREG", "RDY"];

/** A session on a fake line that notes what it hands over and how commands end. */
export class SessionRig {
  readonly clock = new SimClock();
  readonly uart = new FakeUart(this.clock);
  readonly events: string[] = [];
  private readonly counters = newCounters();
  readonly session: Session;
  /** What a port or a callback throws is a mistake, unless a test is about that. */
  threw: (error: unknown) => void = rethrow;
  /** Commands that ended, each as often as it did. */
  readonly ended: string[] = [];
  readonly errors: (Error | null)[] = [];

  constructor(guard = 20, limit = LIMIT) {
    // What proves that no older command is owed an answer (V.250, 6.1.6).
    this.uart.always("ATS3?\r", "\r\n013\r\n\r\nOK\r\n").always("ATS4?\r", "\r\n010\r\n\r\nOK\r\n");
    this.uart.always("ATS5?\r", "\r\n008\r\n\r\nOK\r\n");
    const isUrc = (line: string, running: string): boolean => {
      const name = line.split(":")[0]!;
      // The answer of a query has a parameter more than the URC of the same name.
      if (running === "AT+CREG?" && name === "+CREG") return line.split(",").length === 1;
      if (running === "AT+QMTCONN?" && name === "+QMTCONN") return line.split(",").length === 3;
      return URCS.includes(name);
    };
    this.session = new Session({
      uart: this.uart,
      clock: this.clock,
      sink: {
        urc: (line, suspect) => this.events.push(`urc${suspect ? "?" : ""} ${line}`),
        // Told by time-outs as well, which events show already.
        late: () => undefined,
        echoed: () => this.events.push("echoed"),
        mute: (error) => this.events.push(`mute ${error.message}`),
      },
      host: {
        bytesLost: () => undefined,
        knows: () => false,
        listenerThrew: (error) => this.threw(error),
        explain: (family, code) => (family === "cme" && code === 10 ? "SIM not inserted" : ""),
      },
      isUrc,
      counters: this.counters,
      guard,
      limit,
      prefix: PREFIX,
    });
    this.session.inbox = {
      received: (text, ambiguous) => {
        this.events.push(`message${ambiguous ? "?" : ""} ${withoutCr(text)}`);
      },
    };
    this.session.allow(true);
  }

  get stats(): { [name: string]: number } {
    return statsOf(this.counters);
  }

  /** Sends a command and notes how it ends: `text OK [information lines]` or `text CODE`. */
  send(text: string, rest: Partial<Request> = {}, first?: boolean): void {
    this.session.send(
      {
        text,
        timeout: 1000,
        ...rest,
        done: (error, lines, sent) => {
          this.ended.push(text);
          this.errors.push(error);
          const how = error ? error.code + (error.cme === undefined ? "" : ` ${error.cme}`) : "OK";
          const list = lines.length ? ` [${lines.join("|")}]` : "";
          this.events.push(`${text} ${how}${list}${sent ? "" : " unsent"}`);
          rest.done?.(error, lines, sent);
        },
      },
      first,
    );
  }

  /** Notes how a synchronisation ends. */
  sync(tries: number, leadOut = ""): void {
    this.session.sync(tries, leadOut, (error) => this.events.push(`synced ${error ? error.code : "OK"}`));
  }

  /** Runs until nothing is left to happen, for at most `ms`, and hands over what happened since the last look. */
  settle(ms = 60000): string[] {
    this.clock.run(() => false, ms);
    return this.take();
  }

  take(): string[] {
    return this.events.splice(0, this.events.length);
  }
}

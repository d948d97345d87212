// The UART between host and modem: rates, autobaud, pacing and how bytes are cut. It knows no commands.

import type { Clock, VirtualM95Options } from "../options.js";

/** Rates of AT+IPR in Bd, 0 = autobaud (facts sheet 2). */
export const baudRates = [0, 300, 600, 1200, 2400, 4800, 9600, 14400, 19200, 28800, 38400, 57600, 115200];
const defaultRate = 115_200;
const autobaudRange = { min: 4800, max: 115_200 };

export interface SerialLineHooks {
  /** Whether the module hears its UART now. */
  listening(): boolean;
  /** Whether a command executes now: sampled when a transfer begins. */
  busy(): boolean;
  /** A transfer begins. */
  incoming(text: string): void;
  /** What the module hears of a transfer that took `ms`. */
  heard(text: string, ms: number): string;
  onData(data: string, startedBusy: boolean): void;
  /** Bytes left the modem and reached the host. */
  toHost(chunk: string): void;
}

interface Transfer {
  text: string;
  baud: number;
}

export class SerialLine {
  readonly #clock: Clock;
  readonly #hooks: SerialLineHooks;
  readonly #paced: boolean;
  readonly #chunk: number | "line" | "byte";
  readonly #syncAfter: number;
  readonly #in: Transfer[] = [];
  readonly #out: Transfer[] = [];
  #inBusy = false;
  #outTimer: unknown;
  #fixed: number;
  #next: number | undefined;
  #detected = 0;
  #attempts = 0;
  #unsyncedLine = "";
  /** 0: always the modem's. */
  hostBaud: number;

  constructor(options: VirtualM95Options, hooks: SerialLineHooks) {
    this.#clock = options.clock;
    this.#hooks = hooks;
    this.#paced = options.paceUart ?? true;
    this.#chunk = options.chunk ?? 64;
    this.#syncAfter = options.syncAfter ?? 2;
    this.#fixed = options.baud ?? 0;
    this.hostBaud = options.hostBaud ?? defaultRate;
  }

  /** The modem's rate: fixed, detected, or 0 while autobaud has not synchronised. */
  get rate(): number {
    return this.#fixed || this.#detected;
  }

  /** AT+IPR=n: the OK that follows at once still travels at the old rate. Autobaud stays in step with the line. */
  changeFixed(baud: number): void {
    this.#next = baud;
    this.#clock.after(0, () => {
      if (this.#next === undefined) return;
      if (this.#next === 0) this.#detected = this.rate;
      this.#fixed = this.#next;
      this.#next = undefined;
    });
  }

  /** AT+IPR?: 0 = autobaud. */
  get fixed(): number {
    return this.#next ?? this.#fixed;
  }

  get #hostRate(): number {
    return this.hostBaud || this.rate || defaultRate;
  }

  /** As after power-on: `fixed` from the profile, autobaud not synchronised (or already at the host's rate). */
  restart(fixed: number, synced = false): void {
    this.#fixed = fixed;
    this.#next = undefined;
    this.#detected = synced ? this.#hostRate : 0;
    this.#attempts = 0;
    this.#unsyncedLine = "";
  }

  /** Drops what has not left the modem yet. */
  clear(): void {
    this.#out.length = 0;
    if (this.#outTimer !== undefined) this.#clock.cancel(this.#outTimer);
    this.#outTimer = undefined;
  }

  /** Time in ms after which everything sent so far has surely reached the host. */
  get pendingTime(): number {
    // A chunk may be due at the very moment at which the last one is.
    return this.#out.reduce((sum, item) => sum + this.#duration(item.text.length, item.baud), 1);
  }

  /** Bytes are under way to the host. */
  get sending(): boolean {
    return this.#out.length > 0;
  }

  send(text: string): void {
    const baud = this.rate;
    if (baud === 0 || text === "") return;
    const last = this.#out[this.#out.length - 1];
    if (last && last.baud === baud) last.text += text;
    else this.#out.push({ text, baud });
    if (this.#outTimer === undefined) this.#sendNext();
  }

  write(data: string): void {
    if (data === "") return;
    this.#in.push({ text: data, baud: this.#hostRate });
    if (!this.#inBusy) this.#receiveNext();
  }

  dispose(): void {
    this.clear();
    this.#in.length = 0;
  }

  #duration(bytes: number, baud: number): number {
    return this.#paced ? (bytes * 10_000) / baud : 0;
  }

  #sendNext(): void {
    const head = this.#out[0];
    if (!head) return;
    const size = this.#cut(head.text);
    this.#outTimer = this.#clock.after(this.#duration(size, head.baud), () => {
      this.#outTimer = undefined;
      const chunk = head.text.slice(0, size);
      head.text = head.text.slice(size);
      if (head.text === "") this.#out.shift();
      this.#sendNext();
      this.#hooks.toHost(head.baud === (this.hostBaud || head.baud) ? chunk : garbled(chunk));
    });
  }

  #cut(text: string): number {
    if (this.#chunk === "byte") return 1;
    if (this.#chunk !== "line") return Math.min(this.#chunk, text.length);
    const lf = text.indexOf("\n", 2);
    return lf < 0 ? text.length : lf + 1;
  }

  #receiveNext(): void {
    const item = this.#in.shift();
    this.#inBusy = item !== undefined;
    if (!item) return;
    const startedBusy = this.#hooks.listening() && this.#hooks.busy();
    const ms = this.#duration(item.text.length, item.baud);
    if (this.#hooks.listening()) this.#hooks.incoming(item.text);
    this.#clock.after(ms, () => {
      if (this.#hooks.listening()) this.#arrived({ ...item, text: this.#hooks.heard(item.text, ms) }, startedBusy);
      this.#receiveNext();
    });
  }

  #arrived(item: Transfer, startedBusy: boolean): void {
    if (item.text === "") return;
    if (this.#fixed === 0 && item.baud !== this.#detected) {
      const rest = this.#synchronise(item);
      if (rest !== "") this.#hooks.onData(rest, false);
      return;
    }
    this.#hooks.onData(item.baud === this.rate ? item.text : garbled(item.text), startedBusy);
  }

  /** Autobaud: only whole lines `AT` or `at` count; returns what the modem understands, from the deciding `AT` on. */
  #synchronise(item: Transfer): string {
    if (item.baud < autobaudRange.min || item.baud > autobaudRange.max) return "";
    for (let i = 0; i < item.text.length; i++) {
      const c = item.text[i]!;
      if (c === "\n" || c === "\x1b") continue;
      if (c !== "\r") {
        this.#unsyncedLine = (this.#unsyncedLine + c).slice(-8);
        continue;
      }
      const line = this.#unsyncedLine;
      this.#unsyncedLine = "";
      if (line !== "AT" && line !== "at") continue;
      if (++this.#attempts < this.#syncAfter) continue;
      this.#attempts = 0;
      this.#detected = item.baud;
      return `${line}\r${item.text.slice(i + 1)}`;
    }
    return "";
  }
}

/** What one side reads when the other one talks at another rate: never a line end, never a command. */
function garbled(text: string): string {
  let noise = "";
  for (let i = 0; i < text.length; i++) noise += String.fromCharCode((text.charCodeAt(i) ^ 0xa5) | 0x80);
  return noise;
}

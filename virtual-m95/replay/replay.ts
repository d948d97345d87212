// The modem's side of a trace, played again: what the host asks is answered as it was then. It simulates nothing, and knows
// only what was recorded.

import { type Entry, headOf, parseTrace } from "../../trace/format.js";
import { Mask } from "../../trace/mask.js";
import type { Clock } from "../options.js";
import { SimClock } from "../time/sim-clock.js";
import { Timers } from "../time/timers.js";
import { type Unit, Units } from "./units.js";

/** Where the host did not do what it did in the recording. */
export interface Deviation {
  /** Clock time, ms. */
  at: number;
  /** `again`: more often than recorded; `other`: like nothing recorded, something similar was answered; `unknown`: nothing was. */
  kind: "again" | "other" | "unknown";
  sent: string;
  detail: string;
}

interface Output {
  /** ms behind what it answers. */
  after: number;
  bytes?: string;
  status?: 0 | 1;
}

/** Something the host did, and all that came of it until it did the next thing. */
interface Exchange {
  key: string;
  t: number;
  used: boolean;
  outputs: Output[];
}

/** Options that `replay` takes. */
export interface ReplayOptions {
  /** Default: a `SimClock` of its own. */
  clock?: Clock;
  /** Called with each deviation. */
  onDeviation?: (deviation: Deviation) => void;
}

const ID = /^(AT\+QMT(?:PUB|SUB|UNS)=(\d+)),(\d+)/i;
const RESULT = /(\+QMT(?:PUB|SUB|UNS): ?)(\d+),(\d+)/g;

/** Command and what it is about, without message ID: those drawn at random differ from run to run. */
function loose(key: string): string {
  return key.replace(ID, "$1");
}

/** The same command, whatever its parameters. */
function name(key: string): string {
  return key.startsWith("AT") ? key.replace(/=.*/s, "=") : key.replace(/ .*/s, "");
}

/**
 * A modem that answers as one did in a recording: matched by command, not by position. Put its `uart`, and its `pins` if the
 * recording has some, where those of a modem belong.
 */
export class Replay<C extends Clock = Clock> {
  readonly clock: C;
  readonly uart: { write(data: string): void; onReceive: (chunk: string) => void; setBaud(baud: number): void };
  readonly pins: {
    pwrkey: { write(level: 0 | 1): void };
    emergOff: { write(level: 0 | 1): void };
    supply: { write(level: 0 | 1): void };
    dtr: { write(level: 0 | 1): void };
    status: { read(): 0 | 1 };
  };
  /** Options that the modem was opened with, as far as a trace has them. */
  readonly options: Record<string, unknown>;
  readonly deviations: Deviation[] = [];
  /** Sees the bytes, `rx` from the host and `tx` to it. */
  onWire: ((direction: "rx" | "tx", bytes: string) => void) | undefined;
  /** The numbers that were drawn then, in their order; for option `random` of the driver. */
  readonly random: () => number;
  readonly #exchanges: Exchange[] = [];
  readonly #timers: Timers;
  readonly #units = new Units();
  readonly #mask = new Mask(() => {});
  readonly #onDeviation: ((deviation: Deviation) => void) | undefined;
  /** Message IDs of the recording, and what they are now. */
  readonly #ids = new Map<string, string>();
  readonly #levels = new Map<string, 0 | 1>();
  #status: 0 | 1 = 1;

  constructor(entries: readonly Entry[], clock: C, onDeviation?: (deviation: Deviation) => void) {
    this.clock = clock;
    this.#timers = new Timers(clock);
    this.#onDeviation = onDeviation;
    this.options = headOf(entries).options;
    const numbers = entries.flatMap((entry) => ("random" in entry ? [entry.random] : []));
    this.random = () => numbers.shift() ?? Math.random();
    this.uart = { write: (data) => this.#fromHost(data), onReceive: () => {}, setBaud: () => {} };
    const pin = (pinName: string) => ({ write: (level: 0 | 1) => this.#move(pinName, level) });
    this.pins = {
      pwrkey: pin("pwrkey"),
      emergOff: pin("emergOff"),
      supply: pin("supply"),
      dtr: pin("dtr"),
      status: { read: () => this.#status },
    };
    this.#read(entries);
    this.#release(this.#exchanges[0]!);
  }

  /** What was recorded and has not been asked for. */
  get unused(): string[] {
    return this.#exchanges.filter(({ used }) => !used).map(({ key }) => key);
  }

  /** No more answers. */
  dispose(): void {
    this.#timers.cancelAll();
  }

  #read(entries: readonly Entry[]): void {
    const units = new Units();
    let seen: 0 | 1 | undefined;
    const begin = (key: string, t: number): number => this.#exchanges.push({ key, t, used: key === "", outputs: [] });
    const output = (t: number, what: Omit<Output, "after">): void => {
      const last = this.#exchanges.at(-1)!;
      last.outputs.push({ after: Math.max(0, t - last.t), ...what });
    };
    begin("", 0);
    for (const entry of entries) {
      if ("pin" in entry && entry.pin === "ri") continue;
      if ("pin" in entry && entry.pin !== "status") begin(`pin ${entry.pin} ${entry.level}`, entry.t);
      else if ("pin" in entry) {
        if (seen === undefined) this.#status = entry.level;
        else output(entry.t, { status: entry.level });
        seen = entry.level;
      } else if (!("d" in entry)) continue;
      else if (entry.d === ">") for (const unit of units.host(entry.b)) begin(this.#key(unit), entry.t);
      else {
        units.modem(entry.b);
        output(entry.t, { bytes: entry.b });
      }
    }
  }

  #key({ kind, text }: Unit): string {
    // The trace was veiled with the same rules.
    const shown = this.#mask.text(text);
    return kind === "data" ? `data ${shown}` : shown.replace(/^at/i, "AT");
  }

  #fromHost(data: string): void {
    this.onWire?.("rx", data);
    for (const unit of this.#units.host(data)) this.#play(this.#key(unit));
  }

  #move(pin: string, level: 0 | 1): void {
    if (this.#levels.get(pin) === level) return;
    this.#levels.set(pin, level);
    this.#play(`pin ${pin} ${level}`);
  }

  #play(key: string): void {
    const fits = (what: (one: string) => string) => this.#exchanges.filter((one) => what(one.key) === what(key));
    const same = fits((one) => one);
    const fresh = same.find(({ used }) => !used);
    const like = fits(loose).find(({ used }) => !used);
    const again = same.at(-1) ?? fits(loose).at(-1);
    // Pins may be moved more often than they were: that answers nothing.
    if (key.startsWith("pin ") && !fresh) return;
    const found = fresh ?? like ?? again ?? fits(name).find(({ used }) => !used);
    if (!found) {
      this.#deviates("unknown", key, "nothing like it was recorded; the answer is ERROR");
      this.#timers.after(5, () => this.#out("\r\nERROR\r\n"));
      return;
    }
    if (!fresh && !like)
      if (again) this.#deviates("again", key, "more often than recorded; answered like the last time");
      else this.#deviates("other", key, `recorded was ${found.key}`);
    const [then, now] = [ID.exec(found.key), ID.exec(key)];
    if (then && now) this.#ids.set(`${then[2]},${then[3]}`, now[3]!);
    this.#release(found);
  }

  #release(exchange: Exchange): void {
    exchange.used = true;
    for (const { after, bytes, status } of exchange.outputs)
      this.#timers.after(after, () => {
        if (status !== undefined) this.#status = status;
        if (bytes !== undefined) this.#out(bytes);
      });
  }

  #out(bytes: string): void {
    this.onWire?.("tx", bytes);
    this.#units.modem(bytes);
    this.uart.onReceive(
      bytes.replace(RESULT, (all, head, client, id) => {
        const now = this.#ids.get(`${client},${id}`);
        return now === undefined ? all : `${head}${client},${now}`;
      }),
    );
  }

  #deviates(kind: Deviation["kind"], sent: string, detail: string): void {
    const deviation = { at: this.clock.now(), kind, sent, detail };
    this.deviations.push(deviation);
    this.#onDeviation?.(deviation);
  }
}

/**
 * The modem's side of a trace for tests, on the simulated clock unless another is given.
 * @param trace - the text of a trace, or its entries
 * @throws TraceError for what is no trace
 */
export function replay(trace: string | readonly Entry[]): Replay<SimClock>;
export function replay<C extends Clock>(
  trace: string | readonly Entry[],
  options: ReplayOptions & { clock: C },
): Replay<C>;
export function replay(trace: string | readonly Entry[], options: ReplayOptions = {}): Replay {
  const entries = typeof trace === "string" ? parseTrace(trace) : trace;
  return new Replay(entries, options.clock ?? new SimClock(), options.onDeviation);
}

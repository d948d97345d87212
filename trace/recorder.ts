// Writes down what passes between a driver, its modem and its host: bytes, pins, calls, events. It changes none of it, and
// knows no files.

import { type Entry, MARK, type Party, VERSION } from "./format.js";
import { Mask, type Secret } from "./mask.js";

/** ms after which what waits for the end of its line is written as it is. */
const HOLD = 1000;
/** Characters of a line that wait for its end, at most. */
const LONGEST = 4096;

/** An object whose methods are listened to, whatever it is. */
// biome-ignore lint/suspicious/noExplicitAny: methods of any shape are put in each other's places here
type Anything = Record<string, any>;

interface Line {
  text: string;
  /** Characters of it that are written. */
  given: number;
  mask: Mask;
  /** Entries that wait for characters, and how many each. */
  waiting: { entry: { t: number; b: string }; left: number }[];
}

/** What the recorder needs to see of a modem. */
export interface Recorded {
  /** Its calls and events; without one only the line is seen. */
  modem?: object;
  uart: { write(data: string): void; onReceive: (chunk: string) => void; setBaud?(baud: number): void };
  /** Options to be found in the head. */
  options: object;
}

const METHODS = {
  modem: ["start", "stop", "command", "identity", "signal", "battery", "operator", "time"],
  client: ["publish", "subscribe", "unsubscribe", "end"],
};

const HEARD = ["message", "packetsend"];

/** One recording. Lines go to `sink` as soon as nothing in them can still turn out to be secret. */
export class Recorder {
  #sink: ((line: string) => void) | undefined;
  #now: () => number = () => 0;
  #began = 0;
  #head: Entry | undefined;
  /** Entries in their order; the first may be waiting. */
  #queue: { entry: Entry; ready: () => boolean }[] = [];
  #lines: Record<"<" | ">", Line>;
  #calls = 0;
  /** What is called now was called by the driver itself. */
  #inside = false;
  #masked = new Set<Secret>();
  #levels: Partial<Record<string, number>> = {};

  constructor(sink: (line: string) => void) {
    this.#sink = sink;
    const line = (): Line => ({ text: "", given: 0, mask: this.#mask(), waiting: [] });
    this.#lines = { "<": line(), ">": line() };
  }

  /** The head, to begin another file with. */
  get head(): string {
    return JSON.stringify({ ...this.#head, masked: [...this.#masked] });
  }

  /** Of the options of a modem those that have to be seen while it runs: chance and power. To be called first. */
  begin<O extends object>(options: O, clock: { now(): number }): O {
    const given = options as Anything;
    this.#now = () => Math.round((clock.now() - this.#began) * 10) / 10;
    this.#began = clock.now();
    const random: () => number = given.random ?? Math.random;
    const drawn = (): number => {
      const number = random();
      this.#add({ t: this.#now(), random: number });
      return number;
    };
    const { power } = given;
    return { ...options, random: drawn, ...(power && { power: this.#switch(power) }) };
  }

  /** Listens to a modem from now on. */
  attach({ modem, uart, options }: Recorded): void {
    const shown = this.#mask().value(options) as Record<string, unknown>;
    for (const name of ["uart", "clock", "power", "codec", "trace"]) delete shown[name];
    this.#head = { t: 0, trace: MARK, version: VERSION, options: shown, date: new Date().toISOString() };
    this.#queue.unshift({ entry: this.#head, ready: () => true });
    const { write, onReceive } = uart;
    uart.write = (data) => {
      this.#bytes(">", data);
      write.call(uart, data);
    };
    uart.onReceive = (chunk) => {
      this.#bytes("<", chunk);
      onReceive.call(uart, chunk);
    };
    if (!modem) return;
    this.#watch("modem", modem, METHODS.modem);
    const host = modem as Anything;
    const { connect } = host;
    host.connect = (...asked: unknown[]) => {
      // An URL may hold a password.
      const options = host.optionsOf?.(...asked) ?? asked[0];
      const client = this.#within(true, () => connect.apply(host, this.#called("connect", "modem", [options])));
      this.#watch(client.connectionId, client, METHODS.client);
      return client;
    };
  }

  /** The same pins, and what happens to them is written down. */
  pins<P extends object>(pins: P): P {
    return Object.fromEntries(
      Object.entries(pins).map(([name, pin]: [string, Anything]) => [
        name,
        {
          ...(pin.write && {
            write: (level: 0 | 1) => {
              this.#level(name, level);
              pin.write(level);
            },
          }),
          ...(pin.read && {
            read: () => {
              const level = pin.read();
              this.#level(name, level);
              return level;
            },
          }),
          // That it has risen again nobody tells: the next fall is one, too.
          ...(pin.watch && {
            watch: (fell: () => void) =>
              pin.watch(() => {
                this.#level(name, 0);
                delete this.#levels[name];
                fell();
              }),
          }),
        },
      ]),
    ) as P;
  }

  /** Writes what still waits, and no more. */
  close(): void {
    for (const d of ["<", ">"] as const) this.#give(d, this.#lines[d].text.length);
    this.#flush();
    this.#sink = undefined;
  }

  #mask(): Mask {
    return new Mask((kind) => {
      if (this.#masked.has(kind)) return;
      this.#masked.add(kind);
      this.#add({ t: this.#now(), masked: kind });
    });
  }

  #level(name: string, level: 0 | 1): void {
    if (this.#levels[name] === level) return;
    this.#levels[name] = level;
    this.#add({ t: this.#now(), pin: name, level } as Entry);
  }

  #switch(power: Anything): Anything {
    const seen: Anything = { isOn: () => power.isOn() };
    for (const name of ["on", "off", "kill", "cut"])
      if (power[name])
        seen[name] = (...args: unknown[]) => power[name](...this.#called(`power.${name}`, "modem", args));
    return seen;
  }

  #watch(of: Party, object: object, methods: string[]): void {
    const seen = object as Anything;
    for (const name of methods) {
      const method = seen[name];
      seen[name] = (...args: unknown[]) =>
        this.#inside
          ? method.apply(seen, args)
          : this.#within(true, () => method.apply(seen, this.#called(name, of, args)));
    }
    const add = (event: string, args: unknown[]): void =>
      this.#add({ t: this.#now(), event, of, args: this.#mask().value(args) as unknown[] });
    // Those that are made only for whoever listens.
    if (of !== "modem") for (const event of HEARD) seen.on(event, (...args: unknown[]) => add(event, args));
    const { emit } = seen;
    seen.emit = (event: string, ...args: unknown[]) => {
      if (event !== "trace" && !HEARD.includes(event)) add(event, args);
      // What listeners call is called by the host.
      return this.#within(false, () => emit.call(seen, event, ...args));
    };
  }

  #within<T>(inside: boolean, what: () => T): T {
    const before = this.#inside;
    this.#inside = inside;
    try {
      return what();
    } finally {
      this.#inside = before;
    }
  }

  /** Writes a call down; the arguments it is to be made with. */
  #called(call: string, of: Party, args: unknown[]): unknown[] {
    const at = args.findIndex((one) => typeof one === "function");
    const done = args[at] as ((...results: unknown[]) => void) | undefined;
    const shown = this.#mask().value(args.filter((one) => typeof one !== "function")) as unknown[];
    const entry = { t: this.#now(), call, of, args: shown };
    if (!done) {
      this.#add(entry);
      return args;
    }
    const id = ++this.#calls;
    this.#add({ ...entry, id });
    const heard = (error?: unknown, value?: unknown): void => {
      const mask = this.#mask();
      const end = { t: this.#now(), done: id, error: mask.value(error ?? undefined), value: mask.value(value) };
      this.#add(end);
      this.#within(false, () => done(error, value));
    };
    return args.map((one, i) => (i === at ? heard : one));
  }

  #add(entry: Entry): void {
    this.#queue.push({ entry, ready: () => true });
    this.#flush();
  }

  #bytes(d: "<" | ">", chunk: string): void {
    const line = this.#lines[d];
    const entry = { t: this.#now(), d, b: "" };
    const waiting = { entry, left: chunk.length };
    line.waiting.push(waiting);
    this.#queue.push({ entry, ready: () => waiting.left === 0 });
    line.text += chunk;
    for (;;) {
      const end = line.text.search(/[\r\n\x1a]/);
      if (end < 0) break;
      const rest = line.text.slice(end + 1);
      line.text = line.text.slice(0, end + 1);
      this.#give(d, end + 1);
      line.text = rest;
      line.given = 0;
    }
    if (line.text.length > LONGEST) {
      this.#give(d, line.text.length);
      line.text = "";
      line.given = 0;
    }
    this.#flush();
  }

  /** Hands the characters of a line to the entries that wait for them. */
  #give(d: "<" | ">", upTo: number): void {
    const line = this.#lines[d];
    let shown = line.mask.line(line.text, /[\r\n\x1a]$/.test(line.text)).slice(line.given, upTo);
    line.given = upTo;
    while (shown !== "") {
      const first = line.waiting[0]!;
      const part = shown.slice(0, first.left);
      first.entry.b += part;
      first.left -= part.length;
      shown = shown.slice(part.length);
      if (first.left === 0) line.waiting.shift();
    }
  }

  #flush(): void {
    const now = this.#now();
    for (let first = this.#queue[0]; first && this.#head; first = this.#queue[0]) {
      if (!first.ready()) {
        if (now - first.entry.t < HOLD) return;
        const { d } = first.entry as { d: "<" | ">" };
        // What is found in it is noted, so that by then it may be gone from here.
        this.#give(d, this.#lines[d].text.length);
        continue;
      }
      this.#queue.shift();
      this.#sink?.(JSON.stringify(first.entry));
    }
  }
}

// One AT command after the other over a raw line, with whatever comes back: answers, lines unasked, garbage. It judges nothing,
// and is not the driver: what the driver would have hidden is what is looked for here.

/** The line as the check-up needs it. */
export interface Port {
  write(data: string): void;
  onReceive: (chunk: string) => void;
  /** Where the rate can be changed. */
  setBaud?(baud: number): void;
  /** Where DTR of the modem is wired to something: 0 keeps it awake. */
  dtr?(level: 0 | 1): void;
}

export interface Clock {
  now(): number;
  after(ms: number, fn: () => void): unknown;
  cancel(handle: unknown): void;
}

/** How to press PWRKEY, and what STATUS says, where they are wired. */
export interface Key {
  press(ms: number): Promise<void>;
  status?(): Promise<0 | 1 | undefined>;
}

/** The key of a modem whose pins are at hand: a virtual one. */
export function pinKey(
  pins: { pwrkey: { write(level: 0 | 1): void }; status: { read(): 0 | 1 } },
  clock: { after(ms: number, fn: () => void): unknown },
): Key {
  return {
    press: (ms) =>
      new Promise((resolve) => {
        pins.pwrkey.write(1);
        clock.after(ms, () => {
          pins.pwrkey.write(0);
          resolve();
        });
      }),
    status: async () => pins.status.read(),
  };
}

export interface Answer {
  /** Lines between command and final result, without the echo. */
  lines: string[];
  /** `OK`, `ERROR`, `+CME ERROR: 3`, or one that was waited for; undefined: none came. */
  final: string | undefined;
  ok: boolean;
  /** The number of a CME error. */
  cme: number | undefined;
  /** ms until the final result, or until it was given up. */
  ms: number;
  /** The command came back. */
  echoed: boolean;
}

/** A line that answered nothing. */
export interface Unasked {
  at: number;
  line: string;
}

export interface AskOptions {
  /** ms, default 5000. */
  timeout?: number;
  /** A final result besides the usual ones. */
  final?: RegExp;
  /** Sent at the prompt, whatever it is: `>` or `CONNECT`. */
  data?: string;
}

const USUAL = /^(?:OK|ERROR|\+CM[ES] ERROR: ?(.*)|0|4)$/;
/** Of lines that answered nothing so many are kept. */
const KEPT = 2000;

export class Conversation {
  readonly clock: Clock;
  /** Everything that came, as it came, up to a bound. */
  raw = "";
  readonly unasked: Unasked[] = [];
  /** Commands that were sent, without their values. */
  readonly asked = new Set<string>();
  readonly #port: Port;
  #text = "";
  #onLine: ((line: string) => boolean) | undefined;
  #onText: (() => void) | undefined;
  #waiting: { pattern: RegExp; done: (match: RegExpExecArray) => void }[] = [];

  constructor(port: Port, clock: Clock) {
    this.#port = port;
    this.clock = clock;
    port.onReceive = (chunk) => this.#receive(chunk);
  }

  get now(): number {
    return this.clock.now();
  }

  wait(ms: number): Promise<void> {
    return new Promise((resolve) => void this.clock.after(ms, resolve));
  }

  write(data: string): void {
    this.#port.write(data);
  }

  setBaud(baud: number): boolean {
    this.#port.setBaud?.(baud);
    return this.#port.setBaud !== undefined;
  }

  dtr(level: 0 | 1): boolean {
    this.#port.dtr?.(level);
    return this.#port.dtr !== undefined;
  }

  /** Forgets what came so far and has no end. */
  clear(): void {
    this.raw = this.#text = "";
  }

  /** A command and its answer. Never rejects. */
  ask(text: string, { timeout = 5000, final, data }: AskOptions = {}): Promise<Answer> {
    const began = this.now;
    const lines: string[] = [];
    this.asked.add(text.replace(/=(?!\?).*/s, "="));
    return new Promise((resolve) => {
      let echoed = false;
      const end = (result: string | undefined): void => {
        this.clock.cancel(timer);
        this.#onLine = this.#onText = undefined;
        const number = /^\+CM[ES] ERROR: ?(\d+)/.exec(result ?? "")?.[1];
        const ok = result !== undefined && !/ERROR|^4$/.test(result);
        resolve({
          lines,
          final: result,
          ok,
          cme: number === undefined ? undefined : Number(number),
          ms: Math.round(this.now - began),
          echoed,
        });
      };
      const timer = this.clock.after(timeout, () => end(undefined));
      const name = /^AT(\+\w+)/i.exec(text)?.[1];
      this.#onLine = (line) => {
        if (!echoed && line === text) {
          echoed = true;
          return true;
        }
        if (final?.test(line) || USUAL.test(line)) {
          if (final?.test(line)) lines.push(line);
          end(line);
          return true;
        }
        // Of a command without a name of its own (ATI) every line is one.
        if (line.startsWith("+") ? name && line.replace(" :", ":").startsWith(`${name}:`) : !isUnasked(line)) {
          lines.push(line);
          return true;
        }
        return false;
      };
      this.#onText = () => {
        if (data === undefined || !/(^|[\r\n])(> ?|CONNECT\r?\n?)$/.test(this.#text)) return;
        this.#text = "";
        this.#onText = undefined;
        this.#port.write(data);
      };
      this.#port.write(`${text}\r`);
    });
  }

  /** A line unasked, from now on or since `since`; undefined when none came in time. */
  expect(pattern: RegExp, timeout: number, since = this.now): Promise<RegExpExecArray | undefined> {
    for (const { at, line } of this.unasked) {
      const match = at >= since ? pattern.exec(line) : null;
      if (match) return Promise.resolve(match);
    }
    return new Promise((resolve) => {
      const entry = {
        pattern,
        done: (match: RegExpExecArray) => {
          this.clock.cancel(timer);
          resolve(match);
        },
      };
      const timer = this.clock.after(timeout, () => {
        this.#waiting = this.#waiting.filter((one) => one !== entry);
        resolve(undefined);
      });
      this.#waiting.push(entry);
    });
  }

  /** Lines unasked that fit. */
  said(pattern: RegExp, since = 0): string[] {
    return this.unasked.flatMap(({ at, line }) => (at >= since && pattern.test(line) ? [line] : []));
  }

  #receive(chunk: string): void {
    this.raw = (this.raw + chunk).slice(-20_000);
    this.#text = (this.#text + chunk).slice(-20_000);
    for (;;) {
      const end = this.#text.search(/[\r\n]/);
      if (end < 0) break;
      const line = this.#text.slice(0, end).trimEnd();
      // The line end of a prompt's line is still to come.
      if (this.#onText && line === "" && /^[\r\n]*(> ?|CONNECT\r?\n?)$/.test(this.#text)) break;
      if (this.#onText && line === "CONNECT") break;
      this.#text = this.#text.slice(end + 1);
      if (line !== "") this.#line(line);
    }
    this.#onText?.();
  }

  #line(line: string): void {
    if (this.#onLine?.(line)) return;
    if (this.unasked.length < KEPT) this.unasked.push({ at: this.now, line });
    for (const entry of [...this.#waiting]) {
      const match = entry.pattern.exec(line);
      if (!match) continue;
      this.#waiting = this.#waiting.filter((one) => one !== entry);
      entry.done(match);
    }
  }
}

/** What an M95 says by itself without a plus. */
function isUnasked(line: string): boolean {
  return /^(RDY|Call Ready|SMS Ready|RING|NO CARRIER|NORMAL POWER DOWN|(UNDER|OVER)[_-]VOLTAGE .*|STATE: .*)$/.test(
    line,
  );
}

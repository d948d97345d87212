// Fake pins and a simulated M95's power side for these tests. It shares no code or number with board-wiring.

import type { InputPin, OutputPin } from "../../board-wiring/index.js";
import type { Done } from "../../core/ports.js";
import type { SimClock } from "../../virtual-m95/time/sim-clock.js";

export type Level = 0 | 1;

/** An output that notes when it changes, as `[ms, level]`; its first level is unknown. */
export class Output implements OutputPin {
  level: Level | undefined;
  readonly trace: [at: number, level: Level][] = [];
  onChange: (level: Level) => void = () => {};

  constructor(readonly clock: SimClock) {}

  write(level: Level): void {
    if (level === this.level) return;
    this.level = level;
    this.trace.push([this.clock.now(), level]);
    this.onChange(level);
  }

  /** The times spent at `level`, as `[from, length]`. */
  pulses(level: Level): [from: number, length: number][] {
    const found: [number, number][] = [];
    this.trace.forEach(([at, now], i) => {
      const end = this.trace[i + 1];
      if (now === level && end) found.push([at, end[0] - at]);
    });
    return found;
  }
}

export class Input implements InputPin {
  level: Level = 0;
  read(): Level {
    return this.level;
  }
}

export interface Outcome {
  at: number;
  code?: string;
  message?: string;
}

/** A `done` that notes each call of it. */
export function outcomes(clock: SimClock): { list: Outcome[]; done: Done } {
  const list: Outcome[] = [];
  return {
    list,
    done(error) {
      const { code, message } = (error ?? {}) as { code?: string; message?: string };
      list.push(error ? { at: clock.now(), code, message } : { at: clock.now() });
    },
  };
}

export interface ModemHabits {
  /** Key down to STATUS high. */
  rise: number;
  /** Shortest press that switches on when STATUS is not waited for. */
  minOn: number;
  /** Release of the off-press to STATUS low. */
  logOff: number;
  /** EMERG_OFF asserted to STATUS low. */
  emergency: number;
}

type Power = "no supply" | "off" | "starting" | "running" | "logging off";

/**
 * What PWRKEY, EMERG_OFF and the supply do to an M95, after the hardware designs. Every press that the data sheets do not
 * cover goes into `misread`: the real modem might do the opposite of what was meant.
 */
export class Modem {
  readonly misread: string[] = [];
  presses = 0;
  state: Power;
  #down: number | undefined;
  #downIn: Power = "off";
  #fell = Number.NEGATIVE_INFINITY;
  #supplied = Number.NEGATIVE_INFINITY;
  #asserted = Number.NEGATIVE_INFINITY;
  #epoch = 0;

  constructor(
    readonly clock: SimClock,
    readonly habits: ModemHabits,
    readonly status: Input,
    state: Power,
  ) {
    this.state = state;
    status.level = state === "running" ? 1 : 0;
  }

  /** Loses its power as a modem does that protects itself. */
  fail(): void {
    this.#enter("off");
  }

  key(pressed: boolean): void {
    const now = this.clock.now();
    if (pressed) this.#press(now);
    else if (this.#down !== undefined) this.#release(now - this.#down);
  }

  emergOff(asserted: boolean): void {
    const now = this.clock.now();
    if (asserted) {
      this.#asserted = now;
      this.#later(this.habits.emergency, () => this.#has() && this.#enter("off"));
    } else if (now - this.#asserted < 20) this.misread.push(`EMERG_OFF for ${now - this.#asserted} ms`);
  }

  supply(on: boolean): void {
    if (on === this.#has()) return;
    this.#enter(on ? "off" : "no supply");
    if (on) this.#supplied = this.clock.now();
  }

  #has(): boolean {
    return this.state !== "no supply";
  }

  #enter(state: Power): void {
    this.#epoch++;
    this.state = state;
    const high = state === "running" || state === "logging off";
    if (this.status.level && !high) this.#fell = this.clock.now();
    this.status.level = high ? 1 : 0;
  }

  /** Runs `fn` after `ms` unless the state has changed by then. */
  #later(ms: number, fn: () => void): void {
    const epoch = this.#epoch;
    this.clock.after(ms, () => epoch === this.#epoch && fn());
  }

  #press(now: number): void {
    this.presses++;
    this.#down = now;
    this.#downIn = this.state;
    if (this.state === "logging off" || this.state === "starting") this.misread.push(`press while ${this.state}`);
    if (now - this.#fell < 500) this.misread.push(`press ${now - this.#fell} ms after STATUS fell`);
    if (now - this.#supplied < 30) this.misread.push(`press ${now - this.#supplied} ms after supply`);
    if (this.state === "off")
      this.#later(this.habits.rise, () => {
        if (this.#down === now) this.#enter("running");
      });
  }

  #release(length: number): void {
    this.#down = undefined;
    if (this.#downIn === "off") {
      // Released at STATUS, or held blind for longer than any data sheet asks; a short press does nothing.
      if (this.state === "running" && length < this.habits.minOn && length - this.habits.rise > 200)
        this.misread.push(`on-press of ${length} ms`);
    } else if (this.#downIn === "running" && this.state === "running") {
      if (length < 700 || length > 950) this.misread.push(`off-press of ${length} ms`);
      this.#enter("logging off");
      this.#later(this.habits.logOff, () => this.#enter("off"));
    }
  }
}

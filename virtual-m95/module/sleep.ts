// Sleep (AT+QSCLK) with DTR and RI: when the module falls asleep, what it hears, says and loses then. It draws no current.

import type { CommandTable } from "../at/interpreter.js";
import type { Device } from "../device.js";
import type { Level } from "./power.js";

/** What AT&W keeps of it. */
export interface SleepProfile {
  /** AT+QSCLK: 1 sleeps while DTR is high, 2 after a time without UART data. */
  mode: number;
  /** AT+QRIMODE: a URC pulls RI low for 120 ms (0), 50 ms (1) or not at all (2). */
  ri: number;
}

export interface SleepHooks {
  /** The UART works. */
  running(): boolean;
  /** A command or prompt is open, or bytes are under way to the host. */
  busy(): boolean;
  /** A URC that had to wait. */
  print(text: string): void;
  /** Fell asleep, or woke. */
  changed(): void;
}

/** Length of a pulse on RI in ms, by AT+QRIMODE. */
const riPulse = [120, 50, 0];

/** URCs that wait for the host; what a module nobody wakes would collect beyond it is dropped. */
const heldLimit = 1000;

export class Sleep {
  /** RI falls. */
  onRing: () => void = () => {};
  readonly #device: Device;
  readonly #hooks: SleepHooks;
  #running: SleepProfile;
  #saved: SleepProfile;
  #dtr: Level;
  #ri: Level = 1;
  #riTimer: unknown;
  #asleep = false;
  /** The UART hears nothing before. */
  #hearsFrom = Number.NEGATIVE_INFINITY;
  #timer: unknown;
  #held: string[] = [];

  constructor(device: Device, hooks: SleepHooks) {
    const { options } = device;
    this.#device = device;
    this.#hooks = hooks;
    // A pin that nobody drives is pulled up.
    this.#dtr = options.dtr ?? 1;
    this.#saved = { mode: options.sleep ?? 0, ri: 0 };
    this.#running = { ...this.#saved };
  }

  get asleep(): boolean {
    return this.#asleep;
  }

  get ri(): Level {
    return this.#ri;
  }

  /** After a reset: awake, with what AT&W kept. DTR is the host's. */
  reset(): void {
    this.#asleep = false;
    this.#hearsFrom = Number.NEGATIVE_INFINITY;
    this.#held = [];
    this.#running = { ...this.#saved };
    this.#setRi(1);
  }

  save(): void {
    this.#saved = { ...this.#running };
  }

  /** Found asleep: a module that an earlier run of the host left so. */
  leftAsleep(): void {
    if (this.#mayAsleep()) this.#fallAsleep();
  }

  /** 0 (low) keeps the module awake and wakes it. */
  dtr(level: Level): void {
    if (level === this.#dtr) return;
    this.#dtr = level;
    this.#device.trace("pin", `dtr ${level}`);
    if (level === 0) this.#wake();
    this.activity();
  }

  /** The UART or the radio did something: the time until sleep begins anew. */
  activity(): void {
    const { timers, timing } = this.#device;
    timers.cancel(this.#timer);
    if (this.#asleep || !this.#mayAsleep()) return;
    const quiet = this.#running.mode === 2 ? timing.sleepIdle : timing.sleepAfter;
    this.#timer = timers.after(quiet, () => {
      if (this.#hooks.busy()) this.activity();
      else this.#fallAsleep();
    });
  }

  /** The host begins to send. */
  incoming(text: string): void {
    const { mode } = this.#running;
    if (mode === 1 && this.#dtr === 1) {
      const detail = `${text.length} bytes with DTR high and AT+QSCLK=1: ${JSON.stringify(text.slice(0, 40))}`;
      this.#device.violation("dtr-high", detail);
    }
    if (mode === 2) this.#wake();
    this.activity();
  }

  /** What the module hears of a text whose bytes took the last `ms`. */
  heard(text: string, ms: number): string {
    if (this.#asleep) return "";
    const deaf = this.#hearsFrom - (this.#device.timers.now() - ms);
    if (deaf <= 0) return text;
    return ms <= deaf ? "" : text.slice(Math.ceil((text.length * deaf) / ms));
  }

  /** A URC: pulls RI; true if it goes out now. */
  passes(text: string): boolean {
    const asleep = this.#asleep;
    // It may wake the module at once.
    this.#pulse();
    const { urcAsleep } = this.#device.quirks;
    if (asleep) {
      if (urcAsleep === "lose") return false;
      if (urcAsleep === "print") {
        // The network woke the module: its UART works at once.
        this.#wake(0);
        return true;
      }
    }
    if (!asleep && this.#held.length === 0) return true;
    if (this.#held.length < heldLimit) this.#held.push(text);
    return false;
  }

  commands(): CommandTable {
    const { quirks } = this.#device;
    return {
      "+QSCLK": {
        test: `+QSCLK: (0,1${quirks.qsclk2 ? ",2" : ""})`,
        read: (call) => call.info(`+QSCLK: ${this.#running.mode}`),
        write: (_call, params) => {
          this.#running.mode = params.int(0, 0, quirks.qsclk2 ? 2 : 1, "<n>");
          this.activity();
        },
      },
      "+QRIMODE": {
        test: "+QRIMODE: (0-2)",
        read: (call) => call.info(`+QRIMODE: ${this.#running.ri}`),
        write: (_call, params) => {
          this.#running.ri = params.int(0, 0, 2, "<mode>");
        },
      },
    };
  }

  #mayAsleep(): boolean {
    const { mode } = this.#running;
    return this.#hooks.running() && (mode === 2 || (mode === 1 && this.#dtr === 1));
  }

  #fallAsleep(): void {
    this.#asleep = true;
    this.#device.trace("pin", "asleep");
    this.#hooks.changed();
  }

  #wake(latency = this.#device.timing.wake): void {
    if (!this.#asleep) return;
    const { timers } = this.#device;
    this.#asleep = false;
    this.#hearsFrom = timers.now() + latency;
    this.#device.trace("pin", "awake");
    this.#hooks.changed();
    timers.after(latency, () => {
      // Asleep again already: the next time, then.
      if (this.#asleep) return;
      const held = this.#held;
      this.#held = [];
      for (const text of held) this.#hooks.print(text);
    });
    this.activity();
  }

  #pulse(): void {
    const { timers } = this.#device;
    const length = riPulse[this.#running.ri]!;
    if (length === 0) return;
    timers.cancel(this.#riTimer);
    this.#setRi(0);
    this.#riTimer = timers.after(length, () => this.#setRi(1));
  }

  #setRi(level: Level): void {
    if (level === this.#ri) return;
    this.#ri = level;
    this.#device.trace("pin", `ri ${level}`);
    if (level === 0) this.onRing();
  }
}

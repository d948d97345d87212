// Real time, faster or slower by a factor, that waits for a busy process. For real sockets; tests on simulated time use
// SimClock.

import type { Clock } from "../options.js";

interface Timer {
  due: number;
  fn: () => void;
}

/** Simulated ms that may pass, while there are timers, before the process has read what has arrived. */
const STEP = 40;

/**
 * A late timer holds time back, time that the process did not get does not count, and between two timers the process
 * reads what has arrived. So a loaded machine slows the simulated world down; it does not cause silences and time-outs
 * that would not exist in life. Modem and host in one process should share one clock.
 */
export class ScaledClock implements Clock {
  readonly #speed: number;
  /** By the time they are due. */
  readonly #timers: Timer[] = [];
  #time = 0;
  /** What `#time` may not pass before the next look. */
  #limit = STEP;
  /** When `#time` was set, real ms. */
  #seen = performance.now();
  #timeout: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;

  /** `speed` 10: ten simulated milliseconds pass in one real one. */
  constructor(speed = 1) {
    if (!(speed > 0)) throw new RangeError(`speed must be above 0, not ${speed}`);
    this.#speed = speed;
  }

  now(): number {
    const real = performance.now();
    const time = this.#time + (real - this.#seen) * this.#speed;
    const next = this.#timers[0];
    this.#seen = real;
    this.#time = next ? Math.max(this.#time, Math.min(time, this.#limit, next.due)) : time;
    return this.#time;
  }

  after(ms: number, fn: () => void): unknown {
    const timer = { due: this.now() + Math.max(0, ms), fn };
    if (this.#timers.length === 0) this.#limit = this.#time + STEP;
    const later = this.#timers.findIndex((other) => other.due > timer.due);
    this.#timers.splice(later < 0 ? this.#timers.length : later, 0, timer);
    this.#arm();
    return timer;
  }

  cancel(handle: unknown): void {
    const index = this.#timers.indexOf(handle as Timer);
    if (index < 0) return;
    this.#timers.splice(index, 1);
    this.#arm();
  }

  /** Sees to it that the next timer is looked at in time, and only while there is one. */
  #arm(): void {
    clearTimeout(this.#timeout);
    clearImmediate(this.#immediate);
    const next = this.#timers[0];
    if (!next) return;
    const wait = (next.due - this.now()) / this.#speed;
    const look = (): void => {
      // Behind the reading of what has arrived; also how waits are kept that are too short for a timer of the system.
      this.#immediate = setImmediate(() => this.#look());
    };
    if (wait < 1) look();
    else this.#timeout = setTimeout(look, Math.min(wait, STEP / 2 / this.#speed));
  }

  /** Runs the first timer if it is due: one at a time, so that its effects are seen before the next. */
  #look(): void {
    const now = this.now();
    this.#limit = now + STEP;
    if (this.#timers[0] && this.#timers[0].due <= now) {
      const { fn } = this.#timers.shift()!;
      this.#arm();
      fn();
    } else this.#arm();
  }
}

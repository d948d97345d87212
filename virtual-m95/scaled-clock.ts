// Real time, faster or slower by a factor. For real sockets; tests on simulated time use SimClock.

import type { Clock } from "./options.js";

export class ScaledClock implements Clock {
  readonly #speed: number;
  readonly #start = performance.now();

  /** `speed` 10: ten simulated milliseconds pass in one real one. */
  constructor(speed = 1) {
    if (!(speed > 0)) throw new RangeError(`speed must be above 0, not ${speed}`);
    this.#speed = speed;
  }

  now(): number {
    return (performance.now() - this.#start) * this.#speed;
  }

  after(ms: number, fn: () => void): NodeJS.Timeout {
    return setTimeout(fn, ms / this.#speed);
  }

  cancel(handle: unknown): void {
    clearTimeout(handle as NodeJS.Timeout | undefined);
  }
}

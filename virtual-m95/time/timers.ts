// A group of timers that can be cancelled together, so that none outlives the power or the connection. No time of its own.

import type { Clock } from "../options.js";

export class Timers {
  readonly #clock: Clock;
  readonly #live = new Set<unknown>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  after(ms: number, fn: () => void): unknown {
    const handle = this.#clock.after(ms, () => {
      this.#live.delete(handle);
      fn();
    });
    this.#live.add(handle);
    return handle;
  }

  cancel(handle: unknown): void {
    if (this.#live.delete(handle)) this.#clock.cancel(handle);
  }

  cancelAll(): void {
    for (const handle of this.#live) this.#clock.cancel(handle);
    this.#live.clear();
  }
}

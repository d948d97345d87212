// The runtime's time as the core's Clock port. Nothing that a timer's callback throws leaves it: that would abort the
// program.
import Time from "time";
import Timer from "timer";
import type { Clock, TimerHandle } from "../../core/index.js";

/** On microcontrollers `Time.ticks` is a 32-bit number that starts again after 49 days. */
const TURN = 0x100000000;

export class TicksClock implements Clock {
  /** Told of what a callback threw. */
  onError: ((error: unknown) => void) | undefined;
  private _ticks: number;
  private _now: number;

  constructor() {
    this._ticks = Time.ticks;
    this._now = 0;
  }

  now(): number {
    const ticks = Time.ticks;
    let passed = ticks - this._ticks;
    if (passed < -TURN / 2) passed += TURN;
    this._ticks = ticks;
    // Linux counts by the time of day, which can be set back.
    if (passed > 0) this._now += passed;
    return this._now;
  }

  after(ms: number, fn: () => void): TimerHandle {
    return Timer.set(() => {
      try {
        fn();
      } catch (error) {
        this.onError?.(error);
      }
    }, ms);
  }

  cancel(handle: TimerHandle): void {
    Timer.clear(handle);
  }
}

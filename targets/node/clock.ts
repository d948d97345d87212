// The system's clock as the core's Clock port. It never runs backwards, whatever happens to the time of day.
import { performance } from "node:perf_hooks";
import type { Clock } from "../../core/index.js";

interface Timer {
  timeout: NodeJS.Timeout;
  immediate: NodeJS.Immediate | undefined;
}

/**
 * The system's clock. A timer that comes due while the process was busy elsewhere waits until what has arrived in the
 * meantime is read: the driver takes silence for the end of a message, and a blocked event loop is no silence.
 */
export const systemClock: Clock = {
  now() {
    return performance.now();
  },
  after(ms, fn): Timer {
    const timer: Timer = {
      timeout: setTimeout(() => {
        timer.immediate = setImmediate(fn);
      }, ms),
      immediate: undefined,
    };
    return timer;
  },
  cancel(handle) {
    const timer = handle as Timer;
    clearTimeout(timer.timeout);
    if (timer.immediate) clearImmediate(timer.immediate);
  },
};

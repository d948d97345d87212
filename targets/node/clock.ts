// The system's clock as the core's Clock port. It never runs backwards, whatever happens to the time of day.
import { performance } from "node:perf_hooks";
import type { Clock } from "../../core/index.js";

export const systemClock: Clock = {
  now() {
    return performance.now();
  },
  after(ms, fn) {
    return setTimeout(fn, ms);
  },
  cancel(handle) {
    clearTimeout(handle as NodeJS.Timeout);
  },
};

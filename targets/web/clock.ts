// A page's timers as the core's Clock port. A page in the background has slow timers: what waits then, waits.
import type { Clock } from "../../core/index.js";

/** The page's clock. It never runs backwards. */
export const webClock: Clock = {
  now: () => performance.now(),
  after: (ms, fn) => setTimeout(fn, ms),
  cancel: (handle) => clearTimeout(handle as number),
};

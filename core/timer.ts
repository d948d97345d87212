// One timer of whoever has a place for it: setting it anew calls off what was set before. It keeps nothing itself.
// @resident callOff
import type { Clock, TimerHandle } from "./ports.js";

/** Who has one timer. */
export interface Timed {
  _clock: Clock;
  _timer: TimerHandle;
}

/** In `ms`, unless it is called off or set anew. */
export function later(owner: Timed, ms: number, fn?: () => void): void {
  callOff(owner);
  owner._timer = owner._clock.after(ms, () => {
    owner._timer = undefined;
    if (fn) fn();
  });
}

export function callOff(owner: Timed): void {
  if (owner._timer !== undefined) owner._clock.cancel(owner._timer);
  owner._timer = undefined;
}

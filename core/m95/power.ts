// A user's power switch behind a guard: whatever it throws or calls back is one EPOWER, once. It switches nothing itself.
import { reason } from "../arguments.js";
import { M95Error } from "../errors.js";
import type { PowerSwitch } from "../ports.js";

/** STATUS is looked at this often, this many ms apart, behind NORMAL POWER DOWN. */
export const DOWN_POLLS = 50;
export const DOWN_POLL = 100;

/** Ways to switch off, each one harder than the one before. */
export const WAYS = "off kill cut";

/** Whether the modem runs; undefined when nobody knows. */
export function runs(power: PowerSwitch | undefined): boolean | undefined {
  try {
    return power!.isOn();
  } catch {
    return undefined;
  }
}

/**
 * Switches by the first way that works.
 * @param ways - "on", or some of `WAYS`; those that the switch has not are left out
 */
export function turn(power: PowerSwitch, ways: string, done: (error: M95Error | null) => void): void {
  const left = ways.split(" ") as ("on" | "off" | "kill" | "cut")[];
  const next = (failed: M95Error | null): void => {
    let over = false;
    const once = (error?: Error | null): void => {
      if (over) return;
      over = true;
      if (error) next(new M95Error("EPOWER", reason(error)));
      else done(null);
    };
    const way = left.shift();
    if (!way) done(failed);
    else if (!power[way]) next(failed);
    else {
      try {
        power[way]!(once);
      } catch (error) {
        once(error as Error);
      }
    }
  };
  next(null);
}

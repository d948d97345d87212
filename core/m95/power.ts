// A user's power switch behind a guard: whatever it throws or calls back is one EPOWER, once. It switches nothing itself.
import { reason } from "../arguments.js";
import { M95Error } from "../errors.js";
import type { PowerSwitch } from "../ports.js";

/** Ways to switch off, each one harder than the one before. */
export const WAYS = ["off", "kill", "cut"] as const;
type Way = (typeof WAYS)[number];

export class Power {
  private _switch: PowerSwitch;

  constructor(power: PowerSwitch) {
    this._switch = power;
  }

  can(way: Way): boolean {
    return !!this._switch[way];
  }

  /** Whether the modem runs; undefined when nobody knows. */
  running(): boolean | undefined {
    try {
      return this._switch.isOn();
    } catch {
      return undefined;
    }
  }

  to(what: "on" | Way, done: (error: M95Error | null) => void): void {
    let over = false;
    const once = (error?: Error | null): void => {
      if (over) return;
      over = true;
      done(error ? new M95Error("EPOWER", reason(error)) : null);
    };
    try {
      this._switch[what]!(once);
    } catch (error) {
      once(error as Error);
    }
  }

  /** Switches off by the first way from `at` on that works. */
  switchOff(at: number, done: (error: M95Error | null) => void): void {
    this.to(WAYS[at]!, (error) => {
      for (let next = at + 1; error && next < WAYS.length; next++)
        if (this.can(WAYS[next]!)) {
          this.switchOff(next, done);
          return;
        }
      done(error);
    });
  }
}

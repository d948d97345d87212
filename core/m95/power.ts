// A user's power switch behind a guard: whatever it throws or calls back is one EPOWER, once. It switches nothing itself.
import { M95Error } from "../errors.js";
import type { PowerSwitch } from "../ports.js";

export class Power {
  /** It can take the power away. */
  readonly kills: boolean;
  private _switch: PowerSwitch;

  constructor(power: PowerSwitch) {
    this._switch = power;
    this.kills = !!power.kill;
  }

  /** Whether the modem runs; undefined when nobody knows. */
  isOn(): boolean | undefined {
    try {
      return this._switch.isOn();
    } catch {
      return undefined;
    }
  }

  to(what: "on" | "off" | "kill", done: (error: M95Error | null) => void): void {
    let over = false;
    const once = (error?: Error | null): void => {
      if (over) return;
      over = true;
      done(error ? new M95Error("EPOWER", error.message || "" + error) : null);
    };
    try {
      this._switch[what]!(once);
    } catch (error) {
      once(error as Error);
    }
  }
}

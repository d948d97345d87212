// The power switch as Node users make it: a misspelt pin or time is refused, which would be as if it was not given. What it does is
// board-wiring's.
import { powerSwitch as make, type PowerPins, type PowerSwitchOptions } from "../../board-wiring/index.js";
import { refusal } from "../../core/arguments.js";
import type { Clock, PowerSwitch } from "../../core/index.js";
import { checkPower } from "./options.js";

/**
 * A power switch on pins to the modem, for option `power`: presses PWRKEY, watches STATUS, and uses EMERG_OFF and the supply when
 * nothing else helps. See docs/wiring.md.
 * @throws M95Error `EPARAM` without a pin for PWRKEY, for what is no pin or no clock, for a time that is none, and for a misspelt name
 */
export function powerSwitch(pins: PowerPins, clock: Clock, options?: PowerSwitchOptions): PowerSwitch {
  try {
    checkPower(pins);
    checkPower(options);
  } catch (error) {
    throw refusal(error);
  }
  return make(pins, clock, options);
}

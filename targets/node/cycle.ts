// The duty cycle as Node users see it: names that nobody knows are refused at once, those of the client's options included. What it does
// is the core's.
import { readable, refusal } from "../../core/arguments.js";
import { cycle as coreCycle } from "../../core/index.js";
import { checkCycleOptions, connectOptions } from "./options.js";
import type { Cycle, CycleOptions, M95 } from "./types.js";

/**
 * Runs a duty cycle on a modem that is otherwise left alone: power on, bring-up, connect, `work`, the window, power off. See docs/battery.md.
 * @returns the cycle, to be ended
 * @throws M95Error `EPARAM`, naming the option, its limit and the value
 */
export function cycle(modem: M95, options: CycleOptions): Cycle {
  try {
    const given = readable(options);
    checkCycleOptions(given);
    const { tls } = modem as unknown as { tls?: object };
    const asked = given.connect;
    const connect = typeof asked === "object" && asked ? connectOptions(asked, undefined, tls) : asked;
    return coreCycle(modem as never, { ...given, connect } as never);
  } catch (error) {
    throw refusal(error);
  }
}

// What sleep needs of Espruino: a pin that tells when it falls, and the processor asleep between the rounds of a duty cycle.
// @part sleep
import type { RingPin } from "../../board-wiring/index.js";
import { readable } from "../../core/arguments.js";
import { Cycle, type CycleOptions } from "../../core/cycle.js";

interface Pin {
  read(): 0 | 1;
}

declare function setWatch(fn: () => void, pin: unknown, options: object): unknown;
declare function setTimeout(fn: () => void, ms: number): unknown;
declare const setDeepSleep: ((sleeps: 0 | 1) => void) | undefined;

/** RI as the power switch wants it. */
export function ringOf(pin: Pin): RingPin {
  return {
    read() {
      return pin.read();
    },
    watch(fell) {
      setWatch(fell, pin, { repeat: true, edge: "falling" });
    },
  };
}

/** As the core's; between rounds the processor sleeps as deeply as it can. */
export function cycle(modem: any, options: CycleOptions<any>): unknown {
  const o = readable(options);
  if (!o.wait && typeof setDeepSleep === "function") {
    const sleep = setDeepSleep;
    // The port hears nothing in deep sleep, and before the first round the modem may run.
    o.wait = (ms, then) => {
      if ("off failed".indexOf(modem.state) >= 0) sleep(1);
      setTimeout(() => {
        sleep(0);
        then();
      }, ms);
    };
  }
  return new Cycle<any>(modem, o);
}

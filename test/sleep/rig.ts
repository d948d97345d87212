// A driver that may sleep in front of a virtual M95 with DTR and RI, and a count of what its timers do. It asserts nothing.

import type { RingPin } from "../../board-wiring/index.js";
import { powerSwitch } from "../../board-wiring/index.js";
import type { M95Options } from "../../core/index.js";
import type { SimClock, VirtualM95Options } from "../../virtual-m95/index.js";
import { type Rig, rig } from "../support/rig.js";

export interface SleepOptions {
  modem?: Partial<M95Options>;
  virtual?: Partial<VirtualM95Options>;
  /** Pins that are wired besides PWRKEY and STATUS. Default both; `ri: "read"` is one that cannot tell of edges. */
  dtr?: boolean;
  ri?: boolean | "read";
}

export interface SleepRig extends Rig {
  /** Timers of the driver that have fired. */
  fired(): number;
  /** The driver's clock is set back. */
  setBack(ms: number): void;
  /** Levels of DTR in the order they were written. */
  dtr: number[];
}

export function sleepRig(options: SleepOptions = {}): SleepRig {
  let inner: Rig | undefined;
  let fired = 0;
  let behind = 0;
  const levels: number[] = [];
  // The rig makes the clock, so the driver's goes through it from the first call on.
  const clock = {
    now: () => (inner ? inner.clock.now() - behind : 0),
    after: (ms: number, fn: () => void) =>
      inner!.clock.after(ms, () => {
        fired++;
        fn();
      }),
    cancel: (handle: unknown) => inner!.clock.cancel(handle as ReturnType<SimClock["after"]>),
  };
  const pins = () => inner!.virtual.pins;
  const ri: RingPin = { read: () => pins().ri.read() };
  if (options.ri !== "read")
    ri.watch = (fell) => {
      // The rig is not there yet when the switch is made.
      watching = fell;
    };
  let watching = (): void => {};
  const power = powerSwitch(
    {
      pwrkey: { write: (level) => inner?.virtual.pins.pwrkey.write(level) },
      status: { read: () => (inner ? pins().status.read() : 0) },
      ...(options.dtr !== false && {
        dtr: {
          write: (level: 0 | 1) => {
            levels.push(level);
            inner?.virtual.pins.dtr.write(level);
          },
        },
      }),
      ...(options.ri !== false && { ri }),
    },
    clock,
  );
  inner = rig({
    power: false,
    virtual: { poweredOn: false, dtr: options.dtr === false ? 1 : 0, ...options.virtual },
    modem: { clock, power, sleep: "auto", ...options.modem },
  });
  if (levels.length) inner.virtual.pins.dtr.write(levels[levels.length - 1] as 0 | 1);
  inner.virtual.pins.ri.watch(() => watching());
  const setBack = (ms: number) => {
    behind += ms;
  };
  return { ...inner, fired: () => fired, setBack, dtr: levels };
}

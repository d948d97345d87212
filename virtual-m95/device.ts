// What the parts of the virtual module share: options with their defaults, timers that die with the power, URCs, violations.

import type { EnergyMeter } from "./energy/meter.js";
import type { Quirks, Timing, TraceDirection, ViolationKind, VirtualM95Options } from "./options.js";
import type { Timers } from "./time/timers.js";

export interface Device {
  readonly options: VirtualM95Options;
  readonly quirks: Quirks;
  readonly timing: Timing;
  /** Cancelled whenever the module resets or loses power. */
  readonly timers: Timers;
  /** Sleeps by AT+QSCLK. */
  readonly asleep: boolean;
  /** What the radio does costs energy. */
  readonly energy: EnergyMeter;
  urc(text: string): void;
  violation(kind: ViolationKind, detail: string): void;
  trace(direction: TraceDirection, text: string): void;
}

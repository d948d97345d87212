// The modem as faults know it: what they can do to it, and what they have to ask. `VirtualM95` is one.

import type { Registration, TraceDirection, VirtualM95Options } from "../options.js";
import type { Timers } from "../time/timers.js";

export interface FaultTarget {
  readonly options: Pick<VirtualM95Options, "clock" | "creg" | "cgreg">;
  /** Cancelled whenever the module resets or loses power. */
  readonly timers: Pick<Timers, "after">;
  readonly uart: { onReceive: (chunk: string) => void };
  readonly pins: { supply: { write(level: 0 | 1): void } };
  trace(direction: TraceDirection, text: string): void;
  /** Raw bytes out of the modem. */
  inject(raw: string): void;
  /** Text as the module frames it. */
  frame(text: string): string;
  reboot(): void;
  brownOut(): void;
  voltage(text: "UNDER_VOLTAGE WARNING"): void;
  hang(ms?: number): void;
  unhang(): void;
  dropPdp(): void;
  networkDown(down: boolean): void;
  setRegistration(creg: Registration, cgreg?: Registration): void;
  /** What goes wrong inside of the module. */
  readonly mishaps: {
    readonly sessionsDead: boolean;
    denySearches(ms: number): void;
    failOpen(result: number, count: number, done?: () => void): void;
    killSessions(): void;
    lockSim(count: number): void;
    unlockSim(): void;
    refuseCommands(prefix: string, code: number): void;
    setClock(time: string): void;
    simWakes(ms: number, code: number): void;
  };
  removeSim(): void;
  insertSim(): void;
  resetConnections(): void;
  brokerDown(down: boolean): void;
  refuseConnect(code: number, count: number, done?: () => void): void;
  dropLink(tcpconnectID: number, code: number): void;
}

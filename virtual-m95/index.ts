// Public entry of the virtual M95: modem, networks, in-memory broker, clocks. The command line is in
// server/cli.ts.

export { MemoryBroker, type MemoryBrokerOptions, type ReceivedMessage } from "./broker/memory-broker.js";
export { type EnergyOptions, energyFacts, type Fact, type FactName, type FactValues } from "./energy/facts.js";
export { EnergyMeter, type EnergyReport, type PowerState } from "./energy/meter.js";
export { type ActiveFault, type FaultArg, type FaultRow, Faults, faultTable, faultUsage } from "./faults/index.js";
export { MemoryNetwork, type MemoryNetworkOptions } from "./network/memory-network.js";
export type { Handlers, Network, Socket } from "./network/network.js";
export { type TcpNetworkOptions, tcpNetwork } from "./network/tcp-network.js";
export {
  type Clock,
  defaultQuirks,
  defaultTiming,
  type Quirks,
  type Registration,
  type SendKind,
  type SimOptions,
  type Timing,
  type TraceDirection,
  type Violation,
  type ViolationKind,
  type VirtualM95Options,
  violationKinds,
} from "./options.js";
export { type Deviation, Replay, type ReplayOptions, replay } from "./replay/replay.js";
export { type Address, type ServerOptions, startVirtualM95Server, type VirtualM95Server } from "./server/server.js";
export { ScaledClock } from "./time/scaled-clock.js";
export { SimClock } from "./time/sim-clock.js";
export { VirtualM95 } from "./virtual-m95.js";

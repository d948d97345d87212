// The package's entry on Node. It holds no code.

export {
  type Board,
  boards,
  type InputPin,
  type OutputPin,
  type PowerPins,
  type PowerSwitchOptions,
  type RingPin,
} from "../../board-wiring/index.js";
export {
  type Apn,
  type Battery,
  type ClientState,
  type Clock,
  type CommandOptions,
  type ConnectOptions,
  type Done,
  type Encoding,
  type ErrorCode,
  explainAny as explain,
  type Grant,
  type GrantDone,
  type Identity,
  M95Error,
  type M95Events,
  type ModemState,
  type Operator,
  type OutboxStore,
  type PacketInfo,
  type PemSource,
  type PowerSwitch,
  type PublishInfo,
  type PublishOptions,
  type Recovery,
  type RecoveryOptions,
  type RecoveryStats,
  type Round,
  type SentPacket,
  type Signal,
  type Stats,
  type SubscribeOptions,
  type Time,
  type TimerHandle,
  type TlsOptions,
  type TlsOptions as TlsFiles,
  type Topics,
  type Uart,
  type Will,
} from "../../core/index.js";
export { type RecorderOptions, recorder } from "../../trace/file.js";
export type { Recorder } from "../../trace/recorder.js";
export { systemClock } from "./clock.js";
export { cycle } from "./cycle.js";
export { fileStore } from "./file-store.js";
export { M95, MqttClient } from "./m95.js";
export { openM95 } from "./open.js";
export { powerSwitch } from "./power.js";
export type {
  AcceptedPacket,
  AckPacket,
  ClientEvents,
  ClientOptions,
  ConnackPacket,
  Cycle,
  CycleOptions,
  M95Constructor,
  M95Options,
  MqttClientConstructor,
  MqttJsOptions,
  OpenOptions,
  Payload,
  PublishDone,
  PublishPacket,
  TypedEmitter,
} from "./types.js";
export { streamUart } from "./uart.js";

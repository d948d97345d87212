// The package's entry on Moddable. It holds no code.

export { type Board, boards } from "../../board-wiring/boards.js";
export { type PowerSwitchOptions, powerSwitch } from "../../board-wiring/power-switch.js";
export {
  type Apn,
  type Battery,
  type ClientEvents,
  type ClientState,
  type CommandOptions,
  type ConnectOptions,
  type Cycle,
  type CycleOptions,
  cycle,
  type Done,
  type Encoding,
  type ErrorCode,
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
  type TlsOptions,
  type TlsOptions as TlsFiles,
  type Will,
} from "../../core/index.js";
export { Client, type ClientOptions, type ClientWill, type PublishFlags } from "./client.js";
export { M95, type M95Options, MqttClient } from "./m95.js";
export type { Digital, PowerOptions } from "./pins.js";
export { type PreferenceModule, preferenceStore } from "./store.js";
export type { Serial, SerialOptions } from "./uart.js";

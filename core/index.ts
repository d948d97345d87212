// What the core offers to targets and users. It holds no code.

export type { Codec } from "./codec.js";
export { type Cycle, type CycleOptions, cycle, type Round } from "./cycle.js";
export { Emitter } from "./emitter.js";
export { type ErrorCode, M95Error } from "./errors.js";
export type { ClientEvents, M95Events, SentPacket } from "./events.js";
export type { Apn, ModemState } from "./m95/bringup.js";
export type { Battery, Identity, Operator, Signal, Time } from "./m95/info.js";
export type { M95Options, PemSource, RecoveryOptions, TlsOptions } from "./m95/options.js";
export type { Recovery, RecoveryStats } from "./m95/recovery.js";
export { explain, explainAny } from "./m95/texts.js";
export { secure } from "./m95/tls.js";
export { type CommandOptions, M95, type Stats } from "./m95.js";
export { MqttClient } from "./mqtt/client.js";
export type { ConnectOptions, Will } from "./mqtt/options.js";
export type {
  ClientHost,
  ClientState,
  Encoding,
  Grant,
  GrantDone,
  OutboxStore,
  PacketInfo,
  PublishInfo,
  PublishOptions,
  Secure,
  SubscribeOptions,
  Topics,
} from "./mqtt/types.js";
export type { Clock, Done, PowerSwitch, TimerHandle, Uart } from "./ports.js";

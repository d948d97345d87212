// The events of modem and client with their arguments. Types only; it holds no code.
import type { ModemState } from "./m95/bringup.js";
import type { Recovery } from "./m95/recovery.js";
import type { PacketInfo, PublishInfo } from "./mqtt/types.js";

/** What an `M95` emits. */
export interface M95Events {
  /** It is in another state. */
  state: [state: ModemState];
  /** Registered, with an open PDP context: clients can connect. */
  ready: [];
  /** Something failed that no callback heard of, or a listener threw. */
  error: [error: Error];
  /** A line of the modem that answers no command. */
  urc: [line: string];
  /** A disturbance was noticed, and what is done about it. */
  recovery: [what: Recovery];
  /** The modem sleeps; with option `sleep`. */
  sleep: [];
  /** It was woken, and answers. */
  wake: [];
  /** A line of the traffic: ">" to the modem, "<" from it, "" a remark. */
  trace: [direction: "<" | ">" | "", text: string];
}

/** What is known of a packet that is about to be sent; names as in MQTT.js. */
export interface SentPacket {
  /** Its kind. */
  cmd: "publish" | "subscribe" | "unsubscribe";
  /** 0 with QoS 0. */
  messageId: number;
  /** Of a PUBLISH. */
  topic?: string;
  /** Topic filters of a SUBSCRIBE or UNSUBSCRIBE. */
  topics?: string[];
  /** Of the packet: 1 for SUBSCRIBE and UNSUBSCRIBE. */
  qos: 0 | 1 | 2;
  /** Of a PUBLISH. */
  retain: boolean;
}

/** What an `MqttClient` emits; `Payload` is the runtime's form of bytes. */
export interface ClientEvents<Payload> {
  /** A session was established, the first or another one. */
  connect: [];
  /** A message came in. */
  message: [topic: string, payload: Payload, packet: PacketInfo];
  /** A new attempt begins. */
  reconnect: [];
  /** An established or attempted connection is gone; without a reason it was ended from here. */
  close: [reason?: Error];
  /** Messages begin to wait. */
  offline: [];
  /** Something failed that no callback heard of, the broker refused, or a listener threw. */
  error: [error: Error];
  /** The client has ended, by `end` or because it gave up. */
  end: [];
  /** A full queue dropped a publish; its callback gets `EQUEUE`. */
  drop: [topic: string, payload: Payload, packet: PublishInfo];
  /**
   * A publish that the store kept is not sent: it has QoS 2 and was handed to the modem before the power was cut, so it may
   * have arrived. Without a listener it is an `"error"` with `EUNKNOWN`.
   */
  unknown: [topic: string, payload: Payload, packet: PublishInfo];
  /** A PUBLISH, SUBSCRIBE or UNSUBSCRIBE is handed to the modem. */
  packetsend: [packet: SentPacket];
}

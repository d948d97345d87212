// What the MQTT client takes and gives: options, answers, states, counters, and what it needs of its host. Types only.
import type { Session } from "../at/session.js";
import type { Codec } from "../codec.js";
import type { Counters } from "../counters.js";
import type { EmitterStats } from "../emitter.js";
import type { M95Error } from "../errors.js";
import type { TlsOptions } from "../m95/options.js";
import type { Clock, Done } from "../ports.js";
import type { Inbox } from "./inbox.js";
import type { Packet } from "./packet.js";

/** How far a connection is. */
export type LinkState = "closed" | "opening" | "connecting" | "connected" | "disconnecting";

/** "waiting": for the modem, or for the next attempt; "closed": it has ended. */
export type ClientState = LinkState | "waiting";

/** A topic filter and what the broker grants it: 0, 1, 2, or 128 for refused. */
export interface Grant {
  /** The filter. */
  topic: string;
  /** Undefined when the modem gave fewer values than there were topics. */
  qos: number | undefined;
}

/** A topic filter, several, or an object of filters with the QoS of each. */
export type Topics = string | string[] | { [topic: string]: 0 | 1 | 2 | { qos: 0 | 1 | 2 } };

/** The end of a SUBSCRIBE: why it failed, and what each filter was granted. */
export type GrantDone = (error?: Error | null, granted?: Grant[]) => void;

/** Of `publish`. */
export interface PublishOptions {
  /** Default 0. */
  qos?: 0 | 1 | 2;
  /** Default false. */
  retain?: boolean;
}

/** Of `subscribe`, for filters without a QoS of their own. */
export interface SubscribeOptions {
  /** Default 0. */
  qos?: 0 | 1 | 2;
}

/**
 * Keeps publishes over a power cut. All calls are synchronous, and may throw: the driver turns that into `ESTORE`. A key is
 * used once. One store serves one client.
 */
export interface OutboxStore {
  /** What is kept, in the order of the keys, without records that are torn. Called once, when a client is made. */
  load(): { key: number; record: string }[];
  /**
   * Keeps a record: when this returns, it outlives a power cut; when it throws, nothing is kept.
   * @param key - a positive integer
   * @param record - binary string of at least one byte
   */
  append(key: number, record: string): void;
  /** Forgets a record; one that is not there is no error. */
  remove(key: number): void;
}

/** Payloads as base64, of all topics or of those that begin so. */
export type Encoding = "base64" | { [topicPrefix: string]: "base64" };

/** What is known of a publish that is told of in an event. */
export interface PublishInfo {
  /** 0..2. */
  qos: 0 | 1 | 2;
  /** Whether the broker is to keep it. */
  retain: boolean;
}

/** What is known of a received message besides topic and payload. */
export interface PacketInfo {
  /** 0 when the message ID is 0; the modem does not tell 1 from 2. */
  qos: 0 | undefined;
  /** 0 with QoS 0, else 1..65535. */
  msgid: number;
  /**
   * The message may have been cut wrongly, or be part of another one's payload: the modem marks no end. Never with firmware that
   * tells lengths.
   */
  ambiguous: boolean;
  /** Only where payloads are to be base64: whether this one was; if not, it is handed over as it came. */
  encoded?: boolean;
}

/** Counters of all clients of a modem. */
export interface ClientStats extends EmitterStats {
  /** Connections that were established, the first ones included. */
  connects: number;
  /** Attempts after the first one. */
  reconnects: number;
  /** Publishes that were sent (QoS 0) or acknowledged. */
  published: number;
  /** Publishes that a full queue dropped. */
  dropped: number;
  /** Messages handed over. */
  received: number;
  /** Packets that the modem sent once more, by its own report (`<result>` 1). */
  retransmissions: number;
}

/** The SSL context of a client. The modem holds it; m95/tls.ts sets it up. */
export interface Secure {
  /** 0..5. */
  readonly context: number;
  /** Sees to it that files and settings are in the modem, before each connection. `done` comes once, and in any case. */
  prepare(done: (error: M95Error | null) => void): void;
  /** What to look at when the network could not be opened, for the error's message. */
  causes(): string;
}

/** What a client needs of the modem. */
export interface ClientHost {
  readonly clock: Clock;
  readonly codec: Codec;
  readonly counters: Counters;
  readonly inbox: Inbox;
  /** Where commands are sent, and when a message was last under way. */
  readonly session: Pick<Session, "send"> & { readonly framer: { readonly stamp: number } };
  /** The clients by their tcpconnectID; one that has ended gives its place back. */
  readonly clients: unknown[];
  /** The SSL context of clients that do not say otherwise. */
  readonly tls: Secure | undefined;
  readonly random: () => number;
  /** When a message was last under way that may have swallowed lines of the modem, ms of the clock. */
  seen: number;
  /** Whether the modem is ready; one that is not running is started. */
  rouse(): boolean;
  /** Turns option `tls` of a client into its SSL context; undefined: no TLS. @throws M95Error `EPARAM`, `ETOOBIG`, `ETLS` */
  secured(id: number, tls: boolean | TlsOptions | undefined): Secure | undefined;
  explain(family: string, code: number): string;
  /** ms that a connection must last before waiting times begin at the first one again. */
  readonly stable: number;
  /** A step of recovery begins in `next` ms. */
  stepBegins(error: M95Error, step: number, attempt: number, next: number): void;
  /** The modem recovers instead of the client, and says so with `modemLost`. False: it is the client's to try again. */
  takesOver(error: M95Error, failures: number): boolean;
}

/** What an outbox needs of its client. */
export interface OutboxOwner {
  readonly connected: boolean;
  readonly connectionId: number;
  readonly link: { check(): void; stall(): void };
  emit(event: "drop" | "unknown" | "error" | "offline", a?: unknown, b?: unknown, c?: unknown): boolean;
  /** Tells a user's callback how a publish ended. */
  _answer(error: M95Error | null, done: Done | undefined): void;
  /** A packet is handed to the modem. */
  sending(packet: Packet): void;
  /** Nothing waits or is in flight any more. */
  drained(): void;
}

/** What it needs of the modem. */
export type OutboxHost = Pick<
  ClientHost,
  "clock" | "codec" | "session" | "inbox" | "random" | "counters" | "explain" | "stepBegins" | "seen"
>;

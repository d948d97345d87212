// A deterministic MQTT 3.1/3.1.1 broker in memory, on the simulated clock. No TLS, no access control beyond its hooks.

import type { IConnectPacket, IPublishPacket, ISubscribePacket, Packet } from "mqtt-packet";
import { MemoryNetwork, type MemoryNetworkOptions } from "../network/memory-network.js";
import type { Clock } from "../options.js";
import { BrokerConnection, type BrokerSide } from "./connection.js";
import { type Message, Session } from "./session.js";
import { matches } from "./topic-filter.js";

export interface MemoryBrokerOptions extends MemoryNetworkOptions {
  /** Messages kept in `received`, default 1000; older ones are dropped. */
  receivedLimit?: number;
  /** Messages a session queues for an absent client, default 100; further ones are dropped. */
  queueLimit?: number;
  /** Kicks a connection that has not sent CONNECT, ms; default 10000. */
  connectTimeout?: number;
}

export interface ReceivedMessage extends Message {
  /** Clock time in ms. */
  at: number;
  clientId: string;
  dup: boolean;
}

export class MemoryBroker implements BrokerSide {
  /** The network whose every host and port leads here. */
  readonly network: MemoryNetwork;
  readonly clock: Clock;
  readonly connectTimeout: number;
  /** The last messages clients published, oldest first. */
  readonly received: ReceivedMessage[] = [];
  /** All of them, also those no longer in `received`. */
  receivedCount = 0;
  /** CONNACK return code, or what decides it; 0 accepts. */
  connack: number | ((connect: IConnectPacket) => number) = 0;
  /** Granted QoS of a subscription, 128 refuses it. */
  grant: (filter: string, qos: number) => number = (_filter, qos) => qos;
  /** Packets to swallow unseen, for retransmission tests. */
  ignore: (packet: Packet) => boolean = () => false;
  readonly retained = new Map<string, Message>();
  readonly #sessions = new Map<string, Session>();
  readonly #connections = new Set<BrokerConnection>();
  readonly #receivedLimit: number;
  readonly #queueLimit: number;

  constructor(options: MemoryBrokerOptions) {
    this.clock = options.clock;
    this.network = new MemoryNetwork(options);
    this.connectTimeout = options.connectTimeout ?? 10_000;
    this.#receivedLimit = options.receivedLimit ?? 1000;
    this.#queueLimit = options.queueLimit ?? 100;
    this.start();
  }

  /** Client identifiers connected now. */
  get clients(): string[] {
    return [...this.#connections].flatMap(({ session }) => (session ? [session.clientId] : []));
  }

  /** Network connections, with or without a session. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Persistent and current sessions. */
  get sessions(): ReadonlyMap<string, Session> {
    return this.#sessions;
  }

  /** Listens again after `stop`. */
  start(): void {
    this.network.listen((peer) => {
      const connection = new BrokerConnection(this, peer);
      this.#connections.add(connection);
      return connection;
    });
  }

  /** Closes every connection and refuses new ones; sessions and retained messages stay. */
  stop(): void {
    this.network.listen(undefined);
    this.kickAll();
  }

  /** Stop and start; `forget` loses sessions and retained messages, as a broker without persistence does. */
  restart(forget = false): void {
    this.stop();
    if (forget) {
      this.#sessions.clear();
      this.retained.clear();
    }
    this.start();
  }

  /** Closes every connection; wills are published. */
  kickAll(): void {
    for (const connection of [...this.#connections]) connection.kick();
  }

  kick(clientId: string): void {
    for (const connection of [...this.#connections]) if (connection.session?.clientId === clientId) connection.kick();
  }

  /** A message from elsewhere. `payload` string: UTF-8. */
  publish(topic: string, payload: string | Buffer, qos: 0 | 1 | 2 = 0, retain = false): void {
    this.#route({ topic, payload: Buffer.from(payload), qos, retain });
  }

  // For connections, up to `closed`: see BrokerSide.

  openSession(connect: IConnectPacket, connection: BrokerConnection): { session: Session; present: boolean } {
    this.kick(connect.clientId);
    const kept = connect.clean ? undefined : this.#sessions.get(connect.clientId);
    const session = kept ?? new Session(connect.clientId, this.#queueLimit);
    session.clean = connect.clean === true;
    session.attach((packet) => connection.send(packet));
    this.#sessions.set(connect.clientId, session);
    return { session, present: kept !== undefined };
  }

  accept(clientId: string, packet: IPublishPacket): void {
    const { topic, qos, retain, dup } = packet;
    const message: Message = { topic, payload: Buffer.from(packet.payload), qos, retain };
    this.receivedCount++;
    this.received.push({ ...message, at: this.clock.now(), clientId, dup });
    if (this.received.length > this.#receivedLimit) this.received.shift();
    this.#route(message);
  }

  subscribe(session: Session, packet: ISubscribePacket): { granted: number[]; retained: Message[] } {
    const retained: Message[] = [];
    const granted = packet.subscriptions.map(({ topic: filter, qos }) => {
      const level = this.grant(filter, qos);
      if (level > 2) return level;
      session.subscriptions.set(filter, level as 0 | 1 | 2);
      for (const message of this.retained.values()) {
        const qos = Math.min(message.qos, level) as 0 | 1 | 2;
        if (matches(filter, message.topic)) retained.push({ ...message, qos });
      }
      return level;
    });
    return { granted, retained };
  }

  closed(connection: BrokerConnection): void {
    this.#connections.delete(connection);
    const session = connection.session;
    if (!session) return;
    session.detach();
    if (session.clean && this.#sessions.get(session.clientId) === session) this.#sessions.delete(session.clientId);
  }

  #route(message: Message): void {
    if (message.retain) {
      if (message.payload.length === 0) this.retained.delete(message.topic);
      else this.retained.set(message.topic, message);
    }
    for (const session of this.#sessions.values()) session.offer({ ...message, retain: false });
  }
}

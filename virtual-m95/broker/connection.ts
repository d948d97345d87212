// One connection of the in-memory broker: packets in, packets out, keepalive, will. Sessions are elsewhere.

import {
  generate,
  type IConnectPacket,
  type IPublishPacket,
  type ISubscribePacket,
  type Packet,
  parser,
} from "mqtt-packet";
import type { Socket } from "../network/network.js";
import type { Clock } from "../options.js";
import type { Message, Session } from "./session.js";

/** The broker as its connections know it. */
export interface BrokerSide {
  readonly clock: Clock;
  /** ms until a connection without CONNECT is ended. */
  readonly connectTimeout: number;
  /** CONNACK return code, or what decides it; 0 accepts. */
  readonly connack: number | ((connect: IConnectPacket) => number);
  /** Whether a packet is swallowed unseen. */
  ignore(packet: Packet): boolean;
  /** A CONNECT was accepted; an older connection of that client ends. */
  openSession(connect: IConnectPacket, connection: BrokerConnection): { session: Session; present: boolean };
  /** SUBSCRIBE; returns the granted QoS levels and the retained messages due. */
  subscribe(session: Session, packet: ISubscribePacket): { granted: number[]; retained: Message[] };
  /** A client published, or its will came due. */
  accept(clientId: string, packet: IPublishPacket): void;
  /** This connection is over. */
  closed(connection: BrokerConnection): void;
}

export class BrokerConnection {
  session: Session | undefined;
  readonly #broker: BrokerSide;
  readonly #socket: Socket;
  readonly #parser = parser();
  #will: IConnectPacket["will"];
  #keepalive = 0;
  #lastHeard: number;
  #timer: unknown;
  #open = true;

  constructor(broker: BrokerSide, socket: Socket) {
    this.#broker = broker;
    this.#socket = socket;
    this.#lastHeard = broker.clock.now();
    this.#parser.on("packet", (packet) => this.#onPacket(packet));
    this.#parser.on("error", () => this.kick());
    this.#timer = broker.clock.after(broker.connectTimeout, () => this.kick());
  }

  onData(bytes: Buffer): void {
    if (!this.#open) return;
    this.#lastHeard = this.#broker.clock.now();
    this.#parser.parse(bytes);
  }

  onClose(): void {
    this.#finish();
  }

  /** The broker ends it; the will is published. */
  kick(): void {
    if (this.#open) this.#socket.end();
    this.#finish();
  }

  send(packet: Packet): void {
    if (this.#open) this.#socket.write(generate(packet));
  }

  #finish(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#parser.removeAllListeners();
    this.#broker.clock.cancel(this.#timer);
    this.#broker.closed(this);
    const will = this.#will;
    if (!will || !this.session) return;
    this.#broker.accept(this.session.clientId, {
      cmd: "publish",
      topic: will.topic,
      payload: will.payload,
      qos: will.qos ?? 0,
      retain: will.retain ?? false,
      dup: false,
    });
  }

  #onPacket(packet: Packet): void {
    if (!this.#open || this.#broker.ignore(packet)) return;
    if (packet.cmd === "connect") {
      this.#connect(packet);
      return;
    }
    const session = this.session;
    if (!session) {
      this.kick();
      return;
    }
    const messageId = packet.messageId ?? 0;
    switch (packet.cmd) {
      case "publish":
        this.#publish(session, packet);
        return;
      case "pubrel":
        session.incoming.delete(messageId);
        this.send({ cmd: "pubcomp", messageId });
        return;
      case "puback":
      case "pubcomp":
        session.acknowledged(messageId);
        return;
      case "pubrec":
        session.released(messageId);
        return;
      case "subscribe": {
        const { granted, retained } = this.#broker.subscribe(session, packet);
        this.send({ cmd: "suback", messageId, granted });
        for (const message of retained) session.deliver(message);
        return;
      }
      case "unsubscribe":
        for (const filter of packet.unsubscriptions) session.subscriptions.delete(filter);
        this.send({ cmd: "unsuback", messageId, granted: [] });
        return;
      case "pingreq":
        this.send({ cmd: "pingresp" });
        return;
      case "disconnect":
        this.#will = undefined;
        this.kick();
        return;
    }
  }

  #connect(packet: IConnectPacket): void {
    if (this.session) {
      this.kick();
      return;
    }
    const { connack } = this.#broker;
    const code = typeof connack === "number" ? connack : connack(packet);
    if (code !== 0) {
      this.send({ cmd: "connack", returnCode: code, sessionPresent: false });
      this.kick();
      return;
    }
    const { session, present } = this.#broker.openSession(packet, this);
    this.session = session;
    this.#will = packet.will;
    this.#keepalive = (packet.keepalive ?? 0) * 1500;
    this.#broker.clock.cancel(this.#timer);
    this.#watch();
    this.send({ cmd: "connack", returnCode: 0, sessionPresent: present && packet.protocolVersion !== 3 });
    session.resume();
  }

  /** One and a half keep-alive times of silence end the connection (3.2.1). */
  #watch(): void {
    if (this.#keepalive === 0) return;
    const idle = this.#broker.clock.now() - this.#lastHeard;
    this.#timer = this.#broker.clock.after(this.#keepalive - idle, () => {
      // Times are fractions: a rest that rounds away would come round for ever.
      if (this.#keepalive - (this.#broker.clock.now() - this.#lastHeard) > 1) this.#watch();
      else this.kick();
    });
  }

  #publish(session: Session, packet: IPublishPacket): void {
    const messageId = packet.messageId ?? 0;
    if (packet.qos === 2) {
      const known = session.incoming.has(messageId);
      session.incoming.add(messageId);
      this.send({ cmd: "pubrec", messageId });
      if (known) return;
    }
    this.#broker.accept(session.clientId, packet);
    if (packet.qos === 1) this.send({ cmd: "puback", messageId });
  }
}

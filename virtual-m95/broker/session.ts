// One session of the in-memory broker: subscriptions, queue and delivery state. It outlives connections, knows none.

import type { Packet } from "mqtt-packet";
import { matches } from "./topic-filter.js";

export interface Message {
  topic: string;
  payload: Buffer;
  qos: 0 | 1 | 2;
  retain: boolean;
}

interface Delivery {
  message: Message;
  /** PUBREC came: PUBREL is what is sent again. */
  released: boolean;
}

export class Session {
  readonly subscriptions = new Map<string, 0 | 1 | 2>();
  /** msgIDs of QoS 2 messages from the client, received and not yet released. */
  readonly incoming = new Set<number>();
  clean = true;
  readonly #queue: Message[] = [];
  readonly #inFlight = new Map<number, Delivery>();
  #send: ((packet: Packet) => void) | undefined;
  #msgID = 0;

  constructor(
    readonly clientId: string,
    private readonly queueLimit: number,
  ) {}

  /** Messages sent or queued that the client has not acknowledged. */
  get pending(): number {
    return this.#queue.length + this.#inFlight.size;
  }

  attach(send: (packet: Packet) => void): void {
    this.#send = send;
  }

  detach(): void {
    this.#send = undefined;
  }

  /** After CONNACK: what was not acknowledged goes out again, then the queue. */
  resume(): void {
    for (const [messageId, { message, released }] of this.#inFlight) {
      this.#send?.(released ? { cmd: "pubrel", messageId } : { cmd: "publish", ...message, dup: true, messageId });
    }
    for (const message of this.#queue.splice(0)) this.deliver(message);
  }

  /** A message for whoever subscribed: once, at the highest QoS granted. */
  offer(message: Message): void {
    let granted = -1;
    for (const [filter, qos] of this.subscriptions) {
      if (qos > granted && matches(filter, message.topic)) granted = qos;
    }
    if (granted < 0) return;
    this.deliver({ ...message, qos: Math.min(message.qos, granted) as 0 | 1 | 2 });
  }

  deliver(message: Message): void {
    if (!this.#send) {
      if (message.qos > 0 && !this.clean && this.pending < this.queueLimit) this.#queue.push(message);
      return;
    }
    if (message.qos === 0) {
      this.#send({ cmd: "publish", ...message, dup: false });
      return;
    }
    const messageId = this.#nextMsgID();
    this.#inFlight.set(messageId, { message, released: false });
    this.#send({ cmd: "publish", ...message, dup: false, messageId });
  }

  /** PUBACK or PUBCOMP. */
  acknowledged(messageId: number): void {
    this.#inFlight.delete(messageId);
  }

  /** PUBREC. */
  released(messageId: number): void {
    const delivery = this.#inFlight.get(messageId);
    if (delivery) delivery.released = true;
    this.#send?.({ cmd: "pubrel", messageId });
  }

  #nextMsgID(): number {
    do this.#msgID = (this.#msgID % 65_535) + 1;
    while (this.#inFlight.has(this.#msgID));
    return this.#msgID;
  }
}

// Publishing for one client: checks, the limit of the queue and what makes room in it, the store. Sending is the outbox's.
// @part store: _restore _forget
// @resident publish _packet _queue
import { flag, integer } from "../arguments.js";
import { quote } from "../at/params.js";
import { bytesOf } from "../codec.js";
import { DROPPED, PUBLISHED } from "../counters.js";
import { M95Error } from "../errors.js";
import type { Done } from "../ports.js";
import { Durable, type Kept } from "./durable.js";
import { decode, isEncoded } from "./encoding.js";
import { IN_PUBLISH } from "./inbox.js";
import { type Profile, payloadOf } from "./options.js";
import type { Outbox } from "./outbox.js";
import { type Packet, packet } from "./packet.js";
import { checkTopic } from "./topics.js";
import type { ClientHost, OutboxStore, PublishInfo, PublishOptions } from "./types.js";

/** Who publishes. */
export interface PublisherOwner {
  readonly connected: boolean;
  readonly connectionId: number;
  emit(event: "drop" | "unknown" | "error" | "offline", a?: unknown, b?: unknown, c?: unknown): boolean;
  /** Tells a user's callback how a publish ended. */
  _answer(error: M95Error | null, done: Done | undefined): void;
}

export class Publisher {
  private _owner: PublisherOwner;
  private _host: ClientHost;
  private _profile: Profile;
  private _outbox: Outbox;
  private _durable: Durable | undefined;
  /** Publishes that may wait. */
  private _limit: number;

  /** @throws M95Error `EPARAM` for what is no store, `ESTORE` when it cannot be read */
  constructor(
    owner: PublisherOwner,
    host: ClientHost,
    profile: Profile,
    outbox: Outbox,
    store: OutboxStore | undefined,
  ) {
    this._owner = owner;
    this._host = host;
    this._profile = profile;
    this._outbox = outbox;
    this._durable = undefined;
    this._limit = profile.settled().queueLimit;
    if (store !== undefined) this._restore(store);
  }

  /** See `MqttClient.publish`. @throws M95Error what it refuses */
  publish(topic: string, payload: unknown, options: PublishOptions, done: Done | undefined): void {
    const profile = this._profile;
    const owner = this._owner;
    const codec = this._host.codec;
    const name = bytesOf(codec, "topic", topic);
    checkTopic("topic", name);
    const qos = options.qos === undefined ? 0 : options.qos;
    const retain = flag("retain", options.retain, false) ? 1 : 0;
    const data = payloadOf(codec, payload, this._host.inbox.offers === IN_PUBLISH, isEncoded(profile.encoded, name));
    // What it refuses is refused before it matters whether there is room.
    const one = this._packet(name, data, qos, retain);
    const waiting = this._outbox.waiting(true);
    if (!owner.connected && !qos && !profile.settled().queueQoSZero)
      throw new M95Error("EQUEUE", "not connected, and queueQoSZero is false");
    const gone = waiting < this._limit ? undefined : this._excess(waiting);
    const key = qos && this._durable ? this._durable.keepPublish(qos, retain, name, data) : 0;
    if (gone) this._drop(gone);
    if (!owner.connected && !waiting) owner.emit("offline");
    this._queue(one, key, done);
  }

  /** @throws M95Error `EPARAM` or `ETOOBIG` for what the command table refuses */
  private _packet(topic: string, payload: string, qos: number, retain: number): Packet {
    const one = packet("QMTPUB", qos ? this._outbox.nextId() : 0, [], () => undefined);
    one.topic = topic;
    one.payload = payload;
    one.qos = qos;
    one.retain = retain;
    one.again = qos === 1 && this._profile.resends;
    // What the table would refuse when the command is made.
    integer("qos", qos, 0, 2);
    quote("topic", topic, 0);
    return one;
  }

  private _queue(one: Packet, key: number, done: Done | undefined): void {
    const qos = one.qos;
    one.done = (error) => {
      const code = error && error.code;
      // What was never sent, or is to be sent again, is left to the next client that gets the store.
      if (key && code !== "ECLOSED" && !(one.again && code === "EUNKNOWN")) this._forget(key, qos);
      if (!error) this._host.counters[PUBLISHED]!++;
      this._owner._answer(error, done);
    };
    if (key && qos === 2) one.handoverKey = key + 1;
    this._outbox.add(one);
  }

  /** The publish that makes room for another one. @throws M95Error `EQUEUE` when there is none */
  private _excess(waiting: number): Packet {
    const policy = this._profile.settled().queuePolicy;
    const gone = policy === "reject" ? undefined : this._outbox.oldest(policy === "drop-qos0");
    if (gone) return gone;
    throw new M95Error("EQUEUE", waiting + " publishes wait already, queueLimit is " + this._limit);
  }

  /** Takes a publish out of the queue. */
  private _drop(gone: Packet): void {
    this._host.counters[DROPPED]!++;
    this._outbox.withdraw(gone);
    // Told later, so that who publishes it once more at once does not come back in here.
    this._host.clock.after(0, () => {
      this._tell("drop", gone);
      this._outbox.fail(gone, new M95Error("EQUEUE", "dropped: the queue was full", this._outbox.command(gone)));
    });
  }

  /** Queues what an earlier run left. @throws M95Error `EPARAM`, `ESTORE` */
  private _restore(store: OutboxStore): void {
    const durable = new Durable(store, (error) => this._owner.emit("error", error));
    const kept = durable.readKept();
    this._durable = this._outbox.durable = durable;
    for (let i = 0; i < kept.length; i++) {
      const one = kept[i]!;
      let error: M95Error | undefined;
      try {
        const made = this._packet(one.topic, one.payload, one.qos, one.retain);
        if (!one.sent) this._queue(made, one.key, undefined);
        else
          error = new M95Error(
            "EUNKNOWN",
            "handed to the modem before a restart, no verdict came",
            this._outbox.command(made),
          );
      } catch (e) {
        error = e as M95Error;
      }
      // Later, so that listeners can be attached first.
      if (error)
        this._host.clock.after(0, () => {
          if (!this._tell("unknown", one)) this._owner.emit("error", error);
          this._forget(one.key, one.qos);
        });
    }
  }

  private _forget(key: number, qos: number): void {
    this._durable!.forgetKey(key);
    if (qos === 2) this._durable!.forgetKey(key + 1);
  }

  /** Tells of a publish that is not sent; false: nobody listens. */
  private _tell(event: "drop" | "unknown", what: Packet | Kept): boolean {
    const codec = this._host.codec;
    const topic = what.topic;
    const bytes = isEncoded(this._profile.encoded, topic) ? decode(codec, what.payload!) : undefined;
    const payload = bytes === undefined ? what.payload! : bytes;
    return this._owner.emit(
      event,
      codec.toText ? codec.toText(topic) : topic,
      codec.toPayload ? codec.toPayload(payload) : payload,
      { qos: what.qos as PublishInfo["qos"], retain: !!what.retain },
    );
  }
}

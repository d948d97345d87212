// The MQTT client of one tcpconnectID as users see it: publish, subscribe, events, reconnecting, ending. It owns no line
// and no modem; a host lends them.
// @resident received publish result sending

import { optionsOf, refusal, wrong } from "../arguments.js";
import { bytesOf } from "../codec.js";
import { CONNECTS, RECEIVED, RECONNECTS } from "../counters.js";
import { Emitter } from "../emitter.js";
import { M95Error } from "../errors.js";
import type { ClientEvents, SentPacket } from "../events.js";
import { nameOf } from "../m95/commands.js";
import { helpFor, REOPEN } from "../m95/recovery.js";
import type { Clock, Done, TimerHandle } from "../ports.js";
import { callOff, later } from "../timer.js";
import { decoded } from "./encoding.js";
import type { Receiver } from "./inbox.js";
import { CLOSED, CONNECTED, CONNECTING, LEAVING, Link, type LinkOwner, linkState } from "./link.js";
import { type ConnectOptions, Profile } from "./options.js";
import { ended } from "./outbox.js";
import { type Filter, type Packet, valuesOf } from "./packet.js";
import { refused, Subscriber } from "./subscriptions.js";
import type {
  ClientHost,
  ClientState,
  Grant,
  GrantDone,
  OutboxOwner,
  OutboxStore,
  PacketInfo,
  PublishOptions,
  Secure,
  SubscribeOptions,
  Topics,
} from "./types.js";

// How far a client is from its end.
const LIVING = 0;
/** `end` was called, or the broker has refused too often: what is in flight may finish. */
const ENDING = 1;
/** `end(true)` was called: nothing is waited for. */
const FORCED = 2;
const ENDED = 3;

/** The same by name, for the model check. */
export const LIFE = ["living", "ending", "forced", "ended"];

/** `Payload`: the form in which the runtime gets bytes. */
export class MqttClient<Payload = any>
  extends Emitter<ClientEvents<Payload>>
  implements OutboxOwner, LinkOwner, Receiver
{
  connected: boolean;
  /** A connection was lost or not achieved, and the next attempt is under way or waited for. */
  reconnecting: boolean;
  /** The tcpconnectID, 0..5. */
  readonly connectionId: number;
  /** The SSL context. */
  readonly secure: Secure | undefined;
  readonly link: Link;
  readonly outbox: Subscriber;
  /** How far it is from its end; a number of the list above. */
  private _life: number;
  _clock: Clock;
  private _host: ClientHost;
  private _profile: Profile;
  _timer: TimerHandle;
  /** When it was last connected. */
  private _since: number;
  private _failures: number;
  private _refusals: number;
  private _ends: Done[];

  /** @throws M95Error `EPARAM` or `ETOOBIG` for bad options, `ESTORE` when the store cannot be read: what is out of range at `begin` */
  constructor(host: ClientHost, id: number, options: ConnectOptions) {
    super(host.counters);
    const plain = options.tls === false || (options.tls === undefined && !host.tls);
    const secure = plain ? undefined : host.secured(id, options.tls);
    const profile = new Profile(options, id, host, secure);
    // What each message needs stands first.
    this._host = host;
    this.link = new Link(this, host, id, profile);
    this._clock = host.clock;
    this.connectionId = id;
    this.secure = secure;
    this._profile = profile;
    this.outbox = new Subscriber(this, host, profile);
    this._ends = [];
    this.connected = this.reconnecting = false;
    this._life = LIVING;
    this._failures = this._refusals = this._since = 0;
    this._timer = undefined;
  }

  /**
   * Begins; apart from the constructor, since the stack is short.
   * @throws M95Error as the constructor
   */
  begin(store: OutboxStore | undefined): void {
    this._profile.composed();
    if (store !== undefined) this.outbox.restoreKept(store);
    // Later, so that listeners can be attached first.
    this._attemptIn(0);
  }

  /** A message for this client, topic and payload in bytes. First of the methods: Espruino finds it soonest. */
  received(topic: string, payload: string, msgid: number, ambiguous: boolean): void {
    // What came right behind the CONNACK; or on a network that an earlier run has left open.
    if (!this.connected) ambiguous = this._greet() || ambiguous;
    const host = this._host;
    const list = this._on.message;
    this.counters[RECEIVED]!++;
    // What may be part of another message is no sign of life.
    (ambiguous ? host : this.link).seen = host.session.framer.stamp;
    if (!list) return;
    const codec = host.codec;
    const encoded = this._profile.encoded;
    const info: PacketInfo = { qos: msgid ? undefined : 0, msgid, ambiguous };
    if (encoded.length) payload = decoded(encoded, codec, topic, payload, info);
    if (codec.toText) {
      topic = codec.toText(topic);
      if (codec.toPayload) payload = codec.toPayload(payload) as string;
    }
    // emit() without its call.
    for (let i = 0; i < list.length; i++) {
      try {
        list[i]!.call(this, topic, payload, info);
      } catch (error) {
        this.listenerThrew(error);
      }
    }
  }

  get state(): ClientState {
    const phase = this.link.phase;
    return this._life === ENDED || phase ? linkState(phase) : "waiting";
  }

  /**
   * ms since the modem last confirmed something of this client's connection: CONNACK, a message, the result of a packet, or
   * AT+QMTCONN? saying that it stands. Above the keepalive period plus the time of a query, nobody knows. `Infinity` before
   * the first connection.
   */
  get age(): number {
    return Math.max(0, this._clock.now() - this.link.seen);
  }

  /** Publishes that wait to be handed to the modem: for the connection, or for room. */
  get queued(): number {
    return this.outbox.waiting(true);
  }

  // ---- for users

  /**
   * Publishes a message (application note 3.2.8).
   * @param payload - text, sent as UTF-8, or bytes; at most 1548 bytes, without 0x1A and 0x1B unless the firmware takes lengths
   * @param done - QoS 0: called when the modem has sent it; QoS 1 and 2: when it is acknowledged. Errors: `EPARAM`, `ETOOBIG`,
   * `EPAYLOAD`, `EQUEUE`, `ESTORE` before anything is sent; `ETIMEOUT` when the modem gave up; `EUNKNOWN` when no verdict came;
   * `ECLOSED`
   */
  publish(topic: string, payload: unknown, options?: PublishOptions | Done, done?: Done): this {
    const callback = typeof options === "function" ? options : done;
    try {
      if (this._life) throw ended();
      this.outbox.publish(topic, payload, optionsOf(options), callback);
    } catch (error) {
      this._refuse(error, callback);
    }
    return this;
  }

  /**
   * Subscribes to topic filters (3.2.6); remembered, and made anew on each connect.
   * @param topics - a filter, several, or an object of filters with their QoS: `{ a: 1 }` or `{ a: { qos: 1 } }`
   * @param done - gets what the broker granted, 128 for a refused filter. Errors as for `publish`; `ELIMIT` for more than 32
   * filters; `EREFUSED` when all of them were refused. Without `done`, an `"error"` names those that were
   */
  subscribe(topics: Topics, options?: SubscribeOptions | GrantDone, done?: GrantDone): this {
    return this._change("QMTSUB", topics, options, typeof options === "function" ? options : done);
  }

  /** Unsubscribes from topic filters (3.2.7). Errors as for `subscribe`. @param options - none are known */
  unsubscribe(topics: string | string[], options?: object | Done, done?: Done): this {
    return this._change("QMTUNS", topics, undefined, typeof options === "function" ? (options as Done) : done);
  }

  /**
   * Ends the client. While connected, what was accepted is sent first and may finish; then DISCONNECT (3.2.5) and close (3.2.3).
   * While not connected, what was never sent fails with `ECLOSED`.
   * @param force - true: at once and without DISCONNECT, so that the will happens; what is in flight ends with `EUNKNOWN`
   * @param options - none are known
   */
  end(force?: boolean | object | Done, options?: object | Done, done?: Done): this {
    const callback = [force, options, done].filter((one) => typeof one === "function")[0];
    if (callback) this._ends.push(callback as Done);
    this._life = Math.max(this._life, force === true ? FORCED : ENDING);
    this._clock.after(0, () => this._endNow());
    return this;
  }

  // ---- for the host

  /** The modem is ready. */
  modemReady(): void {
    if (this._timer === undefined) this._attempt();
  }

  /** The modem, or its PDP context, is gone. @param rest - for so long that counting begins anew */
  modemLost(error: M95Error, rest: boolean): void {
    if (rest) this._failures = 0;
    if (this.link.phase === CLOSED) return;
    this.link.forget();
    this._down(error);
    if (this._life) this._finish();
  }

  /** The modem could not be started. */
  modemFailed(error: M95Error): void {
    if (this._life === ENDED) return;
    this.emit("error", error);
    // With the port closed there is nothing to wait for.
    if (error.code === "ECLOSED") this._finish();
    else this._wait(error);
  }

  /** It has been connected for the stable time, or never failed. */
  hasLasted(): boolean {
    return this.connected
      ? !this.outbox.trouble && Math.abs(this._clock.now() - this._since) >= this._host.stable
      : !this._failures;
  }

  /** A result URC or +QMTSTAT for this client: fields from `<tcpconnectID>` on. */
  result(name: string, fields: string[], line: string, mayBePayload: boolean): void {
    if (name === "QMTPUB" || name === "QMTSUB" || name === "QMTUNS") {
      // That one of QoS 0 went out is no word of the broker.
      if (this.outbox.result(name, fields, line, mayBePayload) && fields[1] !== "0") this.link.seen = this._clock.now();
    } else this.link.heard(name, fields, line, mayBePayload);
  }

  // ---- for link and outbox

  sending(packet: Packet): void {
    const list = this._on.packetsend;
    // Made only for those who listen.
    if (list && list.length) this._tellSent(packet);
  }

  private _tellSent(packet: Packet): void {
    const values = valuesOf(packet);
    const filters = packet.filters;
    const topics = this._texts(filters || [{ topic: values[4]!, qos: 0 }]).map((one) => one.topic);
    const name = nameOf(packet.text);
    const sent: SentPacket = {
      cmd: filters ? (name === "QMTSUB" ? "subscribe" : "unsubscribe") : "publish",
      messageId: packet.msgid,
      // Of the packet: SUBSCRIBE and UNSUBSCRIBE have 1 (MQTT 3.1.1, 2.2.2), whatever their topics are to get.
      qos: (filters ? 1 : +values[2]!) as SentPacket["qos"],
      retain: !filters && values[3] === "1",
    };
    if (filters) sent.topics = topics;
    else sent.topic = topics[0]!;
    this.emit("packetsend", sent);
  }

  drained(): void {
    if (this._life && this.connected) this._disconnect();
  }

  linkUp(): void {
    // From a timer: whoever listens does not stand on the stack of a receive call.
    later(this, 0, () => this._greet());
  }

  /** True: nothing can have come for this client yet. */
  private _greet(): boolean {
    const phase = this.link.phase;
    if (this.connected || phase !== CONNECTED) return phase < CONNECTING;
    callOff(this);
    this._refusals = 0;
    this.connected = true;
    this.reconnecting = false;
    this.counters[CONNECTS]!++;
    this._since = this._clock.now();
    this.emit("connect");
    if (!this.connected) return false;
    if (this._profile.settled.resubscribe)
      this.outbox.changeFilters("QMTSUB", undefined, (error, granted) => {
        const failed = error || this._refusal(granted);
        // Nobody waits for these when the client is ended.
        if (failed && this._life < FORCED) this.emit("error", failed);
      });
    this.outbox.linkThere();
    return false;
  }

  linkOver(error?: M95Error, failed?: boolean): void {
    const profile = this._profile.settled;
    // What cannot heal, again and again. A number of a setting may come of a damaged line.
    if (failed)
      if (helpFor(error!) & 15 || (error!.cme && !error!.command!.startsWith("AT+QMTCONN="))) this._refusals = 0;
      else if (++this._refusals > profile.refusedRetries) this._life = this._life || ENDING;
    this._down(error);
    if (failed) this.emit("error", error!);
    if (this._life || !error) this._finish();
    else if (profile.reconnectPeriod && this._host.takesOver(error, this._failures)) this._failures++;
    else this._wait(error);
  }

  // ---- publishing and subscribing

  private _change(name: "QMTSUB" | "QMTUNS", topics: Topics, options: unknown, done: GrantDone | undefined): this {
    try {
      const qos = optionsOf(options).qos;
      const filters = this._filters(topics, qos === undefined ? 0 : qos);
      if (this._life) throw ended();
      this.outbox.changeFilters(name, filters, (error, granted) => {
        // Nobody else tells who asked without a callback.
        if (!error && (!done || refused(granted).length === granted.length)) error = this._refusal(granted);
        this._answer(error, done, name === "QMTSUB" ? this._texts(granted) : undefined);
      });
    } catch (error) {
      this._refuse(error, done);
    }
    return this;
  }

  /** @param qos - of those that have none of their own */
  private _filters(topics: any, qos: number): Filter[] {
    const codec = this._host.codec;
    const given = typeof topics === "string" ? [topics] : topics;
    if (!given || typeof given !== "object") throw wrong("topic", "a topic filter or several", topics);
    const list = Array.isArray(given);
    return (list ? given : Object.keys(given)).map((name: string) => {
      const topic = bytesOf(codec, "topic", name);
      const own = list ? undefined : optionsOf(given[name]).qos;
      return { topic, qos: own === undefined ? qos : own };
    });
  }

  private _texts(filters: Filter[]): Grant[] {
    const codec = this._host.codec;
    return filters.map((one) => ({ topic: codec.toText ? codec.toText(one.topic) : one.topic, qos: one.qos }));
  }

  /** Null: it refuses none. */
  private _refusal(granted: Filter[]): M95Error | null {
    const names = this._texts(refused(granted)).map((one) => one.topic);
    return names.length ? new M95Error("EREFUSED", "the broker refuses the topics " + names.join(", ")) : null;
  }

  private _refuse(error: unknown, done: Done | GrantDone | undefined): void {
    this._clock.after(0, () => this._answer(refusal(error), done));
  }

  // ---- reconnecting and ending

  private _attempt(): void {
    if (this.link.phase || this._life || !this._host.rouse()) return;
    if (this.reconnecting) {
      this.counters[RECONNECTS]!++;
      this.emit("reconnect");
    }
    this.link.dial();
  }

  private _attemptIn(ms: number): void {
    later(this, ms, () => this._attempt());
  }

  // Whatever there was of a connection is gone.
  private _down(error?: M95Error): void {
    // Connected alone is nothing: a broker may accept and hang up at once.
    if (this.connected && this.hasLasted()) this._failures = 0;
    this.connected = false;
    this.reconnecting = !this._life;
    callOff(this);
    this.outbox.linkGone();
    if (error) this.emit("close", error);
    else this.emit("close");
  }

  private _wait(error: M95Error): void {
    const profile = this._profile.settled;
    // A listener may have ended it, or closed the port.
    if (this._life || this.link.phase || this._timer !== undefined) return;
    if (!profile.reconnectPeriod) {
      this._finish();
      return;
    }
    // Full jitter under a doubling cap: a fleet that lost its broker does not come back in step.
    const cap = Math.min(profile.maxReconnectPeriod, profile.reconnectPeriod * Math.pow(2, this._failures++));
    const next = Math.round(this._host.random() * cap);
    this.reconnecting = true;
    this._attemptIn(next);
    this._host.stepBegins(error, REOPEN, this._failures, next);
  }

  private _endNow(): void {
    const phase = this.link.phase;
    const waits = this.connected && this._life < FORCED;
    if (!waits) this.outbox.refuse();
    if (!phase) this._finish();
    else if (phase < LEAVING && !(waits && this.outbox.isBusy())) this._disconnect();
  }

  private _disconnect(): void {
    this.connected = false;
    this.link.hangUp(this._life === FORCED);
    this.outbox.linkGone();
  }

  private _finish(): void {
    if (this._life !== ENDED) {
      this._life = ENDED;
      this.reconnecting = false;
      callOff(this);
      this.outbox.refuse();
      this._host.clients[this.connectionId] = undefined;
      this.emit("end");
    }
    for (const done of this._ends.splice(0, this._ends.length)) this._call(done);
  }
}

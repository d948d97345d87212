// The MQTT client on one tcpconnectID: open, connect, publish, subscribe, reconnect, end. It owns no line and no modem; a
// host lends them.
import { number, split, wrong } from "../at/params.js";
import type { Request } from "../at/session.js";
import { Emitter, type EmitterStats } from "../emitter.js";
import { M95Error } from "../errors.js";
import { build, nameOf, resultWait, traits } from "../m95/commands.js";
import type { Clock, Done, TimerHandle } from "../ports.js";
import type { Inbound } from "./inbound.js";
import { bytesOf, type Codec, type ConnectOptions, flag, Profile, payloadOf, SUBSCRIPTION_LIMIT } from "./options.js";
import { Outbox, type OutboxHost, type Packet } from "./outbox.js";
import { checkFilter, checkTopic } from "./topics.js";

export type ClientState = "closed" | "opening" | "connecting" | "connected" | "disconnecting" | "waiting";

/** A topic filter and what the broker grants it: 0, 1, 2, or 128 for refused. */
export interface Grant {
  topic: string;
  /** Undefined when the modem gave fewer values than there are topics. */
  qos: number | undefined;
}

export type GrantDone = (error?: Error | null, granted?: Grant[]) => void;

export interface PublishOptions {
  /** Default 0. */
  qos?: 0 | 1 | 2;
  /** Default false. */
  retain?: boolean;
}

export interface SubscribeOptions {
  /** Default 0. */
  qos?: 0 | 1 | 2;
}

/** What is known of a received message besides topic and payload. */
export interface PacketInfo {
  /** 0 when the message ID is 0; the modem does not tell 1 from 2. */
  qos: 0 | undefined;
  msgid: number;
  /** The message may have been cut wrongly: the modem marks no end. */
  ambiguous: boolean;
}

export interface ClientStats extends EmitterStats {
  /** Connections that were established, the first ones included. */
  connects: number;
  /** Attempts after the first one. */
  reconnects: number;
  published: number;
  received: number;
}

/** What a client needs of the modem. */
export interface ClientHost {
  readonly clock: Clock;
  readonly codec: Codec;
  readonly stats: ClientStats;
  random(): number;
  /** Whether the modem is ready. */
  ready(): boolean;
  /** Starts the modem if it is not running. */
  wake(): void;
  send(request: Request): void;
  explain(family: string, code: number): string;
  cyclePdp(error: M95Error): void;
  /** The client ended; its tcpconnectID is free. */
  released(client: MqttClient): void;
}

/** `<result>` of +QMTOPEN (application note 3.2.2). */
enum Open {
  Opened = 0,
  Occupied = 2,
  NoPdp = 3,
}

/** `<result>` of +QMTCONN (3.2.4). */
enum Conn {
  Acknowledged = 0,
  Retransmitted = 1,
}

/** `<ret_code>` of +QMTCONN that may heal by itself (3.2.4). */
const SERVER_UNAVAILABLE = 3;

/** `<state>` of +QMTCONN as an answer (3.2.4). */
const CONNECTED = 3;

/** `<err_code>` of +QMTSTAT after which the PDP context is opened anew (4.1.1). */
const PING_FAILED = 2;

/** A connection that lasted this long, ms, was good: waiting times start from the first one again. */
const STABLE = 60000;

/** Granted QoS of a topic filter that the broker refuses (MQTT 3.1.1, 3.9.3). */
const REFUSED = 128;

/** Longest command line for several topics; the real limit of the modem is not documented. */
const LINE = 256;

function listOf(topics: string | string[]): string[] {
  if (typeof topics === "string") return [topics];
  if (Array.isArray(topics)) return topics;
  throw wrong("topic", "a topic filter or several", topics);
}

interface Subscription {
  topic: string;
  qos: number;
}

/** One SUBSCRIBE or UNSUBSCRIBE of several topic filters. */
interface Batch {
  text: string;
  msgid: number;
  topics: string[];
}

export class MqttClient extends Emitter implements OutboxHost {
  state: ClientState;
  connected: boolean;
  /** A connection was lost or not achieved, and the next attempt is under way or waited for. */
  reconnecting: boolean;
  /** The tcpconnectID, 0..5. */
  readonly connectionId: number;
  readonly clock: Clock;
  private _host: ClientHost;
  private _profile: Profile;
  private _outbox: Outbox;
  private _subscriptions: Subscription[];
  /** Changes with each attempt and each loss, so that late answers fall on deaf ears. */
  private _era: number;
  private _timer: TimerHandle;
  private _stable: TimerHandle;
  private _failures: number;
  private _refusals: number;
  private _reopened: boolean;
  private _ending: boolean;
  private _force: boolean;
  private _ends: Done[];

  /** @throws M95Error `EPARAM` or `ETOOBIG` for bad options */
  constructor(host: ClientHost, id: number, options: ConnectOptions) {
    super(host.stats);
    this._host = host;
    this.clock = host.clock;
    this.connectionId = id;
    this._profile = new Profile(options, id, host.codec, () => host.random());
    const wait = traits("AT+QMTPUB").timeout;
    this._outbox = new Outbox(this, wait, resultWait("QMTPUB", this._profile.packets));
    this._subscriptions = [];
    this._ends = [];
    this.state = "waiting";
    this.connected = this.reconnecting = this._reopened = this._ending = this._force = false;
    this._era = this._failures = this._refusals = 0;
    this._timer = this._stable = undefined;
    // Later, so that listeners can be attached first.
    this._later(0, () => this._attempt());
  }

  // ---- for users

  /**
   * Publishes a message (application note 3.2.8).
   * @param payload - text, sent as UTF-8, or bytes; at most 1548 bytes, without 0x1A and 0x1B
   * @param done - QoS 0: called when the modem has sent it; QoS 1 and 2: when it is acknowledged. Errors: `EPARAM`, `ETOOBIG`,
   * `EPAYLOAD`, `EQUEUE` before anything is sent; `ETIMEOUT` when the modem gave up; `EUNKNOWN` when no verdict came; `ECLOSED`
   */
  publish(topic: string, payload: unknown, options?: PublishOptions | Done, done?: Done): this {
    const settings = typeof options === "object" && options ? options : {};
    const callback = typeof options === "function" ? options : done;
    try {
      this._publish(topic, payload, settings, callback);
    } catch (error) {
      this._refused(error, callback);
    }
    return this;
  }

  /**
   * Subscribes to topic filters (3.2.6); remembered, and made anew on each connect.
   * @param topics - a filter, several, or an object of filters with their QoS
   * @param done - gets what the broker granted, 128 for a refused filter. Errors as for `publish`; `EREFUSED` when all of them
   * were refused
   */
  subscribe(
    topics: string | string[] | { [topic: string]: { qos: 0 | 1 | 2 } },
    options?: SubscribeOptions | GrantDone,
    done?: GrantDone,
  ): this {
    const callback = typeof options === "function" ? options : done;
    const qos = typeof options === "object" && options && options.qos !== undefined ? options.qos : 0;
    try {
      const list: Subscription[] = [];
      const map = typeof topics === "object" && topics && !Array.isArray(topics) ? topics : undefined;
      const names = map ? Object.keys(map) : listOf(topics as string | string[]);
      for (let i = 0; i < names.length; i++) {
        const own = map && map[names[i]!];
        list.push({ topic: names[i]!, qos: own ? own.qos : qos });
      }
      this._subscribe(list, callback);
    } catch (error) {
      this._refused(error, callback);
    }
    return this;
  }

  /** Unsubscribes from topic filters (3.2.7). Errors as for `subscribe`. */
  unsubscribe(topics: string | string[], done?: Done): this {
    try {
      this._unsubscribe(listOf(topics), done);
    } catch (error) {
      this._refused(error, done);
    }
    return this;
  }

  /**
   * Ends the client: lets what is in flight finish, then DISCONNECT (3.2.5) and close (3.2.3). What was never sent fails with
   * `ECLOSED`.
   * @param force - does not wait; what is in flight ends with `EUNKNOWN`
   */
  end(force?: boolean | Done, done?: Done): this {
    const callback = typeof force === "function" ? force : done;
    if (callback) this._ends.push(callback);
    if (force === true) this._force = true;
    if (this.state === "closed") this.clock.after(0, () => this._settleEnds());
    else if (!this._ending || this._force) {
      this._ending = true;
      this.clock.after(0, () => this._end());
    }
    return this;
  }

  // ---- for the host

  /** The modem is ready. */
  modemReady(): void {
    if (this.state === "waiting" && this._timer === undefined) this._attempt();
  }

  /** The modem, or its PDP context, is gone. */
  modemLost(error: M95Error): void {
    if (this.state === "closed" || this.state === "waiting") return;
    this._drop(error);
    if (this._ending) this._finish();
  }

  /** The modem could not be started. */
  modemFailed(error: Error): void {
    if (this.state !== "waiting") return;
    this.emit("error", error);
    // With the port closed there is nothing to wait for.
    if ((error as M95Error).code === "ECLOSED") this._finish();
    else this._wait();
  }

  /** A result URC or +QMTSTAT for this client: fields from `<tcpconnectID>` on. */
  result(name: string, fields: string[], line: string, suspect: boolean): void {
    const result = number(fields[1]);
    if (name === "QMTPUB" || name === "QMTSUB" || name === "QMTUNS") this._outbox.result(name, fields, line);
    else if (name === "QMTOPEN" && this.state === "opening") this._opened(result, line);
    else if (name === "QMTCONN" && this.state === "connecting") {
      if (suspect) this._verify((alive) => alive && this._conn(result, number(fields[2] || "0"), line));
      else this._conn(result, number(fields[2] || "0"), line);
    } else if (name === "QMTDISC" && this.state === "disconnecting") this._close();
    else if (name === "QMTSTAT" && this.state !== "waiting" && this.state !== "closed") {
      if (suspect) this._verify((alive) => alive || this._stat(result, line));
      else this._stat(result, line);
    }
  }

  /** A message for this client. */
  received(message: Inbound): void {
    const codec = this._host.codec;
    this._host.stats.received++;
    const packet: PacketInfo = {
      qos: message.msgid ? undefined : 0,
      msgid: message.msgid,
      ambiguous: message.ambiguous,
    };
    this.emit("message", codec.toText(message.topic), codec.toPayload(message.payload), packet);
  }

  /** The filters subscribed to, in bytes. */
  filters(): string[] {
    return this._subscriptions.map((one) => one.topic);
  }

  // ---- for the outbox

  send(request: Request): void {
    this._host.send(request);
  }

  explain(family: string, code: number): string {
    return this._host.explain(family, code);
  }

  sending(packet: Packet): void {
    this.emit("packetsend", packet);
  }

  drained(): void {
    if (this._ending && this.state === "connected") this._disconnect();
  }

  // ---- publishing and subscribing

  private _publish(topic: string, payload: unknown, options: PublishOptions, done: Done | undefined): void {
    const profile = this._profile;
    const codec = this._host.codec;
    const name = bytesOf(codec, "topic", topic);
    checkTopic("topic", name);
    const qos = options.qos === undefined ? 0 : options.qos;
    const retain = flag("retain", options.retain, false) ? 1 : 0;
    const data = payloadOf(codec, payload);
    const msgid = qos ? this._outbox.nextId() : 0;
    const text = build("QMTPUB", [this.connectionId, msgid, qos, retain, name]);
    this._checkOpen();
    const waiting = this._outbox.waiting("QMTPUB");
    if (!this.connected && !qos && !profile.queueQoSZero)
      throw new M95Error("EQUEUE", "not connected, and queueQoSZero is false");
    if (waiting >= profile.queueLimit)
      throw new M95Error("EQUEUE", waiting + " publishes wait already, queueLimit is " + profile.queueLimit);
    if (!this.connected && !waiting) this.emit("offline");
    this._add("QMTPUB", text, data + "\x1a", msgid, [], qos === 1 && profile.resend, (error) => {
      if (!error) this._host.stats.published++;
      this._answer(error, done);
    });
  }

  private _subscribe(list: Subscription[], done: GrantDone | undefined): void {
    const codec = this._host.codec;
    const wanted = list.map((one) => {
      const topic = bytesOf(codec, "topic", one.topic);
      checkFilter(topic);
      return { topic, qos: one.qos };
    });
    const commands = this._batches("QMTSUB", wanted);
    this._checkOpen();
    const kept = this._subscriptions.filter((old) => !wanted.some((one) => one.topic === old.topic));
    if (kept.length + wanted.length > SUBSCRIPTION_LIMIT)
      throw new M95Error("EQUEUE", "a client has at most " + SUBSCRIPTION_LIMIT + " subscriptions");
    this._subscriptions = kept.concat(wanted);
    const granted: Grant[] = [];
    let left = commands.length;
    let failed: M95Error | null = null;
    for (let i = 0; i < commands.length; i++) {
      this._sendSubscribe(commands[i]!, (error, values, topics) => {
        failed = failed || error;
        for (let k = 0; k < topics.length; k++) {
          const qos = error || values[k] === undefined ? undefined : number(values[k]);
          granted.push({ topic: codec.toText(topics[k]!), qos });
        }
        if (--left) return;
        if (!failed && granted.every((one) => one.qos === REFUSED))
          failed = this._refusedTopics(wanted.map((one) => one.topic));
        if (done) this._call(done, failed, granted);
        else if (failed) this.emit("error", failed);
      });
    }
  }

  private _unsubscribe(topics: string[], done: Done | undefined): void {
    const wanted = topics.map((topic) => {
      const bytes = bytesOf(this._host.codec, "topic", topic);
      checkFilter(bytes);
      return { topic: bytes, qos: 0 };
    });
    const commands = this._batches("QMTUNS", wanted);
    this._checkOpen();
    this._subscriptions = this._subscriptions.filter((old) => !wanted.some((one) => one.topic === old.topic));
    let left = commands.length;
    let failed: M95Error | null = null;
    for (let i = 0; i < commands.length; i++) {
      const command = commands[i]!;
      this._add("QMTUNS", command.text, undefined, command.msgid, command.topics, true, (error) => {
        failed = failed || error;
        if (!--left) this._answer(failed, done);
      });
    }
  }

  private _checkOpen(): void {
    if (this._ending || this.state === "closed") throw new M95Error("ECLOSED", "the client was ended");
  }

  /** Commands for topic filters, as many filters a line as fit. */
  private _batches(name: "QMTSUB" | "QMTUNS", list: Subscription[]): Batch[] {
    if (!list.length) throw new M95Error("EPARAM", "topic must be at least one topic filter, not none");
    const commands: Batch[] = [];
    let values: (string | number)[] = [];
    let topics: string[] = [];
    let text = "";
    for (let i = 0; i < list.length; i++) {
      const one = list[i]!;
      const more: (string | number)[] = name === "QMTSUB" ? [one.topic, one.qos] : [one.topic];
      if (!text) values = [this.connectionId, this._outbox.nextId()];
      const longer = build(name, values.concat(more));
      if (text && longer.length > LINE) {
        commands.push({ text, msgid: values[1] as number, topics });
        values = [this.connectionId, this._outbox.nextId()];
        topics = [];
        text = build(name, values.concat(more));
      } else text = longer;
      values = values.concat(more);
      topics.push(one.topic);
    }
    commands.push({ text, msgid: values[1] as number, topics });
    return commands;
  }

  private _sendSubscribe(
    command: Batch,
    done: (error: M95Error | null, values: string[], topics: string[]) => void,
    first?: boolean,
  ): void {
    const topics = command.topics;
    const settle: Packet["done"] = (error, values) => {
      if (!error) {
        const refused = topics.filter((_topic, i) => number(values[i]) === REFUSED);
        // Refused once, they are not asked for again on each connect.
        this._subscriptions = this._subscriptions.filter((one) => refused.indexOf(one.topic) < 0);
      }
      done(error, values, topics);
    };
    this._add("QMTSUB", command.text, undefined, command.msgid, topics, true, settle, first);
  }

  private _add(
    name: Packet["name"],
    text: string,
    data: string | undefined,
    msgid: number,
    topics: string[],
    again: boolean,
    done: Packet["done"],
    first?: boolean,
  ): void {
    this._outbox.add({ name, text, data, msgid, topics, again, left: 0, tries: 0, lost: false, done }, first);
  }

  private _answer(error: M95Error | null, done: Done | undefined): void {
    if (done) this._call(done, error || undefined);
    else if (error) this.emit("error", error);
  }

  private _refused(error: unknown, done: Done | GrantDone | undefined): void {
    this.clock.after(0, () => {
      if (done) this._call(done, error);
      else this.emit("error", error);
    });
  }

  // ---- connecting

  private _attempt(): void {
    if (this.state !== "waiting") return;
    if (!this._host.ready()) {
      this._host.wake();
      return;
    }
    const era = ++this._era;
    this.state = "opening";
    this._reopened = false;
    if (this.reconnecting) {
      this._host.stats.reconnects++;
      this.emit("reconnect");
    }
    if (era === this._era) this._configure(this._profile.opening(), 0);
  }

  private _configure(commands: string[], at: number): void {
    const text = commands[at]!;
    this._ask(text, (error) => {
      // Firmware without TLS does not know that it is switched off.
      const optional = !this._profile.tls && at === commands.length - 2;
      if (error && !optional) this._failed(error);
      else if (at + 1 < commands.length) this._configure(commands, at + 1);
      else if (this.state === "opening") this._overdue("QMTOPEN");
    });
  }

  /** Sends a command whose answer counts only while the attempt lasts. */
  private _ask(text: string, done: (error: M95Error | null, lines: string[]) => void): void {
    const era = this._era;
    const trait = traits(text);
    this._host.send({
      text,
      timeout: trait.timeout,
      info: "+" + nameOf(text),
      done: (error, lines) => {
        if (era === this._era) done(error, lines);
      },
    });
  }

  // The result URC of a command is waited for.
  private _overdue(name: string): void {
    this._later(resultWait(name, this._profile.packets), () => {
      this._failed(new M95Error("ETIMEOUT", "AT+" + name + ": no result in time", "AT+" + name));
    });
  }

  private _opened(result: number, line: string): void {
    this._cancel();
    if (result === Open.Opened) this._connect();
    else if (result === Open.Occupied && !this._reopened) {
      // Left over from something else: it is closed and opened once more.
      this._reopened = true;
      const commands = this._profile.opening();
      this._ask(build("QMTCLOSE", [this.connectionId]), () => this._configure(commands, commands.length - 1));
    } else {
      const error = new M95Error("EOPEN", line + this._meaning("open", result), "AT+QMTOPEN");
      error.result = result;
      error.raw = line;
      this._failed(error);
      if (result === Open.NoPdp) this._host.cyclePdp(error);
    }
  }

  private _connect(): void {
    this.state = "connecting";
    this._ask(this._profile.connecting(), (error) => {
      if (error) this._failed(error);
      else if (this.state === "connecting" && this._timer === undefined) this._overdue("QMTCONN");
    });
  }

  private _conn(result: number, code: number, line: string): void {
    if (this.state !== "connecting") return;
    this._cancel();
    if (result === Conn.Retransmitted) {
      this._overdue("QMTCONN");
      return;
    }
    if (result === Conn.Acknowledged && !code) {
      this._established();
      return;
    }
    const refused = result === Conn.Acknowledged;
    const error = new M95Error(
      refused ? "EREFUSED" : "ETIMEOUT",
      line + (refused ? this._meaning("ret", code) : this._meaning("packet", result)),
      "AT+QMTCONN",
    );
    error.raw = line;
    error.result = result;
    if (refused) {
      error.returnCode = code;
      if (code !== SERVER_UNAVAILABLE && ++this._refusals > this._profile.refusedRetries) this._ending = true;
    }
    this._failed(error);
  }

  private _established(): void {
    this._refusals = 0;
    this.connected = true;
    this.reconnecting = false;
    this.state = "connected";
    this._host.stats.connects++;
    this._stable = this.clock.after(STABLE, () => {
      this._stable = undefined;
      this._failures = 0;
    });
    const era = this._era;
    this.emit("connect");
    if (era !== this._era || !this.connected) return;
    this._resubscribe();
    this._outbox.open();
  }

  private _resubscribe(): void {
    if (!this._profile.resubscribe) return;
    const list = this._subscriptions.filter((one) => !this._outbox.holds(one.topic));
    if (!list.length) return;
    const commands = this._batches("QMTSUB", list);
    const report = (error: M95Error | null, values: string[], topics: string[]): void => {
      const refused = topics.filter((_topic, k) => number(values[k]) === REFUSED);
      if (error) this.emit("error", error);
      else if (refused.length) this.emit("error", this._refusedTopics(refused));
    };
    // In front of the publishes that wait, so that nothing that answers them is missed.
    for (let i = commands.length - 1; i >= 0; i--) this._sendSubscribe(commands[i]!, report, true);
  }

  private _refusedTopics(topics: string[]): M95Error {
    const codec = this._host.codec;
    const names = topics.map((topic) => codec.toText(topic));
    return new M95Error("EREFUSED", "the broker refuses " + names.join(", "));
  }

  // ---- losing the connection

  private _stat(code: number, line: string): void {
    if (this.state === "disconnecting") {
      this._close();
      return;
    }
    const error = new M95Error("ECLOSED", line + this._meaning("stat", code));
    error.result = code;
    error.raw = line;
    // A connection that was never established fails with an error, a lost one says so by "close".
    if (this.connected) {
      this._drop(error);
      if (this._ending) this._finish();
      else this._wait();
    } else this._failed(error, true);
    if (code === PING_FAILED) this._host.cyclePdp(error);
  }

  /** Asks the modem whether this client is connected, before a line is believed that may be part of a message. */
  private _verify(then: (alive: boolean) => void): void {
    this._ask("AT+QMTCONN?", (error, lines) => {
      if (error) return;
      let alive = false;
      for (let i = 0; i < lines.length; i++) {
        const fields = split(lines[i]!);
        if (number(fields[0]) === this.connectionId && number(fields[1]) === CONNECTED) alive = true;
      }
      then(alive);
    });
  }

  /** @param closed - the modem closed the network by itself */
  private _failed(error: M95Error, closed?: boolean): void {
    this._drop();
    // In case it is open: the next attempt starts afresh.
    if (!closed && error.code !== "ECLOSED") this._ask(build("QMTCLOSE", [this.connectionId]), () => undefined);
    this.emit("error", error);
    if (this.state !== "waiting") return;
    if (this._ending) this._finish();
    else this._wait();
  }

  // Whatever there was of a connection is gone.
  private _drop(error?: M95Error): void {
    this._era++;
    this._cancel();
    if (this._stable !== undefined) this.clock.cancel(this._stable);
    this._stable = undefined;
    this.connected = false;
    this.reconnecting = !this._ending;
    this.state = "waiting";
    this._outbox.lost();
    this.emit("close", error);
  }

  private _wait(): void {
    const profile = this._profile;
    if (this.state !== "waiting" || this._timer !== undefined) return;
    if (!profile.reconnectPeriod) {
      this._finish();
      return;
    }
    // Full jitter under a doubling cap: a fleet that lost its broker does not come back in step.
    const cap = Math.min(profile.maxReconnectPeriod, profile.reconnectPeriod * Math.pow(2, this._failures));
    if (cap < profile.maxReconnectPeriod) this._failures++;
    this.reconnecting = true;
    this._later(Math.round(this._host.random() * cap), () => this._attempt());
  }

  // ---- ending

  private _end(): void {
    if (this.state === "closed") return;
    this._outbox.refuse(new M95Error("ECLOSED", "the client was ended before it was sent"));
    if (this.state === "connected") {
      if (this._force || this._outbox.idle) this._disconnect();
    } else if (this.state === "opening" || this.state === "connecting") {
      this._drop();
      this._host.send({
        text: build("QMTCLOSE", [this.connectionId]),
        timeout: traits("AT+QMTCLOSE").timeout,
        done: () => this._finish(),
      });
    } else if (this.state === "waiting") this._finish();
  }

  private _disconnect(): void {
    if (this.state !== "connected") return;
    this.state = "disconnecting";
    this.connected = false;
    this._outbox.lost();
    this._outbox.refuse(new M95Error("ECLOSED", "the client was ended before it was sent"));
    this._ask(build("QMTDISC", [this.connectionId]), (error) => {
      if (error) this._close();
      else if (this.state === "disconnecting" && this._timer === undefined)
        this._later(resultWait("QMTDISC", 0), () => this._close());
    });
  }

  private _close(): void {
    if (this.state !== "disconnecting") return;
    this._era++;
    this._cancel();
    this._ask(build("QMTCLOSE", [this.connectionId]), () => {
      this._drop();
      this._finish();
    });
  }

  private _finish(): void {
    if (this.state === "closed") return;
    this._era++;
    this._cancel();
    this._ending = true;
    this.reconnecting = false;
    this.state = "closed";
    this._outbox.lost();
    this._outbox.refuse(new M95Error("ECLOSED", "the client has ended"));
    this._host.released(this);
    this.emit("end");
    this._settleEnds();
  }

  private _settleEnds(): void {
    const ends = this._ends.splice(0, this._ends.length);
    for (let i = 0; i < ends.length; i++) this._call(ends[i]!);
  }

  // ---- small things

  private _meaning(family: string, code: number): string {
    const text = this._host.explain(family, code);
    return text && " (" + text + ")";
  }

  private _later(ms: number, fn: () => void): void {
    this._cancel();
    this._timer = this.clock.after(ms, () => {
      this._timer = undefined;
      fn();
    });
  }

  private _cancel(): void {
    if (this._timer !== undefined) this.clock.cancel(this._timer);
    this._timer = undefined;
  }
}

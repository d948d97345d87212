// The client as Node users see it: an EventEmitter with the surface of MQTT.js, as far as a modem can have it. What it does for MQTT
// is the core's.
import { refusal } from "../../core/arguments.js";
import { type ConnectOptions, type Done, M95Error } from "../../core/index.js";
import { AsyncMqttClient } from "../../core/mqtt/async.js";
import { LIFE } from "../../core/mqtt/client.js";
import type { Durable } from "../../core/mqtt/durable.js";
import type { Packet } from "../../core/mqtt/packet.js";
import type { ClientHost, GrantDone, OutboxStore, PacketInfo, PublishOptions, Topics } from "../../core/mqtt/types.js";
import { checkCallbacks } from "./callbacks.js";
import { makeEmitter } from "./emitter.js";
import { claim } from "./file-store.js";
import { checkPublishOptions, checkSubscribeOptions, checkUnsubscribeOptions } from "./options.js";
import type { AcceptedPacket, AckPacket, ConnackPacket, MqttClient, Payload, PublishPacket } from "./types.js";

/** What the core keeps to itself and a client that is used again needs. */
interface Inside {
  _life: number;
  _refusals: number;
  _profile: { settled: Required<ConnectOptions> };
  _attemptIn(ms: number): void;
  _refuse(error: unknown, done: unknown): void;
}

/** The same of its queue. */
interface Queue {
  _closed: M95Error | undefined;
  _wait: Packet[];
  _durable: Durable | undefined;
  _fail(packet: Packet, error: M95Error): void;
}

/** In place of the core's lists of listeners: who listens here is asked of Node's. */
class Heard {
  readonly #client: Client;
  readonly #deliver: (topic: string, payload: Buffer, info: PacketInfo) => void;

  constructor(client: Client) {
    this.#client = client;
    this.#deliver = (topic, payload, info) => client.deliver(topic, payload, info);
  }

  get message(): unknown[] | undefined {
    const heard = this.#client.listens("message") || this.#client.listens("packetreceive");
    return heard ? [this.#deliver] : undefined;
  }

  get packetsend(): unknown[] | undefined {
    return this.#client.listens("packetsend") ? [1] : undefined;
  }
}

/** See `MqttClient` in types.ts. */
class Client extends AsyncMqttClient<Buffer> {
  readonly options: Readonly<ConnectOptions>;
  #host: ClientHost;
  #heard: Heard | undefined;
  #lastId: number | undefined;
  /** The first one since the last publish began: listeners may publish, too. */
  #ownId: number | undefined;
  /** Kinds of the packets that have no verdict, by message ID. */
  readonly #sent = new Map<number, AckPacket["cmd"]>();
  #outgoing = false;

  constructor(host: ClientHost, id: number, options: ConnectOptions) {
    super(host, id, options);
    const all = (this as unknown as Inside)._profile.settled;
    const {
      clientId = all.clientId,
      port = this.secure ? 8883 : 1883,
      unknown = options.store ? "resend" : "report",
    } = options;
    this.options = { ...all, ...options, clientId, port, unknown, connectionId: id };
    this.#host = host;
    const outbox = this.outbox;
    const nextId = outbox.nextId;
    outbox.nextId = () => {
      const next = nextId.call(outbox);
      this.#lastId = next;
      this.#ownId ??= next;
      return next;
    };
  }

  get disconnecting(): boolean {
    const life = LIFE[(this as unknown as Inside)._life];
    return life === "ending" || life === "forced";
  }

  get disconnected(): boolean {
    return LIFE[(this as unknown as Inside)._life] === "ended";
  }

  get heard(): Heard {
    this.#heard ??= new Heard(this);
    return this.#heard;
  }

  listens(event: string): boolean {
    return (this as unknown as MqttClient).listenerCount(event as "error") > 0;
  }

  deliver(topic: string, payload: Buffer, info: PacketInfo): void {
    const messageId = info.msgid || undefined;
    const packet: PublishPacket = {
      cmd: "publish",
      topic,
      payload,
      retain: undefined,
      dup: undefined,
      messageId,
      ...info,
    };
    this.#tell("packetreceive", packet);
    this.#tell("message", topic, payload, packet);
  }

  #tell(event: string, ...args: unknown[]): void {
    (this as unknown as { emit(event: string, ...args: unknown[]): boolean }).emit(event, ...args);
  }

  /** Whether a call's options are refused, which is told as all that is wrong with it. */
  #refuses(check: () => void, callback: unknown): boolean {
    try {
      check();
      return false;
    } catch (error) {
      (this as unknown as Inside)._refuse(error, callback);
      return true;
    }
  }

  // MQTT.js hands over what was published.
  override publish(topic: string, payload: unknown, options?: unknown, done?: unknown): this {
    const callback = typeof options === "function" ? options : done;
    const given = (typeof options === "function" ? undefined : options) as PublishOptions;
    if (this.#refuses(() => checkPublishOptions(given), callback)) return this;
    if (typeof callback !== "function") return super.publish(topic, payload, given);
    const outer = this.#ownId;
    this.#ownId = undefined;
    const packet: { current?: AcceptedPacket } = {};
    super.publish(topic, payload, given, (error) => callback(error, error ? undefined : packet.current));
    const { qos = 0, retain = false } = (typeof given === "object" && given ? given : {}) as PublishOptions;
    const messageId = qos ? this.#ownId : undefined;
    this.#ownId = outer;
    packet.current = { cmd: "publish", topic, payload: payload as Payload, qos, retain, messageId };
    return this;
  }

  override publishAsync(topic: string, payload: unknown, options?: PublishOptions): Promise<never> {
    return new Promise((resolve, reject) => {
      this.publish(topic, payload, options, (error: Error | null, packet?: AcceptedPacket) =>
        error ? reject(error) : resolve(packet as never),
      );
    });
  }

  override subscribe(topics: Topics, options?: object | GrantDone, done?: GrantDone): this {
    const callback = typeof options === "function" ? options : done;
    if (this.#refuses(() => checkSubscribeOptions(topics, options), callback)) return this;
    return super.subscribe(topics, options, done);
  }

  override unsubscribe(topics: string | string[], options?: object | Done, done?: Done): this {
    const callback = typeof options === "function" ? options : done;
    if (this.#refuses(() => checkUnsubscribeOptions(options), callback)) return this;
    return super.unsubscribe(topics, options, done);
  }

  override begin(store: OutboxStore | undefined): void {
    this.#with(store, () => super.begin(store));
  }

  /** @throws M95Error `ESTORE` when the store is another client's, and what `read` throws */
  #with(store: OutboxStore | undefined, read: () => void): void {
    const release = typeof store === "object" && store ? claim(store, () => !this.disconnected) : () => {};
    try {
      read();
    } catch (error) {
      release();
      throw error;
    }
  }

  reconnect(): this {
    const inside = this as unknown as Inside;
    if (this.disconnecting) this.end(() => this.reconnect());
    else
      try {
        if (this.disconnected) this.#revive(inside);
        if (this.state === "waiting") inside._attemptIn(0);
      } catch (error) {
        inside._refuse(refusal(error), undefined);
      }
    return this;
  }

  #revive(inside: Inside): void {
    const { clients } = this.#host;
    const id = this.connectionId;
    const queue = this.outbox as unknown as Queue;
    if (clients[id]) throw new M95Error("EPARAM", `connectionId ${id} is used by another client meanwhile`);
    const { store } = this.options;
    if (store) this.#with(store, () => this.outbox.restoreKept(store));
    queue._closed = undefined;
    inside._refusals = 0;
    // As in MQTT.js, it emits "reconnect".
    this.reconnecting = true;
    inside._life = LIFE.indexOf("living");
    clients[id] = this;
  }

  removeOutgoingMessage(messageId: number): this {
    const queue = this.outbox as unknown as Queue;
    const at = queue._wait.findIndex((packet) => packet.msgid === messageId && packet.data !== undefined);
    if (at >= 0) {
      const [packet] = queue._wait.splice(at, 1);
      // What ends with ECLOSED is left to the next client otherwise.
      if (packet!.key) queue._durable!.forgetPacket(packet!, null);
      this._clock.after(0, () => queue._fail(packet!, new M95Error("ECLOSED", `message ${messageId} was removed`)));
    }
    return this;
  }

  getLastMessageId(): number | undefined {
    return this.#lastId;
  }

  // ---- what the core calls

  override sending(packet: Packet): void {
    this.#outgoing = true;
    if (packet.msgid) {
      const subscribes = packet.text.startsWith("AT+QMTSUB");
      const twice = packet.text.split(",")[2] === "2";
      this.#sent.set(
        packet.msgid,
        packet.filters ? (subscribes ? "suback" : "unsuback") : twice ? "pubcomp" : "puback",
      );
    }
    super.sending(packet);
  }

  override result(name: string, fields: string[], line: string, mayBePayload: boolean): void {
    const messageId = Number(fields[1]);
    const cmd = this.outbox.expects(name, messageId) ? this.#sent.get(messageId) : undefined;
    super.result(name, fields, line, mayBePayload);
    if (cmd === undefined || Number(fields[2]) !== 0 || this.outbox.expects(name, messageId)) return;
    this.#sent.delete(messageId);
    this.#tell("packetreceive", { cmd, messageId } satisfies AckPacket);
  }

  override drained(): void {
    super.drained();
    if (!this.#outgoing) return;
    this.#outgoing = false;
    this.#sent.clear();
    this.#tell("outgoingEmpty");
  }
}

function complete(type: typeof Client): typeof Client {
  const { prototype } = makeEmitter(type);
  checkCallbacks(prototype, { publish: [3], subscribe: [2], unsubscribe: [1, 2], end: [1, 2] });
  const emit = prototype.emit as (this: unknown, event: string, ...args: unknown[]) => boolean;
  Object.defineProperties(prototype, {
    // The core looks here for who listens to messages.
    _on: {
      get(this: Client) {
        return this.heard;
      },
      set() {},
    },
    emit: {
      value(this: Client, event: string, ...args: unknown[]): boolean {
        if (event !== "connect" || args.length > 0) return emit.call(this, event, ...args);
        const packet: ConnackPacket = { cmd: "connack", returnCode: 0, reasonCode: 0, sessionPresent: undefined };
        emit.call(this, "packetreceive", packet);
        return emit.call(this, event, packet);
      },
      writable: true,
      configurable: true,
    },
  });
  return type;
}

export type NodeClient = Client;
export const NodeClient = /* @__PURE__ */ complete(Client);

// An MQTT client with the surface of the SDK's ECMA-419 `MQTTClient` (embedded:network/mqtt/client), over an M95. A module of its
// own: a program that does not use it does not have its code. What that class does on the wire itself (acknowledgements, pings) the
// modem does here.
import Timer from "timer";
import type { ConnectOptions, TlsOptions } from "../../core/index.js";
import type { M95 } from "./m95.js";

/** Bytes as ECMA-419 hands them over. */
type Bytes = ArrayBuffer | ArrayBufferView;

/** A topic filter of a SUBSCRIBE or UNSUBSCRIBE. */
export interface Item {
  topic: string | ArrayBuffer;
  QoS?: 0 | 1 | 2;
}

/** What a write is, PUBLISH unless `operation` says otherwise. */
export interface WriteOptions {
  operation?: number;
  /** Message ID; the one that `onControl` gets for its acknowledgement. */
  id?: number;
  topic?: string | ArrayBuffer;
  QoS?: 0 | 1 | 2;
  retain?: boolean | number;
  duplicate?: boolean;
  /** Bytes of the whole payload, when more than one write brings it. At most 1548. */
  byteLength?: number;
  items?: Item[];
}

/** A packet that came in, or that the modem has answered for the broker. */
export interface ControlMessage {
  operation: number;
  id?: number;
  returnCode?: number;
  /** Of a SUBACK: what each filter was granted. */
  payload?: number[];
}

/** What `onReadable` is told of a message besides the number of its bytes. */
export interface ReadableOptions {
  topic: string;
  byteLength: number;
  /** The modem does not tell 1 from 2: 1 then. */
  QoS: number;
  more: boolean;
}

export interface MQTTClientOptions {
  /** In place of `socket` and `dns`. */
  modem: M95;
  host: string;
  port?: number;
  id?: string;
  clean?: boolean;
  /** ms, 0: none. */
  keepAlive?: number;
  keepalive?: number;
  user?: string;
  password?: string | ArrayBuffer;
  will?: { topic: string; message: string | ArrayBuffer; QoS?: 0 | 1 | 2; retain?: boolean | number };
  format?: "buffer";
  target?: unknown;
  /** As `M95.connect` has it. */
  tls?: boolean | TlsOptions;
  onControl?(this: MQTTClient, message: ControlMessage): void;
  onReadable?(this: MQTTClient, count: number, options: ReadableOptions): void;
  onWritable?(this: MQTTClient, count: number): void;
  /** The connection is gone, or was never made; the client is closed then. */
  onError?(this: MQTTClient, reason?: unknown): void;
  onClose?(this: MQTTClient): void;
}

/** Bytes that a write may have, as long as not too many wait; what the packet needs besides is not counted. */
const ROOM = 2048;
/** Writes that wait; beyond that there is no room. */
const WAITING = 12;
/** Messages that wait to be read. */
const UNREAD = 16;
/** A payload's limit (application note 3.2.8). */
const PAYLOAD = 1548;

function textOf(value: string | ArrayBuffer | undefined): string | undefined {
  return value instanceof ArrayBuffer ? String.fromArrayBuffer(value) : value;
}

function bytesOf(data: Bytes): Uint8Array {
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}

/** One connection; see the head of this file. `this` is the client in all callbacks. */
export class MQTTClient {
  // Packet types of MQTT.
  static readonly CONNECT = 1;
  static readonly CONNACK = 2;
  static readonly PUBLISH = 3;
  static readonly PUBACK = 4;
  static readonly PUBREC = 5;
  static readonly PUBREL = 6;
  static readonly PUBCOMP = 7;
  static readonly SUBSCRIBE = 8;
  static readonly SUBACK = 9;
  static readonly UNSUBSCRIBE = 10;
  static readonly UNSUBACK = 11;
  static readonly PINGREQ = 12;
  static readonly PINGRESP = 13;
  static readonly DISCONNECT = 14;

  /** As it was handed in. */
  target?: unknown;
  private _options: MQTTClientOptions | undefined;
  private _client: ReturnType<M95["connect"]>;
  private _id: number;
  /** Writes that have no outcome yet. */
  private _waiting: number;
  /** There was no room; whoever waits for it is told. */
  private _full: boolean;
  /** A payload of which parts are still to come. */
  private _parts: { options: WriteOptions; bytes: Uint8Array; length: number } | undefined;
  private _unread: { topic: string; bytes: Uint8Array; QoS: number }[];
  /** Bytes of the first of those that were read; -1: nobody was told of it yet. */
  private _read: number;
  private _leaving: boolean;
  private _reason: unknown;

  /** @throws M95Error `EPARAM` or `ETOOBIG` for bad options */
  constructor(options: MQTTClientOptions) {
    const { modem, host, port, id, clean, user, password, will, tls } = options;
    if (options.format !== undefined) this.format = options.format;
    if (!host) throw new Error("host required");
    if (!modem || typeof modem.connect !== "function") throw new Error("modem required");
    if (options.target !== undefined) this.target = options.target;
    const wanted: ConnectOptions = { host, reconnectPeriod: 0 };
    wanted.keepalive = Math.ceil((options.keepAlive ?? options.keepalive ?? 0) / 1000);
    if (port !== undefined) wanted.port = port;
    if (id) wanted.clientId = id;
    if (clean !== undefined) wanted.clean = !!clean;
    if (user) wanted.username = user;
    if (password) wanted.password = textOf(password)!;
    if (tls !== undefined) wanted.tls = tls;
    if (will) wanted.will = { topic: will.topic, payload: will.message, qos: will.QoS ?? 0, retain: !!will.retain };
    this._options = options;
    this._id = 1;
    this._waiting = 0;
    this._full = this._leaving = false;
    this._unread = [];
    this._read = -1;
    this._client = modem.connect(wanted);
    this._listen(modem);
  }

  get format(): string {
    return "buffer";
  }

  set format(value: string) {
    if (value !== "buffer") throw new RangeError("format must be buffer");
  }

  /** Ends the connection at once, without a word to the broker and without callbacks. What was written before is sent first. */
  close(): void {
    if (!this._options) return;
    this._options = undefined;
    this._unread = [];
    if (!this._waiting || !this._client.connected) this._client.end(true);
  }

  /**
   * Sends a packet.
   * @returns bytes that the next write may have
   * @throws Error `overflow` when there is no room, M95Error for what the modem cannot send
   */
  write(data: Bytes | null | undefined, options?: WriteOptions): number {
    const owner = this._options;
    if (!owner || !this._client.connected || this._leaving) throw new Error("not connected");
    const parts = this._parts;
    if (parts) {
      if (options || !data || data.byteLength > parts.bytes.length - parts.length) throw new Error("invalid");
      this._append(parts, data);
      return this._room();
    }
    const what = options ?? {};
    const operation = what.operation ?? MQTTClient.PUBLISH;
    const id = what.id ?? ++this._id;
    if (this._waiting >= WAITING + 4) throw new Error("overflow");
    if (operation === MQTTClient.PUBLISH) this._begin(data ?? new ArrayBuffer(0), { ...what, id });
    else if (operation === MQTTClient.SUBSCRIBE) {
      const topics: { [topic: string]: { qos: 0 | 1 | 2 } } = {};
      for (const item of what.items ?? []) topics[textOf(item.topic)!] = { qos: item.QoS ?? 0 };
      this._waiting++;
      this._client.subscribe(topics, (error, granted) => {
        const payload = (granted ?? []).map((one) => one.qos ?? 0);
        this._settled(error && !payload.length ? error : undefined, { operation: MQTTClient.SUBACK, id, payload });
      });
    } else if (operation === MQTTClient.UNSUBSCRIBE) {
      this._waiting++;
      this._client.unsubscribe(
        (what.items ?? []).map((item) => textOf(item.topic)!),
        (error) => this._settled(error, { operation: MQTTClient.UNSUBACK, id }),
      );
    } else if (operation === MQTTClient.PINGREQ) {
      // The modem pings by itself; what it can be asked is whether the connection stands.
      const own = `${this._client.connectionId},3`;
      owner.modem.command("AT+QMTCONN?", (_error, lines) => {
        if (lines?.some((line) => line.trim().endsWith(own))) this._tell({ operation: MQTTClient.PINGRESP });
      });
    } else if (operation === MQTTClient.DISCONNECT) {
      this._leaving = true;
      this._client.end();
    } else if (operation < MQTTClient.PUBACK || operation > MQTTClient.PUBCOMP) throw new Error("unknown");
    return this._room();
  }

  /**
   * Bytes of the message that `onReadable` has told of.
   * @param count - how many at most, or where to put them
   * @returns undefined when there are none
   */
  read(count?: number | Bytes): ArrayBuffer | Bytes | undefined {
    const first = this._unread[0];
    if (!first || this._read < 0) return undefined;
    const left = first.bytes.length - this._read;
    const into = typeof count === "object" ? count : undefined;
    if (into && ((into as Uint8Array).BYTES_PER_ELEMENT ?? 1) > 1) throw new Error("invalid buffer");
    const wanted = Math.min(left, into ? into.byteLength : ((count as number | undefined) ?? left));
    const bytes = first.bytes.slice(this._read, this._read + wanted);
    this._read += wanted;
    if (this._read >= first.bytes.length) {
      this._unread.shift();
      this._read = -1;
      // From a timer: the program is in its callback still.
      if (this._unread.length) Timer.set(() => this._offer(), 0);
    }
    if (!into) return bytes.buffer as ArrayBuffer;
    const target = bytesOf(into);
    target.set(bytes);
    return wanted === into.byteLength ? into : target.subarray(0, wanted);
  }

  private _listen(modem: M95): void {
    const client = this._client;
    client.on("connect", () => {
      this._tell({ operation: MQTTClient.CONNACK, returnCode: 0 });
      this._writable();
    });
    client.on("message", (topic, payload, packet) => {
      if (!this._options) return;
      const bytes = new Uint8Array(payload);
      this._unread.push({ topic, bytes, QoS: packet.qos ?? 1 });
      if (this._unread.length > UNREAD) this._over("too many messages were not read");
      else this._offer();
    });
    client.on("error", (error) => {
      this._reason = error;
      if (client.connected) modem.emit("error", error);
    });
    client.on("close", (reason) => {
      this._reason = reason ?? this._reason;
    });
    client.on("end", () => this._over(this._reason));
  }

  private _over(reason: unknown): void {
    const options = this._options;
    if (!options) return;
    const left = this._leaving;
    if (left) this._call(options.onClose);
    else this._call(options.onError, reason);
    this.close();
  }

  // Calls one of the program's functions; what it throws must not stop the driver.
  private _call(fn: ((this: MQTTClient, ...args: never[]) => void) | undefined, ...args: unknown[]): void {
    const modem = this._options?.modem;
    try {
      fn?.apply(this, args as never[]);
    } catch (error) {
      modem?.emit("error", error as Error);
    }
  }

  private _tell(message: ControlMessage): void {
    this._call(this._options?.onControl, message);
  }

  private _room(): number {
    this._full = this._waiting >= WAITING;
    if (this._full) return 0;
    return this._parts ? this._parts.bytes.length - this._parts.length : ROOM;
  }

  private _writable(): void {
    const room = this._options ? this._room() : 0;
    if (room) this._call(this._options?.onWritable, room);
  }

  /** A write has ended. */
  private _settled(error: unknown, ...messages: ControlMessage[]): void {
    const full = this._full;
    this._waiting--;
    if (!this._options) {
      if (!this._waiting) this._client.end(true);
      return;
    }
    if (error) this._options.modem.emit("error", error as Error);
    else for (const message of messages) this._tell(message);
    if (full) this._writable();
  }

  private _begin(data: Bytes, options: WriteOptions): void {
    const length = options.byteLength ?? data.byteLength;
    if (data.byteLength > length) throw new Error("invalid");
    if (length > PAYLOAD)
      throw new Error(`byteLength must be at most ${PAYLOAD}, which the modem takes, not ${length}`);
    this._append({ options, bytes: new Uint8Array(length), length: 0 }, data);
  }

  private _append(parts: NonNullable<MQTTClient["_parts"]>, data: Bytes): void {
    parts.bytes.set(bytesOf(data), parts.length);
    parts.length += data.byteLength;
    this._parts = parts;
    if (parts.length < parts.bytes.length) {
      // The rest is wanted as soon as this call has returned.
      Timer.set(() => {
        if (this._parts === parts) this._writable();
      }, 0);
      return;
    }
    this._parts = undefined;
    const { topic, QoS = 0, retain, id } = parts.options;
    this._waiting++;
    this._client.publish(textOf(topic)!, parts.bytes, { qos: QoS, retain: !!retain }, (error) => {
      if (QoS === 1) this._settled(error, { operation: MQTTClient.PUBACK, id: id! });
      else if (QoS)
        this._settled(error, { operation: MQTTClient.PUBREC, id: id! }, { operation: MQTTClient.PUBCOMP, id: id! });
      else this._settled(error);
    });
  }

  // Tells of the first message, unless the program has not read that one yet.
  private _offer(): void {
    const first = this._unread[0];
    if (!first || this._read >= 0) return;
    const byteLength = first.bytes.length;
    this._read = 0;
    if (byteLength)
      this._call(this._options?.onReadable, byteLength, {
        topic: first.topic,
        byteLength,
        QoS: first.QoS,
        more: false,
      });
    else {
      // Nothing can be read of an empty one, and the SDK's class does not tell of it either.
      this._unread.shift();
      this._read = -1;
      this._offer();
    }
  }
}

export default MQTTClient;

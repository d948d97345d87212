// The options of a client: their checks, defaults, and the commands they turn into. It sends nothing.
// @resident payloadOf forbidden
import { flag, integer, readOptions, wrong } from "../arguments.js";
import { checkLine, LINE, quote } from "../at/params.js";
import type { Request } from "../at/types.js";
import { bytesOf, type Codec } from "../codec.js";
import { M95Error } from "../errors.js";
import type { TlsOptions } from "../m95/options.js";
import { isEncoded, prefixesOf } from "./encoding.js";
import { checkTopic } from "./topics.js";
import type { ClientHost, Encoding, OutboxStore, Secure } from "./types.js";

/** What the broker publishes when the connection is lost. */
export interface Will {
  /** Where. */
  topic: string;
  /** Becomes a quoted parameter: no double quote and no control character (application note 3.2.1). */
  payload: unknown;
  /** Default 0. */
  qos?: 0 | 1 | 2;
  /** Default false. */
  retain?: boolean;
}

/** Options of `M95.connect`; names as in MQTT.js where it has them. */
export interface ConnectOptions {
  /** Name or address of the broker, at most 100 bytes. */
  host: string;
  /** Its port. 1..65535, default 1883, with `tls` 8883. */
  port?: number;
  /** Needed when `clean` is false. Default: `m95-` and random hexadecimal digits. */
  clientId?: string;
  /** Who logs in. */
  username?: string;
  /** With `username` only. */
  password?: string;
  /** Clean session; if false, the broker keeps subscriptions and messages while the client is away. Default true. */
  clean?: boolean;
  /** Without traffic for so long, the modem asks the broker for a sign of life; 0: never. 0..3600 s, default 120. */
  keepalive?: number;
  /**
   * What the broker publishes when the connection is lost: `{ topic, payload, qos?, retain? }`; its payload has no
   * double quote and no control character.
   */
  will?: Will;
  /** Until the modem sends a packet again. 1..60 s, default 5. */
  packetTimeout?: number;
  /** Times that the modem sends a packet again. 0..10, default 3. */
  retryTimes?: number;
  /** The tcpconnectID. 0..5, default: the lowest free one. */
  connectionId?: number;
  /**
   * true, false, or what differs from the modem's own: `{ ca, … }`, see docs/tls.md. Default: as the modem's, if it has
   * one.
   */
  tls?: boolean | TlsOptions;
  /** First waiting time between attempts; it doubles; 0: no further attempt. 0..86400000 ms, default 1000. */
  reconnectPeriod?: number;
  /** Longest waiting time between attempts. 0..86400000 ms, default 120000. */
  maxReconnectPeriod?: number;
  /** Attempts after a refusal that cannot heal by itself (return codes 1, 2, 4, 5). 0..65535, default 3. */
  refusedRetries?: number;
  /** Publishes that may wait; more get `EQUEUE`. 0..10000, default 16. */
  queueLimit?: number;
  /**
   * What makes room when that many wait: "reject" refuses the new one (`EQUEUE`), "drop-oldest" drops the one that has
   * waited longest, "drop-qos0" the one with QoS 0 that has, and refuses the new one when there is none. Default
   * "reject".
   */
  queuePolicy?: "reject" | "drop-oldest" | "drop-qos0";
  /** Whether publishes of QoS 0 wait while offline. Default true. */
  queueQoSZero?: boolean;
  /** Whether subscriptions are made anew on each connect. Default true. */
  resubscribe?: boolean;
  /**
   * What happens to a publish of QoS 1 without a verdict: "report" it (`EUNKNOWN`) or "resend" it. Default "report", with a
   * `store` "resend".
   */
  unknown?: "report" | "resend";
  /** Keeps publishes of QoS 1 and 2 over a power cut; what it holds is sent first. */
  store?: OutboxStore;
  /**
   * Payloads that travel as base64, in both directions, so that they may hold any byte: "base64", or `{ [topicPrefix]:
   * "base64" }`.
   */
  encoding?: Encoding;
}

/** The same, for `readOptions`. */
export const CLIENT_OPTIONS =
  "\nport|1-65535\nclean|?|true\nkeepalive|0-3600|120\npacketTimeout|1-60|5\nretryTimes|0-10|3" +
  "\nconnectionId|0-5\nreconnectPeriod|0-86400000|1000\nmaxReconnectPeriod|0-86400000|120000\nrefusedRetries|0-65535|3" +
  '\nqueueLimit|0-10000|16\nqueuePolicy|reject/drop-oldest/drop-qos0|"reject"\nqueueQoSZero|?|true\nresubscribe|?|true' +
  "\nunknown|report/resend";

/** Largest payload, bytes; the modem drops the rest in silence (application note 3.2.8, note 2). */
export const PAYLOAD_LIMIT = 1548;

/**
 * A payload as it goes to the modem.
 * @param counted - the modem's data prompt counts the bytes
 * @param encoded - as base64: 1161 bytes at most
 * @throws M95Error `EPARAM` for a wrong type, `ETOOBIG` above 1548 bytes, `EPAYLOAD` for 0x1A and 0x1B, which end and cancel
 * the modem's data prompt, unless it counts the bytes or they are encoded
 */
export function payloadOf(codec: Codec, value: unknown, counted: boolean, encoded: boolean): string {
  const bytes = codec.toBytes(value);
  if (bytes === undefined) throw wrong("payload", "a string or bytes", value);
  const limit = encoded ? (PAYLOAD_LIMIT / 4) * 3 : PAYLOAD_LIMIT;
  if (bytes.length > limit) throw tooBig(limit, encoded, bytes.length);
  if (encoded) return codec.toBase64!(bytes);
  if (!counted && forbidden(bytes) >= 0) throw wrongBytes(bytes);
  return bytes;
}

function tooBig(limit: number, encoded: boolean, size: number): M95Error {
  return new M95Error(
    "ETOOBIG",
    "payload must have at most " + limit + " bytes" + (encoded ? " before base64" : "") + ", not " + size,
  );
}

/** Where the first 0x1A or 0x1B is, or -1. */
export function forbidden(bytes: string): number {
  const end = bytes.indexOf("\x1a");
  const cancel = bytes.indexOf("\x1b");
  return end < 0 || (cancel >= 0 && cancel < end) ? cancel : end;
}

/**
 * Makes the most of firmware that takes lengths.
 * @param counted - it does; else it did when the payload was accepted
 * @returns whether the payload can be sent
 */
export function byLength(one: Request, payload: string, counted: boolean): boolean {
  const free = forbidden(payload) < 0;
  const suffix = "," + payload.length;
  if (!payload || !counted || one.text.length + suffix.length > LINE || (free && payload.indexOf("\r") >= 0))
    return free;
  // The modem counts the bytes, so any may be among them, and there is no end mark. Nothing leads out of such a prompt but its data,
  // which must not hold a line end then, since it may be none.
  one.counted = true;
  one.text += suffix;
  one.data = payload;
  return true;
}

export function wrongBytes(payload: string): M95Error {
  return new M95Error(
    "EPAYLOAD",
    "payload must not hold the bytes 0x1A and 0x1B, which end and cancel the modem's data prompt; one is at " +
      forbidden(payload),
  );
}

/** The values of AT+QMTCFG="WILL" behind the identifier. */
function willOf(will: Will, codec: Codec, prefixes: string[]): string {
  if (!will) throw wrong("will", "an object with topic and payload", will);
  const topic = bytesOf(codec, "will.topic", will.topic);
  checkTopic("will.topic", topic);
  let payload = codec.toBytes(will.payload === undefined ? "" : will.payload);
  if (payload === undefined) throw wrong("will.payload", "a string or bytes", will.payload);
  if (prefixes.length && isEncoded(prefixes, topic)) payload = codec.toBase64!(payload);
  const qos = integer("will.qos", will.qos === undefined ? 0 : will.qos, 0, 2);
  const retain = flag("will.retain", will.retain) ? 1 : 0;
  return [1, qos, retain, quote("will.topic", topic, 0), quote("will.payload", payload, 0)].join();
}

/**
 * Options, and the commands they become, which have to be built once before anything else is done: what is too long is refused then.
 */
export class Profile {
  /** Beginnings of the topics whose payloads are base64. */
  encoded: string[];
  /** All options that were given or have a default, texts in bytes. */
  settled: Required<ConnectOptions>;
  /** ms that the modem tries to deliver a packet: packet time-outs of the first try and all the others. */
  packets: number;
  /** ms in which the modem has to report on a packet that it has: a verdict or a retransmission. */
  notice: number;
  /** Whether a publish of QoS 1 without a verdict is sent again. */
  resends: boolean;
  /** Undefined: no TLS. */
  readonly secure: Secure | undefined;
  private _id: number;
  private _will: string;

  /** @throws M95Error `EPARAM` or `ETOOBIG`, naming option, limit and value */
  constructor(
    options: ConnectOptions,
    id: number,
    runtime: Pick<ClientHost, "codec" | "random">,
    secure: Secure | undefined,
  ) {
    const codec = runtime.codec;
    const given: any = readOptions(CLIENT_OPTIONS, "", options);
    this.settled = given;
    "host clientId username password".split(" ").forEach((name) => {
      let text = (options as any)[name];
      if (name === "clientId" && text === undefined && given.clean !== false)
        text = "m95-" + Math.floor(runtime.random() * 0x7fffffff).toString(16);
      if (text !== undefined) given[name] = bytesOf(codec, name, text);
    });
    if (
      !given.host ||
      given.host.split("").some((char: string) => char > "z" || " !#$%&'()*+,/:;<=>?@[\\]^`".indexOf(char) >= 0)
    )
      throw wrong("host", "a name or an address; its port goes into port, TLS into tls", options.host);
    if (!given.clientId && given.clean === false)
      throw wrong("clientId", "at least one character when clean is false", given.clientId);
    if (given.password !== undefined && given.username === undefined)
      throw wrong("username", "given when there is a password", given.username);
    this._id = id;
    this.secure = secure;
    this.encoded = options.encoding === undefined ? [] : prefixesOf(codec, options.encoding);
    this._will = options.will === undefined ? "0" : willOf(options.will, codec, this.encoded);
    this.notice = given.packetTimeout * 1000;
    this.packets = this.notice * (given.retryTimes + 1);
    this.resends = (given.unknown || (options.store && "resend")) === "resend";
  }

  /**
   * The commands that configure and open the network, in order, and the one that sends CONNECT (application note 3.2.1, 3.2.2, 3.2.4).
   * @throws M95Error `EPARAM` or `ETOOBIG`, naming parameter, limit and value
   */
  composed(): string[] {
    const id = this._id;
    const secure = this.secure;
    const o: any = this.settled;
    const configures = (type: string, values: unknown): string => 'AT+QMTCFG="' + type + '",' + id + "," + values;
    const texts = ["clientId", "username", "password"].filter((name) => o[name] !== undefined);
    // Numbers are in range, as the options are.
    return [
      checkLine("will.topic,will.payload", configures("WILL", this._will)),
      configures("TIMEOUT", o.packetTimeout + "," + o.retryTimes + ",1"),
      configures("SESSION", +o.clean),
      configures("KEEPALIVE", o.keepalive),
      configures("SSL", secure ? "1," + secure.context : 0),
      "AT+QMTOPEN=" + id + "," + quote("host", o.host, 100) + "," + (o.port || (secure ? 8883 : 1883)),
      checkLine(texts.join(), "AT+QMTCONN=" + id + texts.map((name) => "," + quote(name, o[name], 0)).join("")),
    ];
  }
}

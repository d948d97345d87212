// What programs hand to `connect` and to the modem: an URL, options of MQTT.js, misspelt names. It gives the core's options, and
// says what has no effect or cannot be. Values are checked by the core.
import type { PowerPins, PowerSwitchOptions } from "../../board-wiring/index.js";
import { wrong } from "../../core/arguments.js";
import {
  type Apn,
  type CommandOptions,
  type ConnectOptions,
  type CycleOptions,
  M95Error,
  type PublishOptions,
  type RecoveryOptions,
  type SubscribeOptions,
  type TlsOptions,
  type Will,
} from "../../core/index.js";
import { readFiles } from "./files.js";
import type { MqttJsOptions, OpenOptions } from "./types.js";
import { warnOnce } from "./warn.js";

type Names<T> = Record<keyof Required<T>, 1>;

const MODEM = {
  uart: 1,
  clock: 1,
  power: 1,
  apn: 1,
  pin: 1,
  pinRetry: 1,
  reports: 1,
  baud: 1,
  flowControl: 1,
  tls: 1,
  wallClock: 1,
  receiveLimit: 1,
  guardTime: 1,
  recovery: 1,
  codec: 1,
  random: 1,
  baudRate: 1,
  trace: 1,
  sleep: 1,
  sleepAfter: 1,
} satisfies Names<OpenOptions & { uart: 1 }>;

const APN = { name: 1, username: 1, password: 1 } satisfies Names<Apn>;

const RECOVERY = {
  attempts: 1,
  period: 1,
  maxPeriod: 1,
  stable: 1,
  rounds: 1,
  rest: 1,
  syncTimeout: 1,
  simTimeout: 1,
  registrationTimeout: 1,
} satisfies Names<RecoveryOptions>;

const TLS = {
  ca: 1,
  cert: 1,
  key: 1,
  securityLevel: 1,
  version: 1,
  cipherSuites: 1,
  ignoreTime: 1,
  context: 1,
  storage: 1,
  configured: 1,
} satisfies Names<TlsOptions>;

const CYCLE = {
  every: 1,
  window: 1,
  timeout: 1,
  longest: 1,
  spread: 1,
  connect: 1,
  work: 1,
  round: 1,
  wait: 1,
} satisfies Names<CycleOptions>;

const PUBLISH = { qos: 1, retain: 1 } satisfies Names<PublishOptions>;

const SUBSCRIBE = { qos: 1 } satisfies Names<SubscribeOptions>;

const COMMAND = { timeout: 1, prompt: 1, data: 1 } satisfies Names<CommandOptions>;

const WILL = { topic: 1, payload: 1, qos: 1, retain: 1 } satisfies Names<Will>;

const CLIENT = {
  host: 1,
  port: 1,
  clientId: 1,
  username: 1,
  password: 1,
  clean: 1,
  keepalive: 1,
  will: 1,
  packetTimeout: 1,
  retryTimes: 1,
  connectionId: 1,
  tls: 1,
  reconnectPeriod: 1,
  maxReconnectPeriod: 1,
  refusedRetries: 1,
  queueLimit: 1,
  queuePolicy: 1,
  queueQoSZero: 1,
  resubscribe: 1,
  unknown: 1,
  store: 1,
  encoding: 1,
} satisfies Names<ConnectOptions>;

const POWER = {
  pwrkey: 1,
  status: 1,
  emergOff: 1,
  supply: 1,
  dtr: 1,
  ri: 1,
  pwrkeyPressed: 1,
  onPulse: 1,
  offPulse: 1,
  bootTime: 1,
  offTime: 1,
  gap: 1,
  killPulse: 1,
  killTime: 1,
  cutTime: 1,
} satisfies Names<PowerPins & PowerSwitchOptions>;

/** Of MQTT.js, or of Node's TLS; honoured here. */
const HONOURED = { protocol: 1, hostname: 1, auth: 1, ca: 1, cert: 1, key: 1, rejectUnauthorized: 1 };

/** Of MQTT.js; there is nothing here that they could change. */
const IDLE =
  "protocolId protocolVersion connectTimeout reschedulePings properties log objectMode writeCache timerVariant binary query path " +
  "defaultProtocol subscribeBatchSize autoUseTopicAlias autoAssignTopicAlias messageIdProvider reconnectOnConnackError " +
  "browserBufferSize browserBufferTimeout forceNativeWebSocket wsOptions transformWsUrl createWebsocket family localAddress " +
  "servername checkServerIdentity ciphers minVersion maxVersion ALPNProtocols socksTimeout";

/** Of MQTT.js; without them a program would do something else than it was written for. */
const REFUSED: { [option: string]: string } = {
  socksProxy: "the modem connects by itself, through no proxy",
  unixSocket: "the modem connects over GPRS, not to a socket of this machine",
  servers: "a client has one broker; make another client when this one emits close",
  manualConnect: "call modem.connect when it is to connect",
  incomingStore: "the modem keeps incoming messages of QoS 2 itself",
  outgoingStore: "use store: fileStore(file), which outlives a power cut",
  customHandleAcks: "the modem acknowledges by itself",
  authPacket: "it is of MQTT 5, and the modem speaks 3.1",
  pfx: "give ca, cert and key as PEM",
  passphrase: "the modem takes keys only in plain; decrypt the key",
};

const PLAIN = ["mqtt", "tcp"];
const SECURE = ["mqtts", "ssl", "tls"];

/** Letters in which two names differ. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}

/** The known name that an unknown one may have meant. */
function nearest(name: string, known: string[]): string | undefined {
  const plain = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]/g, "");
  const ranked = known.map((one) => ({ one, far: distance(plain(name), plain(one)) })).sort((a, b) => a.far - b.far);
  const best = ranked[0];
  return best && best.far <= Math.max(1, Math.floor(name.length / 3)) ? best.one : undefined;
}

/** @throws M95Error `EPARAM` for a name that is not known, with the one that it may have meant */
function checkNames(prefix: string, given: object, known: object): void {
  for (const name of Object.keys(given)) {
    if (name in known || (given as { [name: string]: unknown })[name] === undefined) continue;
    const meant = nearest(name, Object.keys(known));
    const hint = meant === undefined ? "" : `; did you mean ${prefix}${meant}?`;
    throw new M95Error("EPARAM", `option ${prefix}${name} is not known${hint}`);
  }
}

function checkInner(given: { [name: string]: unknown }, inner: { [name: string]: object }): void {
  for (const [name, known] of Object.entries(inner)) {
    const value = given[name];
    if (typeof value === "object" && value) checkNames(`${name}.`, value, known);
  }
}

/** Checks that options are an object. @param such - as an example of them. @throws M95Error `EPARAM` */
export function checkObject(given: unknown, such: string): void {
  if (given !== undefined && given !== null && typeof given !== "object")
    throw wrong("options", `an object such as ${such}`, given);
}

/** Checks the names of a modem's options. @throws M95Error `EPARAM` */
export function checkModemOptions(given: object): void {
  checkNames("", given, MODEM);
  checkInner(given as never, { apn: APN, recovery: RECOVERY, tls: TLS });
}

/** Checks option `trace`. @throws M95Error `EPARAM` */
export function checkTrace(trace: unknown): void {
  const { begin, attach } = (trace ?? {}) as { begin?: unknown; attach?: unknown };
  if (trace !== undefined && (typeof begin !== "function" || typeof attach !== "function"))
    throw wrong("trace", 'a recording such as recorder("field.jsonl")', trace);
}

/** @param idle - names that MQTT.js knows besides; they have no effect. @throws M95Error `EPARAM` */
function checkCall(call: string, given: unknown, known: object, idle: string[]): void {
  if (typeof given !== "object" || !given) return;
  checkNames("", given, { ...known, ...Object.fromEntries(idle.map((name) => [name, 1])) });
  for (const name of idle)
    if (name in given) warnOnce(`${call} ${name}`, `option ${name} of ${call} has no effect: ${idleReason(name)}`);
}

/** Checks the names of a publish's options. @throws M95Error `EPARAM` */
export function checkPublishOptions(given: unknown): void {
  checkCall("a publish", given, PUBLISH, ["dup", "properties", "cbStorePut"]);
}

/** Checks the names of a subscription's options, also of those that stand with a filter. @throws M95Error `EPARAM` */
export function checkSubscribeOptions(topics: unknown, given: unknown): void {
  const own = typeof topics === "object" && topics && !Array.isArray(topics) ? Object.values(topics) : [];
  for (const one of [given, ...own]) checkCall("a subscribe", one, SUBSCRIBE, ["nl", "rap", "rh", "properties"]);
}

/** Checks the names of an unsubscription's options. @throws M95Error `EPARAM` */
export function checkUnsubscribeOptions(given: unknown): void {
  checkCall("an unsubscribe", given, {}, ["properties"]);
}

/** Checks the names of a command's options. @throws M95Error `EPARAM` */
export function checkCommandOptions(given: unknown): void {
  if (typeof given === "function") return;
  checkObject(given, "{ timeout: 5000 }");
  checkNames("", given ?? {}, COMMAND);
}

/** Checks the names of a duty cycle's options. @throws M95Error `EPARAM` */
export function checkCycleOptions(given: object): void {
  checkNames("", given, CYCLE);
}

/** Checks pins or times of a power switch for misspelt names; objects that hold more than these are taken. @throws M95Error `EPARAM` */
export function checkPower(given: object | undefined): void {
  const known = { ...POWER, rx: 1, tx: 1, cts: 1 };
  for (const name of Object.keys(given ?? {}))
    if (!(name in known) && nearest(name, Object.keys(POWER))) checkNames("", { [name]: 1 }, POWER);
}

/** Options out of the URL of a broker, `mqtt://user:password@host:1883`. @throws M95Error `EPARAM` */
function fromUrl(text: string): MqttJsOptions {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw wrong("url", "one such as mqtt://broker.example.org:1883", text);
  }
  const options: MqttJsOptions = { protocol: url.protocol.slice(0, -1) };
  const clientId = url.searchParams.get("clientId");
  // Of a protocol that it does not know, URL keeps what is escaped, and the brackets of an address.
  if (url.hostname) options.host = decodeURIComponent(url.hostname);
  if (url.port) options.port = Number(url.port);
  if (url.username) options.username = decodeURIComponent(url.username);
  if (url.password) options.password = decodeURIComponent(url.password);
  if (clientId !== null) options.clientId = clientId;
  return options;
}

/** A password in bytes as text. @throws M95Error `EPARAM` when it is none in UTF-8 */
function passwordOf(password: unknown): unknown {
  if (!(password instanceof Uint8Array)) return password;
  const bytes = Buffer.from(password.buffer, password.byteOffset, password.byteLength);
  const text = bytes.toString("utf8");
  if (!Buffer.from(text, "utf8").equals(bytes))
    throw new M95Error("EPARAM", "password must be text in UTF-8: it becomes a quoted parameter of a command");
  return text;
}

/** Several PEM texts as one. */
function joined(source: unknown): unknown {
  return Array.isArray(source) ? source.map(String).join("\n") : source;
}

/** Whether the protocol is one with TLS; undefined: it says nothing. @throws M95Error `EPARAM` */
function isSecure(protocol: unknown): boolean | undefined {
  if (protocol === undefined) return undefined;
  const name = typeof protocol === "string" ? protocol.replace(/:$/, "") : protocol;
  if (PLAIN.includes(name as string)) return false;
  if (SECURE.includes(name as string)) return true;
  const why = typeof name === "string" && /^(ws|wx|ali)s?$/.test(name) ? " (the modem has no WebSocket)" : "";
  throw wrong("protocol", `"mqtt", "tcp", "mqtts", "ssl" or "tls"${why}`, name);
}

/** What is looked at of the TLS of the modem. */
interface Base {
  readonly level?: number;
  readonly options?: TlsOptions;
}

/**
 * The option `tls` that MQTT.js's options come to.
 * @param base - that of the modem
 * @throws M95Error `EPARAM` for a secure connection that is to be plain, or verified and not
 */
function tlsOf(given: { [name: string]: unknown }, secure: boolean | undefined, base: Base | undefined): unknown {
  const { tls, rejectUnauthorized } = given;
  const files: { [name: string]: unknown } = {};
  for (const name of ["ca", "cert", "key"]) if (given[name] !== undefined) files[name] = joined(given[name]);
  const wanted = secure === true || Object.keys(files).length > 0;
  if (wanted && (tls === false || (secure === false && !(files.cert && files.key))))
    throw new M95Error(
      "EPARAM",
      "protocol and tls contradict each other: a connection with certificates is not made in plain",
    );
  // Beside the modem's, a client needs none of its own to be secure.
  const any = wanted || (tls === undefined ? base !== undefined : tls === true || typeof tls === "object");
  if (!any || (!wanted && rejectUnauthorized === undefined)) return tls;
  const own: { [name: string]: unknown } = { ...(typeof tls === "object" && tls), ...files };
  const { securityLevel = rejectUnauthorized === false ? 0 : base?.level, configured = base?.options?.configured } =
    own;
  if (
    rejectUnauthorized !== undefined &&
    (rejectUnauthorized === false ? securityLevel || configured : securityLevel === 0)
  )
    throw new M95Error(
      "EPARAM",
      `rejectUnauthorized: ${rejectUnauthorized !== false} and tls.${securityLevel || !configured ? "securityLevel" : "configured"} contradict each other`,
    );
  if (rejectUnauthorized === false) {
    if (own.cert || own.key)
      warnOnce(
        "rejectUnauthorized",
        "rejectUnauthorized: false: the modem shows cert and key only to a broker that it verifies; they are not used",
      );
    own.securityLevel = 0;
    for (const name of ["ca", "cert", "key"]) delete own[name];
  }
  return Object.keys(own).length > 0 ? readFiles(own as TlsOptions) : true;
}

/**
 * Options of `connect` for the core.
 * @param base - TLS of the modem, if it has any
 * @throws M95Error `EPARAM`
 */
export function connectOptions(first: string | MqttJsOptions, second?: MqttJsOptions, base?: object): ConnectOptions {
  if (typeof first !== "string") checkObject(first, '{ host: "broker.example.org" }');
  checkObject(second, '{ clientId: "meter-17" }');
  const given: { [name: string]: unknown } = { ...(typeof first === "string" ? fromUrl(first) : first) };
  // What is given beside an URL goes before what is in it, as in MQTT.js; null is nothing.
  for (const [name, value] of Object.entries(second ?? {})) if (value !== undefined) given[name] = value;
  for (const name of Object.keys(given)) if (given[name] === null || given[name] === undefined) delete given[name];
  for (const [name, why] of Object.entries(REFUSED))
    if (given[name] !== undefined && given[name] !== false)
      throw new M95Error("EPARAM", `option ${name} cannot be had here: ${why}`);
  if (given.protocolVersion !== undefined && given.protocolVersion !== 4 && given.protocolVersion !== 3)
    throw wrong("protocolVersion", "3 or 4: the modem speaks MQTT 3.1, or 3.1.1", given.protocolVersion);
  const known = { ...CLIENT, ...HONOURED };
  const wanted: { [name: string]: unknown } = {};
  for (const [name, value] of Object.entries(given)) {
    if (IDLE.split(" ").includes(name)) warnOnce(`option ${name}`, `option ${name} has no effect: ${idleReason(name)}`);
    else if (!(name in REFUSED)) wanted[name] = value;
  }
  checkNames("", wanted, known);
  checkInner(wanted, { tls: TLS });
  const { protocol, hostname, auth, ca, cert, key, rejectUnauthorized, ...options } = wanted;
  if (options.host === undefined && hostname !== undefined) options.host = hostname;
  if (typeof auth === "string" && options.username === undefined) {
    const colon = auth.indexOf(":");
    options.username = colon < 0 ? auth : auth.slice(0, colon);
    if (colon >= 0) options.password = auth.slice(colon + 1);
  }
  if (options.password !== undefined) options.password = passwordOf(options.password);
  const tls = tlsOf(wanted, isSecure(protocol), base);
  if (tls !== undefined) options.tls = tls;
  if (typeof options.will === "object" && options.will) options.will = willOf(options.will as Will);
  return options as unknown as ConnectOptions;
}

function idleReason(name: string): string {
  if (["nl", "rap", "rh"].includes(name)) return "it is of MQTT 5";
  if (name === "connectTimeout")
    return "an attempt takes as long as the modem takes; packetTimeout and retryTimes are its times";
  if (name === "servername") return "the modem names no server in TLS";
  return "the modem does that part by itself, or has nothing like it";
}

/** MQTT.js's wills have properties, which are of MQTT 5. @throws M95Error `EPARAM` for names that are not known */
function willOf(will: Will): Will {
  const { properties, ...rest } = will as Will & { properties?: unknown };
  if (properties !== undefined)
    warnOnce("option will.properties", "option will.properties has no effect: it is of MQTT 5");
  checkNames("will.", rest, WILL);
  return rest;
}

// Property: whatever kind of value stands where an argument or option is expected, a constructor or connect() throws an
// M95Error or takes it, a call hands one to `done` or takes it, and nothing else is ever thrown.
import { PassThrough } from "node:stream";
import test, { type ExecutionContext } from "ava";
import fc from "fast-check";
import { readable } from "../../core/arguments.js";
import { type MqttClient as CoreClient, M95Error } from "../../core/index.js";
import { pinsOf } from "../../targets/espruino/boards.js";
import { store } from "../../targets/espruino/store.js";
import { Client, type ClientOptions } from "../../targets/moddable/client.js";
import { boardOf, powerOf } from "../../targets/moddable/pins.js";
import { preferenceStore } from "../../targets/moddable/store.js";
import { SerialUart } from "../../targets/moddable/uart.js";
import {
  fileStore,
  M95,
  type MqttClient,
  openM95,
  powerSwitch,
  streamUart,
  systemClock,
} from "../../targets/node/index.js";
import { SimClock } from "../../virtual-m95/index.js";
import { type Rig, rig } from "../support/rig.js";

const bad = () => {
  throw new TypeError("mine");
};
const traps = Object.fromEntries(
  Object.getOwnPropertyNames(Reflect)
    .filter((name) => name in Reflect)
    .map((name) => [name, bad]),
);
const revoked = Proxy.revocable({}, {});
revoked.revoke();
const detached = new Uint8Array(4);
structuredClone(detached.buffer, { transfer: [detached.buffer] });

const weird: { [what: string]: unknown } = {
  "a symbol": Symbol("s"),
  "a BigInt": 5n,
  "BigInt zero": 0n,
  "a huge BigInt": 2n ** 80n,
  "an object without a prototype": Object.create(null),
  "an object whose texts throw": { toString: bad, valueOf: bad, toJSON: bad },
  "an object whose primitive throws": { [Symbol.toPrimitive]: bad },
  "an object whose properties throw": Object.defineProperties(
    {},
    Object.fromEntries(
      ["write", "after", "on", "name", "host", "qos", "topic", "ca", "length", "attempts", "pwrkey", "load"].map(
        (key) => [key, { get: bad, enumerable: true }],
      ),
    ),
  ),
  "a proxy that throws": new Proxy({}, traps),
  "a proxy of a function that throws": new Proxy(() => {}, traps),
  "a revoked proxy": revoked.proxy,
  "a function": () => "AT",
  "a class": class {},
  "an array of symbols": [Symbol("s")],
  "an array of proxies": [new Proxy({}, traps)],
  "an array without items": new Array(3),
  "a map of symbols": { topic: Symbol("s"), qos: Symbol("s"), a: { qos: 5n } },
  "a date that is none": new Date(Number.NaN),
  "a Map": new Map(),
  "detached bytes": detached,
  "shared bytes": new SharedArrayBuffer(4),
  "a frozen object": Object.freeze({}),
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  "minus zero": -0,
  true: true,
  false: false,
  null: null,
  "a long text": "x".repeat(1000),
  "an unpaired surrogate": "\ud800",
  "a NUL": "\0",
  toString: "toString",
  __proto: "__proto__",
};

/** Everything that takes an argument and answers by throwing; `v` stands in each place in turn. */
const makers: { [what: string]: (v: never) => unknown } = {
  "new M95": (v) => new M95(v),
  fileStore: (v) => fileStore(v),
  "powerSwitch pins": (v) => powerSwitch(v, systemClock),
  "powerSwitch clock": (v) => powerSwitch({ pwrkey: { write() {} } }, v),
  "powerSwitch options": (v) => powerSwitch({ pwrkey: { write() {} } }, systemClock, v),
  streamUart: (v) => streamUart(v),
  "Espruino: store": (v) => store(v),
  "Espruino: board": (v) => pinsOf(v, (name) => name, false),
  "Moddable: Client": (v) => new Client(v),
  "Moddable: Client modem": (v) => new Client({ modem: v, host: "h" } as ClientOptions),
  "Moddable: preferenceStore": (v) => preferenceStore(v, "domain"),
  "Moddable: preferenceStore domain": (v) => preferenceStore({ keys: () => [] } as never, v),
  "Moddable: board": (v) => boardOf(v, false),
  "Moddable: serial": (v) => new SerialUart(readable(v), new SimClock()),
  // What a class throws is its own.
  "Moddable: serial io": (v) => typeof v === "function" || new SerialUart({ io: v }, new SimClock()),
  "Moddable: pins": (v) => powerOf(readable(v), new SimClock(), []),
};
for (const name of ["pwrkey", "status", "emergOff", "supply"])
  makers[`powerSwitch pin ${name}`] = (v) => powerSwitch({ pwrkey: { write() {} }, [name]: v }, systemClock);
for (const name of ["pwrkeyPressed", "onPulse", "offPulse", "bootTime", "offTime", "gap", "killPulse", "cutTime"])
  makers[`powerSwitch ${name}`] = (v) => powerSwitch({ pwrkey: { write() {} } }, systemClock, { [name]: v });
const uart = { write() {}, onReceive() {} };
const options =
  "uart clock power apn pin baud flowControl tls wallClock receiveLimit guardTime recovery codec random".split(" ");
for (const name of options) makers[`new M95 ${name}`] = (v) => new M95({ uart, apn: "internet", [name]: v } as never);
for (const [outer, names] of [
  ["apn", "name username password"],
  ["power", "on off isOn"],
  ["tls", "ca cert key storage securityLevel version cipherSuites context ignoreTime configured"],
  ["recovery", "attempts period maxPeriod stable rounds rest syncTimeout simTimeout registrationTimeout"],
] as const)
  for (const name of names.split(" "))
    makers[`new M95 ${outer}.${name}`] = (v) =>
      new M95({ uart, apn: "internet", [outer]: { name: "a", on() {}, off() {}, [name]: v } } as never);

const modem = new M95({ uart, apn: "internet", clock: new SimClock() });
makers.connect = (v) => modem.connect(v);
const connectOptions =
  "host port clientId username password clean keepalive will packetTimeout retryTimes connectionId tls reconnectPeriod " +
  "maxReconnectPeriod refusedRetries queueLimit queuePolicy queueQoSZero resubscribe unknown store encoding";
const connect = (given: object) => modem.connect({ host: "broker.example", ...given }).end(true);
for (const name of connectOptions.split(" ")) makers[`connect ${name}`] = (v) => connect({ [name]: v });
for (const name of "topic payload qos retain".split(" "))
  makers[`connect will.${name}`] = (v) => connect({ will: { topic: "t", payload: "p", [name]: v } });
for (const name of "ca cert key storage securityLevel version cipherSuites context ignoreTime configured".split(" "))
  makers[`connect tls.${name}`] = (v) => connect({ tls: { securityLevel: 0, [name]: v } });
for (const name of "load append remove".split(" "))
  makers[`connect store.${name}`] = (v) =>
    connect({ store: { load: () => [], append() {}, remove() {}, [name]: typeof v === "function" ? () => v : v } });
makers["connect store with records"] = (v) => connect({ store: { load: () => [v], append() {}, remove() {} } });
for (const event of ["message", "error", "trace"])
  for (const name of ["on", "once"] as const) makers[`${name} ${event}`] = (v) => modem[name](event as "error", v);

const CODES = ["EPARAM", "ETOOBIG", "EPAYLOAD", "ESTORE", "ETLS", "EQUEUE"];

function isOurs(t: ExecutionContext, error: unknown, what: string): void {
  if (!(error instanceof M95Error)) t.fail(`${what}: ${(error as Error)?.stack ?? String(error)}`);
  else t.true(CODES.includes(error.code), `${what}: ${error.code} ${error.message}`);
}

/** No clients are left over, so that each of the tests finds a free place. */
function tidy(): void {
  for (const client of (modem as unknown as { clients: (MqttClient | undefined)[] }).clients) client?.end(true);
  (modem.clock as SimClock)?.advance?.(1000);
}

function make(t: ExecutionContext, what: string, maker: (v: never) => unknown, value: unknown): void {
  try {
    maker(value as never);
  } catch (error) {
    isOurs(t, error, what);
  }
  tidy();
}

test("constructors and connect(): an M95Error, or it is taken", (t) => {
  globalThis.require = (() => ({})) as never;
  for (const [what, maker] of Object.entries(makers))
    for (const [kind, value] of Object.entries(weird)) make(t, `${what}, ${kind}`, maker, value);
  t.pass();
});

test("a symbol and a BigInt are refused by name wherever something else is wanted", (t) => {
  for (const [kind, value] of [
    ["a symbol", Symbol("s")],
    ["a bigint", 7n],
  ] as const)
    for (const [what, maker] of [
      ["baud", () => new M95({ uart, baud: value } as never)],
      ["guardTime", () => new M95({ uart, guardTime: value } as never)],
      ["random", () => new M95({ uart, random: value } as never)],
      ["tls.context", () => new M95({ uart, tls: { context: value } } as never)],
      ["tls.securityLevel", () => new M95({ uart, tls: { securityLevel: value } } as never)],
      ["packetTimeout", () => connect({ packetTimeout: value })],
      ["retryTimes", () => connect({ retryTimes: value })],
      ["keepalive", () => connect({ keepalive: value })],
      ["host", () => modem.connect({ host: value } as never)],
      ["onPulse", () => powerSwitch({ pwrkey: { write() {} } }, systemClock, { onPulse: value } as never)],
      ["file", () => fileStore(value as never)],
      ["listener", () => modem.on("error", value as never)],
    ] as const) {
      const error = t.throws(maker, { instanceOf: M95Error }, what);
      t.regex(error!.message, new RegExp(`^${what} must be .*, not ${kind}$`), what);
      tidy();
    }
});

test("openM95 rejects with an M95Error, or opens", async (t) => {
  const open = async (what: string, ...args: unknown[]) => {
    try {
      (await openM95(...(args as Parameters<typeof openM95>))).close();
    } catch (error) {
      isOurs(t, error, what);
    }
  };
  for (const [kind, value] of Object.entries(weird)) {
    // A text is a path.
    if (typeof value !== "string") await open(`port, ${kind}`, value);
    await open(`options, ${kind}`, new PassThrough(), value);
    for (const name of ["baudRate", "baud", "apn", "flowControl"])
      await open(`${name}, ${kind}`, new PassThrough(), { [name]: value });
    if (typeof value !== "number" && value !== null)
      await open(`baudRate of a path, ${kind}`, "/dev/no-such-port", { baudRate: value });
  }
  t.pass();
});

type Call = (v: never, client: CoreClient, r: Rig, done: (error?: Error | null) => void) => unknown;
const calls: { [what: string]: Call } = {
  "publish topic": (v, c, _r, d) => c.publish(v, "p", {}, d),
  "publish payload": (v, c, _r, d) => c.publish("t", v, {}, d),
  "publish options": (v, c, _r, d) => c.publish("t", "p", typeof v === "function" ? {} : v, d),
  "publish qos": (v, c, _r, d) => c.publish("t", "p", { qos: v }, d),
  "publish retain": (v, c, _r, d) => c.publish("t", "p", { retain: v }, d),
  subscribe: (v, c, _r, d) => c.subscribe(v, {}, d),
  "subscribe to several": (v, c, _r, d) => c.subscribe(["a", v], {}, d),
  "subscribe by map": (v, c, _r, d) => c.subscribe({ a: v }, {}, d),
  "subscribe qos": (v, c, _r, d) => c.subscribe("a", { qos: v }, d),
  "subscribe qos by map": (v, c, _r, d) => c.subscribe({ a: { qos: v } }, {}, d),
  "subscribe options": (v, c, _r, d) => c.subscribe("a", typeof v === "function" ? {} : v, d),
  unsubscribe: (v, c, _r, d) => c.unsubscribe(v, d),
  "unsubscribe from several": (v, c, _r, d) => c.unsubscribe(["a", v], d),
  command: (v, _c, r, d) => r.modem.command(v, {}, d),
  "command options": (v, _c, r, d) => r.modem.command("AT", typeof v === "function" ? {} : v, d),
  "command timeout": (v, _c, r, d) => r.modem.command("AT", { timeout: v }, d),
  "command data": (v, _c, r, d) => r.modem.command("AT+QMTPUB=5,0,0,0,t", { data: v }, d),
};

/** What a call came to: its own outcomes, and events of errors. */
function outcome(t: ExecutionContext, r: Rig, client: CoreClient, what: string, call: Call, value: unknown): void {
  const got: unknown[] = [];
  t.notThrows(() => call(value as never, client, r, (error) => got.push(error)), what);
  t.is(got.length, 0, `${what}: not at once`);
  t.notThrows(() => r.clock.run(() => got.length > 0, 120_000), what);
  t.is(got.length, 1, what);
  if (got[0] && (got[0] as M95Error).code !== "ECME" && (got[0] as M95Error).code !== "ETIMEOUT")
    isOurs(t, got[0], what);
}

function connected(): { r: Rig; client: CoreClient; errors: unknown[] } {
  const r = rig({ power: false });
  const client = r.modem.connect({ host: "broker.example" });
  const errors: unknown[] = [];
  client.on("error", (error) => errors.push(error));
  r.modem.on("error", (error) => errors.push(error));
  r.until("connected", () => client.connected);
  return { r, client, errors };
}

test("calls: nothing is thrown, done comes once, and with an M95Error", (t) => {
  const { r, client } = connected();
  for (const [what, call] of Object.entries(calls))
    for (const [kind, value] of Object.entries(weird)) {
      // A command is free text; these two are what the modem makes of it.
      outcome(t, r, client, `${what}, ${kind}`, call, value);
    }
  r.until("still connected", () => client.connected);
});

test("what is no callback is an error event, and the call is made all the same", (t) => {
  const { r, client, errors } = connected();
  let published = 0;
  for (const value of Object.values(weird)) {
    if (typeof value === "function" || !value) continue;
    t.notThrows(() => {
      client.publish("t", "p", {}, value as never);
      client.subscribe("a", {}, value as never);
      client.unsubscribe("a", value as never);
      r.modem.command("AT", {}, value as never);
      r.modem.identity(value as never);
      r.modem.start(value as never);
    });
    published++;
    r.clock.advance(5000);
  }
  t.is(r.broker.received.length, published);
  t.true(errors.length >= 5 * published);
  client.end(false, Symbol("done") as never);
  r.modem.stop(5n as never);
  t.notThrows(() => r.clock.advance(60_000));
  t.is(r.modem.state, "off");
});

test("what a listener or a store throws may be anything", (t) => {
  for (const thrown of [Symbol("s"), 5n, null, undefined, { toString: bad }, Object.create(null), "text"]) {
    const fail = () => {
      throw thrown;
    };
    t.throws(() => connect({ store: { load: fail, append() {}, remove() {} } }), {
      instanceOf: M95Error,
      code: "ESTORE",
    });
    const { r, client, errors } = connected();
    client.on("message", fail);
    client.subscribe("t");
    r.clock.advance(2000);
    t.notThrows(() => {
      client.publish("t", "p");
      r.clock.advance(5000);
    });
    t.deepEqual(errors, [thrown]);
    t.true(client.connected);
    const done: unknown[] = [];
    const power = { on: fail, off: (end: (error: unknown) => void) => end(thrown || "off"), isOn: () => false };
    const other = rig({ modem: { power: power as never } }).modem;
    other.start((error) => done.push(error));
    (other.clock as SimClock).advance(60_000);
    t.is((done[0] as M95Error).code, thrown == null ? (done[0] as M95Error).code : "EPOWER");
    tidy();
  }
});

test("and anything else", (t) => {
  const { r, client } = connected();
  const anything = fc.anything({
    withBigInt: true,
    withBoxedValues: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withObjectString: true,
    withSet: true,
    withSparseArray: true,
    withTypedArray: true,
  });
  fc.assert(
    fc.property(anything, fc.nat(), (value, which) => {
      const maker = Object.entries(makers)[which % Object.keys(makers).length]!;
      make(t, maker[0], maker[1], value);
      const call = Object.entries(calls)[which % Object.keys(calls).length]!;
      outcome(t, r, client, call[0], call[1], value);
    }),
    { numRuns: 1000 },
  );
});

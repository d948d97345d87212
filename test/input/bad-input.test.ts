// Bad input, as a table: which error, which words in it, and that not one byte was sent.
import test from "ava";
import { M95, M95Error, type M95Options, type MqttClient } from "../../core/index.js";
import { SimClock } from "../../virtual-m95/index.js";
import { type Rig, rig } from "../support/rig.js";

type Row = [what: string, code: string, words: string[], input: unknown];

const long = "h".repeat(101);
const constructors: Row[] = [
  ["no uart", "EPARAM", ["uart", "undefined"], { uart: undefined }],
  ["no clock", "EPARAM", ["clock", "undefined"], { clock: undefined }],
  ["a power switch that is none", "EPARAM", ["power", "object"], { power: {} }],
  ["an APN that is no text", "EPARAM", ["apn must", "string", "5"], { apn: 5 }],
  ["an APN whose name is no text", "EPARAM", ["apn.name", "string"], { apn: { name: 5 } }],
  ["an APN with a quote", "EPARAM", ["apn", "double quote", "34"], { apn: 'a"b' }],
  ["an APN that is too long", "ETOOBIG", ["apn", "100", "101"], { apn: long }],
  ["a password without user name", "EPARAM", ["apn.username"], { apn: { name: "a", password: "p" } }],
  ["an APN of null", "EPARAM", ["apn", "null"], { apn: null }],
  ["a PIN that is a number", "EPARAM", ["pin", "4 to 8 digits"], { pin: 1234 }],
  ["a PIN in hexadecimal", "EPARAM", ["pin", "4 to 8 digits"], { pin: "0x12" }],
  ["a PIN that is too short", "EPARAM", ["pin", "4 to 8 digits"], { pin: "123" }],
  ["a rate that is none", "EPARAM", ["baud", "115200", "12345"], { baud: 12345 }],
  ["an unknown flow control", "EPARAM", ["flowControl", "hardware", "rts"], { flowControl: "rts" }],
  ["a guard time that is too long", "EPARAM", ["guardTime", "0..1000", "1001"], { guardTime: 1001 }],
  ["a receive limit that is too small", "EPARAM", ["receiveLimit", "512..65536", "100"], { receiveLimit: 100 }],
  ["no attempts", "EPARAM", ["recovery.attempts", "1..1000", "0"], { recovery: { attempts: 0 } }],
  ["a stable time of none", "EPARAM", ["recovery.stable", "1..86400000", "0"], { recovery: { stable: 0 } }],
  ["half a round", "EPARAM", ["recovery.rounds", "1..1000", "0.5"], { recovery: { rounds: 0.5 } }],
  ["a rest for ever", "EPARAM", ["recovery.rest", "1..86400000", "Infinity"], { recovery: { rest: Infinity } }],
  ["certificates", "ETLS", ["tls"], { tls: { ca: "x" } }],
];

test("constructor: bad options throw at once", (t) => {
  for (const [what, code, words, input] of constructors) {
    let written = 0;
    const uart = { write: () => written++, onReceive: () => {} };
    const options = { uart, clock: new SimClock(), ...(input as object) } as unknown as M95Options;
    const error = t.throws(() => new M95(options), { instanceOf: M95Error }, what) as M95Error;
    t.is(error.code, code as never, what);
    for (const word of words) t.true(error.message.includes(word), `${what}: ${error.message} has ${word}`);
    t.is(written, 0, what);
  }
});

const connects: Row[] = [
  ["no options", "EPARAM", ["host", "undefined"], undefined],
  ["no host", "EPARAM", ["host", "undefined"], {}],
  ["an empty host", "EPARAM", ["host", '""'], { host: "" }],
  ["a host of 101 bytes", "ETOOBIG", ["host", "100", "101"], { host: long }],
  ["a host with CR LF", "EPARAM", ["host", "13"], { host: "a\r\nAT" }],
  ["a URL for a host", "EPARAM", ["host", "port", "tls", "mqtt://x"], { host: "mqtt://x" }],
  ["a host with its port", "EPARAM", ["host", "port", "x:1883"], { host: "x:1883" }],
  ["a blank in front of the host", "EPARAM", ["host", '" x"'], { host: " x" }],
  ["letters of another alphabet in the host", "EPARAM", ["host", "br\u00f6ker"], { host: "br\u00f6ker" }],
  ["what is in no name in the host", "EPARAM", ["host", "x;y"], { host: "x;y" }],
  ["a share for a host", "EPARAM", ["host"], { host: "\\\\x" }],
  ["a blank in the host", "EPARAM", ["host", "x y"], { host: "x y" }],
  ["a path behind the host", "EPARAM", ["host", "x/mqtt"], { host: "x/mqtt" }],
  ["a client ID that the line has no room for", "ETOOBIG", ["clientId", "256"], { clientId: "c".repeat(250) }],
  [
    "a password that makes the line too long",
    "ETOOBIG",
    ["clientId", "username", "password", "256", "272"],
    { clientId: "c", username: "u", password: "p".repeat(270 - 21) },
  ],
  ["a will that is too long", "ETOOBIG", ["will", "256"], { will: { topic: "t", payload: "w".repeat(250) } }],
  ["port 0", "EPARAM", ["port", "1..65535", "0"], { port: 0 }],
  ["a port of text", "EPARAM", ["port", "1..65535", '"1883"'], { port: "1883" }],
  ["a port with a fraction", "EPARAM", ["port", "1..65535", "1.5"], { port: 1.5 }],
  ["keepalive 4000", "EPARAM", ["keepalive", "0..3600", "4000"], { keepalive: 4000 }],
  ["packetTimeout 0", "EPARAM", ["packetTimeout", "1..60", "0"], { packetTimeout: 0 }],
  ["retryTimes 11", "EPARAM", ["retryTimes", "0..10", "11"], { retryTimes: 11 }],
  ["connectionId 6", "EPARAM", ["connectionId", "0..5", "6"], { connectionId: 6 }],
  ["a clientId that is a number", "EPARAM", ["clientId", "string", "7"], { clientId: 7 }],
  ["clean false without clientId", "EPARAM", ["clientId", "clean"], { clean: false }],
  ["clean false with an empty clientId", "EPARAM", ["clientId", "clean"], { clean: false, clientId: "" }],
  ["clean of text", "EPARAM", ["clean", "true or false", "yes"], { clean: "yes" }],
  ["a user name with a quote", "EPARAM", ["username", "34"], { username: 'a"' }],
  ["a password without user name", "EPARAM", ["username", "password"], { password: "p" }],
  ["a will that is none", "EPARAM", ["will", "null"], { will: null }],
  ["a will without topic", "EPARAM", ["will.topic", "undefined"], { will: {} }],
  ["a will to a wildcard", "EPARAM", ["will.topic", "wildcard", "a/#"], { will: { topic: "a/#", payload: "" } }],
  ["a will with a line end", "EPARAM", ["will.payload", "10"], { will: { topic: "a", payload: "x\ny" } }],
  ["a will of numbers", "EPARAM", ["will.payload", "bytes"], { will: { topic: "a", payload: 5 } }],
  ["a will with QoS 3", "EPARAM", ["will.qos", "0..2", "3"], { will: { topic: "a", payload: "", qos: 3 } }],
  ["an SSL context 6", "EPARAM", ["tls.context", "0..5", "6"], { tls: { context: 6 } }],
  ["tls of text", "EPARAM", ["tls", "yes"], { tls: "yes" }],
  ["a negative period", "EPARAM", ["reconnectPeriod", "0..", "-1"], { reconnectPeriod: -1 }],
  ["a queue that is too long", "EPARAM", ["queueLimit", "0..10000", "10001"], { queueLimit: 10001 }],
  ["an unknown unknown", "EPARAM", ["unknown", "resend", "drop"], { unknown: "drop" }],
];

test("connect(): bad options throw at once", (t) => {
  const { modem, trace, clock } = rig();
  for (const [what, code, words, input] of connects) {
    const options = input && { host: "broker.example", ...(input as object) };
    const given = what.includes("no host") ? {} : options;
    const error = t.throws(() => modem.connect(given as never), { instanceOf: M95Error }, what) as M95Error;
    t.is(error.code, code as never, what);
    for (const word of words) t.true(error.message.includes(word), `${what}: ${error.message} has ${word}`);
  }
  clock.advance(10_000);
  t.deepEqual(trace, []);
  t.is(modem.state, "off");
});

test("connect(): no APN, an ID in use, a seventh client", (t) => {
  t.throws(() => rig({ modem: { apn: undefined } }).modem.connect({ host: "b" }), { code: "EPARAM", message: /apn/ });
  const { modem } = rig();
  modem.connect({ host: "b", connectionId: 3 });
  t.throws(() => modem.connect({ host: "b", connectionId: 3 }), { code: "EPARAM", message: /connectionId.*in use.*3/ });
  const ids = [0, 1, 2, 3, 4].map(() => modem.connect({ host: "b" }).connectionId);
  t.deepEqual(ids, [0, 1, 2, 4, 5]);
  t.throws(() => modem.connect({ host: "b" }), { code: "EPARAM", message: /connectionId.*0\.\.5.*in use/ });
  t.throws(() => modem.connect({ host: "b" }), { message: /^clients must be at most six: .*, not 7$/ });
});

type Call = (client: MqttClient, r: Rig, done: (error?: Error | null) => void) => unknown;
const calls: [string, string, string[], Call][] = [
  ["publish to nothing", "EPARAM", ["topic", '""'], (c, _r, d) => c.publish("", "x", {}, d)],
  ["publish to a number", "EPARAM", ["topic", "5"], (c, _r, d) => c.publish(5 as never, "x", {}, d)],
  ["publish to a wildcard", "EPARAM", ["topic", "wildcards", "a/+"], (c, _r, d) => c.publish("a/+", "x", {}, d)],
  ["publish to a quote", "EPARAM", ["topic", "34"], (c, _r, d) => c.publish('a"b', "x", {}, d)],
  ["publish to CR LF", "EPARAM", ["topic", "13"], (c, _r, d) => c.publish("a\r\nATD", "x", d)],
  ["publish to NUL", "EPARAM", ["topic", "byte 0"], (c, _r, d) => c.publish("a\0", "x", {}, d)],
  ["publish nothing", "EPARAM", ["payload", "undefined"], (c, _r, d) => c.publish("a", undefined, {}, d)],
  ["publish 1549 bytes", "ETOOBIG", ["payload", "1548", "1549"], (c, _r, d) => c.publish("a", "x".repeat(1549), {}, d)],
  ["publish to a long topic", "ETOOBIG", ["topic", "256", "257"], (c, _r, d) => c.publish("a".repeat(237), "x", d)],
  ["subscribe to a long topic", "ETOOBIG", ["topic", "256"], (c, _r, d) => c.subscribe("a".repeat(250), d)],
  ["publish 0x1A", "EPAYLOAD", ["payload", "0x1A", "at 2"], (c, _r, d) => c.publish("a", "xy\x1a", {}, d)],
  ["publish 0x1B", "EPAYLOAD", ["payload", "0x1B", "at 0"], (c, _r, d) => c.publish("a", "\x1b", {}, d)],
  ["publish with QoS 3", "EPARAM", ["qos", "0..2", "3"], (c, _r, d) => c.publish("a", "x", { qos: 3 as never }, d)],
  ["publish with retain 1", "EPARAM", ["retain", "1"], (c, _r, d) => c.publish("a", "x", { retain: 1 as never }, d)],
  ["subscribe to null", "EPARAM", ["topic", "null"], (c, _r, d) => c.subscribe(null as never, {}, d)],
  ["subscribe to none", "EPARAM", ["topic", "none"], (c, _r, d) => c.subscribe([], {}, d)],
  ["subscribe to a#", "EPARAM", ["topic", "a#"], (c, _r, d) => c.subscribe(["ok", "a#"], {}, d)],
  ["subscribe to #/a", "EPARAM", ["topic", "#/a"], (c, _r, d) => c.subscribe("#/a", d)],
  ["subscribe with QoS 3", "EPARAM", ["qos", "0..2", "3"], (c, _r, d) => c.subscribe("a", { qos: 3 as never }, d)],
  ["subscribe by map, QoS -1", "EPARAM", ["qos", "-1"], (c, _r, d) => c.subscribe({ a: { qos: -1 as never } }, {}, d)],
  ["unsubscribe from a number", "EPARAM", ["topic", "5"], (c, _r, d) => c.unsubscribe([5 as never], d)],
  ["command of nothing", "EPARAM", ["text", "AT"], (_c, r, d) => r.modem.command(undefined as never, {}, d)],
  ["a long command", "ETOOBIG", ["text", "256", "257"], (_c, r, d) => r.modem.command("AT".padEnd(257, "x"), {}, d)],
  [
    "command of two lines",
    "EPARAM",
    ["text must be one line", "byte 13 at 2"],
    (_c, r, d) => r.modem.command("AT\rAT", {}, d),
  ],
  ["command, timeout 0", "EPARAM", ["timeout", "1..", "0"], (_c, r, d) => r.modem.command("AT", { timeout: 0 }, d)],
  ["command, data missing", "EPARAM", ["data"], (_c, r, d) => r.modem.command('AT+QMTPUB=0,0,0,0,"a"', {}, d)],
  ["command, empty prompt", "EPARAM", ["prompt"], (_c, r, d) => r.modem.command("AT", { prompt: "", data: "" }, d)],
];

for (const online of [false, true])
  test(`calls with bad arguments, ${online ? "connected" : "offline"}: the error goes to done, later, and nothing is sent`, (t) => {
    // Powered off, it is silent for a while; powered on, it is connected and idle.
    const r = rig({ power: !online });
    const client = r.modem.connect({ host: "broker.example" });
    if (online) r.until("connected", () => client.connected);
    for (const [what, code, words, call] of calls) {
      const errors: M95Error[] = [];
      const before = r.trace.filter((line) => line.startsWith(">")).length;
      call(client, r, (error) => errors.push(error as M95Error));
      t.is(errors.length, 0, `${what}: not at once`);
      r.clock.advance(0);
      t.is(errors.length, 1, what);
      t.is(errors[0]!.code, code as never, what);
      for (const word of words) t.true(errors[0]!.message.includes(word), `${what}: ${errors[0]!.message} has ${word}`);
      t.is(r.trace.filter((line) => line.startsWith(">")).length, before, what);
    }
    t.deepEqual(client.outbox.topicFilters(), []);
  });

test("without done the error is an event; without listeners it is counted", (t) => {
  const r = rig();
  const client = r.modem.connect({ host: "broker.example" });
  client.publish("", "x");
  r.modem.command("no");
  r.clock.advance(0);
  t.is(r.modem.stats.unheardErrors, 2);
  const heard: unknown[] = [];
  client.on("error", (error) => heard.push((error as M95Error).code));
  client.subscribe("").unsubscribe("#/#").publish("a", {});
  r.clock.advance(0);
  t.deepEqual(heard, ["EPARAM", "EPARAM", "EPARAM"]);
  t.is(r.modem.stats.unheardErrors, 2);
});

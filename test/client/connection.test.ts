// The life of connections: connecting with every option, refusals, losses, reconnecting, ending, several at once.
import test from "ava";
import type { IConnectPacket } from "mqtt-packet";
import type { M95Error, Uart } from "../../core/index.js";
import { bench, finish, outcome, sent, watch } from "./support.js";

test("the options of connect() reach modem and broker", (t) => {
  let packet: IConnectPacket | undefined;
  const b = bench(
    {
      host: "mqtt.example",
      port: 1884,
      clientId: "thing",
      username: "user",
      password: "pass",
      clean: false,
      keepalive: 60,
      packetTimeout: 7,
      retryTimes: 2,
      connectionId: 3,
      will: { topic: "w", payload: "gone", qos: 1, retain: true },
    },
    {},
    false,
  );
  b.broker.connack = (connect) => {
    packet = connect;
    return 0;
  };
  b.until("connected", () => b.client.connected);
  t.deepEqual(sent(b, "AT+QMT").slice(2), [
    "AT+QMTCFG=?",
    'AT+QMTCFG="WILL",3,1,1,1,"w","gone"',
    'AT+QMTCFG="TIMEOUT",3,7,2,1',
    'AT+QMTCFG="SESSION",3,0',
    'AT+QMTCFG="KEEPALIVE",3,60',
    'AT+QMTCFG="SSL",3,0',
    'AT+QMTOPEN=3,"mqtt.example",1884',
    'AT+QMTCONN=3,"thing","user","pass"',
  ]);
  t.like(packet, { clientId: "thing", username: "user", clean: false, keepalive: 60 });
  t.is(packet!.will!.topic, "w");
  t.is(b.client.state, "connected");
});

for (const code of [1, 2, 4, 5])
  test(`refused with ${code}: an attempt and refusedRetries more, each an error, then the end`, (t) => {
    const b = bench({ refusedRetries: 2 }, {}, false);
    b.broker.connack = code;
    const results: string[] = [];
    b.client.publish("a", "x", { qos: 1 }, outcome(results, "x"));
    b.until("end", () => b.diary.includes("end"));
    t.deepEqual(b.diary, [
      "offline",
      ...["close", `error EREFUSED ${code}`, "reconnect", "close", `error EREFUSED ${code}`],
      ...["reconnect", "close", `error EREFUSED ${code}`, "end"],
    ]);
    t.deepEqual(results, ["x ECLOSED"]);
    t.is(sent(b, "AT+QMTCONN=").length, 3);
    t.is(b.client.state, "closed");
    t.is(finish(b), 0);
  });

test("refused with 3, server unavailable: tried again for as long as it takes, with growing pauses", (t) => {
  const b = bench({ refusedRetries: 0, maxReconnectPeriod: 8000 }, {}, false);
  const messages: string[] = [];
  b.client.on("error", (error) => messages.push(error.message));
  b.broker.connack = 3;
  b.clock.advance(600_000);
  t.true(messages.length > 30);
  t.true(messages.length < 300);
  t.true(messages[0]!.includes("server unavailable"));
  b.broker.connack = 0;
  b.until("connected", () => b.client.connected);
  t.is(b.modem.stats.reconnects, messages.length);
});

test("host unknown, port closed: EOPEN with the modem's number and its meaning", (t) => {
  for (const [options, result, words] of [
    [{ unresolved: ["broker.example"] }, 4, "domain name"],
    [{ refused: [1883] }, -1, "failed to open"],
  ] as const) {
    const b = bench({}, { broker: options }, false);
    let error: M95Error | undefined;
    b.client.once("error", (e) => {
      error = e as M95Error;
    });
    b.until("failed", () => error !== undefined);
    t.like(error, { code: "EOPEN", result });
    t.true(error!.message.includes(words));
    t.deepEqual(b.diary.slice(0, 2), ["close", "error EOPEN"]);
  }
});

test("reconnectPeriod 0: no second attempt", (t) => {
  const b = bench({ reconnectPeriod: 0 });
  b.broker.restart();
  b.until("end", () => b.diary.includes("end"));
  t.deepEqual(b.diary, ["connect", "close", "end"]);
});

test("broker restarts: close, reconnect, connect, and the state in between", (t) => {
  const b = bench();
  b.broker.stop();
  b.until("lost", () => !b.client.connected);
  t.true(b.client.reconnecting);
  t.is(b.client.state, "waiting");
  b.broker.start();
  b.until("again", () => b.client.connected);
  t.false(b.client.reconnecting);
  t.deepEqual([b.diary[0], b.diary[1], b.diary.at(-1)], ["connect", "close", "connect"]);
  t.is(b.modem.stats.reconnects, b.diary.filter((event) => event === "reconnect").length);
  t.is(b.modem.stats.connects, 2);
});

for (const code of [1, 2, 3, 4, 6, 7])
  test(`+QMTSTAT ${code}: connected again, one close`, (t) => {
    const b = bench();
    b.virtual.dropLink(0, code);
    b.until("again", () => b.modem.stats.connects === 2);
    t.deepEqual(b.diary, ["connect", "close", "reconnect", "connect"]);
    t.is(sent(b, "AT+QIDEACT").length, code === 2 ? 1 : 0);
    t.is(finish(b), 0);
  });

test("a late +QMTSTAT about the connection before does not disturb the next attempt", (t) => {
  const b = bench();
  b.virtual.dropLink(0, 1);
  b.until("configuring again", () => b.client.state === "opening");
  b.virtual.urc("+QMTSTAT: 0,1");
  b.until("connected again", () => b.client.connected);
  t.deepEqual(b.diary, ["connect", "close", "reconnect", "connect"]);
  t.is(finish(b), 0);
});

test("bytes lost: the modem is asked at once whether the connection still stands", (t) => {
  const b = bench();
  b.virtual.onSend = (text) => (text.includes("+QMTSTAT") ? null : text);
  b.broker.restart();
  b.clock.advance(500);
  t.true(b.client.connected);
  (b.virtual.uart as Uart).onOverrun!();
  b.until("noticed", () => !b.client.connected, 3000);
  t.is(b.modem.stats.overruns, 1);
  b.until("again", () => b.client.connected);
  // Nothing was amiss: a look, and no more.
  (b.virtual.uart as Uart).onOverrun!();
  const before = sent(b, "AT+QMTCONN?").length;
  b.clock.advance(3000);
  t.is(sent(b, "AT+QMTCONN?").length, before + 1);
  t.is(b.modem.stats.connects, 2);
  t.is(finish(b), 0);
});

test("bytes lost again and again put off the look, but not for longer than a keepalive period", (t) => {
  const b = bench({ keepalive: 60 });
  b.virtual.onSend = (text) => (text.includes("+QMTSTAT") ? null : text);
  b.broker.restart();
  const { seen } = b.client.link;
  const lose = (): void => {
    (b.virtual.uart as Uart).onOverrun!();
    b.clock.after(900, lose);
  };
  lose();
  b.until("noticed", () => !b.client.connected, 120_000);
  const after = b.clock.now() - seen;
  t.true(after >= 59_000 && after < 65_000, `${after}`);
});

test("a lost +QMTSTAT is noticed", (t) => {
  const b = bench();
  b.virtual.onSend = (text) => (text.includes("+QMTSTAT") ? null : text);
  b.broker.restart();
  b.clock.advance(60_000);
  t.true(b.client.connected);
  b.until("noticed", () => b.modem.stats.connects === 2, 90_000);
  t.deepEqual(b.diary, ["connect", "close", "reconnect", "connect"]);
});

test("+QMTCONN that never comes, an occupied identifier, a failed QMTCFG", (t) => {
  const b = bench({}, {}, false);
  b.virtual.onSend = (text) => (text.includes("+QMTCONN: 0,0") ? null : text);
  b.until("overdue", () => b.diary.includes("error ETIMEOUT"));
  b.virtual.onSend = undefined;
  b.until("connected", () => b.client.connected);
  t.deepEqual(b.diary.slice(0, 3), ["close", "error ETIMEOUT", "reconnect"]);

  const c = bench({}, { virtual: { quirks: { occupiedAfterDisc: true } } });
  let replies = 0;
  c.virtual.onSend = (text) => (text.includes("+QMTOPEN: 0,0") && !replies++ ? text.replace("0,0", "0,2") : text);
  c.broker.restart();
  c.until("again", () => c.modem.stats.connects === 2);
  t.is(sent(c, "AT+QMTOPEN=").length, 3);
  c.virtual.onSend = undefined;
  c.virtual.failNext("+QMTCFG", 8507);
  c.broker.restart();
  c.until("failed", () => c.diary.includes("error ECME"));
  c.until("again", () => c.client.connected);
});

test("a network that was opened for a client before stands where the next one opens: it is closed, not used", (t) => {
  const b = bench({}, {}, false);
  let replies = 0;
  // The first is the result of an AT+QMTOPEN that AT+QMTCLOSE did not call off.
  b.virtual.onSend = (text) =>
    text.includes("+QMTOPEN: 0,0") && !replies++ ? `${text}${text.replace("0,0", "0,2")}` : text;
  b.until("connected", () => b.client.connected);
  t.is(sent(b, "AT+QMTOPEN=").length, 2);
  t.is(sent(b, "AT+QMTCLOSE=").length, 1);
  t.deepEqual(b.diary, ["connect"]);
  t.is(finish(b), 0);
});

test("what comes for a client before it is opened is of an earlier run: it is marked", (t) => {
  const b = bench({}, {}, false);
  const marks: boolean[] = [];
  b.client.on("message", (_topic, _payload, packet) => marks.push(packet.ambiguous));
  b.until("opening", () => b.client.link.phase === 2);
  b.clock.advance(50);
  for (let i = 0; i < 2; i++) {
    (b.virtual.uart as Uart).onReceive('\r\n+QMTRECV: 0,0,"a",b\r\n');
    b.clock.advance(50);
    b.until("connected", () => b.client.connected);
  }
  t.deepEqual(marks, [true, false]);
});

test("end() while connected: what was accepted is sent and finishes, then DISCONNECT and CLOSE", (t) => {
  const b = bench({ will: { topic: "w", payload: "gone" } });
  const results: string[] = [];
  b.client.publish("a", "1", { qos: 1 }, outcome(results, "1"));
  b.client.publish("a", "2", { qos: 1 }, outcome(results, "2"));
  b.client.end(outcome(results, "end"));
  b.client.publish("a", "3", outcome(results, "3"));
  b.until("ended", () => results.includes("end ok"));
  b.client.end(true, outcome(results, "end again"));
  b.clock.advance(1000);
  t.deepEqual(results.sort(), ["1 ok", "2 ok", "3 ECLOSED", "end again ok", "end ok"]);
  t.deepEqual(sent(b, "AT+QMTDISC").concat(sent(b, "AT+QMTCLOSE")), ["AT+QMTDISC=0", "AT+QMTCLOSE=0"]);
  t.deepEqual(b.diary, ["connect", "close", "end"]);
  t.deepEqual(
    b.broker.received.map((one) => one.topic),
    ["a", "a"],
  );
  t.is(b.modem.connect({ host: "b" }).connectionId, 0);
});

test("end(true) does not wait: what was sent without a verdict is EUNKNOWN", (t) => {
  const b = bench();
  b.broker.ignore = (packet) => packet.cmd === "publish";
  const results: string[] = [];
  b.client.publish("a", "1", { qos: 1 }, outcome(results, "1"));
  b.clock.advance(2000);
  b.client.end();
  b.clock.advance(1000);
  b.client.end(true, outcome(results, "end"));
  b.until("ended", () => results.length === 2, 3000);
  t.deepEqual(results, ["1 EUNKNOWN", "end ok"]);
});

test("end() in every state calls back once, and ends once", (t) => {
  for (let ms = 0; ms < 4000; ms += 60) {
    const b = bench({}, {}, false);
    const results: string[] = [];
    b.clock.advance(ms);
    b.client.end(ms % 120 === 0, outcome(results, "end"));
    b.until("ended", () => results.length > 0);
    t.is(b.diary.filter((event) => event === "end").length, 1);
    t.is(finish(b), 0, `${ms}`);
    t.deepEqual(results, ["end ok"]);
  }
});

for (const [name, quirks] of Object.entries({
  statAfterDisc: { statAfterDisc: true },
  statBeforeDiscResult: { statBeforeDiscResult: true },
  "qmtcloseResult: false": { qmtcloseResult: false },
}))
  test(`ending with quirk ${name}: one AT+QMTCLOSE`, (t) => {
    const b = bench({}, { virtual: { quirks } });
    b.client.end();
    b.until("ended", () => b.diary.includes("end"));
    b.clock.advance(5000);
    t.is(sent(b, "AT+QMTCLOSE").length, 1);
    t.is(finish(b), 0);
  });

test("six clients at once: each gets its own messages, one's loss is not another's", (t) => {
  const b = bench();
  const clients = [b.client];
  const diaries = [b.diary];
  for (let i = 1; i < 6; i++) {
    const client = b.modem.connect({ host: "broker.example", clientId: `c${i}` });
    clients.push(client);
    diaries.push([]);
    watch(client, diaries[i]!);
  }
  b.until("all", () => clients.every((one) => one.connected));
  for (const [i, client] of clients.entries()) client.subscribe(`in/${i}`, { qos: 1 });
  b.clock.advance(5000);
  for (const [i, client] of clients.entries()) client.publish(`in/${5 - i}`, `from ${i}`, { qos: 1 });
  b.clock.advance(10_000);
  for (const [i, diary] of diaries.entries()) t.true(diary.includes(`message in/${i} from ${5 - i}`));
  b.broker.kick("c3");
  b.clock.advance(10_000);
  t.deepEqual(
    diaries.map((diary) => diary.includes("close")),
    [false, false, false, true, false, false],
  );
  t.deepEqual(b.virtual.violations, []);
  t.is(finish(b), 0);
});

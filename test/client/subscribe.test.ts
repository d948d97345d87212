// Subscribing, unsubscribing, and messages in all the shapes of +QMTRECV.
import test from "ava";
import type { Grant, M95Error, PacketInfo } from "../../core/index.js";
import { bench, finish, numbered, outcome, sent } from "./support.js";

test("one, many and a map: the granted QoS in the order of the topics", (t) => {
  const b = bench();
  const all: Grant[][] = [];
  const done = (_error: unknown, granted?: Grant[]) => all.push(granted!);
  b.client.subscribe("a", { qos: 1 }, done);
  b.client.subscribe(["b", "c/#"], done);
  b.client.subscribe({ d: { qos: 2 }, "e/+": { qos: 0 } }, done);
  b.until("granted", () => all.length === 3);
  t.deepEqual(all, [
    [{ topic: "a", qos: 1 }],
    [
      { topic: "b", qos: 0 },
      { topic: "c/#", qos: 0 },
    ],
    [
      { topic: "d", qos: 2 },
      { topic: "e/+", qos: 0 },
    ],
  ]);
  t.is(sent(b, "AT+QMTSUB").length, 3);
  t.deepEqual(b.virtual.violations, []);
});

test("a filter of a map without qos has that of the options, else 0", (t) => {
  const b = bench();
  const all: Grant[][] = [];
  b.client.subscribe({ a: {} as { qos: 0 }, b: { qos: 2 } }, { qos: 1 }, (_error, granted) => all.push(granted!));
  b.client.subscribe({ c: {} as { qos: 0 } }, (_error, granted) => all.push(granted!));
  b.until("granted", () => all.length === 2);
  t.deepEqual(all, [
    [
      { topic: "a", qos: 1 },
      { topic: "b", qos: 2 },
    ],
    [{ topic: "c", qos: 0 }],
  ]);
});

test("a refused topic is 128 in granted; all refused is EREFUSED, and none of them is asked for again", (t) => {
  const b = bench();
  b.broker.grant = (filter, qos) => (filter.startsWith("no") ? 128 : qos);
  const results: unknown[] = [];
  b.client.subscribe(["yes", "no/1"], (error, granted) => results.push(error, granted));
  b.client.subscribe("no/2", (error, granted) => results.push((error as M95Error).code, granted));
  b.until("answered", () => results.length === 4);
  t.deepEqual(results, [
    undefined,
    [
      { topic: "yes", qos: 0 },
      { topic: "no/1", qos: 128 },
    ],
    "EREFUSED",
    [{ topic: "no/2", qos: 128 }],
  ]);
  t.deepEqual(b.client.outbox.topicFilters(), ["yes"]);
});

test("many topics go in several lines; granted stays in order", (t) => {
  const b = bench();
  const topics = Array.from({ length: 20 }, (_, i) => `a/rather/long/topic/number/${i}`);
  let granted: Grant[] = [];
  b.client.subscribe(topics, { qos: 1 }, (_error, all) => {
    granted = all!;
  });
  b.until("granted", () => granted.length > 0);
  t.deepEqual(
    granted.map((one) => one.topic),
    topics,
  );
  t.true(sent(b, "AT+QMTSUB").length > 1);
  for (const line of sent(b, "AT+QMTSUB")) t.true(line.length <= 256);
});

test("offline: subscriptions wait and are made on connect; too many filters are ELIMIT, too many packets EQUEUE", (t) => {
  const b = bench({}, {}, false);
  const results: string[] = [];
  b.client.subscribe("a", outcome(results, "a"));
  b.client.subscribe(
    Array.from({ length: 32 }, (_, i) => `${i}`),
    outcome(results, "many"),
  );
  for (let i = 0; i < 40; i++) b.client.unsubscribe("x", outcome(results, "x"));
  b.until("made", () => results.includes("a ok"));
  b.clock.advance(60_000);
  t.is(results.filter((one) => one === "many ELIMIT").length, 1);
  t.is(results.filter((one) => one === "x EQUEUE").length, 9);
  t.is(results.length, 42);
  t.deepEqual(b.client.outbox.topicFilters(), ["a"]);
});

test("resubscribes after reconnecting, unless told not to; unsubscribed topics stay away", (t) => {
  for (const resubscribe of [true, false]) {
    const b = bench({ resubscribe });
    const results: string[] = [];
    b.client.subscribe(["a", "b"], outcome(results, "sub"));
    b.client.unsubscribe("b", outcome(results, "uns"));
    b.until("both", () => results.length === 2);
    b.broker.restart(true);
    b.until("again", () => b.modem.stats.connects === 2);
    b.clock.advance(3000);
    t.deepEqual([...(b.broker.sessions.get("me")?.subscriptions.keys() ?? [])], resubscribe ? ["a"] : []);
  }
});

test("subscriptions that are made anew when the client is ended by force are nobody's error", (t) => {
  const b = bench();
  const results: string[] = [];
  b.client.subscribe("a", outcome(results, "sub"));
  b.until("subscribed", () => results.length === 1);
  b.broker.restart(true);
  b.until("under way", () => sent(b, "AT+QMTSUB").length === 2);
  b.diary.length = 0;
  b.client.end(true, outcome(results, "end"));
  b.until("ended", () => results.length === 2);
  b.clock.advance(60_000);
  t.deepEqual(b.diary, ["close", "end"]);
});

const payloads = [
  "plain",
  "",
  "a,b",
  'say "hi", he said',
  "line 1\r\nline 2",
  "\r\n\r\nOK\r\nmore",
  "\0\x01\xff",
  '{"a":1}',
];
for (const recvShape of [1, 2, 3, 4] as const)
  test(`messages in shape ${recvShape}: any payload, to the byte`, (t) => {
    const b = bench({}, { virtual: { quirks: { recvShape } } });
    const got: [string, string, PacketInfo][] = [];
    b.client.on("message", (topic: string, payload: string, info: PacketInfo) => got.push([topic, payload, info]));
    let ready = false;
    b.client.subscribe("in/#", { qos: 1 }, () => {
      ready = true;
    });
    b.until("subscribed", () => ready);
    for (const [i, payload] of payloads.entries()) {
      b.broker.publish("in/1", Buffer.from(payload, "latin1"), i % 2 ? 1 : 0);
      b.clock.advance(3000);
    }
    t.deepEqual(
      got.map(([, payload]) => payload),
      payloads,
    );
    t.deepEqual(
      got.map(([, , info]) => info.qos),
      payloads.map((_, i) => (i % 2 ? undefined : 0)),
    );
    t.is(b.modem.stats.received, payloads.length);
    t.is(b.modem.state, "ready");
    t.is(finish(b), 0);
  });

test("a forged +QMTSTAT behind a message is checked before anything is torn down", (t) => {
  const b = bench();
  b.client.subscribe("in");
  b.clock.advance(2000);
  b.broker.publish("in", "x\r\n\r\n+QMTSTAT: 0,1\r\n");
  b.clock.advance(10_000);
  t.is(sent(b, "AT+QMTCONN?").length, 2);
  t.true(b.client.connected);
  t.false(b.diary.includes("close"));
});

test("forged lines that use up the questions do not hide the result behind them", (t) => {
  for (const result of ["+QMTOPEN: 1,0", "+QMTCONN: 1,0,0"]) {
    const b = bench();
    const forged = "\r\n+QMTSTAT: 1,1\r\n";
    b.virtual.onSend = (text) =>
      text.includes(result) ? `\r\n+QMTRECV: 0,0,"in",x\r\n${forged}${forged}${text}` : text;
    const client = b.modem.connect({ host: "broker.example", clientId: "other" });
    b.until(result, () => client.connected, 10_000);
    t.deepEqual(sent(b, "AT+QMTCLOSE"), []);
    t.true(b.client.connected);
    t.is(finish(b), 0);
  }
});

test("a message for nobody is counted", (t) => {
  const b = bench();
  b.virtual.inject('\r\n+QMTRECV: 4,0,"a",x\r\n');
  b.clock.advance(1000);
  b.virtual.inject("\r\n+QMTRECV: nonsense\r\n");
  b.clock.advance(1000);
  t.is(b.modem.stats.orphans, 2);
});

test("a SUBSCRIBE whose verdict never comes is sent again, for a missing subscription shows nowhere", (t) => {
  const r = numbered(bench({ keepalive: 0 }));
  const results: string[] = [];
  r.virtual.faults.start("lost-results 2");
  r.client.subscribe("in", outcome(results, "subscribe"));
  r.until("granted", () => results.length > 0, 120_000);
  t.deepEqual(results, ["subscribe ok"]);
  t.deepEqual(sent(r, "AT+QMTSUB"), Array(3).fill('AT+QMTSUB=0,1,"in",0'));
});

test("after three times it is told to have failed", (t) => {
  const r = bench({ keepalive: 0 });
  const results: string[] = [];
  r.virtual.faults.start("lost-results 3");
  r.client.subscribe("in", outcome(results, "subscribe"));
  r.until("told", () => results.length > 0, 180_000);
  t.deepEqual(results, ["subscribe EUNKNOWN"]);
});

// The surface of a client as programs for other MQTT clients use it: where callbacks may stand, what listeners get, the forms
// of subscribe, and what `end` does with what was asked before it.
import type { M95Error, MqttClient } from "../../core/index.js";
import test from "../support/harness.js";
import { bench, finish, outcome, sent } from "./support.js";

test("publish, then end(): all that was accepted while connected arrives, in order, and then the client ends", (t) => {
  const b = bench({ will: { topic: "w", payload: "gone" } });
  const results: string[] = [];
  for (let i = 1; i <= 7; i++) b.client.publish("a", `${i}`, { qos: 1 }, outcome(results, `${i}`));
  b.client.publish("a", "8", outcome(results, "8"));
  b.client.end(false, outcome(results, "end"));
  b.until("ended", () => results.length === 9);
  t.deepEqual(results.slice(0, 8).sort(), ["1 ok", "2 ok", "3 ok", "4 ok", "5 ok", "6 ok", "7 ok", "8 ok"]);
  t.is(results[8], "end ok");
  t.deepEqual(
    b.broker.received.map((one) => `${one.payload}`),
    ["1", "2", "3", "4", "5", "6", "7", "8"],
  );
});

test("publish, then stop(): the same", (t) => {
  const b = bench();
  const results: string[] = [];
  for (let i = 1; i <= 7; i++) b.client.publish("a", `${i}`, { qos: 1 }, outcome(results, `${i}`));
  b.modem.stop(outcome(results, "stop"));
  b.until("stopped", () => results.length === 8);
  t.deepEqual(results[7], "stop ok");
  t.is(b.broker.received.length, 7);
  t.is(b.modem.stats.published, 7);
});

test("stop() of a modem that does not answer any more ends what is queued, and ends; whether it is off nobody knows: EPOWER", (t) => {
  const b = bench();
  const results: string[] = [];
  b.clock.advance(1000);
  for (let i = 1; i <= 16; i++) b.client.publish("a", `${i}`, { qos: 1 }, outcome(results, `${i}`));
  b.virtual.hang();
  b.modem.stop(outcome(results, "stop"));
  b.until("stopped", () => results.includes("stop EPOWER"), 120_000);
  t.is(results.length, 17);
  t.is(b.modem.state, "off");
  t.true(b.virtual.running);
});

test("publish, then end() while not connected: nothing is waited for", (t) => {
  const b = bench({}, {}, false);
  const results: string[] = [];
  b.client.publish("a", "1", { qos: 1 }, outcome(results, "1"));
  b.client.end(outcome(results, "end"));
  b.until("ended", () => results.length === 2);
  t.deepEqual(results, ["1 ECLOSED", "end ok"]);
  t.deepEqual(sent(b, "AT+QMTOPEN"), []);
});

test("end(true) sends no DISCONNECT, so that the broker publishes the will", (t) => {
  for (const force of [true, false]) {
    const b = bench({ will: { topic: "w", payload: "gone", retain: true } });
    let ended = false;
    b.client.end(force, () => {
      ended = true;
    });
    b.until("ended", () => ended);
    b.clock.advance(5000);
    t.is(sent(b, "AT+QMTDISC").length, force ? 0 : 1);
    t.is(b.broker.retained.has("w"), force);
    t.is(finish(b), 0);
  }
});

test("a callback is called once, wherever it stands", (t) => {
  const b = bench();
  const results: string[] = [];
  const { client } = b;
  const done = (name: string) => outcome(results, name);
  client.publish("t", "p", done("publish 3"));
  client.publish("t", "p", undefined, done("publish undefined"));
  client.publish("t", "p", {}, done("publish {}"));
  client.subscribe("t", done("subscribe 2"));
  client.subscribe("t", undefined, done("subscribe undefined"));
  client.subscribe("t", {}, done("subscribe {}"));
  client.unsubscribe("t", done("unsubscribe 2"));
  client.unsubscribe("t", undefined, done("unsubscribe undefined"));
  client.unsubscribe("t", {}, done("unsubscribe {}"));
  b.until("all", () => results.length === 9);
  client.end(false, {}, done("end {}"));
  client.end(false, undefined, done("end undefined"));
  client.end(undefined, {}, done("end undefined {}"));
  client.end({}, done("end options"));
  client.end(done("end 1"));
  b.clock.advance(60_000);
  t.is(results.length, 14);
  t.is(new Set(results).size, 14);
  for (const one of results) t.true(one.endsWith(" ok"), one);
});

test("in a listener, this is the object that emits, and there are the arguments that were emitted and no others", (t) => {
  const b = bench({}, {}, false);
  const heard: [unknown, number][] = [];
  function listener(this: unknown, ...args: unknown[]): void {
    heard.push([this, args.length]);
  }
  b.client.on("connect", listener);
  b.client.once("message", listener);
  b.modem.once("trace", listener);
  b.until("connected", () => b.client.connected);
  b.client.subscribe("t").publish("t", "p");
  b.until("message", () => heard.length === 3);
  b.client.on("close", listener);
  b.client.end();
  b.until("ended", () => heard.length === 4);
  t.deepEqual(heard, [
    [b.modem, 2],
    [b.client, 0],
    [b.client, 3],
    [b.client, 0],
  ]);
});

test("on without a function throws at once; off takes one of two away", (t) => {
  const { client } = bench();
  for (const method of ["on", "once"] as const)
    t.throws(() => client[method]("connect", undefined as never), {
      code: "EPARAM",
      message: /^listener must be a function/,
    });
  let calls = 0;
  const listener = (): number => calls++;
  client.on("connect", listener).on("connect", listener).off("connect", listener);
  client.emit("connect");
  t.is(calls, 1);
  client.off("connect", listener).emit("connect");
  t.is(calls, 1);
});

/** The filters of the SUBSCRIBE packets that the broker got, with their QoS. */
function asked(client: MqttClient, b: ReturnType<typeof bench>, topics: never, options?: never): string[] {
  const before = sent(b, "AT+QMTSUB=").length;
  let done = false;
  client.subscribe(topics, options, () => {
    done = true;
  });
  b.until("answered", () => done);
  return sent(b, "AT+QMTSUB=")
    .slice(before)
    .map((line) => line.split(",").slice(2).join());
}

test("subscribe takes the QoS of each filter as a number or in an object", (t) => {
  const b = bench();
  const ask = (topics: unknown, options?: unknown): string[] => asked(b.client, b, topics as never, options as never);
  t.deepEqual(ask({ a: 1, b: 2 }), ['"a",1,"b",2']);
  t.deepEqual(ask({ a: { qos: 1 }, b: { qos: 2 } }), ['"a",1,"b",2']);
  t.deepEqual(ask({ a: 0, b: { qos: 0 }, c: {} }, { qos: 2 }), ['"a",0,"b",0,"c",2']);
  t.deepEqual(ask(["length", "0"], { qos: 1 }), ['"length",1,"0",1']);
  t.deepEqual(ask("a", 2), ['"a",2']);
  const errors: string[] = [];
  b.client.on("error", (error) => errors.push(error.message));
  b.client.subscribe({ a: 3 as never });
  b.client.subscribe({ a: "1" as never });
  b.clock.advance(1000);
  t.deepEqual(errors, ["qos must be an integer 0..2, not 3", 'options must be an object, not "1"']);
});

test("refused filters and no callback: one error names them and no others", (t) => {
  const b = bench();
  b.broker.grant = (topic) => (topic.startsWith("no") ? 128 : 1);
  const errors: M95Error[] = [];
  b.client.on("error", (error) => errors.push(error as M95Error));
  b.client.subscribe(["yes/1", "no/1", "yes/2", "no/2"], { qos: 1 });
  b.clock.advance(10_000);
  t.deepEqual(
    errors.map((error) => error.code),
    ["EREFUSED"],
  );
  t.true(errors[0]!.message.endsWith(" no/1, no/2"), errors[0]!.message);
  let granted: unknown;
  b.client.subscribe(["yes", "no"], (error, values) => {
    granted = [error, values];
  });
  b.clock.advance(10_000);
  t.deepEqual(granted, [
    undefined,
    [
      { topic: "yes", qos: 1 },
      { topic: "no", qos: 128 },
    ],
  ]);
  t.is(errors.length, 1);
});

test("queued says how many publishes wait", (t) => {
  const b = bench({}, {}, false);
  t.is(b.client.queued, 0);
  b.client.subscribe("a");
  b.client.publish("a", "1").publish("a", "2", { qos: 1 });
  t.is(b.client.queued, 2);
  b.until("sent", () => b.modem.stats.published === 2);
  t.is(b.client.queued, 0);
});

test("with a store, what has no verdict is sent again unless told otherwise", (t) => {
  for (const [unknown, wanted] of [
    [undefined, 2],
    ["report", 1],
  ] as const) {
    const store = { load: () => [], append() {}, remove() {} };
    const b = bench(unknown ? { store, unknown } : { store });
    b.broker.ignore = (packet) => packet.cmd === "publish";
    const results: string[] = [];
    b.client.publish("a", "1", { qos: 1 }, outcome(results, "1"));
    b.clock.advance(2000);
    b.broker.ignore = () => false;
    b.virtual.dropLink(0, 1);
    b.until("again", () => b.modem.stats.connects === 2);
    b.clock.advance(10_000);
    t.is(sent(b, "AT+QMTPUB=0,").length, wanted);
    t.deepEqual(results, [unknown ? "1 EUNKNOWN" : "1 ok"]);
  }
});

// The queue of publishes: what makes room when it is full, and who is told. Payloads as base64: any byte in both directions.
import test from "ava";
import type { ConnectOptions, PublishInfo } from "../../core/index.js";
import { codec } from "../../targets/node/codec.js";
import { type Bench, bench, finish, outcome, sent } from "./support.js";

/** What was dropped: topic, payload, QoS, retain. */
function drops(b: Bench): string[] {
  const list: string[] = [];
  b.client.on("drop", (topic: string, payload: unknown, info: PublishInfo) =>
    list.push(`${topic} ${payload} ${info.qos} ${info.retain}`),
  );
  return list;
}

test('queuePolicy "drop-oldest": what has waited longest goes, its callback gets EQUEUE, and an event tells', (t) => {
  const b = bench({ queueLimit: 2, queuePolicy: "drop-oldest" }, {}, false);
  const results: string[] = [];
  const dropped = drops(b);
  b.client.publish("a,b", "1", { qos: 2, retain: true }, outcome(results, "1"));
  b.client.publish("b", "2", outcome(results, "2"));
  b.client.publish("c", "3", { qos: 1 }, outcome(results, "3"));
  t.deepEqual(results, []);
  b.clock.advance(0);
  t.deepEqual(results, ["1 EQUEUE"]);
  t.deepEqual(dropped, ["a,b 1 2 true"]);
  t.is(b.modem.stats.dropped, 1);
  b.until("sent", () => results.length === 3);
  t.deepEqual(results, ["1 EQUEUE", "2 ok", "3 ok"]);
  t.is(finish(b), 0);
});

test('queuePolicy "drop-qos0": only QoS 0 goes; without one, the new publish is refused', (t) => {
  const b = bench({ queueLimit: 2, queuePolicy: "drop-qos0" }, {}, false);
  const results: string[] = [];
  const dropped = drops(b);
  b.client.publish("a", "1", { qos: 1 }, outcome(results, "1"));
  b.client.publish("a", "2", outcome(results, "2"));
  b.client.publish("a", "3", { qos: 1 }, outcome(results, "3"));
  b.client.publish("a", "4", outcome(results, "4"));
  b.clock.advance(0);
  t.deepEqual(results, ["2 EQUEUE", "4 EQUEUE"]);
  t.deepEqual(dropped, ["a 2 0 false"]);
  b.until("sent", () => results.length === 4);
  t.deepEqual(results.slice(2), ["1 ok", "3 ok"]);
});

test('"reject", the default: the new one is refused, and there is no event; nothing to drop is EQUEUE in any case', (t) => {
  for (const options of [
    { queueLimit: 1 },
    { queueLimit: 0, queuePolicy: "drop-oldest" },
    { queueLimit: 0, queuePolicy: "drop-qos0" },
  ] as Partial<ConnectOptions>[]) {
    const b = bench(options, {}, false);
    const results: string[] = [];
    const dropped = drops(b);
    for (let i = 0; i <= options.queueLimit!; i++) b.client.publish("a", `${i}`, outcome(results, `${i}`));
    b.clock.advance(0);
    t.deepEqual(results, [`${options.queueLimit} EQUEUE`]);
    t.deepEqual(dropped, []);
  }
});

test("who publishes again as soon as it was dropped drops the next one, without end and without harm", (t) => {
  const b = bench({ queueLimit: 1, queuePolicy: "drop-oldest" }, {}, false);
  let ends = 0;
  const again = (error?: Error | null) => {
    ends++;
    if (error && ends < 100) b.client.publish("a", "again", again);
  };
  b.client.publish("a", "1", again).publish("a", "2", again);
  b.until("over", () => b.broker.receivedCount > 0);
  t.is(b.modem.stats.dropped, ends - (b.client.connected ? 1 : 0));
});

test("sent before and waiting to be sent again, a dropped publish is unknown", (t) => {
  const b = bench({ queueLimit: 1, queuePolicy: "drop-oldest", unknown: "resend" });
  const results: string[] = [];
  b.broker.ignore = (packet) => packet.cmd === "publish";
  b.client.publish("a", "1", { qos: 1 }, outcome(results, "1"));
  b.clock.advance(2000);
  b.broker.stop();
  b.until("down", () => !b.client.connected);
  b.client.publish("a", "2", { qos: 1 }, outcome(results, "2"));
  b.clock.advance(0);
  t.deepEqual(results, ["1 EUNKNOWN"]);
});

test("a policy that does not exist is refused", (t) => {
  t.throws(() => bench({ queuePolicy: "drop-newest" as "reject" }), { code: "EPARAM", message: /queuePolicy/ });
});

const all = Buffer.from(Array.from({ length: 256 }, (_, i) => i));

test('encoding "base64": any byte goes out and comes in, on the wire it is text', (t) => {
  const b = bench({ encoding: "base64" }, { modem: { codec } });
  const results: string[] = [];
  const got: unknown[] = [];
  b.client.on("message", (topic, payload, info) => got.push([topic, payload.toString("latin1"), info.encoded]));
  b.client.subscribe("echo");
  b.client.publish("echo", all, { qos: 1 }, outcome(results, "all"));
  b.client.publish("echo", "", outcome(results, "empty"));
  b.until("echoed", () => got.length === 2 && results.length === 2);
  t.deepEqual(
    b.broker.received.map((one) => one.payload.toString()),
    [all.toString("base64"), ""],
  );
  t.deepEqual(got, [
    ["echo", all.toString("latin1"), true],
    ["echo", "", true],
  ]);
  t.deepEqual(b.virtual.violations, []);
});

test("encoding by topic prefix: the other topics are left alone, the will is not forgotten", (t) => {
  const b = bench(
    {
      encoding: { "bin/": "base64", é: "base64" },
      will: { topic: "bin/will", payload: Buffer.from([0x1a]) },
    },
    { modem: { codec } },
  );
  const got: unknown[] = [];
  b.client.on("message", (topic, payload, info) => got.push([topic, payload.toString(), info.encoded]));
  b.client.subscribe("#");
  b.clock.advance(3000);
  for (const topic of ["bin/x", "text/bin/x", "été"]) b.client.publish(topic, "hi");
  b.until("echoed", () => got.length === 3);
  t.deepEqual(got, [
    ["bin/x", "hi", true],
    ["text/bin/x", "hi", undefined],
    ["été", "hi", true],
  ]);
  t.deepEqual(
    b.broker.received.map((one) => one.payload.toString()),
    ["aGk=", "hi", "aGk="],
  );
  t.deepEqual(sent(b, 'AT+QMTCFG="WILL"'), ['AT+QMTCFG="WILL",0,1,0,0,"bin/will","Gg=="']);
});

test("a payload that is no base64 is handed over as it came, and says so", (t) => {
  const b = bench({ encoding: "base64" }, { modem: { codec } });
  const got: unknown[] = [];
  b.client.on("message", (_topic, payload, info) => got.push([payload.toString("latin1"), info.encoded]));
  b.client.subscribe("in");
  b.clock.advance(3000);
  const wrong = ["plain text", "aGk", "aGk=\n", "aGl=", "aG k=", "a===", "\xff\xfe"];
  for (const text of wrong) {
    b.broker.publish("in", Buffer.from(text, "latin1"));
    b.clock.advance(1000);
  }
  t.deepEqual(
    got,
    wrong.map((text) => [text, false]),
  );
});

test("encoded, a payload has at most 1161 bytes; what is dropped is told of as it was given", (t) => {
  const b = bench({ encoding: "base64", queueLimit: 1, queuePolicy: "drop-oldest" }, { modem: { codec } }, false);
  const results: string[] = [];
  const dropped = drops(b);
  let error: Error | undefined;
  b.client.publish("a", Buffer.alloc(1162), (e) => {
    error = e!;
  });
  b.client.publish("a", "first", outcome(results, "first"));
  b.client.publish("a", Buffer.alloc(1161, 0x1a), { qos: 1 }, outcome(results, "longest"));
  b.until("sent", () => results.length === 2);
  t.like(error, { code: "ETOOBIG", message: "payload must have at most 1161 bytes before base64, not 1162" });
  t.deepEqual(results, ["first EQUEUE", "longest ok"]);
  t.deepEqual(dropped, ["a first 0 false"]);
  t.is(b.broker.received[0]!.payload.length, 1548);
});

test("encodings that do not exist, or that the runtime lacks, are refused", (t) => {
  for (const encoding of ["hex", null, {}, { a: "hex" }, 5])
    t.throws(() => bench({ encoding: encoding as "base64" }, { modem: { codec } }), {
      code: "EPARAM",
      message: /^encoding must be/,
    });
  t.throws(() => bench({ encoding: "base64" }), { code: "EPARAM", message: /on a runtime that has it/ });
});

// Publishing: QoS, the in-flight window, retransmission, the offline queue, and what happens to what got no verdict.
import test from "ava";
import type { M95Error } from "../../core/index.js";
import { bench, finish, numbered, outcome, sent } from "./support.js";

test("QoS 0, 1 and 2: done when sent or acknowledged, and the broker has it", (t) => {
  const b = numbered(bench());
  const results: string[] = [];
  b.client.publish("a/0", "zero", outcome(results, "0"));
  b.client.publish("a/1", "one", { qos: 1, retain: true }, outcome(results, "1"));
  b.client.publish("a/2", 'two, "quoted"\r\n\0', { qos: 2 }, outcome(results, "2"));
  b.until("all", () => results.length === 3);
  t.deepEqual(results.sort(), ["0 ok", "1 ok", "2 ok"]);
  t.deepEqual(
    b.broker.received.map(({ topic, qos, retain, payload }) => [topic, qos, retain, payload.toString()]),
    [
      ["a/0", 0, false, "zero"],
      ["a/1", 1, true, "one"],
      ["a/2", 2, false, 'two, "quoted"\r\n\0'],
    ],
  );
  t.deepEqual(sent(b, "AT+QMTPUB"), ['AT+QMTPUB=0,0,0,0,"a/0"', 'AT+QMTPUB=0,1,1,1,"a/1"', 'AT+QMTPUB=0,2,2,0,"a/2"']);
  t.is(b.modem.stats.published, 3);
  t.deepEqual(b.virtual.violations, []);
  t.is(finish(b), 0);
});

test('"packetsend" tells of each packet as it is handed over, in text and with the names of MQTT.js', (t) => {
  const b = numbered(
    bench(
      {},
      { modem: { codec: { toBytes: (value) => `${value}`.toUpperCase(), toText: (bytes) => bytes.toLowerCase() } } },
    ),
  );
  const packets: object[] = [];
  const results: string[] = [];
  const listener = (packet: object) => packets.push(packet);
  b.client.on("packetsend", listener);
  b.client.subscribe({ a: { qos: 2 }, b: { qos: 0 } }, outcome(results, "subscribed"));
  b.client.publish("c", "x", outcome(results, "0"));
  b.client.publish("d", "x", { qos: 1, retain: true }, outcome(results, "1"));
  b.client.unsubscribe(["a"], outcome(results, "unsubscribed"));
  b.until("all", () => results.length === 4);
  t.deepEqual(packets, [
    { cmd: "subscribe", messageId: 1, topics: ["a", "b"], qos: 1, retain: false },
    { cmd: "publish", messageId: 0, topic: "c", qos: 0, retain: false },
    { cmd: "publish", messageId: 2, topic: "d", qos: 1, retain: true },
    { cmd: "unsubscribe", messageId: 3, topics: ["a"], qos: 1, retain: false },
  ]);
  t.deepEqual(sent(b, "AT+QMTSUB"), ['AT+QMTSUB=0,1,"A",2,"B",0']);
  b.client.off("packetsend", listener);
  b.client.publish("c", "x", outcome(results, "last"));
  b.until("last", () => results.length === 5);
  t.is(packets.length, 4);
});

test("a number in place of the options is the QoS, as in Espruino's MQTT module", (t) => {
  const b = numbered(bench());
  const results: string[] = [];
  b.client.publish("a", "1", 1 as never, outcome(results, "publish"));
  b.client.subscribe("b", 2 as never, outcome(results, "subscribe"));
  b.client.publish("a", "5", 5 as never, outcome(results, "wrong"));
  b.until("all", () => results.length === 3);
  t.deepEqual(results.sort(), ["publish ok", "subscribe ok", "wrong EPARAM"]);
  t.deepEqual(sent(b, "AT+QMTPUB"), ['AT+QMTPUB=0,1,1,0,"a"']);
  t.deepEqual(sent(b, "AT+QMTSUB"), ['AT+QMTSUB=0,2,"b",2']);
});

test("at most five are in flight, and all arrive once", (t) => {
  const b = bench({ queueLimit: 40 }, { broker: { latency: 900 } });
  const results: string[] = [];
  for (let i = 0; i < 30; i++) b.client.publish("a", `${i}`, { qos: 1 }, outcome(results, `${i}`));
  b.until("all", () => results.length === 30);
  t.deepEqual(
    b.broker.received.map((one) => one.payload.toString()),
    Array.from({ length: 30 }, (_, i) => `${i}`),
  );
  t.deepEqual(b.virtual.violations, []);
});

test("a retransmission report is progress: the publish ends with its acknowledgement", (t) => {
  const b = bench({ packetTimeout: 2 });
  let swallowed = 0;
  b.broker.ignore = (packet) => packet.cmd === "publish" && swallowed++ < 2;
  const results: string[] = [];
  b.client.publish("a", "x", { qos: 1 }, outcome(results, "x"));
  b.until("done", () => results.length > 0);
  t.deepEqual(results, ["x ok"]);
  t.is(b.modem.stats.retransmissions, 2);
});

test("result 2 is a failure: ETIMEOUT with its message ID, and the modem closes the client", (t) => {
  const b = numbered(bench({ packetTimeout: 1, retryTimes: 1 }));
  b.broker.ignore = (packet) => packet.cmd === "publish";
  let error: M95Error | undefined;
  b.client.publish("a", "x", { qos: 1 }, (e) => {
    error = e as M95Error;
  });
  b.until("failed", () => error !== undefined);
  t.like(error, { code: "ETIMEOUT", result: 2, messageId: 1, raw: "+QMTPUB: 0,1,2" });
  b.until("reconnected", () => b.diary.includes("reconnect") && b.client.connected);
});

test("no verdict: EUNKNOWN with the message ID, and it is not sent again", (t) => {
  const b = numbered(bench());
  b.broker.ignore = (packet) => packet.cmd === "publish";
  let error: M95Error | undefined;
  b.client.publish("a", "x", { qos: 1 }, (e) => {
    error = e as M95Error;
  });
  b.clock.advance(2000);
  b.virtual.dropLink(0, 1);
  b.until("settled", () => error !== undefined);
  t.like(error, { code: "EUNKNOWN", messageId: 1 });
  b.broker.ignore = () => false;
  b.until("again", () => b.client.connected);
  b.clock.advance(30_000);
  t.is(b.broker.receivedCount, 0);
});

test('unknown: "resend" sends QoS 1 again after reconnecting; end() ends what still waits with EUNKNOWN', (t) => {
  const b = bench({ unknown: "resend" });
  const results: string[] = [];
  b.broker.ignore = (packet) => packet.cmd === "publish";
  b.client.publish("a", "x", { qos: 1 }, outcome(results, "x"));
  b.clock.advance(2000);
  b.broker.ignore = () => false;
  b.virtual.dropLink(0, 1);
  b.until("acknowledged", () => results.length > 0);
  t.deepEqual(results, ["x ok"]);
  b.broker.ignore = (packet) => packet.cmd === "publish";
  b.client.publish("a", "y", { qos: 1 }, outcome(results, "y"));
  b.clock.advance(2000);
  b.broker.stop();
  b.until("down", () => !b.client.connected);
  b.client.end();
  b.until("ended", () => results.length === 2);
  t.is(results[1], "y EUNKNOWN");
});

test("a verdict that never comes: EUNKNOWN after the packet time-outs", (t) => {
  const b = bench();
  b.virtual.onSend = (text) => (text.includes("+QMTPUB:") ? null : text);
  const results: string[] = [];
  b.client.publish("a", "x", { qos: 1 }, outcome(results, "x"));
  b.clock.advance(20_000);
  t.deepEqual(results, []);
  b.clock.advance(10_000);
  t.deepEqual(results, ["x EUNKNOWN"]);
});

test("offline: publishes wait in order; the limit is EQUEUE; offline is told once", (t) => {
  const b = bench({ queueLimit: 2 }, {}, false);
  const results: string[] = [];
  for (const name of ["1", "2", "3"]) b.client.publish("a", name, { qos: 1 }, outcome(results, name));
  b.clock.advance(0);
  t.deepEqual(results, ["3 EQUEUE"]);
  b.until("sent", () => results.length === 3);
  t.deepEqual(results, ["3 EQUEUE", "1 ok", "2 ok"]);
  t.deepEqual(b.diary, ["offline", "connect"]);
});

test("offline: a listener that ends the client ends the publish as well", (t) => {
  const b = bench({}, {}, false);
  const results: string[] = [];
  b.client.once("offline", () => b.client.end(true));
  b.client.publish("a", "x", { qos: 1 }, outcome(results, "x"));
  b.clock.advance(60_000);
  t.deepEqual(results, ["x ECLOSED"]);
  t.deepEqual(b.diary, ["offline", "end"]);
});

test("queueQoSZero: false refuses QoS 0 while offline, not QoS 1", (t) => {
  const b = bench({ queueQoSZero: false }, {}, false);
  const results: string[] = [];
  b.client.publish("a", "0", outcome(results, "0")).publish("a", "1", { qos: 1 }, outcome(results, "1"));
  b.until("both", () => results.length === 2);
  t.deepEqual(results, ["0 EQUEUE", "1 ok"]);
});

test("the modem's window is full, or its link gone without a word: the publish waits", (t) => {
  for (const code of [8512, 8503]) {
    const b = bench();
    b.virtual.failNext("+QMTPUB", code);
    const results: string[] = [];
    b.client.publish("a", "x", { qos: 1 }, outcome(results, "x"));
    b.until("sent", () => results.length > 0);
    t.deepEqual(results, ["x ok"], `${code}`);
    t.is(finish(b), 0);
  }
});

test("another error of the modem ends the publish with ECME and the number", (t) => {
  const b = numbered(bench());
  b.virtual.failNext("+QMTPUB", 8509);
  let error: M95Error | undefined;
  b.client.publish("a", "x", { qos: 2 }, (e) => {
    error = e as M95Error;
  });
  b.until("failed", () => error !== undefined);
  t.like(error, { code: "ECME", cme: 8509, messageId: 1 });
});

test("a callback or listener that throws does not break the driver", (t) => {
  const b = bench();
  b.client.on("connect", () => {
    throw new Error("mine");
  });
  b.client.publish("a", "x", { qos: 1 }, () => {
    throw new Error("mine");
  });
  b.until("thrown", () => b.modem.stats.listenerErrors === 1);
  b.broker.restart();
  b.until("again", () => b.modem.stats.connects === 2 && b.modem.stats.listenerErrors === 2);
  t.is(finish(b), 0);
});

// The durable outbox: what was accepted before a power cut is sent after it, wherever the power is cut.
import test from "ava";
import type { M95Error, PublishInfo, Uart } from "../../core/index.js";
import { MemoryStore, Worlds } from "../support/worlds.js";
import { bench, finish, outcome } from "./support.js";

test("QoS 1 and 2 are in the store until their verdict, QoS 0 never is", (t) => {
  const store = new MemoryStore();
  const b = bench({ store }, {}, false);
  const results: string[] = [];
  for (const qos of [0, 1, 2] as const) b.client.publish("t", `${qos}`, { qos }, outcome(results, `${qos}`));
  t.deepEqual(
    [...store.records],
    [
      [2, "1t\n1"],
      [4, "2t\n2"],
    ],
  );
  b.until("handed over", () => store.records.has(5));
  t.is(store.records.get(5), "-");
  b.until("all", () => results.length === 3);
  t.deepEqual([...store.records], []);
  t.is(finish(b), 0);
});

test("what a client leaves unsent is sent by the next one, in order and in front of what is new", (t) => {
  const store = new MemoryStore();
  const first = bench({ store, queueLimit: 3 }, {}, false);
  const results: string[] = [];
  for (const name of ["1", "2", "3"])
    first.client.publish("t", name, { qos: name === "2" ? 2 : 1, retain: name === "3" }, outcome(results, name));
  first.client.end();
  first.until("ended", () => results.length === 3);
  t.deepEqual(results, ["1 ECLOSED", "2 ECLOSED", "3 ECLOSED"]);
  // They count for the limit, and are not dropped for it.
  const second = bench({ store, queueLimit: 2 }, {}, false);
  second.client.publish("t", "4", { qos: 1 }, outcome(results, "4"));
  second.until("connected", () => second.client.connected);
  second.clock.advance(3000);
  second.client.publish("t", "5", { qos: 1 }, outcome(results, "5"));
  second.until("all", () => results.length === 5);
  t.deepEqual(results.slice(3), ["4 EQUEUE", "5 ok"]);
  t.deepEqual(
    second.broker.received.map(({ payload, qos, retain }) => [payload.toString(), qos, retain]),
    [
      ["1", 1, false],
      ["2", 2, false],
      ["3", 1, true],
      ["5", 1, false],
    ],
  );
  t.deepEqual([...store.records], []);
});

test("a verdict, or EUNKNOWN that was told, ends the record; what is to be sent again keeps it", (t) => {
  for (const [unknown, left] of [
    ["report", 0],
    ["resend", 1],
  ] as const) {
    const store = new MemoryStore();
    const b = bench({ store, unknown });
    const results: string[] = [];
    b.broker.ignore = (packet) => packet.cmd === "publish";
    b.client.publish("t", "x", { qos: 1 }, outcome(results, "x"));
    b.clock.advance(2000);
    b.broker.stop();
    b.until("down", () => !b.client.connected);
    b.client.end();
    b.until("told", () => results.length > 0);
    t.deepEqual(results, ["x EUNKNOWN"]);
    t.is(store.records.size, left, unknown);
  }
});

test("a publish whose record closes the port ends once, and so does the one it would have displaced; both are kept", (t) => {
  for (const queueLimit of [16, 1]) {
    const store = new MemoryStore();
    const b = bench({ store, queueLimit, queuePolicy: "drop-oldest" }, {}, false);
    const results: string[] = [];
    b.client.publish("t", "1", { qos: 1 }, outcome(results, "1"));
    // The modem is being started: the port's end is that of its clients.
    b.clock.advance(1);
    store.after = () => (b.virtual.uart as Uart).onClose!();
    b.client.publish("t", "2", { qos: 1 }, outcome(results, "2"));
    b.clock.advance(60_000);
    t.deepEqual(results, ["1 ECLOSED", "2 ECLOSED"], `queueLimit ${queueLimit}`);
    t.deepEqual([...store.records.values()], ["1t\n1", "1t\n2"]);
    t.deepEqual(
      b.diary.filter((event) => event === "end"),
      ["end"],
    );
  }
});

test("a publish that is dropped leaves the store, too", (t) => {
  const store = new MemoryStore();
  const b = bench({ store, queueLimit: 1, queuePolicy: "drop-oldest" }, {}, false);
  b.client.publish("t", "1", { qos: 1 }, () => {}).publish("t", "2", { qos: 2 }, () => {});
  b.clock.advance(0);
  t.deepEqual([...store.records.values()], ["2t\n2"]);
});

test("a store that refuses: ESTORE, nothing is sent and nothing dropped; a record that stays is an error event", (t) => {
  const store = new MemoryStore();
  const b = bench({ store, queueLimit: 1, queuePolicy: "drop-oldest" }, {}, false);
  const results: string[] = [];
  b.client.publish("t", "1", { qos: 1 }, outcome(results, "1"));
  store.before = () => {
    throw new Error("full");
  };
  b.client.publish("t", "2", { qos: 1 }, outcome(results, "2"));
  t.deepEqual(results, []);
  b.until("told", () => results.length === 2);
  t.deepEqual(results, ["2 ESTORE", "1 ok"]);
  t.deepEqual(b.diary, ["offline", "connect", "error ESTORE"]);
  t.deepEqual(
    b.broker.received.map((one) => one.payload.toString()),
    ["1"],
  );
  t.is(b.modem.stats.dropped, 0);
  store.load = () => {
    throw new Error("unreadable");
  };
  t.throws(() => bench({ store }), { code: "ESTORE", message: "store: unreadable" });
  t.throws(() => bench({ store: {} as MemoryStore }), { code: "EPARAM", message: /^store must be/ });
});

test("QoS 2 that was handed over before the cut is not sent again but told of: event unknown, else an error", (t) => {
  for (const listening of [true, false]) {
    const store = new MemoryStore();
    store.records.set(2, "6t\nx").set(3, "-").set(4, "2t\ny");
    const b = bench({ store }, {}, false);
    const told: unknown[] = [];
    if (listening)
      b.client.on("unknown", (topic: string, payload: string, info: PublishInfo) => told.push([topic, payload, info]));
    else b.client.on("error", (error) => told.push((error as M95Error).code));
    b.until("sent", () => store.records.size === 0);
    t.deepEqual(told, listening ? [["t", "x", { qos: 2, retain: true }]] : ["EUNKNOWN"]);
    t.deepEqual(
      b.broker.received.map((one) => one.payload.toString()),
      ["y"],
    );
  }
});

test("a record that could not have been accepted is not sent: it is told of and goes", (t) => {
  const store = new MemoryStore();
  store.records.set(2, "1a\x1aAT+QPOWD=0\ry\nx").set(4, "1t\nx\x1aAT+QPOWD=0\r").set(6, '1a"\nx');
  const b = bench({ store });
  b.clock.advance(10_000);
  t.deepEqual(
    b.diary.filter((line) => line.startsWith("error")),
    ["error EPARAM", "error EPARAM", "error EPAYLOAD"],
  );
  t.is(b.broker.receivedCount, 0);
  t.is(store.records.size, 0);
  t.true(b.client.connected);
});

/**
 * Publishes in several lives; in each, the power is cut at the store operation of that number, before or after it was done.
 * Returns how many operations the first life had, if it was not cut.
 */
function lives(cuts: number[], after: boolean, unknown: "report" | "resend") {
  const worlds = new Worlds();
  const { clock, broker } = worlds;
  const store = new MemoryStore();
  /** Accepted, and what was said of it. */
  const fate = new Map<string, string>();
  /** How often it had arrived when it was confirmed. */
  const arrived = (name: string) => broker.received.filter((one) => one.payload.toString() === name).length;
  const confirmed = new Map<string, number>();
  let operations = 0;
  let number = 0;
  for (const cut of [...cuts, 0]) {
    operations = 0;
    let off = false;
    const count = () => {
      if (off) throw new Error("no power");
      if (++operations === cut) off = true;
      if (off) throw new Error("no power");
    };
    store.before = after ? () => off && count() : count;
    store.after = after ? count : () => {};
    const life = worlds.live(store, { unknown, queueLimit: 40, packetTimeout: 2 });
    life.client.on("unknown", (_topic, payload) => {
      if (!off) fate.set(payload, "unknown");
    });
    const publish = (qos: 1 | 2) => {
      if (off) return;
      const name = `${100 + number++} ${qos}`;
      const topic = number % 2 ? "a" : "b";
      fate.set(name, "accepted");
      life.client.publish(topic, name, { qos }, (error) => {
        if (off) return;
        fate.set(name, error ? (error as M95Error).code : "ok");
        if (!error) confirmed.set(name, arrived(name));
      });
      if (off) fate.delete(name);
    };
    const run = (ms: number) => {
      for (const end = clock.now() + ms; !off && clock.now() < end; ) if (!clock.step(end)) break;
    };
    for (const qos of [1, 2, 1, 2] as const) publish(qos);
    run(4000);
    for (const qos of [2, 1, 1, 2, 1, 2, 1] as const) publish(qos);
    run(700);
    if (!off) life.virtual.dropLink(0, 1);
    publish(1);
    publish(2);
    run(120_000);
    if (!off && cut) return undefined;
    life.cut();
    clock.advance(200);
  }
  return { fate, confirmed, arrived, broker, store, operations };
}

for (const unknown of ["report", "resend"] as const)
  for (const after of [false, true])
    test(`the power is cut ${after ? "behind" : "in front of"} each operation of the store, unknown: "${unknown}"`, (t) => {
      const whole = lives([], after, unknown)!;
      t.true(whole.operations > 30);
      let cut = 0;
      for (let n = 1; n <= whole.operations; n++) {
        // A second cut in the life behind it, early or late.
        for (const cuts of [[n], [n, 1 + ((n * 7) % 23)]]) {
          const end = lives(cuts, after, unknown);
          if (!end) continue;
          cut++;
          const { fate, confirmed, arrived, broker, store } = end;
          for (const [name, how] of fate) {
            const where = `${cuts}: ${name} ${how}`;
            const count = arrived(name);
            if (name.endsWith("2")) t.true(count < 2, `${where}: QoS 2 came ${count} times`);
            if (how === "ok") t.is(count, confirmed.get(name)!, `${where}: sent again although confirmed`);
            else if (how === "accepted") t.true(count > 0, `${where}: lost`);
            else if (how === "unknown") t.true(name.endsWith("2"), where);
            else t.is(how, "EUNKNOWN", where);
          }
          t.is(store.records.size, 0, `${cuts}`);
          for (const topic of ["a", "b"]) {
            const names = broker.received.filter((one) => one.topic === topic).map((one) => one.payload.toString());
            const firsts = names.filter((name, i) => names.indexOf(name) === i);
            t.deepEqual(firsts, firsts.slice().sort(), `${cuts}: order of ${topic}`);
          }
        }
      }
      t.true(cut > whole.operations);
    });

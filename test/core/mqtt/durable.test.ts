// What the outbox writes into a store, byte for byte, and what it makes of what it finds there.
import { Durable } from "../../../core/mqtt/durable.js";
import type { Packet } from "../../../core/mqtt/packet.js";
import type { OutboxStore } from "../../../core/mqtt/types.js";
import test from "../../support/harness.js";

function bench(list: { key: number; record: string }[] = []) {
  const log: string[] = [];
  const store: OutboxStore = {
    load: () => list,
    append: (key, record) => log.push(`append ${key} ${JSON.stringify(record)}`),
    remove: (key) => log.push(`remove ${key}`),
  };
  const durable = new Durable(store, (error) => log.push(`${error.code} ${error.message}`));
  const keep = (qos: number, retain: number, topic: string, data: string) => {
    const packet: Packet = { text: `AT+QMTPUB=0,1,${qos},${retain},"${topic}"`, msgid: 1, data };
    durable.keepPacket(packet);
    return packet.key;
  };
  return { log, store, durable, keep };
}

test("a record is QoS and retain in one digit, topic, line feed, payload; the mark has the odd key behind it", (t) => {
  const { log, durable, keep } = bench();
  t.deepEqual(durable.readKept(), []);
  t.is(keep(1, 0, "a/b", "x"), 2);
  t.is(keep(2, 1, "c", "\n\0\xff"), 4);
  durable.noteHandover(5);
  t.deepEqual(log, ['append 2 "1a/b\\nx"', `append 4 ${JSON.stringify("6c\n\n\0\xff")}`, 'append 5 "-"']);
});

test("what is found is given back in its order; keys go on behind the last one", (t) => {
  const { log, durable, keep } = bench([
    { key: 8, record: "5a\n" },
    { key: 10, record: "2b\nx\ny" },
    { key: 11, record: "-" },
  ]);
  t.deepEqual(durable.readKept(), [
    { key: 8, qos: 1, retain: 1, topic: "a", payload: "", sent: false },
    { key: 10, qos: 2, retain: 0, topic: "b", payload: "x\ny", sent: true },
  ]);
  t.is(keep(1, 0, "a", ""), 12);
  t.deepEqual(log, ['append 12 "1a\\n"']);
});

test("marks without their publish and records of something else are cleared away", (t) => {
  const { log, durable, keep } = bench([
    { key: 3, record: "-" },
    { key: 4, record: "0a\nx" },
    { key: 6, record: "3a\nx" },
    { key: 8, record: "1\nx" },
    { key: 10, record: "1a" },
    { key: 12, record: "" },
    { key: 14, record: "1a\nx" },
    { key: 17, record: "-" },
  ]);
  t.deepEqual(
    durable.readKept().map((one) => [one.key, one.sent]),
    [[14, false]],
  );
  t.deepEqual(log, ["remove 3", "remove 4", "remove 6", "remove 8", "remove 10", "remove 12", "remove 17"]);
  t.is(keep(1, 0, "a", ""), 18);
});

test("a store that throws: ESTORE with its words where somebody waits, else reported", (t) => {
  const { log, store, durable, keep } = bench();
  store.load =
    store.append =
    store.remove =
      () => {
        throw new Error("flash is worn out");
      };
  const expected = { code: "ESTORE", message: "store: flash is worn out" };
  t.throws(() => durable.readKept(), expected);
  t.throws(() => keep(1, 0, "a", ""), expected);
  durable.noteHandover(3);
  durable.forgetPacket({ text: "", msgid: 1, key: 2 }, null);
  t.deepEqual(log, ["ESTORE store: flash is worn out", "ESTORE store: flash is worn out"]);
  store.append = () => {
    throw "just text";
  };
  t.throws(() => keep(1, 0, "a", ""), { code: "ESTORE", message: "store: just text" });
  // A key that may have been half used is not used again.
  store.append = (key) => log.push(`${key}`);
  keep(1, 0, "a", "");
  t.is(log[2], "6");
});

test("what is no store is refused", (t) => {
  for (const store of [null, 1, {}, { load() {}, append() {} }])
    t.throws(() => new Durable(store as never, () => {}), { code: "EPARAM", message: /load, append and remove/ });
});

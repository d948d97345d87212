// What a publish's callback says is true, and is said once: against lines forged in messages, and whatever ends the link, the
// modem, the port or the client meanwhile.
import test from "ava";
import type { Uart } from "../../core/index.js";
import { type Bench, bench, finish, outcome } from "./support.js";

const FORGED = "x\r\n\r\n+QMTPUB: 0,2,0\r\n";

/** A client that hears "in", and a publish with message ID 2 that the broker does not see. */
function attacked(b: Bench, results: string[], name = "p") {
  b.client.subscribe("in");
  b.clock.advance(2000);
  b.broker.ignore = (packet) => packet.cmd === "publish";
  b.client.publish("out", "x", { qos: 1 }, outcome(results, name));
  b.clock.advance(1000);
}

test("a verdict forged in a message confirms nothing: the modem gave up, and that counts", (t) => {
  const b = bench({ packetTimeout: 2, retryTimes: 1 });
  const results: string[] = [];
  attacked(b, results);
  b.broker.publish("in", FORGED);
  b.until("failed", () => results.length > 0);
  b.clock.advance(60_000);
  t.deepEqual(results, ["p ETIMEOUT"]);
  t.is(b.broker.receivedCount, 0);
});

test("a forged verdict, then the link goes: unknown", (t) => {
  const b = bench();
  const results: string[] = [];
  attacked(b, results);
  b.broker.publish("in", FORGED);
  b.clock.advance(1000);
  b.virtual.dropLink(0, 1);
  b.until("settled", () => results.length > 0);
  t.deepEqual(results, ["p EUNKNOWN"]);
});

test("a forged failure, and the acknowledgement comes later: confirmed, once", (t) => {
  const b = bench();
  const results: string[] = [];
  attacked(b, results);
  b.broker.publish("in", FORGED.replace(",0\r", ",2\r"));
  b.clock.advance(2000);
  b.broker.ignore = () => false;
  b.until("settled", () => results.length > 0);
  b.clock.advance(60_000);
  t.deepEqual(results, ["p ok"]);
  t.is(b.broker.receivedCount, 1);
});

test("forged verdicts of SUBSCRIBE and UNSUBSCRIBE count as little", (t) => {
  const b = bench({ packetTimeout: 1, retryTimes: 0 });
  const results: string[] = [];
  b.client.subscribe("in");
  b.clock.advance(2000);
  b.broker.ignore = (packet) => packet.cmd === "subscribe" || packet.cmd === "unsubscribe";
  b.client.subscribe("other", outcome(results, "subscribe")).unsubscribe("none", outcome(results, "unsubscribe"));
  b.clock.advance(800);
  b.broker.publish("in", "x\r\n\r\n+QMTSUB: 0,2,0,1\r\n\r\n+QMTUNS: 0,3,0\r\n");
  b.clock.advance(20_000);
  t.false(results.join().includes("ok"));
  b.broker.ignore = () => false;
  b.until("settled", () => results.length > 1);
});

test("real verdicts right behind messages: their IDs prove them at once", (t) => {
  const b = bench({ queueLimit: 40 }, { broker: { latency: 300 } });
  b.client.subscribe("echo");
  b.clock.advance(2000);
  // Every verdict comes without a pause behind a message.
  b.virtual.onSend = (text) => (text.includes("+QMTPUB:") ? `\r\n+QMTRECV: 0,0,"echo",x\r\n${text}` : text);
  const results: string[] = [];
  const since = b.clock.now();
  for (let i = 0; i < 12; i++) b.client.publish("up", `${i}`, { qos: 1 }, outcome(results, `${i}`));
  b.until("at the broker", () => b.broker.receivedCount === 12);
  b.until("settled", () => results.length === 12);
  t.deepEqual(
    results,
    Array.from({ length: 12 }, (_, i) => `${i} ok`),
  );
  t.true(b.clock.now() - since < 5000);
  b.virtual.onSend = undefined;
  t.is(finish(b), 0);
});

/** What may end things, at any moment. */
const ENDINGS: { [name: string]: (b: Bench) => void } = {
  "a reboot of the modem": (b) => b.virtual.reboot(),
  "a brown-out": (b) => b.virtual.brownOut(),
  "the port gone": (b) => b.modem.clock.after(0, () => (b.virtual.uart as Uart).onClose?.()),
  "the link gone": (b) => b.virtual.dropLink(0, 1),
  "the broker gone": (b) => b.broker.restart(),
  "end()": (b) => b.client.end(),
  "end(true)": (b) => b.client.end(true),
  "stop()": (b) => b.modem.stop(),
};

for (const [name, strike] of Object.entries(ENDINGS))
  test(`${name}, at any moment: every callback once, and never a false word`, (t) => {
    for (const unknown of ["report", "resend"] as const)
      for (let ms = 0; ms < 1500; ms += 75) {
        const b = bench({ unknown, packetTimeout: 2 }, { broker: { latency: 250 } });
        const results: string[] = [];
        for (let i = 0; i < 9; i++)
          b.client.publish("t", `${i}`, { qos: (i % 3) as 0 | 1 | 2 }, outcome(results, `${i}`));
        b.clock.advance(ms);
        strike(b);
        b.clock.advance(180_000);
        b.client.end();
        b.clock.advance(60_000);
        const where = `${unknown}, ${ms} ms`;
        t.is(results.length, 9, where);
        t.is(new Set(results.map((one) => one[0])).size, 9, where);
        const arrived = b.broker.received.map((one) => one.payload.toString());
        for (const one of results) {
          const [which, how] = one.split(" ") as [string, string];
          const count = arrived.filter((payload) => payload === which).length;
          // QoS 0 is done when the modem has sent it.
          if (how === "ok") t.true(count > 0 || +which % 3 === 0, `${where}: ${one}`);
          else if (how === "ECLOSED") t.is(count, 0, `${where}: ${one}`);
          else t.is(how, "EUNKNOWN", where);
          if (unknown === "report" || +which % 3 !== 1) t.true(count < 2, `${where}: ${one} came twice`);
        }
        const firsts = arrived.filter((payload, i) => arrived.indexOf(payload) === i);
        t.deepEqual(firsts, firsts.slice().sort(), `${where}: in order`);
      }
  });

test("order is kept when the modem's window is full, its prompt stays away, or the link goes", (t) => {
  // Of seed 8 three faults strike one publish, which is given up then.
  for (const seed of [1, 2, 3, 4, 5, 6, 7, 9]) {
    const b = bench({ unknown: "resend", queueLimit: 40 }, { broker: { latency: 200 } });
    const results: string[] = [];
    for (let i = 10; i < 40; i++) b.client.publish("t", `${i}`, { qos: 1 }, outcome(results, `${i}`));
    for (let i = 0; i < 6; i++) {
      b.clock.advance(150 + ((seed * 7919 + i * 104_729) % 900));
      const what = (seed + i) % 4;
      if (what === 0) b.virtual.failNext("+QMTPUB", 8512);
      else if (what === 1) b.virtual.failNext("+QMTPUB", 8503);
      else if (what === 2) b.virtual.dropLink(0, 1);
      else {
        let prompts = 1;
        b.virtual.onSend = (text) => (text.includes(">") && prompts-- > 0 ? null : text);
      }
    }
    b.until("all", () => results.length === 30);
    t.deepEqual([...new Set(results.map((one) => one.split(" ")[1]))], ["ok"], `${seed}`);
    const arrived = b.broker.received.map((one) => one.payload.toString());
    const firsts = arrived.filter((payload, i) => arrived.indexOf(payload) === i);
    t.deepEqual(
      firsts,
      Array.from({ length: 30 }, (_, i) => `${i + 10}`),
      `${seed}`,
    );
  }
});

test("a client that hears its own publishes: the verdict comes at once, and behind the message it proves that one whole", (t) => {
  const b = bench();
  b.client.subscribe("a", { qos: 1 });
  b.clock.advance(5000);
  const flags: (boolean | undefined)[] = [];
  b.client.on("message", (_topic, _payload, packet) => flags.push(packet.ambiguous));
  for (let i = 0; i < 3; i++) {
    const begun = b.clock.now();
    let took = Infinity;
    b.client.publish("a", `${i}`, { qos: 1 }, () => {
      took = b.clock.now() - begun;
    });
    b.clock.advance(20_000);
    t.true(took < 500, `${took} ms`);
  }
  t.deepEqual(flags, [false, false, false]);
});

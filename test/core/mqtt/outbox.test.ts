// The outbox on its own: window, order, message IDs, and every packet settled once whatever happens to it.
import type { Request } from "../../../core/at/types.js";
import { PUBLISHED, RETRANSMISSIONS } from "../../../core/counters.js";
import { M95Error } from "../../../core/errors.js";
import { WINDOW } from "../../../core/mqtt/outbox.js";
import { Subscriber } from "../../../core/mqtt/subscriptions.js";
import type { OutboxHost } from "../../../core/mqtt/types.js";
import { SimClock } from "../../../virtual-m95/time/sim-clock.js";
import test from "../../support/harness.js";
import { OWNER, profile, publish } from "./packets.js";

function bench() {
  const clock = new SimClock();
  const requests: Request[] = [];
  const log: string[] = [];
  let drawn = 0;
  const counters = {
    [PUBLISHED]: 0,
    get [RETRANSMISSIONS]() {
      return 0;
    },
    set [RETRANSMISSIONS](_count) {
      log.push("again");
    },
  };
  const host = {
    clock,
    counters,
    session: { framer: { stamp: Number.NEGATIVE_INFINITY }, send: (request: Request) => requests.push(request) },
    inbox: { offers: 0 },
    seen: Number.NEGATIVE_INFINITY,
    random: () => ++drawn / 65536,
    explain: () => "",
    stepBegins: () => {},
  };
  const outbox = new Subscriber(
    { ...OWNER, link: { stall: () => log.push("stall"), check: () => log.push("doubt") } },
    host as unknown as OutboxHost,
    profile(5000, 20000),
  );
  const add = (name: string, again = false, qos0 = false) =>
    outbox.add(publish(outbox, name, qos0 ? 0 : 1, again, (error) => log.push(`${name} ${error ? error.code : "ok"}`)));
  return { clock, requests, log, outbox, add, host };
}

test("one command at a time, five packets in flight, then a verdict is wanted", (t) => {
  const { requests, outbox, add, log } = bench();
  outbox.linkThere();
  for (let i = 1; i <= 8; i++) add(`${i}`);
  t.is(requests.length, 1);
  for (let i = 0; i < WINDOW; i++) requests[i]!.done(null, [], true);
  t.is(requests.length, WINDOW);
  outbox.result("QMTPUB", ["0", "3", "1", "1"], "", false);
  t.is(requests.length, WINDOW);
  t.true(outbox.result("QMTPUB", ["0", "3", "0"], "", false));
  t.false(outbox.result("QMTPUB", ["0", "3", "0"], "", false));
  t.is(requests.length, WINDOW + 1);
  t.is(outbox.waiting(true), 2);
  t.deepEqual(log, ["again", "3 ok"]);
});

test("a link lost while a packet is handed over: sent is unknown, not sent waits", (t) => {
  for (const [sent, error, expected] of [
    [true, null, "a EUNKNOWN"],
    [false, new M95Error("ECLOSED", ""), undefined],
    [true, new M95Error("ECME", ""), undefined],
  ] as const) {
    const { requests, outbox, add, log } = bench();
    outbox.linkThere();
    add("a");
    outbox.linkGone();
    requests[0]!.done(error as M95Error | null, [], sent);
    t.deepEqual(log, expected ? [expected] : []);
    t.is(outbox.waiting(true), expected ? 0 : 1);
  }
});

test("refused for good while a packet is handed over: it still ends, once", (t) => {
  const { clock, requests, outbox, add, log } = bench();
  outbox.linkThere();
  add("a");
  add("b");
  outbox.linkGone();
  outbox.refuse();
  t.deepEqual(log, ["b ECLOSED"]);
  requests[0]!.done(new M95Error("ECLOSED", ""), [], false);
  t.deepEqual(log, ["b ECLOSED", "a ECLOSED"]);
  t.is(clock.pending, 0);
});

test("a prompt that does not come is asked for three times", (t) => {
  const { requests, outbox, add, log } = bench();
  outbox.linkThere();
  add("a");
  for (let i = 0; i < 3; i++) requests[i]!.done(new M95Error("ETIMEOUT", ""), [], false);
  t.is(requests.length, 3);
  t.deepEqual(log, ["a ETIMEOUT"]);
});

test("a full window waits a second; a plain ERROR casts doubt on the link, and the third one ends the packet", (t) => {
  const { clock, requests, outbox, add, log } = bench();
  const full = new M95Error("ECME", "");
  full.cme = 8512;
  outbox.linkThere();
  add("a");
  requests[0]!.done(full, [], false);
  t.is(requests.length, 1);
  clock.advance(1000);
  t.is(requests.length, 2);
  for (let i = 1; i < 4; i++) {
    t.is(requests.length, i + 1);
    requests[i]!.done(new M95Error("ECME", ""), [], false);
    clock.advance(1000);
  }
  t.is(requests.length, 4);
  t.deepEqual(log, ["doubt", "doubt", "doubt", "a ECME"]);
  t.is(clock.pending, 0);
});

test("a full window is a failure only with fewer than five of our own in it; three of them stall the link", (t) => {
  const full = new M95Error("ECME", "");
  full.cme = 8512;
  for (const own of [4, 5]) {
    const { clock, requests, outbox, add, log } = bench();
    outbox.linkThere();
    for (let i = 0; i < own; i++) {
      add(`${i}`);
      requests[i]!.done(null, [], true);
    }
    // Somebody guesses message IDs: what stands where a payload may be is unproven, and leaves room for the next packet.
    outbox.result("QMTPUB", ["0", "999", "0"], "", true);
    for (let i = 1; i <= own; i++) outbox.result("QMTPUB", ["0", `${i}`, "0"], `+QMTPUB: 0,${i},0`, true);
    add("next");
    for (let i = 0; i < 3; i++) {
      t.deepEqual(log, []);
      requests[own + i]!.done(full, [], false);
      clock.advance(1000);
    }
    t.deepEqual(log[0], own < WINDOW ? "stall" : undefined);
  }
});

test("a verdict that is overdue is unknown; a report of retransmission grants more time", (t) => {
  const { clock, requests, outbox, add, log } = bench();
  outbox.linkThere();
  add("a");
  requests[0]!.done(null, [], true);
  clock.advance(20000);
  outbox.result("QMTPUB", ["0", "1", "1", "1"], "", false);
  clock.advance(20000);
  t.deepEqual(log, ["again"]);
  clock.advance(5000);
  t.deepEqual(log, ["again", "a EUNKNOWN"]);
  t.is(clock.pending, 0);
});

test("SUBSCRIBE and UNSUBSCRIBE are spelled as the note's examples, and each of their topics is checked", (t) => {
  for (const [drops, topics, text] of [
    [false, ["topic/example"], 'AT+QMTSUB=0,1,"topic/example",2'],
    [true, ["topic/example"], 'AT+QMTUNS=0,1,"topic/example"'],
    [true, ["a", "b", "c"], 'AT+QMTUNS=0,1,"a","b","c"'],
  ] as const) {
    const { outbox, requests } = bench();
    const filters = topics.map((topic) => ({ topic, qos: 2 }));
    outbox.changeFilters(drops ? "QMTUNS" : "QMTSUB", filters, () => {});
    outbox.linkThere();
    t.is(requests[0]!.text, text);
  }
  const add = (qos: number, topic: string) => () =>
    bench().outbox.changeFilters(
      "QMTSUB",
      [
        { topic: "a", qos: 2 },
        { topic, qos },
      ],
      () => {},
    );
  t.throws(add(3, "b"), { code: "EPARAM", message: /^qos must be an integer 0\.\.2, not 3/ });
  t.throws(add(2, 'b"'), { code: "EPARAM", message: /^topic must not hold a double quote/ });
});

test("subscriptions: topics packed into lines, remembered once, renewed unless they wait", (t) => {
  const { outbox, requests } = bench();
  const granted: unknown[] = [];
  outbox.changeFilters(
    "QMTSUB",
    [
      { topic: "a", qos: 1 },
      { topic: "b", qos: 0 },
      { topic: "a", qos: 2 },
    ],
    (_error, all) => granted.push(all),
  );
  t.deepEqual(outbox.topicFilters(), ["a", "b"]);
  outbox.changeFilters("QMTSUB", undefined, () => granted.push("renewed"));
  outbox.linkThere();
  t.is(requests[0]!.text, 'AT+QMTSUB=0,1,"a",1,"b",0,"a",2');
  requests[0]!.done(null, [], true);
  outbox.result("QMTSUB", ["0", "1", "0", "1", "128"], "", false);
  t.deepEqual(granted, [
    [
      { topic: "a", qos: 1 },
      { topic: "b", qos: 128 },
      { topic: "a", qos: undefined },
    ],
  ]);
  t.deepEqual(outbox.topicFilters(), ["a"]);
  outbox.linkGone();
  outbox.changeFilters("QMTSUB", undefined, () => granted.push("renewed"));
  t.is(outbox.waiting(false), 1);
  t.throws(() => outbox.changeFilters("QMTSUB", [], () => {}), { code: "EPARAM" });
  t.throws(
    () =>
      outbox.changeFilters(
        "QMTSUB",
        Array.from({ length: 33 }, (_, i) => ({ topic: `${i}`, qos: 0 })),
        () => {},
      ),
    { code: "ELIMIT" },
  );
});

test("an UNSUBSCRIBE waits for a SUBSCRIBE in flight, which is sent once more if need be, and the other way round", (t) => {
  const { outbox, requests } = bench();
  const change = (name: "QMTSUB" | "QMTUNS") => outbox.changeFilters(name, [{ topic: "a", qos: 1 }], () => {});
  outbox.linkThere();
  change("QMTSUB");
  requests[0]!.done(null, [], true);
  change("QMTUNS");
  change("QMTSUB");
  t.is(requests.length, 1);
  outbox.result("QMTSUB", ["0", "1", "0", "1"], "", false);
  t.is(requests[1]!.text, 'AT+QMTUNS=0,2,"a"');
  requests[1]!.done(null, [], true);
  t.is(requests.length, 2);
  outbox.result("QMTUNS", ["0", "2", "0"], "", false);
  t.is(requests[2]!.text, 'AT+QMTSUB=0,3,"a",1');
});

test("behind guesses a retransmission in front of a verdict discredits nothing, one behind it does", (t) => {
  for (const first of [true, false]) {
    const { clock, requests, outbox, add, log } = bench();
    outbox.linkThere();
    add("a");
    requests[0]!.done(null, [], true);
    outbox.result("QMTPUB", ["0", "999", "0"], "+QMTPUB: 0,999,0", true);
    const lines = [
      ["0", "1", "1", "1"],
      ["0", "1", "0"],
    ];
    for (const fields of first ? lines : lines.reverse())
      outbox.result("QMTPUB", fields, `+QMTPUB: ${fields.join()}`, true);
    clock.advance(60_000);
    t.deepEqual(log, [first ? "a ok" : "a EUNKNOWN"]);
  }
});

test("a QoS 0 publish that went out ends no trouble of those that the broker has to answer, only its own", (t) => {
  const { requests, outbox, add, log } = bench();
  outbox.linkThere();
  for (let i = 1; i <= 3; i++) {
    add(`${i}`);
    requests.at(-1)!.done(null, [], true);
    t.false(outbox.result("QMTPUB", ["0", `${i}`, "2"], `+QMTPUB: 0,${i},2`, false));
    add(`q${i}`, false, true);
    requests.at(-1)!.done(null, [], true);
    outbox.result("QMTPUB", ["0", "0", "0"], "+QMTPUB: 0,0,0", false);
  }
  t.deepEqual(log.slice(0, 6), ["1 ETIMEOUT", "q1 ok", "2 ETIMEOUT", "q2 ok", "3 ETIMEOUT", "stall"]);
  const other = bench();
  other.outbox.linkThere();
  for (let i = 1; i <= 9; i++) {
    other.add(`${i}`, false, true);
    other.requests.at(-1)!.done(null, [], true);
    other.outbox.result("QMTPUB", ["0", "0", i % 3 ? "2" : "0"], "", false);
  }
  t.false(other.log.includes("stall"));
});

test("messages hide a missing verdict only where they may have swallowed it", (t) => {
  for (const swallowed of [true, false]) {
    const { clock, requests, outbox, add, log, host } = bench();
    outbox.linkThere();
    add("a");
    requests[0]!.done(null, [], true);
    for (let s = 0; s < 60; s++) {
      clock.advance(1000);
      if (s % 5 === 0) host.session.framer.stamp = clock.now();
      if (s % 5 === 0 && swallowed) host.seen = clock.now();
    }
    t.deepEqual(log, ["a EUNKNOWN"]);
    t.is(outbox.trouble > 0, !swallowed);
  }
});

test("when nothing is taken any more, what is queued all the same ends at once", (t) => {
  const { outbox, add, log } = bench();
  outbox.refuse();
  add("a");
  t.deepEqual(log, ["a ECLOSED"]);
  t.is(outbox.waiting(true), 0);
});

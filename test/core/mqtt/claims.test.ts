// Verdicts that stand right behind a message may be part of it. The message ID proves them, until somebody is seen to guess: then
// such a claim settles nothing at once, and counts only when nothing else can be true. And packets that wait again keep their place.
import type { Request } from "../../../core/at/types.js";
import { PUBLISHED, RETRANSMISSIONS } from "../../../core/counters.js";
import { M95Error } from "../../../core/errors.js";
import { Outbox, WINDOW } from "../../../core/mqtt/outbox.js";
import type { OutboxHost } from "../../../core/mqtt/types.js";
import { SimClock } from "../../../virtual-m95/time/sim-clock.js";
import test from "../../support/harness.js";
import * as packets from "./packets.js";

/** ms until a claim counts, a packet time-out of 5 s with slack, and until a verdict is overdue, that of four tries. */
const NOTICE = 8000;
const TIME = 23_000;

/** The topic of a command. */
function topicOf(request: Request): string {
  return request.text.split('"')[1]!;
}

function bench() {
  const clock = new SimClock();
  const requests: Request[] = [];
  const log: string[] = [];
  let drawn = 0;
  const framer = { stamp: -Infinity };
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
    session: { framer, send: (request: Request) => requests.push(request) },
    inbox: { offers: 0 },
    seen: Number.NEGATIVE_INFINITY,
    // 1, 2, 3 and so on.
    random: () => ++drawn / 65536,
    explain: () => "",
    stepBegins: () => {},
  } as unknown as OutboxHost;
  const outbox = new Outbox(
    {
      ...packets.OWNER,
      link: { stall: () => undefined, check: () => log.push("doubt") },
      drained: () => log.push("drained"),
    },
    host,
    packets.profile(5000, 20000),
  );
  outbox.linkThere();
  return {
    clock,
    requests,
    log,
    outbox,
    /** Adds a publish; unless it has to wait, the modem takes it. */
    publish(name: string, qos = 1, again = false) {
      const one = packets.publish(outbox, name, qos, again, (error) =>
        log.push(`${name} ${error ? error.code : "ok"}`),
      );
      const before = requests.length;
      outbox.add(one);
      if (requests.length > before) requests[before]!.done(null, [], true);
    },
    /** A line right behind a message, which holds a message ID that is not in use as well. */
    claim(line: string) {
      outbox.result("QMTPUB", ["0", "60000", "0"], "+QMTPUB: 0,60000,0", true);
      return outbox.result("QMTPUB", line.split(","), `+QMTPUB: ${line}`, true);
    },
    /** A line right behind a message. */
    glued: (line: string) => outbox.result("QMTPUB", line.split(","), `+QMTPUB: ${line}`, true),
    /** A message is under way. */
    come() {
      framer.stamp = clock.now();
    },
    /** A line of the modem with silence in front of it. */
    verdict: (line: string) => outbox.result("QMTPUB", line.split(","), `+QMTPUB: ${line}`, false),
  };
}

test("right behind a message: the ID, which nobody else has seen, proves the verdict", (t) => {
  const { clock, log, publish, glued } = bench();
  for (const name of ["a", "b", "c"]) publish(name);
  t.true(glued("0,2,0"));
  glued("0,1,1,1");
  t.false(glued("0,1,2"), "no sign of the broker");
  t.deepEqual(log.splice(0), ["b ok", "again", "a ETIMEOUT"]);
  // A guess takes that away, for a minute.
  t.false(glued("0,60000,0"));
  t.false(glued("0,3,2"));
  t.deepEqual(log, []);
  clock.advance(60_000);
  t.deepEqual(log.splice(0), ["c ETIMEOUT", "drained"]);
  publish("d");
  t.true(glued("0,4,0"));
  t.deepEqual(log, ["d ok", "drained"]);
});

test("IDs are drawn at random; one in use gives the next free one, and 0 is none", (t) => {
  const { outbox } = bench();
  const host = (outbox as unknown as { _host: { random: () => number } })._host;
  const draw = (value: number) => {
    host.random = () => value;
    const one = packets.publish(outbox, "t", 1, false, () => {});
    outbox.add(one);
    return one.msgid;
  };
  t.deepEqual([0, 0, 0.5, 0.5, 0.9999999, 0.9999999].map(draw), [1, 2, 32768, 32769, 65535, 3]);
});

test("a claim settles nothing at once; with no other word in a packet time-out it was the verdict", (t) => {
  const { clock, log, publish, claim } = bench();
  publish("a");
  publish("b");
  clock.advance(10_000);
  t.false(claim("0,1,0"));
  t.false(claim("0,2,2"));
  clock.advance(NOTICE - 1000);
  t.deepEqual(log, []);
  clock.advance(1000);
  t.deepEqual(log, ["a ok", "b ETIMEOUT", "drained"]);
  t.is(clock.pending, 0);
});

test("a retransmission refutes the claim; a claimed one only casts doubt on it, and grants no time for ever", (t) => {
  const { clock, log, publish, claim, verdict } = bench();
  publish("a");
  claim("0,1,0");
  clock.advance(5000);
  verdict("0,1,1,1");
  t.deepEqual(log.splice(0), ["again"]);
  clock.advance(TIME - 1000);
  t.deepEqual(log, []);
  clock.advance(1000);
  t.deepEqual(log.splice(0), ["a EUNKNOWN", "drained"]);

  publish("b");
  claim("0,2,0");
  for (let i = 0; i < 22; i++) {
    t.false(claim(`0,2,1,${i}`));
    t.deepEqual(log, []);
    clock.advance(1000);
  }
  clock.advance(1000);
  t.deepEqual(log.splice(0), ["b EUNKNOWN", "drained"]);

  // Behind the clean report nothing said before it matters, not even a loss.
  publish("c");
  claim("0,3,0");
  claim("0,3,2");
  verdict("0,3,1,1");
  claim("0,3,0");
  clock.advance(NOTICE);
  t.deepEqual(log, ["again", "c ok", "drained"]);
});

test("the claim came before the OK: its time begins with the OK", (t) => {
  const { clock, log, requests, outbox, claim } = bench();
  for (const name of ["a", "b"])
    outbox.add(packets.publish(outbox, name, 1, false, (error) => log.push(`${name} ${error ? error.code : "ok"}`)));
  // Its data has gone, as the session notes.
  requests[0]!.sent = true;
  claim("0,1,0");
  requests[0]!.done(null, [], true);
  requests[1]!.sent = true;
  claim("0,2,0");
  claim("0,2,2");
  requests[1]!.done(null, [], true);
  clock.advance(NOTICE);
  t.deepEqual(log, ["a ok"]);
  clock.advance(TIME - NOTICE);
  t.deepEqual(log, ["a ok", "b EUNKNOWN", "drained"]);
});

test("nothing is a verdict of a packet whose data has not gone yet, whatever it says and whoever guesses or not", (t) => {
  for (const qos of [0, 1]) {
    const { log, requests, outbox, verdict, glued } = bench();
    outbox.add(packets.publish(outbox, "a", qos, false, (error) => log.push(`a ${error ? error.code : "ok"}`)));
    const id = qos ? "0,1" : "0,0";
    glued(`${id},0`);
    glued(`${id},2`);
    verdict(`${id},0`);
    t.deepEqual(log, []);
    requests[0]!.sent = true;
    requests[0]!.done(null, [], true);
    verdict(`${id},0`);
    t.deepEqual(log, ["a ok", "drained"]);
  }
});

test("a packet whose prompt is never certain is offered 50 times, then its fate is told as unknown", (t) => {
  const { log, requests, outbox } = bench();
  outbox.add(packets.publish(outbox, "a", 1, false, (error) => log.push(`a ${error ? error.code : "ok"}`)));
  for (let i = 0; i < requests.length; i++) requests[i]!.done(new M95Error("EUNKNOWN", "unclear"), [], false);
  t.is(requests.length, 50);
  t.deepEqual(
    log.filter((line) => line !== "drained"),
    ["a EUNKNOWN"],
  );
});

test("a clean verdict beats the claim, whichever comes first", (t) => {
  const { clock, log, publish, claim, verdict } = bench();
  publish("a");
  publish("b");
  claim("0,1,0");
  verdict("0,1,2");
  t.deepEqual(log, ["a ETIMEOUT"]);
  verdict("0,2,0");
  t.false(claim("0,2,2"));
  clock.advance(60_000);
  t.deepEqual(log, ["a ETIMEOUT", "b ok", "drained"]);
});

test("claims that contradict each other, or of a time in which bytes were lost, do not count", (t) => {
  const { clock, log, publish, claim, outbox } = bench();
  publish("contradicted");
  claim("0,1,0");
  claim("0,1,2");
  claim("0,1,0");
  publish("repeated");
  claim("0,2,0");
  claim("0,2,0");
  clock.advance(TIME);
  t.deepEqual(log.splice(0), ["repeated ok", "contradicted EUNKNOWN", "drained"]);
  publish("lost behind it");
  claim("0,3,0");
  outbox.verdictsLost();
  publish("claimed behind the loss, handed over before");
  outbox.verdictsLost();
  claim("0,4,0");
  publish("handed over behind the loss");
  claim("0,5,0");
  clock.advance(TIME);
  t.deepEqual(log, [
    "handed over behind the loss ok",
    "lost behind it EUNKNOWN",
    "claimed behind the loss, handed over before EUNKNOWN",
    "drained",
  ]);
});

test("the link goes before the time is over: unknown, or sent again without the claim", (t) => {
  const { clock, log, requests, publish, claim, outbox } = bench();
  publish("a");
  publish("b", 1, true);
  claim("0,1,0");
  claim("0,2,0");
  outbox.linkGone();
  t.deepEqual(log, ["a EUNKNOWN"]);
  outbox.linkThere();
  requests[2]!.done(null, [], true);
  clock.advance(TIME);
  t.deepEqual(log, ["a EUNKNOWN", "b EUNKNOWN", "drained"]);
});

test("a claimed retransmission grants no time", (t) => {
  const { clock, log, publish, claim } = bench();
  publish("a");
  clock.advance(20_000);
  t.false(claim("0,1,1"));
  clock.advance(3000);
  t.deepEqual(log, ["a EUNKNOWN", "drained"]);
});

test("an overdue verdict may stand behind messages: as long as they come it is waited for, 8 s at most", (t) => {
  for (const seconds of [0, 3, 8]) {
    const { clock, log, publish, verdict, come } = bench();
    publish("a");
    clock.advance(TIME - 1000);
    for (let i = 0; i <= seconds; i++) {
      clock.advance(500);
      come();
      clock.advance(500);
    }
    t.deepEqual(log, seconds < 8 ? [] : ["a EUNKNOWN", "drained"]);
    verdict("0,1,0");
    t.is(log[0], seconds < 8 ? "a ok" : "a EUNKNOWN");
  }
  // A claim counts in its time all the same.
  const claimed = bench();
  claimed.publish("a");
  claimed.claim("0,1,0");
  for (let i = 0; i < NOTICE; i += 500) {
    claimed.come();
    claimed.clock.advance(500);
  }
  t.deepEqual(claimed.log, ["a ok", "drained"]);
  // Silence, and no verdict came with it.
  const { clock, log, publish, come } = bench();
  publish("a");
  clock.advance(TIME - 500);
  come();
  clock.advance(500);
  t.deepEqual(log, []);
  clock.advance(1000);
  t.deepEqual(log, ["a EUNKNOWN", "drained"]);
});

test("a claim makes room in the window and keeps its message ID; at most 16 wait for their time", (t) => {
  const { clock, log, requests, publish, claim } = bench();
  for (let i = 1; i <= WINDOW + 1; i++) publish(`${i}`);
  t.is(requests.length, WINDOW);
  claim("0,2,0");
  t.is(requests.length, WINDOW + 1);
  requests[WINDOW]!.done(null, [], true);
  for (let i = 1; i <= WINDOW + 1; i++) claim(`0,${i},0`);
  for (let i = 0; i < 20; i++) {
    publish("more");
    claim(`0,${7 + i},0`);
  }
  t.is(requests.length, 16);
  t.deepEqual(log, []);
  clock.advance(TIME);
  t.is(log.filter((line) => line === "more ok").length, 10);
});

test("QoS 0 has one ID for all: verdicts come in order; where a payload may be, only a success counts, and none while somebody guesses", (t) => {
  const { clock, log, publish, glued, verdict, claim } = bench();
  for (const name of ["a", "b", "c", "d"]) publish(name, 0);
  t.true(verdict("0,0,0"));
  t.true(glued("0,0,0"));
  t.false(glued("0,0,2"));
  t.deepEqual(log.splice(0), ["a ok", "b ok"]);
  t.false(claim("0,0,0"));
  verdict("0,0,2");
  clock.advance(TIME);
  t.deepEqual(log, ["c ETIMEOUT", "d EUNKNOWN", "drained"]);
});

test("a line that lost its end, or says nothing known, is no verdict", (t) => {
  const { log, publish, verdict } = bench();
  publish("a");
  publish("zero", 0);
  for (const line of ["0", "0,", "0,1", "0,1,", "0,1,x", "0,,0", "0, ,0", "0,1,-1", "0,2,0"])
    t.false(verdict(line), line);
  t.deepEqual(log, []);
});

test("packets that have to wait again keep their places, whatever sends them back", (t) => {
  const { log, requests, outbox, publish } = bench();
  const texts = () => requests.map(topicOf);
  for (const name of ["a", "b"]) publish(name, 1, true);
  outbox.add(packets.publish(outbox, "c", 1, true, () => {}));
  publish("d", 1, true);
  // The link goes while c is handed over; what becomes of it is known last.
  outbox.linkGone();
  requests[2]!.done(new M95Error("ECLOSED", ""), [], false);
  outbox.add(
    packets.subscribe(outbox, "sub", () => {}),
    true,
  );
  outbox.linkThere();
  for (let i = 3; i < 8; i++) requests[i]!.done(null, [], true);
  t.deepEqual(texts(), ["a", "b", "c", "sub", "a", "b", "c", "d"]);
  // While something waits, nothing is drained.
  t.deepEqual(log, []);
});

test("a full window and a prompt that does not come hold back what is younger", (t) => {
  for (const code of [8512, 8503, 0]) {
    const { clock, requests, outbox } = bench();
    const error = new M95Error(code ? "ECME" : "ETIMEOUT", "");
    if (code) error.cme = code;
    for (const name of ["a", "b"]) outbox.add(packets.publish(outbox, name, 1, false, () => {}));
    requests[0]!.done(error, [], false);
    clock.advance(1000);
    requests[1]!.done(null, [], true);
    t.deepEqual(requests.map(topicOf), ["a", "a", "b"]);
  }
});

test("sent once without a verdict, then again and given up by the modem: the first may have arrived", (t) => {
  const { log, requests, outbox, publish } = bench();
  publish("a", 1, true);
  outbox.linkGone();
  outbox.linkThere();
  requests[1]!.done(null, [], true);
  const [, msgid] = requests[1]!.text.split(",");
  outbox.result("QMTPUB", ["0", msgid!, "2"], `+QMTPUB: 0,${msgid},2`, false);
  t.deepEqual(log, ["a EUNKNOWN", "drained"]);
});

test("sent once without a verdict, then refused: what became of it is not known", (t) => {
  const { log, requests, outbox, publish } = bench();
  publish("a", 1, true);
  outbox.linkGone();
  outbox.linkThere();
  const error = new M95Error("ECME", "");
  error.cme = 8509;
  requests[1]!.done(error, [], false);
  t.deepEqual(log, ["a EUNKNOWN", "drained"]);
});

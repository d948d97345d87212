// How a synchronisation tells that nothing older is owed any more: a query that no other command answers alike (V.250, 6.2.1 to 6.2.3), and
// a plain AT for firmware without.
import test from "../../support/harness.js";
import { SessionRig } from "./rig.js";

const GLUED = "\r\n+QMTRECV: 0,0,t,a\r\n\r\nOK\r\n";

/** A query whose answer may be part of a message, of a modem that is late with everything from then on. @param ms - and was before */
function late(ms = 500): SessionRig {
  const rig = new SessionRig();
  rig.uart.reply("AT\r", "\r\nOK\r\n", ms);
  rig.send("AT");
  rig.clock.advance(600);
  for (const query of ["ATS3?", "ATS4?", "ATS5?"]) rig.uart.always(`${query}\r`, "").always(`\x1b${query}\r`, "");
  rig.uart.reply("AT+CSQ\r", GLUED);
  rig.send("AT+CSQ", { info: "+CSQ:" });
  rig.clock.advance(1050);
  rig.take();
  rig.uart.written.splice(0, 1);
  rig.uart.reply("AT+CSQ\r", "\r\n+CSQ: 21,0\r\n\r\nOK\r\n");
  return rig;
}

test("an OK that is late ends no synchronisation, and so is not taken for an empty answer", (t) => {
  const rig = late();
  rig.uart.feed("\r\n+CSQ: 20,0\r\n\r\nOK\r\n");
  rig.clock.advance(100);
  t.deepEqual(rig.uart.written, ["AT+CSQ\r", "\x1b", "ATS4?\r"]);
  rig.uart.feed("\r\n010\r\n\r\nOK\r\n");
  t.deepEqual(rig.settle(), ["AT+CSQ OK [+CSQ: 21,0]"]);
});

test("of several only the last one counts, and behind a late one the others have four times what the modem takes", (t) => {
  const rig = late();
  rig.clock.advance(600);
  t.deepEqual(rig.uart.written.slice(2), ["ATS4?\r", "\x1bATS5?\r"]);
  rig.uart.feed("\r\n010\r\n\r\nOK\r\n");
  rig.clock.advance(1900);
  t.is(rig.uart.written.length, 4);
  rig.uart.feed("\r\n008\r\n\r\nOK\r\n");
  t.deepEqual(rig.settle(), ["AT+CSQ OK [+CSQ: 21,0]"]);
});

test("none that is late when a plain AT was sent meanwhile", (t) => {
  const rig = late();
  rig.clock.advance(1100);
  t.is(rig.uart.written.at(-1), "AT\r");
  rig.uart.feed("\r\n010\r\n\r\nOK\r\n\r\n008\r\n\r\nOK\r\n");
  rig.clock.advance(100);
  rig.uart.feed("\r\nOK\r\n");
  rig.clock.advance(1800);
  t.is(rig.uart.written.at(-1), "AT\r");
  rig.clock.advance(200);
  t.is(rig.uart.written.at(-1), "ATS4?\r");
  rig.uart.feed("\r\n010\r\n\r\nOK\r\n");
  t.deepEqual(rig.settle(), ["AT+CSQ OK [+CSQ: 21,0]"]);
});

test("nor two of them, however many plain ATs were sent behind them", (t) => {
  for (const ms of [1600, 2100, 2600]) {
    const rig = late();
    rig.uart.always("AT\r", "").always("\x1bAT\r", "");
    rig.clock.advance(ms);
    rig.uart.feed("\r\n010\r\n\r\nOK\r\n\r\n008\r\n\r\nOK\r\n");
    rig.clock.advance(100);
    t.false(rig.uart.written.slice(1).includes("AT+CSQ\r"), `${ms} ms`);
    rig.uart.feed("\r\nOK\r\n\r\nOK\r\n");
    rig.clock.advance(2000);
    const last = rig.uart.written.at(-1)!;
    t.regex(last, /ATS[345]\?/, `${ms} ms`);
    rig.uart.feed(`\r\n${{ 3: "013", 4: "010", 5: "008" }[/[345]/.exec(last)![0]]}\r\n\r\nOK\r\n`);
    t.deepEqual(rig.settle(), ["AT+CSQ OK [+CSQ: 21,0]"]);
  }
});

test("the first is asked for again only when its answer has had two seconds: that one may be late", (t) => {
  const rig = late();
  // One of them, wherever it stands, tells that there are such.
  rig.uart.feed("\r\n+QMTRECV: 0,0,t,b\r\n\r\n013\r\n");
  rig.clock.advance(1100);
  t.true(rig.uart.written.at(-1)!.endsWith("ATS3?\r"));
  rig.clock.advance(1400);
  t.true(rig.uart.written.at(-1)!.endsWith("ATS3?\r"));
  rig.uart.feed("\r\n010\r\n\r\nOK\r\n");
  rig.clock.advance(10);
  t.true(rig.uart.written.at(-1)!.endsWith("ATS3?\r"), "late");
  rig.uart.feed("\r\n008\r\n\r\nOK\r\n\r\n013\r\n\r\nOK\r\n");
  t.true(rig.settle().includes("AT+CSQ OK [+CSQ: 21,0]"));
});

test("an OK that may be part of a message does not make the two seconds shorter", (t) => {
  const rig = late();
  rig.uart.feed("\r\n+QMTRECV: 0,0,t,b\r\n\r\n013\r\n");
  rig.clock.advance(1100);
  rig.uart.feed(GLUED);
  rig.clock.advance(2100);
  const { length } = rig.uart.written;
  t.true(rig.uart.written.at(-1)!.endsWith("ATS4?\r"));
  rig.uart.feed(GLUED);
  rig.clock.advance(1000);
  t.is(rig.uart.written.length, length);
  rig.uart.feed("\r\n010\r\n\r\nOK\r\n");
  t.true(rig.settle().includes("AT+CSQ OK [+CSQ: 21,0]"));
});

test("one that may be part of a message proves nothing", (t) => {
  const rig = late();
  rig.uart.feed("\r\n+QMTRECV: 0,0,t,b\r\n\r\n010\r\n\r\nOK\r\n");
  rig.clock.advance(500);
  t.deepEqual(rig.take(), ["message? +QMTRECV: 0,0,t,b"]);
  t.is(rig.uart.written.at(-1), "\x1bATS5?\r", "it is asked again at the next silence");
  rig.uart.feed("\r\n008\r\n\r\nOK\r\n");
  t.deepEqual(rig.settle(), ["AT+CSQ OK [+CSQ: 21,0]"]);
});

test("nor does it stand for the one to an older question: that one is still owed, and has its two seconds", (t) => {
  const rig = late(10);
  rig.uart.always("AT\r", "").always("\x1bAT\r", "");
  while (rig.uart.written.at(-1) !== "\x1bAT\r") rig.clock.advance(50);
  const { length } = rig.uart.written;
  rig.uart.feed("\r\n+QMTRECV: 0,0,t,b\r\n\r\n008\r\n");
  rig.clock.advance(50);
  rig.uart.feed("\r\n010\r\n\r\nOK\r\n");
  rig.clock.advance(1900);
  // What is late would be taken for the answer of one that was asked meanwhile.
  t.is(rig.uart.written.length, length);
});

test("where the OK of a plain AT seemed to be enough, a proof that is late shows that it was not", (t) => {
  const rig = late();
  rig.clock.advance(1100);
  rig.uart.feed("\r\n+QMTRECV: 0,0,t,b\r\n\r\n010\r\n");
  rig.clock.advance(50);
  rig.uart.feed("\r\nOK\r\n");
  rig.clock.advance(50);
  rig.uart.feed("\r\n008\r\n\r\nOK\r\n\r\nOK\r\n");
  rig.clock.advance(2100);

  t.deepEqual(rig.take(), ["message? +QMTRECV: 0,0,t,b"]);
  t.is(rig.uart.written.at(-1), "ATS4?\r");
  rig.uart.feed("\r\n010\r\n\r\nOK\r\n");
  t.deepEqual(rig.settle(), ["AT+CSQ OK [+CSQ: 21,0]"]);
});

test("firmware without: refused twice, a plain AT has to do", (t) => {
  const rig = late();
  rig.uart.reply("\x1bATS5?\r", "\r\nERROR\r\n").reply("AT\r", "\r\nOK\r\n");
  rig.uart.feed("\r\nERROR\r\n");
  t.deepEqual(rig.settle(), ["AT+CSQ OK [+CSQ: 21,0]"]);
  t.deepEqual(rig.uart.written, ["AT+CSQ\r", "\x1b", "ATS4?\r", "\x1bATS5?\r", "AT\r", "AT+CSQ\r"]);
});

test("behind an answer whose line end got lost a command waits for the whole guard time: the modem may still be at it", (t) => {
  const rig = new SessionRig();
  rig.clock.advance(5000);
  rig.uart.reply("AT+CSQ\r", "\r\n+CSQ: 20,0\r\n\r\nOK\r\n\r\nOK").always("AT\r", "\r\nOK\r\n");
  rig.send("AT+CSQ", { info: "+CSQ:" });
  rig.clock.advance(5);
  t.deepEqual(rig.take(), ["AT+CSQ OK [+CSQ: 20,0]"]);
  rig.send("AT");
  rig.clock.advance(15);
  t.is(rig.uart.written.length, 1);
  t.is(rig.settle()[0], "AT OK");
});

test("a time-out waits for the end of a line that is under way: a long message may be in front of the answer", (t) => {
  const rig = new SessionRig();
  rig.send("AT+X=1");
  rig.clock.advance(950);
  for (let i = 0; i < 12; i++) {
    rig.uart.feed(i ? "x".repeat(10) : "\r\n+QMTRECV: 0,0,t,");
    rig.clock.advance(100);
  }
  rig.uart.feed("\r\n");
  rig.clock.advance(30);
  rig.uart.feed("\r\nOK\r\n");
  t.is(rig.settle().at(-1), "AT+X=1 OK");
});

test("a clean error does not shorten the two seconds that a late proof has", (t) => {
  const rig = late();
  // A forged one makes the driver believe in proofs: the third is asked for as well.
  rig.uart.feed("\r\n+QMTRECV: 0,0,t,b\r\n\r\n010\r\n");
  rig.clock.advance(1600);
  t.deepEqual(rig.uart.written.slice(2), ["ATS4?\r", "ATS5?\r", "\x1bATS3?\r"]);
  // That of what has led out, which the modem held back; what it owes to the first query is still to come.
  rig.uart.feed("\r\nERROR\r\n");
  rig.clock.advance(300);
  t.is(rig.uart.written.length, 5);
  for (const [proof, ms] of [
    ["010", 200],
    ["008", 200],
  ] as const) {
    rig.uart.feed(`\r\n${proof}\r\n\r\nOK\r\n`);
    rig.clock.advance(ms);
    t.is(rig.uart.written.at(-1), "\x1bATS3?\r");
  }
  rig.uart.feed("\r\n013\r\n\r\nOK\r\n");
  t.is(rig.settle().pop(), "AT+CSQ OK [+CSQ: 21,0]");
});

test("behind a plain AT not even a late proof that may be part of a message brings the next one on early", (t) => {
  const rig = late();
  rig.clock.advance(1100);
  t.deepEqual(rig.uart.written.slice(2), ["ATS4?\r", "\x1bATS5?\r", "AT\r"]);
  rig.uart.feed("\r\n+QMTRECV: 0,0,t,b\r\n\r\n010\r\n\r\nOK\r\n");
  rig.clock.advance(1900);
  t.is(rig.uart.written.length, 5, "the answer to ATS5? may still come");
  rig.uart.feed("\r\n008\r\n\r\nOK\r\n");
  rig.clock.advance(100);
  t.false(rig.uart.written.slice(1).includes("AT+CSQ\r"));
});

test("behind queries that had no answer an OK has two seconds in which theirs may still come", (t) => {
  const rig = late();
  rig.clock.advance(1100);
  t.is(rig.uart.written.at(-1), "AT\r");
  rig.uart.feed("\r\nOK\r\n");
  rig.clock.advance(1900);
  t.false(rig.uart.written.slice(1).includes("AT+CSQ\r"));
  t.deepEqual(rig.settle(), ["AT+CSQ OK [+CSQ: 21,0]"]);
});

test("one that a message has forged makes the real one, which is late, no proof for the second time it is asked for", (t) => {
  const rig = late();
  rig.uart.feed("\r\n+QMTRECV: 0,0,t,b\r\n\r\n010\r\n");
  for (let asks = 5; rig.uart.written.length < asks + 1; ) rig.clock.advance(100);
  t.is(rig.uart.written.at(-1), "ATS4?\r");
  for (const proof of ["010", "008", "013"]) {
    rig.uart.feed(`\r\n${proof}\r\n\r\nOK\r\n`);
    rig.clock.advance(50);
    t.false(rig.uart.written.slice(1).includes("AT+CSQ\r"), proof);
  }
  rig.uart.feed("\r\n010\r\n\r\nOK\r\n");
  t.is(rig.settle().pop(), "AT+CSQ OK [+CSQ: 21,0]");
});

test("forged ones, all in a message or one in each of many, do not use up the tries that real ones bring", (t) => {
  for (const messages of [0, 290]) {
    const rig = late();
    if (!messages)
      for (let i = 0; i < 5; i++) rig.uart.feed(`${i ? "" : "\r\n+QMTRECV: 0,0,t,b"}${"\r\n\r\n013".repeat(25)}`);
    for (let i = 0; i < messages; i++) {
      rig.uart.feed("\r\n\r\n+QMTRECV: 0,0,t,b\r\n\r\n013\r\n");
      rig.clock.advance(i % 10 ? 450 : 600);
    }
    const from = rig.clock.now();
    // An answer comes to each eighth question, and is never the one to the last.
    for (let round = 0; round < 3; round++) {
      for (
        const asks = rig.uart.written.length + 8;
        rig.uart.written.length < asks && rig.clock.now() < from + 60_000;
      )
        rig.clock.advance(100);
      rig.uart.feed("\r\n010\r\n\r\nOK\r\n");
    }
    t.false(
      rig.take().some((event) => event.startsWith("mute")),
      `${messages}`,
    );
  }
});

/** A modem that gives the proofs, but a bare digit, or nothing, instead of OK. */
function withoutOk(digit: string): SessionRig {
  const rig = new SessionRig();
  for (const leadOut of ["", "\x1b"]) {
    rig.uart.always(`${leadOut}AT\r`, digit);
    [3, 4, 5].forEach((register, i) => {
      rig.uart.always(`${leadOut}ATS${register}?\r`, `\r\n${["013", "010", "008"][i]}\r\n${digit}`);
    });
  }
  rig.send("AT+X=1");
  return rig;
}

test("ATV0: behind a time-out, too, the bare digit tells, and ATV1 brings an OK", (t) => {
  const rig = withoutOk("0\r");
  rig.uart.reply("ATV1\r", "\r\nOK\r\n").reply("AT+CSQ\r", "\r\n+CSQ: 20,0\r\n\r\nOK\r\n");
  rig.send("AT+CSQ", { info: "+CSQ:" });
  rig.clock.advance(10000);
  t.deepEqual(
    rig.take().filter((event) => event !== "urc 0"),
    ["AT+X=1 ETIMEOUT", "AT+CSQ OK [+CSQ: 20,0]"],
  );
});

test("proofs without any OK are no answer: the modem counts as mute in the end", (t) => {
  for (const digit of ["", "0\r"]) {
    const rig = withoutOk(digit);
    rig.clock.advance(150000);
    t.is(rig.take().pop(), "mute AT: no answer; check power, wiring and baud rate", JSON.stringify(digit));
  }
});

test("a message that holds the answers makes no modem mute that has none of them", (t) => {
  const rig = new SessionRig();
  for (const leadOut of ["", "\x1b"]) {
    rig.uart.always(`${leadOut}AT\r`, "\r\nOK\r\n");
    for (const query of ["ATS3?", "ATS4?", "ATS5?"]) rig.uart.always(`${leadOut}${query}\r`, "\r\nERROR\r\n", 200);
  }
  rig.uart.reply("AT+CSQ\r", GLUED).reply("AT+CSQ\r", "\r\n+CSQ: 20,0\r\n\r\nOK\r\n");
  rig.send("AT+CSQ", { info: "+CSQ:" });
  while (!rig.uart.written.includes("ATS4?\r")) rig.clock.advance(1);
  rig.uart.feed("\r\n+QMTRECV: 0,0,t,a\r\n\r\n010\r\n\r\n008\r\n");
  const events = rig.settle();
  t.is(events.pop(), "AT+CSQ OK [+CSQ: 20,0]");
  t.false(events.join().includes("mute"));
  t.true(rig.clock.now() < 10_000);
});

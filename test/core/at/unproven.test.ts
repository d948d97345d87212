// The session on a line with messages on it: results and prompts that may be part of one prove nothing. What is done about that, how long the
// modem's own is waited for, and what may still come of a command that was given up.
import test from "../../support/harness.js";
import { SessionRig } from "./rig.js";

const PUB = 'AT+QMTPUB=0,1,1,0,"t"';
const MESSAGE = "\r\n+QMTRECV: 0,0,t,a\r\n";
const OK = "\r\nOK\r\n";

/** A modem that answers AT, with a way out of a prompt in front or without. */
function rigged(): SessionRig {
  const rig = new SessionRig();
  rig.uart.always("AT\r", OK).always("\x1bAT\r", OK);
  return rig;
}

/** A command is answered so late, and the session has seen it. */
function slow(ms: number): SessionRig {
  const rig = rigged();
  rig.uart.reply("AT+CGATT?\r", OK, ms);
  rig.send("AT+CGATT?");
  rig.settle();
  rig.uart.written.length = 0;
  return rig;
}

// ---- the modem's pace

test("a result that proves nothing is left at the next silence, if the modem is quick", (t) => {
  const rig = slow(5);
  const began = rig.clock.now();
  rig.uart.reply("AT+CFUN=1\r", MESSAGE + OK);
  rig.send("AT+CFUN=1");
  t.is(rig.settle().pop(), "AT+CFUN=1 EUNKNOWN");
  t.true(rig.clock.now() - began < 250);
});

test("a modem that was seen to take 400 ms is given as long for its own result", (t) => {
  const rig = slow(400);
  rig.uart.reply("AT+CFUN=1\r", MESSAGE + OK);
  rig.send("AT+CFUN=1");
  rig.clock.advance(390);
  t.deepEqual(rig.take(), ["message? +QMTRECV: 0,0,t,a"]);
  rig.uart.feed("\r\n+CME ERROR: 30\r\n");
  t.deepEqual(rig.take(), ["AT+CFUN=1 ECME 30"]);
  t.deepEqual(rig.uart.written, ["AT+CFUN=1\r"]);
});

test("and no longer than that", (t) => {
  const rig = slow(400);
  rig.uart.reply("AT+CFUN=1\r", MESSAGE + OK);
  rig.send("AT+CFUN=1");
  rig.clock.advance(430);
  t.is(rig.take().pop(), "AT+CFUN=1 EUNKNOWN");
});

test("its pace is 500 ms at most, and no slow command tells of it", (t) => {
  for (const timeout of [1000, 180000]) {
    const rig = rigged();
    rig.uart.reply("AT+COPS?\r", OK, 900).reply("AT+CFUN=1\r", MESSAGE + OK);
    rig.send("AT+COPS?", { timeout });
    rig.settle();
    rig.send("AT+CFUN=1");
    rig.clock.advance(timeout < 8000 ? 490 : 50);
    t.is(rig.ended.length, timeout < 8000 ? 1 : 2);
    rig.clock.advance(15);
    t.is(rig.ended.length, 2);
  }
});

test("a synchronisation waits as long for late answers", (t) => {
  for (const [rig, ms] of [
    [slow(5), 100],
    [slow(400), 400],
  ] as const) {
    const began = rig.clock.now();
    rig.sync(3);
    t.deepEqual(rig.settle(), ["synced OK"]);
    t.is(rig.clock.now() - began, 1 + ms);
  }
});

// ---- a publish whose OK proves nothing

/** The data of a publish has gone, and its OK is one that a message may hold. */
function unsettled(): SessionRig {
  const rig = rigged();
  rig.uart.reply(`${PUB}\r`, "\r\n> ").reply("x\x1a", MESSAGE + OK);
  rig.send(PUB, { prompt: ">", data: "x\x1a" });
  rig.settle();
  rig.uart.written.length = 0;
  return rig;
}

test("data is out of the prompt whatever is said then: the next publish goes at once", (t) => {
  const rig = unsettled();
  rig.uart.reply(`${PUB}\r`, "\r\n> ").reply("y\x1a", OK);
  rig.send(PUB, { prompt: ">", data: "y\x1a" });
  t.deepEqual(rig.settle(), [`${PUB} OK`]);
  t.deepEqual(rig.uart.written, [`${PUB}\r`, "y\x1a"]);
});

test("but not one whose prompt counts bytes: a modem that still owes its OK may not hear it, and in vain they would be written", (t) => {
  const rig = unsettled();
  rig.uart.reply("ATS4?\r", `${OK}\r\n010\r\n${OK}`).reply(`${PUB},5\r`, "\r\n> ").reply("hello", OK);
  rig.send(`${PUB},5`, { prompt: ">", data: "hello", counted: true });
  t.deepEqual(rig.settle(), [`${PUB},5 OK`]);
  t.deepEqual(rig.uart.written, ["ATS4?\r", `${PUB},5\r`, "hello"]);
});

test("the modem's own OK may be late: it ends no other command, whose line is led out first", (t) => {
  const rig = unsettled();
  rig.uart.reply("ATS4?\r", `${OK}\r\n010\r\n${OK}`).reply("AT+CSQ\r", `\r\n+CSQ: 20,0\r\n${OK}`);
  rig.send("AT+CSQ", { info: "+CSQ:" });
  t.deepEqual(rig.settle(), ["AT+CSQ OK [+CSQ: 20,0]"]);
  t.deepEqual(rig.uart.written, ["ATS4?\r", "AT+CSQ\r"]);
  rig.send("AT+CSQ", { info: "+CSQ:" });
  rig.clock.advance(25);
  t.is(rig.uart.written.length, 3, "once is enough");
});

test("an error may be late as well: one in front of the prompt of the next publish is not that one's", (t) => {
  const rig = unsettled();
  rig.uart.reply(`${PUB}\r`, "\r\n+CME ERROR: 50\r\n\r\n> ").reply("y\x1a", OK);
  rig.send(PUB, { prompt: ">", data: "y\x1a" });
  t.deepEqual(rig.settle(), [`${PUB} OK`]);
});

test("if no prompt follows, it may have been: that one was not sent", (t) => {
  const rig = unsettled();
  rig.uart.reply(`${PUB}\r`, "\r\n+CME ERROR: 50\r\n");
  rig.send(PUB, { prompt: ">", data: "y\x1a" });
  t.deepEqual(rig.settle(), [`${PUB} EUNKNOWN unsent`]);
  t.deepEqual(rig.uart.written, [`${PUB}\r`, "\x1b", "ATS4?\r"]);
});

test("once refused, where it may be a message: the data may stand on the command line, so the line is led out", (t) => {
  const rig = rigged();
  rig.uart.reply(`${PUB}\r`, "\r\n> ").reply("x\x1a", `${MESSAGE}\r\nERROR\r\n${OK}`);
  rig.send(PUB, { prompt: ">", data: "x\x1a" });
  t.is(rig.settle().pop(), `${PUB} EUNKNOWN`);
  t.deepEqual(rig.uart.written, [`${PUB}\r`, "x\x1a", "\x1b", "ATS4?\r"]);
});

// ---- prompts

test("a prompt that counts bytes and may be part of a message: its data goes when nothing else came, since it does no harm", (t) => {
  const rig = rigged();
  rig.uart.reply(`${PUB},5\r`, `${MESSAGE}\r\n> \r\n`);
  rig.send(`${PUB},5`, { prompt: ">", data: "hello", counted: true });
  rig.clock.advance(900);
  t.deepEqual(rig.uart.written, [`${PUB},5\r`], "all the time that it has is waited for the modem's own");
  rig.uart.reply("hello", OK);
  t.is(rig.settle().pop(), `${PUB},5 OK`);
  t.deepEqual(rig.uart.written, [`${PUB},5\r`, "hello"]);
});

test("an error where a counting prompt is waited for may be a message: the line is led out", (t) => {
  const rig = rigged();
  rig.uart.reply(`${PUB},5\r`, `${MESSAGE}\r\nERROR\r\n`);
  rig.send(`${PUB},5`, { prompt: ">", data: "hello", counted: true });
  t.is(rig.settle().pop(), `${PUB},5 EUNKNOWN unsent`);
  t.deepEqual(rig.uart.written, [`${PUB},5\r`, "\x1b", "ATS4?\r"]);
});

test("nor does it say that no prompt came, if a message may have hidden that: as many bytes lead out of it", (t) => {
  const rig = rigged();
  rig.uart.reply(`${PUB},5\r`, `\r\n+QMTRECV: 0,0,t,a\r\n\r\nb\r\n\r\nERROR\r\n`);
  rig.send(`${PUB},5`, { prompt: ">", data: "hello", counted: true });
  t.is(rig.settle().pop(), `${PUB},5 EUNKNOWN`);
  t.deepEqual(rig.uart.written, [`${PUB},5\r`, "hello\b\b\b\b\b", "\x1b", "ATS4?\r"]);
});

test("a prompt and an error that may both be part of a message: where it was the modem's own prompt, the data is what gets into it", (t) => {
  const rig = rigged();
  rig.uart.reply(`${PUB},5\r`, `${MESSAGE}\r\n> \r\nERROR\r\n`);
  rig.send(`${PUB},5`, { prompt: ">", data: "hello", counted: true });
  t.is(rig.settle().pop(), `${PUB},5 EUNKNOWN`);
  t.deepEqual(rig.uart.written, [`${PUB},5\r`, "hello\b\b\b\b\b", "\x1b", "ATS4?\r"]);
});

test("a result among the lines of an answer was part of a message: it does not end the query", (t) => {
  const rig = rigged();
  rig.uart.reply("AT+CGDCONT?\r", `${MESSAGE}\r\nERROR\r\n`);
  rig.send("AT+CGDCONT?", { info: "+CGDCONT:", timeout: 3000 });
  rig.clock.advance(200);
  rig.uart.feed('\r\n+CGDCONT: 1,"IP"\r\n');
  rig.clock.advance(2000);
  t.deepEqual(rig.take(), ["message? +QMTRECV: 0,0,t,a"]);
  rig.uart.reply("AT+CGDCONT?\r", `\r\n+CGDCONT: 1,"IP"\r\n${OK}`);
  rig.uart.feed(OK);
  t.is(rig.settle().pop(), 'AT+CGDCONT? OK [+CGDCONT: 1,"IP"]');
});

test("nor an upload, which still waits for its CONNECT", (t) => {
  const rig = rigged();
  rig.uart.reply("AT+QSECWRITE\r", `${MESSAGE}\r\nERROR\r\n`).reply("cert", OK);
  rig.send("AT+QSECWRITE", { prompt: "CONNECT", data: "cert", info: "+QSECWRITE:" });
  rig.clock.advance(200);
  rig.uart.feed("\r\n+QSECWRITE: 0\r\n\r\nCONNECT\r\n");
  t.is(rig.settle().pop(), "AT+QSECWRITE OK [+QSECWRITE: 0]");
  t.deepEqual(rig.uart.written, ["AT+QSECWRITE\r", "cert"]);
});

// ---- synchronising on a busy line

test("+++ is sent again behind every AT without an answer, each time with a second of silence behind it", (t) => {
  const rig = new SessionRig();
  rig.sync(5, "+++");
  t.deepEqual(rig.settle(), ["synced ETIMEOUT"]);
  t.deepEqual(rig.uart.written, ["+++", "AT\r", "+++", "AT\r", "+++", "AT\r"]);
  t.is(rig.clock.now(), 3 * 1500);
});

test("an OK behind the pluses, in front of the first AT, proves nothing: they may stand in front of the next command", (t) => {
  const rig = new SessionRig();
  rig.uart.reply("+++", OK).reply("AT\r", OK);
  rig.sync(4, "+++");
  rig.clock.advance(900);
  t.deepEqual(rig.uart.written, ["+++"]);
  t.deepEqual(rig.settle(), ["synced OK"]);
  t.deepEqual(rig.uart.written, ["+++", "AT\r"]);
});

/** Messages without a silence in between, for so long. */
function busy(rig: SessionRig, ms: number): void {
  for (let at = 0; at < ms; at += 10) {
    rig.uart.feed(MESSAGE);
    rig.clock.advance(10);
  }
}

test("between messages AT gets no answer that proves anything: it is sent at the next silence", (t) => {
  const rig = new SessionRig();
  rig.uart.always("AT\r", OK);
  busy(rig, 100);
  rig.sync(2);
  busy(rig, 3000);
  t.deepEqual(rig.uart.written, [], "it is waited for a silence");
  t.deepEqual(
    rig.take().filter((event) => event.startsWith("synced")),
    [],
  );
  t.is(rig.settle().pop(), "synced OK");
});

test("an OK that may be part of a message costs no try", (t) => {
  const rig = new SessionRig();
  for (let i = 0; i < 6; i++) rig.uart.reply("AT\r", MESSAGE + OK);
  rig.uart.reply("AT\r", OK);
  rig.sync(2);
  t.is(rig.settle().pop(), "synced OK");
  t.is(rig.uart.written.length, 7);
});

test("a modem that is heard is not mute, however long its messages keep an answer away", (t) => {
  const rig = new SessionRig();
  rig.send("AT+CFUN=1");
  rig.clock.advance(1000);
  busy(rig, 120_000);
  t.deepEqual(
    rig.take().filter((event) => !event.startsWith("message")),
    ["AT+CFUN=1 ETIMEOUT"],
  );
  rig.uart.always("AT\r", OK).always("\x1bAT\r", OK).reply("AT+CSQ\r", OK);
  rig.send("AT+CSQ");
  t.is(rig.settle().pop(), "AT+CSQ OK");
});

test("when they stop and nothing answers, it is", (t) => {
  const rig = new SessionRig();
  for (const query of ["ATS3?", "ATS4?", "ATS5?"]) rig.uart.always(`${query}\r`, "");
  rig.send("AT+CFUN=1");
  rig.clock.advance(1000);
  busy(rig, 60_000);
  rig.take();
  t.is(rig.settle().pop(), "mute AT: no answer; check power, wiring and baud rate");
});

// ---- what throws

test("a port that throws at a write, a callback that throws: told, and the next command goes", (t) => {
  const rig = rigged();
  const thrown: string[] = [];
  rig.threw = (error) => thrown.push((error as Error).message);
  const write = rig.uart.write;
  rig.uart.write = () => {
    throw new Error("the port is busy");
  };
  rig.send("AT+CSQ", { timeout: 300 });
  rig.clock.advance(30);
  rig.uart.write = write;
  t.is(rig.settle().pop(), "AT+CSQ ETIMEOUT");
  t.deepEqual(thrown, ["the port is busy"]);
  rig.uart.always("AT+CSQ\r", OK);
  const bad = {
    done: () => {
      throw new Error("no");
    },
  };
  rig.send("AT+CSQ", bad);
  rig.send("AT+CSQ");
  t.deepEqual(rig.settle(), ["AT+CSQ OK", "AT+CSQ OK"]);
  t.deepEqual(thrown, ["the port is busy", "no"]);
});

test("what a message's receiver throws is told as well", (t) => {
  const rig = new SessionRig();
  const thrown: string[] = [];
  rig.threw = (error) => thrown.push((error as Error).message);
  rig.session.inbox = {
    received: () => {
      throw new Error("no messages");
    },
  };
  rig.uart.feed(MESSAGE);
  rig.clock.advance(40);
  t.deepEqual(thrown, ["no messages"]);
  t.is(rig.stats.overruns, 1);
});

test("who knows of proofs is asked", (t) => {
  const rig = new SessionRig();
  t.false(rig.session.proves("+QMTPUB: 0,1,0"));
});

// ---- a modem that is still at it

test("a slow command that was given up behind a message may be under way still: AT is sent until its time is over", (t) => {
  for (const busy of [40_000, 400_000]) {
    const rig = new SessionRig();
    for (const query of ["ATS3?", "ATS4?", "ATS5?"]) rig.uart.always(`${query}\r`, "");
    rig.send("AT+COPS=0", { timeout: 182_000 });
    rig.clock.advance(100);
    rig.uart.feed(MESSAGE + OK);
    rig.clock.advance(busy);
    t.is(rig.take().filter((one) => one.startsWith("mute")).length, busy < 182_000 ? 0 : 1);
    rig.uart.always("AT\r", OK).always("\x1bAT\r", OK).always("AT+CSQ\r", OK);
    rig.send("AT+CSQ");
    t.is(rig.settle().pop(), "AT+CSQ OK");
  }
});

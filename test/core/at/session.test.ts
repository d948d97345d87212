// The session: AT exchanges as the M95 has them, and every way in which they can go wrong. The combinations of echo, line
// ends and URC positions are in matrix.test.ts.
import { QUEUE_LIMIT } from "../../../core/at/session.js";
import { M95Error } from "../../../core/errors.js";
import { bytewise, everyCut, inChunks } from "../../support/fake-uart.js";
import test from "../../support/harness.js";
import { LIMIT, SessionRig } from "./rig.js";

type Assert = { deepEqual(actual: unknown, expected: unknown, message?: string): unknown };

/** Runs an exchange with every answer at every split position and compares the events. */
function exchange(t: Assert, text: string, play: (rig: SessionRig) => void, expected: string[]): void {
  for (const { name, cut } of everyCut(text)) {
    const rig = new SessionRig();
    rig.uart.cut = cut;
    play(rig);
    t.deepEqual(rig.settle(), expected, name);
    t.deepEqual(rig.clock.pending, 0, name);
  }
}

/** One command and its answer. */
function answer(
  t: Assert,
  command: string,
  text: string,
  rest: Parameters<SessionRig["send"]>[1],
  expected: string[],
  again = "",
) {
  exchange(
    t,
    text,
    (rig) => {
      rig.uart.reply(`${command}\r`, text).reply(`${command}\r`, again);
      if (again) rig.uart.always("AT\r", "\r\nOK\r\n");
      rig.send(command, rest);
    },
    expected,
  );
}

const PUB = 'AT+QMTPUB=0,1,1,0,"t"';

// ---- answers

test("AT, OK", (t) => {
  answer(t, "AT", "\r\nOK\r\n", {}, ["AT OK"]);
  answer(t, "AT", "AT\r\r\nOK\r\n", {}, ["AT OK"]);
});

test("information lines, with a prefix or of any shape", (t) => {
  answer(t, "AT+CSQ", "\r\n+CSQ: 20,0\r\n\r\nOK\r\n", { info: "+CSQ:" }, ["AT+CSQ OK [+CSQ: 20,0]"]);
  answer(t, "ATI", "ATI\r\r\nQuectel_Ltd\r\nQuectel_M95\r\nRevision: M95FAR02\r\n\r\nOK\r\n", { info: "" }, [
    "ATI OK [Quectel_Ltd|Quectel_M95|Revision: M95FAR02]",
  ]);
  answer(t, "AT+GSN", "\r\n861234567890123\r\n\r\nOK\r\n", { info: "" }, ["AT+GSN OK [861234567890123]"]);
});

test("a line that is no information line of the command is reported and does not stop it", (t) => {
  answer(t, "AT+CSQ", "\r\nDST: 1\r\n\r\n+CSQ: 20,0\r\n\r\nOK\r\n", { info: "+CSQ:" }, [
    "urc DST: 1",
    "AT+CSQ OK [+CSQ: 20,0]",
  ]);
  answer(t, "AT+QMTOPEN=0", "\r\n+FOO: 1\r\n\r\nOK\r\n", {}, ["urc +FOO: 1", "AT+QMTOPEN=0 OK"]);
});

test("errors: ERROR, +CME ERROR with number or text, +CMS ERROR", (t) => {
  answer(t, "AT+CPIN?", "\r\nERROR\r\n", {}, ["AT+CPIN? ECME"]);
  answer(t, "AT+CPIN?", "\r\n+CME ERROR: 10\r\n", {}, ["AT+CPIN? ECME 10"]);
  answer(t, "AT+CPIN?", "\r\n+CME ERROR: SIM not inserted\r\n", {}, ["AT+CPIN? ECME"]);
  answer(t, "AT+CPIN?", "\r\n+CME ERROR:\r\n", {}, ["AT+CPIN? ECME"]);
  answer(t, "AT+CMGS", "\r\n+CMS ERROR: 10\r\n", {}, ["AT+CMGS ECME 10"]);
});

test("an error carries command, number, meaning and the line itself", (t) => {
  const rig = new SessionRig();
  rig.uart.reply("AT+CPIN?\r", "\r\n+CME ERROR: 10\r\n").reply("AT+CMGS\r", "\r\n+CMS ERROR: 10\r\n");
  rig.send("AT+CPIN?");
  rig.send("AT+CMGS");
  rig.settle();
  const [cme, cms] = rig.errors as M95Error[];
  t.true(cme instanceof M95Error);
  t.like(cme, { code: "ECME", command: "AT+CPIN?", cme: 10, raw: "+CME ERROR: 10" });
  t.is(cme!.message, "AT+CPIN?: +CME ERROR: 10 (SIM not inserted)");
  t.is(cms!.message, "AT+CMGS: +CMS ERROR: 10", "numbers of +CMS ERROR mean something else");
});

test("final lines of the M95's own: DEACT OK, CLOSE OK, a bare address, NORMAL POWER DOWN", (t) => {
  answer(t, "AT+QIDEACT", "\r\nDEACT OK\r\n", { final: "DEACT OK" }, ["AT+QIDEACT OK"]);
  answer(t, "AT+QICLOSE", "\r\nCLOSE OK\r\n", { final: "CLOSE OK" }, ["AT+QICLOSE OK"]);
  answer(t, "AT+QPOWD=1", "\r\nNORMAL POWER DOWN\r\n", { final: "NORMAL POWER DOWN" }, ["AT+QPOWD=1 OK"]);
  answer(t, "AT+QILOCIP", "\r\n10.76.0.255\r\n", { final: "#.#.#.#" }, ["AT+QILOCIP OK [10.76.0.255]"]);
  answer(t, "AT+QILOCIP", "\r\nERROR\r\n", { final: "#.#.#.#" }, ["AT+QILOCIP ECME"]);
  answer(t, "AT+QIDEACT", "\r\nOK\r\n", { final: "DEACT OK" }, ["AT+QIDEACT OK"]);
});

test("what is no address does not end AT+QILOCIP, not even the late OK of an older command", (t) => {
  for (const line of ["OK", "...", "10.0.0", "10.0.0.256", "10.0.0.x", "10.0.0.1.2", "10.0..1", "-1.0.0.1"])
    answer(t, "AT+QILOCIP", `\r\n${line}\r\n\r\n10.0.0.1\r\n`, { final: "#.#.#.#" }, [
      `urc ${line}`,
      "AT+QILOCIP OK [10.0.0.1]",
    ]);
});

test("AT+QISTAT: OK comes first, its line later and belongs to nobody", (t) => {
  answer(t, "AT+QISTAT", "\r\nOK\r\n\r\nSTATE: IP GPRSACT\r\n", {}, ["AT+QISTAT OK", "urc STATE: IP GPRSACT"]);
});

test("one name, two meanings: the answer of a query and the URC are told apart", (t) => {
  answer(t, "AT+CREG?", "\r\n+CREG: 5\r\n\r\n+CREG: 0,1\r\n\r\n+CREG: 1\r\n\r\nOK\r\n", { info: "+CREG:" }, [
    "urc +CREG: 5",
    "urc +CREG: 1",
    "AT+CREG? OK [+CREG: 0,1]",
  ]);
});

test("final results that nobody waits for are reported and counted", (t) => {
  const rig = new SessionRig();
  rig.uart.feed("\r\nOK\r\n\r\n+CME ERROR: 3\r\n\r\nRDY\r\n");
  t.deepEqual(rig.settle(), ["urc OK", "urc +CME ERROR: 3", "urc RDY"]);
  t.is(rig.stats.strays, 2);
});

// ---- prompts and data

test("QMTPUB: prompt, data, OK, and then its result", (t) => {
  for (const prompt of ["\r\n>", "\r\n> ", `${PUB}\r\r\n> `, "> \r\n"])
    for (const { name, cut } of everyCut(prompt)) {
      const rig = new SessionRig();
      rig.uart.cut = cut;
      rig.uart.reply(`${PUB}\r`, prompt).reply("hello\x1a", "\r\nOK\r\n\r\n+QMTPUB: 0,1,0\r\n");
      rig.send(PUB, { prompt: ">", data: "hello\x1a" });
      t.deepEqual(rig.settle(), [`${PUB} OK`, "urc +QMTPUB: 0,1,0"], name);
      t.deepEqual(rig.uart.written, [`${PUB}\r`, "hello\x1a"]);
    }
});

test("QMTPUB refused before the prompt: no data is sent", (t) => {
  answer(t, PUB, "\r\n+CME ERROR: 8512\r\n", { prompt: ">", data: "x\x1a" }, [`${PUB} ECME 8512 unsent`]);
});

test("a URC, a message, an unknown line in place of the prompt", (t) => {
  const text = "\r\n+QMTSTAT: 0,1\r\n\r\nFOO\r\n\r\n+QMTRECV: 0,0,t,hi\r\n\r\n> ";
  exchange(
    t,
    text,
    (rig) => {
      rig.uart.reply(`${PUB}\r`, text).reply("x\x1a", "\r\nOK\r\n");
      rig.send(PUB, { prompt: ">", data: "x\x1a" });
    },
    ["urc +QMTSTAT: 0,1", "urc FOO", "message? +QMTRECV: 0,0,t,hi", `${PUB} OK`],
  );
});

test("an OK in front of the prompt is a late one of an older command, for commands with any information lines too", (t) => {
  for (const info of [undefined, ""]) {
    const rig = new SessionRig();
    rig.uart.reply(`${PUB}\r`, "\r\nOK\r\n\r\n> ").reply("x\x1a", "\r\nOK\r\n");
    rig.send(PUB, { prompt: ">", data: "x\x1a", info });
    t.deepEqual(rig.settle(), ["urc OK", `${PUB} OK`]);
    t.is(rig.stats.strays, 1);
  }
});

test("a prompt that was left over from an older command lets no data go", (t) => {
  const rig = new SessionRig();
  rig.uart.feed("\r\n> ");
  rig.uart.reply(`${PUB}\r`, "\r\n+CME ERROR: 8512\r\n");
  rig.send(PUB, { prompt: ">", data: "x\x1a" });
  t.deepEqual(rig.settle(), [`${PUB} ECME 8512 unsent`]);
  t.deepEqual(rig.uart.written, [`${PUB}\r`]);
});

test("half a line in front of a command is not lost to its prompt", (t) => {
  const rig = new SessionRig();
  rig.uart.feed("\r\n+QMTSTAT: ");
  rig.uart.reply(`${PUB}\r`, "0,1\r\n\r\n> ").reply("x\x1a", "\r\nOK\r\n");
  rig.send(PUB, { prompt: ">", data: "x\x1a" });
  t.deepEqual(rig.settle(), ["urc +QMTSTAT: 0,1", `${PUB} OK`]);
});

test("data is sent once, also when the modem shows its prompt again for each line of it", (t) => {
  const rig = new SessionRig();
  rig.uart.reply(`${PUB}\r`, "\r\n> ").reply("a\r\nb\x1a", "\r\n> \r\n> \r\nOK\r\n");
  rig.send(PUB, { prompt: ">", data: "a\r\nb\x1a" });
  t.deepEqual(rig.settle(), ["urc >", "urc >", `${PUB} OK`]);
  t.is(rig.uart.written.length, 2);
});

test("QSECWRITE: CONNECT, raw bytes, size and checksum", (t) => {
  const command = 'AT+QSECWRITE="RAM:ca",5,100';
  for (const prompt of ["\r\nCONNECT\r\n", `${command}\r\r\nCONNECT\r\n`])
    exchange(
      t,
      prompt,
      (rig) => {
        rig.uart.reply(`${command}\r`, prompt).reply("hello", "\r\n+QSECWRITE: 5,6b09\r\n\r\nOK\r\n");
        rig.send(command, { prompt: "CONNECT", data: "hello", info: "+QSECWRITE:" });
      },
      [`${command} OK [+QSECWRITE: 5,6b09]`],
    );
});

test("ATE1: the echo of the data is not taken for answers, whatever it says", (t) => {
  for (const data of [
    "hello\x1a",
    " hello \x1a",
    "OK\x1a",
    "OK\r\nERROR\r\n\r\n+QMTSTAT: 0,1\x1a",
    "\r\n\r\nOK\n\x1a",
    "\xc3\xa9t\xc3\xa9\r\nOK\x1a",
  ]) {
    const echoed = `${data}\r\n\r\nOK\r\n\r\n+QMTPUB: 0,1,0\r\n`;
    for (const { name, cut } of everyCut(echoed)) {
      const rig = new SessionRig();
      rig.uart.cut = cut;
      rig.uart.reply(`${PUB}\r`, `${PUB}\r\r\n> `).reply(data, echoed);
      rig.send(PUB, { prompt: ">", data });
      t.deepEqual(rig.settle(), [`${PUB} OK`, "urc +QMTPUB: 0,1,0"], `${data} ${name}`);
    }
  }
});

test("ATE1: a URC in the middle of the echoed data", (t) => {
  const rig = new SessionRig();
  rig.uart.reply(`${PUB}\r`, `${PUB}\r\r\n> `).reply("a\r\nOK\x1a", "a\r\n+QMTSTAT: 0,1\r\nOK\x1a\r\n\r\nOK\r\n");
  rig.send(PUB, { prompt: ">", data: "a\r\nOK\x1a" });
  t.deepEqual(rig.settle(), ["urc +QMTSTAT: 0,1", `${PUB} OK`]);
});

test("ATE1, but data is not echoed: an OK that the data begins with is the modem's", (t) => {
  const rig = new SessionRig();
  rig.uart.reply(`${PUB}\r`, `${PUB}\r\r\n> `).reply("OK then\x1a", "\r\nOK\r\n");
  rig.send(PUB, { prompt: ">", data: "OK then\x1a" });
  t.deepEqual(rig.settle(), [`${PUB} OK`]);
});

test("ATE0: what equals the data is not taken for its echo", (t) => {
  const rig = new SessionRig();
  rig.uart.reply(`${PUB}\r`, "\r\n> ").reply("OK\x1a", "\r\nOK\r\n");
  rig.send(PUB, { prompt: ">", data: "OK\x1a" });
  t.deepEqual(rig.settle(), [`${PUB} OK`]);
});

// ---- one at a time, guard time, queue

test("one command at a time, in order; on a calm line the next one a twentieth of the guard time behind the last byte", (t) => {
  const rig = new SessionRig();
  const sent: number[] = [];
  const write = rig.uart.write;
  rig.uart.write = function (data) {
    sent.push(rig.clock.now());
    write.call(this, data);
  };
  rig.uart.reply("AT\r", "\r\nOK\r\n", 5).reply("ATE0\r", "\r\nOK\r\n", 5);
  rig.send("AT");
  rig.send("ATE0");
  t.deepEqual(rig.uart.written, []);
  t.deepEqual(rig.settle(), ["AT OK", "ATE0 OK"]);
  t.deepEqual(sent, [1, 7]);
  t.is(rig.stats.commands, 2);
});

test("guard time: a URC that comes in it starts it anew, and whole", (t) => {
  const rig = new SessionRig();
  rig.send("AT");
  rig.uart.feed("\r\nRDY\r\n");
  rig.clock.advance(20);
  t.deepEqual(rig.uart.written, []);
  rig.clock.advance(2);
  t.deepEqual(rig.uart.written, ["AT\r"]);
});

test("guard time: whole within a second of a message", (t) => {
  const rig = new SessionRig();
  rig.uart.feed("\r\n+QMTRECV: 0,0,t,a\r\n");
  rig.clock.advance(100);
  rig.send("AT");
  rig.clock.advance(19);
  t.deepEqual(rig.uart.written, []);
  rig.clock.advance(1);
  t.deepEqual(rig.uart.written, ["AT\r"]);
});

test("guard time: a command waits for the end of a message, so that its answer is not taken for payload", (t) => {
  const rig = new SessionRig();
  rig.uart.reply("AT\r", "\r\nOK\r\n");
  rig.send("AT");
  for (const byte of "\r\n+QMTRECV: 0,0,t,a\r\n\r\n+QMTSTAT: 0,1\r\n") rig.uart.feed(byte);
  rig.clock.advance(100);
  t.deepEqual(rig.take(), ["message? +QMTRECV: 0,0,t,a", "urc? +QMTSTAT: 0,1", "AT OK"]);
});

test("guard time: a line that never falls silent delays a command by 50 of them at most", (t) => {
  const rig = new SessionRig();
  rig.send("AT");
  for (let i = 0; i < 100; i++) {
    rig.uart.feed("x");
    rig.clock.advance(10);
  }
  t.deepEqual(rig.uart.written, ["AT\r"]);
});

test("guard time 0", (t) => {
  const rig = new SessionRig(0);
  rig.uart.reply("AT\r", "\r\nOK\r\n");
  rig.send("AT");
  t.deepEqual(rig.uart.written, [], "not from inside send, even so");
  t.deepEqual(rig.settle(), ["AT OK"]);
});

test("a command of the driver's own goes first", (t) => {
  const rig = new SessionRig();
  for (const text of ["A", "B", "C"]) rig.uart.reply(`${text}\r`, "\r\nOK\r\n");
  rig.send("A");
  rig.send("B");
  rig.send("C", {}, true);
  t.deepEqual(rig.settle(), ["C OK", "A OK", "B OK"]);
});

test("a command sent from inside done", (t) => {
  const rig = new SessionRig();
  rig.uart.reply("A\r", "\r\nOK\r\n").reply("B\r", "\r\nOK\r\n");
  rig.send("A", { done: () => rig.send("B") });
  t.deepEqual(rig.settle(), ["A OK", "B OK"]);
});

test("commands wait while the session is not open", (t) => {
  const rig = new SessionRig();
  rig.uart.reply("AT\r", "\r\nOK\r\n");
  rig.session.allow(false);
  rig.send("AT");
  t.deepEqual(rig.settle(), []);
  rig.session.allow(true);
  rig.session.allow(false);
  t.deepEqual(rig.settle(), [], "also when it is closed again within the guard time");
  t.deepEqual(rig.uart.written, []);
  rig.session.allow(true);
  t.deepEqual(rig.settle(), ["AT OK"]);
});

test("limit: one command more than the queue holds is refused, later and without being sent", (t) => {
  const rig = new SessionRig();
  rig.session.allow(false);
  for (let i = 0; i < QUEUE_LIMIT; i++) rig.send(`A${i}`);
  t.deepEqual(rig.settle(), []);
  rig.send("B");
  t.deepEqual(rig.take(), [], "not from inside send");
  t.deepEqual(rig.settle(), ["B EQUEUE unsent"]);
  t.like(rig.errors[0], { code: "EQUEUE", command: "B" });
  rig.send("C", {}, true);
  t.deepEqual(rig.settle(), [`A${QUEUE_LIMIT - 1} EQUEUE unsent`], "what goes first takes the place of the last");
  rig.session.abort(new M95Error("ECLOSED", "stopped"));
  t.deepEqual(
    rig.settle().slice(0, 2),
    ["C ECLOSED", "A0 ECLOSED"].map((text) => `${text} unsent`),
  );
  t.is(rig.ended.length, QUEUE_LIMIT + 2);
});

// ---- answers inside the write

test("a line that answers inside the write", (t) => {
  for (const cut of [bytewise, inChunks(3), inChunks(1000)]) {
    const rig = new SessionRig();
    rig.uart.cut = cut;
    rig.uart
      .reply("AT+CSQ\r", "AT+CSQ\r\r\n+CSQ: 20,0\r\n\r\nOK\r\n", -1)
      .reply(`${PUB}\r`, `${PUB}\r\r\n> `, -1)
      .reply("OK\x1a", "OK\x1a\r\n\r\nOK\r\n\r\n+QMTPUB: 0,1,0\r\n", -1);
    rig.send("AT+CSQ", { info: "+CSQ:" });
    rig.send(PUB, { prompt: ">", data: "OK\x1a" });
    t.deepEqual(rig.settle(), ["AT+CSQ OK [+CSQ: 20,0]", `${PUB} OK`, "urc +QMTPUB: 0,1,0"]);
    t.is(rig.clock.pending, 0);
  }
});

test("synchronising with a line that answers inside the write leaves no timer behind", (t) => {
  const rig = new SessionRig();
  rig.uart.reply("AT\r", "\r\nOK\r\n", -1);
  rig.sync(4);
  t.deepEqual(rig.settle(), ["synced OK"]);
  rig.uart.reply("\x1b", "\r\nOK\r\n", -1);
  rig.sync(4, "\x1b");
  t.is(rig.clock.pending, 1);
  t.deepEqual(rig.settle(), ["synced OK"]);
  t.is(rig.clock.pending, 0);
});

// ---- messages

test("a message between two commands", (t) => {
  const rig = new SessionRig();
  rig.uart.feed("\r\n+QMTRECV: 0,0,t,hi\r\n");
  t.deepEqual(rig.settle(), ["message +QMTRECV: 0,0,t,hi"]);
});

test("a final result glued to a message proves nothing: at the next silence the line is led out, and what may be repeated is", (t) => {
  const glued = "\r\n+QMTRECV: 0,0,t,hi\r\n\r\nOK\r\n";
  for (const { repeats, expected } of [
    { repeats: true, expected: "AT+X=1 OK" },
    { repeats: false, expected: "AT+X=1 EUNKNOWN" },
  ]) {
    const rig = new SessionRig();
    rig.uart.reply("AT+X=1\r", glued).reply("AT+X=1\r", "\r\nOK\r\n").always("AT\r", "\r\nOK\r\n");
    rig.send("AT+X=1", { repeats });
    t.deepEqual(rig.settle(), ["message? +QMTRECV: 0,0,t,hi", expected]);
    t.deepEqual(rig.uart.written, ["AT+X=1\r", "\x1b", "ATS4?\r"].concat(repeats ? "AT+X=1\r" : []));
    t.true(rig.clock.now() < 300);
    t.like(rig.stats, { timeouts: 0, resyncs: 1 });
  }
});

test("a payload that says ERROR and OK does not decide about a command when the real result follows", (t) => {
  const rig = new SessionRig();
  rig.uart.reply("AT+CGATT=1\r", "\r\n+QMTRECV: 0,0,t,a\r\nERROR\r\nOK\r\nERROR\r\n");
  rig.send("AT+CGATT=1");
  rig.clock.advance(200);
  rig.uart.feed("\r\nOK\r\n");
  t.deepEqual(rig.take(), ["message? +QMTRECV: 0,0,t,a", "AT+CGATT=1 OK"]);
});

test("information lines behind a held result show that it was none", (t) => {
  const rig = new SessionRig();
  rig.uart.reply("AT+CSQ\r", "\r\n+QMTRECV: 0,0,t,a\r\nOK\r\n").reply("ATS4?\r", "");
  rig.send("AT+CSQ", { info: "+CSQ:" });
  rig.clock.advance(200);
  rig.uart.feed("\r\n+CSQ: 20,0\r\n");
  rig.clock.advance(400);
  t.deepEqual(rig.take(), ["message? +QMTRECV: 0,0,t,a"]);
  rig.uart.reply("AT+CSQ\r", "\r\n+CSQ: 21,0\r\n\r\nOK\r\n");
  rig.uart.feed("\r\nOK\r\n\r\n010\r\n\r\nOK\r\n");
  t.deepEqual(rig.settle(), ["AT+CSQ OK [+CSQ: 21,0]"], "and it is asked again, in case a message is in the answer");
});

test("a query among whose lines those of a message may be is asked again, a few times; anything else is not trusted", (t) => {
  const forged = "\r\n+QMTRECV: 0,0,t,a\r\n\r\nOK\r\n\r\n+CSQ: 99,99\r\n";
  const right = "\r\n+CSQ: 20,0\r\n\r\nOK\r\n";
  answer(
    t,
    "AT+CSQ",
    forged + right,
    { info: "+CSQ:" },
    ["message? +QMTRECV: 0,0,t,a", "AT+CSQ OK [+CSQ: 20,0]"],
    right,
  );
  const rig = new SessionRig();
  rig.uart.always("AT\r", "\r\nOK\r\n").always("AT+CSQ\r", forged + right);
  rig.send("AT+CSQ", { info: "+CSQ:" });
  t.is(rig.settle().pop(), "AT+CSQ EUNKNOWN [+CSQ: 99,99|+CSQ: 20,0]");
  t.is(rig.uart.written.filter((text) => text === "AT+CSQ\r").length, 8);
  rig.uart.reply("AT+X=1\r", "\r\n+QMTRECV: 0,0,t,a\r\n\r\nOK\r\n\r\n+X: 9\r\n\r\n+X: 1\r\n\r\nOK\r\n");
  rig.send("AT+X=1", { info: "+X:" });
  t.is(rig.settle().pop(), "AT+X=1 EUNKNOWN [+X: 9|+X: 1]", "it may do something, so it is not sent again");
});

test("a message of several lines may have swallowed bare lines of an answer: it is marked, and the query asked again", (t) => {
  const right = "\r\n861234567890123\r\n\r\nOK\r\n";
  const rig = new SessionRig();
  rig.uart.reply("AT+GSN\r", "\r\n+QMTRECV: 0,0,t,a\r\n\r\n861234567890123\r\n");
  rig.clock.after(200, () => rig.uart.feed("\r\nOK\r\n"));
  rig.uart.reply("AT+GSN\r", right);
  rig.send("AT+GSN", { info: "" });
  t.deepEqual(rig.settle(), ["message? +QMTRECV: 0,0,t,a\r\n\r\n861234567890123", "AT+GSN OK [861234567890123]"]);
});

test("results behind a message, whatever they say: none of them counts", (t) => {
  const glued = "\r\n+QMTRECV: 0,0,t,a";
  for (const results of ["OK", "ERROR", "ERROR\r\n\r\nOK", "OK\r\n\r\nERROR", "+CME ERROR: 50"]) {
    const text = `${glued}\r\n\r\n${results}\r\n`;
    answer(t, "AT+X=1", text, { repeats: true }, ["message? +QMTRECV: 0,0,t,a", "AT+X=1 OK"], "\r\nOK\r\n");
    const rig = new SessionRig();
    rig.uart.reply(`${PUB}\r`, "\r\n>").always("AT\r", "\r\nOK\r\n").reply("x\x1a", text);
    rig.send(PUB, { prompt: ">", data: "x\x1a" });
    t.deepEqual(rig.settle(), ["message? +QMTRECV: 0,0,t,a", `${PUB} EUNKNOWN`]);
  }
});

test("an error behind a message while the prompt is waited for: the prompt that comes is left, and nothing is typed into it", (t) => {
  const rig = new SessionRig();
  rig.uart.reply(`${PUB}\r`, "\r\n+QMTRECV: 0,0,t,a\r\n\r\n+CME ERROR: 50\r\n");
  rig.uart.reply("ATS4?\r", "").reply("\x1bATS5?\r", "\r\n008\r\n\r\nOK\r\n").reply("AT+CSQ\r", "\r\nOK\r\n");
  rig.send(PUB, { prompt: ">", data: "x\x1a" });
  rig.send("AT+CSQ");
  rig.clock.after(600, () => rig.uart.feed("\r\n> "));
  rig.settle(2000);
  t.deepEqual(rig.uart.written, [`${PUB}\r`, "\x1b", "ATS4?\r", "\x1bATS5?\r", "AT+CSQ\r"]);
  t.like(rig.errors[0], { code: "EUNKNOWN" });
});

test("a slow command waits for its own result: one inside a message does not end it", (t) => {
  const rig = new SessionRig();
  rig.uart.reply("AT+COPS=?\r", "\r\n+QMTRECV: 0,0,t,a\r\n\r\nOK\r\n\r\n", 100);
  rig.send("AT+COPS=?", { timeout: 180000 });
  rig.clock.advance(15000);
  t.deepEqual(rig.take(), ["message? +QMTRECV: 0,0,t,a"]);
  rig.uart.feed("\r\n+CME ERROR: 30\r\n");
  t.deepEqual(rig.take(), ["AT+COPS=? ECME 30"]);
});

test("a prompt inside a message is none; the one behind it is, once the line is silent", (t) => {
  for (const forged of ["\r\n> ", "\r\n\r\n>", "\r\n\r\nOK\r\n> ", "\r\n\r\nOK\r\n\r\n>"]) {
    const text = `\r\n+QMTRECV: 0,0,t,a${forged}b\r\n`;
    for (const { name, cut } of everyCut(text)) {
      const rig = new SessionRig();
      rig.uart.cut = cut;
      rig.uart.reply(`${PUB}\r`, text);
      rig.send(PUB, { prompt: ">", data: "x\x1a", timeout: 5000 });
      rig.clock.advance(200);
      t.deepEqual(rig.uart.written, [`${PUB}\r`], `${JSON.stringify(forged)}, ${name}`);
      rig.uart.reply("x\x1a", "\r\nOK\r\n");
      rig.uart.feed("\r\n> ");
      t.is(rig.settle().pop(), `${PUB} OK`);
    }
  }
});

test("information lines, the echo and CONNECT end a message", (t) => {
  const right = "\r\n+CSQ: 20,0\r\n\r\nOK\r\n";
  answer(
    t,
    "AT+CSQ",
    "\r\n+QMTRECV: 0,0,t,a\r\n\r\n+CSQ: 20,0\r\n\r\nOK\r\n",
    { info: "+CSQ:" },
    ["message? +QMTRECV: 0,0,t,a", "AT+CSQ OK [+CSQ: 20,0]"],
    right,
  );
  answer(
    t,
    "AT+CSQ",
    "\r\n+QMTRECV: 0,0,t,a\r\nAT+CSQ\r\r\n+CSQ: 20,0\r\n\r\nOK\r\n",
    { info: "+CSQ:" },
    ["message? +QMTRECV: 0,0,t,a", "AT+CSQ OK [+CSQ: 20,0]"],
    right,
  );
});

test("a CONNECT behind a message lets no data go: it may be part of it", (t) => {
  const rig = new SessionRig();
  rig.uart.reply("AT+QSECWRITE\r", "\r\n+QMTRECV: 0,0,t,a\r\n\r\nCONNECT\r\n").reply("AT\r", "\r\nOK\r\n");
  rig.send("AT+QSECWRITE", { prompt: "CONNECT", data: "x" });
  t.deepEqual(rig.settle(), ["message? +QMTRECV: 0,0,t,a", "AT+QSECWRITE EUNKNOWN unsent"]);
  t.deepEqual(rig.uart.written, ["AT+QSECWRITE\r", "\r", "ATS4?\r"], "the prompt is filled with line ends");
});

test("once the modem frames its lines, an OK that is a line of a payload is not looked at", (t) => {
  const rig = new SessionRig();
  rig.uart.reply("AT\r", "\r\nOK\r\n").reply("ATI\r", "\r\n+QMTRECV: 0,0,t,a\r\nOK\r\nb\r\n", 5);
  rig.send("AT");
  rig.send("ATI", { info: "" });
  rig.clock.advance(100);
  t.deepEqual(rig.take(), ["AT OK", "message? +QMTRECV: 0,0,t,a\r\nOK\r\nb"]);
  rig.uart.reply("ATI\r", "\r\nOK\r\n");
  rig.uart.feed("\r\nOK\r\n");
  t.deepEqual(rig.settle(), ["ATI OK"]);
});

test("ATE1 again: an OK is not framed behind an echo, so payloads are searched anew", (t) => {
  const rig = new SessionRig();
  rig.uart.reply("AT\r", "\r\nOK\r\n").reply("ATE1\r", "ATE1\r\r\nOK\r\n");
  const glued = "\r\n+QMTRECV: 0,0,t,a\r\nAT+CSQ\r\r\n+CSQ: 20,0\r\n\r\nOK\r\n";
  rig.uart.reply("AT+CSQ\r", glued).reply("AT+CSQ\r", "AT+CSQ\r\r\n+CSQ: 20,0\r\n\r\nOK\r\n");
  rig.uart.always("AT\r", "AT\r\r\nOK\r\n");
  rig.send("AT");
  rig.send("ATE1");
  rig.send("AT+CSQ", { info: "+CSQ:" });
  t.deepEqual(rig.settle(), ["AT OK", "ATE1 OK", "message? +QMTRECV: 0,0,t,a", "AT+CSQ OK [+CSQ: 20,0]"]);
});

test("without a command, OK inside a message is payload", (t) => {
  const rig = new SessionRig();
  rig.uart.feed("\r\n+QMTRECV: 0,0,t,a\r\nOK\r\n+CSQ: 1,2\r\n");
  t.deepEqual(rig.settle(), ["message +QMTRECV: 0,0,t,a\r\nOK\r\n+CSQ: 1,2"]);
});

test("a URC glued to a message is suspect", (t) => {
  const rig = new SessionRig();
  rig.uart.feed("\r\n+QMTRECV: 0,0,t,a\r\n\r\n+QMTSTAT: 0,1\r\n");
  t.deepEqual(rig.settle(), ["message? +QMTRECV: 0,0,t,a", "urc? +QMTSTAT: 0,1"]);
});

test("a prompt between two messages may be payload: no data is sent, the prompt is left with ESC", (t) => {
  const rig = new SessionRig();
  rig.uart.reply(`${PUB}\r`, "\r\n+QMTRECV: 0,0,t,a\r\n\r\n>\r\n+QMTRECV: 0,0,t,b\r\n").reply("AT\r", "\r\nOK\r\n");
  rig.send(PUB, { prompt: ">", data: "x\x1a", timeout: 7000 });
  t.deepEqual(rig.settle(), ["message? +QMTRECV: 0,0,t,a", "message? +QMTRECV: 0,0,t,b", `${PUB} EUNKNOWN unsent`]);
  t.deepEqual(rig.uart.written, [`${PUB}\r`, "\x1b", "ATS4?\r"]);
  t.like(rig.stats, { timeouts: 0, resyncs: 1 });
  t.true(rig.clock.now() < 1000, "long before the time-out");
});

// ---- time-outs and synchronisation

test("time-out: the command ends once, the line is synchronised (ESC, and a query that only the modem answers so), and only then the next one goes", (t) => {
  const rig = new SessionRig();
  rig.uart.reply("ATE0\r", "\r\nOK\r\n");
  rig.send("AT+QIACT", { timeout: 5000 });
  rig.send("ATE0");
  t.deepEqual(rig.settle(), ["AT+QIACT ETIMEOUT", "ATE0 OK"]);
  t.deepEqual(rig.uart.written, ["AT+QIACT\r", "\x1b", "ATS4?\r", "ATE0\r"]);
  t.like(rig.errors[0], { code: "ETIMEOUT", command: "AT+QIACT" });
  t.like(rig.stats, { timeouts: 1, resyncs: 1 });
});

test("the time limit counts from the end of the command on the line, and anew from the end of the data", (t) => {
  const rig = new SessionRig();
  rig.session.framer.rate(300);
  rig.send("A".repeat(29), { timeout: 1000, prompt: ">", data: "d".repeat(60) });
  rig.clock.advance(20 + 29 * (10000 / 300) + 900);
  rig.uart.feed("\r\n> ");
  rig.clock.advance(60 * (10000 / 300) + 990);
  t.deepEqual(rig.take(), []);
  rig.clock.advance(20);
  t.deepEqual(rig.take(), [`${"A".repeat(29)} ETIMEOUT`]);
});

test("a slow line is given more silence: 40 characters", (t) => {
  const rig = new SessionRig();
  t.is(rig.session.framer.silence, 20);
  rig.session.framer.rate(300);
  t.is(rig.session.framer.silence, 1334);
  rig.session.framer.rate(9600);
  t.is(rig.session.framer.silence, 42);
});

test("the data prompt does not come: ESC; was it sent is told", (t) => {
  const rig = new SessionRig();
  rig.send(PUB, { prompt: ">", data: "x\x1a" });
  rig.clock.advance(1200);
  t.deepEqual(rig.take(), [`${PUB} ETIMEOUT unsent`]);
  rig.uart.reply("AT\r", "\r\nOK\r\n").reply(`${PUB}\r`, "\r\n> ");
  rig.send(PUB, { prompt: ">", data: "x\x1a" });
  t.true(rig.settle().includes(`${PUB} ETIMEOUT`), "data sent, no OK");
});

test("a counted prompt that does not come: where a message may have hidden it, it is led out of with the data, else with line ends", (t) => {
  for (const [message, need, out] of [
    ["\r\n+QMTRECV: 0,0,t,a\r\n\r\nb\r\n", 0, "xyz\b\b\b"],
    ["\r\n+QMTRECV: 0,0,t,a\r\n", 0, "\r\r\r"],
    ["\r\n+QMTRECV: 0,0,t,a\r\nb\r\n", 20, "\r\r\r"],
  ] as const) {
    const rig = new SessionRig();
    if (need) rig.session.framer.counter = { measure: () => need };
    rig.send(PUB, { prompt: ">", data: "xyz", counted: true });
    rig.clock.advance(100);
    rig.uart.feed(message);
    rig.clock.advance(1200);
    t.deepEqual(rig.uart.written.slice(0, 2), [`${PUB}\r`, out], JSON.stringify(message));
  }
});

test("a prompt that comes too late swallows what is asked: ESC is sent again with every other one", (t) => {
  const rig = new SessionRig();
  rig.uart.reply("ATS4?\r", "").reply("\x1bATS5?\r", "\r\n008\r\n\r\nOK\r\n");
  rig.send(PUB, { prompt: ">", data: "x\x1a" });
  rig.clock.advance(1100);
  rig.uart.feed("\r\n> ");
  rig.settle();
  t.deepEqual(rig.uart.written, [`${PUB}\r`, "\x1b", "ATS4?\r", "\x1bATS5?\r"]);
});

test("the way out of CONNECT is +++, a second of silence, then AT", (t) => {
  const rig = new SessionRig();
  rig.uart.reply("AT\r", "\r\nOK\r\n");
  rig.uart.reply("AT+QSECWRITE\r", "\r\nCONNECT\r\n");
  rig.send("AT+QSECWRITE", { prompt: "CONNECT", data: "x" });
  rig.clock.advance(1100);
  t.deepEqual(rig.uart.written, ["AT+QSECWRITE\r", "x", "+++"]);
  rig.clock.advance(900);
  t.is(rig.uart.written.length, 3);
  rig.clock.advance(100);
  t.is(rig.uart.written[3], "ATS4?\r");
});

test("late answers go to nobody: neither the next command nor a URC of the same name", (t) => {
  for (const late of ["\r\n+QMTCONN: 0,3\r\n\r\nOK\r\n", "\r\n+CME ERROR: 3\r\n"]) {
    const rig = new SessionRig();
    rig.uart.reply("ATS4?\r", "").reply("ATS4?\r", "");
    rig.send("AT+QMTCONN?", { info: "+QMTCONN:" });
    rig.send("AT+CSQ", { info: "+CSQ:" });
    rig.clock.advance(1100);
    t.deepEqual(rig.take(), ["AT+QMTCONN? ETIMEOUT"]);
    rig.uart.reply("AT+CSQ\r", "\r\n+CSQ: 20,0\r\n\r\nOK\r\n");
    rig.uart.feed(`${late}\r\n+QMTSTAT: 0,1\r\n\r\n010\r\n\r\nOK\r\n`);
    t.deepEqual(rig.settle(), ["urc +QMTSTAT: 0,1", "AT+CSQ OK [+CSQ: 20,0]"]);
    t.is(rig.stats.strays, 0);
  }
});

test("an OK that is followed by more is not the end: the line has to be silent for 100 ms", (t) => {
  const rig = new SessionRig();
  rig.sync(10);
  rig.clock.advance(10);
  rig.uart.feed("\r\nOK\r\n");
  rig.clock.advance(90);
  rig.uart.feed("\r\nOK\r\n\r\nRDY\r\n");
  rig.clock.advance(95);
  t.deepEqual(rig.take(), ["urc RDY"]);
  rig.clock.advance(10);
  t.deepEqual(rig.take(), ["synced OK"]);
});

test("a line that never falls silent does not hold up a synchronisation for ever", (t) => {
  const rig = new SessionRig();
  rig.sync(10);
  rig.clock.advance(10);
  rig.uart.feed("\r\nOK\r\n");
  for (let i = 0; i < 60; i++) {
    rig.uart.feed("x");
    rig.clock.advance(50);
  }
  t.deepEqual(rig.take(), ["synced OK"]);
});

test("an OK inside a message proves nothing; nor does it stay in the message", (t) => {
  const rig = new SessionRig();
  rig.sync(10);
  rig.clock.advance(10);
  rig.uart.feed("\r\n+QMTRECV: 0,0,t,a\r\nAT\r\r\nOK\r\n");
  rig.clock.advance(300);
  t.deepEqual(rig.take(), ["message? +QMTRECV: 0,0,t,a"]);
  rig.uart.reply("AT\r", "\r\nOK\r\n");
  t.deepEqual(rig.settle(), ["synced OK"]);
});

test("nor does an ERROR, which is an answer to an older command", (t) => {
  const rig = new SessionRig();
  rig.sync(1);
  rig.clock.advance(10);
  rig.uart.feed("\r\n+QMTRECV: 0,0,t,a\r\n\r\nERROR\r\n");
  t.deepEqual(rig.settle(), ["message? +QMTRECV: 0,0,t,a", "synced ETIMEOUT"]);
});

test("lines while synchronising: unknown ones are reported, errors are not, URCs are", (t) => {
  const rig = new SessionRig();
  rig.sync(2);
  rig.uart.feed("\r\nNOISE\r\n\r\nERROR\r\n\r\n+QMTSTAT: 0,1\r\n");
  t.deepEqual(rig.settle(), ["urc NOISE", "urc +QMTSTAT: 0,1", "synced ETIMEOUT"]);
});

test("AT is sent as often as said, 500 ms apart, and nothing else: a modem in autobaud hears nothing but that", (t) => {
  const rig = new SessionRig();
  rig.sync(10);
  t.deepEqual(rig.settle(), ["synced ETIMEOUT"]);
  t.deepEqual(rig.uart.written, Array(10).fill("AT\r"));
  t.is(rig.clock.now(), 5000);
});

test("ATV0: the bare digit is no OK but tells, and ATV1 brings one", (t) => {
  const rig = new SessionRig();
  rig.uart.reply("AT\r", "0\r").reply("ATV1\r", "\r\nOK\r\n");
  rig.sync(10);
  t.deepEqual(rig.settle(), ["urc 0", "synced OK"]);
});

test("noise that ends like that digit costs one AT: a modem in autobaud hears nothing but that, and is asked again", (t) => {
  for (const noise of ["0\r", "\r\n+CFUN: 10\r"]) {
    const rig = new SessionRig();
    rig.sync(8);
    rig.clock.advance(10);
    rig.uart.feed(noise);
    t.is(rig.settle().pop(), "synced ETIMEOUT");
    t.deepEqual(rig.uart.written, ["AT\r", "ATV1\r", ...Array(6).fill("AT\r")]);
    // What came before tells nothing of the modem that is called now.
    rig.sync(8);
    rig.settle();
    t.deepEqual(rig.uart.written.slice(8), Array(8).fill("AT\r"));
  }
});

test("no answer at all, and echo but no OK, are two different faults", (t) => {
  for (const echo of ["AT\r", "ATV1\r"]) {
    const rig = new SessionRig();
    const errors: (string | undefined)[] = [];
    rig.session.sync(2, "", (error) => errors.push(error?.message));
    rig.settle();
    rig.session.sync(2, "", (error) => errors.push(error?.message));
    rig.uart.feed(`${echo}\r\n`);
    rig.settle();
    t.deepEqual(errors, [
      "AT: no answer; check power, wiring and baud rate",
      "AT: the echo comes back but no OK; check the wire to the modem's RXD and its ground",
    ]);
  }
});

test("a modem that stays mute behind a time-out is reported once, and what waits is still tried", (t) => {
  const rig = new SessionRig();
  for (const query of ["ATS3?", "ATS4?", "ATS5?"]) rig.uart.always(`${query}\r`, "").always(`\x1b${query}\r`, "");
  rig.send("A");
  rig.send("B");
  t.deepEqual(rig.settle(), [
    "A ETIMEOUT",
    "mute AT: no answer; check power, wiring and baud rate",
    "B ETIMEOUT",
    "mute AT: no answer; check power, wiring and baud rate",
  ]);
  t.is(rig.clock.pending, 0);
});

test("sync while a command runs ends it; sync while synchronising takes its place", (t) => {
  const rig = new SessionRig();
  rig.send("A");
  rig.clock.advance(100);
  rig.uart.reply("AT\r", "\r\nOK\r\n");
  rig.sync(4);
  rig.sync(4);
  t.deepEqual(rig.settle(), ["A ETIMEOUT", "synced ECLOSED", "synced OK"]);
  t.is(rig.clock.pending, 0);
});

test("commands wait while synchronising", (t) => {
  const rig = new SessionRig();
  rig.uart.reply("AT\r", "\r\nOK\r\n").reply("A\r", "\r\nOK\r\n");
  rig.sync(4);
  rig.send("A");
  t.deepEqual(rig.settle(), ["synced OK", "A OK"]);
});

test("a modem that is woken may be late with the answer to each AT: none of them is one to what is asked next", (t) => {
  const rig = new SessionRig();
  rig.session.sync(20, "", (error) => rig.events.push(`awake ${error ? error.code : "OK"}`), true);
  while (rig.uart.written.length < 3) rig.clock.advance(1);
  rig.uart.feed("\r\nOK\r\n");
  rig.uart.always("ATS4?\r", "");
  rig.send("AT+QMTCONN?", { info: "+QMTCONN" });
  rig.clock.advance(400);
  rig.uart.feed("\r\nOK\r\n");
  rig.clock.advance(100);
  rig.uart.feed("\r\nOK\r\n\r\n010\r\n\r\nOK\r\n");
  rig.uart.reply("AT+QMTCONN?\r", "\r\n+QMTCONN: 0,3\r\n\r\nOK\r\n");
  t.deepEqual(rig.settle(), ["awake OK", "AT+QMTCONN? OK [+QMTCONN: 0,3]"]);
});

test("one that answers the first AT is asked nothing more", (t) => {
  const rig = new SessionRig();
  rig.uart.always("AT\r", "\r\nOK\r\n").reply("AT+CSQ\r", "\r\nOK\r\n");
  rig.session.sync(20, "", undefined, true);
  rig.session.sync(20, "", () => undefined, true);
  rig.send("AT+CSQ");
  rig.settle();
  t.deepEqual(rig.uart.written, ["AT\r", "AT+CSQ\r"]);
});

// ---- reset

test("reset: everything ends once, with its error, and no timer is left", (t) => {
  const error = new M95Error("ECLOSED", "stopped");
  const rig = new SessionRig();
  rig.send("A");
  rig.send("B");
  rig.clock.advance(50);
  rig.uart.feed("\r\n+QMTRECV: 0,0,t,a\r\nb");
  rig.session.abort(error);
  t.deepEqual(rig.take(), ["A ECLOSED", "B ECLOSED unsent"]);
  t.is(rig.errors[0], error);
  t.is(rig.clock.pending, 0);
  rig.send("C");
  rig.session.abort(error);
  t.is(rig.clock.pending, 0, "in the guard time");
  rig.sync(4);
  rig.session.abort(error);
  t.deepEqual(rig.take(), ["C ECLOSED unsent", "synced ECLOSED"]);
  t.is(rig.clock.pending, 0, "while synchronising");
  rig.session.abort(error);
  t.deepEqual(rig.settle(), []);
});

test("reset: commands sent from inside done are new ones", (t) => {
  const rig = new SessionRig();
  rig.uart.reply("B\r", "\r\nOK\r\n");
  rig.send("A", { done: () => rig.send("B") });
  rig.session.abort(new M95Error("ECLOSED", "stopped"));
  t.deepEqual(rig.settle(), ["A ECLOSED unsent", "B OK"]);
});

// ---- lost bytes

test("lost bytes: counted; what is answered before the line was silent is not trusted, and asked again", (t) => {
  for (const [info, expected] of [
    ["+CSQ:", "AT+CSQ OK [+CSQ: 21,0]"],
    [undefined, "AT+CSQ OK"],
  ]) {
    const rig = new SessionRig();
    rig.uart.always("AT\r", "\r\nOK\r\n").reply("AT+CSQ\r", "");
    rig.uart.reply("AT+CSQ\r", `\r\n${info ? "+CSQ: 21,0\r\n\r\n" : ""}OK\r\n`);
    rig.send("AT+CSQ", { info });
    rig.clock.advance(20);
    rig.uart.feed("\r\n+CSQ: 20,0\r\n\r\n+CS");
    rig.uart.onOverrun!();
    rig.uart.feed("\r\n\r\nOK\r\n");
    t.is(rig.settle().pop(), expected);
    t.is(rig.stats.overruns, 1);
    rig.uart.reply("AT+CSQ\r", "\r\n+CSQ: 20,0\r\n\r\nOK\r\n");
    rig.send("AT+CSQ", { info: "" });
    t.deepEqual(rig.settle(), ["AT+CSQ OK [+CSQ: 20,0]"], "and the next command is as ever");
  }
});

test("limit: an answer keeps as many bytes as that, the lines beyond are counted, and the command says so", (t) => {
  const rig = new SessionRig();
  const line = "x".repeat(LIMIT / 4);
  rig.uart.reply("ATI\r", `\r\n${`${line}\r\n`.repeat(4)}\r\nOK\r\n`);
  rig.send("ATI", { info: "" });
  t.deepEqual(rig.settle(), [`ATI OK [${[line, line, line, line].join("|")}]`]);
  rig.uart.reply("ATI\r", `\r\n${`${line}\r\n`.repeat(6)}\r\nOK\r\n`);
  rig.send("ATI", { info: "" });
  t.deepEqual(rig.settle(), [`ATI EUNKNOWN [${[line, line, line, line].join("|")}]`]);
  t.is(rig.stats.overruns, 2);
});

// ---- trace

test("trace: both directions and remarks, each thing once", (t) => {
  const rig = new SessionRig();
  const trace: string[] = [];
  rig.session.trace = (direction, text) => {
    trace.push(`${direction}${text}`);
  };
  rig.uart
    .reply(`${PUB}\r`, "\r\n+QMTSTAT: 0,1\r\n\r\n> ")
    .reply("x\x1a", "\r\nOK\r\n\r\n+QMTRECV: 0,0,t,a\r\n")
    .reply("W\r", "\r\nCONNECT\r\n")
    .reply("y", "\r\nOK\r\n");
  rig.send(PUB, { prompt: ">", data: "x\x1a" });
  rig.send("W", { prompt: "CONNECT", data: "y" });
  rig.settle();
  rig.uart.onOverrun!();
  rig.send("A");
  rig.clock.advance(1100);
  t.deepEqual(trace, [
    `>${PUB}\r`,
    "<+QMTSTAT: 0,1",
    "<>",
    ">x\x1a",
    "<OK",
    "<+QMTRECV: 0,0,t,a",
    ">W\r",
    "<CONNECT",
    ">y",
    "<OK",
    "bytes lost",
    ">A\r",
    "time-out",
    ">\x1b",
    ">ATS4?\r",
    "<010",
    "<OK",
  ]);
});

// ---- a modem that has lost its settings

test("an echo where there was none: told once, whatever else is echoed", (t) => {
  const rig = new SessionRig();
  rig.session.unechoed = true;
  rig.uart.reply("AT+CSQ\r", "AT+CSQ\r\r\n+CSQ: 20,0\r\n\r\nOK\r\n");
  rig.send("AT+CSQ", { info: "+CSQ:" });
  t.deepEqual(rig.settle(), ["echoed", "AT+CSQ OK [+CSQ: 20,0]"]);
  rig.uart.reply("AT+CSQ\r", "AT+CSQ\r\r\n+CSQ: 20,0\r\n\r\nOK\r\n");
  rig.send("AT+CSQ", { info: "+CSQ:" });
  t.deepEqual(rig.settle(), ["AT+CSQ OK [+CSQ: 20,0]"]);
});

test("the echo of AT while synchronising tells it too; reset() expects echoes again", (t) => {
  const rig = new SessionRig();
  rig.session.unechoed = true;
  rig.uart.reply("AT\r", "AT\r\r\nOK\r\n");
  rig.sync(3);
  t.deepEqual(rig.settle(), ["echoed", "synced OK"]);
  rig.session.unechoed = true;
  rig.session.abort(new M95Error("ECLOSED", "reset"));
  t.false(rig.session.unechoed);
});

test("trace begun while a query runs: its messages are told as well", (t) => {
  const rig = new SessionRig();
  const trace: string[] = [];
  rig.send("AT+QMTCONN?", { info: "+QMTCONN:", asked: 0 });
  rig.clock.advance(50);
  rig.session.trace = (direction, text) => {
    trace.push(`${direction}${text}`);
  };
  rig.uart.feed("\r\n+QMTRECV: 0,0,t,a\r\n");
  rig.clock.advance(100);
  t.deepEqual(trace, ["<+QMTRECV: 0,0,t,a"]);
});

test("free: nothing runs, nothing waits, no message is under way", (t) => {
  const rig = new SessionRig();
  const { session } = rig;
  t.true(session.isFree());
  rig.uart.feed("\r\n+QMTRECV: 0,0,t,a\r\n");
  t.false(session.isFree());
  rig.clock.advance(60);
  t.true(session.isFree());
  rig.send("AT");
  t.false(session.isFree());
});

/** When a modem that sleeps is called, so many times at most, within so many ms. */
function callsOfSleeper(tries: number, ms: number): number[] {
  const rig = new SessionRig();
  const at: number[] = [];
  rig.uart.write = () => at.push(rig.clock.now());
  rig.session.sync(tries, "", undefined, true);
  rig.clock.advance(ms);
  return at;
}

test("a modem that sleeps is called 50 ms later, when it may have woken up, and then every 150 ms", (t) => {
  t.deepEqual(callsOfSleeper(3, 400), [50, 200, 350]);
});

test("seven times; then every 500 ms, for it may be at the one before", (t) => {
  t.deepEqual(callsOfSleeper(9, 2500), [50, 200, 350, 500, 650, 800, 950, 1100, 1600]);
});

test("an upload goes in pieces, each with a pause behind it; a synchronisation ends it", (t) => {
  for (const cut of [false, true]) {
    const rig = new SessionRig();
    rig.uart.reply("AT+QSECWRITE\r", "\r\nCONNECT\r\n");
    rig.send("AT+QSECWRITE", { prompt: "CONNECT", data: "x".repeat(2000), upload: 9000, timeout: 3000 });
    rig.clock.advance(30);
    const first = rig.uart.written.at(-1)!.length;
    t.true(first < 2000);
    if (cut) rig.sync(1);
    rig.clock.advance(2000);
    const bytes = rig.uart.written.filter((text) => text.startsWith("x")).join("").length;
    t.is(bytes, cut ? first : 2000);
  }
});

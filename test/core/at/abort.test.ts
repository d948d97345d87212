// A command that was called off while the modem was at it: the line is led out of it before the next one. No modem is simulated.

import type { Request } from "../../../core/at/types.js";
import { M95Error } from "../../../core/errors.js";
import test from "../../support/harness.js";
import { SessionRig } from "./rig.js";

const GONE = new M95Error("ECLOSED", "the modem was stopped or lost");
/** As firmware with lengths takes it (application note 3.2.8, with the length behind the topic). */
const COUNTED = 'AT+QMTPUB=0,1,1,0,"valve/set",4';
const PUB = 'AT+QMTPUB=0,1,1,0,"valve/set"';
const UPLOAD = 'AT+QSECWRITE="RAM:ca.pem",1000,100';

const COUNTS = { prompt: ">", data: "open", counted: true, timeout: 7000 };
const PROMPTS = { prompt: ">", data: "open\x1a" };

/** A command that is called off so many ms after it was sent. */
function calledOff(text: string, rest: Partial<Request>, ms = 50): SessionRig {
  const rig = new SessionRig();
  rig.send(text, rest);
  rig.clock.advance(ms);
  rig.session.abort(GONE);
  return rig;
}

/** Everything that was written behind the one that was called off. */
function behind(rig: SessionRig): string[] {
  return rig.uart.written.slice(1);
}

test("a prompt that counts bytes gets those that are meant for it, whoever speaks next, and it is told that they may have gone", (t) => {
  for (const wait of [50, 900]) {
    const rig = calledOff(COUNTED, COUNTS);
    rig.uart.always("AT\r", "\r\nOK\r\n");
    t.deepEqual(rig.take(), [`${COUNTED} ECLOSED`]);
    t.is(rig.clock.pending, 0);
    // It prompts before or behind the next word of the driver.
    if (wait > 500) rig.clock.after(500, () => rig.uart.feed("\r\n> "));
    else rig.uart.feed("\r\n> ");
    rig.clock.advance(10);
    rig.sync(4);
    rig.clock.advance(400);
    if (wait > 500) t.deepEqual(behind(rig), [], "nothing is typed while the prompt may still come");
    t.true(rig.settle().includes("synced OK"));
    t.deepEqual(behind(rig), ["open\b\b\b\b", "\x1b", "AT\r"]);
  }
});

test("one that never comes is waited for as long as ever", (t) => {
  const rig = calledOff(COUNTED, COUNTS);
  rig.uart.always("AT\r", "\r\nOK\r\n");
  rig.sync(4);
  rig.clock.advance(6900);
  t.deepEqual(behind(rig), []);
  rig.clock.advance(1000);
  t.deepEqual(behind(rig), ["open\b\b\b\b", "\x1b", "AT\r"]);
});

test("the prompt of AT+QMTPUB does not swallow the next command: ESC, and a proof, come first", (t) => {
  const rig = calledOff(PUB, PROMPTS);
  rig.uart.reply("AT+QIDEACT\r", "\r\nDEACT OK\r\n").reply("\x1b", "\r\nOK\r\n");
  rig.clock.advance(50);
  rig.uart.feed("\r\n> ");
  rig.send("AT+QIDEACT", { final: "DEACT OK" });
  t.deepEqual(rig.settle(), [`${PUB} ECLOSED unsent`, "AT+QIDEACT OK"]);
  t.deepEqual(behind(rig), ["\x1b", "ATS4?\r", "AT+QIDEACT\r"]);
  t.true(rig.clock.now() < 1000);
});

test("nor does an upload: +++ leads out of it, whether its data has begun or not", (t) => {
  for (const begun of [false, true]) {
    const rig = new SessionRig();
    rig.uart.reply("AT+QIDEACT\r", "\r\nDEACT OK\r\n");
    rig.send(UPLOAD, { prompt: "CONNECT", data: "x".repeat(1000), upload: 9000, timeout: 3000 });
    rig.clock.advance(50);
    if (begun) rig.uart.feed("\r\nCONNECT\r\n");
    rig.session.abort(GONE);
    if (!begun) rig.uart.feed("\r\nCONNECT\r\n");
    rig.send("AT+QIDEACT", { final: "DEACT OK" });
    t.is(rig.settle().pop(), "AT+QIDEACT OK");
    t.deepEqual(
      behind(rig).filter((text) => !text.startsWith("x")),
      ["+++", "ATS4?\r", "AT+QIDEACT\r"],
    );
    t.true(rig.clock.now() < 2000);
  }
});

test("a slow command is waited for: its OK, which is late, ends no other one", (t) => {
  const rig = new SessionRig();
  rig.uart.reply("AT+COPS=0\r", "\r\nOK\r\n", 1500).reply("AT+CREG?\r", "\r\n+CREG: 0,1\r\n\r\nOK\r\n", 100);
  rig.send("AT+COPS=0", { timeout: 77000 });
  rig.clock.advance(500);
  rig.session.abort(GONE);
  rig.send("AT+CREG?", { info: "+CREG:" });
  rig.clock.advance(1000);
  t.deepEqual(rig.take(), ["AT+COPS=0 ECLOSED"]);
  t.deepEqual(behind(rig), []);
  t.deepEqual(rig.settle(), ["AT+CREG? OK [+CREG: 0,1]"]);
  t.deepEqual(behind(rig), ["ATS4?\r", "AT+CREG?\r"]);
});

test("20 seconds at most: then the line is led out as behind a time-out", (t) => {
  const rig = calledOff("AT+COPS=0", { timeout: 77000 }, 500);
  rig.uart.reply("AT+CREG?\r", "\r\n+CREG: 0,1\r\n\r\nOK\r\n");
  rig.send("AT+CREG?", { info: "+CREG:" });
  rig.clock.advance(19400);
  t.deepEqual(behind(rig), []);
  t.is(rig.settle().pop(), "AT+CREG? OK [+CREG: 0,1]");
  t.deepEqual(behind(rig), ["\x1b", "ATS4?\r", "AT+CREG?\r"]);
});

test("a clean end before anything is to be sent settles it; one that may be part of a message does not", (t) => {
  for (const message of ["", "\r\n+QMTRECV: 0,0,t,a\r\n"]) {
    const rig = calledOff("AT+CSQ", { info: "+CSQ:" });
    rig.uart.reply("AT+CREG?\r", "\r\n+CREG: 0,1\r\n\r\nOK\r\n");
    rig.uart.feed(`\r\n+CSQ: 20,0\r\n${message}\r\nOK\r\n`);
    rig.clock.advance(100);
    rig.send("AT+CREG?", { info: "+CREG:" });
    t.is(rig.settle().pop(), "AT+CREG? OK [+CREG: 0,1]");
    t.deepEqual(behind(rig), message ? ["\x1b", "ATS4?\r", "AT+CREG?\r"] : ["AT+CREG?\r"]);
  }
});

test("called off while the line is led out of it: it is led out anew", (t) => {
  const rig = new SessionRig();
  rig.uart.reply("AT+QIDEACT\r", "\r\nDEACT OK\r\n");
  rig.send(PUB, { ...PROMPTS, timeout: 1000 });
  while (rig.uart.written.length < 2) rig.clock.advance(1);
  t.deepEqual(rig.take(), [`${PUB} ETIMEOUT unsent`]);
  t.deepEqual(behind(rig), ["\x1b"], "the last that it heard before it was called off");
  rig.session.abort(GONE);
  rig.uart.feed("\r\n> ");
  rig.send("AT+QIDEACT", { final: "DEACT OK" });
  t.deepEqual(rig.settle(), ["AT+QIDEACT OK"]);
  t.deepEqual(behind(rig), ["\x1b", "\x1b", "ATS4?\r", "AT+QIDEACT\r"]);
});

test("called off between question and answer: that answer is late then, and does not prove the next one", (t) => {
  const rig = new SessionRig();
  for (const query of ["ATS3?", "ATS4?", "ATS5?"]) rig.uart.always(`${query}\r`, "").always(`\x1b${query}\r`, "");
  rig.uart.reply("AT+QIDEACT\r", "\r\nDEACT OK\r\n");
  rig.send(PUB, { ...PROMPTS, timeout: 1000 });
  while (rig.uart.written.length < 3) rig.clock.advance(1);
  rig.session.abort(GONE);
  rig.send("AT+QIDEACT", { final: "DEACT OK" });
  while (rig.uart.written.length < 5) rig.clock.advance(1);
  t.deepEqual(behind(rig), ["\x1b", "ATS4?\r", "\x1b", "ATS5?\r"]);
  rig.uart.feed("\r\n010\r\n\r\nOK\r\n");
  rig.clock.advance(300);
  t.false(behind(rig).includes("AT+QIDEACT\r"));
  rig.uart.feed("\r\n008\r\n\r\nOK\r\n");
  t.is(rig.settle().pop(), "AT+QIDEACT OK");
});

test("lines of its answer pass for no URC of the same name; a URC is one", (t) => {
  const rig = calledOff("AT+CREG?", { info: "+CREG:" });
  rig.uart.feed("\r\n+CREG: 0,1\r\n\r\n+CREG: 5\r\n\r\nOK\r\n\r\n+CREG: 1\r\n");
  rig.clock.advance(50);
  t.deepEqual(rig.take(), ["AT+CREG? ECLOSED", "urc +CREG: 5", "urc +CREG: 1"]);
});

test("called off again: it still comes before the next command", (t) => {
  const rig = calledOff(PUB, PROMPTS, 100);
  rig.session.abort(GONE);
  rig.uart.reply("AT+QIDEACT\r", "\r\nDEACT OK\r\n");
  rig.send("AT+QIDEACT", { final: "DEACT OK" });
  rig.settle();
  t.deepEqual(behind(rig), ["\x1b", "ATS4?\r", "AT+QIDEACT\r"]);
});

test("a modem that was off, or has begun anew, is told nothing but AT", (t) => {
  const rig = calledOff(COUNTED, COUNTS);
  rig.uart.always("AT\r", "\r\nOK\r\n");
  rig.session.owed = undefined;
  rig.sync(4);
  rig.clock.advance(200);
  t.deepEqual(behind(rig), ["AT\r"]);
});

test("in the middle of a message, or of its first line: what follows without a silence is payload, a prompt as well", (t) => {
  for (const begun of ["\r\n+QMTRECV: 0,0,t,a\r\n", "\r\n+QMTRECV: 0,0,t,a", "\r\n+QMTRECV: 0,0,t,a\r\n\r\nOK\r\n"]) {
    const rig = new SessionRig();
    rig.send(COUNTED, COUNTS);
    rig.clock.advance(50);
    rig.uart.feed(begun);
    rig.session.abort(GONE);
    rig.take();
    rig.session.allow(true);
    rig.send("AT+QIDEACT", { final: "DEACT OK" });
    rig.uart.feed("OK\r\n\r\n> \r\n\r\nERROR\r\n\r\nRDY\r\n");
    rig.clock.advance(1000);
    t.deepEqual(rig.take(), ["urc? RDY"], begun);
    t.deepEqual(behind(rig), [], "the prompt is waited for still");
    rig.uart.feed("\r\n> ");
    rig.clock.advance(100);
    t.deepEqual(behind(rig), ["open\b\b\b\b", "\x1b", "ATS4?\r", "AT+QIDEACT\r"]);
  }
});

test("in the middle of nothing: what follows is the modem's", (t) => {
  const rig = new SessionRig();
  rig.uart.reply("AT+QIDEACT\r", "\r\nDEACT OK\r\n");
  rig.send(PUB, PROMPTS);
  rig.clock.advance(50);
  rig.uart.feed("\r\n");
  rig.session.abort(GONE);
  rig.session.allow(true);
  rig.uart.feed("ERROR\r\n");
  rig.send("AT+QIDEACT", { final: "DEACT OK" });
  rig.settle();
  t.deepEqual(behind(rig), ["AT+QIDEACT\r"]);
});

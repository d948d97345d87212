// Faults by name: what each of them does to the bytes on the line. What they do to a driver is test/matrix.

import test, { type ExecutionContext } from "ava";
import { faultTable } from "../../virtual-m95/index.js";
import { runControlLine } from "../../virtual-m95/server/control.js";
import { ok, type Rig, running } from "./rig.js";

const quiet = (): Rig => {
  const rig = running();
  rig.say("ATE0\r");
  return rig;
};

/** Publishes at QoS 1 after a fault has begun; returns all that is printed within `ms`. */
function publishing(t: ExecutionContext, fault: string, ms = 300): string {
  const rig = running().connected(t);
  rig.modem.faults.start(fault);
  return rig.publish('0,1,1,0,"t"', "x", ms);
}

test("urc-between: a URC in front of each line", (t) => {
  const rig = quiet();
  rig.modem.faults.start("urc-between 2");
  t.regex(rig.say("AT+CSQ\r"), /^\r\n[^\r]+\r\n\r\n\+CSQ: \d+,\d+\r\n\r\n[^\r]+\r\n\r\nOK\r\n$/);
  t.is(rig.say("AT\r"), ok);
  t.deepEqual(rig.modem.faults.active, []);
});

test("lost-ok, late-ok: the next ones only, others overtake a late one", (t) => {
  const rig = quiet();
  rig.modem.faults.start("lost-ok 2");
  t.deepEqual([rig.say("AT\r"), rig.say("AT\r"), rig.say("AT\r")], ["", "", ok]);
  rig.modem.faults.start("late-ok 3");
  t.is(rig.say("AT\r"), "");
  t.is(rig.say("AT+CMEE?\r"), `\r\n+CMEE: 0\r\n${ok}`);
  t.is(rig.hear(3000), ok);
});

test("a late OK does not outlive the module", (t) => {
  const rig = quiet();
  rig.modem.faults.start("late-ok 3");
  rig.say("AT\r");
  rig.modem.reboot();
  t.is(rig.hear(2000), "");
  t.is(
    rig.clock.run(() => false, 2000),
    false,
  );
});

test("result-before-ok, retransmissions, lost-results", (t) => {
  t.is(publishing(t, "result-before-ok"), `\r\n>\r\n+QMTPUB: 0,1,0\r\n${ok}`);
  const again = [1, 2, 3].map((n) => `\r\n+QMTPUB: 0,1,1,${n}\r\n`).join("");
  t.is(publishing(t, "retransmissions"), `\r\n>${ok}${again}\r\n+QMTPUB: 0,1,0\r\n`);
  t.is(publishing(t, "lost-results"), `\r\n>${ok}`);
});

test("result-before-ok lets an OK go whose result does not come", (t) => {
  const rig = running().connected(t);
  rig.modem.faults.start("result-before-ok");
  rig.modem.networkDown(true);
  t.is(rig.publish('0,1,1,0,"t"', "x", 300), "\r\n>");
  t.is(rig.hear(5000), ok);
});

test("doubled-lines, glued, tight, long-line", (t) => {
  t.is(publishing(t, "doubled-lines 3"), `\r\n>\r\n>${ok}${ok}\r\n+QMTPUB: 0,1,0\r\n\r\n+QMTPUB: 0,1,0\r\n`);
  t.is(publishing(t, "glued 2"), "\r\n>\r\nOK+QMTPUB: 0,1,0\r\n");
  t.is(publishing(t, "tight"), "\r\n>\r\nOK\r\n+QMTPUB: 0,1,0");
  const rig = quiet();
  rig.modem.faults.start("long-line 5000");
  t.is(rig.hear(1000), `\r\n${"x".repeat(5000)}\r\n`);
});

test("split: the same bytes, in pieces of 1 to 20 with pauses", (t) => {
  const rig = quiet();
  const chunks: { at: number; size: number }[] = [];
  let text = "";
  rig.modem.uart.onReceive = (chunk) => {
    text += chunk;
    chunks.push({ at: rig.clock.now(), size: chunk.length });
  };
  rig.modem.faults.start("split 3 1000");
  rig.modem.uart.write("AT+GMR\r");
  rig.clock.advance(60_000);
  t.regex(text, /^\r\n[^\r]+\r\n\r\nOK\r\n$/);
  t.true(chunks.length > 2 && chunks.every(({ size }) => size <= 20));
  t.true(chunks.at(-1)!.at - chunks[0]!.at > 100);
});

test("split, called off, lets go of what it holds", (t) => {
  const rig = quiet();
  const fault = rig.modem.faults.start("split 3 60000");
  rig.say("AT\r", 20);
  fault.end();
  t.is(rig.hear(0), ok);
});

test("no-answer, no-prompt, stuck-prompt", (t) => {
  const rig = running().connected(t);
  rig.modem.faults.start("no-answer");
  t.deepEqual([rig.say("AT\r"), rig.say("AT\r")], ["", ok]);
  rig.modem.faults.start("no-prompt");
  t.is(rig.say('AT+QMTPUB=0,1,1,0,"t"\r'), "");
  t.is(rig.say("x\x1a"), `${ok}\r\n+QMTPUB: 0,1,0\r\n`);
  rig.modem.faults.start("stuck-prompt 5");
  t.is(rig.say('AT+QMTPUB=0,2,1,0,"t"\r'), "\r\n>");
  t.is(rig.say("x\x1a\x1b", 5000), "");
  t.is(rig.say("\x1a"), `${ok}\r\n+QMTPUB: 0,2,0\r\n`);
});

test("lost, garbled and doubled bytes: one in so many, in the direction that is asked for", (t) => {
  const sent = "AT+QMTCFG=?".repeat(100);
  for (const [fault, low, high] of [
    ["lost-bytes 10 60 tx", 850, 950],
    ["garbled-bytes 10 60 tx", 1000, 1000],
    ["doubled-bytes 10 60 tx", 1050, 1150],
  ] as const) {
    const rig = quiet();
    rig.modem.faults.start(fault);
    rig.modem.inject("x".repeat(1000));
    const heard = rig.hear(1000);
    t.true(heard.length >= low && heard.length <= high, `${fault}: ${heard.length}`);
    t.not(heard, "x".repeat(1000));
    const arrived: string[] = [];
    rig.modem.onWire = (data, direction) => {
      if (direction === "rx") arrived.push(data);
      return data;
    };
    rig.modem.uart.write(sent);
    t.deepEqual(arrived, [sent], fault);
    rig.hear(60_000);
    t.deepEqual(rig.modem.faults.active, [], fault);
  }
});

test("nuls, noise, wrong-baud", (t) => {
  const rig = quiet();
  rig.modem.faults.start("nuls 1");
  const heard = rig.say("AT\r");
  t.is(heard.length, ok.length + 1);
  t.is(heard.replace("\0", ""), ok);
  rig.modem.faults.start("noise 50");
  t.regex(rig.hear(100), /^[\x80-\xff]{50}$/);
  rig.modem.faults.start("wrong-baud 2");
  t.is(rig.say("AT\r", 2000), "");
  t.is(rig.say("AT\r"), ok);
  t.deepEqual(rig.kinds, []);
});

test("reboot with a fixed rate says RDY, silent-reboot says nothing until it is asked", (t) => {
  for (const [fault, expected] of [
    ["reboot", "\r\nRDY\r\n"],
    ["silent-reboot", ""],
  ] as const) {
    const rig = running({ baud: 115_200 });
    rig.modem.faults.start(fault);
    t.true(rig.hear(10_000).startsWith(expected));
    t.is(rig.hear(0), "", fault);
    t.true(rig.say("AT\r").endsWith(ok), fault);
    t.deepEqual(rig.modem.faults.active, [], fault);
  }
  const rig = running({ baud: 115_200 });
  rig.modem.faults.start("silent-reboot");
  t.is(rig.hear(10_000), "");
});

test("power: brown-out, power-cut, under-voltage, hang", (t) => {
  const rig = quiet();
  rig.modem.faults.start("under-voltage");
  t.is(rig.hear(100), "\r\nUNDER_VOLTAGE WARNING \r\n");
  rig.modem.faults.start("hang 2");
  t.deepEqual([rig.say("AT\r"), rig.say("", 2000), rig.say("AT\r")], ["", "", ok]);
  const hang = rig.modem.faults.start("hang 0");
  t.is(rig.say("AT\r", 600_000), "");
  hang.end();
  t.is(rig.say("AT\r"), "", "for good is for good");
  rig.modem.pins.emergOff.write(1);
  rig.hear(100);
  t.false(rig.modem.running);
  const other = quiet();
  other.modem.faults.start("brown-out");
  t.is(other.hear(100), "\r\nUNDER_VOLTAGE POWER DOWN \r\n");
  t.false(other.modem.running);
  const third = quiet();
  third.modem.faults.start("power-cut");
  t.is(third.hear(100), "");
  t.false(third.modem.running);
});

test("SIM, registration and PDP context", (t) => {
  const rig = quiet();
  rig.say("AT+CMEE=1\r");
  rig.modem.faults.start("sim-loss 5");
  t.regex(rig.say("AT+CPIN?\r"), /\+CME ERROR: 10/);
  rig.hear(15_000);
  t.true(rig.say("AT+CPIN?\r").includes("READY"));
  rig.modem.faults.start("registration-loss 5 3");
  t.true(rig.say("AT+CREG?\r").includes("+CREG: 0,3"));
  rig.hear(5000);
  t.true(rig.say("AT+CREG?\r").includes("+CREG: 0,1"));
  rig.online(t);
  rig.modem.faults.start("pdp-drop");
  t.is(rig.hear(100), "\r\n+PDP DEACT\r\n");
});

test("broker: reset, down, refused, link-drop", (t) => {
  const rig = running().connected(t);
  rig.modem.faults.start("broker-reset");
  t.is(rig.hear(1000), "\r\n+QMTSTAT: 0,1\r\n");
  t.is(rig.broker.connections, 0);
  rig.connected(t).modem.faults.start("broker-down 10");
  t.is(rig.hear(1000), "\r\n+QMTSTAT: 0,1\r\n");
  t.is(rig.say('AT+QMTOPEN=0,"broker.example",1883\r', 1000), `${ok}\r\n+QMTOPEN: 0,-1\r\n`);
  rig.hear(10_000);
  rig.connected(t).modem.faults.start("link-drop 6");
  t.is(rig.hear(1000), "\r\n+QMTSTAT: 0,6\r\n");
  for (let code = 1; code <= 5; code++) {
    rig.modem.faults.start(`refused ${code}`);
    t.is(rig.say('AT+QMTOPEN=0,"broker.example",1883\r'), `${ok}\r\n+QMTOPEN: 0,0\r\n`);
    t.true(rig.say('AT+QMTCONN=0,"m95-0"\r').startsWith(`${ok}\r\n+QMTCONN: 0,0,${code}\r\n`));
    rig.hear(1000);
    t.is(rig.broker.connections, 0);
    t.deepEqual(rig.modem.faults.active, []);
  }
  rig.connected(t).modem.faults.start("network-loss 30");
  t.is(rig.publish('0,9,1,0,"t"', "x", 10_000), `\r\n>${ok}`);
});

test("lost-urcs: messages too, answers not", (t) => {
  const rig = running().connected(t);
  rig.modem.faults.start("lost-urcs 5");
  rig.modem.urc("RING");
  t.is(rig.say("AT\r"), ok);
  rig.hear(5000);
  rig.modem.urc("RING");
  t.is(rig.hear(100), "\r\nRING\r\n");
});

test("several at a time pass on what the one before leaves, and onSend sees the rest", (t) => {
  const rig = quiet();
  const seen: string[] = [];
  rig.modem.onSend = (text) => {
    seen.push(text);
    return text;
  };
  rig.modem.faults.start("doubled-lines 1");
  rig.modem.faults.start("lost-ok 1");
  t.is(rig.say("AT\r"), ok);
  t.deepEqual(seen, [ok]);
  rig.modem.faults.start("lost-ok 9");
  rig.modem.faults.endAll();
  t.is(rig.say("AT\r"), ok);
});

test("the same seed draws the same lots", (t) => {
  const heard = (seed: number): string => {
    const rig = quiet();
    rig.modem.faults.seed = seed;
    rig.modem.faults.start("garbled-bytes 3 60 tx");
    return rig.say("AT+GMR\r");
  };
  t.is(heard(5), heard(5));
  t.not(heard(5), heard(6));
});

test("names and arguments are checked", (t) => {
  const { faults } = quiet().modem;
  for (const [text, message] of [
    ["late", /no fault late; there are urc-between, lost-ok,/],
    ["lost-ok 0", /COUNT is not in 1-1000000: 0/],
    ["lost-ok many", /COUNT is not in/],
    ["lost-ok 1 2", /too many arguments; usage: lost-ok \[COUNT\]/],
    ["lost-bytes 10 1 up", /WAY is none of both, rx, tx: up/],
  ] as const)
    t.throws(() => faults.start(text), { instanceOf: RangeError, message }, text);
  t.deepEqual(faults.active, []);
});

test("control port: fault, fault off, faults", async (t) => {
  const rig = quiet();
  t.is(await runControlLine(rig.modem, "fault lost-ok 9"), "ok");
  t.is(rig.say("AT\r"), "");
  t.is(await runControlLine(rig.modem, "fault off"), "ok");
  t.is(rig.say("AT\r"), ok);
  t.regex(await runControlLine(rig.modem, "fault nonsense"), /^error no fault nonsense/);
  const lines = (await runControlLine(rig.modem, "faults")).split("\n");
  t.is(lines.length, Object.keys(faultTable).length + 1);
  t.is(lines[0], `ok ${lines.length - 1}`);
});

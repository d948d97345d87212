// Faults by name: what each of them does to the bytes on the line. What they do to a driver is test/matrix.

import test, { type ExecutionContext } from "ava";
import { runControlLine } from "../../virtual-m95/control.js";
import { faultTable } from "../../virtual-m95/index.js";
import { type Bench, ok, running } from "./bench.js";

const quiet = (): Bench => {
  const bench = running();
  bench.say("ATE0\r");
  return bench;
};

/** Publishes at QoS 1 after a fault has begun; returns all that is printed within `ms`. */
function publishing(t: ExecutionContext, fault: string, ms = 300): string {
  const bench = running().connected(t);
  bench.modem.faults.start(fault);
  return bench.publish('0,1,1,0,"t"', "x", ms);
}

test("urc-between: a URC in front of each line", (t) => {
  const bench = quiet();
  bench.modem.faults.start("urc-between 2");
  t.regex(bench.say("AT+CSQ\r"), /^\r\n[^\r]+\r\n\r\n\+CSQ: \d+,\d+\r\n\r\n[^\r]+\r\n\r\nOK\r\n$/);
  t.is(bench.say("AT\r"), ok);
  t.deepEqual(bench.modem.faults.active, []);
});

test("lost-ok, late-ok: the next ones only, others overtake a late one", (t) => {
  const bench = quiet();
  bench.modem.faults.start("lost-ok 2");
  t.deepEqual([bench.say("AT\r"), bench.say("AT\r"), bench.say("AT\r")], ["", "", ok]);
  bench.modem.faults.start("late-ok 3");
  t.is(bench.say("AT\r"), "");
  t.is(bench.say("AT+CMEE?\r"), `\r\n+CMEE: 0\r\n${ok}`);
  t.is(bench.hear(3000), ok);
});

test("a late OK does not outlive the module", (t) => {
  const bench = quiet();
  bench.modem.faults.start("late-ok 3");
  bench.say("AT\r");
  bench.modem.reboot();
  t.is(bench.hear(2000), "");
  t.is(
    bench.clock.run(() => false, 2000),
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
  const bench = running().connected(t);
  bench.modem.faults.start("result-before-ok");
  bench.modem.networkDown(true);
  t.is(bench.publish('0,1,1,0,"t"', "x", 300), "\r\n>");
  t.is(bench.hear(5000), ok);
});

test("doubled-lines, glued, tight, long-line", (t) => {
  t.is(publishing(t, "doubled-lines 3"), `\r\n>\r\n>${ok}${ok}\r\n+QMTPUB: 0,1,0\r\n\r\n+QMTPUB: 0,1,0\r\n`);
  t.is(publishing(t, "glued 2"), "\r\n>\r\nOK+QMTPUB: 0,1,0\r\n");
  t.is(publishing(t, "tight"), "\r\n>\r\nOK\r\n+QMTPUB: 0,1,0");
  const bench = quiet();
  bench.modem.faults.start("long-line 5000");
  t.is(bench.hear(1000), `\r\n${"x".repeat(5000)}\r\n`);
});

test("split: the same bytes, in pieces of 1 to 20 with pauses", (t) => {
  const bench = quiet();
  const chunks: { at: number; size: number }[] = [];
  let text = "";
  bench.modem.uart.onReceive = (chunk) => {
    text += chunk;
    chunks.push({ at: bench.clock.now(), size: chunk.length });
  };
  bench.modem.faults.start("split 3 1000");
  bench.modem.uart.write("AT+GMR\r");
  bench.clock.advance(60_000);
  t.regex(text, /^\r\n[^\r]+\r\n\r\nOK\r\n$/);
  t.true(chunks.length > 2 && chunks.every(({ size }) => size <= 20));
  t.true(chunks.at(-1)!.at - chunks[0]!.at > 100);
});

test("split, called off, lets go of what it holds", (t) => {
  const bench = quiet();
  const fault = bench.modem.faults.start("split 3 60000");
  bench.say("AT\r", 20);
  fault.end();
  t.is(bench.hear(0), ok);
});

test("no-answer, no-prompt, stuck-prompt", (t) => {
  const bench = running().connected(t);
  bench.modem.faults.start("no-answer");
  t.deepEqual([bench.say("AT\r"), bench.say("AT\r")], ["", ok]);
  bench.modem.faults.start("no-prompt");
  t.is(bench.say('AT+QMTPUB=0,1,1,0,"t"\r'), "");
  t.is(bench.say("x\x1a"), `${ok}\r\n+QMTPUB: 0,1,0\r\n`);
  bench.modem.faults.start("stuck-prompt 5");
  t.is(bench.say('AT+QMTPUB=0,2,1,0,"t"\r'), "\r\n>");
  t.is(bench.say("x\x1a\x1b", 5000), "");
  t.is(bench.say("\x1a"), `${ok}\r\n+QMTPUB: 0,2,0\r\n`);
});

test("lost, garbled and doubled bytes: one in so many, in the direction that is asked for", (t) => {
  const sent = "AT+QMTCFG=?".repeat(100);
  for (const [fault, low, high] of [
    ["lost-bytes 10 60 tx", 850, 950],
    ["garbled-bytes 10 60 tx", 1000, 1000],
    ["doubled-bytes 10 60 tx", 1050, 1150],
  ] as const) {
    const bench = quiet();
    bench.modem.faults.start(fault);
    bench.modem.inject("x".repeat(1000));
    const heard = bench.hear(1000);
    t.true(heard.length >= low && heard.length <= high, `${fault}: ${heard.length}`);
    t.not(heard, "x".repeat(1000));
    const arrived: string[] = [];
    bench.modem.onWire = (data, direction) => {
      if (direction === "rx") arrived.push(data);
      return data;
    };
    bench.modem.uart.write(sent);
    t.deepEqual(arrived, [sent], fault);
    bench.hear(60_000);
    t.deepEqual(bench.modem.faults.active, [], fault);
  }
});

test("nuls, noise, wrong-baud", (t) => {
  const bench = quiet();
  bench.modem.faults.start("nuls 1");
  const heard = bench.say("AT\r");
  t.is(heard.length, ok.length + 1);
  t.is(heard.replace("\0", ""), ok);
  bench.modem.faults.start("noise 50");
  t.regex(bench.hear(100), /^[\x80-\xff]{50}$/);
  bench.modem.faults.start("wrong-baud 2");
  t.is(bench.say("AT\r", 2000), "");
  t.is(bench.say("AT\r"), ok);
  t.deepEqual(bench.kinds, []);
});

test("reboot with a fixed rate says RDY, silent-reboot says nothing until it is asked", (t) => {
  for (const [fault, expected] of [
    ["reboot", "\r\nRDY\r\n"],
    ["silent-reboot", ""],
  ] as const) {
    const bench = running({ baud: 115_200 });
    bench.modem.faults.start(fault);
    t.true(bench.hear(10_000).startsWith(expected));
    t.is(bench.hear(0), "", fault);
    t.true(bench.say("AT\r").endsWith(ok), fault);
    t.deepEqual(bench.modem.faults.active, [], fault);
  }
  const bench = running({ baud: 115_200 });
  bench.modem.faults.start("silent-reboot");
  t.is(bench.hear(10_000), "");
});

test("power: brown-out, power-cut, under-voltage, hang", (t) => {
  const bench = quiet();
  bench.modem.faults.start("under-voltage");
  t.is(bench.hear(100), "\r\nUNDER_VOLTAGE WARNING \r\n");
  bench.modem.faults.start("hang 2");
  t.deepEqual([bench.say("AT\r"), bench.say("", 2000), bench.say("AT\r")], ["", "", ok]);
  const hang = bench.modem.faults.start("hang 0");
  t.is(bench.say("AT\r", 600_000), "");
  hang.end();
  t.is(bench.say("AT\r"), "", "for good is for good");
  bench.modem.pins.emergOff.write(1);
  bench.hear(100);
  t.false(bench.modem.running);
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
  const bench = quiet();
  bench.say("AT+CMEE=1\r");
  bench.modem.faults.start("sim-loss 5");
  t.regex(bench.say("AT+CPIN?\r"), /\+CME ERROR: 10/);
  bench.hear(15_000);
  t.true(bench.say("AT+CPIN?\r").includes("READY"));
  bench.modem.faults.start("registration-loss 5 3");
  t.true(bench.say("AT+CREG?\r").includes("+CREG: 0,3"));
  bench.hear(5000);
  t.true(bench.say("AT+CREG?\r").includes("+CREG: 0,1"));
  bench.online(t);
  bench.modem.faults.start("pdp-drop");
  t.is(bench.hear(100), "\r\n+PDP DEACT\r\n");
});

test("broker: reset, down, refused, link-drop", (t) => {
  const bench = running().connected(t);
  bench.modem.faults.start("broker-reset");
  t.is(bench.hear(1000), "\r\n+QMTSTAT: 0,1\r\n");
  t.is(bench.broker.connections, 0);
  bench.connected(t).modem.faults.start("broker-down 10");
  t.is(bench.hear(1000), "\r\n+QMTSTAT: 0,1\r\n");
  t.is(bench.say('AT+QMTOPEN=0,"broker.example",1883\r', 1000), `${ok}\r\n+QMTOPEN: 0,-1\r\n`);
  bench.hear(10_000);
  bench.connected(t).modem.faults.start("link-drop 6");
  t.is(bench.hear(1000), "\r\n+QMTSTAT: 0,6\r\n");
  for (let code = 1; code <= 5; code++) {
    bench.modem.faults.start(`refused ${code}`);
    t.is(bench.say('AT+QMTOPEN=0,"broker.example",1883\r'), `${ok}\r\n+QMTOPEN: 0,0\r\n`);
    t.true(bench.say('AT+QMTCONN=0,"m95-0"\r').startsWith(`${ok}\r\n+QMTCONN: 0,0,${code}\r\n`));
    bench.hear(1000);
    t.is(bench.broker.connections, 0);
    t.deepEqual(bench.modem.faults.active, []);
  }
  bench.connected(t).modem.faults.start("network-loss 30");
  t.is(bench.publish('0,9,1,0,"t"', "x", 10_000), `\r\n>${ok}`);
});

test("lost-urcs: messages too, answers not", (t) => {
  const bench = running().connected(t);
  bench.modem.faults.start("lost-urcs 5");
  bench.modem.urc("RING");
  t.is(bench.say("AT\r"), ok);
  bench.hear(5000);
  bench.modem.urc("RING");
  t.is(bench.hear(100), "\r\nRING\r\n");
});

test("several at a time pass on what the one before leaves, and onSend sees the rest", (t) => {
  const bench = quiet();
  const seen: string[] = [];
  bench.modem.onSend = (text) => {
    seen.push(text);
    return text;
  };
  bench.modem.faults.start("doubled-lines 1");
  bench.modem.faults.start("lost-ok 1");
  t.is(bench.say("AT\r"), ok);
  t.deepEqual(seen, [ok]);
  bench.modem.faults.start("lost-ok 9");
  bench.modem.faults.endAll();
  t.is(bench.say("AT\r"), ok);
});

test("the same seed draws the same lots", (t) => {
  const heard = (seed: number): string => {
    const bench = quiet();
    bench.modem.faults.seed = seed;
    bench.modem.faults.start("garbled-bytes 3 60 tx");
    return bench.say("AT+GMR\r");
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
  const bench = quiet();
  t.is(await runControlLine(bench.modem, "fault lost-ok 9"), "ok");
  t.is(bench.say("AT\r"), "");
  t.is(await runControlLine(bench.modem, "fault off"), "ok");
  t.is(bench.say("AT\r"), ok);
  t.regex(await runControlLine(bench.modem, "fault nonsense"), /^error no fault nonsense/);
  const lines = (await runControlLine(bench.modem, "faults")).split("\n");
  t.is(lines.length, Object.keys(faultTable).length + 1);
  t.is(lines[0], `ok ${lines.length - 1}`);
});

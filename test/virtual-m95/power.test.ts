// Power of the virtual modem against the Hardware Design's figures (facts sheet 1): presses, STATUS, EMERG_OFF, supply.

import test from "ava";
import { ok, Rig } from "./rig.js";

function statusAt(rig: Rig, ms: number): number {
  rig.clock.advance(ms - rig.clock.now());
  return rig.modem.running ? 1 : 0;
}

test("STATUS rises 800 ms after the press, the UART hears 2.5 s after it", (t) => {
  const rig = new Rig({ baud: 115_200 });
  rig.clock.advance(30);
  rig.modem.pins.pwrkey.write(1);
  t.is(statusAt(rig, 829), 0);
  t.is(statusAt(rig, 830), 1);
  rig.clock.advance(200);
  rig.modem.pins.pwrkey.write(0);
  t.is(rig.say("AT\r", 2529 - 1030), "");
  t.is(rig.hear(10), "\r\nRDY\r\n");
  t.is(rig.say("AT\r", 40), `AT\r${ok}`);
  t.deepEqual(rig.modem.violations, []);
});

test("a press may end when the host has seen STATUS high", (t) => {
  const rig = new Rig();
  rig.modem.pins.pwrkey.write(1);
  rig.clock.advance(810);
  t.is(rig.modem.pins.status.read(), 1);
  rig.modem.pins.pwrkey.write(0);
  t.true(rig.modem.running);
  t.deepEqual(rig.modem.violations, []);
});

test("a blind press under 1 s does not switch on and is a violation", (t) => {
  for (const ms of [300, 900, 999]) {
    const rig = new Rig();
    rig.press(ms);
    rig.clock.advance(5000);
    t.false(rig.modem.running, `${ms} ms`);
    t.deepEqual(rig.kinds, ["pwrkey-pulse"]);
  }
  const rig = new Rig();
  rig.press(1000);
  t.true(rig.modem.running);
});

test("a press of 0.6 to 1 s switches off: log-off, NORMAL POWER DOWN, then STATUS low", (t) => {
  for (const ms of [600, 750, 1000]) {
    const rig = new Rig({ poweredOn: true });
    rig.press(ms);
    t.is(rig.hear(2999), "", `${ms} ms`);
    t.true(rig.modem.running);
    t.is(rig.hear(20), "\r\nNORMAL POWER DOWN\r\n");
    t.false(rig.modem.running);
    t.deepEqual(rig.modem.violations, []);
  }
});

test("the log-off time is an option, up to the 12 s of the data sheet", (t) => {
  const rig = new Rig({ poweredOn: true, timing: { logOff: 12_000 } });
  rig.press(700);
  t.is(rig.hear(11_999), "");
  t.is(rig.hear(20), "\r\nNORMAL POWER DOWN\r\n");
});

test("NORMAL POWER DOWN is not printed when autobaud never came into step", (t) => {
  const rig = new Rig();
  rig.press(1200);
  rig.clock.advance(5000);
  rig.press(700);
  t.is(rig.hear(4000), "");
  t.false(rig.modem.running);
});

test("a shorter off press does nothing, a longer one restarts; both are violations", (t) => {
  const short = new Rig({ poweredOn: true });
  short.press(500);
  t.is(short.hear(5000), "");
  t.true(short.modem.running);
  t.deepEqual(short.kinds, ["pwrkey-pulse"]);

  const long = new Rig({ poweredOn: true, baud: 115_200 });
  long.press(1500);
  const text = long.hear(10_000);
  t.true(text.startsWith("\r\nNORMAL POWER DOWN\r\n\r\nRDY\r\n"), text);
  t.true(long.modem.running);
  t.deepEqual(long.kinds, ["pwrkey-restart"]);
});

test("a press within 500 ms after STATUS fell is ignored and a violation", (t) => {
  const rig = new Rig({ poweredOn: true });
  rig.press(700);
  t.true(rig.clock.run(() => !rig.modem.running, 10_000));
  rig.clock.advance(400);
  rig.press(1200);
  t.false(rig.modem.running);
  t.deepEqual(rig.kinds, ["pwrkey-gap"]);
  rig.press(1200);
  t.true(rig.modem.running);
  t.is(rig.kinds.length, 1);
});

test("a press while logging off is ignored and a violation", (t) => {
  const rig = new Rig({ poweredOn: true });
  rig.press(700);
  rig.clock.advance(1000);
  rig.press(700);
  t.deepEqual(rig.kinds, ["pwrkey-ignored"]);
});

test("a press before VBAT is stable is a violation", (t) => {
  const rig = new Rig({ supplyOff: true });
  rig.press(1200);
  t.false(rig.modem.running);
  t.deepEqual(rig.kinds, []);
  rig.modem.pins.supply.write(1);
  rig.clock.advance(29);
  rig.press(1200);
  t.deepEqual(rig.kinds, ["pwrkey-early"]);
  t.true(rig.modem.running);
});

test("EMERG_OFF switches off after 20 ms and keeps it off", (t) => {
  const rig = new Rig({ poweredOn: true });
  rig.modem.pins.emergOff.write(1);
  rig.clock.advance(10);
  rig.modem.pins.emergOff.write(0);
  t.true(rig.modem.running);
  t.deepEqual(rig.kinds, ["emergoff-pulse"]);
  rig.modem.pins.emergOff.write(1);
  t.is(rig.hear(20), "");
  t.false(rig.modem.running);
  rig.clock.advance(1000);
  rig.press(1200);
  t.false(rig.modem.running);
  rig.modem.pins.emergOff.write(0);
  rig.press(1200);
  t.true(rig.modem.running);
});

test("removing the supply kills without a word and without a violation", (t) => {
  const trace: string[] = [];
  const rig = new Rig({ poweredOn: true, trace: (_direction, text) => trace.push(text) });
  rig.modem.pins.supply.write(0);
  t.is(rig.hear(100), "");
  t.false(rig.modem.running);
  t.deepEqual(rig.modem.violations, []);
  t.true(trace.some((text) => text.startsWith("killed")));
  rig.modem.pins.supply.write(1);
  rig.clock.advance(100);
  rig.press(1200);
  t.true(rig.modem.running);
  t.deepEqual(rig.modem.violations, []);
});

test("a supply cut during the log-off ends it; the next start is not disturbed", (t) => {
  const rig = new Rig({ poweredOn: true });
  rig.press(700);
  rig.clock.advance(1000);
  rig.modem.pins.supply.write(0);
  rig.modem.pins.supply.write(1);
  rig.clock.advance(100);
  rig.press(1200);
  rig.clock.advance(20_000);
  t.true(rig.modem.running);
  t.deepEqual(rig.modem.violations, []);
});

test("AT+QPOWD=1 logs off without OK; =0 is off at once", (t) => {
  const rig = new Rig({ poweredOn: true });
  rig.say("ATE0\r");
  t.is(rig.say("AT+QPOWD=1\r", 4000), "\r\nNORMAL POWER DOWN\r\n");
  t.false(rig.modem.running);
  const urgent = new Rig({ poweredOn: true });
  urgent.say("ATE0\r");
  t.is(urgent.say("AT+QPOWD=0\r", 10), "");
  t.false(urgent.modem.running);
});

test("bytes to a module that is off or logs off are lost and violations", (t) => {
  const rig = new Rig();
  t.is(rig.say("AT\r"), "");
  t.deepEqual(rig.kinds, ["sent-while-off"]);
  const leaving = new Rig({ poweredOn: true });
  leaving.press(700);
  t.is(leaving.say("AT\r"), "");
  t.deepEqual(leaving.kinds, ["sent-while-off"]);
});

test("bytes during the boot are lost without a violation", (t) => {
  const rig = new Rig({ baud: 115_200 });
  rig.press(1100);
  t.is(rig.say("AT\r"), "");
  t.deepEqual(rig.kinds, []);
});

test("an unexpected reset loses settings and starts again with RDY; STATUS stays high", (t) => {
  const rig = new Rig({ poweredOn: true, baud: 115_200 });
  rig.say("ATE0\r");
  rig.modem.reboot();
  t.true(rig.modem.running);
  t.is(rig.hear(1750), "\r\nRDY\r\n");
  t.is(rig.say("AT\r", 50), `AT\r${ok}`);
});

test("brown-out: the URC with its trailing blank, then off", (t) => {
  const rig = new Rig({ poweredOn: true });
  rig.modem.brownOut();
  t.is(rig.hear(50), "\r\nUNDER_VOLTAGE POWER DOWN \r\n");
  t.false(rig.modem.running);
  const warned = new Rig({ poweredOn: true, quirks: { voltageBlank: false } });
  warned.modem.voltage("OVER_VOLTAGE WARNING");
  t.is(warned.hear(50), "\r\nOVER_VOLTAGE WARNING\r\n");
  t.true(warned.modem.running);
});

test("a hung module is deaf and mute for a time, or until its power goes", (t) => {
  const rig = new Rig({ poweredOn: true });
  rig.modem.hang(2000);
  rig.modem.urc("RING");
  t.is(rig.say("AT\r", 1999), "");
  rig.hear(10);
  t.is(rig.say("AT\r"), `AT\r${ok}`);
  rig.modem.hang();
  t.is(rig.say("AT\r", 100_000), "");
  rig.press(700);
  rig.clock.advance(5000);
  t.true(rig.modem.running);
  rig.modem.pins.emergOff.write(1);
  rig.clock.advance(30);
  rig.modem.pins.emergOff.write(0);
  t.false(rig.modem.running);
  rig.clock.advance(600);
  rig.press(1200);
  rig.hear(6000);
  rig.say("AT\r");
  t.is(rig.say("AT\r"), `AT\r${ok}`);
  t.deepEqual(rig.modem.violations, []);
});

test("dispose leaves no timer behind", (t) => {
  const rig = new Rig({ poweredOn: true, registerAfter: 5000 });
  t.true(rig.clock.pending > 0);
  rig.modem.dispose();
  t.is(rig.clock.pending, 0);
});

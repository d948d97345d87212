// Power of the virtual modem against the Hardware Design's figures (facts sheet 1): presses, STATUS, EMERG_OFF, supply.

import test from "ava";
import { Bench, ok } from "./bench.js";

function statusAt(bench: Bench, ms: number): number {
  bench.clock.advance(ms - bench.clock.now());
  return bench.modem.running ? 1 : 0;
}

test("STATUS rises 800 ms after the press, the UART hears 2.5 s after it", (t) => {
  const bench = new Bench({ baud: 115_200 });
  bench.clock.advance(30);
  bench.modem.pins.pwrkey.write(1);
  t.is(statusAt(bench, 829), 0);
  t.is(statusAt(bench, 830), 1);
  bench.clock.advance(200);
  bench.modem.pins.pwrkey.write(0);
  t.is(bench.say("AT\r", 2529 - 1030), "");
  t.is(bench.hear(10), "\r\nRDY\r\n");
  t.is(bench.say("AT\r", 40), `AT\r${ok}`);
  t.deepEqual(bench.modem.violations, []);
});

test("a press may end when the host has seen STATUS high", (t) => {
  const bench = new Bench();
  bench.modem.pins.pwrkey.write(1);
  bench.clock.advance(810);
  t.is(bench.modem.pins.status.read(), 1);
  bench.modem.pins.pwrkey.write(0);
  t.true(bench.modem.running);
  t.deepEqual(bench.modem.violations, []);
});

test("a blind press under 1 s does not switch on and is a violation", (t) => {
  for (const ms of [300, 900, 999]) {
    const bench = new Bench();
    bench.press(ms);
    bench.clock.advance(5000);
    t.false(bench.modem.running, `${ms} ms`);
    t.deepEqual(bench.kinds, ["pwrkey-pulse"]);
  }
  const bench = new Bench();
  bench.press(1000);
  t.true(bench.modem.running);
});

test("a press of 0.6 to 1 s switches off: log-off, NORMAL POWER DOWN, then STATUS low", (t) => {
  for (const ms of [600, 750, 1000]) {
    const bench = new Bench({ poweredOn: true });
    bench.press(ms);
    t.is(bench.hear(2999), "", `${ms} ms`);
    t.true(bench.modem.running);
    t.is(bench.hear(20), "\r\nNORMAL POWER DOWN\r\n");
    t.false(bench.modem.running);
    t.deepEqual(bench.modem.violations, []);
  }
});

test("the log-off time is an option, up to the 12 s of the data sheet", (t) => {
  const bench = new Bench({ poweredOn: true, timing: { logOff: 12_000 } });
  bench.press(700);
  t.is(bench.hear(11_999), "");
  t.is(bench.hear(20), "\r\nNORMAL POWER DOWN\r\n");
});

test("NORMAL POWER DOWN is not printed when autobaud never came into step", (t) => {
  const bench = new Bench();
  bench.press(1200);
  bench.clock.advance(5000);
  bench.press(700);
  t.is(bench.hear(4000), "");
  t.false(bench.modem.running);
});

test("a shorter off press does nothing, a longer one restarts; both are violations", (t) => {
  const short = new Bench({ poweredOn: true });
  short.press(500);
  t.is(short.hear(5000), "");
  t.true(short.modem.running);
  t.deepEqual(short.kinds, ["pwrkey-pulse"]);

  const long = new Bench({ poweredOn: true, baud: 115_200 });
  long.press(1500);
  const text = long.hear(10_000);
  t.true(text.startsWith("\r\nNORMAL POWER DOWN\r\n\r\nRDY\r\n"), text);
  t.true(long.modem.running);
  t.deepEqual(long.kinds, ["pwrkey-restart"]);
});

test("a press within 500 ms after STATUS fell is ignored and a violation", (t) => {
  const bench = new Bench({ poweredOn: true });
  bench.press(700);
  t.true(bench.clock.run(() => !bench.modem.running, 10_000));
  bench.clock.advance(400);
  bench.press(1200);
  t.false(bench.modem.running);
  t.deepEqual(bench.kinds, ["pwrkey-gap"]);
  bench.press(1200);
  t.true(bench.modem.running);
  t.is(bench.kinds.length, 1);
});

test("a press while logging off is ignored and a violation", (t) => {
  const bench = new Bench({ poweredOn: true });
  bench.press(700);
  bench.clock.advance(1000);
  bench.press(700);
  t.deepEqual(bench.kinds, ["pwrkey-ignored"]);
});

test("a press before VBAT is stable is a violation", (t) => {
  const bench = new Bench({ supplyOff: true });
  bench.press(1200);
  t.false(bench.modem.running);
  t.deepEqual(bench.kinds, []);
  bench.modem.pins.supply.write(1);
  bench.clock.advance(29);
  bench.press(1200);
  t.deepEqual(bench.kinds, ["pwrkey-early"]);
  t.true(bench.modem.running);
});

test("EMERG_OFF switches off after 20 ms and keeps it off", (t) => {
  const bench = new Bench({ poweredOn: true });
  bench.modem.pins.emergOff.write(1);
  bench.clock.advance(10);
  bench.modem.pins.emergOff.write(0);
  t.true(bench.modem.running);
  t.deepEqual(bench.kinds, ["emergoff-pulse"]);
  bench.modem.pins.emergOff.write(1);
  t.is(bench.hear(20), "");
  t.false(bench.modem.running);
  bench.clock.advance(1000);
  bench.press(1200);
  t.false(bench.modem.running);
  bench.modem.pins.emergOff.write(0);
  bench.press(1200);
  t.true(bench.modem.running);
});

test("removing the supply kills without a word and without a violation", (t) => {
  const trace: string[] = [];
  const bench = new Bench({ poweredOn: true, trace: (_direction, text) => trace.push(text) });
  bench.modem.pins.supply.write(0);
  t.is(bench.hear(100), "");
  t.false(bench.modem.running);
  t.deepEqual(bench.modem.violations, []);
  t.true(trace.some((text) => text.startsWith("killed")));
  bench.modem.pins.supply.write(1);
  bench.clock.advance(100);
  bench.press(1200);
  t.true(bench.modem.running);
  t.deepEqual(bench.modem.violations, []);
});

test("a supply cut during the log-off ends it; the next start is not disturbed", (t) => {
  const bench = new Bench({ poweredOn: true });
  bench.press(700);
  bench.clock.advance(1000);
  bench.modem.pins.supply.write(0);
  bench.modem.pins.supply.write(1);
  bench.clock.advance(100);
  bench.press(1200);
  bench.clock.advance(20_000);
  t.true(bench.modem.running);
  t.deepEqual(bench.modem.violations, []);
});

test("AT+QPOWD=1 logs off without OK; =0 is off at once", (t) => {
  const bench = new Bench({ poweredOn: true });
  bench.say("ATE0\r");
  t.is(bench.say("AT+QPOWD=1\r", 4000), "\r\nNORMAL POWER DOWN\r\n");
  t.false(bench.modem.running);
  const urgent = new Bench({ poweredOn: true });
  urgent.say("ATE0\r");
  t.is(urgent.say("AT+QPOWD=0\r", 10), "");
  t.false(urgent.modem.running);
});

test("bytes to a module that is off or logs off are lost and violations", (t) => {
  const bench = new Bench();
  t.is(bench.say("AT\r"), "");
  t.deepEqual(bench.kinds, ["sent-while-off"]);
  const leaving = new Bench({ poweredOn: true });
  leaving.press(700);
  t.is(leaving.say("AT\r"), "");
  t.deepEqual(leaving.kinds, ["sent-while-off"]);
});

test("bytes during the boot are lost without a violation", (t) => {
  const bench = new Bench({ baud: 115_200 });
  bench.press(1100);
  t.is(bench.say("AT\r"), "");
  t.deepEqual(bench.kinds, []);
});

test("an unexpected reset loses settings and starts again with RDY; STATUS stays high", (t) => {
  const bench = new Bench({ poweredOn: true, baud: 115_200 });
  bench.say("ATE0\r");
  bench.modem.reboot();
  t.true(bench.modem.running);
  t.is(bench.hear(1750), "\r\nRDY\r\n");
  t.is(bench.say("AT\r", 50), `AT\r${ok}`);
});

test("brown-out: the URC with its trailing blank, then off", (t) => {
  const bench = new Bench({ poweredOn: true });
  bench.modem.brownOut();
  t.is(bench.hear(50), "\r\nUNDER_VOLTAGE POWER DOWN \r\n");
  t.false(bench.modem.running);
  const warned = new Bench({ poweredOn: true, quirks: { voltageBlank: false } });
  warned.modem.voltage("OVER_VOLTAGE WARNING");
  t.is(warned.hear(50), "\r\nOVER_VOLTAGE WARNING\r\n");
  t.true(warned.modem.running);
});

test("a hung module is deaf and mute for a time, or until its power goes", (t) => {
  const bench = new Bench({ poweredOn: true });
  bench.modem.hang(2000);
  bench.modem.urc("RING");
  t.is(bench.say("AT\r", 1999), "");
  bench.hear(10);
  t.is(bench.say("AT\r"), `AT\r${ok}`);
  bench.modem.hang();
  t.is(bench.say("AT\r", 100_000), "");
  bench.press(700);
  bench.clock.advance(5000);
  t.true(bench.modem.running);
  bench.modem.pins.emergOff.write(1);
  bench.clock.advance(30);
  bench.modem.pins.emergOff.write(0);
  t.false(bench.modem.running);
  bench.clock.advance(600);
  bench.press(1200);
  bench.hear(6000);
  bench.say("AT\r");
  t.is(bench.say("AT\r"), `AT\r${ok}`);
  t.deepEqual(bench.modem.violations, []);
});

test("dispose leaves no timer behind", (t) => {
  const bench = new Bench({ poweredOn: true, registerAfter: 5000 });
  t.true(bench.clock.pending > 0);
  bench.modem.dispose();
  t.is(bench.clock.pending, 0);
});

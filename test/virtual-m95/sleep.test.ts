// Sleep of the virtual modem: AT+QSCLK, DTR and RI (facts sheet, second part, *Sleep*).

import test from "ava";
import { cmeError, ok, type Rig, type running as Running, running } from "./rig.js";

type Options = NonNullable<Parameters<typeof Running>[0]>;

/** Echo off, AT+QSCLK=`mode`, DTR low. */
function sleeper(mode: 0 | 1 | 2, options: Options = {}): Rig {
  const rig = running({ dtr: 0, ...options });
  rig.say("ATE0\r");
  rig.say(`AT+QSCLK=${mode}\r`);
  return rig;
}

/** DTR high for long enough: the radio, too, must be quiet. */
function lay(rig: Rig): void {
  rig.modem.pins.dtr.write(1);
  rig.hear(5000);
}

test("AT+QSCLK=0, the default: DTR means nothing", (t) => {
  const rig = running();
  t.is(rig.say("ATE0;+QSCLK?\r"), `ATE0;+QSCLK?\r\r\n+QSCLK: 0\r\n${ok}`);
  lay(rig);
  rig.hear(3_600_000);
  t.false(rig.modem.asleep);
  t.is(rig.say("AT\r"), ok);
  t.deepEqual(rig.modem.violations, []);
});

test("AT+QSCLK=1: sleeps while DTR is high, deaf to what is sent then", (t) => {
  const rig = sleeper(1);
  rig.hear(60_000);
  t.false(rig.modem.asleep, "DTR is low");
  rig.modem.pins.dtr.write(1);
  t.false(rig.modem.asleep, "not at once");
  rig.hear(1500);
  t.true(rig.modem.asleep);
  t.is(rig.say("AT\r", 5000), "");
  t.deepEqual(rig.kinds, ["dtr-high"]);
  rig.modem.pins.dtr.write(0);
  t.false(rig.modem.asleep);
  t.is(rig.hear(1000), "", "what was sent while it slept is gone");
  t.is(rig.say("AT\r"), ok);
});

for (const wake of [20, 600]) {
  test(`DTR low: the UART hears after ${wake} ms, and not before`, (t) => {
    const rig = sleeper(1, { timing: { wake } });
    lay(rig);
    rig.modem.pins.dtr.write(0);
    t.is(rig.say("AT\r", wake - 1), "");
    t.is(rig.hear(200), "");
    t.is(rig.say("AT\r"), ok);
    t.deepEqual(rig.modem.violations, []);
  });
}

test("a line of which the end comes after the wake-up loses its beginning", (t) => {
  const rig = sleeper(1, { tolerate: ["data-without-prompt"] });
  lay(rig);
  rig.modem.pins.dtr.write(0);
  // 20 ms are 230 bytes at 115,200 Bd: the end of these 260 is heard, as noise with a command behind it.
  t.is(rig.say(`${"x".repeat(257)}AT\r`, 100), ok);
});

test("no sleep while a command runs, a prompt is open, or bytes are on their way to the host", (t) => {
  const rig = sleeper(1, { tolerate: ["dtr-high"] }).online(t);
  rig.connected(t);
  rig.modem.uart.write('AT+QMTPUB=0,1,1,0,"t"\r');
  rig.modem.pins.dtr.write(1);
  t.is(rig.hear(30_000), "\r\n> ".trimEnd());
  t.false(rig.modem.asleep);
  t.is(rig.say("x\x1a"), `${ok}\r\n+QMTPUB: 0,1,0\r\n`);
  rig.modem.uart.write("AT+COPS=?\r");
  rig.hear(19_000);
  t.false(rig.modem.asleep);
  rig.hear(5000);
  t.true(rig.modem.asleep);
});

test("AT+QSCLK=2 is not offered, unless the firmware has it", (t) => {
  const rig = sleeper(0);
  rig.say("AT+CMEE=1\r");
  t.is(rig.say("AT+QSCLK=?\r"), `\r\n+QSCLK: (0,1)\r\n${ok}`);
  t.is(rig.say("AT+QSCLK=2\r"), cmeError(3518));
});

test("AT+QSCLK=2: sleeps after 5 s without UART data, whatever DTR says; the first bytes wake it and are lost", (t) => {
  const rig = sleeper(2, { quirks: { qsclk2: true } });
  t.is(rig.say("AT+QSCLK=?\r"), `\r\n+QSCLK: (0,1,2)\r\n${ok}`);
  rig.hear(4000);
  t.false(rig.modem.asleep);
  rig.hear(2000);
  t.true(rig.modem.asleep);
  t.is(rig.say("AT\r", 100), "");
  t.false(rig.modem.asleep);
  t.is(rig.say("AT\r"), ok);
  rig.hear(6000);
  t.true(rig.modem.asleep);
  t.deepEqual(rig.modem.violations, []);
});

test("AT&W keeps AT+QSCLK and AT+QRIMODE: a modem left asleep stays so over a power cut", (t) => {
  const rig = sleeper(1, { baud: 115_200 });
  rig.say("AT+QRIMODE=2;&W\r");
  rig.modem.pins.supply.write(0);
  rig.modem.pins.supply.write(1);
  rig.hear(1000);
  rig.modem.pins.dtr.write(1);
  rig.press(1100);
  t.true(rig.hear(8000).endsWith("\r\nSMS Ready\r\n"));
  rig.hear(2000);
  t.true(rig.modem.asleep);
  rig.modem.pins.dtr.write(0);
  rig.hear(50);
  rig.say("ATE0\r");
  t.is(rig.say("AT+QSCLK?;+QRIMODE?\r"), `\r\n+QSCLK: 1\r\n\r\n+QRIMODE: 2\r\n${ok}`);
});

test("what was not saved is forgotten", (t) => {
  const rig = sleeper(1, { baud: 115_200 });
  rig.modem.reboot();
  rig.hear(8000);
  rig.say("ATE0\r");
  t.is(rig.say("AT+QSCLK?\r"), `\r\n+QSCLK: 0\r\n${ok}`);
});

test("options: found asleep, with DTR that nobody drives", (t) => {
  const rig = running({ sleep: 1 });
  t.true(rig.modem.asleep);
  t.is(rig.say("AT\r", 5000), "");
  rig.modem.pins.dtr.write(0);
  rig.hear(20);
  t.is(rig.say("AT\r"), `AT\r${ok}`);
});

test("the host's keepalive is the module's: PINGREQ goes out while asleep", (t) => {
  const rig = sleeper(1).online(t);
  rig.say('AT+QMTCFG="KEEPALIVE",0,60\r');
  rig.connected(t);
  lay(rig);
  rig.hear(600_000);
  t.true(rig.modem.asleep);
  t.deepEqual(rig.broker.clients, ["m95-0"]);
});

test("quirk pingAsleep false: the broker gives the client up, and its goodbye wakes the module", (t) => {
  const rig = sleeper(1, { quirks: { pingAsleep: false } }).online(t);
  rig.say('AT+QMTCFG="KEEPALIVE",0,60\r');
  rig.connected(t);
  lay(rig);
  t.is(rig.hear(120_000), "\r\n+QMTSTAT: 0,1\r\n");
  t.deepEqual(rig.broker.clients, []);
});

test("quirk urcAsleep: printed at once, held until the wake-up, or lost; RI falls in any case", (t) => {
  const message = '\r\n+QMTRECV: 0,0,"t",x\r\n';
  const heard = { print: [message, ""], hold: ["", message], lose: ["", ""] };
  for (const [urcAsleep, [asleep, awake]] of Object.entries(heard)) {
    const rig = sleeper(1, { quirks: { urcAsleep: urcAsleep as "print" } }).connected(t);
    rig.say('AT+QMTSUB=0,1,"t",0\r');
    let rings = 0;
    rig.modem.pins.ri.watch(() => rings++);
    lay(rig);
    rig.broker.publish("t", "x");
    t.is(rig.hear(300), asleep, urcAsleep);
    t.is(rings, 1, urcAsleep);
    rig.modem.pins.dtr.write(0);
    t.is(rig.hear(300), awake, urcAsleep);
  }
});

test("RI: high at rest, low for 120 ms with a URC, 50 ms with AT+QRIMODE=1, not at all with 2", (t) => {
  for (const [mode, ms] of [120, 50, 0].entries()) {
    const rig = sleeper(0);
    rig.say(`AT+QRIMODE=${mode}\r`);
    t.is(rig.modem.pins.ri.read(), 1);
    rig.modem.urc("+CREG: 1");
    t.is(rig.modem.pins.ri.read(), ms > 0 ? 0 : 1);
    rig.hear(ms - 1);
    t.is(rig.modem.pins.ri.read(), ms > 0 ? 0 : 1);
    rig.hear(1);
    t.is(rig.modem.pins.ri.read(), 1);
  }
});

// What the virtual modem draws: the facts sheet's figures, state by state, on the module's own clock.

import test from "ava";
import { airTime, energyFacts, factValues, transmitting } from "../../virtual-m95/energy/facts.js";
import { EnergyMeter, energyRows } from "../../virtual-m95/energy/meter.js";
import type { VirtualM95 } from "../../virtual-m95/index.js";
import { runControlLine } from "../../virtual-m95/server/control.js";
import { Rig, running } from "./rig.js";

const hour = 3_600_000;

/** mAh of the next `ms`. */
function draws(rig: Rig, ms: number): number {
  rig.modem.energy.reset();
  rig.clock.advance(ms);
  return rig.modem.energy.report().mAh;
}

function near(value: number, expected: number, tolerance = 1e-6): boolean {
  return Math.abs(value - expected) <= Math.max(tolerance * Math.abs(expected), 1e-12);
}

test("an hour off, asleep by DRX and idle: 0.03, 0.9 or 0.7, and 13 mAh", (t) => {
  t.true(near(draws(new Rig(), hour), 0.03));
  t.true(near(draws(running(), hour), 13));
  t.true(near(draws(running({ sleep: 1 }), hour), 0.9));
  t.true(near(draws(running({ sleep: 1, energy: { drx: 9 } }), hour), 0.7));
  t.true(near(draws(running({ sleep: 1, energy: { facts: { sleepDrx5: 1.2 } } }), hour), 1.2));
});

test("from the press to registered and off again: boot, search and log off are counted", (t) => {
  const rig = new Rig({ baud: 115_200, registerAfter: 20_000 });
  rig.press(1100);
  rig.hear(60_000);
  rig.say("AT+QPOWD=1\r", 10_000);
  const { states } = rig.modem.energy.report();
  const { timing } = rig.modem;
  t.is(states.boot.ms, timing.uartAfter - timing.statusAfter);
  // Until registered, and 3 s of logging off with the last words.
  t.true(Math.abs(states.registration.ms - 20_000 - timing.logOff) < 50, String(states.registration.ms));
  t.true(near(states.registration.mAh, (states.registration.ms * 65) / hour));
  t.is(rig.modem.pins.status.read(), 0);
  t.true(near(draws(rig, hour), 0.03));
});

test("weaker signal and more slots draw more while sending", (t) => {
  const facts = factValues();
  t.is(transmitting(facts, 1, 31), 73);
  t.is(transmitting(facts, 1, 10), 215);
  t.is(transmitting(facts, 1, 20), 144);
  t.is(transmitting(facts, 1, 99), 215, "unknown: the worst");
  t.is(transmitting(facts, 4, 5), 500);
  // 60 bytes and 40 of TCP and IP at 10 kbit/s.
  t.is(airTime(facts, 1, 60), 80);
  t.is(airTime(facts, 4, 60), 20);
});

test("a packet up opens the channel, sends, waits for its answer and holds the channel a while", (t) => {
  let now = 0;
  const meter = new EnergyMeter(() => now, 10, { gprsClass: 8 });
  meter.become("sleep");
  meter.up(60);
  now = hour;
  const { states } = meter.report();
  t.is(states.transmitting.ms, 80);
  t.is(states.receiving.ms, 600 + 600 + 2000);
  t.is(states.sleep.ms, hour - 3280);
  t.true(near(states.transmitting.mAh, (80 * 215) / hour));
});

test("packets close together share one channel", (t) => {
  let now = 0;
  const meter = new EnergyMeter(() => now, 10, { gprsClass: 8 });
  meter.become("idle");
  meter.up(60);
  now = 1000;
  meter.down(4);
  now = 2000;
  meter.up(4);
  now = hour;
  const { states } = meter.report();
  // 60 and 4 bytes, and the acknowledgement of what came down, each with 40 of TCP and IP.
  t.true(near(states.transmitting.ms, 80 + 35.2 + 32));
  t.true(near(states.receiving.ms + states.transmitting.ms, 2000 + 35.2 + 600 + 2000));
});

test("a TLS handshake is counted by its usual size", (t) => {
  let now = 0;
  const meter = new EnergyMeter(() => now, 10, { gprsClass: 8, facts: { tlsUp: 960, tlsDown: 4960 } });
  meter.become("idle");
  meter.handshake();
  now = hour;
  const { states } = meter.report();
  // 1,000 bytes up, and 40 for the acknowledgement of what comes down.
  t.true(near(states.transmitting.ms, 832));
  t.is(states.idle.ms, hour - states.transmitting.ms - states.receiving.ms);
});

test("a QoS 1 publish, a ping and an attach are seen by the meter", (t) => {
  const rig = running().online(t);
  rig.say('AT+QMTCFG="KEEPALIVE",0,60\r');
  rig.connected(t);
  rig.hear(10_000);
  rig.modem.energy.reset();
  rig.publish('0,1,1,0,"t"', "x".repeat(64), 10_000);
  const publish = rig.modem.energy.report();
  t.true(publish.states.transmitting.ms > 0 && publish.states.receiving.ms > 2500);
  rig.modem.energy.reset();
  rig.hear(60_000);
  const ping = rig.modem.energy.report();
  t.true(ping.states.transmitting.ms > 0 && ping.states.transmitting.ms < publish.states.transmitting.ms);
  rig.modem.energy.reset();
  rig.say("AT+CGATT=1\r", 5000);
  t.is(rig.modem.energy.report().states.registration.ms, rig.modem.timing.attach);
});

test("asleep the radio still costs what it does, and no more than that is awake", (t) => {
  const rig = running({ dtr: 0 }).online(t);
  rig.say('AT+QMTCFG="KEEPALIVE",0,60\r');
  rig.connected(t);
  rig.say("AT+QSCLK=1\r");
  rig.modem.pins.dtr.write(1);
  rig.hear(10_000);
  rig.modem.energy.reset();
  rig.hear(hour);
  const { states } = rig.modem.energy.report();
  t.is(states.idle.ms, 0);
  // One PINGREQ a minute, some 2.7 s each.
  t.true(states.receiving.ms > 60 * 2500 && states.receiving.ms < 60 * 3500, String(states.receiving.ms));
  t.true(states.sleep.mAh > 0.8 && states.sleep.mAh < 0.9);
});

test("the sleep waits until the radio is quiet", (t) => {
  const rig = running({ dtr: 0 }).connected(t);
  rig.say("AT+QSCLK=1\r");
  rig.publish('0,1,1,0,"t"', "x", 100);
  rig.modem.pins.dtr.write(1);
  rig.hear(1500);
  t.false(rig.modem.asleep, "the channel is still open");
  rig.hear(4000);
  t.true(rig.modem.asleep);
});

test("the sum of the states is the whole, and resetting begins anew", (t) => {
  const rig = running();
  rig.hear(1000);
  const { ms, mAh, states } = rig.modem.energy.report();
  t.is(ms, 1000);
  t.is(
    Object.values(states).reduce((sum, state) => sum + state.ms, 0),
    1000,
  );
  t.true(near(mAh, 13 / 3600));
  rig.modem.energy.reset();
  t.is(rig.modem.energy.report().ms, 0);
});

test("the control port tells it", async (t) => {
  const rig = running();
  rig.hear(hour);
  const modem: VirtualM95 = rig.modem;
  t.is(
    await runControlLine(modem, "energy"),
    "ok 2\nidle                3600.0 s     13.0000 mAh\nall                 3600.0 s     13.0000 mAh",
  );
  t.is(await runControlLine(modem, "energy reset"), "ok");
  t.deepEqual(energyRows(modem.energy.report()), ["all                    0.0 s      0.0000 mAh"]);
  t.true((await runControlLine(modem, "energy now")).startsWith("error now is none of reset"));
});

test("every figure has a source and a confidence", (t) => {
  for (const [name, { value, source, what, confidence }] of Object.entries(energyFacts)) {
    t.true(value > 0 && what !== "" && source !== "" && /^[ABCD]$/.test(confidence), name);
  }
});

// The sums of m95-energy, by hand: what each way of keeping in touch draws, and where they cross.

import test from "ava";
import { breakEven, day, hour, life, minute, Sums, type Use, usual, ways } from "../../energy/sums.js";

/** One slot up, full power: 215 mA while sending. */
const use: Use = { ...usual, rssi: 10, gprsClass: 8, registration: 15_000 };

const sums = (own: Partial<Use> = {}): Sums => new Sums({ ...use, ...own });
const part = (all: Sums, way: (typeof ways)[number], what: string) => {
  const found = all.day(way).find((one) => one.what === what);
  if (!found) throw new Error(`no part ${what}`);
  return found;
};

function near(value: number, expected: number, tolerance = 1e-9): boolean {
  return Math.abs(value - expected) <= tolerance * Math.abs(expected);
}

test("every way accounts for the whole day", (t) => {
  for (const own of [{}, { qos: 0 as const }, { qos: 2 as const }, { tls: true, every: hour }, { keepalive: 60 }]) {
    for (const way of ways) {
      const time = sums(own)
        .day(way)
        .reduce((all, one) => all + one.time, 0);
      t.true(near(time, day), `${way} ${JSON.stringify(own)} ${time}`);
    }
  }
});

test("a QoS 1 message: 90 bytes of MQTT and an acknowledgement of TCP at 10 kbit/s, and a channel held for 3.2 s", (t) => {
  // 4 of head, 20 of topic, 2 of message ID, 64 of payload, 40 of TCP and IP; then 40 for PUBACK's acknowledgement.
  const sending = (130 + 40) * 0.8;
  t.true(near(part(sums(), "connected", "messages: sending").time, 96 * sending));
  t.true(near(part(sums(), "connected", "messages: sending").mAh, (96 * sending * 215) / hour));
  // Access, the way there and back, and what the network holds it open for; PUBACK's acknowledgement fits into that.
  t.true(near(part(sums(), "connected", "messages: channel open").time, 96 * (600 + 600 + 2000 - 32)));
});

test("QoS 0 costs nearly as much as QoS 1, and QoS 2 a round trip more", (t) => {
  const [zero, one, two] = ([0, 1, 2] as const).map((qos) => sums({ qos }).message) as [number, number, number];
  t.true(zero < one && zero > 0.95 * one, `${zero} ${one}`);
  t.true(two > one && two < 1.25 * one, `${two} ${one}`);
});

test("a keepalive costs nothing while messages come more often", (t) => {
  t.is(sums().pings, 0);
  t.is(sums({ every: 20 * minute }).pings, 0);
  t.is(sums({ every: 20 * minute + 1 }).pings, 1);
  t.is(sums({ every: hour }).pings, 2);
  t.is(sums({ every: day }).pings, 71);
  t.is(sums({ every: day, keepalive: 0 }).pings, 0);
  t.true(sums({ every: day }).mAhPerDay("asleep") > sums({ every: day, keepalive: 3600 }).mAhPerDay("asleep"));
});

test("by day: what the facts sheet expects", (t) => {
  // 23 to 44 mAh asleep with a keepalive, 312 idle, 0.35 to 1 mAh a cycle.
  for (const keepalive of [600, 1200, 3600]) {
    const asleep = sums({ every: 6 * hour, keepalive, drx: 9 }).mAhPerDay("asleep");
    t.true(asleep > 18 && asleep < 44, `${keepalive} s: ${asleep}`);
  }
  t.true(near(sums({ every: 7 * day, keepalive: 0 }).mAhPerDay("connected"), 312, 0.001));
  const cycle = sums({ every: 7 * day }).mAhPerDay("off") * 7 - 7 * 0.72;
  t.true(cycle > 0.35 && cycle < 1, String(cycle));
});

test("a window costs its time awake, as far as the channel would be closed", (t) => {
  const [none, long] = [sums({ window: 0 }), sums({ window: 60_000 })];
  t.true(near(long.cycle - none.cycle, 60_000));
  t.is(part(none, "off", "window, channel closed").time, 0);
  // The channel closes by itself some 2 s behind PUBACK, and opens again for the goodbye.
  const quiet = part(long, "off", "window, channel closed").time / 96;
  t.true(quiet > 57_000 && quiet < 59_000, String(quiet));
});

test("TLS costs its bytes and two round trips when it connects", (t) => {
  t.is(sums({ tls: true }).mAhPerDay("asleep"), sums().mAhPerDay("asleep"));
  const { cycle } = sums({ tls: true, every: hour });
  t.true(near(cycle - sums({ every: hour }).cycle, 2 * 600), String(cycle));
});

test("the break-even lies where the curves cross, and in the hour that the facts sheet expects", (t) => {
  // A keepalive would make a step in one of them.
  const smooth = { ...use, keepalive: 3600 };
  const at = breakEven(smooth, "asleep", "off")!;
  t.true(at > 15 * minute && at < hour, String(at / minute));
  const [asleep, off] = (["asleep", "off"] as const).map((way) => new Sums({ ...smooth, every: at }).mAhPerDay(way));
  t.true(near(asleep!, off!, 0.001), `${asleep} ${off}`);
  t.true(sums({ every: at / 2 }).mAhPerDay("off") > sums({ every: at / 2 }).mAhPerDay("asleep"));
  t.is(breakEven(use, "off", "asleep"), undefined);
});

test("figures of one's own take the place of the table's", (t) => {
  const own = sums({ facts: { sleepDrx5: 2, idle: 20 } });
  t.true(near(part(own, "connected", "awake").mAh, (part(own, "connected", "awake").time * 20) / hour));
  t.true(own.mAhPerDay("asleep") > 45);
});

test("a battery lasts as long as its charge, less what it loses and what else draws", (t) => {
  const battery = { mAh: 1000, usable: 50, loss: 0, host: 0 };
  t.is(life(battery, 10), 50);
  t.is(life({ ...battery, host: 10 / 24 }, 10), 25);
  t.is(life({ ...battery, loss: 36.5 }, 9), 50);
});

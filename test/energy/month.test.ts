// What the sums say, driver and virtual modem come to as well: days of a battery meter, simulated.

import test from "ava";
import { hour, minute, Sums, type Use, usual, type Way } from "../../energy/sums.js";
import { month } from "./month.js";

const meter: Use = { ...usual, registration: 15_000 };

const cases: [name: string, way: Way, days: number, use: Partial<Use>][] = [
  ["a message in 15 minutes, asleep", "asleep", 30, {}],
  [
    "a message in 6 hours, asleep, a keepalive of 10 minutes, DRX 9",
    "asleep",
    5,
    { every: 360 * minute, keepalive: 600, drx: 9 },
  ],
  ["a message in 5 minutes, asleep at once", "asleep", 3, { every: 5 * minute, sleepAfter: 500 }],
  ["a message in 15 minutes, awake", "connected", 5, {}],
  ["a message in 3 hours, awake, a keepalive of 5 minutes", "connected", 5, { every: 180 * minute, keepalive: 300 }],
  ["QoS 2, one slot, strong signal", "connected", 2, { qos: 2, gprsClass: 8, rssi: 30 }],
  ["a message in 15 minutes, off in between", "off", 5, {}],
  ["a message in 4 hours, off in between, long search", "off", 10, { every: 240 * minute, registration: 40_000 }],
  ["a message in 15 minutes, off at once", "off", 2, { window: 0 }],
];

for (const [name, way, days, own] of cases) {
  test(`${name}: within 5 % of the sums, and nothing is lost`, (t) => {
    const use = { ...meter, ...own };
    const real = month(way, use, days);
    const expected = new Sums(use).mAhPerDay(way);
    t.deepEqual(real.violations, []);
    t.is(real.confirmed, real.sent);
    t.is(real.arrived, real.sent);
    t.true(real.sent >= (days * 1440 * minute) / use.every - 1);
    t.true(Math.abs(real.mAhPerDay / expected - 1) < 0.05, `${real.mAhPerDay} mAh a day, the sums say ${expected}`);
  });
}

/** A day without network, mAh. */
function lostDay(way: Way, options: Parameters<typeof month>[3] = {}, network: "gone" | "never" = "gone"): number {
  const { mAhPerDay, arrived } = month(way, meter, 1, options, network);
  // What was confirmed before is all there is.
  if (arrived > 1) throw new Error(`${arrived} messages without network`);
  return mAhPerDay;
}

test("a day without network: a cycle costs a bounded amount, the recovery as much as its options say", (t) => {
  // Rounds of two minutes, pauses of up to two hours.
  const rounds = lostDay("off");
  t.true(rounds > 20 && rounds < 40, `${rounds} mAh`);
  // Three rounds of the ladder, then an hour of rest, and all over again.
  const searching = lostDay("asleep");
  t.true(searching > 900 && searching < 1100, `${searching} mAh`);
  const sparing = lostDay("asleep", { recovery: { registrationTimeout: 60_000, rounds: 1, rest: 6 * hour } });
  t.true(sparing > 60 && sparing < 90, `${sparing} mAh`);
});

test("a day without a network since the modem was started: one that may sleep rests, one that may not searches", (t) => {
  const resting = lostDay("asleep", {}, "never");
  t.true(resting > 90 && resting < 115, `${resting} mAh`);
  const sparing = lostDay("asleep", { recovery: { registrationTimeout: 60_000, rounds: 1, rest: 6 * hour } }, "never");
  t.true(sparing > 3 && sparing < 9, `${sparing} mAh`);
  const searching = lostDay("connected", {}, "never");
  t.true(searching > 1500, `${searching} mAh`);
});

// A small fleet whose broker restarts, and the plot of one; `npm run test:fleet` has a thousand devices.

import test from "ava";
import { fleet, peak } from "./fleet.js";
import { plot } from "./plot.js";

test("jitter spreads a fleet: the broker that is back serves a few at a time, without it all at once", (t) => {
  const devices = 100;
  const all = { devices, down: 60_000, limit: 3_600_000 };
  const without = fleet({ ...all, jitter: false });
  const drawn = fleet({ ...all, jitter: true });
  t.is(peak(without.served), devices);
  t.true(peak(drawn.served) <= devices / 10, `${peak(drawn.served)} in one second`);
  t.true(drawn.half < 60 && drawn.all < 180, `half after ${drawn.half} s, all after ${drawn.all} s`);
});

test("the plot names its axes with their units, and its curves", (t) => {
  const svg = plot("A & B", [{ name: "one", colour: "#123456", values: [0, 1, 1000] }], 60, [[20, "back"]]);
  for (const part of [
    "A &#38; B",
    "seconds since the broker went down",
    "connection attempts per second",
    ">one<",
    ">back<",
  ])
    t.true(svg.includes(part), part);
  t.regex(svg, /^<svg [^>]*viewBox="0 0 860 420" role="img"/);
  t.false(/NaN|undefined|Infinity/.test(svg));
});

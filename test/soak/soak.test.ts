// Two days in a bad cell, out of the thirty of `npm run test:soak`.

import test from "ava";
import { judge, soak } from "./soak.js";

test("two days in a bad cell: nothing hangs, nothing lies, nothing is left behind", (t) => {
  const report = soak({ days: 2, seed: 3 });
  t.deepEqual(judge(report), []);
  t.true(report.confirmed > 500 && report.heard > 400, `${report.confirmed} confirmed, ${report.heard} heard`);
  t.true(report.stats.reconnects > 10, `${report.stats.reconnects} reconnects`);
  // Awake all day: 312 mAh idle, and what connecting and publishing add.
  t.true(report.drawn > 2 * 312 && report.drawn < 2 * 500, `${report.drawn} mAh`);
});

test("the judge sees what is wrong", (t) => {
  const report = soak({ days: 1, seed: 5 });
  const [first, last] = [report.samples[0]!, report.samples.at(-1)!];
  first.day = 1;
  first.heap = 10e6;
  const wrong = (change: Partial<typeof report>): string => judge({ ...report, ...change }).join("\n");
  t.is(wrong({}), "");
  t.regex(wrong({ gap: 31 * 60_000 }), /31\.0 min without a delivery/);
  t.regex(wrong({ wait: 1e9 }), /a callback came after/);
  t.regex(wrong({ samples: [first, { ...last, heap: 12e6 }] }), /the heap grows/);
  t.regex(wrong({ samples: [first, { ...last, timers: last.timers + 1 }] }), /timers: /);
  t.regex(wrong({ samples: [first, { ...last, listeners: 99 }] }), /listeners: /);
  t.regex(wrong({ confirmed: 0 }), /nothing was delivered/);
  t.regex(wrong({ problems: ["x"] }), /^x$/);
});

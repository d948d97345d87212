// A short run of the hostile campaign; `npm run test:hostile` is the long one. And what shows that its oracle sees.
import test from "ava";
import { type Kind, planOf, type Rate } from "./plan.js";
import { play } from "./trial.js";

/** Trials at each rate on each firmware. */
const TRIALS = 60;

for (const kind of ["plain", "lengths"] as Kind[])
  for (const rate of [9600, 57600, 115200] as Rate[]) {
    test(`${kind} firmware at ${rate} baud: nothing but luck harms`, (t) => {
      const failures: string[] = [];
      for (let trial = 0; trial < TRIALS; trial++) {
        const faults = play(planOf(1, trial, rate, kind)).problems.filter((problem) => !problem.lucky);
        if (faults.length) failures.push(`trial ${trial}: ${faults[0]!.rule}: ${faults[0]!.text}`);
      }
      t.is(failures.length, 0, failures.slice(0, 10).join("\n"));
    });

    test(`${kind} firmware at ${rate} baud, without any message: nothing is wrong`, (t) => {
      for (let trial = 0; trial < TRIALS / 2; trial++) {
        const plan = planOf(2, trial, rate, kind);
        plan.actions = plan.actions.filter((action) => action.do.what !== "message");
        t.deepEqual(play(plan).problems, [], `trial ${trial}`);
      }
    });
  }

test("the same trial is played the same way", (t) => {
  for (let trial = 0; trial < 10; trial++) {
    const [one, other] = [0, 1].map(() => {
      const lines: string[] = [];
      play(planOf(3, trial, 57600, "plain"), (line) => lines.push(line));
      return lines;
    });
    t.deepEqual(one, other);
  }
});

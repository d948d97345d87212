// One AVA test for each row of the fault matrix, through all phases. MATRIX_SEEDS sets how many seeds each cell gets.

import { setImmediate } from "node:timers/promises";
import test from "ava";
import { type Phase, phases, runCell, sleepPhases } from "./cell.js";
import { rows } from "./faults.js";

/** Enough to strike at the first byte of a phase and at three other moments; `npm run test:matrix` takes more. */
const SEEDS = Number(process.env.MATRIX_SEEDS ?? 4);

/** @param asleep - with a driver that sleeps, in the phases that only such a one has */
export function declare(group: keyof typeof rows, asleep = false): void {
  for (const fault of rows[group])
    test.serial(
      asleep
        ? `${fault} while the modem sleeps and wakes: the driver comes back, loses nothing and tells no lie`
        : `${fault} in each phase: the driver comes back, loses nothing and tells no lie`,
      async (t) => {
        const problems: string[] = [];
        for (const phase of (asleep ? sleepPhases : Object.keys(phases)) as Phase[]) {
          // AVA wants to be told now and then that the file is alive.
          await setImmediate();
          for (let seed = 1; seed <= SEEDS; seed++) {
            const problem = runCell({ fault, phase, seed });
            if (problem) problems.push(problem);
          }
        }
        if (problems.length === 0) t.pass();
        else t.fail(`${problems.length} cells, the first of them:\n${problems[0]}`);
      },
    );
}

// `npm run test:matrix`: more seeds than `npm test` has time for, or one cell alone. It judges nothing itself.

import { parseArgs } from "node:util";
import { type Phase, phases, runCell, sleepPhases } from "./cell.js";
import { rows } from "./faults.js";

const names: string[] = [...Object.keys(phases), ...sleepPhases];

const usage = `Usage: npm run test:matrix -- [options]

  --seeds N       seeds 1 to N of every cell (default 5)
  --seed N        this seed only
  --fault TEXT    this fault only, with its arguments: "late-ok 9 2"; a name alone takes all rows of that name
  --phase NAME    this phase only: ${names.join(", ")}
  --all           show every failing cell with its traffic, not only the first three
  --help          show this

Exit codes: 0 all cells hold, 1 some do not, 2 wrong usage.`;

function options() {
  const { values } = parseArgs({
    options: {
      seeds: { type: "string", default: "5" },
      seed: { type: "string" },
      fault: { type: "string" },
      phase: { type: "string" },
      all: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const number = (text: string): number => {
    if (!/^[1-9]\d{0,5}$/.test(text)) throw new Error(`not a number of seeds: ${text}`);
    return Number(text);
  };
  const { fault, phase } = values;
  if (phase !== undefined && !names.includes(phase)) throw new Error(`no phase ${phase}`);
  const every = Object.values(rows).flat() as string[];
  const named = every.filter((row) => row === fault || row.split(" ")[0] === fault);
  return {
    help: values.help,
    all: values.all,
    faults: fault === undefined ? every : named.length > 0 ? named : [fault],
    phases: (phase === undefined ? names : [phase]) as Phase[],
    seeds:
      values.seed === undefined ? Array.from({ length: number(values.seeds) }, (_, i) => i + 1) : [number(values.seed)],
  };
}

function main(): number {
  let chosen: ReturnType<typeof options>;
  try {
    chosen = options();
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`);
    return 2;
  }
  if (chosen.help) {
    console.log(usage);
    return 0;
  }
  const { faults, seeds } = chosen;
  const tty = process.stdout.isTTY;
  const total = faults.length * chosen.phases.length * seeds.length;
  const failing: string[] = [];
  let cells = 0;
  for (const fault of faults) {
    let bad = 0;
    for (const phase of chosen.phases) {
      for (const seed of seeds) {
        if (tty) process.stdout.write(`\r\x1b[K${++cells}/${total} ${fault}, ${phase}, seed ${seed}`);
        const problem = runCell({ fault, phase, seed });
        if (!problem) continue;
        bad++;
        failing.push(problem);
        if (tty) process.stdout.write("\r\x1b[K");
        if (chosen.all || failing.length <= 3) console.log(`\n${problem}\n`);
        else console.log(`${problem.split("\n")[0]}`);
      }
    }
    if (tty) process.stdout.write("\r\x1b[K");
    console.log(
      `${bad === 0 ? "ok " : "BAD"} ${fault}: ${chosen.phases.length * seeds.length - bad} cells hold${bad ? `, ${bad} do not` : ""}`,
    );
  }
  console.log(`${total} cells, ${failing.length} failed`);
  return failing.length > 0 ? 1 : 0;
}

process.exitCode = main();

// A worker of the campaign: plays its share of the trials and tells how far it is.
import { parentPort, workerData } from "node:worker_threads";
import type { Problem } from "./oracle.js";
import { type Kind, planOf, type Rate } from "./plan.js";
import { play, type Report } from "./trial.js";

/** Which trials a worker plays: each `step`-th from `first` on. */
export interface Share {
  seed: number;
  rate: Rate;
  kind: Kind;
  first: number;
  step: number;
  end: number;
}

/** What came of some trials since the last word of it. */
export interface Progress {
  trials: number;
  failed: { trial: number; problems: Problem[] }[];
  /** Trials in which nothing was wrong but what a lucky guess explains. */
  lucky: number;
  /** Sums of what the reports have in numbers. */
  sums: { [name: string]: number };
}

/** Trials between two words. */
const WORD = 200;

function fresh(): Progress {
  return { trials: 0, failed: [], lucky: 0, sums: {} };
}

export function add(progress: Progress, trial: number, report: Report): void {
  const faults = report.problems.filter((problem) => !problem.lucky);
  progress.trials++;
  if (faults.length) progress.failed.push({ trial, problems: faults });
  else if (report.problems.length) progress.lucky++;
  for (const [name, value] of Object.entries(report))
    if (typeof value === "number") progress.sums[name] = (progress.sums[name] ?? 0) + value;
}

/** Plays a trial; one that cannot even begin is a failure. */
export function played(
  progress: Progress,
  { seed, rate, kind }: Pick<Share, "seed" | "rate" | "kind">,
  trial: number,
): void {
  try {
    add(progress, trial, play(planOf(seed, trial, rate, kind)));
  } catch (error) {
    progress.trials++;
    progress.failed.push({ trial, problems: [{ rule: "life", at: 0, text: `${error}`, lucky: false }] });
  }
}

if (parentPort) {
  // Errors are made by the thousand here, and nobody reads where.
  Error.stackTraceLimit = 0;
  const share = workerData as Share;
  let progress = fresh();
  for (let trial = share.first; trial < share.end; trial += share.step) {
    played(progress, share, trial);
    if (progress.trials < WORD) continue;
    parentPort.postMessage(progress);
    progress = fresh();
  }
  parentPort.postMessage(progress);
}

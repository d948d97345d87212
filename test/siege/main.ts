// `npm run test:hostile`: many trials at each rate on each firmware, in worker threads; what fails is made short and shown.
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { costTable } from "./costs.js";
import { type Problem, RULES, type Rule } from "./oracle.js";
import { type Action, type Kind, type Plan, planOf, type Rate } from "./plan.js";
import { brokenBy, shrunk } from "./shrink.js";
import { play } from "./trial.js";
import type { Progress, Share } from "./worker.js";

const USAGE = `Usage: npm run test:hostile -- [options]

  --trials <n>      trials at each rate on each firmware, default 100000
  --seed <n>        seed, default 1; the same seed makes the same trials
  --rate <baud>     9600, 57600 or 115200; can be given several times, default all
  --firmware <kind> plain or lengths; can be given several times, default both
  --workers <n>     threads, 1 or 2, default 2 where there are two processors
  --stop <n>        stop a rate and firmware after so many failures, default 100
  --show <n>        failures that are made short and shown for each rate and firmware, default 1
  --trial <n>       play this one trial of each rate and firmware given, with a transcript
  --short           with --trial: make it short first
  --rule <name>     with --short: what has to stay broken, default what is broken first
  --costs           print instead how long publishes take while a share of the line is hostile, the table of docs/payloads.md
  --help            show this

Exit codes: 0 nothing is wrong, 1 something is, 2 wrong usage.`;

interface Options {
  trials: number;
  seed: number;
  rates: Rate[];
  kinds: Kind[];
  workers: number;
  stop: number;
  show: number;
  trial: number | undefined;
  short: boolean;
  rule: Rule | undefined;
  costs: boolean;
}

const RATES: Rate[] = [9600, 57600, 115200];
const KINDS: Kind[] = ["plain", "lengths"];

/** Message IDs that a guess may hit. */
const IDS = 65535;

function readOptions(): Options | undefined {
  const text = { type: "string" } as const;
  const several = { type: "string", multiple: true } as const;
  const flag = { type: "boolean" } as const;
  const { values } = parseArgs({
    options: {
      trials: text,
      seed: text,
      rate: several,
      firmware: several,
      workers: text,
      stop: text,
      show: text,
      trial: text,
      short: flag,
      rule: several,
      costs: flag,
      help: flag,
    },
  });
  if (values.help) return undefined;
  const whole = (
    name: "trials" | "seed" | "workers" | "stop" | "show" | "trial",
    fallback: number,
    least = 0,
  ): number => {
    const value = values[name] === undefined ? fallback : Number(values[name]);
    if (!Number.isSafeInteger(value) || value < least)
      throw new Error(`--${name} must be a whole number from ${least}`);
    return value;
  };
  const chosen = <T>(name: "rate" | "firmware" | "rule", all: T[]): T[] => {
    const wanted = values[name];
    if (!wanted) return all;
    return wanted.map((one) => {
      const found = all.find((other) => `${other}` === one);
      if (found === undefined) throw new Error(`--${name} must be one of ${all.join(", ")}`);
      return found;
    });
  };
  const workers = whole("workers", Math.min(2, availableParallelism()), 1);
  if (workers > 2) throw new Error("--workers must be 1 or 2");
  return {
    trials: whole("trials", 100_000, 1),
    seed: whole("seed", 1),
    rates: chosen("rate", RATES),
    kinds: chosen("firmware", KINDS),
    workers,
    stop: whole("stop", 100, 1),
    show: whole("show", 1),
    trial: values.trial === undefined ? undefined : whole("trial", 0),
    short: values.short ?? false,
    rule: values.rule === undefined ? undefined : chosen("rule", [...RULES])[0],
    costs: values.costs ?? false,
  };
}

// ---- one trial

function describe({ when, do: what }: Action): string {
  const time = "at" in when ? `at ${when.at} ms` : `${when.after ? "behind" : "in front of"} piece ${when.piece}`;
  return `  ${time}: ${JSON.stringify(what)}`;
}

function show(plan: Plan): void {
  const { actions, ...rest } = plan;
  console.log(JSON.stringify(rest));
  for (const action of actions) console.log(describe(action));
  const { problems } = play(plan, (line) => console.log(line));
  for (const problem of problems) console.log(`${problem.lucky ? "LUCKY" : "WRONG"} ${sentence(problem)}`);
  if (!problems.length) console.log("Nothing is wrong.");
}

function sentence({ rule, at, text }: Problem): string {
  return `${rule} at ${at.toFixed(1)} ms: ${text}`;
}

function single(options: Options, trial: number): boolean {
  let good = true;
  for (const kind of options.kinds)
    for (const rate of options.rates) {
      const plan = planOf(options.seed, trial, rate, kind);
      const rule = brokenBy(plan, options.rule);
      console.log(`${kind} firmware, ${rate} baud, seed ${options.seed}, trial ${trial}`);
      show(rule && options.short ? shrunk(plan, rule) : plan);
      if (rule) good = false;
    }
  return good;
}

// ---- the campaign

/** Plays all trials of a rate and firmware. */
async function campaign(options: Options, kind: Kind, rate: Rate): Promise<Progress> {
  const total: Progress = { trials: 0, failed: [], lucky: 0, sums: {} };
  const since = performance.now();
  const used = process.cpuUsage();
  let shown = since;
  const threads = Array.from({ length: options.workers }, (_, first) => {
    const workerData: Share = { seed: options.seed, rate, kind, first, step: options.workers, end: options.trials };
    return new Worker(new URL("./worker.js", import.meta.url), { workerData });
  });
  const line = (): string => {
    const seconds = (performance.now() - since) / 1000;
    const { user, system } = process.cpuUsage(used);
    const each = ((user + system) / 1000 / total.trials).toFixed(2);
    return `${kind} ${rate}: ${total.trials} of ${options.trials} trials, ${total.failed.length} failed, ${seconds.toFixed(0)} s, ${each} ms of processor time a trial`;
  };
  const take = (more: Progress): void => {
    total.trials += more.trials;
    total.lucky += more.lucky;
    total.failed.push(...more.failed);
    for (const [name, value] of Object.entries(more.sums)) total.sums[name] = (total.sums[name] ?? 0) + value;
    if (total.failed.length >= options.stop) for (const thread of threads) void thread.terminate();
    if (performance.now() - shown < 10_000) return;
    shown = performance.now();
    console.log(line());
  };
  await Promise.all(
    threads.map(
      (thread) =>
        new Promise<void>((resolve, reject) => {
          thread.on("message", take);
          thread.on("error", reject);
          thread.on("exit", () => resolve());
        }),
    ),
  );
  console.log(line());
  return total;
}

/** Hits may be more than is likely by so many standard deviations. */
const DEVIATIONS = 5;

function judge(options: Options, kind: Kind, rate: Rate, total: Progress): boolean {
  const { chances = 0, hits = 0, publishes = 0, confirmed = 0, unknown = 0, heard = 0, marked = 0 } = total.sums;
  // Half of the guesses are small numbers, which are as likely as others.
  const likely = chances / IDS;
  const most = likely + DEVIATIONS * Math.sqrt(likely) + 3;
  console.log(
    `  ${publishes} publishes at QoS 1 and 2, ${confirmed} confirmed, ${unknown} unknown; ${heard} messages, ${marked} marked; ` +
      `${chances} forged results in flight, ${hits} with the right ID (${likely.toFixed(1)} to be expected), ${total.lucky} trials lost to that`,
  );
  const rules = new Map<Rule, number>();
  for (const { problems } of total.failed)
    for (const rule of new Set(problems.map((one) => one.rule))) rules.set(rule, (rules.get(rule) ?? 0) + 1);
  if (rules.size) console.log(`  failed trials by rule: ${[...rules].map(([rule, n]) => `${rule} ${n}`).join(", ")}`);
  if (hits > most) console.log(`  IDs are guessed more often than chance allows (${most.toFixed(0)})`);
  for (const { trial, problems } of total.failed.slice(0, options.show)) {
    console.log(`  --seed ${options.seed} --rate ${rate} --firmware ${kind} --trial ${trial} --short`);
    for (const problem of problems.slice(0, 5)) console.log(`    ${sentence(problem)}`);
  }
  return !total.failed.length && hits <= most;
}

async function main(options: Options): Promise<boolean> {
  if (options.trial !== undefined) return single(options, options.trial);
  if (options.costs) {
    for (const line of costTable(options.kinds, options.rates)) console.log(line);
    return true;
  }
  let good = true;
  for (const kind of options.kinds)
    for (const rate of options.rates) {
      const total = await campaign(options, kind, rate);
      if (!judge(options, kind, rate, total)) good = false;
    }
  return good;
}

try {
  const options = readOptions();
  if (!options) console.log(USAGE);
  else {
    const good = await main(options);
    console.log(good ? "Nothing is wrong." : "Something is wrong.");
    process.exitCode = good ? 0 : 1;
  }
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 2;
}

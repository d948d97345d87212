// `npm run test:fuzz`: many inputs in worker threads; a failing one is shrunk and written into the corpus.
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { failureOf, keep, makeInput, readCorpus, shrunk } from "./campaign.js";
import type { Report, Share } from "./worker.js";

const USAGE = `Usage: npm run test:fuzz -- [options]

  --inputs <n>    inputs to try, default 1000000
  --seed <n>      seed of the first input, default 1; the same seed and number make the same inputs
  --workers <n>   threads, default one for each processor
  --only <n>      try this one input of the seed, and show how it fails
  --help          show this

Each input is run on the framer and on the session, as given, in one piece and byte by byte. A failing input is shrunk
and written to test/fuzz/corpus, which npm test replays.`;

interface Options {
  inputs: number;
  seed: number;
  workers: number;
  only: number | undefined;
}

function readOptions(): Options | undefined {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    options: { inputs: text, seed: text, workers: text, only: text, help: { type: "boolean" } },
  });
  if (values.help) return undefined;
  const whole = (name: "inputs" | "seed" | "workers" | "only", fallback: number, least: number): number => {
    const value = values[name] === undefined ? fallback : Number(values[name]);
    if (!Number.isSafeInteger(value) || value < least)
      throw new Error(`--${name} must be a whole number from ${least}`);
    return value;
  };
  return {
    inputs: whole("inputs", 1_000_000, 1),
    seed: whole("seed", 1, 0),
    workers: whole("workers", availableParallelism(), 1),
    only: values.only === undefined ? undefined : whole("only", 0, 0),
  };
}

/** Shrinks and keeps input number `index` if it fails. */
function judge(seed: number, index: number): boolean {
  const input = makeInput(
    seed,
    index,
    readCorpus().map((one) => one.input),
  );
  const failure = failureOf(input);
  if (!failure) return true;
  console.log(`Input ${index} of seed ${seed} fails: ${failure.message}\nShrinking it …`);
  const small = shrunk(input, failure.oracle);
  const file = keep(small, failureOf(small) ?? failure, `--seed ${seed} --only ${index}`);
  console.log(`Written to ${file}`);
  return false;
}

async function campaign(options: Options): Promise<boolean> {
  const { inputs, seed, workers } = options;
  const since = performance.now();
  let tried = 0;
  let bytes = 0;
  let failed: number | undefined;
  let shown = since;
  const rate = (): string => {
    const seconds = (performance.now() - since) / 1000;
    return `${tried} of ${inputs} inputs, ${bytes} bytes, ${seconds.toFixed(0)} s, ${Math.round(tried / seconds)} inputs/s`;
  };
  const threads = Array.from({ length: workers }, (_, first) => {
    const workerData: Share = { seed, first, step: workers, inputs };
    return new Worker(new URL("./worker.js", import.meta.url), { workerData });
  });
  await Promise.all(
    threads.map(
      (thread) =>
        new Promise<void>((resolve, reject) => {
          thread.on("message", (report: Report) => {
            tried += report.tried;
            bytes += report.bytes;
            if (report.failed !== undefined && failed === undefined) {
              failed = report.failed;
              for (const one of threads) void one.terminate();
            }
            if (performance.now() - shown > 10_000) {
              shown = performance.now();
              console.log(rate());
            }
          });
          thread.on("error", reject);
          thread.on("exit", () => resolve());
        }),
    ),
  );
  console.log(rate());
  return failed === undefined || judge(seed, failed);
}

try {
  const options = readOptions();
  if (!options) console.log(USAGE);
  else {
    const good = options.only === undefined ? await campaign(options) : judge(options.seed, options.only);
    console.log(good ? "No input failed." : "A failure was found.");
    process.exitCode = good ? 0 : 1;
  }
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 2;
}

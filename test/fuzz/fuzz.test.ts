// The corpus and some thousand fresh inputs on the real framer and session; and that the oracles notice defects.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import test from "ava";
import { Framer } from "../../core/at/framer.js";
import { Session } from "../../core/at/session.js";
import { failureOf, keep, makeInput, readCorpus, shrunk } from "./campaign.js";
import { type Input, readInput, writeInput } from "./input.js";

const corpus = readCorpus();

/** Inputs that are tried in each `npm test`; `npm run test:fuzz` tries a million. */
const FRESH = 2500;

for (const { name, input } of corpus)
  test(`corpus: ${name}`, (t) => {
    t.is(failureOf(input)?.message, undefined);
  });

test("fresh inputs, the same ones each time", (t) => {
  const inputs = corpus.map((one) => one.input);
  for (let i = 0; i < FRESH; i++) t.is(failureOf(makeInput(20260101, i, inputs))?.message, undefined, `input ${i}`);
});

test("an input survives its file", (t) => {
  for (let i = 0; i < 200; i++) {
    const input = makeInput(3, i, []);
    t.deepEqual(readInput(writeInput(input, "what it was\nand where from")), input);
  }
  t.is(writeInput([{ do: "feed", text: '\r\n\x00\xff"' }], "x"), '# x\nfeed "\\r\\n\\u0000\\u00ff\\""\n');
  t.throws(() => readInput("fede x"), { message: "no such step: fede x" });
});

/** Runs fresh inputs on a driver with a defect, and tells which oracle noticed and in how many bytes it can be shown. */
function findIn(inputs = 400): { oracle: string; small: Input } | undefined {
  for (let i = 0; i < inputs; i++) {
    const input = makeInput(7, i, []);
    const failure = failureOf(input);
    if (failure) return { oracle: failure.oracle, small: shrunk(input, failure.oracle) };
  }
  return undefined;
}

type Method = (...args: unknown[]) => unknown;

/** Puts a defect into a method for as long as `during` runs. */
function broken<T>(owner: object, name: string, defect: (good: Method) => Method, during: () => T): T {
  const methods = owner as { [name: string]: Method };
  const good = methods[name]!;
  methods[name] = defect(good);
  try {
    return during();
  } finally {
    methods[name] = good;
  }
}

// One after the other: the defects are in the prototypes that all tests share.
test.serial("planted defects are found and shrunk", (t) => {
  const planted: [string, object, string, (good: Method) => Method][] = [
    [
      "any chunking, framer",
      Framer.prototype,
      "_scan",
      (good) =>
        function (this: unknown, chunk, at) {
          const less = (chunk as string).slice(0, -1);
          good.call(this, (chunk as string).length > 70 && less.includes("\n") ? less : chunk, at);
        },
    ],
    [
      "callbacks once",
      Session.prototype,
      "_final",
      (good) =>
        function (this: unknown, line, run) {
          const one = run as { text: string; done: Method };
          if (one.text === "AT+GSN") one.done(null, [], true);
          good.call(this, line, run);
        },
    ],
    [
      "data only behind the prompt",
      Session.prototype,
      "_begin",
      (good) =>
        function (this: unknown) {
          good.call(this);
          const { _run: run, _feed: feed } = this as { _run?: { data?: string }; _feed: Method };
          if (run?.data) feed.call(this, run);
        },
    ],
    [
      "everything ends",
      Session.prototype,
      "_expired",
      (good) =>
        function (this: unknown) {
          if (!(this as { _run?: object })._run) good.call(this);
        },
    ],
    [
      "no answer is made up",
      Session.prototype,
      "line",
      (good) =>
        function (this: unknown, line, suspect) {
          good.call(this, line === "hello" ? "OK" : line, suspect);
        },
    ],
    [
      "nothing throws",
      Framer.prototype,
      "_inside",
      (good) =>
        function (this: unknown, line) {
          if (line === "") throw new Error("empty");
          return good.call(this, line);
        },
    ],
  ];
  for (const [oracle, owner, name, defect] of planted)
    broken(owner, name, defect, () => {
      const found = findIn();
      t.truthy(found, `${oracle} notices nothing`);
      t.true(found!.small.length <= 6, `${found!.oracle}: ${writeInput(found!.small, "")}`);
      t.is(found!.oracle, oracle, writeInput(found!.small, ""));
    });
});

test("a failure is kept with its reason and its origin", (t) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "m95-fuzz-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const input: Input = [{ do: "feed", text: "x" }];
  const file = keep(
    input,
    { oracle: "nothing throws", message: "nothing throws: x" } as never,
    "--seed 1 --only 2",
    folder,
  );
  t.regex(path.basename(file), /^found-nothing-throws-[0-9a-f]+\.txt$/);
  t.is(readFileSync(file, "utf8"), '# nothing throws: x\n# Found with --seed 1 --only 2.\nfeed "x"\n');
  t.deepEqual(readCorpus(folder)[0]!.input, input);
});

test("the program: figures, --help, bad options", (t) => {
  const program = fileURLToPath(new URL("./main.js", import.meta.url));
  const run = (...args: string[]) => spawnSync(process.execPath, [program, ...args], { encoding: "utf8" });
  const good = run("--inputs", "60", "--seed", "4", "--workers", "2");
  t.is(good.status, 0, good.stderr);
  t.regex(good.stdout, /60 of 60 inputs, \d+ bytes, \d+ s, \d+ inputs\/s\nNo input failed\./);
  t.regex(run("--help").stdout, /--inputs <n> {4}inputs to try, default 1000000/);
  const bad = run("--inputs", "many");
  t.deepEqual([bad.status, bad.stderr], [2, "--inputs must be a whole number from 1\n"]);
});

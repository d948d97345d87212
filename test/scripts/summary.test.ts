// Checks how the counts of `npm test` are read from AVA's and the XS run's output. It starts neither.

import test from "ava";

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

const { parseAva, parseBudgets, parseCoverage, parseEngine, parseXs, lastLine } = (await import(
  new URL("../../../scripts/testing/summary.mjs", import.meta.url).href
)) as {
  parseAva(output: string, exitCode: number): Counts;
  parseBudgets(output: string, exitCode: number): Counts;
  parseCoverage(output: string, exitCode: number): Counts;
  parseEngine(output: string, exitCode: number): Counts;
  parseXs(output: string, exitCode: number): Counts;
  lastLine(counts: Counts): string;
};

const mixed = `
  Uncaught exception in t/b.test.js

  ✘ t/b.test.js exited with a non-zero exit code: 1
  - [skip] a › skipped
  - [todo] a › later
  ✔ a › slow (152ms)
  ✔ a › 7 tests passed
    ℹ ✔ logged
  ✘ [fail]: a › bad
  ✔ [expected fail] a › known
  ─

  a › bad

  Difference (- actual, + expected):

  - 1
  + 2

  ─

  1 test failed
  1 known failure
  1 test skipped
  1 test todo
  1 uncaught exception
`;

test("AVA: all passed", (t) => {
  const output = "\n  ✔ a › one\n  ✔ b › two (1.2s)\n  ─\n\n  2 tests passed\n";
  t.deepEqual(parseAva(output, 0), { passed: 2, failed: 0, skipped: 0 });
});

test("AVA: colours and a single test", (t) => {
  const output = "\r\n  \x1b[32m✔\x1b[39m one\r\n  \x1b[90m─\x1b[39m\r\n\r\n  \x1b[32m1 test passed\x1b[39m\r\n";
  t.deepEqual(parseAva(output, 0), { passed: 1, failed: 0, skipped: 0 });
});

test("AVA: failures of all kinds; the passed ones are counted by their ticks", (t) => {
  t.deepEqual(parseAva(mixed, 1), { passed: 3, failed: 2, skipped: 2 });
});

test("AVA: hooks, time-outs and unhandled rejections are failures", (t) => {
  const output = "  ─\n\n  1 hook failed\n  2 unhandled rejections\n  3 tests remained pending after a timeout\n";
  t.is(parseAva(output, 1).failed, 6);
});

test("AVA: a bad exit code is a failure whatever was printed", (t) => {
  const passed = "  ✔ one\n  ─\n\n  1 test passed\n";
  t.deepEqual(parseAva(passed, 1), { passed: 1, failed: 1, skipped: 0 });
  t.deepEqual(parseAva("", 137), { passed: 0, failed: 1, skipped: 0 });
});

test("AVA: no tests are a failure", (t) => {
  t.is(parseAva("", 0).failed, 1);
  t.is(parseAva("\n  ✘ Couldn’t find any files to test\n", 1).failed, 1);
});

test("XS: the counts stand in the last line", (t) => {
  const line = "XS 13.3.0: 12 passed, 0 failed, 1 skipped (13192 computrons, 4460 heap slots)\n";
  t.deepEqual(parseXs(`  a: 5 passed\n${line}`, 0), { passed: 12, failed: 0, skipped: 1 });
  t.deepEqual(parseXs("XS 13.3.0: 12 passed, 3 failed\n", 1), { passed: 12, failed: 3, skipped: 0 });
});

test("XS: a crash and an empty run are failures", (t) => {
  t.deepEqual(parseXs("", 1), { passed: 0, failed: 1, skipped: 0 });
  t.is(parseXs("XS 13.3.0: 0 passed, 0 failed\n", 0).failed, 1);
  t.is(parseXs("XS 13.3.0: 5 passed, 0 failed\n", 1).failed, 1);
});

test("the last line", (t) => {
  t.is(lastLine({ passed: 3, failed: 0, skipped: 0 }), "3 passed, 0 failed, 0 skipped");
  t.is(lastLine({ passed: 3, failed: 1, skipped: 2 }), "3 passed, 1 failed, 2 skipped");
});

test("an engine: counts, a run that failed, and one that was not made", (t) => {
  const ran = "  ✔ 3 passed, 4 failed, 0 skipped\n41 passed, 2 failed, 1 skipped\n";
  t.deepEqual(parseEngine(ran, 1), { passed: 41, failed: 2, skipped: 1 });
  t.deepEqual(parseEngine("41 passed, 0 failed, 0 skipped\n", 1), { passed: 41, failed: 1, skipped: 0 });
  const without = "Engine tests did not run (41 skipped): set ENGINE to it.\n";
  t.deepEqual(parseEngine(without, 0), { passed: 0, failed: 0, skipped: 41 });
  t.deepEqual(parseEngine(without, 1), { passed: 0, failed: 1, skipped: 0 });
  t.deepEqual(parseEngine("", 0), { passed: 0, failed: 1, skipped: 0 });
});

test("coverage: rows that are not judged are skipped, a row below its floor is a failure", (t) => {
  const output = "core/at  100.0 % (1 of 1)\ntls is not judged: apt-get install mosquitto\n";
  t.deepEqual(parseCoverage(output, 0), { passed: 0, failed: 0, skipped: 1 });
  t.deepEqual(parseCoverage(output, 1), { passed: 0, failed: 1, skipped: 1 });
});

test("budgets: held is passed, not measured is skipped, a program that stopped has failed", (t) => {
  const line = "Budgets: 8 held, 0 broken, 11 not measured\n";
  t.deepEqual(parseBudgets(line, 0), { passed: 8, failed: 0, skipped: 11 });
  t.deepEqual(parseBudgets("Budgets: 7 held, 1 broken, 0 not measured\n", 1), { passed: 7, failed: 1, skipped: 0 });
  t.deepEqual(parseBudgets("", 1), { passed: 0, failed: 1, skipped: 0 });
});

// How `npm run test:espruino` behaves where there is no engine. What it does with one is in test/engines/espruino.

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import test from "ava";

const runner = fileURLToPath(new URL("../../../test/engines/espruino/run.mjs", import.meta.url));

function run(env: { [name: string]: string }): { status: number | null; lines: string[] } {
  const { ESPRUINO: _engine, M95_VIA_NPM_TEST: _via, ...clean } = process.env;
  const { status, stdout } = spawnSync(process.execPath, [runner], { env: { ...clean, ...env }, encoding: "utf8" });
  return { status, lines: stdout.trim().split("\n") };
}

/** One plain line, with the number of tests. */
const NOT_RUN = /^Espruino engine tests did not run \([1-9]\d+ skipped\): set ESPRUINO to an Espruino Linux binary\.$/;

test("without ESPRUINO it says so in a line, which is a failure", (t) => {
  const { status, lines } = run({});
  t.is(status, 1);
  t.is(lines.length, 1);
  t.regex(lines[0]!, NOT_RUN);
});

test("as part of npm test it is none", (t) => {
  const { status, lines } = run({ M95_VIA_NPM_TEST: "1" });
  t.is(status, 0);
  t.is(lines.length, 1);
  t.regex(lines[0]!, NOT_RUN);
});

test("an engine that is not there is a failure in any case", (t) => {
  const { status, lines } = run({ M95_VIA_NPM_TEST: "1", ESPRUINO: "/no/such/espruino" });
  t.is(status, 1);
  t.deepEqual(lines, [
    "Espruino engine tests cannot run: ESPRUINO is /no/such/espruino, and there is no /no/such/espruino.",
  ]);
});

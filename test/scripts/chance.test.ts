// Math.random in the tests: a seed repeats it.

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import test from "ava";

const module = fileURLToPath(new URL("../support/chance.js", import.meta.url));

function draws(seed?: string): { numbers: number[]; stderr: string } {
  const { M95_SEED: _, ...env } = process.env;
  const args = ["--import", module, "--print", "JSON.stringify([1, 2, 3, 4, 5, 6].map(Math.random))"];
  const { stdout, stderr } = spawnSync(process.execPath, args, {
    env: { ...env, ...(seed === undefined ? {} : { M95_SEED: seed }) },
    encoding: "utf8",
  });
  return { numbers: stdout ? JSON.parse(stdout) : [], stderr };
}

test("the same seed gives the same numbers, from 0 up to 1, another one others", (t) => {
  const { numbers } = draws("7");
  t.is(new Set(numbers).size, 6);
  for (const one of numbers) t.true(one >= 0 && one < 1);
  t.deepEqual(draws("7").numbers, numbers);
  t.notDeepEqual(draws("8").numbers, numbers);
  t.deepEqual(draws().numbers, draws("1").numbers);
});

test("what is no seed is refused", (t) => {
  t.regex(draws("lucky").stderr, /M95_SEED has to be an integer, not lucky/);
});

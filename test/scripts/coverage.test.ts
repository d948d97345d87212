// Checks the judgement over measured coverage, and which lines of a source count as code. It measures nothing.

import { readFileSync } from "node:fs";
import test from "ava";

interface Measured {
  file: string;
  lines: Map<number, boolean>;
  branches: { line: number; taken: boolean; what: string }[];
}

const { judge, sourceLines } = (await import(
  new URL("../../../scripts/testing/coverage.mjs", import.meta.url).href
)) as {
  judge(
    measured: Measured[],
    rows: object[],
    lackOf?: (...needs: string[]) => { why: string } | undefined,
  ): { table: string[]; problems: string[]; left: string[] };
  sourceLines(compiled: string, map: object): { lines: Set<number>; lineOf(offset: number): number };
};

const rows = [
  { name: "at", folder: "core/at", lines: 100, branches: 100 },
  { name: "core", folder: "core", lines: 50 },
];

function measured(file: string, lines: [number, boolean][], taken: boolean[] = [true]): Measured {
  return { file, lines: new Map(lines), branches: taken.map((taken, i) => ({ line: i + 1, taken, what: "column 3" })) };
}

const rest = measured("core/errors.ts", [[1, true]]);

test("everything ran", (t) => {
  const { problems, table } = judge([measured("core/at/ring.ts", [[1, true]]), rest], rows);
  t.deepEqual(problems, []);
  t.regex(table[1]!, /^at +100\.0 % \(1 of 1\) +100\.0 % \(1 of 1\)$/);
});

test("missing lines are named, neighbours together", (t) => {
  const lines: [number, boolean][] = [
    [9, false],
    [1, true],
    [3, false],
    [5, false],
    [6, true],
  ];
  const { problems } = judge([measured("core/at/ring.ts", lines), rest], rows);
  t.deepEqual(problems, ["at: 40.0 % of the lines ran, 100 % have to. These did not:", "  core/at/ring.ts: 3-5, 9"]);
});

test("missing branches are named", (t) => {
  const { problems } = judge([measured("core/at/ring.ts", [[1, true]], [true, false]), rest], rows);
  t.deepEqual(problems, [
    "at: 50.0 % of the branches ran, 100 % have to. These did not:",
    "  core/at/ring.ts:2 column 3",
  ]);
});

test("what lacks its programs is shown and not judged, and said to be", (t) => {
  const lackOf = (...needs: string[]) => (needs.includes("socat") ? { why: "install socat" } : undefined);
  const files = [measured("core/at/ring.ts", [[1, false]]), rest];
  const [at, core] = rows;
  const { table, problems, left } = judge(files, [{ ...at, needs: ["mosquitto", "socat"] }, core!], lackOf);
  t.regex(table[1]!, /^at +0\.0 %/);
  t.deepEqual(problems, []);
  t.deepEqual(left, ["at is not judged: install socat"]);
  t.not(judge(files, [{ ...at, needs: ["mosquitto"] }, core!], lackOf).problems.length, 0);
});

test("almost all is not all", (t) => {
  const lines = Array.from({ length: 5000 }, (_, i): [number, boolean] => [i, i > 0]);
  const { problems } = judge([measured("core/at/ring.ts", lines), rest], rows);
  t.regex(problems[0]!, /^at: 99\.9 %/);
});

test("a threshold reached is enough, and a row without one passes", (t) => {
  const half = measured(
    "core/errors.ts",
    [
      [1, true],
      [2, false],
    ],
    [false],
  );
  t.deepEqual(judge([measured("core/at/ring.ts", [[1, true]]), half], rows).problems, []);
});

test("a folder without code does not pass", (t) => {
  t.deepEqual(judge([rest], rows).problems, ["at: there is no source file with code in core/at/"]);
  t.is(judge([], rows).problems.length, 2);
});

test("comments and types are no code; positions lead back to the source", (t) => {
  const compiled = readFileSync(new URL("../support/harness.js", import.meta.url), "utf8");
  const map = JSON.parse(readFileSync(new URL("../support/harness.js.map", import.meta.url), "utf8"));
  const { lines, lineOf } = sourceLines(compiled, map);
  const source = readFileSync(new URL("../../../test/support/harness.ts", import.meta.url), "utf8").split("\n");
  const line = source.findIndex((text) => text.startsWith("export")) + 1;
  t.deepEqual([...lines], [line]);
  t.is(lineOf(compiled.indexOf("export")), line);
});

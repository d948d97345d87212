// How figures are held against budgets, and when docs/footprint.md is left alone. It measures nothing.

import test from "ava";

interface Result {
  figures?: { [budget: string]: number };
  lack?: string;
}

const { hold, reasonToKeep } = (await import(new URL("../../../bench/report.mjs", import.meta.url).href)) as {
  hold(
    results: { [measurement: string]: Result },
    budgets: { [measurement: string]: { [budget: string]: number } },
  ): { lines: string[]; held: number; broken: number; left: number };
  reasonToKeep(results: { [measurement: string]: Result }, env: object): string | undefined;
};

const budgets = { size: { bytes: 100, zipped: 50 }, engine: { vars: 7 } };

test("each budget is named: held, broken, or not measured and for want of what", (t) => {
  const { lines, ...counts } = hold(
    { size: { figures: { bytes: 100, zipped: 51 } }, engine: { lack: "set ENGINE to it" } },
    budgets,
  );
  t.deepEqual(counts, { held: 1, broken: 1, left: 1 });
  t.deepEqual(lines, [
    "  ✔ bytes is 100 of 100",
    "  ✘ [broken] zipped is 51, above its budget of 50",
    "  - [not measured] vars: set ENGINE to it",
  ]);
});

test("a budget that a measurement forgets, and a figure without a budget, are broken ones", (t) => {
  const { lines, broken } = hold({ size: { figures: { bytes: 1, packed: 1 } } }, budgets);
  t.is(broken, 2);
  t.regex(lines[1]!, /zipped was not measured/);
  t.regex(lines[2]!, /packed is 1 and has no budget/);
});

test("the page is written when all could be measured, and never under CI", (t) => {
  const all = { size: { figures: { bytes: 1 } }, others: {} };
  t.is(reasonToKeep(all, {}), undefined);
  t.is(reasonToKeep(all, { CI: "true" }), "under CI it stays as it is");
  t.regex(reasonToKeep({ ...all, engine: { lack: "set ENGINE to it" } }, {})!, /until all.*: set ENGINE to it$/);
});

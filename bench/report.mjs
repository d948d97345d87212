// Puts measured tables into docs/footprint.md and holds figures against bench/budgets.json. It measures nothing.
import { readFileSync, writeFileSync } from "node:fs";

const page = new URL("../docs/footprint.md", import.meta.url);
/** Budgets by the measurement that yields the figure. */
const budgets = JSON.parse(readFileSync(new URL("budgets.json", import.meta.url), "utf8"));

/**
 * What a measurement found.
 * @typedef {{ rows?: (string | number)[][], notes?: string[], figures?: { [budget: string]: number }, lack?: string }} Result
 *   `lack`: what it could not measure all for want of, as advice
 */

/** A Markdown table; the first row is its head. */
export function table(rows) {
  const line = (row) => `| ${row.join(" | ")} |`;
  return [line(rows[0]), line(rows[0].map((_cell, i) => (i ? "---:" : "---"))), ...rows.slice(1).map(line)].join("\n");
}

/** Replaces the part of a page between the marks of this name. */
function replace(text, name, part) {
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [from, to] = [text.indexOf(start), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/footprint.md has no marks for ${name}`);
  return `${text.slice(0, from + start.length)}\n\n${part}\n\n${text.slice(to)}`;
}

/**
 * Compares the figures of some measurements with all their budgets.
 * @param {{ [measurement: string]: Result }} results
 * @returns {{ lines: string[], held: number, broken: number, left: number }} a line for each budget
 */
export function hold(results, all = budgets) {
  const lines = [];
  const counts = { held: 0, broken: 0, left: 0 };
  const tell = (kind, word, text) => {
    counts[kind]++;
    lines.push(`  ${word} ${text}`);
  };
  for (const [measurement, { figures = {}, lack }] of Object.entries(results)) {
    const known = all[measurement] ?? {};
    for (const [name, budget] of Object.entries(known)) {
      const value = figures[name];
      if (value === undefined && lack) tell("left", "- [not measured]", `${name}: ${lack}`);
      else if (value === undefined) tell("broken", "✘ [broken]", `${name} was not measured, nobody knows why`);
      else if (value > budget) tell("broken", "✘ [broken]", `${name} is ${value}, above its budget of ${budget}`);
      else tell("held", "✔", `${name} is ${value} of ${budget}`);
    }
    for (const [name, value] of Object.entries(figures))
      if (!(name in known)) tell("broken", "✘ [broken]", `${name} is ${value} and has no budget in bench/budgets.json`);
  }
  return { lines, ...counts };
}

/** Why the page stays as it is, or nothing. Figures of two versions on one page would say what no version had. */
export function reasonToKeep(results, env = process.env) {
  if (env.CI) return "under CI it stays as it is";
  const lacks = [...new Set(Object.values(results).flatMap(({ lack }) => lack ?? []))];
  return lacks.length > 0 ? `it stays as it is until all can be measured: ${lacks.join("; ")}` : undefined;
}

/**
 * Measures, prints the tables, writes them onto the page where all could be measured, and ends the process. With --check it
 * prints the budgets only and writes nothing.
 * @param {{ [measurement: string]: () => Result | Promise<Result> }} measurements
 */
export async function report(measurements) {
  const check = process.argv.includes("--check");
  const results = {};
  let text = readFileSync(page, "utf8");
  for (const [name, measure] of Object.entries(measurements)) {
    results[name] = await measure();
    const { rows, notes = [] } = results[name];
    if (!rows) continue;
    const part = [table(rows), ...notes].join("\n\n");
    if (!check) console.log(`${part}\n`);
    text = replace(text, name, part);
  }
  if (!check) {
    const reason = reasonToKeep(results);
    if (!reason) writeFileSync(page, text);
    console.log(`docs/footprint.md: ${reason ?? "written"}`);
  }
  const { lines, held, broken, left } = hold(results);
  for (const line of lines) console.log(line);
  console.log(`Budgets: ${held} held, ${broken} broken, ${left} not measured`);
  process.exit(broken > 0 ? 1 : 0);
}

// Puts measured tables into docs/footprint.md and holds figures against bench/budgets.json. It measures nothing.
import { existsSync, readFileSync, writeFileSync } from "node:fs";

const page = new URL("../docs/footprint.md", import.meta.url);
const budgets = JSON.parse(readFileSync(new URL("budgets.json", import.meta.url), "utf8"));

/** A Markdown table; the first row is its head. */
export function table(rows) {
  const line = (row) => `| ${row.join(" | ")} |`;
  return [line(rows[0]), line(rows[0].map((_cell, i) => (i ? "---:" : "---"))), ...rows.slice(1).map(line)].join("\n");
}

/** Replaces the part of the page between the marks of this name. */
export function write(name, text) {
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const old = existsSync(page) ? readFileSync(page, "utf8") : "";
  const [from, to] = [old.indexOf(start), old.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/footprint.md has no marks for ${name}`);
  writeFileSync(page, `${old.slice(0, from + start.length)}\n\n${text}\n\n${old.slice(to)}`);
}

/** Compares figures with their budgets, prints what is above, and says whether all are within. */
export function hold(figures) {
  let good = true;
  for (const [name, value] of Object.entries(figures)) {
    const budget = budgets[name];
    if (budget === undefined) {
      console.error(`${name} is ${value} and has no budget in bench/budgets.json`);
      good = false;
    } else if (value > budget) {
      console.error(`${name} is ${value}, above its budget of ${budget} (bench/budgets.json)`);
      good = false;
    }
  }
  return good;
}

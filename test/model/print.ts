// Prints the rows of the state tables as the real classes behave now, or with --write puts them into the tables. Whoever
// has changed a class reads the difference before it is committed: this program judges nothing.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { explore, type Findings } from "./explore.js";
import { eventsOf, MACHINES } from "./machines.js";
import type { Machine } from "./tables.js";

const TABLES = ["tables.ts", "line-tables.ts"].map((name) =>
  fileURLToPath(new URL(`../../../test/model/${name}`, import.meta.url)),
);

/** Characters of a line of events. */
const WIDTH = 104;

/** `event; event -> states`, broken behind semicolons. */
function row(events: string[], next: string): string {
  const lines = [""];
  events.forEach((event, i) => {
    const piece = i < events.length - 1 ? `${event}; ` : event;
    if (lines.at(-1)!.length + piece.length > WIDTH) lines.push("");
    lines[lines.length - 1] += piece;
  });
  return `  ${lines.map((line) => line.trimEnd()).join("\n    ")} -> ${next}`;
}

function rowsOf(machine: Machine, seen: Findings["seen"][number]): string {
  const events = Object.keys(machine.events);
  const states = Object.keys(machine.states);
  const lines: string[] = [];
  for (const state of states) {
    const groups = new Map<string, string[]>();
    for (const event of events) {
      const nexts = seen.get(`${state} ${event}`);
      if (!nexts) continue;
      // States that the table does not have come last.
      const known = states.filter((one) => nexts.has(one));
      const next = [...known, ...[...nexts.keys()].filter((one) => !known.includes(one))].join(" ");
      groups.set(next, [...(groups.get(next) ?? []), event]);
    }
    lines.push(state);
    // What changes nothing stands last.
    const order = [...groups].sort((a, b) => Number(a[0] === state) - Number(b[0] === state));
    lines.push(...order.map(([next, list]) => row(list, next)));
  }
  return lines.join("\n");
}

const { values, positionals } = parseArgs({ options: { write: { type: "boolean" } }, allowPositionals: true });
for (const one of MACHINES) {
  if (positionals.length && !positionals.includes(one.name)) continue;
  const { seen, worlds, steps, problems } = explore(one.make, one.roots, eventsOf(one), one.depth);
  console.log(`${one.name}: ${worlds} worlds, ${steps} steps, depth ${one.depth}`);
  for (const problem of problems) console.log(`PROBLEM ${problem}`);
  one.machines.forEach((machine, table) => {
    const rows = rowsOf(machine, seen[table]!);
    if (!values.write) console.log(`\n${rows}\n`);
    else
      for (const file of TABLES)
        writeFileSync(
          file,
          readFileSync(file, "utf8").replace(machine.rows, () => `\n${rows}\n`),
        );
  });
}

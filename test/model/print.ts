// Prints the rows of the state tables as the real classes behave now, for whoever has changed them. It judges nothing.
import { explore } from "./explore.js";
import { MACHINES } from "./machines.js";

const wanted = process.argv.slice(2);
for (const { name, machine, make, roots, depth } of MACHINES) {
  if (wanted.length && !wanted.includes(name)) continue;
  const events = Object.keys(machine.events);
  const states = Object.keys(machine.states);
  const { seen, worlds, steps, problems } = explore(make, roots, events, depth);
  console.log(`// ${name}: ${worlds} worlds, ${steps} steps, depth ${depth}\n`);
  for (const problem of problems) console.log(`PROBLEM ${problem}`);
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
    console.log(state);
    const rows = [...groups].sort((a, b) => Number(a[0] === state) - Number(b[0] === state));
    for (const [next, list] of rows) console.log(`  ${list.join("; ")} -> ${next}`);
  }
}

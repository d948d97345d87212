// `npm run test:espruino`: the minified bundle and the example sketches in a real Espruino (Linux build), against the
// virtual M95. ESPRUINO names the binary; nothing is built or fetched here.

import { parseArgs } from "node:util";
import { lack } from "../../../scripts/testing/needs.mjs";
import { lastLine } from "../../../scripts/testing/summary.mjs";

const { values } = parseArgs({
  options: {
    match: { type: "string", multiple: true, default: [] },
  },
});

const files = [
  "load",
  "cycle",
  "chunks",
  "overflow",
  "migration",
  "store",
  "tls",
  "features",
  "endurance",
  "reconnects",
  "examples",
  "traps",
];
/** Sessions run in real time and mostly wait, so several run at once. */
const AT_ONCE = 4;

const queue = [];
for (const file of files) {
  const { tests } = await import(`./${file}.mjs`);
  for (const [title, run] of tests) queue.push({ name: `${file}: ${title}`, run });
}
const chosen = queue.filter(
  ({ name }) => values.match.length === 0 || values.match.some((part) => name.includes(part)),
);

let lacking;
try {
  lacking = lack("ESPRUINO")?.why;
} catch (error) {
  console.log(`Espruino engine tests cannot run: ${error.message}.`);
  process.exit(1);
}
if (lacking) {
  console.log(`Espruino engine tests did not run (${chosen.length} skipped): ${lacking}.`);
  // Part of a run of everything, or asked for by itself.
  process.exit(process.env.M95_VIA_NPM_TEST ? 0 : 1);
}
const counts = { passed: 0, failed: 0, skipped: 0 };

async function work() {
  for (let test = chosen.shift(); test; test = chosen.shift()) {
    const since = performance.now();
    const remarks = [];
    try {
      const outcome = await test.run((text) => remarks.push(`      ${text}`));
      counts[outcome === "skipped" ? "skipped" : "passed"]++;
      const mark = outcome === "skipped" ? "- [skip]" : "✔";
      console.log(
        [`  ${mark} ${test.name} (${((performance.now() - since) / 1000).toFixed(1)} s)`, ...remarks].join("\n"),
      );
    } catch (error) {
      counts.failed++;
      console.log([`  ✘ [fail]: ${test.name}`, ...remarks, error.stack].join("\n"));
    }
  }
}

await Promise.all(Array.from({ length: AT_ONCE }, work));
console.log(lastLine(counts));
// Sockets of a failed test must not keep the process.
process.exit(counts.failed > 0 || counts.passed === 0 ? 1 : 0);

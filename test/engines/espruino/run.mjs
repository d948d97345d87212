// `npm run test:espruino`: the minified bundle and the example sketches in a real Espruino (Linux build), against the
// virtual M95. ESPRUINO names the binary; nothing is built or fetched here.

import { existsSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    match: { type: "string", multiple: true, default: [] },
  },
});

if (!process.env.ESPRUINO) {
  console.log("Espruino engine tests did not run: set ESPRUINO to an Espruino Linux binary.");
  // Part of a run of everything, or asked for by itself.
  process.exit(process.env.M95_VIA_NPM_TEST ? 0 : 1);
}
if (!existsSync(process.env.ESPRUINO)) {
  console.log(`Espruino engine tests cannot run: there is no ${process.env.ESPRUINO}.`);
  process.exit(1);
}

// Each process runs in a folder of its own.
process.env.ESPRUINO = path.resolve(process.env.ESPRUINO);

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
let passed = 0;
let failed = 0;

async function work() {
  for (let test = chosen.shift(); test; test = chosen.shift()) {
    const since = performance.now();
    const remarks = [];
    try {
      await test.run((text) => remarks.push(`      ${text}`));
      passed++;
      console.log([`  ✔ ${test.name} (${((performance.now() - since) / 1000).toFixed(1)} s)`, ...remarks].join("\n"));
    } catch (error) {
      failed++;
      console.log([`  ✘ [fail]: ${test.name}`, ...remarks, error.stack].join("\n"));
    }
  }
}

await Promise.all(Array.from({ length: AT_ONCE }, work));
console.log(`${passed} passed, ${failed} failed`);
// Sockets of a failed test must not keep the process.
process.exit(failed > 0 || passed === 0 ? 1 : 0);

// `npm run test:espruino`: the driver and the example sketches in a real Espruino (Linux build), against the virtual M95.
// ESPRUINO names the binary; nothing is built or fetched here. `--form min|file|plain` chooses the driver's form (M95.min.js, or the files
// for Storage as boards get them, or readable), `--everything` installs all parts and not only those that a sketch needs.

import { parseArgs } from "node:util";
import { lack } from "../../../scripts/testing/needs.mjs";
import { lastLine } from "../../../scripts/testing/summary.mjs";
import { FORMS, useForm } from "./rig.mjs";

const { values } = parseArgs({
  options: {
    match: { type: "string", multiple: true, default: [] },
    form: { type: "string", multiple: true, default: ["min", "file"] },
    everything: { type: "boolean", default: false },
  },
});

for (const form of values.form)
  if (!FORMS.includes(form)) {
    console.log(`--form must be one of ${FORMS.join(", ")}, not ${form}`);
    process.exit(1);
  }

const files = [
  "load",
  "vars",
  "cycle",
  "sleep",
  "chunks",
  "overflow",
  "migration",
  "store",
  "tls",
  "console",
  "workbench",
  "features",
  "alone",
  "endurance",
  "reconnects",
  "examples",
  "small",
  "traps",
];
/** Sessions run in real time and mostly wait, so several run at once. */
const AT_ONCE = 4;

/** They do without the driver, or say themselves which of its forms they are about. */
const ONCE = ["load", "vars", "migration", "small", "traps"];

const queue = [];
for (const [i, form] of values.form.entries())
  for (const file of files) {
    if (i > 0 && ONCE.includes(file)) continue;
    const { tests } = await import(`./${file}.mjs`);
    for (const [title, run] of tests)
      queue.push({ form, name: `${file}: ${title}${ONCE.includes(file) ? "" : ` (${form})`}`, run });
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

async function work(tests) {
  for (let test = tests.shift(); test; test = tests.shift()) {
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

for (const form of values.form) {
  const tests = chosen.filter((one) => one.form === form);
  useForm(form, values.everything);
  await Promise.all(Array.from({ length: AT_ONCE }, () => work(tests)));
}
console.log(lastLine(counts));
// Sockets of a failed test must not keep the process.
process.exit(counts.failed > 0 || counts.passed === 0 ? 1 : 0);

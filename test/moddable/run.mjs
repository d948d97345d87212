// Runs the Moddable target in XS (xsnap-worker), preloaded as the SDK does it, on a small ESP32 in front of a virtual M95, and
// says what it costs. It needs no SDK; the real one is used by test/engines/moddable.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "acorn";
import { rollup } from "rollup";
import { xsBinary } from "../../scripts/testing/xs-engine.mjs";
import { makeWorld } from "./world.mjs";
import { XsWorker } from "./xs/worker.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const here = fileURLToPath(new URL("xs", import.meta.url));
const dist = path.join(root, "dist/moddable");
const esp32 = path.join(here, "esp32.js");
const TIME_LIMIT = 300_000;
/** Slots that 500 messages or 900 reconnects may leave behind: none, but for the engine's own bookkeeping. */
const GROWTH = 16;

const parts = path.join(dist, "parts");

/** Where the package's names lead, what is there besides, and slots that the code of it and of the tests may take: flash on a device. */
const FORMS = {
  "in one piece": {
    "m95-mqtt": path.join(dist, "index.js"),
    "m95-mqtt/client": path.join(dist, "client.js"),
    others: [],
    slots: 4300,
  },
  "in parts": {
    "m95-mqtt": path.join(parts, "core.js"),
    "m95-mqtt/client": path.join(parts, "names/client.js"),
    others: ["tls", "info", "texts", "sleep", "store"].map((part) => path.join(parts, `${part}.js`)),
    slots: 5100,
  },
};

/** What a module declares at its top level, by name. */
function declared(code) {
  const names = [];
  for (const { type, id, declarations } of parse(code, { ecmaVersion: "latest", sourceType: "module" }).body)
    if (type === "FunctionDeclaration" || type === "ClassDeclaration") names.push(id.name);
    else if (type === "VariableDeclaration") for (const one of declarations) names.push(one.id.name);
  return names;
}

/** One script of the package as published, the fakes and the tests. */
async function bundle({ others, slots: _, ...modules }) {
  const plugin = {
    name: "moddable",
    resolveId(id, importer) {
      if (id === "timer" || id === "time") return `\0${id}`;
      const name = id.replace("?top", "").replace(/^m95-mqtt\/(?=dist)/, root);
      if (modules[name]) return modules[name];
      if (existsSync(`${name}.js`)) return `${name}.js`;
      const file = path.resolve(path.dirname(importer ?? here), id);
      if (existsSync(file)) return file;
      throw new Error(`${importer} imports "${id}", which is not there on Moddable`);
    },
    load(id) {
      if (id === "\0timer") return `export { Timer as default } from ${JSON.stringify(esp32)};`;
      if (id === "\0time") return `export { Time as default } from ${JSON.stringify(esp32)};`;
      const code = readFileSync(id, "utf8");
      if (!id.startsWith(dist)) return code;
      // The parts are there before anything is frozen, as they are when they are preloaded.
      const more = id === modules["m95-mqtt/client"] ? others : [];
      const imports = more.map((file, i) => `import { top as top${i} } from ${JSON.stringify(file)};`);
      const tops = more.map((_file, i) => `...top${i}()`);
      return `${imports.join("")}${code}\nexport const top = () => [${[...declared(code), ...tops].join()}];`;
    },
  };
  const build = await rollup({ input: path.join(here, "entry.js"), plugins: [plugin], treeshake: false });
  const { output } = await build.generate({ format: "iife", name: "script" });
  await build.close();
  return output[0].code;
}

/** Runs the tests on one form of the package. */
async function run(form) {
  const counts = { passed: 0, failed: 0 };
  const check = (title, failure) => {
    counts[failure ? "failed" : "passed"]++;
    if (failure) console.log(`  ✘ [fail]: ${title}\n      ${failure.split("\n").join("\n      ")}`);
  };
  let titles = [];
  let frozen = 0;
  const worker = new XsWorker(
    await makeWorld({
      titles: (request) => {
        titles = request.titles;
      },
      frozen: ({ count }) => {
        frozen = count;
      },
      told: ({ title, failure }) => check(title, failure),
    }),
  );
  const timer = setTimeout(() => worker.close(), TIME_LIMIT);
  const slots = {};
  try {
    const empty = (await worker.evaluate("gc();")).currentHeapCount;
    await worker.evaluate(await bundle(FORMS[form]));
    await worker.evaluate("engine.titles(); engine.freeze(); gc();");
    const loaded = (await worker.evaluate("gc();")).currentHeapCount;
    const most = FORMS[form].slots;
    check("the code has few slots", loaded - empty <= most ? "" : `${loaded - empty} of ${most}`);
    check("functions and built-ins are frozen", frozen > 500 ? "" : `only ${frozen}`);
    for (const title of titles) {
      await worker.evaluate(`engine.run(${JSON.stringify(title)});`);
      slots[title] = (await worker.evaluate("gc();")).currentHeapCount;
    }
    const pairs = [
      ["500 messages in and 500 out", "500 more, and the heap is where it was"],
      ["100 reconnects", "900 more, and the heap is where it was"],
      ["asleep for a minute", "asleep for ten more, and the heap is where it was"],
      ["kept awake for a minute", "kept awake for five more, and the heap is where it was"],
    ];
    for (const [before, after] of pairs) {
      const grown = slots[after] - slots[before];
      check(`${after}: it is`, grown <= GROWTH ? "" : `${grown} slots more than behind "${before}"`);
    }
    const after1000 = slots[pairs[0][1]];
    const [before, after] = pairs[1].map((title) => slots[title]);
    console.log(
      `  ${loaded - empty} slots for the code of package and tests, which a device has in flash; then in RAM: modem ready ` +
        `${slots["powers on over the pins and comes up"] - loaded}, connected and subscribed ` +
        `${slots["subscribes, with topics in UTF-8"] - loaded}, after 1,000 messages ${after1000 - loaded}, ` +
        `after 100 reconnects ${before - loaded}, after 1,000 ${after - loaded}`,
    );
  } catch (error) {
    check("XS", error.message);
  } finally {
    clearTimeout(timer);
    worker.close();
  }
  const version = /XS [\d.]+/.exec(execFileSync(xsBinary, ["-v"], { encoding: "utf8" }))[0];
  console.log(`${version}: ${counts.passed} passed, ${counts.failed} failed (Moddable target ${form})`);
  if (counts.failed > 0 || counts.passed === 0) process.exitCode = 1;
}

try {
  for (const form of Object.keys(FORMS)) await run(form);
} catch (error) {
  console.log(`  ✘ The tests of the Moddable target cannot run in XS: ${error.stack}`);
  process.exitCode = 1;
}

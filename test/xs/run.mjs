// Runs the compiled tests of the core (build/test/core/**) in the XS engine, as one script, and reports the outcome.
// It neither compiles nor installs: scripts/testing/test.mjs has done both.

import { execFileSync, spawn } from "node:child_process";
import fs, { readdirSync, readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { rollup } from "rollup";
import { xsBinary } from "../../scripts/testing/xs-engine.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const tests = path.join(root, "build/test/core");
const harness = {
  node: path.join(root, "build/test/support/harness.js"),
  xs: path.join(root, "build/test/xs/harness.js"),
};
const SCRIPT = "core-tests.js";
const TIME_LIMIT = 300_000;

/** The test files, as paths below build/test/core, sorted. */
function testFiles() {
  const names = readdirSync(tests, { recursive: true }).filter((name) => name.endsWith(".test.js"));
  return names.map((name) => name.split(path.sep).join("/")).sort();
}

/** One script of all test files: each file after a marker with its name, and the run at the end. */
async function bundle(files) {
  const quoted = JSON.stringify;
  const entry = [
    `import { run } from ${quoted(harness.xs)};`,
    ...files.flatMap((name) => [`import ${quoted(`file:${name}`)};`, `import ${quoted(path.join(tests, name))};`]),
    "const encoder = new TextEncoder();",
    "run((event) => issueCommand(encoder.encode(JSON.stringify(event)).buffer));",
    "gc();",
  ].join("\n");
  const plugin = {
    name: "core-tests",
    resolveId(id, importer) {
      if (id === "entry" || id.startsWith("file:")) return `\0${id}`;
      const file = importer && !importer.startsWith("\0") ? path.resolve(path.dirname(importer), id) : id;
      if (file === harness.node) return harness.xs;
      if (path.isAbsolute(file) && fs.existsSync(file)) return file;
      throw new Error(`${path.relative(root, importer ?? "")} imports "${id}", which XS does not have`);
    },
    load(id) {
      if (id === "\0entry") return entry;
      if (id.startsWith("\0file:")) {
        const name = id.slice("\0file:".length).replace(/\.test\.js$/, "");
        return `import { inFile } from ${quoted(harness.xs)};\ninFile(${quoted(name)});`;
      }
      const map = `${id}.map`;
      return { code: readFileSync(id, "utf8"), map: fs.existsSync(map) ? readFileSync(map, "utf8") : null };
    },
  };
  const build = await rollup({ input: "entry", plugins: [plugin], treeshake: false });
  const { output } = await build.generate({ format: "iife", sourcemap: true, file: path.join(root, "build", SCRIPT) });
  await build.close();
  return output[0];
}

/** Replaces positions in the bundle by positions in the TypeScript sources. */
function sourcePositions(map) {
  const lines = new SourceMap(map);
  return (stack) =>
    stack.replace(/core-tests\.js:(\d+)/g, (whole, line) => {
      const entry = lines.findEntry(Number(line) - 1, Number.MAX_SAFE_INTEGER);
      // Lines that no source has, such as the script's last ones, get the entry of a line before them.
      if (entry.generatedLine !== Number(line) - 1) return whole;
      return `${path.relative(root, path.resolve(root, "build", entry.originalSource))}:${entry.originalLine + 1}`;
    });
}

/** Evaluates the script in XS; `onEvent` gets what the harness tells. Returns the meter. */
async function evaluate(code, onEvent) {
  // Only now: it freezes the built-ins of this process, which rollup does not expect.
  await import("@endo/init");
  const { xsnap } = await import("@agoric/xsnap");
  const decoder = new TextDecoder();
  const worker = await xsnap({
    name: "core-tests",
    os: os.type(),
    spawn,
    fs: { ...fs, ...fs.promises },
    stdout: "inherit",
    stderr: "inherit",
    meteringLimit: 0,
    handleCommand: async (message) => {
      onEvent(JSON.parse(decoder.decode(message)));
      return new Uint8Array();
    },
  });
  const timer = setTimeout(() => worker.terminate(), TIME_LIMIT);
  try {
    const { meterUsage } = await worker.evaluate(`${code}\n//# sourceURL=${SCRIPT}\n`);
    await worker.close();
    return meterUsage;
  } finally {
    clearTimeout(timer);
    await worker.terminate();
  }
}

async function main() {
  const files = testFiles();
  if (files.length === 0) throw new Error("there are no test files in test/core");
  const { code, map } = await bundle(files);
  const toSource = sourcePositions(map);

  const counts = { passed: 0, failed: 0, skipped: 0 };
  let running = "";
  const onEvent = (event) => {
    if (event.type === "begin") running = event.title;
    else if (event.type === "log") console.log(`    ${running}: ${event.text}`);
    else {
      counts[event.type]++;
      if (event.type === "failed") {
        const at = toSource(event.stack)
          .split("\n")
          .filter((line) => line.includes(".ts:") && !line.includes("xs/harness.ts"));
        console.log(
          `  ✘ [fail]: ${running}\n      ${event.message}\n${at.map((line) => `      ${line.trim()}`).join("\n")}`,
        );
      }
      running = "";
    }
  };

  let meter;
  try {
    meter = await evaluate(code, onEvent);
  } catch (error) {
    counts.failed++;
    const where = running ? ` in ${running}` : "";
    console.log(`  ✘ XS stopped${where}: ${toSource(error.message)}`);
  }

  const version = /XS [\d.]+/.exec(execFileSync(xsBinary, ["-v"], { encoding: "utf8" }))[0];
  const skipped = counts.skipped ? `, ${counts.skipped} skipped` : "";
  const cost = meter ? ` (${meter.compute} computrons, ${meter.currentHeapCount} heap slots)` : "";
  console.log(`${version}: ${counts.passed} passed, ${counts.failed} failed${skipped}${cost}`);
  if (counts.failed > 0 || counts.passed === 0) process.exitCode = 1;
}

try {
  await main();
} catch (error) {
  console.log(`  ✘ The tests of the core cannot run in XS: ${error.message}`);
  process.exitCode = 1;
}

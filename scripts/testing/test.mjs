// `npm test`: builds, lints, runs the tests under AVA and in XS, judges coverage and budgets, and sums up in the last line.
// It installs no system packages, only the nested package test/xs when that is missing.

import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, styleText } from "node:util";
import { engines as engineVariables, lack, searchPath } from "./needs.mjs";
import { lastLine, parseAva, parseBudgets, parseCoverage, parseEngine, parseXs } from "./summary.mjs";
import { xsSetUp } from "./xs-engine.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));

const PATH = [path.join(root, "node_modules/.bin"), searchPath].join(path.delimiter);

const STEPS = { build, lint, tools, ava, xs, coverage, budgets, engines };

const XS_SCRIPTS = [["test/xs/run.mjs"], ["test/moddable/run.mjs"]];

const USAGE = `Usage: npm test -- [options]

  --only <step>      run this step only; can be given several times
  --no-coverage      neither measure nor judge coverage
  --match <pattern>  run only the AVA tests whose titles match, without coverage; can be given several times
  --help             show this

Steps: ${Object.keys(STEPS).join(", ")}`;

const colour = !process.env.NO_COLOR && (process.stdout.isTTY || Boolean(process.env.FORCE_COLOR));

/** A child's environment: colours as decided here, never two variables that contradict each other, paths absolute. */
function environment(extra) {
  const { NO_COLOR: _no, FORCE_COLOR: _force, ...env } = process.env;
  return { ...env, ...engineVariables(), PATH, ...(colour ? { FORCE_COLOR: "1" } : { NO_COLOR: "1" }), ...extra };
}

/**
 * Runs a command without input. With `output: "copy"` its standard output is also kept; with `"hide"` all it writes is
 * shown only when it fails.
 * @returns {Promise<{ code: number, text: string }>} the exit code (a signal counts as 1) and what was kept
 */
function run(command, args, { env, cwd = root, output = "show" } = {}) {
  const pipes = { show: ["inherit", "inherit"], copy: ["pipe", "inherit"], hide: ["pipe", "pipe"] }[output];
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env: environment(env), stdio: ["ignore", ...pipes] });
    let text = "";
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding("utf8").on("data", (chunk) => {
        text += chunk;
        if (output === "copy") process.stdout.write(chunk);
      });
    child.on("error", (error) => {
      console.log(`${command} did not start: ${error.message}`);
      resolve({ code: 1, text });
    });
    child.on("close", (code) => {
      if (output === "hide" && code !== 0) process.stdout.write(text);
      resolve({ code: code ?? 1, text });
    });
  });
}

/** Runs commands in order up to the first that fails. */
async function all(...commands) {
  for (const command of commands) if ((await run(...command)).code !== 0) return { failed: 1 };
  return {};
}

/** Runs scripts one after another and adds up the counts that `parse` reads out of what they print. */
async function sum(scripts, parse, env = {}) {
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const [script, ...args] of scripts) {
    const { code, text } = await run("node", [script, ...args], { output: "copy", env });
    const counts = parse(text, code);
    for (const key of Object.keys(total)) total[key] += counts[key];
  }
  return total;
}

function build() {
  return all(["tsc", ["-p", "."]], ["node", ["scripts/prune.mjs"]], ["rollup", ["-c", "--silent"]]);
}

function lint() {
  return all(["biome", ["check", "."]], ["tsc", ["-p", "core"]]);
}

/** Says what will not run for want of programs. What CI has to have, it does not begin without. */
function tools() {
  let failed = 0;
  for (const [program, what] of [
    ["mosquitto", "Tests against the Mosquitto broker"],
    ["socat", "Tests over a pseudo-terminal"],
    ["chromium", "Tests in a browser"],
    ["compiler", "Tests in XS, if its engine has yet to be built,"],
  ]) {
    const lacking = lack(program);
    if (!lacking) continue;
    console.log(`${what} do not run: ${lacking.why}`);
    if (lacking.fatal) failed++;
  }
  return { failed };
}

async function ava({ match, v8Coverage }) {
  const args = match.flatMap((pattern) => ["--match", pattern]);
  const seed = process.env.M95_SEED ?? String(Math.floor(Math.random() * 0x100000000));
  console.log(`Whatever is left to chance begins at M95_SEED=${seed}`);
  const env = { M95_SEED: seed, ...(v8Coverage ? { NODE_V8_COVERAGE: v8Coverage } : {}) };
  const { code, text } = await run("ava", args, { env, output: "copy" });
  return parseAva(text, code);
}

async function xs() {
  const setUp = xsSetUp();
  if (setUp.length > 0) {
    const lacking = lack("compiler");
    if (lacking) {
      console.log(`Tests in XS did not run (${XS_SCRIPTS.length} skipped, one for each program): ${lacking.why}`);
      return { failed: lacking.fatal ? 1 : 0, skipped: XS_SCRIPTS.length };
    }
    console.log("Building the XS engine, this once (less than a minute)");
    const built = await all(
      ...setUp.map(([command, args, options]) => [command, args, { ...options, output: "hide" }]),
    );
    if (built.failed) return built;
  }
  return sum(XS_SCRIPTS, parseXs);
}

async function coverage({ v8Coverage }) {
  const { code, text } = await run("node", ["scripts/testing/coverage.mjs", v8Coverage], { output: "copy" });
  return parseCoverage(text, code);
}

/** Size, RAM and cost: each budget counts as a test. Nothing is written. */
function budgets() {
  return sum(
    [
      ["bench/size.mjs", "--check"],
      ["bench/bench.mjs", "--check"],
    ],
    parseBudgets,
  );
}

/** The tests in real engines. Called from here, a script without its engine says so in a line and has not failed. */
function engines() {
  const scripts = ["espruino", "board", "moddable"].map((name) => [`test/engines/${name}/run.mjs`]);
  return sum(scripts, parseEngine, { M95_VIA_NPM_TEST: "1" });
}

/** The steps to run, in order, or a word on what is wrong with the options. */
function select({ only, match, "no-coverage": withoutCoverage }) {
  const names = Object.keys(STEPS);
  for (const name of only) if (!names.includes(name)) throw new Error(`There is no step "${name}"\n\n${USAGE}`);
  const wanted = new Set(only.length > 0 ? only : names);
  if (wanted.has("coverage")) wanted.add("ava");
  if (withoutCoverage || match.length > 0) wanted.delete("coverage");
  return names.filter((name) => wanted.has(name));
}

function announce(name, failed, since) {
  const text = `${failed ? "✘" : "✔"} ${name} (${((performance.now() - since) / 1000).toFixed(1)} s)`;
  console.log(colour ? styleText(failed ? "red" : "green", text) : text);
}

async function main(options) {
  const steps = select(options);
  const total = { passed: 0, failed: 0, skipped: 0 };
  let v8Coverage;
  if (steps.includes("coverage")) {
    mkdirSync(path.join(root, "coverage"), { recursive: true });
    v8Coverage = mkdtempSync(path.join(root, "coverage/v8-"));
  }
  for (const name of steps) {
    const since = performance.now();
    let counts;
    try {
      counts = await STEPS[name]({ match: options.match, v8Coverage });
    } catch (error) {
      console.log(error);
      counts = { failed: 1 };
    }
    for (const key of Object.keys(total)) total[key] += counts[key] ?? 0;
    announce(name, counts.failed > 0, since);
    if (counts.failed > 0) break;
  }
  if (v8Coverage) rmSync(v8Coverage, { recursive: true });
  console.log(lastLine(total));
  process.exitCode = total.failed > 0 ? 1 : 0;
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      only: { type: "string", multiple: true, default: [] },
      match: { type: "string", multiple: true, default: [] },
      "no-coverage": { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  select(values);
  return values;
}

try {
  const options = readOptions();
  if (options.help) console.log(USAGE);
  else await main(options);
} catch (error) {
  console.error(error.message);
  process.exitCode = 2;
}

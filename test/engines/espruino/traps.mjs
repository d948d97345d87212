// Each trap that the subset check refuses is one in this engine, and what looks alike is none. Under release builds the
// traps of debug builds are left out.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import vm from "node:vm";
import { engine as named } from "../../../scripts/testing/needs.mjs";
import { Engine } from "./engine.mjs";
import { traps } from "./trap-list.mjs";

/** Release builds have their own assertions, and fewer. */
const isDebugBuild = () => readFileSync(named("ESPRUINO")).includes("__assert_fail");

/** What becomes of a program: "true", another value, or why it ended. */
async function outcome(program) {
  const engine = new Engine(
    `let result;
    try {
      result = "" + eval(${JSON.stringify(program)});
    } catch (e) {
      result = "threw " + e;
    }
    print("@@" + JSON.stringify(["result", result]));`,
    {},
    { prelude: false },
  );
  try {
    const marked = engine.mark("result", 5000).catch(() => "never came to an end");
    return String(await Promise.race([marked, engine.ended.then((code) => `ended with ${code}`)]));
  } finally {
    await engine.stop();
  }
}

async function check({ rule, bad, good = [], debugOnly, check: shown = true }, log) {
  for (const program of [...bad, ...good]) assert.equal(vm.runInNewContext(program), true, `elsewhere: ${program}`);
  const seen = shown && (!debugOnly || isDebugBuild());
  if (seen) for (const program of bad) assert.notEqual(await outcome(program), "true", `a trap: ${program}`);
  else log(`${rule}: not to be seen in this build`);
  for (const program of good) assert.equal(await outcome(program), "true", `no trap: ${program}`);
  return seen || good.length > 0 ? "passed" : "skipped";
}

export const tests = traps.map((trap) => [trap.rule, (log) => check(trap, log)]);

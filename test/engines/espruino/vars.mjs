// The model of jsVars (scripts/espruino/vars.mjs), which holds their budget where there is no engine, against the engine.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { LINUX, loadedVars } from "../../../scripts/espruino/vars.mjs";
import { Engine } from "./engine.mjs";
import { bundle, root } from "./rig.mjs";

/** What the model may be off by. */
const OFF = 0.05;

async function compare(file, log) {
  const engine = new Engine(
    `require("Storage").write("M95", require("fs").readFileSync(${JSON.stringify(file)}));
    const before = memory();
    const M95 = require("M95");
    mark("vars", memory() - before);`,
  );
  try {
    const counted = await engine.mark("vars");
    const computed = loadedVars(readFileSync(file, "latin1"), LINUX);
    log(`${computed} computed, ${counted} counted`);
    assert.ok(Math.abs(computed - counted) <= OFF * counted, `${computed} computed, ${counted} counted`);
  } finally {
    await engine.stop();
  }
}

export const tests = [
  ["the driver in Storage", (log) => compare(path.join(root, "dist/espruino/storage/M95.js"), log)],
  ["the driver in one piece", (log) => compare(bundle, log)],
];

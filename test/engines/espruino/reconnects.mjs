// Many reconnects leave no variable behind. The modem is a script inside the engine: through a pty it would take minutes.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Engine } from "./engine.mjs";
import { install, root, sketch } from "./rig.mjs";

const RECONNECTS = 100;
/** jsVars are counted after each so many. */
const EVERY = 20;
/** jsVars that counters take when they grow by a digit, and the like. */
const SLACK = 8;

async function reconnects(log) {
  const modem = readFileSync(`${root}bench/espruino/scripted-modem.js`, "utf8");
  const code = install() + modem + sketch("reconnects");
  const engine = new Engine(code, { reconnects: RECONNECTS, every: EVERY }, { prelude: false });
  try {
    const figures = [];
    while (figures.length < RECONNECTS / EVERY) figures.push(await engine.mark("usage", 60_000));
    log(`jsVars after each ${EVERY} reconnects: ${figures.join(", ")}`);
    // The first of them still has what the start left to be collected.
    assert.ok(Math.max(...figures.slice(2)) - figures[1] <= SLACK, "memory stays level");
    engine.checkQuiet();
  } finally {
    await engine.stop();
  }
}

export const tests = [[`${RECONNECTS} reconnects leave nothing behind`, reconnects]];

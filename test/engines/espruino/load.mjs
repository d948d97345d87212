// Loading: both bundles, from Storage, as a module text, and installed as the manual says.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { Engine } from "./engine.mjs";
import { bundle, plainBundle, root } from "./rig.mjs";

const asText = `Modules.addCached("M95", require("fs").readFileSync(CONFIG.bundle));`;
const fromStorage = `require("Storage").write("M95", require("fs").readFileSync(CONFIG.bundle));`;

/** What the command of docs/espruino.md prints. */
function byHand() {
  const manual = readFileSync(path.join(root, "docs/espruino.md"), "utf8");
  const program = /^node -e '(.*)' > install\.js$/m.exec(manual)[1];
  const here = program.replace("node_modules/m95-mqtt/dist/espruino/M95.min.js", bundle);
  assert.notEqual(here, program);
  return execFileSync(process.execPath, ["-e", here], { encoding: "latin1" });
}

async function load(code, file, log) {
  const engine = new Engine(
    `const before = memory();
    ${code}
    const M95 = require("M95");
    mark("loaded", { exports: Object.keys(M95), connect: typeof M95.connect, vars: memory() - before });`,
    { bundle: file },
  );
  try {
    const { exports, connect, vars } = await engine.mark("loaded");
    assert.deepEqual(exports.sort(), ["connect", "store"]);
    assert.equal(connect, "function");
    log(`${vars} jsVars`);
  } finally {
    await engine.stop();
  }
}

export const tests = [
  ["M95.min.js from Storage", (log) => load(fromStorage, bundle, log)],
  ["M95.min.js as a module text", (log) => load(asText, bundle, log)],
  ["M95.min.js installed by hand", (log) => load(byHand(), bundle, log)],
  ["M95.js from Storage", (log) => load(fromStorage, plainBundle, log)],
  [
    "bad options are refused with a word",
    async () => {
      const engine = new Engine(
        `${fromStorage}
        function refused(options) {
          try {
            require("M95").connect(Serial1, options);
          } catch (e) {
            return e.code + " " + e.message;
          }
        }
        mark("refused", [refused({ apn: "a", board: "toaster" }), refused({ apn: "a", flow: "cts" }), refused({ apn: 5 })]);`,
        { bundle },
      );
      try {
        const [board, flow, apn] = await engine.mark("refused");
        assert.match(board, /^EPARAM board must be a known board, not .*toaster/);
        assert.match(flow, /^EPARAM flowControl must be "none", "hardware" or "software"/);
        assert.match(apn, /^EPARAM apn/);
      } finally {
        await engine.stop();
      }
    },
  ],
];

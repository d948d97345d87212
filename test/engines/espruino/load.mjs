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
    assert.deepEqual(exports.sort(), ["connect", "cycle", "store"]);
    assert.equal(connect, "function");
    log(`${vars} jsVars`);
  } finally {
    await engine.stop();
  }
}

/** What a module says that is loaded from Storage with what a board may have there after a mishap. */
async function badInput(form, other) {
  const { files } = JSON.parse(readFileSync(path.join(root, "dist/espruino/parts.json"), "utf8"));
  const fileOf = (name, which) => path.join(root, "dist/espruino", files.find((one) => one.name === name)[which]);
  const engine = new Engine(
    `const storage = require("Storage"), read = (name) => require("fs").readFileSync(CONFIG[name]);
    function load(files, version) {
      storage.eraseAll();
      Modules.removeAllCached();
      for (const name in files) storage.write(name, files[name]);
      const before = process;
      if (version) process = { version: version };
      let said;
      try {
        said = Object.keys(require("M95")).join(" ");
      } catch (e) {
        // Put together, because a text of a file stays in flash, which is written anew.
        said = "Error: " + e.message;
      }
      process = before;
      return said;
    }
    const M95 = read("M95"), tls = read("tls"), other = read("other");
    const torn = (text, length) => text.substr(0, length) + new Array(text.length - length + 1).join("\\xff");
    mark("said", {
      whole: load({ M95: M95, "M95-tls": tls }),
      cut: [load({ M95: M95.substr(0, 20000) }), load({ M95: M95.substr(0, M95.length - 1) })],
      torn: [load({ M95: torn(M95, 768) }), load({ M95: torn(M95, M95.length - 300) })],
      partCut: [load({ M95: M95, "M95-tls": tls.substr(0, 100) }), load({ M95: M95, "M95-tls": torn(tls, 1000) })],
      partOfAnother: load({ M95: M95, "M95-tls": "x" + tls.substr(1) }),
      mixed: load({ M95: M95, "M95-tls": other }),
      old: load({ M95: M95 }, "2v25.395"),
    });`,
    { M95: fileOf("M95", form), tls: fileOf("M95-tls", form), other: fileOf("M95-tls", other) },
  );
  try {
    const said = await engine.mark("said");
    const remedy = "; write it: npm run flash -- --with tls";
    assert.equal(said.whole.split(" ").sort().join(), "connect,store");
    for (const one of [...said.cut, ...said.torn])
      assert.equal(one, "Error: M95 in Storage is not whole; write it anew: npm run flash");
    for (const one of said.partCut) assert.equal(one, `Error: part M95-tls is not whole${remedy}`);
    assert.equal(said.partOfAnother, `Error: part M95-tls is not of this M95${remedy}`);
    assert.match(said.mixed, /^Error: part M95-tls is not (whole|of this M95); write it: npm run flash -- --with tls$/);
    if (form === "file") assert.match(said.old, /^Error: M95 in Storage is tokenised for firmware 2v25\.396 and later/);
    else assert.match(said.old, /connect/);
  } finally {
    await engine.stop();
  }
}

export const tests = [
  [
    "files for Storage that are cut off, torn, mixed, or newer than the firmware, say so",
    () => badInput("file", "plain"),
  ],
  ["the same files, not tokenised", () => badInput("plain", "file")],
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
        mark("refused", [refused({ apn: "a", board: "toaster" }), refused({ apn: "a", flow: "cts" }), refused({ apn: 5 }),
          refused({ apn: "a", pwrkey: 42 }), refused({ apn: "a", pwrkey: D5, status: "C7" }), refused({ apn: "a", board: "nucleo-f411re" }),
          refused({ apn: "a", pwrkey: D5, ri: "nonsense" }), refused({ apn: "a", pwrkey: D5, ri: true })]);
        mark("none", [refused("internet"), refused(() => 0), refused(5)]);`,
        { bundle },
      );
      try {
        assert.deepEqual(
          await engine.mark("none"),
          ['"internet"', "a function", "5"].map((value) => `EPARAM options must be an object with apn, not ${value}`),
        );
        const [board, flow, apn, number, text, another, ...rings] = await engine.mark("refused");
        assert.match(board, /^EPARAM board must be a known board, not .*toaster/);
        assert.match(flow, /^EPARAM flow must be "none", "hardware" or "xon", not "cts"$/);
        assert.match(apn, /^EPARAM apn/);
        assert.equal(number, "EPARAM pwrkey must be a pin, with write");
        assert.equal(text, "EPARAM status must be a pin, with read");
        for (const ring of rings) assert.equal(ring, "EPARAM ri must be a pin, with read");
        // Of another board, with pins that are not there.
        assert.match(another, /^EPARAM \w+ must be a pin, with (write|read)$/);
      } finally {
        await engine.stop();
      }
    },
  ],
];

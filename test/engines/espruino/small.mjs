// The examples on a board of the Espruino Pico's size: all Storage and all jsVars beyond it are taken up by a filler. They stand in Storage, in
// the form and with the parts that the board gets. Those of which docs/footprint.md says that they do not fit do not.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { codeOf, withExample } from "./examples.mjs";
import { root, sketch, startRig } from "./rig.mjs";

const STORAGE = 49_152;
const VARS = 5_100;
/** A board needs so many jsVars more for the same: its hold less text than those of Linux (docs/footprint.md). */
const BOARD_MORE = 200;
/** The Linux build doubles its jsVars when there are none left; it begins with 4,096. */
const TOTAL = 8_192;

const dist = path.join(root, "dist/espruino");
const { files, sets } = JSON.parse(readFileSync(path.join(dist, "parts.json"), "utf8"));

/** Whether the manual says that an example fits onto the Pico. */
function fits(name) {
  const page = readFileSync(path.join(root, "docs/footprint.md"), "utf8");
  const rows = page.split("\n").map((line) => line.split("|").map((cell) => cell.trim()));
  const column = rows.find((cells) => cells[1] === "board")?.indexOf(name) ?? -1;
  const cell = rows.find((cells) => cells[1] === "`espruino-pico`")?.[column];
  if (!cell) throw new Error(`docs/footprint.md does not say whether ${name} fits`);
  return cell !== "does not fit";
}

/** A sketch that fills what the Pico does not have, puts driver and example into Storage, and runs the example from there. */
function small(name, values) {
  const driver = files
    .filter((one) => sets[name].includes(one.name))
    .map(
      ({ name: file, file: form }) =>
        `write(${JSON.stringify(file)}, require("fs").readFileSync(${JSON.stringify(path.join(dist, form))}));`,
    );
  return `${sketch("board")}
    const write = require("Storage").write;
    write("filler", " ", 0, require("Storage").getStats().totalBytes - ${STORAGE} - 32);
    mark("storage", require("Storage").getFree());
    ${driver.join("\n")}
    write("example", ${JSON.stringify(codeOf(name, values))});
    mark("left", require("Storage").getFree());
    const filler = [];
    while (process.memory(false).usage < ${TOTAL - VARS + BOARD_MORE}) for (let i = 0; i < 20; i++) filler.push(0);
    eval(require("Storage").read("example"));`;
}

/** Runs an example; it must never have needed more jsVars than there would be. */
function runs(name, values, test) {
  return async (log) => {
    if (!fits(name)) {
      const rig = await startRig({ pty: false });
      try {
        await rig.run(small(name, values)).line("Unable to find or create file");
      } finally {
        await rig.stop();
      }
      return;
    }
    await withExample(small(name, values), async (rig, engine) => {
      assert.equal(await engine.mark("storage"), STORAGE);
      await test(rig, engine);
      engine.tell('mark("memory", process.memory())');
      const { total, usage } = await engine.mark("memory");
      assert.equal(total, TOTAL, "it needed more jsVars than a Pico has");
      log(`${await engine.mark("left")} bytes of Storage and ${TOTAL - usage} jsVars left`);
    });
  };
}

export const tests = [
  [
    "sensor",
    runs("sensor", { PERIOD: 25_000 }, async ({ broker }, engine) => {
      for (const deep of [0, 1]) assert.equal(await engine.mark("deep", 40_000), deep);
      assert.equal(broker.published.length, 1);
    }),
  ],
  [
    "switch",
    runs("switch", {}, async (rig, engine) => {
      assert.deepEqual(await engine.mark("output", 60_000), ["A5", 0]);
      await rig.until("its state", () => rig.broker.published.length === 2);
      let subscribed = false;
      rig.broker.broker.once("subscribe", () => {
        subscribed = true;
      });
      await rig.until("subscribed", () => subscribed || rig.broker.broker.connectedClients > 0);
      for (let i = 0; i < 20; i++) await rig.publish("m95-example/lamp/set", i % 2 ? "off" : "on", 1);
      await rig.until("its states", () => rig.broker.published.length >= 12);
    }),
  ],
  [
    "tracker",
    runs("tracker", { PERIOD: 500, KEEP: 3 }, async ({ broker }, engine) => {
      await engine.mark("gps");
      engine.tell('gps("$GPRMC,120001,A,4807.038,N,01131.000,E,0.1,0.0,220326,,*00\\r\\n")');
      await broker.waitForPublished(1, 60_000);
    }),
  ],
];

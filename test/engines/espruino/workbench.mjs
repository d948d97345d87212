// The part M95-workbench on the engine, in both forms, beside the driver: it loads, its lines are whole and hold no secret, the application
// goes on, and what it takes of memory is given back.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { install, installTool, root, startRig } from "./rig.mjs";

/** jsVars that the part may take, loaded and watching; the Linux build's are larger than those of boards. */
const VARS = 130;

function watched(form) {
  return async (log) => {
    const rig = await startRig({ modem: { poweredOn: true, sim: { state: "pin", pin: "4711" } } });
    const lines = [];
    try {
      const engine = rig.run(
        `${install("info")}${installTool("workbench", form)}
        Serial1.setup(115200, { path: CONFIG.path });
        const options = { apn: { name: "internet", username: "apnuser", password: "apnpass" }, pin: "4711" };
        const modem = require("M95").connect(Serial1, options);
        const before = memory();
        const workbench = require("M95-workbench");
        workbench.watch(modem, 3000);
        mark("taken", memory() - before);
        const mqtt = modem.mqtt({ host: "127.0.0.1", username: "mqttuser", password: "mqttpass" });
        mqtt.on("message", (topic, text) => mark("message", text));
        mqtt.subscribe("t", { qos: 1 }, () => mark("subscribed", workbench.key));`,
      );
      // Behind what the console clears its line with.
      engine.onLine = (line) => lines.push(line.replace(/^(\x1b\[J|[\r>])+/, ""));
      const taken = await engine.mark("taken");
      assert.ok(taken <= VARS, `${taken} jsVars`);
      const key = await engine.mark("subscribed", 60_000);
      await rig.publish("t", "hello", 1);
      assert.equal(await engine.mark("message"), "hello");
      await engine.line("+CSQ: ", 30_000);
      const said = lines.filter((line) => line.startsWith("M95#")).map((line) => JSON.parse(line.slice(key.length)));
      for (const line of lines) if (line.includes("M95#")) assert.ok(line.startsWith(`${key}[`), line);
      const texts = (kind) => said.flatMap(([, of, text]) => (of === kind ? [text] : []));
      assert.deepEqual([...new Set(texts("state"))].slice(-4), ["sim", "registering", "attaching", "ready"]);
      assert.ok(texts("<").some((text) => text.startsWith("+QMTRECV: 0,")));
      assert.ok(texts(">").includes("AT+CPIN=..."));
      assert.match(texts("stats").at(-1), /^(\w+ [1-9]\d*,)+$/);
      for (const [at] of said) assert.ok(at > 1e12 && Number.isInteger(at), `${at}`);
      for (const secret of ["4711", "apnuser", "apnpass", "mqttuser", "mqttpass"])
        assert.ok(!lines.some((line) => line.slice(key.length).includes(`"${secret}"`)), secret);
      const count = lines.length;
      engine.tell('workbench.stop(); modem.command("AT+CSQ", () => mark("quiet", 1))');
      await engine.mark("quiet");
      const after = lines.slice(count).filter((line) => line.startsWith("M95#") && line.includes("CSQ"));
      assert.ok(after.length <= 2, after.join("\n"));
      engine.checkQuiet();
      log(`${taken} jsVars, ${said.length} lines`);
    } finally {
      await rig.stop();
    }
  };
}

export const tests = [
  ["tokenised", watched("file")],
  ["plain", watched("plain")],
  [
    "it is a few hundred bytes",
    async (log) => {
      const { files } = JSON.parse(readFileSync(path.join(root, "dist/espruino/parts.json"), "utf8"));
      const { bytes } = files.find(({ part }) => part === "workbench");
      assert.ok(bytes < 1000, `${bytes}`);
      log(`${bytes} bytes`);
    },
  ],
];

// The store in Espruino's Storage: binary records, what is torn, and a driver that is killed and comes back with its flash.

import assert from "node:assert/strict";
import { Engine } from "./engine.mjs";
import { install, startRig } from "./rig.mjs";

const all = Array.from({ length: 256 }, (_, i) => String.fromCharCode(i)).join("");

async function records() {
  const engine = new Engine(
    `${install("store")}
    const S = require("Storage");
    const store = require("M95").store("out");
    const all = E.toString(new Uint8Array(256).map((_, i) => i));
    mark("empty", store.load());
    store.append(4, "4");
    store.append(2, all);
    store.append(5, "-");
    store.append(100000, "far");
    S.write("out.1000000a", "torn\\xff\\xff", 0, 8);
    S.write("other", "x.");
    // Another's, torn or not: a name is one letter off, or it is a key's and what it holds is no record.
    const foreign = ["out.json", "out.b.10000002", "out.20240101", "out.1000000A", "out.1000001", "out.10000000", "out.1000000e"];
    foreign.forEach((name) => S.write(name, name == "out.20240101" ? "a log\\xff" : name == "out.1000000e" ? "data" : "1up\\nx."));
    let taken;
    try {
      store.append(14, "x");
    } catch (e) {
      taken = e.message;
    }
    mark("taken", taken);
    mark("kept", require("M95").store("out").load().map((one) => [one.key, one.record == all || one.record]));
    [2, 4, 5, 100000, 77].forEach((key) => store.remove(key));
    mark("files", S.list().filter((name) => !name.startsWith("M95-")));
    function refused(name) {
      try {
        require("M95").store(name);
      } catch (e) {
        return e.code;
      }
    }
    let words;
    try {
      store.append(6, E.toString(new Uint8Array(1500)));
      for (let i = 7; i < 400; i++) store.append(i, E.toString(new Uint8Array(1500)));
    } catch (e) {
      words = e.message;
    }
    mark("refused", [refused(""), refused("123456789012345678901"), refused("1234567890123456789"), refused("a\\0"), refused(5), !!words]);`,
    {},
  );
  try {
    assert.deepEqual(await engine.mark("empty"), []);
    assert.deepEqual(await engine.mark("kept"), [
      [2, true],
      [4, "4"],
      [5, "-"],
      [100000, "far"],
    ]);
    assert.equal(await engine.mark("taken"), "another's file is called out.1000000e");
    assert.deepEqual((await engine.mark("files")).sort(), [
      "M95",
      "other",
      "out.10000000",
      "out.1000000A",
      "out.1000000e",
      "out.1000001",
      "out.20240101",
      "out.b.10000002",
      "out.json",
    ]);
    assert.deepEqual(await engine.mark("refused"), ["EPARAM", "EPARAM", null, "EPARAM", "EPARAM", true]);
  } finally {
    await engine.stop();
  }
}

const driver = `
  const modem = require("M95").connect(Serial1, {
    path: CONFIG.path, apn: "internet", pwrkey: wire("pwrkey"), status: wire("status"),
  });
  const mqtt = modem.mqtt({ host: "broker.example", clientId: "stored", store: require("M95").store("out"), encoding: { "bin/": "base64" } });
  mqtt.on("unknown", (topic, payload) => mark("unknown", [topic, payload]));
  const list = () => require("Storage").list().filter((name) => name.startsWith("out.")).length;`;

async function killed() {
  const rig = await startRig({
    speed: 4,
    modem: { tolerate: ["sent-while-off", "pwrkey-pulse", "pwrkey-restart", "busy"] },
  });
  const { broker } = rig;
  try {
    // Killed while there is no modem yet.
    const first = rig.run(`${install("store", "base64", "power")}${driver}
      mqtt.publish("t", "one", { qos: 1 });
      mqtt.publish("bin/x", ${JSON.stringify(all)}, { qos: 2 });
      mqtt.publish("t", "three", { qos: 0 });
      mark("files", list());`);
    assert.equal(await first.mark("files"), 2);
    const flash = first.flash();
    await first.stop();
    const second = rig.run(
      `${driver}
      mqtt.publish("t", "four", { qos: 1 }, () => setTimeout(() => mark("left", list()), 500));`,
      {},
      { flash },
    );
    assert.equal(await second.mark("left", 60_000), 0);
    await broker.waitForPublished(3, 20_000);
    assert.deepEqual(
      broker.published.map(({ topic, payload, qos }) => [topic, payload.toString("latin1"), qos]),
      [
        ["t", "one", 1],
        ["bin/x", Buffer.from(all, "latin1").toString("base64"), 2],
        ["t", "four", 1],
      ],
    );
    second.checkQuiet();
  } finally {
    await rig.stop();
  }
}

export const tests = [
  ["records in Storage", records],
  ["what was accepted is sent after the power was cut", killed],
];

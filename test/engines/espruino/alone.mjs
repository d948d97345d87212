// The driver with few of its parts: what a missing one leaves, whose functions two parts share, and what listeners and payloads have to
// be in any form.

import assert from "node:assert/strict";
import { install, startRig } from "./rig.mjs";

const CODE = `
Serial1.setup(115200, { path: CONFIG.path });
const modem = require("M95").connect(Serial1, { apn: "internet" });
const client = modem.mqtt({ host: "broker", clientId: "alone" });
const said = (name) => function (a, b, c) { mark(name, [a, b, c && typeof c, this === client]); };
client.once("message", said("once message"));
client.on("message", said("on message"));
client.once("close", (error) => mark("close", error.message));
client.subscribe("down", () => mark("subscribed", 1));
const told = (name) => (error, value) => mark(name, error ? error.code + " " + error.message : value || "ok");
`;

/** @param {string[]} parts @param {(rig: object, engine: Engine) => Promise<void>} steps */
async function withParts(parts, steps) {
  const rig = await startRig({ speed: 4, modem: { poweredOn: true, networkTime: "26/11/26,10:00:00+04" } });
  try {
    const engine = rig.run(install(...parts) + CODE);
    await engine.mark("subscribed", 60_000);
    await steps(rig, engine);
    engine.checkQuiet();
  } finally {
    await rig.stop();
  }
}

const once = (rig, engine) => async () => {
  for (const message of ["first", "second"]) {
    await rig.publish("down", message);
    assert.deepEqual(await engine.mark("on message"), ["down", message, "object", true]);
    if (message === "first") assert.deepEqual(await engine.mark("once message"), ["down", message, "object", true]);
  }
  await assert.rejects(engine.mark("once message", 100));
};

const PAYLOADS = [
  ["new Uint16Array([1, 258])", [1, 0, 2, 1]],
  ["new Uint16Array([7, 1, 258, 7]).subarray(1, 3)", [1, 0, 2, 1]],
  ["new Float32Array([1.5])", [0, 0, 192, 63]],
  ["new DataView(new Uint8Array([1, 2, 3, 4]).buffer, 1, 2)", [2, 3]],
  ["new Uint8Array(new ArrayBuffer(2), 0, 0).subarray(1, 1)", []],
  ["new Uint8Array([0, 255]).buffer", [0, 255]],
];

const payloads = (rig, engine) => async () => {
  for (const [i, [payload, bytes]] of PAYLOADS.entries()) {
    engine.tell(`client.publish("up", ${payload}, 1, told("published"))`);
    assert.equal(await engine.mark("published"), "ok", payload);
    assert.deepEqual([...rig.broker.published[i].payload], bytes, payload);
  }
  for (const payload of ["{ byteLength: 3 }", "[1, 2]", "{ buffer: 1 }"]) {
    engine.tell(`client.publish("up", ${payload}, 1, told("published"))`);
    assert.equal(await engine.mark("published"), "EPARAM payload must be a string or bytes, not an object");
  }
};

export const tests = [
  ["once hands over what on does", () => withParts([], (rig, engine) => once(rig, engine)())],
  ["of any view its bytes are published", () => withParts([], (rig, engine) => payloads(rig, engine)())],
  [
    "without texts, a message with a number of the modem ends with it",
    () =>
      withParts([], async (rig, engine) => {
        rig.modem.dropLink(0, 1);
        assert.match(await engine.mark("close"), /^\+QMTSTAT: 0,1( \(.*\))?$/);
      }),
  ],
  [
    "part info alone has the time, also beside part tls",
    async () => {
      for (const parts of [["info"], ["info", "tls"], ["tls", "info"]])
        await withParts(parts, async (_rig, engine) => {
          engine.tell('modem.time(told("time"))');
          assert.equal((await engine.mark("time")).zone, 4, parts.join());
        });
    },
  ],
];

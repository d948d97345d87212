// The example sketches as they stand, with only their waiting times shortened.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { makeCertificate } from "../../../build/test/support/certificates.js";
import { install, root, sketch, startRig } from "./rig.mjs";

/** What their options need. */
const PARTS = {
  sensor: ["power"],
  switch: ["power", "tls"],
  tracker: ["power", "store"],
  meter: ["power", "sleep", "store"],
};

/** The code of an example with other values for some of the variables at its top. */
export function codeOf(name, values = {}) {
  let code = readFileSync(path.join(root, "examples/espruino", `${name}.js`), "utf8");
  for (const [variable, value] of Object.entries(values)) {
    const line = new RegExp(`^var ${variable} = .*$`, "m");
    assert.match(code, line);
    code = code.replace(line, `var ${variable} = ${value};`);
  }
  return code;
}

/** An example behind what it needs and more parts, with the settings that a flasher leaves. */
function example(name, values = {}, settings = undefined, more = []) {
  const left = settings ? `require("Storage").writeJSON("m95.json", ${JSON.stringify(settings)});\n` : "";
  return `${install(...PARTS[name], ...more)}${sketch("board")}\n${left}${codeOf(name, values)}`;
}

/** Runs an example in front of a modem that is off, and checks the port and the pins it takes. */
export async function withExample(code, test, tls = undefined) {
  const rig = await startRig({
    speed: 4,
    tls,
    modem: { tolerate: ["sent-while-off", "pwrkey-pulse", "pwrkey-restart", "busy"] },
  });
  try {
    const engine = rig.run(code);
    assert.deepEqual(await engine.mark("setup"), [115200, "A9", "A10"]);
    await test(rig, engine, code);
    assert.deepEqual(rig.modem.violations, []);
    engine.checkQuiet();
  } finally {
    await rig.stop();
  }
}

const sensor = () =>
  withExample(example("sensor", { PERIOD: 25_000 }), async ({ broker, modem }, engine) => {
    for (const round of [1, 2]) {
      assert.equal(await engine.mark("deep", 40_000), 0);
      assert.equal(await engine.mark("deep", 40_000), 1);
      assert.equal(modem.pins.status.read(), 0, "the modem is off while it sleeps");
      assert.equal(broker.published.length, round);
    }
    for (const { topic, payload, qos, retain } of broker.published) {
      assert.equal(topic, "m95-example/sensor");
      assert.deepEqual(JSON.parse(payload.toString()), { celsius: 21.5, volts: 3.3 });
      assert.deepEqual([qos, retain], [1, true]);
    }
  });

const remoteSwitch = () =>
  withExample(example("switch", {}, { clientId: "lamp-of-the-flasher" }), async (rig, engine) => {
    const { broker, modem } = rig;
    const wills = [];
    let subscriptions = 0;
    broker.broker.on("subscribe", () => subscriptions++);
    broker.broker.on("publish", ({ topic, payload, retain }) => {
      if (topic === "m95-example/lamp/online" && String(payload) === "0") wills.push(retain);
    });
    const state = () =>
      broker.published.filter(({ topic }) => topic === "m95-example/lamp/state").map((one) => one.payload.toString());
    assert.deepEqual(await engine.mark("output", 60_000), ["A5", 0]);
    await rig.until("its state", () => state().length === 1 && subscriptions === 1);
    assert.equal(broker.published[0].clientId, "lamp-of-the-flasher");
    await rig.publish("m95-example/lamp/set", "on", 1);
    assert.deepEqual(await engine.mark("output"), ["A5", 1]);
    await rig.publish("m95-example/lamp/set", "nonsense");
    await rig.publish("m95-example/lamp/set", "toggle");
    assert.deepEqual(await engine.mark("output"), ["A5", 0]);
    await rig.until("its states", () => state().length === 3);
    assert.deepEqual(state(), ["off", "on", "off"]);
    const online = broker.published.filter(({ topic }) => topic === "m95-example/lamp/online");
    assert.deepEqual(
      online.map(({ payload, retain }) => [payload.toString(), retain]),
      [["1", true]],
    );
    // The modem is cut off: the broker speaks for it, and it comes back.
    modem.reboot();
    await rig.until("the will", () => wills.length > 0, 30_000);
    assert.deepEqual(wills, [true]);
    assert.deepEqual(await engine.mark("output", 60_000), ["A5", 0]);
    await rig.until("subscribed again", () => subscriptions === 2);
    await rig.publish("m95-example/lamp/set", "on", 1);
    assert.deepEqual(await engine.mark("output"), ["A5", 1]);
  });

/** The same switch, with the CA's certificate in Storage. */
async function switchOverTls() {
  const host = "test.mosquitto.org";
  const { cert, key } = await makeCertificate({ name: host, hosts: [host] });
  const code = `require("Storage").write("m95-ca.pem", ${JSON.stringify(cert)});\n${example("switch")}`;
  const tls = { cert, key, ciphers: "AES256-SHA256", maxVersion: "TLSv1.2" };
  await withExample(
    code,
    async (rig, engine) => {
      assert.deepEqual(await engine.mark("output", 60_000), ["A5", 0]);
      await rig.until("its state", () => rig.broker.published.length === 2);
      assert.equal(rig.broker.published[1].payload.toString(), "off");
    },
    tls,
  );
}

const tracker = () =>
  withExample(example("tracker", { PERIOD: 500, KEEP: 3 }), async (rig, engine, code) => {
    const { broker, modem } = rig;
    assert.deepEqual(await engine.mark("gps"), [9600, "A11", "A12"]);
    const at = (time) => `$GPRMC,${time},A,4807.038,N,01131.000,E,0.1,0.0,220326,,*00\\r\\n`;
    engine.tell(`gps("$GPRMC,120000,V,,,,,,,220326,,*00\\r\\n${at(120001).slice(0, 20)}")`);
    engine.tell(`gps("${at(120001).slice(20)}")`);
    await broker.waitForPublished(1, 60_000);
    assert.deepEqual(JSON.parse(broker.published[0].payload.toString()), {
      utc: "220326 120001",
      lat: "4807.038N",
      lon: "01131.000E",
    });
    // Five positions while there is no broker, and then the power is cut: the last three of them come when it is back.
    await broker.stop();
    engine.tell('mqtt.on("close", function () { mark("lost", "") })');
    await engine.mark("lost", 60_000);
    for (let i = 2; i <= 6; i++) {
      engine.tell(`gps("${at(120000 + i)}")`);
      engine.tell('(function look() { if (position) setTimeout(look, 20); else mark("reported", ""); })()');
      await engine.mark("reported", 60_000);
    }
    assert.equal(broker.published.length, 1);
    // A dropped one leaves the store when its "drop" is told.
    await sleep(300);
    const flash = engine.flash();
    await engine.stop();
    const again = rig.run(code, {}, { flash });
    await broker.restart();
    await broker.waitForPublished(4, 60_000);
    const times = broker.published.map(({ payload }) => JSON.parse(payload.toString()).utc.slice(-1));
    assert.deepEqual(times, ["1", "4", "5", "6"]);
    assert.ok(modem.pins.status.read());
    again.checkQuiet();
  });

/** With the part for sleep on the board. In one piece the driver has it, but then there is no such file, and a sketch leaves one. */
const trackerAsleep = () =>
  withExample(
    `${example("tracker", { PERIOD: 500 }, undefined, ["sleep"]).replace(
      "\nvar options",
      '\nif (!require("Storage").read("M95-sleep")) require("Storage").write("M95-sleep", " ");\nvar options',
    )}`,
    async (rig, engine) => {
      await engine.mark("gps");
      for (const time of [120001, 120002]) {
        engine.tell(`gps("$GPRMC,${time},A,4807.038,N,01131.000,E,0.1,0.0,220326,,*00\\r\\n")`);
        await rig.until("the report", () => rig.broker.published.length === time - 120000, 60_000);
        await rig.until("the modem sleeps", () => rig.modem.asleep, 60_000);
      }
    },
  );

const meter = () =>
  withExample(example("meter", { PERIOD: 20_000 }), async ({ broker, modem }, engine) => {
    assert.equal(await engine.mark("watch"), "B4");
    for (const round of [1, 2]) {
      engine.tell("pulse(); pulse()");
      // Awake from the first round on; before it the modem runs, so that the processor does not sleep.
      assert.equal(await engine.mark("deep", 40_000), 0);
      assert.equal(await engine.mark("deep", 60_000), 1);
      assert.equal(modem.pins.status.read(), 0, "the modem is off while it sleeps");
      assert.equal(broker.published.length, round);
    }
    assert.deepEqual(
      broker.published.map(({ topic, payload, qos }) => [topic, JSON.parse(payload.toString()), qos]),
      [
        ["m95-example/meter", { count: 2 }, 1],
        ["m95-example/meter", { count: 4 }, 1],
      ],
    );
  });

export const tests = [
  ["sensor: publishes, switches the modem off, sleeps, and again", sensor],
  ["switch: commands, retained state, will, and all of it after a reboot of the modem", remoteSwitch],
  ["switch: over TLS", switchOverTls],
  ["tracker: positions of a time without broker, and from before a power cut, come when it is back", tracker],
  ["tracker: with the part for sleep the modem sleeps between reports", trackerAsleep],
  ["meter: counts, reports, switches the modem off, sleeps, and again", meter],
];

// A program written for Espruino's MQTT module runs after a change of its require; this one with the plain bundle.

import assert from "node:assert/strict";
import { installFile, plainBundle, sketch, startRig } from "./rig.mjs";

async function moved() {
  const rig = await startRig({ speed: 5, modem: { poweredOn: true } });
  const heard = [];
  const { modem, broker } = rig;
  const { write } = modem.uart;
  modem.uart.write = (text) => {
    heard.push(text);
    write.call(modem.uart, text);
  };
  try {
    const engine = rig.run(installFile(plainBundle) + sketch("migration"));
    assert.equal(await engine.mark("connected", 60_000), true);
    await rig.until("a subscription", () => heard.join("").includes("AT+QMTSUB"));
    engine.tell("send()");
    await broker.waitForPublished(1, 20_000);
    await rig.publish("test/in", "hello");
    assert.deepEqual(await engine.mark("publish"), { topic: "test/in", message: "hello", qos: 0 });
    await broker.waitForPublished(2, 20_000);
    const got = broker.published.map((one) => [one.clientId, one.topic, one.payload.toString(), one.qos, one.retain]);
    assert.deepEqual(got, [
      ["moved", "test/temperature", "20", 0, false],
      ["moved", "test/out", "hello!", 1, true],
    ]);
    modem.dropLink(0, 1);
    assert.equal(await engine.mark("disconnected"), false);
    assert.equal(await engine.mark("connected", 60_000), true);
    engine.tell("mqtt.disconnect()");
    assert.equal(await engine.mark("disconnected"), false);
    const sent = heard.join("");
    assert.match(sent, /AT\+IFC=1,1\r/);
    assert.match(sent, /AT\+QMTCFG="KEEPALIVE",0,60\r/);
    assert.deepEqual(modem.violations, []);
    engine.checkQuiet();
  } finally {
    await rig.stop();
  }
}

export const tests = [["events and methods of the MQTT module", moved]];

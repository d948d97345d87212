// The same session with received bytes in chunks of 1, 16 and 63, through the engine's real FIFO.

import assert from "node:assert/strict";
import { install, sketch, startRig } from "./rig.mjs";

async function session(size, log) {
  const rig = await startRig({ pty: false, speed: 5, modem: { poweredOn: true, hostBaud: 0 } });
  try {
    const { broker, modem } = rig;
    const engine = rig.run(install() + sketch("chunks"), { size });
    const { onMark } = engine;
    engine.onMark = (name, value) => {
      if (name !== "tx") return onMark(name, value);
      modem.uart.write(Buffer.from(value, "base64").toString("latin1"));
      return true;
    };
    modem.uart.onReceive = (chunk) => engine.tell(`rx("${Buffer.from(chunk, "latin1").toString("base64")}")`);
    assert.equal(await engine.mark("ready", 60_000), "ok");
    assert.deepEqual(await engine.mark("subscribed"), [{ topic: "down/#", qos: 1 }]);
    for (const qos of [0, 1, 2]) {
      engine.tell(`publish(${qos})`);
      assert.equal(await engine.mark("published"), "ok");
    }
    await rig.until("three messages at the broker", () => broker.published.length === 3);
    const bytes = Buffer.from([...Array(256).keys()]);
    const payloads = [Buffer.from("short"), bytes, Buffer.alloc(1548, "0123456789"), Buffer.from("a\r\n\r\nb\n")];
    engine.tell("sizes = {}");
    for (const payload of payloads) {
      await rig.publish("down/it", payload);
      const { topic, message } = await engine.mark("message");
      assert.equal(topic, "down/it");
      assert.deepEqual(Buffer.from(message, "base64"), payload);
    }
    engine.tell('mark("sizes", sizes)');
    const sizes = await engine.mark("sizes");
    assert.equal(Math.max(...Object.keys(sizes).map(Number)), size);
    const whole = sizes[size] * size;
    assert.ok(whole > 1548, `mostly chunks of ${size}: ${JSON.stringify(sizes)}`);
    assert.deepEqual(modem.violations, []);
    engine.checkQuiet();
    log(`chunks: ${JSON.stringify(sizes)}`);
  } finally {
    await rig.stop();
  }
}

export const tests = [1, 16, 63].map((size) => [`chunks of ${size}`, (log) => session(size, log)]);

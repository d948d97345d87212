// What came with later versions, on the engine: base64 by its own btoa and atob, payloads that forge lines of the modem, the
// recovery event, the age of a connection.

import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { install, sketch, startRig } from "./rig.mjs";

const hostile = [
  "OK",
  "ERROR",
  "+CME ERROR: 8512",
  "+QMTSTAT: 0,1",
  "+PDP DEACT",
  "RDY",
  "> ",
  "+QMTPUB: 0,1,0",
  "+QMTCONN: 0,0,5",
];

/** @param {boolean} lengths whether the firmware tells the lengths of payloads */
async function features(lengths, log) {
  const rig = await startRig({ speed: 4, modem: { poweredOn: true, quirks: { showRecvLen: lengths } } });
  try {
    const { broker, modem } = rig;
    const engine = rig.run(install("base64") + sketch("features"));
    const age = async () => {
      engine.tell('mark("age", age())');
      return engine.mark("age");
    };
    assert.equal(await engine.mark("age"), "never");
    await engine.mark("connect", 60_000);
    assert.equal((await engine.mark("subscribed")).length, 2);
    engine.tell('publish("bin/up", E.toString(new Uint8Array(256).map((_, i) => i)))');
    assert.equal(await engine.mark("published"), "ok");
    const all = Buffer.from([...Array(256).keys()]);
    await broker.waitForPublished(1, 20_000);
    assert.equal(broker.published[0].payload.toString(), all.toString("base64"));
    engine.tell('publish("bin/up", new Uint8Array(1162))');
    assert.equal(await engine.mark("published"), "ETOOBIG");

    // As many bytes as fit into 1,548 of base64.
    const long = Buffer.concat([all, all, all, all, all]).subarray(0, 1161);
    const come = async (topic, payload) => {
      await rig.publish(topic, payload);
      const { message, ...rest } = await engine.mark("message");
      return { ...rest, message: Buffer.from(message, "base64").toString("latin1") };
    };
    assert.deepEqual(await come("bin/down", long.toString("base64")), {
      topic: "bin/down",
      message: long.toString("latin1"),
      encoded: true,
      ambiguous: false,
    });
    const plain = await come("bin/down", "no base64");
    assert.deepEqual([plain.message, plain.encoded], ["no base64", false]);

    for (const line of hostile)
      for (const payload of [`head\r\n${line}\r\ntail`, `\r\n\r\n${line}\r\n\r\n`]) {
        const { message, ambiguous } = await come("down/it", payload);
        if (lengths) assert.deepEqual([message, ambiguous], [payload, false]);
        else
          assert.ok(
            message === payload || (ambiguous && payload.startsWith(message)),
            JSON.stringify([payload, message]),
          );
        await sleep(50);
      }
    engine.tell('publish("up/bytes", "a\\x1ab")');
    assert.equal(await engine.mark("published"), lengths ? "ok" : "EPAYLOAD");
    engine.tell('publish("up/after", "after")');
    assert.equal(await engine.mark("published", 30_000), "ok");
    assert.equal((await come("down/it", "as ever")).message, "as ever");
    engine.tell('mark("state", [client.connected, modem.state, modem.stats.connects, modem.stats.restarts])');
    assert.deepEqual(await engine.mark("state"), [true, "ready", 1, 0]);

    const before = await age();
    await sleep(500);
    const silent = await age();
    assert.ok(silent >= before + 400, `${before} ms, later ${silent}`);
    modem.dropLink(0, 1);
    await engine.mark("close");
    const { cause, step, attempt, next } = await engine.mark("recovery");
    assert.deepEqual([step, attempt], ["reopen", 1]);
    assert.ok(next >= 0 && next <= 200, `next in ${next} ms`);
    log(`recovery: ${cause}`);
    await engine.mark("connect", 30_000);
    assert.ok((await age()) < silent);
    assert.deepEqual(modem.violations, []);
    engine.checkQuiet();
  } finally {
    await rig.stop();
  }
}

export const tests = [
  ["base64, forged lines, recovery and age", (log) => features(false, log)],
  ["the same with a firmware that tells lengths", (log) => features(true, log)],
];

// Sleep on the engine: DTR goes high after a quiet time and low before a command; and a duty cycle of two rounds.

import assert from "node:assert/strict";
import { install, sketch, startRig } from "./rig.mjs";

/** jsVars that sleep may take of who uses it. */
const VARS = 120;

async function sleeps(log) {
  const usage = {};
  for (const sleep of ["", "auto"]) {
    const rig = await startRig({ modem: { tolerate: ["sent-while-off"], dtr: 0 } });
    try {
      const { broker, modem } = rig;
      const engine = rig.run(install("power", ...(sleep ? ["sleep"] : [])) + sketch("sleep"), {
        sleep: sleep || undefined,
      });
      const ok = async (name, limit) => assert.equal(await engine.mark(name, limit), "ok", name);
      assert.equal(await engine.mark("ready", 60_000), "ready");
      engine.tell("begin()");
      await ok("connect", 30_000);
      engine.tell('client.subscribe("down", {qos:1}, done("subscribed"))');
      await engine.mark("subscribed");
      if (sleep) {
        await ok("sleep");
        for (let i = 0; i < 3; i++) {
          await rig.until("the modem sleeps", () => modem.asleep);
          engine.tell(`client.publish("up", "${i}", {qos:1}, done("published"))`);
          await ok("wake");
          await ok("published");
          await ok("sleep");
        }
        await rig.publish("down", "hello", 1);
        assert.equal(await engine.mark("message"), "hello");
        assert.deepEqual(
          broker.published.map(({ payload }) => payload.toString()),
          ["0", "1", "2"],
        );
      }
      engine.tell("measure()");
      usage[sleep] = await engine.mark("usage");
      engine.tell('modem.stop(done("stopped"))');
      await ok("stopped", 60_000);
      assert.deepEqual(
        modem.violations.filter(({ kind }) => kind === "dtr-high"),
        [],
      );
      engine.checkQuiet();
    } finally {
      await rig.stop();
    }
  }
  log(`jsVars of a sleeping modem: ${usage.auto - usage[""]}`);
  assert.ok(usage.auto - usage[""] <= VARS, `${usage.auto - usage[""]} jsVars`);
}

async function rounds() {
  const rig = await startRig({ modem: { tolerate: ["sent-while-off"] } });
  try {
    const engine = rig.run(install("power", "sleep", "store") + sketch("sleep"));
    assert.equal(await engine.mark("ready", 60_000), "ready");
    engine.tell("rounds()");
    for (let i = 0; i < 2; i++) assert.equal(await engine.mark("round", 60_000), 0);
    assert.deepEqual(
      rig.broker.published.slice(0, 2).map(({ payload }) => payload.toString()),
      ["1", "2"],
    );
  } finally {
    await rig.stop();
  }
}

export const tests = [
  ["DTR high after a quiet time, low before a command, and what it takes", sleeps],
  ["a duty cycle: on, connect, publish, off, and again", rounds],
];

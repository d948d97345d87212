// An overflow of the receive FIFO: counted each time, no message made of two halves, and the session goes on.

import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { install, sketch, startBench } from "./bench.mjs";

async function overflow(log) {
  const bench = await startBench({ speed: 5, modem: { poweredOn: true } });
  try {
    const engine = bench.run(install + sketch("overflow"));
    assert.equal(await engine.mark("ready", 60_000), "ok");
    await engine.mark("connect");
    for (const round of [1, 2, 3]) {
      engine.tell("flood()");
      await engine.line("interpreter error");
      await sleep(300);
      engine.tell("report()");
      const { whole, odd, overruns } = await engine.mark("report");
      assert.deepEqual(odd, [], "messages made of two");
      assert.equal(overruns, round);
      log(`overflow ${round}: ${whole} of 30 messages came whole`);
      engine.tell("publish()");
      assert.equal(await engine.mark("published", 60_000), "ok");
    }
    assert.equal(bench.broker.published.length, 3);
    assert.deepEqual(bench.modem.violations, []);
    engine.checkQuiet(/interpreter error: \[\s*$|interpreter error.*FIFO_FULL/);
  } finally {
    await bench.stop();
  }
}

export const tests = [["three overflows are counted and survived", overflow]];

// An overflow of the receive FIFO: counted each time, no message made of two halves, what comes behind it arrives, and the
// session goes on.

import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { install, sketch, startRig } from "./rig.mjs";

async function withFlood(test) {
  const rig = await startRig({ speed: 5, modem: { poweredOn: true } });
  try {
    const engine = rig.run(install() + sketch("overflow"));
    assert.equal(await engine.mark("ready", 60_000), "ok");
    await engine.mark("connect");
    await test(engine, rig);
    assert.deepEqual(rig.modem.violations, []);
    engine.checkQuiet(/interpreter error: \[\s*$|interpreter error.*FIFO_FULL/);
  } finally {
    await rig.stop();
  }
}

/** The FIFO holds the first third of the flood; it is dropped, as nothing says where in it bytes are missing. */
const overflow = () =>
  withFlood(async (engine, { broker }) => {
    for (const round of [1, 2, 3]) {
      engine.tell("flood()");
      await engine.line("interpreter error");
      await sleep(300);
      engine.tell(`go(${round * 1000})`);
      await sleep(300);
      engine.tell("report()");
      const { got, overruns } = await engine.mark("report");
      assert.deepEqual(
        got,
        [0, 1, 2, 3, 4].map((i) => round * 1000 + i),
      );
      assert.equal(overruns, round);
      engine.tell("publish()");
      assert.equal(await engine.mark("published", 60_000), "ok");
    }
    assert.equal(broker.published.length, 3);
  });

/** Behind the gap the line goes on at once. */
const stream = (log) =>
  withFlood(async (engine) => {
    engine.tell("stream()");
    const { got, overruns } = await engine.mark("report", 60_000);
    // The first one is in front of the gap, or was still in the FIFO.
    const [back, ...rest] = got.filter((one) => one !== 300);
    log(`301 to 320 overflowed, from ${back} on all came; overruns: ${overruns}`);
    assert.deepEqual(
      rest,
      Array.from({ length: 360 - back }, (_, i) => back + 1 + i),
    );
    assert.ok(back <= 340, `first one behind the gap: ${back}`);
    assert.ok(overruns >= 1);
  });

export const tests = [
  ["three overflows are counted; what comes later arrives whole", overflow],
  ["a line that goes on without a pause is heard again right behind the gap", stream],
];

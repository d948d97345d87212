// Memory over many messages and reconnects: what is in use afterwards is what was in use before.

import assert from "node:assert/strict";
import { install, sketch, startRig } from "./rig.mjs";

const ROUNDS = 3;
const RECONNECTS = 5;
const MESSAGES = 30;
/** jsVars that counters take when they grow by a digit, and the like. */
const SLACK = 8;

async function endurance(log) {
  const rig = await startRig({ speed: 20, modem: { poweredOn: true } });
  try {
    let subscriptions = 0;
    rig.broker.broker.on("subscribe", () => subscriptions++);
    const engine = rig.run(install() + sketch("endurance"));
    await engine.mark("connect", 60_000);
    const subscribed = async () => {
      await rig.until("subscribed", () => subscriptions > 0);
      subscriptions = 0;
    };
    const figures = [];
    await subscribed();
    for (let round = 0; round <= ROUNDS; round++) {
      engine.tell(`messages(${MESSAGES})`);
      for (let i = 0; i < MESSAGES; i++) await rig.publish("down", `message ${i}`);
      await engine.mark("published", 60_000);
      engine.tell(`announce(${(round + 1) * MESSAGES})`);
      await engine.mark("all");
      for (let i = 0; i < RECONNECTS; i++) {
        rig.modem.dropLink(0, 1);
        await engine.mark("connect", 30_000);
        await subscribed();
      }
      engine.tell("measure()");
      figures.push(await engine.mark("usage"));
    }
    log(`jsVars after each ${MESSAGES} + ${MESSAGES} messages and ${RECONNECTS} reconnects: ${figures.join(", ")}`);
    assert.ok(Math.max(...figures.slice(1)) - figures[0] <= SLACK, "memory stays level");
    engine.checkQuiet();
  } finally {
    await rig.stop();
  }
}

export const tests = [["memory stays level", endurance]];

// A simulated week of the virtual modem with its broker: nothing grows. Only the simulator is under test here.

import test from "ava";
import { ok, running } from "./rig.js";

const day = 86_400_000;

test("a week of publishes, messages, pings and reconnects leaves as many timers and sessions as it found", (t) => {
  const rig = running({ chunk: "line" }).connected(t);
  t.is(rig.say('AT+QMTSUB=0,1,"news",1\r'), `${ok}\r\n+QMTSUB: 0,1,0,1\r\n`);
  const timers = rig.clock.pending;
  let messages = 0;
  const sizes: number[] = [];
  for (let d = 0; d < 7; d++) {
    for (let hour = 0; hour < 24; hour++) {
      const id = (d * 24 + hour) % 65_535;
      t.is(rig.publish(`0,${id + 1},1,0,"state"`, `hour ${hour}`), `\r\n>${ok}\r\n+QMTPUB: 0,${id + 1},0\r\n`);
      rig.broker.publish("news", "x".repeat(200), 1);
      messages += rig.hear(3_600_000 - 400).match(/\+QMTRECV/g)?.length ?? 0;
    }
    rig.broker.restart(true);
    t.is(rig.hear(1000), "\r\n+QMTSTAT: 0,1\r\n");
    rig.connected(t).say('AT+QMTSUB=0,1,"news",1\r');
    sizes.push(rig.clock.pending, rig.broker.sessions.size, rig.broker.connections);
  }
  t.is(messages, 7 * 24);
  t.is(rig.broker.receivedCount, 7 * 24);
  t.deepEqual(sizes, Array.from({ length: 7 }, () => [timers, 1, 1]).flat());
  t.true(rig.clock.now() > 7 * day);
  t.deepEqual(rig.modem.violations, []);
});

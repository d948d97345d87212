// A simulated week of the virtual modem with its broker: nothing grows. Only the simulator is under test here.

import test from "ava";
import { ok, running } from "./bench.js";

const day = 86_400_000;

test("a week of publishes, messages, pings and reconnects leaves as many timers and sessions as it found", (t) => {
  const bench = running({ chunk: "line" }).connected(t);
  t.is(bench.say('AT+QMTSUB=0,1,"news",1\r'), `${ok}\r\n+QMTSUB: 0,1,0,1\r\n`);
  const timers = bench.clock.pending;
  let messages = 0;
  const sizes: number[] = [];
  for (let d = 0; d < 7; d++) {
    for (let hour = 0; hour < 24; hour++) {
      const id = (d * 24 + hour) % 65_535;
      t.is(bench.publish(`0,${id + 1},1,0,"state"`, `hour ${hour}`), `\r\n>${ok}\r\n+QMTPUB: 0,${id + 1},0\r\n`);
      bench.broker.publish("news", "x".repeat(200), 1);
      messages += bench.hear(3_600_000 - 400).match(/\+QMTRECV/g)?.length ?? 0;
    }
    bench.broker.restart(true);
    t.is(bench.hear(1000), "\r\n+QMTSTAT: 0,1\r\n");
    bench.connected(t).say('AT+QMTSUB=0,1,"news",1\r');
    sizes.push(bench.clock.pending, bench.broker.sessions.size, bench.broker.connections);
  }
  t.is(messages, 7 * 24);
  t.is(bench.broker.receivedCount, 7 * 24);
  t.deepEqual(sizes, Array.from({ length: 7 }, () => [timers, 1, 1]).flat());
  t.true(bench.clock.now() > 7 * day);
  t.deepEqual(bench.modem.violations, []);
});

// Topics that look like the modem's own lines: MQTT allows control characters and quotes in them, and the modem prints them as
// they are. Whoever subscribes to a wildcard gets them.
import test from "ava";
import { Hostile, nameOf, payloadsOf, wires } from "./rig.js";

const LINES = ["OK", "ERROR", "+QMTSTAT: 0,1", "+PDP DEACT", "RDY", "> ", '+QMTRECV: 0,0,"x","y"', '",5,"'];

for (const [i, wire] of wires.entries())
  for (const showRecvLen of [false, true])
    test(`${nameOf(wire)}${showRecvLen ? ", with lengths" : ""}: nothing but messages comes of hostile topics`, (t) => {
      const h = new Hostile(wire, { virtual: { quirks: { showRecvLen } } });
      const { broker, clock, virtual, modem } = h.rig;
      for (const { name, text } of payloadsOf(LINES).filter((_, at) => at % 8 === i % 8)) {
        broker.publish(`t/${text}`, "hello");
        clock.advance(2500);
        // It may be unreadable, cut, or end at a quote; the next one is as ever.
        const heard = h.heard.splice(0);
        for (const one of heard)
          t.true(
            one.ambiguous || one.topic === `t/${text}` || `t/${text}`.startsWith(`${one.topic}"`),
            `${name}: ${JSON.stringify(one)}`,
          );
        broker.publish("t/plain", "on");
        clock.advance(2500);
        t.deepEqual(h.heard.splice(0), [{ topic: "t/plain", payload: "on", ambiguous: false }], name);
        h.sent.splice(0);
        t.deepEqual([h.client.connected, modem.state, h.alarms, virtual.violations], [true, "ready", [], []], name);
      }
    });

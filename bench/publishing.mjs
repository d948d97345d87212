// Publishes per second with QoS 1, against what window, UART and round trip allow, and what an idle connection costs. The driver
// in front of a virtual M95 on the simulated clock: the same figures on every machine. Needs a build and nothing else.
import { sleepRig } from "../build/test/sleep/rig.js";
import { rig } from "../build/test/support/rig.js";

const BAUD = 115_200;
/** Publishes that the modem takes without a verdict (application note 3.2.8, note 1). */
const WINDOW = 5;
const COUNT = 200;

/** Round trips to the broker, ms: a good GPRS link, one as it often is, a slow one; and payload bytes. */
const PLAN = [
  { trip: 200, size: 64 },
  { trip: 200, size: 1500 },
  { trip: 600, size: 64 },
  { trip: 600, size: 1500 },
  { trip: 1000, size: 64 },
  { trip: 1000, size: 1500 },
];

/** The row that is held against the budget; all of them against the goal of 0.9. */
const GOAL = PLAN[2];

/** A client that is connected, and everything around it at rest. */
function connected(latency) {
  const r = rig({ power: false, broker: { latency } });
  // Without PINGREQs of the modem: what is counted is the driver's.
  const client = r.modem.connect({ host: "h", keepalive: 0 });
  r.until("connected", () => client.connected);
  r.clock.advance(60_000);
  return { ...r, client };
}

/** ms per publish, and the bytes that both directions of the UART carried for it. */
function measure({ trip, size }) {
  const r = connected(trip / 2);
  let asked = 0;
  let acknowledged = 0;
  const next = () => {
    if (asked === COUNT) return;
    asked++;
    r.client.publish("a/b/c", "x".repeat(size), { qos: 1 }, (error) => {
      if (error) throw error;
      acknowledged++;
      next();
    });
  };
  const start = r.clock.now();
  const written = r.trace.length;
  for (let i = 0; i < 2 * WINDOW; i++) next();
  r.until("all are acknowledged", () => acknowledged === COUNT, COUNT * 10 * (trip + 1000));
  const time = (r.clock.now() - start) / COUNT;
  // A prompt and a line of the modem stand in the trace without their line ends.
  const ends = (line) => (line.startsWith("<>") ? 2 : line.startsWith("<") ? 4 : 0);
  const bytes = r.trace.slice(written).reduce((sum, line) => sum + line.length - 1 + ends(line), 0) / COUNT;
  return { time, bytes };
}

/** A keepalive as most choose it, s. */
const KEEPALIVE = 120;

/** Timers of the driver that fire and lines that are exchanged in an hour in which a client is connected and nothing happens. */
function idleHour(sleep) {
  const r = sleepRig({ modem: { sleep } });
  const client = r.modem.connect({ host: "h", keepalive: KEEPALIVE });
  r.until("connected", () => client.connected);
  r.clock.advance(60_000);
  const lines = r.trace.length;
  const before = r.fired();
  r.clock.advance(3_600_000);
  return { timers: r.fired() - before, lines: r.trace.length - lines };
}

/** Rows of a table and figures for the budgets. */
export function publishing() {
  const rows = [["round trip / payload", "publishes a second", "bound", "share of the bound"]];
  const figures = {};
  for (const row of PLAN) {
    const { time, bytes } = measure(row);
    // A command, its prompt, the payload and the OK come one after another, so that one direction waits for the other. And of the
    // sixth publish no byte can flow before the modem has a place in its window, which the round trip of the first one frees.
    const line = (bytes * 10_000) / BAUD;
    const bound = Math.max(line, (row.trip + line) / WINDOW);
    rows.push([
      `${row.trip} ms / ${row.size} bytes`,
      (1000 / time).toFixed(2),
      (1000 / bound).toFixed(2),
      (bound / time).toFixed(2),
    ]);
    if (row === GOAL) figures["publish.time.ratio"] = Number((time / bound).toFixed(3));
  }
  const idle = idleHour("off");
  const asleep = idleHour("auto");
  figures["idle.hour.timers"] = idle.timers;
  const notes = [
    `While a client is connected, with a keepalive of ${KEEPALIVE} s, and nothing happens, ${idle.timers} timers of the driver fire and ${idle.lines} lines are exchanged in an hour; with \`sleep: "auto"\` ${asleep.timers} and ${asleep.lines}.`,
  ];
  return { rows, figures, notes };
}

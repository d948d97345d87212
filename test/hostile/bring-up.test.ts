// A host that starts anew while the modem still holds the connection of its last life: messages come in between the answers of
// the bring-up, and hold what would end it.
import test from "ava";
import { M95 } from "../../core/index.js";
import { recvText } from "../../virtual-m95/qmt/recv.js";
import { random, rig } from "../support/rig.js";
import { type Payload, payloadsOf } from "./rig.js";

/** What would end a bring-up, or lead it astray. */
const LINES = [
  "OK",
  "ERROR",
  "+CME ERROR: 10",
  "+CPIN: SIM PUK",
  "+CPIN: SIM PIN",
  "+CPIN: NOT READY",
  "+CREG: 0,3",
  "+CGREG: 0,3",
  "+CGATT: 0",
  "10.9.8.7",
  '+QMTOPEN: 5,"b",1',
  "+QMTCONN: 5,3",
  "RDY",
  "NORMAL POWER DOWN",
  "+PDP DEACT",
  "AT",
];

/** A message stands in front of so many answers to a command. */
const OFTEN = 3;

/** @param where - pieces of the modem in front of which messages come, by the command that runs; default: one line in five */
function bringUp(payload: Payload, shape: 1 | 2 | 3 | 4, seed: number, where?: RegExp): string[] {
  const uart = { write: (_data: string) => {}, onReceive: (_chunk: string) => {} };
  const before = rig({ power: false, virtual: { quirks: { recvShape: shape } }, modem: { uart } });
  uart.write = (data) => before.virtual.uart.write(data);
  before.virtual.uart.onReceive = (chunk) => uart.onReceive(chunk);
  const old = before.modem.connect({ host: "broker.example", clientId: "me", keepalive: 0 });
  before.until("connected", () => old.connected);
  const { virtual, clock } = before;
  const draw = random(seed);
  // The first driver is gone, as in a reset of its host.
  uart.write = () => {};
  const states: string[] = [];
  const problems: string[] = [];
  const modem = new M95({ uart: virtual.uart, clock, apn: "internet", random: random(seed) });
  modem.on("state", (state: string) => states.push(state));
  modem.on("error", (error: Error) => problems.push(`${error}`));
  const message = (): string =>
    virtual.frame(recvText(shape, { tcpconnectID: 0, msgID: 0, topic: "t", payload: payload.text }, false));
  let running = "";
  virtual.trace = (direction, text) => {
    if (direction === "rx") running = text;
  };
  // One that comes in front of every answer for ever leaves nothing to go by.
  const times: { [command: string]: number } = {};
  const often = (): boolean => {
    times[running] = (times[running] ?? 0) + 1;
    return times[running] <= OFTEN;
  };
  const salted = (): boolean => (where ? where.test(running) && often() : draw() < 0.2);
  virtual.onSend = (text, kind) => (kind === "line" && salted() ? message() + text : text);
  if (where) modem.on("recovery", (what) => problems.push(JSON.stringify(what)));
  let ended: string | undefined;
  modem.start((error) => {
    ended = error ? `${error}` : "ready";
  });
  clock.run(() => ended !== undefined, 300_000);
  virtual.onSend = undefined;
  if (ended !== "ready") problems.push(`start: ${ended}, ${states}`);
  if (states.includes("failed")) problems.push(`states ${states}`);
  const client = modem.connect({ host: "broker.example", clientId: "me", keepalive: 0 });
  if (!clock.run(() => client.connected, 300_000)) problems.push("not connected");
  for (const one of virtual.violations) problems.push(`violation ${one.kind}: ${one.detail}`);
  virtual.dispose();
  return problems;
}

for (const shape of [1, 2, 3, 4] as const)
  test(`shape ${shape}: hostile messages of an old connection do not end a bring-up`, (t) => {
    const payloads = payloadsOf(LINES).filter((_, i) => process.env.M95_HOSTILE || i % 4 === shape - 1);
    const failures: string[] = [];
    for (const [i, payload] of payloads.entries()) {
      const problems = bringUp(payload, shape, i + 1);
      if (problems.length) failures.push(`${payload.name}:\n  ${problems.join("\n  ")}`);
    }
    t.is(failures.length, 0, `${failures.length} of ${payloads.length}:\n${failures.slice(0, 20).join("\n")}`);
  });

test("a setting has no lines of its own: messages in front of its OK cost no attempt", (t) => {
  for (const payload of payloadsOf(["+CGATT: 0", "+CMEE: 1", "+CPIN: NOT READY", "OK"]))
    t.deepEqual(bringUp(payload, 2, 1, /^AT\+(CMEE|CFUN|QMTCLOSE|QIFGCNT|QICSGP)=/), [], payload.name);
});

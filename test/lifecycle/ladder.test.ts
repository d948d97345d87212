// Climbing the recovery ladder: modems that need EMERG_OFF, the supply cut, or their radio switched off; brokers that hang
// up at once; budgets and rests. Which cause begins where is in test/core/m95/recovery.test.ts.
import test from "ava";
import { powerSwitch } from "../../board-wiring/index.js";
import type { Clock, Recovery } from "../../core/index.js";
import type { VirtualM95 } from "../../virtual-m95/index.js";
import { bench, outcome, sent } from "../client/support.js";
import { type Rig, type RigOptions, rig } from "../support/rig.js";

/** Step and attempt of each recovery event, without resyncs, which a hanging modem causes by the dozen. */
function steps(r: Rig): string[] {
  const list: string[] = [];
  r.modem.on("recovery", ({ step, attempt }: Recovery) => {
    if (step !== "resync") list.push(`${step} ${attempt}`);
  });
  return list;
}

/** A rig whose switch is made of the virtual modem's pins. */
function wired(options: RigOptions, pins: (virtual: VirtualM95) => Parameters<typeof powerSwitch>[0]): Rig {
  let real: ReturnType<typeof powerSwitch> | undefined;
  let clock: Clock | undefined;
  const later: { virtual?: VirtualM95 } = {};
  const made = () => {
    real ??= powerSwitch(pins(later.virtual!), clock!);
    return real;
  };
  const power = {
    on: (done: () => void) => made().on(done),
    off: (done: () => void) => made().off(done),
    kill: (done: () => void) => made().kill!(done),
    cut: (done: () => void) => made().cut!(done),
    isOn: () => made().isOn(),
  };
  const r = rig({ ...options, modem: { power, ...options.modem }, power: false, virtual: { poweredOn: false } });
  clock = r.clock;
  later.virtual = r.virtual;
  return r;
}

test("a modem that hangs until EMERG_OFF", (t) => {
  const r = rig();
  const client = r.modem.connect({ host: "b" });
  r.until("connected", () => client.connected);
  r.clock.advance(61_000);
  const list = steps(r);
  r.virtual.hang();
  r.modem.command("AT+CSQ", () => {});
  r.until("lost", () => !client.connected);
  r.until("connected again", () => client.connected);
  t.deepEqual(list, ["restart 1", "power 1", "kill 1"]);
  t.like(r.modem.stats, { restarts: 1, powerCycles: 1, kills: 1, cuts: 0, rests: 0 });
});

test("a modem that hangs until the supply is cut", (t) => {
  const r = wired({}, ({ pins }) => ({ ...pins, emergOff: { write: () => {} } }));
  const client = r.modem.connect({ host: "b" });
  r.until("connected", () => client.connected);
  r.clock.advance(61_000);
  const list = steps(r);
  r.virtual.hang();
  r.modem.command("AT+CSQ", () => {});
  r.until("lost", () => !client.connected);
  r.until("connected again", () => client.connected);
  // EMERG_OFF is not wired: STATUS is still high when the kill ends.
  t.deepEqual(list, ["restart 1", "power 1", "kill 1", "cut 1"]);
  t.is(r.modem.stats.cuts, 1);
});

test("start() of a modem that hangs until EMERG_OFF", (t) => {
  const r = rig({ virtual: { poweredOn: true } });
  const list = steps(r);
  const results: string[] = [];
  r.virtual.hang();
  r.modem.start(outcome(results, "start"));
  r.until("started", () => results.length > 0);
  t.deepEqual(results, ["start ok"]);
  t.deepEqual(list, ["power 1", "kill 1"]);
});

test("a modem that finds no network until its radio was off", (t) => {
  const r = bench();
  r.clock.advance(61_000);
  const list = steps(r);
  r.virtual.setRegistration(2);
  r.virtual.dropPdp();
  r.until("asked to switch the radio off", () => sent(r, "AT+CFUN=0").length > 0, 3_600_000);
  r.virtual.setRegistration(1);
  r.until("connected again", () => r.client.connected);
  t.deepEqual(list, ["pdp 1", "cfun 1"]);
  t.is(r.modem.stats.cfunCycles, 1);
  t.deepEqual(r.virtual.violations, []);
});

test("a SIM that is taken out of a running modem and put back", (t) => {
  const r = rig();
  const client = r.modem.connect({ host: "b" });
  r.until("connected", () => client.connected);
  const list = steps(r);
  r.virtual.removeSim();
  r.clock.advance(120_000);
  t.false(client.connected);
  t.not(r.modem.state, "failed");
  r.virtual.insertSim();
  r.until("connected again", () => client.connected, 3_600_000);
  t.is(list[0], "restart 1");
  t.is(list[1], "cfun 1");
});

test("a broker that accepts and hangs up at once: pauses grow, and it is never the modem's fault", (t) => {
  const b = bench({}, {}, false);
  const list = steps(b);
  b.client.on("connect", () => b.clock.after(1000, () => b.broker.kickAll()));
  b.clock.advance(3_600_000);
  t.true(b.modem.stats.connects > 10);
  // Without growing pauses it would be about a thousand.
  t.true(b.modem.stats.connects < 100, `${b.modem.stats.connects}`);
  t.true(list.every((step, i) => step === `reopen ${i + 1}`));
});

test("a connection that has lasted a minute: the next loss begins with the first pause again", (t) => {
  const b = bench();
  const pauses: number[] = [];
  b.modem.on("recovery", ({ attempt, next }: Recovery) => pauses.push(attempt, next));
  for (let i = 0; i < 5; i++) {
    b.clock.advance(61_000);
    b.broker.kickAll();
    b.until("lost", () => !b.client.connected);
    b.until("again", () => b.client.connected);
  }
  t.deepEqual(
    pauses.filter((_, i) => i % 2 === 0),
    [1, 1, 1, 1, 1],
  );
  t.true(pauses.every((one) => one <= 1000));
});

test("option stable: less is enough when told so", (t) => {
  const b = bench({}, { modem: { recovery: { stable: 5000 } } });
  const attempts: number[] = [];
  b.modem.on("recovery", ({ attempt }: Recovery) => attempts.push(attempt));
  for (let i = 0; i < 3; i++) {
    b.clock.advance(6000);
    b.broker.kickAll();
    b.until("lost", () => !b.client.connected);
    b.until("again", () => b.client.connected);
  }
  t.deepEqual(attempts, [1, 1, 1]);
});

test("a broker that cannot be reached: reopened, then the context, the modem, its radio; a rest, and all over again", (t) => {
  const b = bench({}, { broker: { refused: [1883] }, modem: { recovery: { rounds: 1, rest: 3_600_000 } } }, false);
  const list: Recovery[] = [];
  b.modem.on("recovery", (what: Recovery) => list.push(what));
  b.until("a rest", () => b.modem.stats.rests > 0, 10 * 3_600_000);
  t.deepEqual(
    list.map(({ step, attempt }) => `${step} ${attempt}`),
    [
      ...["reopen 1", "reopen 2", "reopen 3", "reopen 4", "reopen 5", "reopen 6", "reopen 7", "reopen 8"],
      ...["pdp 1", "pdp 2", "restart 1", "restart 2", "restart 3", "restart 4", "cfun 1", "cfun 2", "rest 1"],
    ],
  );
  t.is(list.at(-1)!.next, 3_600_000);
  t.is(list.at(-1)!.cause, "+QMTOPEN: 0,-1");
  t.is(b.modem.state, "recovering");
  const before = b.trace.length;
  b.clock.advance(3_500_000);
  // The radio is off, and nothing is said.
  t.deepEqual(
    b.trace.slice(before).filter((line) => line.startsWith(">")),
    [">AT+CFUN=0\r"],
  );
  t.is(b.modem.stats.rests, 1);
  b.until("a second rest", () => b.modem.stats.rests > 1, 10 * 3_600_000);
  t.is(b.modem.stats.reopens, 16);
});

test("resting with a PowerSwitch: the modem is off; start() ends the rest", (t) => {
  const r = rig({ broker: { refused: [1883] }, modem: { recovery: { rounds: 1 } } });
  const list = steps(r);
  const client = r.modem.connect({ host: "b" });
  client.on("error", () => {});
  r.until("a rest", () => r.modem.stats.rests > 0, 10 * 3_600_000);
  r.clock.advance(60_000);
  t.false(r.virtual.running);
  t.is(list.at(-2), "power 1");
  const results: string[] = [];
  r.modem.start(outcome(results, "start"));
  r.until("started", () => results.length > 0);
  t.deepEqual(results, ["start ok"]);
  r.until("tried again", () => list.at(-1) === "reopen 1");
  t.deepEqual(r.virtual.violations, []);
});

test("stop() and a lost port end a rest; nothing is left over", (t) => {
  for (const how of ["stop", "close"]) {
    const r = rig({ broker: { refused: [1883] }, modem: { recovery: { rounds: 1 } } });
    const client = r.modem.connect({ host: "b" });
    client.on("error", () => {});
    r.until("a rest", () => r.modem.stats.rests > 0, 10 * 3_600_000);
    r.clock.advance(60_000);
    if (how === "stop") r.modem.stop();
    else (r.virtual.uart as unknown as { onClose(): void }).onClose();
    r.clock.advance(60_000);
    t.is(r.clock.pending, 0, how);
    t.is(client.state, "closed", how);
  }
});

test("stop() from a listener of each recovery event", (t) => {
  for (const when of ["restart", "power", "kill", "rest"]) {
    const r = rig({ modem: { recovery: { rounds: 1 } } });
    r.until("ready", () => {
      if (r.modem.state === "off") r.modem.start();
      return r.modem.state === "ready";
    });
    const results: string[] = [];
    r.modem.on("recovery", ({ step }: Recovery) => {
      if (step === when) r.modem.stop(outcome(results, "stop"));
    });
    const hang = (): void => {
      if (r.virtual.running) r.virtual.hang();
      r.clock.after(1000, hang);
    };
    hang();
    r.modem.command("AT+CSQ", () => {});
    r.until(`stopped at ${when}`, () => results.length > 0, 3_600_000);
    t.deepEqual(results, ["stop ok"], when);
    r.clock.advance(60_000);
    t.is(r.modem.state, "off", when);
    t.is(r.clock.pending, 1, when);
  }
});

test("a modem that stays dead: every step in turn, three rounds, a rest of an hour, and again; start() was heard long ago", (t) => {
  const r = rig();
  const list = steps(r);
  const client = r.modem.connect({ host: "b" });
  r.until("connected", () => client.connected);
  r.clock.advance(61_000);
  const hang = (): void => {
    if (r.virtual.running) r.virtual.hang();
    r.clock.after(500, hang);
  };
  hang();
  const from = r.clock.now();
  r.until("a rest", () => r.modem.stats.rests > 0, 10 * 3_600_000);
  const round = ["power 1", "kill 1", "cut 1"];
  t.deepEqual(list, ["restart 1", ...round, ...round, ...round, "rest 1"]);
  t.true(r.clock.now() - from < 1_800_000);
  r.until("a second rest", () => r.modem.stats.rests > 1, 10 * 3_600_000);
  t.true(r.clock.now() - from > 3_600_000);
  t.is(r.modem.state, "recovering");
});

test("as long as another client is connected, the modem is left alone", (t) => {
  const b = bench({ clientId: "good" }, { broker: { refused: [1884] } });
  const list = steps(b);
  const bad = b.modem.connect({ host: "b", port: 1884, clientId: "bad", maxReconnectPeriod: 5000 });
  bad.on("error", () => {});
  b.clock.advance(600_000);
  t.true(b.client.connected);
  t.true(list.length > 50);
  t.true(list.every((step) => step.startsWith("reopen ")));
  t.deepEqual(b.diary, ["connect"]);
});

test("a modem that rebooted without a word is noticed at its next echo, long before the look", (t) => {
  const b = bench({ keepalive: 0 });
  const list = steps(b);
  b.virtual.reboot();
  b.clock.advance(10_000);
  b.modem.command("AT+CSQ", () => {});
  b.until("noticed", () => list.length > 0, 20_000);
  t.deepEqual(list, ["restart 1"]);
  b.until("connected again", () => b.client.connected);
  t.deepEqual(b.diary, ["connect", "close", "reconnect", "connect"]);
});

test("an echo inside a message is no sign of a reboot", (t) => {
  const b = bench();
  b.client.subscribe("in");
  b.clock.advance(2000);
  const before = b.trace.length;
  b.modem.command("AT+CSQ", () => {});
  b.virtual.onSend = (text) => {
    if (!text.includes("+CSQ:")) return text;
    b.virtual.onSend = undefined;
    return [b.virtual.frame('+QMTRECV: 0,0,"in",x'), b.virtual.frame("AT+CSQ"), text];
  };
  b.clock.advance(5000);
  t.is(b.trace.slice(before).filter((line) => line === ">AT+QILOCIP\r").length, 0);
  t.true(b.client.connected);
  t.is(b.modem.stats.restarts, 0);
});

test("age: how long ago the modem confirmed something, and the look when it was silent for a keepalive period", (t) => {
  const b = bench({ keepalive: 30 }, {}, false);
  t.is(b.client.age, Number.POSITIVE_INFINITY);
  b.until("connected", () => b.client.connected);
  t.is(b.client.age, 0);
  b.client.subscribe("in");
  b.clock.advance(20_000);
  t.true(b.client.age > 19_000 && b.client.age < 20_000);
  b.broker.publish("in", "x");
  b.clock.advance(1000);
  t.true(b.client.age < 1000);
  b.clock.advance(25_000);
  // Heard of less than 30 s ago: nothing is asked.
  t.is(sent(b, "AT+QMTCONN?").length, 1);
  b.clock.advance(5000);
  t.is(sent(b, "AT+QMTCONN?").length, 2);
  t.true(b.client.age < 5000);
  b.client.publish("out", "y", { qos: 1 });
  b.clock.advance(1000);
  t.true(b.client.age < 1000);
});

test("no password in a cause", (t) => {
  const b = bench({ username: "me", password: "secret" }, {}, false);
  const causes: string[] = [];
  b.modem.on("recovery", ({ cause }: Recovery) => causes.push(cause));
  b.modem.on("ready", () => b.virtual.failNext("+QMTCONN", 8504));
  b.until("connected", () => b.client.connected);
  t.is(causes.length, 1);
  t.regex(causes[0]!, /^AT\+QMTCONN: \+CME ERROR: 8504 \(/);
});

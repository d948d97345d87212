// The duty cycle: what a round does, what becomes of what could not be sent, and what a bad cell may cost.

import test from "ava";
import { type Cycle, type CycleOptions, cycle, type Round } from "../../core/cycle.js";
import type { MqttClient } from "../../core/mqtt/client.js";
import { type Rig, type RigOptions, rig } from "../support/rig.js";

const HOUR = 3_600_000;

interface Cycled extends Rig {
  cycle: Cycle<MqttClient>;
  rounds: (Round & { error: Error | null; at: number })[];
}

function cycled(options: Partial<CycleOptions>, others: RigOptions = {}): Cycled {
  const r = rig(others);
  const rounds: Cycled["rounds"] = [];
  const made = cycle(r.modem, {
    every: HOUR / 4,
    connect: { host: "broker", clientId: "meter" },
    work: (_client: MqttClient, done: () => void) => done(),
    round: (error, round) => rounds.push({ ...round, error, at: r.clock.now() }),
    ...options,
  });
  return Object.assign(r, { cycle: made, rounds });
}

test("a round: on, connect without a clean session, work, window, goodbye, off", (t) => {
  let sent: unknown = "nothing";
  const r = cycled({
    work: (client, done) =>
      client.publish("meter", "42", { qos: 1 }, (error) => {
        sent = error ?? "sent";
        done();
      }),
  });
  r.until("a round", () => r.rounds.length === 1, HOUR);
  t.is(sent, "sent");
  t.is(r.rounds[0]!.error, null);
  t.is(r.modem.state, "off");
  const lines = r.trace.filter((line) => line.startsWith(">"));
  t.true(lines.includes('>AT+QMTCFG="SESSION",0,0\r'));
  t.true(lines.includes(">AT+QMTDISC=0\r"));
  t.is(lines.at(-1), ">AT+QPOWD=1\r");
  t.true(r.rounds[0]!.took < 60_000);
});

test("rounds come once a period, spread by the percentage that is given", (t) => {
  const r = cycled({ spread: 20 });
  const begins: number[] = [];
  r.modem.on("state", (state) => {
    if (state === "starting") begins.push(r.clock.now());
  });
  r.clock.run(() => false, 48 * HOUR);
  const gaps = begins.slice(1).map((at, i) => at - begins[i]!);
  t.true(gaps.length > 180 && gaps.length < 200, `${gaps.length} rounds in two days`);
  t.true(Math.min(...gaps) >= HOUR / 4 - HOUR / 40 - 1000 && Math.max(...gaps) <= HOUR / 4 + HOUR / 40 + 1000);
  t.true(Math.max(...gaps) - Math.min(...gaps) > HOUR / 40);
});

test("a clock that is set back in a round makes no wait longer, and no round shorter than nothing", (t) => {
  let r: Rig | undefined;
  let behind = 0;
  const clock = {
    now: () => (r ? r.clock.now() - behind : 0),
    after: (ms: number, fn: () => void) => r!.clock.after(ms, fn),
    cancel: (handle: unknown) => r!.clock.cancel(handle as never),
  };
  r = rig({ modem: { clock } });
  const rounds: Round[] = [];
  cycle(r.modem, {
    every: HOUR / 4,
    connect: { host: "broker", clientId: "meter" },
    work: (_client: MqttClient, done: () => void) => {
      behind = 5 * HOUR;
      done();
    },
    round: (_error, round) => rounds.push(round),
  });
  r.until("two rounds", () => rounds.length > 1, HOUR);
  t.true(rounds[0]!.took >= 0);
  t.true(rounds[0]!.next < HOUR / 3);
});

test("what the broker kept meanwhile is taken in the window", (t) => {
  const got: string[] = [];
  const r = cycled({
    work: (client, done) => {
      client.on("message", (_topic, payload) => got.push(String(payload)));
      client.subscribe("meter/cmd", { qos: 1 }, () => done());
    },
  });
  r.until("a round", () => r.rounds.length === 1, HOUR);
  r.broker.publish("meter/cmd", "reboot", 1);
  r.until("another", () => r.rounds.length === 2, HOUR);
  t.deepEqual(got, ["reboot"]);
});

test("what could not be sent waits in memory for the next round, and arrives once", (t) => {
  let count = 0;
  const r = cycled({
    timeout: 60_000,
    work: (client, done) => client.publish("meter", `${++count}`, { qos: 1 }, () => done()),
  });
  r.until("a round", () => r.rounds.length === 1, HOUR);
  r.broker.stop();
  r.until("a failed one", () => r.rounds.length === 2, 2 * HOUR);
  t.truthy(r.rounds[1]!.error);
  r.broker.start();
  r.until("a good one", () => r.rounds.length === 3, 4 * HOUR);
  t.is(r.rounds[2]!.error, null);
  t.deepEqual(
    r.broker.received.map(({ payload }) => String(payload)),
    ["1", "2", "3"],
  );
});

test("no network: each round is broken off at its limit, and the pauses grow up to the longest", (t) => {
  const r = cycled(
    { timeout: 90_000, spread: 0 },
    { virtual: { cell: { coverage: "none" }, registerAfter: 1e9 } as never, modem: { recovery: { attempts: 1000 } } },
  );
  r.clock.run(() => r.rounds.length === 6, 48 * HOUR);
  t.deepEqual(
    r.rounds.map(({ failures }) => failures),
    [1, 2, 3, 4, 5, 6],
  );
  for (const { took, error } of r.rounds) {
    t.true(took <= 90_000 + 40_000, `${took}`);
    t.truthy(error);
  }
  const periods = r.rounds.map(({ took, next }) => Math.round((took + next) / (HOUR / 4)));
  t.deepEqual(periods, [2, 4, 8, 8, 8, 8]);
});

test("work that throws is a failed round, and the modem goes off", (t) => {
  const r = cycled({
    work: () => {
      throw new Error("bug");
    },
  });
  r.until("a round", () => r.rounds.length === 1, HOUR);
  t.is(r.rounds[0]!.error?.message, "bug");
  t.is(r.modem.state, "off");
});

test("refused for good by the broker: the round fails with that, at once", (t) => {
  const r = cycled({ connect: { host: "broker", clientId: "meter", refusedRetries: 0 } });
  r.broker.connack = 5;
  r.until("a round", () => r.rounds.length === 1, HOUR);
  t.is((r.rounds[0]!.error as { code?: string }).code, "EREFUSED");
});

test("end: within a round and between rounds, the modem is off and nothing follows", (t) => {
  for (const within of [true, false]) {
    const r = cycled({});
    r.until("begun", () => (within ? r.modem.state === "registering" : r.rounds.length === 1), HOUR);
    let done = 0;
    r.cycle.end(() => done++);
    r.cycle.end(() => done++);
    r.until("ended", () => done === 2, 120_000);
    t.is(r.modem.state, "off");
    const before = r.rounds.length;
    r.clock.run(() => false, 4 * HOUR);
    t.is(r.rounds.length, before);
    t.is(r.modem.state, "off");
  }
});

test("a host that sleeps in its own way is given the time to wait", (t) => {
  const waits: number[] = [];
  let go = (): void => {};
  const r = cycled({
    spread: 0,
    wait: (ms, then) => {
      waits.push(ms);
      go = then;
    },
  });
  t.deepEqual(waits, [0]);
  go();
  r.until("a round", () => r.rounds.length === 1, HOUR);
  t.is(waits.length, 2);
  t.is(waits[1], Math.round(HOUR / 4 - r.rounds[0]!.took));
});

for (const [options, message] of [
  [{ every: 10 }, "every must be an integer 1000..2147483647, not 10"],
  [{ window: -1 }, "window must be an integer 0..600000, not -1"],
  [{ timeout: 1 }, "timeout must be an integer 1000..3600000, not 1"],
  [{ longest: 5000 }, "longest must be an integer 900000..2147483647, not 5000"],
  [{ spread: 101 }, "spread must be an integer 0..100, not 101"],
  [{ work: 1 }, "work must be a function, not 1"],
  [{ connect: undefined }, "connect must be the options of a client, not undefined"],
  [{ connect: { host: "b" } }, "connect.clientId must be given when clean is false, not undefined"],
] as const)
  test(`refused: ${message}`, (t) => {
    t.throws(() => cycled(options as never), { code: "EPARAM", message });
  });

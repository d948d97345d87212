// Sleep and wake: AT+QSCLK with DTR and RI, or without; what is sent, in which order, and what is lost. Energy is in test/energy.

import test from "ava";
import type { MqttClient } from "../../core/mqtt/client.js";
import { type SleepOptions, type SleepRig, sleepRig } from "./rig.js";

/** A driver that is connected and asleep. */
function asleep(options?: SleepOptions): SleepRig & { client: MqttClient } {
  const r = sleepRig(options);
  const client = r.modem.connect({ host: "broker", clientId: "meter", keepalive: 600 });
  client.on("error", (error) => r.trace.push(`!${error.message}`));
  r.until("asleep", () => client.connected && r.modem.asleep === true);
  r.trace.length = 0;
  r.dtr.length = 0;
  return Object.assign(r, { client });
}

test("after a quiet time DTR goes high, and the modem sleeps", (t) => {
  const r = sleepRig({ modem: { sleepAfter: 4000 } });
  const said: string[] = [];
  const client = r.modem.connect({ host: "broker" });
  r.modem.on("sleep", () => said.push("sleep"));
  r.modem.on("wake", () => said.push("wake"));
  r.until("connected", () => client.connected);
  const quiet = r.clock.now();
  r.until("asleep", () => r.modem.asleep === true);
  const took = r.clock.now() - quiet;
  t.true(took >= 4000 && took <= 6500, `${took} ms`);
  t.true(r.trace.includes(">AT+QSCLK=1\r"));
  t.is(r.dtr.at(-1), 1);
  t.deepEqual(said, ["sleep"]);
  t.is(r.modem.stats.sleeps, 1);
  r.clock.run(() => false, 2000);
  t.true(r.virtual.asleep);
});

for (const wakeTime of [20, 600])
  test(`a publish wakes a modem that needs ${wakeTime} ms: DTR low, 50 ms, AT until OK, then the command`, (t) => {
    const r = asleep({ virtual: { timing: { wake: wakeTime } as never } });
    r.clock.run(() => false, 3000);
    const began = r.clock.now();
    let done: unknown = "nothing";
    r.client.publish("m", "1", { qos: 1 }, (error) => {
      done = error ?? "sent";
    });
    t.deepEqual(r.dtr, [0]);
    r.clock.run(() => false, 45);
    t.deepEqual(r.trace, []);
    r.until("sent", () => done !== "nothing");
    t.is(done, "sent");
    const lines = r.trace.filter((line) => line.startsWith(">"));
    t.is(lines[0], ">AT\r");
    t.true(lines.findIndex((line) => line.startsWith(">AT+QMTPUB=0,")) === lines.lastIndexOf(">AT\r") + 1, `${lines}`);
    // DTR stays low for the whole exchange.
    t.deepEqual(r.dtr, [0]);
    t.true(r.clock.now() - began < 2500);
    r.until("asleep again", () => r.modem.asleep === true);
    t.deepEqual(r.dtr, [0, 1]);
    t.deepEqual(r.virtual.violations, []);
    t.is(r.modem.stats.restarts + r.modem.stats.resyncs, 0);
  });

test("one publish every 20 s for 40 minutes: none is lost, nothing is started anew", (t) => {
  const r = asleep();
  const results: unknown[] = [];
  for (let i = 0; i < 120; i++) {
    r.client.publish("m", `${i}`, { qos: 1 }, (error) => results.push(error?.message));
    r.clock.run(() => false, 20_000);
  }
  t.deepEqual(new Set(results), new Set([undefined]));
  t.is(results.length, 120);
  t.is(r.modem.stats.restarts, 0);
  t.is(r.modem.stats.wakes, 120);
  t.deepEqual(r.virtual.violations, []);
});

for (const urcAsleep of ["print", "hold", "lose"] as const)
  for (const ri of [true, "read", false] as const)
    test(`a message for a modem asleep, its text is to ${urcAsleep}, RI ${ri}`, (t) => {
      const r = asleep({ ri, virtual: { quirks: { urcAsleep } } as never, modem: { sleepAfter: 2000 } });
      const got: string[] = [];
      let granted = false;
      r.client.subscribe("cmd", { qos: 1 }, () => {
        granted = true;
      });
      r.client.on("message", (_topic, payload) => got.push(String(payload)));
      r.until("subscribed", () => granted);
      r.until("asleep again", () => r.modem.asleep === true && r.virtual.asleep);
      r.broker.publish("cmd", "hello", 1);
      r.clock.run(() => false, 5000);
      // What waits in the modem comes when it is woken, by RI or by the next command.
      if (!ri) r.client.publish("m", "1", { qos: 1 });
      r.clock.run(() => false, 30_000);
      t.deepEqual(got, urcAsleep === "lose" ? [] : ["hello"]);
      t.true(r.client.connected);
      t.is(r.modem.stats.restarts, 0);
    });

test("a connection that was lost while it slept is found by the next wake, and made anew", (t) => {
  const r = asleep({ ri: false, virtual: { quirks: { urcAsleep: "lose" } } as never });
  r.until("deaf", () => r.virtual.asleep);
  r.broker.kickAll();
  r.clock.run(() => false, 10_000);
  t.true(r.client.connected);
  let done: unknown = "nothing";
  r.client.publish("m", "1", { qos: 1 }, (error) => {
    done = error ? error.message : "sent";
  });
  r.until("it noticed", () => !r.client.connected, 60_000);
  r.until("connected again", () => r.client.connected, 120_000);
  r.until("settled", () => done !== "nothing", 60_000);
  t.is(done, "sent");
});

test("the look after an idle link wakes the modem once a keepalive period, and nothing else does", (t) => {
  const r = asleep();
  const wakes = r.modem.stats.wakes;
  r.clock.run(() => false, 3_600_000);
  const looks = r.modem.stats.wakes - wakes;
  t.true(looks >= 5 && looks <= 6, `${looks} in an hour with a keepalive of 600 s`);
});

test("a clock that is set back while it is awake: it sleeps as before, and a link is not asked after again and again", (t) => {
  const r = asleep();
  const asked = () => r.trace.filter((line) => line === ">AT+QMTCONN?\r").length;
  r.modem.wake!();
  r.until("awake", () => !r.modem.asleep);
  r.setBack(3_600_000);
  r.until("asleep again", () => r.modem.asleep === true, 30_000);
  t.true(asked() < 3);
});

test("awake and idle, the driver's timers fire at most twice a keepalive period", (t) => {
  for (const keepalive of [60, 120, 600]) {
    const r = sleepRig({ modem: { sleep: "off" } });
    const client = r.modem.connect({ host: "broker", keepalive });
    r.until("connected", () => client.connected);
    r.clock.run(() => false, 60_000);
    const before = r.fired();
    r.clock.run(() => false, 3_600_000);
    t.true(r.fired() - before <= (2 * 3600) / keepalive, `${r.fired() - before} with ${keepalive} s`);
  }
});

test("asleep, no timer fires but for the look after the link", (t) => {
  const r = asleep();
  r.clock.run(() => false, 1000);
  const before = r.fired();
  r.clock.run(() => false, 500_000);
  t.is(r.fired(), before);
});

test("without a pin the modem is told AT+QSCLK=2, and its first bytes are thrown away", (t) => {
  const r = asleep({ dtr: false, virtual: { quirks: { qsclk2: true }, sleepAfter: 0 } as never });
  r.clock.run(() => false, 20_000);
  t.true(r.virtual.asleep);
  let done: unknown = "nothing";
  r.client.publish("m", "1", { qos: 1 }, (error) => {
    done = error ?? "sent";
  });
  r.until("sent", () => done !== "nothing");
  t.is(done, "sent");
  t.is(r.modem.stats.resyncs, 0);
});

test("without a pin, firmware that does not know AT+QSCLK=2 stays awake, and says why", (t) => {
  const r = sleepRig({ dtr: false });
  const errors: string[] = [];
  r.modem.on("error", (error) => errors.push(error.message));
  const client = r.modem.connect({ host: "broker" });
  r.until("connected", () => client.connected);
  r.clock.run(() => false, 60_000);
  t.deepEqual(errors, ["sleep: the modem refuses AT+QSCLK=2; without a pin dtr it stays awake"]);
  t.not(r.modem.asleep, true);
});

test("manual: it sleeps when it is told to, and any command wakes it", (t) => {
  const r = sleepRig({ modem: { sleep: "manual" } });
  const client = r.modem.connect({ host: "broker", keepalive: 600 });
  r.until("connected", () => client.connected);
  r.clock.run(() => false, 60_000);
  t.not(r.modem.asleep, true);
  const told: unknown[] = [];
  r.modem.sleep!((error) => told.push(error ?? "asleep"));
  r.until("told", () => told.length > 0, 5000);
  t.deepEqual(told, ["asleep"]);
  t.true(r.modem.asleep);
  r.modem.wake!((error) => told.push(error ?? "awake"));
  r.until("told", () => told.length > 1, 5000);
  t.deepEqual(told, ["asleep", "awake"]);
  t.false(r.modem.asleep);
  r.clock.run(() => false, 60_000);
  t.false(r.modem.asleep);
});

test("sleep of a modem that is not ready is refused by its callback", (t) => {
  const r = sleepRig({ modem: { sleep: "manual" } });
  const told: unknown[] = [];
  r.modem.sleep!((error) => told.push((error as Error).message));
  r.clock.run(() => false, 10);
  t.deepEqual(told, ["the modem is not ready to sleep: off"]);
});

test("stop of a modem asleep: woken first, so that it hears the goodbyes", (t) => {
  const r = asleep();
  r.clock.run(() => false, 5000);
  let done: unknown = "nothing";
  r.modem.stop((error) => {
    done = error ?? "off";
  });
  r.until("off", () => done !== "nothing", 60_000);
  t.is(done, "off");
  const sent = r.trace.filter((line) => line.startsWith(">"));
  t.true(sent.includes(">AT+QMTDISC=0\r"), `${sent}`);
  t.true(sent.includes(">AT+QPOWD=1\r"), `${sent}`);
  t.is(r.dtr.at(-1), 0);
});

test("one that takes two seconds to answer is awake then, and nothing is started anew", (t) => {
  const r = asleep({ virtual: { timing: { wake: 2000 } } as never });
  let done = false;
  r.client.publish("m", "1", { qos: 1 }, (error) => {
    done = !error;
  });
  r.until("published", () => done, 10_000);
  t.is(r.modem.stats.restarts, 0);
});

test("a modem that does not wake is started anew, with DTR low", (t) => {
  const r = asleep({ virtual: { timing: { wake: 1e9 } } as never });
  r.clock.run(() => false, 5000);
  r.client.publish("m", "1", { qos: 1 });
  r.until("recovering", () => r.modem.state === "recovering", 10_000);
  t.is(r.dtr.at(-1), 0);
  r.until("ready", () => r.client.connected, 600_000);
});

test("left asleep by an earlier run: found, woken, and its stored setting is told", (t) => {
  const r = sleepRig({ modem: { sleep: "off" }, virtual: { poweredOn: true, sleep: 1, dtr: 1 } });
  const told: string[] = [];
  r.modem.on("recovery", ({ cause }) => told.push(cause));
  let done: unknown = "nothing";
  r.modem.start((error) => {
    done = error ?? "ready";
  });
  r.until("ready", () => done !== "nothing", 120_000);
  t.is(done, "ready");
  t.true(told.includes("AT+QSCLK is stored as 1: with DTR high the modem sleeps"), `${told}`);
  t.true(r.trace.includes(">AT+QSCLK=0\r"));
  r.clock.run(() => false, 60_000);
  t.false(r.virtual.asleep);
});

test("left to sleep by an earlier run, and DTR not wired: it is spoken to while it is awake, and told not to sleep", (t) => {
  const r = sleepRig({ modem: { sleep: "off" }, dtr: false, virtual: { sleep: 1 } });
  const client = r.modem.connect({ host: "broker" });
  r.until("connected", () => client.connected, 120_000);
  let failed = 0;
  for (let i = 0; i < 60; i++) {
    client.publish("m", `${i}`, { qos: 1 }, (error) => {
      if (error) failed++;
    });
    r.clock.run(() => false, 20_000);
  }
  t.is(failed, 0);
  t.is(r.modem.stats.restarts, 0);
});

test("a DTR that is not wired: after two wakes in vain the modem is kept awake, and it is said why", (t) => {
  const r = sleepRig();
  r.virtual.pins.dtr.write(1);
  r.virtual.pins.dtr.write = () => {};
  const errors: string[] = [];
  r.modem.on("error", (error) => errors.push(error.message));
  const client = r.modem.connect({ host: "broker", clientId: "meter", keepalive: 600 });
  client.on("error", () => {});
  let failed = 0;
  for (let i = 0; i < 60; i++) {
    client.publish("m", `${i}`, { qos: 1 }, (error) => {
      if (error && i > 30) failed++;
    });
    r.clock.run(() => false, 60_000);
  }
  t.deepEqual(errors, ["sleep: the modem does not wake; is DTR wired?"]);
  t.is(failed, 0);
  t.true(client.connected);
  t.is(r.modem.stats.sleeps, 2);
});

for (const power of [true, false])
  test(`never a network: after three starts in vain it rests, ${power ? "off" : "without radio"}, then it is started once an hour`, (t) => {
    const r = sleepRig({
      virtual: { creg: 2, cgreg: 2, poweredOn: !power, quirks: { qsclk2: true } },
      ...(!power && { dtr: false }),
      modem: power ? {} : { power: undefined },
    });
    const told: string[] = [];
    const starts: number[] = [];
    r.modem.on("recovery", ({ step, next }) => step === "rest" && told.push(`${step} ${next}`));
    r.modem.on("state", (state) => state === "starting" && starts.push(r.clock.now()));
    const clients = ["one", "two"].map((clientId) =>
      r.modem.connect({ host: "broker", clientId }).on("error", () => {}),
    );
    r.until("a rest", () => told.length === 1, 3_600_000);
    t.is(starts.length, 3);
    r.clock.run(() => false, 20_000);
    if (power) t.is(r.virtual.pins.status.read(), 0);
    else t.is(r.trace.filter((line) => line.startsWith(">")).at(-1), ">AT+CFUN=0\r");
    t.deepEqual([r.modem.state, r.modem.stats.rests], ["failed", 1]);
    r.clock.run(() => false, 6 * 3_600_000);
    t.deepEqual(new Set(told), new Set(["rest 3600000"]));
    t.true(starts.length >= 8 && starts.length <= 9, `${starts.length} starts`);
    r.virtual.setRegistration(1);
    r.until("connected", () => clients.every(({ connected }) => connected), 2 * 3_600_000);
    t.is(r.modem.state, "ready");
  });

test("start() ends such a rest, and so does stop()", (t) => {
  for (const way of ["start", "stop"] as const) {
    const r = sleepRig({ virtual: { creg: 2, cgreg: 2 }, modem: { recovery: { rounds: 1 } } });
    const client = r.modem.connect({ host: "broker" }).on("error", () => {});
    r.until("a rest", () => r.modem.stats.rests === 1, 3_600_000);
    r.clock.run(() => false, 60_000);
    r.virtual.setRegistration(1);
    let done: unknown = "nothing";
    r.modem[way]((error) => {
      done = error ?? r.modem.state;
    });
    r.until("done", () => done !== "nothing", 120_000);
    t.is(done, way === "start" ? "ready" : "off");
    r.clock.run(() => false, 2 * 3_600_000);
    t.is(client.connected, way === "start");
    t.is(r.modem.state, way === "start" ? "ready" : "off");
  }
});

test("a modem that is not made to sleep is started for its clients as often as they ask", (t) => {
  const r = sleepRig({ virtual: { creg: 2, cgreg: 2 }, modem: { sleep: "off" } });
  r.modem.connect({ host: "broker" }).on("error", () => {});
  r.clock.run(() => false, 6 * 3_600_000);
  t.is(r.modem.stats.rests, 0);
});

// The modem's life: power, synchronisation, SIM, registration, context, stale sessions, stop, and what comes between.
import test from "ava";
import { M95, type M95Error, type PowerSwitch } from "../../core/index.js";
import { outcome, sent } from "../client/support.js";
import { type Rig, type RigOptions, rig } from "../support/rig.js";

/** Starts and says how that ended. */
function started(options: RigOptions) {
  const r = rig(options);
  const states: string[] = [];
  let error: M95Error | null | undefined;
  let ended = 0;
  r.modem.on("state", (state: string) => states.push(state));
  r.modem.start((e) => {
    error = (e ?? null) as M95Error | null;
    ended++;
  });
  r.until("started", () => ended > 0, 3_600_000);
  return { ...r, states, error, ended: () => ended };
}

test("from power off to ready and back: states, no violation, no timer left", (t) => {
  const r = started({});
  t.is(r.error, null);
  const results: string[] = [];
  r.modem.start(outcome(results, "start again"));
  r.modem.stop(outcome(results, "stop"));
  r.until("stopped", () => results.length === 2);
  r.modem.stop(outcome(results, "stop again"));
  r.clock.advance(10_000);
  t.deepEqual(results, ["start again ok", "stop ok", "stop again ok"]);
  t.deepEqual(r.states, ["starting", "syncing", "sim", "registering", "attaching", "ready", "stopping", "off"]);
  t.false(r.virtual.running);
  t.deepEqual(r.virtual.violations, []);
  t.is(r.clock.pending, 0);
  t.is(r.ended(), 1);
});

test("the rate is fixed and saved when asked, flow control set; at the next start nothing is to do", (t) => {
  const r = started({ modem: { baud: 9600, flowControl: "hardware" } });
  t.is(r.error, null);
  t.deepEqual(sent(r, "AT+IPR="), ["AT+IPR=9600&W"]);
  t.deepEqual(sent(r, "AT+IFC="), ["AT+IFC=2,2"]);
  let again = false;
  r.modem.stop();
  r.modem.start(() => {
    again = true;
  });
  r.until("again", () => again);
  t.is(sent(r, "AT+IPR=").length, 1);
  t.deepEqual(r.virtual.violations, []);
});

test("what is saved with the rate is the modem's own: its echo stays on, the sign of a reboot whose RDY is lost", (t) => {
  const r = started({ modem: { baud: 9600 } });
  const texts = sent(r, "AT");
  const first = texts.indexOf("AT+IPR?");
  t.deepEqual(
    texts.slice(first).filter((text) => text !== "AT"),
    [
      "AT+IPR?",
      "ATE1",
      "AT+IPR=9600&W",
      "ATE0",
      "ATV1",
      "AT+CMEE=1",
      "AT+QSCLK?",
      ...texts.slice(texts.indexOf("AT+CFUN=1")),
    ],
  );
  const before = r.trace.length;
  r.virtual.faults.start("silent-reboot");
  r.modem.command("AT+CSQ", () => {});
  r.until("noticed", () => r.modem.stats.restarts > 0);
  t.false(r.trace.slice(before).some((line) => line.startsWith("<RDY")));
  r.until("ready again", () => r.modem.state === "ready");
});

test("an echo that was stored off, as by earlier versions, is stored on again: once, and only where a boot was seen", (t) => {
  const r = rig({ power: false, modem: { baud: 9600 }, virtual: { baud: 9600, hostBaud: 0 } });
  const saves = () => sent(r, "AT+IPR=").length;
  const restarted = (what: string) => {
    const before = r.modem.stats.restarts;
    r.virtual.reboot();
    r.until(what, () => r.modem.stats.restarts > before && r.modem.state === "ready");
  };
  r.virtual.uart.write("ATE0&W\r");
  r.clock.advance(500);
  let ready = false;
  r.modem.start(() => {
    ready = true;
  });
  r.until("ready", () => ready);
  // Off since a boot, or since an earlier run of the host: nobody can tell, and flash wears out.
  t.is(saves(), 0);
  restarted("RDY, and no echo");
  t.is(saves(), 1);
  restarted("RDY, and an echo");
  restarted("RDY, and an echo once more");
  t.is(saves(), 1);
  t.deepEqual(r.virtual.violations, []);
});

test("the same behind a press of PWRKEY", (t) => {
  const r = started({ modem: { baud: 9600 } });
  const again = () => {
    let ready = false;
    r.modem.stop();
    r.modem.start(() => {
      ready = true;
    });
    r.until("ready", () => ready);
    return sent(r, "AT+IPR=").length;
  };
  r.modem.command("ATE0&W", () => {});
  r.clock.advance(1000);
  t.deepEqual([again(), again()], [2, 2]);
});

test("a modem whose rate an earlier run has set is found", (t) => {
  const r = started({ power: false, virtual: { baud: 9600 }, modem: { baud: 9600 } });
  t.is(r.error, null);
  t.is(r.modem.stats.restarts, 0);
});

const sims: [string, RigOptions, string | null, RegExp][] = [
  ["PIN entered", { virtual: { sim: { state: "pin", pin: "4321" } }, modem: { pin: "4321" } }, null, /./],
  ["busy for a while", { virtual: { sim: { state: "busy" } } }, null, /./],
  ["PIN wanted, none given", { virtual: { sim: { state: "pin" } } }, "ESIM", /PIN/],
  ["wrong PIN", { virtual: { sim: { state: "pin" } }, modem: { pin: "9999" } }, "ESIM", /refuses the PIN/],
  ["PUK", { virtual: { sim: { state: "puk" } }, modem: { pin: "1234" } }, "ESIM", /PUK/],
  ["absent", { virtual: { sim: { state: "absent" } } }, "ESIM", /SIM/],
  ["busy for ever", { virtual: { sim: { state: "busy" }, timing: { simBusy: 1e9 } } }, "ESIM", /busy/],
];
for (const [what, options, code, words] of sims)
  test(`SIM: ${what}`, (t) => {
    const r = started(options);
    t.is(r.error?.code ?? null, code as never);
    if (r.error) t.regex(r.error.message, words);
    t.is(r.modem.state, code ? "failed" : "ready");
    t.deepEqual(r.virtual.violations, []);
  });

test("an answer of the SIM that got lost is asked for again", (t) => {
  let lost = 0;
  const r = started({ virtual: { onSend: (text) => (text.includes("+CPIN:") && lost++ < 2 ? null : text) } });
  t.is(r.error, null);
  t.is(lost, 3);
});

test("a refused PIN is never sent again, however often it is started; a client gets the error too", (t) => {
  const r = rig({ virtual: { sim: { state: "pin" } }, modem: { pin: "9999" } });
  const errors: string[] = [];
  r.modem.on("error", () => {});
  r.modem.connect({ host: "b", maxReconnectPeriod: 10_000 }).on("error", (e) => errors.push((e as M95Error).code));
  r.clock.advance(600_000);
  t.true(errors.length > 3);
  t.deepEqual([...new Set(errors)], ["ESIM"]);
  t.is(sent(r, "AT+CPIN=").length, 1);
  t.deepEqual(r.virtual.violations, []);
});

const networks: [string, RigOptions, string | null, RegExp][] = [
  ["roaming", { virtual: { creg: 5 } }, null, /./],
  ["denied", { virtual: { creg: 3 } }, "EREG", /denies/],
  ["GPRS denied", { virtual: { creg: 1, cgreg: 3 } }, "EREG", /denies/],
  ["searching for ever", { virtual: { creg: 2 } }, "EREG", /in time/],
  ["registered after a minute", { virtual: { registerAfter: 60_000 } }, null, /./],
  ["wrong APN", { virtual: { apn: "other" } }, "EPDP", /internet/],
  [
    "APN with user and password",
    {
      virtual: { apn: "a", apnUser: "u", apnPassword: "p" },
      modem: { apn: { name: "a", username: "u", password: "p" } },
    },
    null,
    /./,
  ],
  ["no APN", { modem: { apn: undefined } }, null, /./],
];
for (const [what, options, code, words] of networks)
  test(`network: ${what}`, (t) => {
    const r = started(options);
    t.is(r.error?.code ?? null, code as never);
    if (r.error) t.regex(r.error.message, words);
  });

test("a modem that never answers: ETIMEOUT, the same in recovery steps one can watch", (t) => {
  const r = rig({ power: false });
  r.virtual.hang();
  const steps: string[] = [];
  const results: string[] = [];
  r.modem.on("recovery", (what: { step: string; attempt: number }) => steps.push(`${what.step} ${what.attempt}`));
  r.modem.start(outcome(results, "start"));
  r.until("failed", () => results.length > 0);
  t.deepEqual(results, ["start ETIMEOUT"]);
  t.deepEqual(steps, ["restart 1", "restart 2"]);
  t.is(r.modem.state, "failed");
  r.virtual.unhang();
  r.modem.start(outcome(results, "again"));
  r.until("ready", () => results.length > 1);
  t.is(results[1], "again ok");
});

test("power switches that throw, call back at once, twice, or with plain errors", (t) => {
  const make = (on: PowerSwitch["on"], isOn: PowerSwitch["isOn"] = () => false): RigOptions => ({
    power: false,
    modem: { power: { on, off: (done) => done(), isOn } },
  });
  const thrown = started(
    make(() => {
      throw new Error("short circuit");
    }),
  );
  t.is(thrown.error?.code, "EPOWER");
  t.regex(thrown.error!.message, /short circuit/);
  const plain = started(make((done) => done(new Error("no pin"))));
  t.is(plain.error?.code, "EPOWER");
  const twice = started(
    make((done) => {
      done();
      done();
    }),
  );
  t.is(twice.error, null);
  const blind = started(
    make(
      () => {},
      () => {
        throw new Error("unreadable");
      },
    ),
  );
  t.is(blind.error, null);
});

test("stop() fails a pending start with ECLOSED, at any time; start() behind stop() starts again", (t) => {
  for (let ms = 0; ms < 9000; ms += 450) {
    const r = rig();
    const results: string[] = [];
    r.modem.start(outcome(results, "start"));
    r.clock.advance(ms);
    r.modem.stop(outcome(results, "stop"));
    r.modem.start(outcome(results, "second"));
    r.until("all", () => results.length === 3);
    t.deepEqual(results, ["start ECLOSED", "stop ok", "second ok"], `${ms}`);
    r.modem.stop();
    r.clock.advance(60_000);
    t.is(r.modem.state, "off");
    t.is(r.clock.pending, 0);
  }
});

test("start() right behind the stop() of a modem that is off: both are told, also with a client that has to end first", (t) => {
  const r = rig();
  const told: string[] = [];
  r.modem.connect({ host: "broker.example", clientId: "me" }).on("end", () => told.push("end"));
  r.modem.stop(() => told.push("stopped"));
  r.modem.start(() => told.push("started"));
  r.until("started", () => told.includes("started"));
  t.deepEqual(told, ["end", "stopped", "started"]);
});

test("stop() from a listener, in every state", (t) => {
  for (const when of ["starting", "syncing", "sim", "registering", "attaching", "ready", "recovering"]) {
    const r = rig();
    const results: string[] = [];
    r.modem.on("state", (state: string) => {
      if (state === when) r.modem.stop(outcome(results, "stop"));
    });
    r.modem.start(outcome(results, "start"));
    r.clock.advance(20_000);
    if (when === "recovering") r.virtual.brownOut();
    r.clock.advance(60_000);
    t.true(results.includes("stop ok"), when);
    t.is(results.length, 2, when);
    t.is(r.modem.state, "off", when);
    t.is(r.clock.pending, 0, when);
  }
});

test("stop() ends the clients: with a DISCONNECT when ready, and those of no connection too", (t) => {
  const r = rig();
  const results: string[] = [];
  const one = r.modem.connect({ host: "b", clientId: "one", will: { topic: "w", payload: "gone" } });
  r.until("connected", () => one.connected);
  one.on("end", () => results.push("end one"));
  r.modem.connect({ host: "b" }).on("end", () => results.push("end two"));
  r.modem.stop(outcome(results, "stop"));
  r.until("stopped", () => results.includes("stop ok"));
  t.deepEqual(results.slice().sort(), ["end one", "end two", "stop ok"]);
  t.is(r.broker.receivedCount, 0);
  const late = r.modem.connect({ host: "b" });
  r.modem.stop(outcome(results, "stop again"));
  r.clock.advance(100);
  t.is(late.state, "closed");
  t.is(r.clock.pending, 0);
});

test("the user's start fails: waiting clients are told and go on trying", (t) => {
  const r = rig({ virtual: { creg: 3 } });
  const errors: string[] = [];
  r.modem.start(() => errors.push("start"));
  const client = r.modem.connect({ host: "b" });
  client.on("error", (e) => errors.push((e as M95Error).code));
  r.until("told", () => errors.length === 2);
  t.deepEqual(errors, ["start", "EREG"]);
  r.virtual.setRegistration(1);
  r.until("connected", () => client.connected);
});

test("a host that restarts in the middle of a data prompt finds its way out, and closes what it left open", (t) => {
  const r = rig({ power: false });
  const client = r.modem.connect({ host: "b", clientId: "old" });
  r.until("connected", () => client.connected);
  r.virtual.uart.write('AT+QMTPUB=0,9,1,0,"a"\r');
  r.clock.advance(100);
  const fresh = new M95({ uart: r.virtual.uart, clock: r.clock, apn: "internet" });
  const again = fresh.connect({ host: "b", clientId: "new" });
  r.until("connected again", () => again.connected, 120_000);
  t.deepEqual(r.broker.clients, ["new"]);
  t.is(r.broker.receivedCount, 0);
});

test("reboot, brown-out, context lost, hang: everything is closed once and comes back", (t) => {
  const steps = { reboot: "restarts", brownOut: "restarts", dropPdp: "pdpCycles", hang: "kills" } as const;
  for (const what of ["reboot", "brownOut", "dropPdp", "hang"] as const) {
    const r = rig();
    const diary: string[] = [];
    const client = r.modem.connect({ host: "b" });
    for (const event of ["connect", "close"] as const) client.on(event, () => diary.push(event));
    r.until("connected", () => client.connected);
    r.virtual[what]();
    const results: string[] = [];
    client.publish("a", "x", { qos: 1 }, outcome(results, "x"));
    r.modem.command("AT+CSQ", {}, outcome(results, "csq"));
    r.until("settled", () => results.length === 2);
    r.until("again", () => diary.filter((event) => event === "connect").length === 2);
    t.deepEqual(diary, ["connect", "close", "connect"], what);
    t.is(r.modem.stats[steps[what]], 1, what);
  }
});

test("a forged line of a dying modem inside a message is checked first", (t) => {
  const r = rig();
  const client = r.modem.connect({ host: "b", keepalive: 0 });
  r.until("connected", () => client.connected);
  client.subscribe("in");
  r.clock.advance(2000);
  r.broker.publish("in", "x\r\n\r\n+PDP DEACT\r\n");
  r.clock.advance(5000);
  t.true(client.connected);
  t.is(r.modem.stats.restarts, 0);
});

test("port closed: everything ends, and a later start or connect says so", (t) => {
  const r = rig();
  const results: string[] = [];
  const client = r.modem.connect({ host: "b" });
  client.on("error", (e) => results.push(`client ${(e as M95Error).code}`));
  client.on("end", () => results.push("end"));
  r.until("connected", () => client.connected);
  r.modem.command("AT+CSQ", {}, outcome(results, "csq"));
  const uart = r.virtual.uart as unknown as { onClose(): void };
  uart.onClose();
  r.clock.advance(1000);
  t.deepEqual(results, ["csq ECLOSED", "client ECLOSED", "end"]);
  r.modem.start(outcome(results, "start"));
  const late = r.modem.connect({ host: "b" });
  r.clock.advance(1000);
  t.is(results.at(-1), "start ECLOSED");
  t.is(late.state, "closed");
  r.modem.stop(outcome(results, "stop"));
  r.until("stopped", () => results.at(-1) === "stop ok");
  uart.onClose();
  // As long as the broker waits for a client whose power went.
  r.clock.advance(300_000);
  t.is(r.clock.pending, 0);
});

test("port closed by who is told that the modem could not be started: its client ends, and waits for nothing any more", (t) => {
  const r = rig({ virtual: { creg: 3 } });
  const client = r.modem.connect({ host: "b" });
  const told: string[] = [];
  client.on("end", () => told.push("end"));
  client.once("error", () => (r.virtual.uart as unknown as { onClose(): void }).onClose());
  r.modem.on("recovery", ({ step }) => {
    if (client.state === "closed") told.push(step);
  });
  r.until("ended", () => told.length > 0);
  t.deepEqual([told, client.reconnecting], [["end"], false]);
});

test("port closed while stopping: the key switches it off", (t) => {
  const r = rig();
  const results: string[] = [];
  const client = r.modem.connect({ host: "b" });
  r.until("connected", () => client.connected);
  r.modem.stop(outcome(results, "stop"));
  r.clock.advance(20);
  (r.virtual.uart as unknown as { onClose(): void }).onClose();
  r.until("stopped", () => results.length === 1);
  t.false(r.virtual.running);
});

test("without a power switch stop() tells only of a modem that said so that it is off; it may be started again all the same", (t) => {
  const told = (strike: (r: Rig) => void): Error | null | undefined => {
    const r = rig({ power: false });
    r.modem.start();
    r.until("ready", () => r.modem.state === "ready");
    let error: Error | null | undefined;
    let ended = 0;
    r.modem.stop((e) => {
      error = e ?? null;
      ended++;
    });
    strike(r);
    r.clock.advance(120_000);
    t.is(r.modem.state, "off");
    t.is(r.clock.pending, 0);
    t.is(ended, 1);
    return error;
  };
  t.is(
    told(() => {}),
    null,
  );
  for (const error of [
    told((r) => r.virtual.hang()),
    told((r) => (r.virtual.uart as unknown as { onClose(): void }).onClose()),
  ])
    t.like(error, { code: "EPOWER", message: "may still be on" });
  // Whether one that never answered is on, nobody knows either.
  const r = rig({ power: false });
  const results: string[] = [];
  r.virtual.hang();
  r.modem.start(outcome(results, "start"));
  r.clock.advance(1000);
  r.modem.stop(outcome(results, "stop"));
  r.until("stopped", () => results.length === 2);
  t.deepEqual(results, ["start ECLOSED", "stop EPOWER"]);
  t.is(r.modem.state, "off");
  r.virtual.unhang();
  r.modem.start(outcome(results, "again"));
  r.until("started", () => results.length === 3);
  t.is(results[2], "again ok");
});

test("commands given before it answers run when it does; the 17th that waits is EQUEUE", (t) => {
  const r = rig();
  const results: string[] = [];
  r.modem.command("AT+CSQ", {}, outcome(results, "off"));
  r.modem.start();
  for (let i = 0; i < 17; i++) r.modem.command("AT+CSQ", outcome(results, `${i}`));
  r.until("all", () => results.length === 18);
  t.deepEqual(results.slice(0, 2), ["off ECLOSED", "16 EQUEUE"]);
  t.is(results.filter((one) => one.endsWith(" ok")).length, 16);
});

test("command(): lines, data behind a prompt, ECME; identity, signal, battery, operator, time", (t) => {
  const r = started({ virtual: { clockTime: "26/11/22,10:00:00+04" } });
  const got: unknown[] = [];
  r.modem.command("AT+CSQ", (_error, lines) => got.push(lines));
  r.modem.command("AT+NONSENSE", {}, (error) => got.push((error as M95Error).code, (error as M95Error).cme));
  r.modem.signal((_e, value) => got.push(value?.dbm));
  r.modem.battery((_e, value) => got.push(typeof value?.percent));
  r.modem.operator((_e, value) => got.push(value?.name));
  r.modem.identity((_e, value) => got.push(value?.imei?.length));
  r.modem.time((_e, value) => got.push(value?.zone));
  r.until("all", () => got.length === 8);
  t.deepEqual(got.slice().sort(), [["+CSQ: 21,0"], "ECME", 601, -71, "number", "Testnet", 15, 4].sort());
  r.modem.stop();
  r.clock.advance(60_000);
  r.modem.signal((error) => got.push((error as M95Error).code));
  r.clock.advance(0);
  t.is(got.at(-1), "ECLOSED");
});

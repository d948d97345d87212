// What people who drive real modems report: networks that deny before they take, SIMs that wake up slowly, sessions that are dead
// but called connected, clocks that are set back. The exchanges are in test/conformance/field.md.
import test from "ava";
import type { M95Error, Recovery, Uart } from "../../core/index.js";
import { bench, outcome, sent } from "../client/support.js";
import { type Rig, type RigOptions, rig } from "../support/rig.js";

/** Starts and says how that ended, and after how many ms. */
function started(options: RigOptions, prepare: (r: Rig) => void = () => {}) {
  const r = rig({ power: false, ...options });
  prepare(r);
  let ended = -1;
  let error: M95Error | undefined;
  const from = r.clock.now();
  r.modem.start((e) => {
    ended = r.clock.now() - from;
    error = e as M95Error | undefined;
  });
  r.until("started", () => ended >= 0, 3_600_000);
  return { ...r, ended, error };
}

/** Steps of recovery with the time of each. */
function steps(r: Rig): { step: string; at: number; cause: string }[] {
  const list: { step: string; at: number; cause: string }[] = [];
  r.modem.on("recovery", ({ step, cause }: Recovery) => {
    if (step !== "resync") list.push({ step, at: r.clock.now(), cause });
  });
  return list;
}

/** Times at which the host sent this. */
function times(r: Rig, command: string): number[] {
  const list: number[] = [];
  r.modem.on("trace", (direction: string, text: string) => {
    if (direction === ">" && text.startsWith(command)) list.push(r.clock.now());
  });
  return list;
}

// A rate that the port cannot follow, and a modem that does not tell its own.

test("where neither the port can change its rate nor the modem tells its own, that stays as it is", (t) => {
  const r = started({ modem: { baud: 9600 } }, (one) => {
    one.virtual.onSend = (text) => (text.includes("+IPR:") ? "\r\nERROR\r\n" : text);
    delete (one.virtual.uart as Uart).setBaud;
  });
  t.is(r.error, undefined);
  t.deepEqual(sent(r, "AT+IPR"), ["AT+IPR?"]);
});

// 1. A denial that passes.

const ROAMING = [
  [0, 2],
  [8000, 3],
  [15_000, 2],
  [40_000, 5],
] as const;

test("roaming: one network denies for 7 s, another one takes the SIM at 40 s, and start() ends well", (t) => {
  const r = started({ virtual: { search: ROAMING, registerAfter: 1 } });
  t.is(r.error, undefined);
  t.true(r.ended >= 40_000 && r.ended < 50_000, `${r.ended}`);
  t.deepEqual(sent(r, "AT+CFUN=0"), []);
});

test("denied in the packet network alone, for a while", (t) => {
  const search = [
    [0, 1, 3],
    [20_000, 1, 1],
  ] as const;
  const r = started({ virtual: { search, registerAfter: 1 } });
  t.is(r.error, undefined);
});

test("denied for good: EREG names both registrations, the last status, and the modem's cause", (t) => {
  const r = started({ virtual: { creg: 3, diagnostics: { cause: "1,2061" } } });
  t.is(r.error?.code, "EREG");
  t.regex(r.error!.message, /denies.*\+CREG: 0,3.*\+CGREG: 0,3.*\+CEER: 1,2061/);
  t.true(r.ended >= 180_000);
});

test("searching for good, on firmware that tells no cause", (t) => {
  const onWire = (r: Rig) => r.virtual.mishaps.refuseCommands("+CEER", 4);
  const r = started({ virtual: { creg: 2 }, modem: { recovery: { registrationTimeout: 30_000 } } }, onWire);
  t.is(r.error?.code, "EREG");
  t.regex(r.error!.message, /in time.*\+CREG: 0,2/);
  t.true(r.ended >= 30_000 && r.ended < 40_000);
});

test("a place or a technology that looks like a denial is none", (t) => {
  for (const more of [",3F00,12AB", ',"18A3","2F5C",3']) {
    const r = started({ modem: { recovery: { registrationTimeout: 5000 } }, virtual: { creg: 2 } }, (one) => {
      one.virtual.onWire = (data, direction) =>
        direction === "tx" ? data.replace(/(\+CG?REG: )\d,(\d)/, `$12,$2${more}`) : data;
    });
    t.is(r.error?.code, "EREG");
    t.regex(r.error!.message, /^no network found in time: \+CREG: 2,2,/);
  }
});

test("a network that refuses to be attached to at first is asked again while there is time", (t) => {
  const r = started({ virtual: { cgreg: 0 } }, (one) => {
    const back = one.virtual.onWire;
    one.virtual.onWire = (data, direction) => {
      if (direction === "rx" && data.startsWith("AT+CGATT=1") && one.clock.now() < 10_000) return "AT+CGATT=9\r";
      if (direction === "rx" && data.startsWith("AT+CGATT=1")) one.virtual.setRegistration(1);
      return back ? back(data, direction) : data;
    };
  });
  t.is(r.error, undefined);
  t.true(r.ended < 60_000, `${r.ended}`);
  t.is(sent(r, "AT+CGATT=1").length, 2);
});

test("in operation the radio is left two minutes at least to find a network, and longer each time", (t) => {
  const b = bench({}, { modem: { recovery: { registrationTimeout: 10_000 } } });
  b.clock.advance(61_000);
  const off = times(b, "AT+CFUN=0");
  b.virtual.setRegistration(3);
  b.virtual.dropPdp();
  b.until("off four times", () => off.length > 3, 7_200_000);
  const gaps = off.slice(1).map((at, i) => at - off[i]!);
  t.true(
    gaps.every((gap, i) => gap >= 120_000 && gap > (gaps[i - 1] ?? 0)),
    gaps.join(),
  );
});

test("in operation a network that denies each search at first and takes the SIM in the end is found in the first one", (t) => {
  const b = bench();
  b.clock.advance(61_000);
  b.virtual.mishaps.denySearches(100_000);
  b.virtual.dropPdp();
  b.until("lost", () => !b.client.connected);
  b.until("back", () => b.client.connected, 150_000);
  t.deepEqual(sent(b, "AT+CFUN=0"), []);
});

// 2. The packet side is what counts.

for (const [what, virtual] of [
  ["CREG denied, CGREG home", { creg: 3, cgreg: 1 }],
  ["CREG searching, CGREG roaming", { creg: 2, cgreg: 5 }],
  ["CREG home, CGREG idle, attached", { creg: 1, cgreg: 0, alwaysAttached: true }],
  ["CREG searching, CGREG idle, attached", { creg: 2, cgreg: 0, alwaysAttached: true }],
  ["CREG home, CGREG searching, attached", { creg: 1, cgreg: 2, alwaysAttached: true }],
] as [string, object][])
  test(`a modem that can send is taken as such: ${what}`, (t) => {
    const r = started({ virtual });
    t.is(r.error, undefined);
    t.true(r.ended < 10_000);
  });

test("registration answers with place and technology, and URCs of the same shape in between", (t) => {
  for (const quotes of [true, false]) {
    const onSend = (text: string) => (quotes ? text : text.replaceAll('"', ""));
    const b = bench({}, { virtual: { quirks: { registrationTechnology: true }, onSend } }, false);
    const urcs: string[] = [];
    b.modem.on("urc", (line: string) => urcs.push(line));
    b.until("ready", () => b.modem.state === "ready");
    b.modem.command("AT+CREG=2", () => {});
    b.modem.command("AT+CGREG=2", () => {});
    b.clock.advance(3000);
    b.virtual.setRegistration(5);
    b.clock.advance(100);
    const mark = quotes ? '"' : "";
    t.true(urcs.includes(`+CREG: 5,${mark}1A2B${mark},${mark}3C4D${mark},0`), urcs.join());
    const got: unknown[] = [];
    b.modem.command("AT+CREG?", (_error, lines) => got.push(lines));
    b.clock.advance(1000);
    b.virtual.dropPdp();
    b.until("set up anew", () => b.modem.state !== "ready" && b.modem.stats.pdpCycles > 0);
    b.until("ready again", () => b.modem.state === "ready", 60_000);
    t.deepEqual(got, [[`+CREG: 2,5,${mark}1A2B${mark},${mark}3C4D${mark},0`]]);
  }
});

// 3. A session that is dead but called connected.

for (const [what, kill] of [
  ["no verdict but result 2", (r: Rig) => r.virtual.mishaps.killSessions()],
  ["refused with 8509", (r: Rig) => r.virtual.mishaps.refuseCommands("+QMTPUB", 8509)],
  ["refused with 8510", (r: Rig) => r.virtual.mishaps.refuseCommands("+QMTPUB", 8510)],
  ["refused with 8511", (r: Rig) => r.virtual.mishaps.refuseCommands("+QMTPUB", 8511)],
  ["refused with 8512, nothing of ours being in flight", (r: Rig) => r.virtual.mishaps.refuseCommands("+QMTPUB", 8512)],
  ["refused with 8600", (r: Rig) => r.virtual.mishaps.refuseCommands("+QMTPUB", 8600)],
  ["refused with 3", (r: Rig) => r.virtual.mishaps.refuseCommands("+QMTPUB", 3)],
] as [string, (r: Rig) => void][])
  test(`publishes that fail one after the other: ${what}; the client is connected anew, then come the next steps`, (t) => {
    const b = bench({ keepalive: 0 }, { virtual: { quirks: { closeAfterFailures: 0 } } });
    const list = steps(b);
    const errors: (string | undefined)[] = [];
    b.client.on("close", (error) => errors.push((error as M95Error | undefined)?.code));
    b.clock.advance(61_000);
    kill(b);
    let n = 0;
    const beat = (): void => {
      if (b.client.connected) b.client.publish("t", `${n++}`, { qos: 1 }, () => {});
      b.clock.after(30_000, beat);
    };
    beat();
    b.until("lost", () => !b.client.connected, 200_000);
    t.deepEqual(errors, ["ESTALLED"]);
    t.is(list[0]?.step, "reopen", JSON.stringify(list));
    if (what.startsWith("no verdict")) {
      b.until("back", () => b.client.connected, 60_000);
      b.clock.advance(1000);
      t.true(b.broker.receivedCount > 0 || n > 0);
      return;
    }
    b.until("up the ladder", () => list.some(({ step }) => step === "pdp"), 7_200_000);
    b.virtual.mishaps.refuseCommands("", 0);
    let done = false;
    b.until("back", () => b.client.connected, 3_600_000);
    b.client.publish("t", "last", { qos: 1 }, (error) => {
      done = !error;
    });
    b.until("delivered", () => done);
  });

test("failures that are not the connection's do nothing: packets refused for what they are, and one failure between successes", (t) => {
  const b = bench({ keepalive: 0 }, { virtual: { quirks: { closeAfterFailures: 0 } } });
  const list = steps(b);
  b.virtual.mishaps.refuseCommands("+QMTPUB", 8508);
  for (let i = 0; i < 6; i++) b.client.publish("t", "x");
  b.clock.advance(30_000);
  b.virtual.mishaps.refuseCommands("", 0);
  for (let i = 0; i < 6; i++) {
    b.virtual.mishaps.failNext("+QMTPUB", 8510);
    b.client.publish("t", "x", { qos: 1 });
    b.clock.advance(2000);
    b.client.publish("t", "x", { qos: 1 });
    b.clock.advance(10_000);
  }
  t.deepEqual(
    list.filter(({ step }) => step !== "retry"),
    [],
  );
  t.true(b.client.connected);
});

test("two failures, and a publish long behind them: it is not cut off, and if it works all is well", (t) => {
  const b = bench({ keepalive: 0 }, { virtual: { quirks: { closeAfterFailures: 0 } } });
  const results: string[] = [];
  for (let i = 0; i < 2; i++) {
    b.virtual.mishaps.failNext("+QMTPUB", 8510);
    b.client.publish("t", "x", { qos: 1 }, outcome(results, "refused"));
    b.clock.advance(2000);
  }
  b.clock.advance(600_000);
  b.client.publish("t", "y", { qos: 1 }, outcome(results, "y"));
  b.until("delivered", () => results.length > 2);
  t.deepEqual(results, ["refused ECME", "refused ECME", "y ok"]);
  t.deepEqual(b.diary, ["connect"]);
});

test("two failures, the second one when the modem could have tried to deliver the first for all its time", (t) => {
  const b = bench({ keepalive: 0, packetTimeout: 10, retryTimes: 2 });
  for (const ms of [29_000, 0]) {
    b.virtual.mishaps.failNext("+QMTPUB", 8510);
    b.client.publish("t", "x", { qos: 1 }, () => {});
    b.clock.advance(1000 + ms);
  }
  t.deepEqual(b.diary.slice(0, 2), ["connect", "close"]);
});

test("age: a publish that the modem gave up proves nothing about the broker", (t) => {
  const b = bench({ keepalive: 0, retryTimes: 1 }, { virtual: { quirks: { closeAfterFailures: 0 } } });
  b.clock.advance(5000);
  b.virtual.mishaps.killSessions();
  const results: string[] = [];
  const before = b.client.age;
  const from = b.clock.now();
  b.client.publish("t", "x", { qos: 1 }, outcome(results, "x"));
  b.until("given up", () => results.length > 0);
  t.deepEqual(results, ["x ETIMEOUT"]);
  t.true(b.client.age >= before + b.clock.now() - from);
});

test("age: nor does a QoS 0 publish that went out", (t) => {
  const b = bench({ keepalive: 0 });
  b.clock.advance(5000);
  const results: string[] = [];
  const before = b.client.age;
  const from = b.clock.now();
  b.client.publish("t", "x", {}, outcome(results, "x"));
  b.until("out", () => results.length > 0);
  t.deepEqual(results, ["x ok"]);
  t.true(b.client.age > before + b.clock.now() - from - 1);
});

// 4. A look that is refused is not a yes.

for (const code of [3, 8600])
  test(`every MQTT command refused with ${code}, AT+QMTCONN? too: not connected any more, and up the ladder`, (t) => {
    const b = bench({ keepalive: 60 });
    const list = steps(b);
    b.clock.advance(61_000);
    b.virtual.mishaps.refuseCommands("+QMT", code);
    const from = b.clock.now();
    b.until("not connected", () => !b.client.connected, 120_000);
    t.true(b.clock.now() - from < 70_000, `${b.clock.now() - from}`);
    b.until("the context", () => list.some(({ step }) => step === "pdp"), 3_600_000);
    t.is(list[0]!.step, "reopen");
    b.virtual.mishaps.refuseCommands("", 0);
    b.until("back", () => b.client.connected, 3_600_000);
  });

test("AT is answered and AT+QMTCONN? never: not connected any more", (t) => {
  t.plan(1);
  let deaf = false;
  const b = bench({ keepalive: 60 });
  b.virtual.onWire = (data, direction) => (deaf && direction === "rx" && data.startsWith("AT+QMT") ? "" : data);
  b.clock.advance(61_000);
  deaf = true;
  b.until("not connected", () => !b.client.connected, 120_000);
  t.true(b.modem.stats.resyncs > 0);
  deaf = false;
  b.until("back", () => b.client.connected, 3_600_000);
});

// 5. A PIN that was taken.

test("the modem resets right behind the PIN, twice: it is sent again, and READY in the end", (t) => {
  for (const baud of [0, 115_200]) {
    const r = started({
      modem: { pin: "1234", recovery: { attempts: 5 } },
      virtual: { baud, sim: { state: "pin", pinResets: 2 } },
    });
    t.is(r.error, undefined);
    t.is(sent(r, "AT+CPIN=").length, 3);
    t.deepEqual(
      r.virtual.violations.filter(({ kind }) => kind === "pin-retry"),
      [],
    );
  }
});

test("a PIN that was refused is not sent again, not even when the SIM was unlocked by other means and asks anew", (t) => {
  const r = started({ power: true, modem: { pin: "9999" }, virtual: { sim: { state: "pin" } } });
  t.is(r.error?.code, "ESIM");
  const ends: string[] = [];
  // Somebody else enters the right one.
  r.virtual.uart.write('AT+CPIN="1234"\r');
  r.clock.advance(1000);
  r.modem.start(outcome(ends, "unlocked"));
  r.until("unlocked", () => ends.length === 1, 3_600_000);
  r.modem.stop(outcome(ends, "stopped"));
  r.until("stopped", () => ends.length === 2, 3_600_000);
  r.modem.start(outcome(ends, "again"));
  r.until("again", () => ends.length === 3, 3_600_000);
  t.deepEqual(ends, ["unlocked ok", "stopped ok", "again ESIM"]);
  t.is(sent(r, "AT+CPIN=").length, 1);
});

test("the modem resets behind each PIN: after three of them none is sent any more", (t) => {
  const r = started({
    modem: { pin: "1234", recovery: { attempts: 20 } },
    virtual: { baud: 115_200, sim: { state: "pin", pinResets: 100 } },
  });
  t.is(r.error?.code, "ESIM");
  t.is(sent(r, "AT+CPIN=").length, 3);
});

test("a PIN that is answered OK and not taken is sent again, three times in all", (t) => {
  let tries = 0;
  const onWire = (r: Rig) => {
    r.virtual.onWire = (data, direction) =>
      direction === "rx" && data.startsWith("AT+CPIN=") && ++tries ? "AT\r" : data;
  };
  const r = started({ modem: { pin: "1234" }, virtual: { sim: { state: "pin" } } }, onWire);
  t.is(r.error?.code, "ESIM");
  t.is(tries, 3);
});

test("fewer than three tries left: the PIN is not sent, and the error has the number; pinRetry sends it", (t) => {
  const sim = { state: "pin" as const, pinTries: 2 };
  const r = started({ modem: { pin: "1234" }, virtual: { sim } });
  t.is(r.error?.code, "ESIM");
  t.regex(r.error!.message, /2 tries/);
  t.deepEqual(sent(r, "AT+CPIN="), []);
  const forced = started({ modem: { pin: "1234", pinRetry: true }, virtual: { sim } });
  t.is(forced.error, undefined);
});

test("firmware without AT+QTRPIN: the PIN is sent", (t) => {
  const r = started({ modem: { pin: "1234" }, virtual: { sim: { state: "pin" }, quirks: { pinTries: false } } });
  t.is(r.error, undefined);
});

test("a PIN whose answer is lost counts as spent, READY makes it good", (t) => {
  let lost = 0;
  const onSend = (text: string) => (lost === 1 && text.trim() === "OK" && ++lost ? null : text);
  const r = started({ modem: { pin: "1234" }, virtual: { sim: { state: "pin" }, onSend } }, (one) => {
    one.virtual.onWire = (data, direction) => {
      if (direction === "rx" && data.startsWith("AT+CPIN=")) lost = 1;
      return data;
    };
  });
  t.is(r.error, undefined);
  t.is(lost, 2);
  t.is(sent(r, "AT+CPIN=").length, 1);
});

// 6. A SIM that is still waking up.

for (const busyAnswer of [13, 10, 3, 3513, 3515, 3517, "NOT INSERTED"])
  test(`a SIM that answers ${busyAnswer} for 8 s is waited for`, (t) => {
    const virtual = { sim: { state: "busy" as const, busyAnswer }, timing: { simBusy: 8000 }, poweredOn: false };
    const r = started({ power: true, virtual });
    t.is(r.error, undefined);
  });

test("a SIM that never wakes up is given up after simTimeout, with what it said", (t) => {
  const virtual = { sim: { state: "busy" as const, busyAnswer: 13 }, timing: { simBusy: 1e9 }, poweredOn: false };
  const r = started({ power: true, virtual, modem: { recovery: { simTimeout: 12_000 } } });
  t.is(r.error?.code, "ESIM");
  t.is(r.error?.cme, 13);
  t.regex(r.error!.message, /SIM failure/);
  t.true(r.ended > 12_000 && r.ended < 25_000);
});

// 13. A wrong parameter does not heal.

test("+QMTOPEN: 0,1 behind a clean configuration: reported, and given up like a refused CONNECT", (t) => {
  const b = bench({ refusedRetries: 2 }, {}, false);
  b.virtual.mishaps.failOpen(1, 1000);
  const list = steps(b);
  b.until("ended", () => b.diary.includes("end"), 3_600_000);
  t.is(b.diary.filter((one) => one === "error EOPEN").length, 3);
  t.true(list.every(({ step }) => step === "reopen"));
  t.is(list.length, 2);
});

test("8504 to 8508 on CONNECT are given up, 8600 is not", (t) => {
  for (const code of [8504, 8505, 8506, 8507, 8508]) {
    const b = bench({ refusedRetries: 1 }, {}, false);
    b.virtual.mishaps.refuseCommands("+QMTCONN", code);
    b.until("ended", () => b.diary.includes("end"), 3_600_000);
    t.is(b.diary.filter((one) => one === "error ECME").length, 2, `${code}`);
  }
  const b = bench({ refusedRetries: 1 }, {}, false);
  b.virtual.mishaps.refuseCommands("+QMTCONN", 8600);
  b.clock.advance(3_600_000);
  t.false(b.diary.includes("end"));
  b.virtual.mishaps.refuseCommands("", 0);
  b.until("connected", () => b.client.connected, 3_600_000);
});

// A modem in autobaud, and one left in ATV0.

test("until a modem that takes long to boot has answered, it hears nothing but AT", (t) => {
  for (const uartAfter of [2500, 3000, 6000, 9000]) {
    const heard: string[] = [];
    const onWire = (r: Rig) => {
      r.virtual.onWire = (data, direction) => {
        if (direction === "rx") heard.push(data);
        return data;
      };
    };
    const r = started({ power: true, virtual: { timing: { uartAfter } } }, onWire);
    t.is(r.error, undefined);
    const first = heard.indexOf("ATE0\r");
    t.deepEqual(
      heard.slice(0, first).filter((one) => !/^(\x1b|\+\+\+)?(AT\r)?$/.test(one)),
      [],
      `${uartAfter}`,
    );
  }
});

test("a modem left in ATV0 is found by its digit", (t) => {
  for (const echo of ["", "E0"]) {
    const r = started({}, (one) => {
      one.virtual.uart.write(`AT\rAT\rAT${echo}V0\r`);
      one.clock.advance(500);
    });
    t.is(r.error, undefined);
  }
});

// The PDP context.

test("a context that is up is found by its address: a host that restarts sets nothing up again", (t) => {
  const first = started({});
  t.is(sent(first, "AT+QIACT").length, 1);
  const before = first.virtual.violations.length;
  let again = false;
  const traces: string[] = [];
  const fresh = new (first.modem.constructor as new (o: object) => Rig["modem"])({
    uart: first.virtual.uart,
    clock: first.clock,
    apn: "internet",
  });
  fresh.on("trace", (direction: string, text: string) => traces.push(direction + text));
  fresh.start((error) => {
    again = !error;
  });
  first.until("ready", () => again);
  t.deepEqual(
    traces.filter((line) => /^>AT\+(QIACT|QICSGP|QIREGAPP|QIFGCNT|QIDEACT)/.test(line)),
    [],
  );
  t.is(first.virtual.violations.length, before);
});

test("behind +PDP DEACT the context is deactivated before it is set up, also when a new bring-up does it", (t) => {
  const b = bench();
  b.clock.advance(61_000);
  b.virtual.dropPdp();
  b.until("lost", () => !b.client.connected);
  // The answer to the first step is lost for good: the way leads through a restart.
  let deaf = true;
  b.virtual.onWire = (data, direction) => (deaf && direction === "rx" && data.startsWith("AT+QIDEACT") ? "" : data);
  b.until("restarted", () => b.modem.stats.restarts > 0 || b.modem.state === "ready", 600_000);
  deaf = false;
  const from = b.trace.length;
  b.until("back", () => b.client.connected, 600_000);
  const texts = b.trace.slice(from).filter((line) => /^>AT\+QI(DEACT|ACT)/.test(line));
  t.deepEqual(texts, [">AT+QIDEACT\r", ">AT+QIACT\r"]);
});

test("while the network is gone, PDP is not cycled: no AT+QIACT before CREG or CGREG says that it is there", (t) => {
  const b = bench();
  b.clock.advance(61_000);
  const from = b.trace.length;
  b.virtual.setRegistration(2);
  b.virtual.dropPdp();
  b.clock.advance(170_000);
  t.deepEqual(
    b.trace.slice(from).filter((line) => line.startsWith(">AT+QIACT")),
    [],
  );
  b.virtual.setRegistration(1);
  b.until("back", () => b.client.connected, 30_000);
});

test("a modem that reboots while its context is to be set up again is set up anew, PIN and all, before a network is searched for", (t) => {
  for (const baud of [0, 115_200]) {
    const b = bench({}, { modem: { pin: "1234" }, virtual: { baud, sim: { state: "pin" } } });
    b.clock.advance(61_000);
    b.virtual.dropPdp();
    b.until("waits", () => b.modem.state === "recovering");
    // Unheard, as of a modem in autobaud that nobody has spoken to.
    b.virtual.onWire = (data, direction) => (direction === "tx" && data.includes("RDY") ? "" : data);
    b.virtual.reboot();
    b.until("back", () => b.client.connected, 90_000);
    t.is(sent(b, "AT+CPIN=").length, 2, `${baud}`);
  }
});

// The clock of the host.

/** A rig whose driver reads a clock that `shift` is added to. */
function shifted(options: RigOptions = {}) {
  const base = rig().clock;
  const hand = { shift: 0 };
  const clock = {
    now: () => base.now() + hand.shift,
    after: (ms: number, fn: () => void) => base.after(ms, fn),
    cancel: (handle: unknown) => base.cancel(handle as never),
  };
  const r = rig({ power: false, ...options, virtual: { clock: base }, broker: { clock: base }, modem: { clock } });
  return { r, base, hand };
}

test("a clock that is set back by an hour: the look after an idle link comes in its time, and age is never negative", (t) => {
  const { r, base, hand } = shifted();
  const client = r.modem.connect({ host: "b", keepalive: 60 });
  const until = (what: string, condition: () => boolean, ms: number) => {
    if (!base.run(condition, ms)) t.fail(`${what}\n${r.trace.slice(-10).join("\n")}`);
  };
  until("connected", () => client.connected, 60_000);
  base.advance(30_000);
  hand.shift = -3_600_000;
  t.true(client.age >= 0);
  const looks = () => sent(r, "AT+QMTCONN?").length;
  const before = looks();
  until("looked", () => looks() > before, 65_000);
  base.advance(5000);
  t.true(client.age >= 0 && client.age < 10_000);
  const second = looks();
  until("looked again", () => looks() > second, 65_000);
  let done = false;
  client.publish("t", "x", { qos: 1 }, (error) => {
    done = !error;
  });
  until("published", () => done, 10_000);
});

test("bytes that get lost again and again put the look off no longer than a period, behind a clock that was set back, too", (t) => {
  const { r, base, hand } = shifted();
  const client = r.modem.connect({ host: "b", keepalive: 60 });
  t.true(base.run(() => client.connected, 60_000));
  base.advance(5000);
  hand.shift = -3_600_000;
  const looks = () => sent(r, "AT+QMTCONN?").length;
  const before = looks();
  const loses = () => {
    (r.virtual.uart as Uart).onOverrun!();
    base.after(500, loses);
  };
  loses();
  base.advance(65_000);
  t.true(looks() > before);
});

test("a clock that is set back while all is well: what has lasted begins with the first step again", (t) => {
  const { r, base, hand } = shifted();
  const client = r.modem.connect({ host: "b" });
  const attempts: number[] = [];
  r.modem.on("recovery", ({ step, attempt }: Recovery) => step === "pdp" && attempts.push(attempt));
  t.true(base.run(() => client.connected, 60_000));
  for (const shift of [0, -3_600_000]) {
    base.advance(61_000);
    hand.shift = shift;
    r.virtual.dropPdp();
    t.true(base.run(() => !client.connected, 10_000));
    t.true(base.run(() => client.connected, 60_000));
  }
  t.deepEqual(attempts, [1, 1]);
});

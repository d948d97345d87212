// The recovery table, row by row: what the modem does, and the first step that the driver takes. The ladder itself, with a
// modem that needs several steps, is in test/lifecycle/ladder.test.ts.
import { M95Error } from "../../../core/errors.js";
import { limitsOf, type M95Options } from "../../../core/m95/options.js";
import { CAUSE_TABLE, climb, helpFor, newLadder, PDP, REST, RESTART, stepsOf } from "../../../core/m95/recovery.js";
import { M95 } from "../../../core/m95.js";
import type { MqttClient } from "../../../core/mqtt/client.js";
import { CAUSES, stepNames, stepsFor } from "../../../scripts/docs/recovery-causes.js";
import { SimClock } from "../../../virtual-m95/time/sim-clock.js";
import test from "../../support/harness.js";

/** A modem that answers from a list; what is not in it is answered with OK. `null`: no answer at all. */
class Scripted {
  readonly clock = new SimClock();
  readonly answers: { [command: string]: string | null } = {
    "AT+CPIN?": "+CPIN: READY|OK",
    "AT+CREG?": "+CREG: 0,1|OK",
    "AT+CGREG?": "+CGREG: 0,1|OK",
    "AT+CGATT?": "+CGATT: 1|OK",
    "AT+QIDEACT": "DEACT OK",
    "AT+QILOCIP": "10.7.157.1",
    "AT+QMTOPEN=0": "OK|+QMTOPEN: 0,0",
    "AT+QMTCONN=0": "OK|+QMTCONN: 0,0,0",
    "AT+QMTCONN?": "+QMTCONN: 0,3|OK",
    "AT+QMTPUB=0": ">",
  };
  /** Steps of recovery with their attempt. */
  readonly steps: string[] = [];
  readonly sent: string[] = [];
  running = true;
  deaf = false;
  readonly modem: M95;
  readonly client: MqttClient;
  onReceive: (chunk: string) => void = () => {};
  onOverrun: () => void = () => {};

  constructor(options: Partial<M95Options> = {}) {
    this.modem = new M95({ uart: this, clock: this.clock, apn: "internet", random: () => 0.5, ...options });
    this.modem.on("recovery", ({ step, attempt }) => this.steps.push(`${step} ${attempt}`));
    this.client = this.modem.connect({ host: "broker", clientId: "me", keepalive: 0 });
    this.client.on("error", () => {});
  }

  write(text: string): void {
    const command = text.trim();
    this.sent.push(command);
    const known = this.answers[command.split(",")[0]!];
    const answer = known === undefined ? "OK" : known;
    if (!this.running || this.deaf || answer === null) return;
    this.say(answer);
  }

  /** Lines, split by "|", 5 ms later. */
  say(lines: string): void {
    this.clock.after(5, () => {
      if (this.running)
        this.onReceive(lines === ">" ? "\r\n> " : lines.split("|").reduce((all, one) => `${all}\r\n${one}\r\n`, ""));
    });
  }

  until(what: string, condition: () => boolean): void {
    if (!this.clock.run(condition, 600_000)) throw new Error(`${what}: never; ${this.sent.slice(-20).join(" ")}`);
  }

  connected(): void {
    this.until("connected", () => this.client.connected);
    this.clock.advance(61_000);
    this.sent.splice(0);
  }
}

type Cause = (modem: Scripted) => void;

const says =
  (line: string): Cause =>
  (m) => {
    m.connected();
    m.say(line);
  };
const opens =
  (result: number): Cause =>
  (m) => {
    m.answers["AT+QMTOPEN=0"] = `OK|+QMTOPEN: 0,${result}`;
  };
const refuses =
  (code: number): Cause =>
  (m) => {
    m.answers["AT+QMTCONN=0"] = `OK|+QMTCONN: 0,0,${code}`;
  };
/** After a reboot, the modem answers a question of the bring-up like this. */
const afterReboot =
  (command: string, answer: string): Cause =>
  (m) => {
    m.connected();
    m.answers[command] = answer;
    m.say("RDY");
    m.until("rebooted", () => m.steps[0] === "restart 1");
    m.steps.splice(0);
  };

/** Cause, first step, what happens. "": no step; "ask": no step, but AT+QMTCONN? is sent. */
const TABLE: [string, string, Cause][] = [
  ["ECLOSED1", "reopen", says("+QMTSTAT: 0,1")],
  ["ECLOSED2", "pdp", says("+QMTSTAT: 0,2")],
  ["ECLOSED3", "reopen", says("+QMTSTAT: 0,3")],
  ["ECLOSED4", "reopen", says("+QMTSTAT: 0,4")],
  ["ECLOSED5", "reopen", says("+QMTSTAT: 0,5")],
  ["ECLOSED6", "reopen", says("+QMTSTAT: 0,6")],
  ["ECLOSED7", "reopen", says("+QMTSTAT: 0,7")],
  ["*", "reopen", says("+QMTSTAT: 0,99")],
  [
    "ECLOSED",
    "reopen",
    (m) => {
      m.connected();
      m.answers["AT+QMTCONN?"] = "OK";
    },
  ],
  ["EOPEN-1", "reopen", opens(-1)],
  ["EOPEN1", "reopen", opens(1)],
  ["EOPEN2", "retry", opens(2)],
  ["EOPEN3", "pdp", opens(3)],
  ["EOPEN4", "reopen", opens(4)],
  ["EOPEN5", "reopen", opens(5)],
  ["EREFUSED1", "reopen", refuses(1)],
  ["EREFUSED2", "reopen", refuses(2)],
  ["EREFUSED3", "reopen", refuses(3)],
  ["EREFUSED4", "reopen", refuses(4)],
  ["EREFUSED5", "reopen", refuses(5)],
  [
    "ETIMEOUT2",
    "reopen",
    (m) => {
      m.answers["AT+QMTCONN=0"] = "OK|+QMTCONN: 0,2";
    },
  ],
  [
    "ETIMEOUT",
    "resync",
    (m) => {
      m.connected();
      m.answers["AT+CSQ"] = null;
      m.modem.command("AT+CSQ", () => {});
    },
  ],
  [
    "ECME",
    "retry",
    (m) => {
      m.connected();
      m.answers["AT+QMTPUB=0"] = "+CME ERROR: 8503";
      m.client.publish("a", "x", { qos: 1 });
    },
  ],
  ...[8504, 8505, 8506, 8507, 8508].map((cme): [string, string, Cause] => [
    `ECME${cme}`,
    "reopen",
    (m) => {
      m.answers["AT+QMTCONN=0"] = `+CME ERROR: ${cme}`;
    },
  ]),
  [
    "ESTALLED",
    "reopen",
    (m) => {
      m.connected();
      m.answers["AT+QMTPUB=0"] = "+CME ERROR: 8600";
      for (let i = 0; i < 3; i++) m.client.publish("a", "x");
    },
  ],
  [
    "EUNKNOWN",
    "reopen",
    (m) => {
      m.answers['AT+QMTCFG="WILL"'] = '+QMTRECV: 0,0,"t",x|OK';
    },
  ],
  ["EPDP", "restart", afterReboot("AT+QILOCIP", "ERROR")],
  [
    "EREG",
    "cfun",
    (m) => {
      m.answers["AT+CGREG?"] = "+CGREG: 0,3|OK";
      m.answers["AT+CEER"] = "+CEER: 1,2061|OK";
      afterReboot("AT+CREG?", "+CREG: 0,3|OK")(m);
      m.answers["AT+CGATT?"] = "+CGATT: 0|OK";
    },
  ],
  ["ESIM", "cfun", afterReboot("AT+CPIN?", "+CME ERROR: 10")],
  [
    "EPOWER",
    "power",
    (m) => {
      m.running = false;
    },
  ],
  ["+PDP DEACT", "pdp", says("+PDP DEACT")],
  ["+CPIN: NOT READY", "restart", says("+CPIN: NOT READY")],
  ["+CPIN: NOT INSERTED", "restart", says("+CPIN: NOT INSERTED")],
  ["RDY", "restart", says("RDY")],
  ["NORMAL POWER DOWN", "restart", says("NORMAL POWER DOWN")],
  ["UNDER_VOLTAGE POWER DOWN", "restart", says("UNDER_VOLTAGE POWER DOWN ")],
  ["OVER_VOLTAGE POWER DOWN", "restart", says("OVER_VOLTAGE POWER DOWN ")],
  ["UNDER_VOLTAGE WARNING", "", says("UNDER_VOLTAGE WARNING ")],
  ["OVER_VOLTAGE WARNING", "", says("OVER_VOLTAGE WARNING ")],
  [
    "echo",
    "restart",
    (m) => {
      m.connected();
      m.answers["AT+CSQ"] = "AT+CSQ|+CSQ: 20,0|OK";
      m.answers["AT+QILOCIP"] = "ERROR";
      m.modem.command("AT+CSQ", () => {});
    },
  ],
  [
    "status",
    "restart",
    (m) => {
      m.connected();
      m.running = false;
      m.modem.command("AT+CSQ", () => {});
      m.until("resync", () => m.steps.splice(0)[0] === "resync 1");
    },
  ],
  [
    "mute",
    "restart",
    (m) => {
      m.connected();
      m.deaf = true;
      m.modem.command("AT+CSQ", () => {});
      m.until("resync", () => m.steps.splice(0)[0] === "resync 1");
    },
  ],
  [
    "silent",
    "power",
    (m) => {
      m.deaf = true;
    },
  ],
  [
    "prompt",
    "resync",
    (m) => {
      m.connected();
      m.answers["AT+QMTPUB=0"] = null;
      m.client.publish("a", "x", { qos: 1 });
    },
  ],
  [
    "overrun",
    "ask",
    (m) => {
      m.connected();
      m.onOverrun();
    },
  ],
];

for (const [cause, step, happen] of TABLE)
  test(`${cause}: ${step || "nothing is done"}`, (t) => {
    let m: Scripted | undefined;
    const power = {
      on: (done: (error?: Error) => void) => done(m!.running ? undefined : new Error("STATUS stays low")),
      off: (done: () => void) => done(),
      isOn: () => m!.running,
    };
    m = new Scripted({ power });
    happen(m);
    if (step === "" || step === "ask") {
      m.clock.advance(2000);
      t.deepEqual(m.steps, []);
      t.deepEqual(m.sent, step ? ["AT+QMTCONN?"] : []);
      t.true(m.client.connected);
    } else {
      m.until("a step", () => m!.steps.length > 0);
      t.is(m.steps[0]!.split(" ")[0], step);
    }
    t.is(stepNames()[stepsFor(cause) >> 4], step || "none");
  });

test("the table above has every row", (t) => {
  t.deepEqual(TABLE.map(([cause]) => cause).sort(), CAUSES.slice().sort());
  const rows = CAUSE_TABLE.split("|").filter((row) => row && row[0] !== "\n");
  t.is(new Set(rows).size, rows.length);
  for (const row of rows) t.true(CAUSES.includes(row), row);
});

test("an error finds its row by its code and the modem's number; one that has none reopens, then all else", (t) => {
  const make = (code: M95Error["code"], result?: number, returnCode?: number): M95Error => {
    const error = new M95Error(code, "");
    if (result !== undefined) error.result = result;
    if (returnCode !== undefined) error.returnCode = returnCode;
    return error;
  };
  const first = (error: M95Error): string => stepNames()[helpFor(error) >> 4]!;
  t.is(helpFor(make("EOPEN", -1)), 0x48);
  t.is(first(make("EOPEN", 3)), "pdp");
  t.is(helpFor(make("EREFUSED", 0, 5)), 0x40);
  t.is(helpFor(make("ECLOSED")), 0x48);
  t.is(helpFor(make("ECLOSED", 200)), 0x48);
  t.is(helpFor(make("ECLOSED", 5)), 0x44);
  t.is(helpFor(make("ETIMEOUT", 2)), 0x48);
  t.is(first(make("ETIMEOUT")), "resync");
  t.is(helpFor(make("ETLS")), 0x48);
  for (const cause of CAUSES) {
    const code = /^(E[A-Z]+)(-?\d*)$/.exec(cause);
    if (!code) continue;
    const error = make(code[1] as M95Error["code"]);
    if (code[2]) Object.assign(error, { [code[1] === "ECME" ? "cme" : "result"]: +code[2] });
    t.is(helpFor(error), stepsFor(cause), cause);
  }
});

test("no other line of the modem is a cause", (t) => {
  for (const line of ["", "|", "44", "6a", "\n", "OK", "UNDER_VOLTAGE WARNING", "OVER_VOLTAGE WARNING", "RD", "DY"])
    t.is(stepsOf(line), 0, line);
});

// The ladder alone.

/** A modem for which every step can be taken. */
const all = (): boolean => true;

/** The steps of so many failures in a row. */
function climbs(cause: string, least: number, times: number, missing: string[] = [], options = {}): string[] {
  const names = stepNames();
  const ladder = newLadder(limitsOf(options));
  const steps: string[] = [];
  for (let i = 0; i < times; i++) {
    climb(ladder, stepsFor(cause), least, 0.5, (step) => !missing.includes(names[step]!));
    steps.push(`${names[ladder.step]} ${ladder.attempt}`);
  }
  return steps;
}

test("each step gets its attempts, then the next one follows, up to the last one of the cause, then the next round", (t) => {
  t.deepEqual(climbs("+PDP DEACT", PDP, 11), [
    ...["pdp 1", "pdp 2", "restart 1", "restart 2", "restart 3", "restart 4", "cfun 1", "cfun 2", "power 1"],
    ...["pdp 1", "pdp 2"],
  ]);
  t.deepEqual(climbs("silent", RESTART, 4), ["power 1", "kill 1", "cut 1", "power 1"]);
});

test("what cannot be done is left out; a modem without a PowerSwitch is spoken to again", (t) => {
  const none = ["power", "kill", "cut"];
  t.deepEqual(climbs("silent", RESTART, 5, ["cfun", ...none]), [
    "restart 1",
    "restart 2",
    "restart 3",
    "restart 4",
    "restart 1",
  ]);
  t.deepEqual(climbs("silent", RESTART, 3, ["kill"]), ["power 1", "cut 1", "power 1"]);
  t.deepEqual(climbs("EREG", RESTART, 3, none), ["cfun 1", "cfun 2", "cfun 1"]);
});

test("another cause does not lead down again", (t) => {
  let ladder = newLadder(limitsOf(undefined));
  climb(ladder, stepsFor("silent"), RESTART, 0, all);
  t.is(stepNames()[ladder.step], "power");
  climb(ladder, stepsFor("RDY"), RESTART, 0, all);
  t.is(stepNames()[ladder.step], "kill");
  ladder = newLadder(limitsOf(undefined));
  climb(ladder, stepsFor("RDY"), RESTART, 0, all);
  t.is(stepNames()[ladder.step], "restart");
});

test("after three full rounds, a rest", (t) => {
  const steps = climbs("silent", RESTART, 10);
  t.is(steps[8], "cut 1");
  t.is(steps[9], "rest 1");
  t.deepEqual(climbs("silent", RESTART, 4, [], { rounds: 1 }).slice(3), ["rest 1"]);
});

test("waiting times double under a cap, drawn from nothing to the cap; a rest is as long as it says", (t) => {
  const waits = (random: number): number[] => {
    const options = { period: 1000, maxPeriod: 5000, rest: 7000, rounds: 1 };
    const ladder = newLadder(limitsOf(options));
    return [1, 2, 3, 4, 5].map(() => climb(ladder, stepsFor("EPOWER"), RESTART, random, all));
  };
  t.deepEqual(waits(1).slice(0, 4), [1000, 2000, 4000, 7000]);
  t.deepEqual(waits(0.5).slice(0, 3), [500, 1000, 2000]);
  t.deepEqual(waits(0).slice(0, 3), [0, 0, 0]);
  const ladder = newLadder(limitsOf(undefined));
  let last = 0;
  for (let i = 0; i < 20; i++) last = climb(ladder, stepsFor("RDY"), RESTART, 1, all);
  t.is(last, 300_000);
  t.true(ladder.step < REST);
});

/** Starts a modem and sets the host's clock by `shift` ms after eight seconds. Says how it ended, and after how many ms. */
function startedWith(answers: Scripted["answers"], shift: number, deaf = false): [string, number, string[]] {
  let set = 0;
  let base = new SimClock();
  const modem = new Scripted({
    recovery: { registrationTimeout: 60_000, simTimeout: 20_000, syncTimeout: 20_000, attempts: 1 },
    clock: {
      now: () => base.now() + set,
      after: (ms, fn) => base.after(ms, fn),
      cancel: (timer) => base.cancel(timer as never),
    },
  });
  base = modem.clock;
  Object.assign(modem.answers, answers);
  modem.deaf = deaf;
  let code = "";
  modem.modem.start((error) => {
    code = error ? (error as M95Error).code : "ready";
  });
  modem.clock.advance(8000);
  set = shift;
  modem.clock.run(() => code !== "", 200_000);
  return [code, modem.clock.now(), modem.sent];
}

const SEARCHING = { "AT+CREG?": "+CREG: 0,2|OK", "AT+CGREG?": "+CGREG: 0,2|OK", "AT+CGATT?": "+CGATT: 0|OK" };

test("a clock that is set makes no state of a bring-up longer or shorter", (t) => {
  for (const shift of [0, -3_600_000, 86_400_000])
    for (const [answers, expected, ms, deaf] of [
      [SEARCHING, "EREG", 60_000, false],
      [{ "AT+CPIN?": "+CME ERROR: 14" }, "ESIM", 20_000, false],
      [{}, "ETIMEOUT", 20_000, true],
    ] as const) {
      const [code, took] = startedWith(answers, shift, deaf);
      t.is(code, expected);
      t.true(took >= ms && took < ms + 12_000, `${expected} behind ${shift} ms: ${took} ms`);
    }
});

test("before a search is given up CGATT is asked: where it says attached, the context is tried", (t) => {
  for (const status of [2, 3]) {
    const answers = { "AT+CREG?": `+CREG: 0,${status}|OK`, "AT+CGREG?": `+CGREG: 0,${status}|OK` };
    const [code, took, sent] = startedWith(answers, 0);
    t.is(code, "ready");
    t.true(took >= 60_000, "until then a search is left alone");
    t.true(sent.includes("AT+QILOCIP"));
    const [denied, , asked] = startedWith({ ...answers, "AT+CGATT?": "+CGATT: 0|OK" }, 0);
    t.is(denied, "EREG");
    t.false(asked.includes("AT+QILOCIP"));
  }
});

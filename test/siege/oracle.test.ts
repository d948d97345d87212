// The simulator says what the application note says and takes the time that bytes take, and its oracle sees what is wrong.
import test from "ava";
import { Broker, matches } from "./broker.js";
import { Draw } from "./draw.js";
import { Modem } from "./modem.js";
import { Oracle, type Rule } from "./oracle.js";
import { Qmt } from "./qmt.js";
import { System } from "./system.js";
import { Time } from "./time.js";
import { type Habit, Wire } from "./wire.js";
import { DELAYS, FIRMWARE, SETUP, World } from "./world.js";

// ---- the line

function heard(baud: number, habit: Habit, text: string): { at: number; chunk: string }[] {
  const time = new Time();
  const wire = new Wire(time, baud, habit, new Draw(1));
  const all: { at: number; chunk: string }[] = [];
  wire.toHost = (chunk) => all.push({ at: time.now(), chunk });
  wire.send(text);
  time.advance(60_000);
  return all;
}

test("1,548 bytes take 1,612.5 ms at 9600 baud and 134.4 ms at 115200", (t) => {
  for (const [baud, ms] of [
    [9600, 1612.5],
    [115200, 134.375],
  ] as const) {
    const all = heard(baud, { chunk: 1, idle: 3 }, "x".repeat(1548));
    t.is(all.length, 1548);
    t.true(Math.abs(all.at(-1)!.at - ms) < 0.01, `${all.at(-1)!.at}`);
  }
});

test("a host that gathers bytes hands over the same bytes, later, at most 512 at a time", (t) => {
  const text = Array.from({ length: 3000 }, (_, i) => String.fromCharCode(i & 255)).join("");
  const stall = { every: 50, length: 100 };
  for (const habit of [
    { chunk: 64, idle: 3 },
    { chunk: [1, 512], idle: 10 },
    { chunk: 120, idle: 2, stall },
  ] as Habit[]) {
    const all = heard(57600, habit, text);
    t.is(all.map(({ chunk }) => chunk).join(""), text);
    t.true(all.every(({ chunk }) => chunk.length <= 512));
  }
  t.is(heard(9600, { chunk: 512, idle: 3 }, text)[0]!.chunk.length, 512);
});

test("a host that is busy is late with its timers, and reads first", (t) => {
  const time = new Time();
  const order: string[] = [];
  time.after(10, () => order.push(`timer ${time.now()}`));
  time.at(20, () => order.push(`read ${time.now()}`), 0);
  time.stalledUntil = 50;
  time.advance(100);
  t.deepEqual(order, ["read 50", "timer 50"]);
});

// ---- the modem

const framed = (...lines: string[]): string => lines.map((line) => `\r\n${line}\r\n`).join("");

function modem(echo = false): { says: (typed: string, ms?: number) => string; qmt: Qmt } {
  const time = new Time();
  const wire = new Wire(time, 115200, { chunk: 512, idle: 3 }, new Draw(1));
  const watcher = { piece() {}, command() {}, garbage() {}, early() {}, data() {}, torn() {}, booted() {} };
  const one = new Modem(time, wire, new Draw(2), { ...FIRMWARE, echo, prompt: ">" }, DELAYS, watcher);
  const system = new System(one);
  system.registered = system.active = true;
  const qmt = new Qmt(one, new Broker(), system);
  let text = "";
  wire.toHost = (chunk) => {
    text += chunk;
  };
  const says = (typed: string, ms = 3000): string => {
    text = "";
    wire.write(typed);
    time.advance(ms);
    return text;
  };
  return { says, qmt };
}

test("the example of the application note, 5.1", (t) => {
  const { says, qmt } = modem();
  t.is(says('AT+QMTOPEN=0,"220.180.239.212",1883\r'), framed("OK", "+QMTOPEN: 0,0"));
  t.is(says("AT+QMTOPEN?\r"), framed('+QMTOPEN: 0,"220.180.239.212",1883', "OK"));
  t.is(says('AT+QMTCONN=0,"clientExample","username","password"\r'), framed("OK", "+QMTCONN: 0,0,0"));
  t.is(says("AT+QMTCONN?\r"), framed("+QMTCONN: 0,3", "OK"));
  t.is(says('AT+QMTSUB=0,1,"topic/example",2\r'), framed("OK", "+QMTSUB: 0,1,0,2"));
  qmt.inbound(0, "topic/example", "This is the payload related to topic", 0);
  t.is(says(""), framed('+QMTRECV: 0,0,"topic/example",This is the payload related to topic'));
  t.is(says('AT+QMTUNS=0,2,"topic/example"\r'), framed("OK", "+QMTUNS: 0,2,0"));
  t.is(says('AT+QMTPUB=0,0,0,0,"topic/pub"\r'), "\r\n>");
  t.is(says("This is test data, hello MQTT.\x1a"), framed("OK", "+QMTPUB: 0,0,0"));
  t.is(says("AT+QMTDISC=0\r"), framed("OK", "+QMTDISC: 0,0"));
});

test("six publishes at once: the window is five (3.2.8, note 1)", (t) => {
  const { says, qmt } = modem();
  says('AT+QMTOPEN=0,"b",1883\r');
  says('AT+QMTCONN=0,"c"\r');
  qmt.fate = () => ({ lost: 9, failed: true, arrived: false, mute: false });
  for (let id = 1; id <= 5; id++) {
    says(`AT+QMTPUB=0,${id},1,0,"t"\r`, 60);
    t.is(says("x\x1a", 60), framed("OK"));
  }
  t.is(says('AT+QMTPUB=0,6,1,0,"t"\r', 60), framed("+CME ERROR: 8512"));
});

test("echo on, off and on again, as ATE says", (t) => {
  const { says } = modem(true);
  t.is(says("AT\r"), `AT\r${framed("OK")}`);
  t.is(says("ATE0\r"), `ATE0\r${framed("OK")}`);
  t.is(says("AT\r"), framed("OK"));
  says("ATE1\r");
  t.is(says("AT+CSQ\r"), `AT+CSQ\r${framed("+CSQ: 21,0", "OK")}`);
});

test("ESC calls a prompt off; a prompt that counts takes just so many bytes", (t) => {
  const { says } = modem();
  says('AT+QMTOPEN=0,"b",1883\r');
  says('AT+QMTCONN=0,"c"\r');
  t.is(says('AT+QMTPUB=0,0,0,0,"t"\r'), "\r\n>");
  t.is(says("AT\r\x1b"), framed("OK"));
  t.is(says("AT\r"), framed("OK"));
  t.is(says('AT+QMTPUB=0,0,0,0,"t",3\r'), framed("ERROR"));
});

test("a will can be read back (3.2.1)", (t) => {
  const { says } = modem();
  t.is(says('AT+QMTCFG="WILL",5\r'), framed("+QMTCFG: 0", "OK"));
  t.is(says('AT+QMTCFG="WILL",5,1,0,0,"t","drawn"\r'), framed("OK"));
  t.is(says('AT+QMTCFG="WILL",5\r'), framed('+QMTCFG: 1,0,0,"t","drawn"', "OK"));
});

test("topic filters match as in MQTT 3.1.1, 4.7", (t) => {
  for (const [filter, topic, yes] of [
    ["cmd/+", 'cmd/a",1,b', true],
    ["cmd/+", "cmd/a/b", false],
    ["cmd/#", "cmd", true],
    ["cmd/#", "cmd/a/b", true],
    ["#", "a", true],
    ["+/in", "a/in", true],
    ["+/in", "in", false],
  ] as const)
    t.is(matches(filter, topic), yes, `${filter} ${topic}`);
});

// ---- the oracle

function rules(act: (w: World) => void): Rule[] {
  const w = new World(SETUP);
  w.setUp([0, 1], ["cmd/+"]);
  act(w);
  w.time.advance(1000);
  w.oracle.close(false);
  return w.oracle.problems.map(({ rule }) => rule);
}

const publish = (w: World, payload: string): void =>
  w.broker.publish({ client: 0, topic: "up", payload, qos: 1, retain: 0, at: 0 });

test("a driver that does nothing wrong is not blamed", (t) => {
  t.deepEqual(
    rules((w) => {
      w.publish(0, "up", 1);
      w.settle(10_000);
    }),
    [],
  );
});

test("data that nobody published is seen, on the wire too", (t) => {
  t.deepEqual(
    rules((w) => publish(w, 'AT+QMTPUB=1,2,1,0,"up"\r')),
    ["injection"],
  );
  t.deepEqual(
    rules((w) => w.wire.write("own#1#\x1aAT\r")),
    ["injection"],
  );
  // In front of the prompt.
  t.deepEqual(
    rules((w) => w.wire.write('AT+QMTPUB=0,1,1,0,"up"\rown#1#')),
    ["injection"],
  );
});

test("what is published twice is seen, unless it may be", (t) => {
  for (const [again, seen] of [
    [false, ["twice"]],
    [true, []],
  ] as const)
    t.deepEqual(
      rules((w) => {
        const op = w.oracle.op("publish", 0, "up", "own#9#", 1, again);
        for (let i = 0; i < 2; i++) publish(w, "own#9#");
        w.oracle.done(op, null);
      }),
      seen,
    );
});

test("a false verdict is seen, the good one and the bad, and the bad one that comes first", (t) => {
  const told = (arrives: "before" | "after" | "never", error: unknown): Rule[] =>
    rules((w) => {
      const op = w.oracle.op("publish", 0, "up", "own#9#", 1);
      if (arrives === "before") publish(w, "own#9#");
      w.oracle.done(op, error);
      if (arrives === "after") publish(w, "own#9#");
    });
  t.deepEqual(told("never", null), ["verdict"]);
  t.deepEqual(told("before", { code: "ECME" }), ["verdict"]);
  t.deepEqual(told("after", { code: "ETIMEOUT", result: 2 }), ["verdict"]);
  t.deepEqual(told("before", null), []);
  t.deepEqual(told("never", { code: "ETIMEOUT", result: 2 }), []);
  t.deepEqual(told("before", { code: "EUNKNOWN" }), []);
});

test("a callback that comes twice is seen, and one that does not come", (t) => {
  const op = (w: World) => w.oracle.op("command", -1, "AT", "", 0);
  t.deepEqual(
    rules((w) => {
      const one = op(w);
      for (let i = 0; i < 2; i++) w.oracle.done(one, null);
    }),
    ["callback"],
  );
  t.deepEqual(
    rules((w) => void op(w)),
    ["callback"],
  );
});

test("a restart, a close and a command that takes a client down are seen, unless there was a cause", (t) => {
  t.deepEqual(
    rules((w) => w.wire.write("AT+QMTCLOSE=1\r")),
    ["drop"],
  );
  t.true(
    rules((w) => w.driver.emit("recovery", { cause: "RDY", step: "restart", attempt: 1, next: 0 })).includes("drop"),
  );
  t.deepEqual(
    rules((w) => w.drop(1)),
    [],
  );
  t.deepEqual(
    rules((w) => w.reboot()),
    [],
  );
});

test("a wrong grant is seen, and a subscription that is not there", (t) => {
  const told = (qos: number, filter = "cmd/+"): Rule[] =>
    rules((w) => {
      const op = w.oracle.op("subscribe", 1, filter, "", 1);
      w.oracle.granted(op, null, [filter], [{ topic: filter, qos }]);
    });
  t.deepEqual(told(1), []);
  t.deepEqual(told(128), ["grant"]);
  t.true(told(1, "nowhere/+").includes("grant"));
});

test("a forged message is seen unless it is marked; a real one may be cut at a comma of its topic", (t) => {
  const told = (topic: string, payload: string, ambiguous: boolean): Rule[] =>
    rules((w) => {
      w.qmt.inbound(0, 'cmd/a",1,b', "on", 0);
      w.oracle.message(0, topic, payload, ambiguous);
    });
  t.deepEqual(told("cmd/a", "off", false), ["message"]);
  t.deepEqual(told("cmd/a", "off", true), []);
  t.deepEqual(told("cmd/a", '1,b",on', false), []);
});

test("a sign of life that was none is seen", (t) => {
  t.deepEqual(
    rules((w) => {
      w.time.advance(10_000);
      w.oracle.age(0, 5);
    }),
    ["age"],
  );
});

test("a guess that hits is luck where IDs are drawn, and none where they can be foretold", (t) => {
  for (const [id, lucky] of [
    [3, false],
    [40_000, true],
  ] as const) {
    const oracle = new Oracle(() => 0, new Broker());
    const op = oracle.op("publish", 0, "up", "own#1#", 1);
    oracle.used(0, "QMTPUB", id);
    oracle.forged(0, "QMTPUB", 1, true);
    oracle.done(op, null);
    t.deepEqual(
      oracle.problems.map((one) => [one.rule, one.lucky]),
      [["verdict", lucky]],
    );
    t.deepEqual([oracle.chances, oracle.hits], [1, 1]);
  }
});

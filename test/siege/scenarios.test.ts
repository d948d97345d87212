// What a hostile publisher could do once, one scenario each, on a modem that takes the time that bytes take.
import test, { type ExecutionContext } from "ava";
import { show } from "./oracle.js";
import { FAILS, GOOD } from "./qmt.js";
import { faults, flow, framed, good, lengths, median, nextId, publishes, world } from "./stage.js";
import { DELAYS, FIRMWARE, SETUP, World } from "./world.js";

// ---- lengths

for (const shape of [2, 3] as const) {
  const topic = shape === 3 ? "cmd/a,1,b" : 'cmd/a",1,b';
  const name = `lengths, shape ${shape}, a topic that holds a length:`;
  const hostile = (w: World, ...lines: string[]): boolean => w.qmt.inbound(0, topic, `x\r\n${framed(...lines)}`, 0);

  test(`${name} a forged result confirms nothing`, (t) => {
    const w = world(lengths(shape));
    w.qmt.fate = (name) => (name === "QMTPUB" ? FAILS : GOOD);
    nextId(w, "QMTPUB", (id) => w.time.at(w.time.now() + 500, () => hostile(w, `+QMTPUB: 1,${id},0`)));
    const op = w.publish(1, "up", 1);
    w.oracle.twofold = true;
    good(t, w);
    t.is(op.error, "ETIMEOUT");
  });

  test(`${name} a forged +QMTSTAT closes nobody`, (t) => {
    const w = world(lengths(shape));
    hostile(w, "+QMTSTAT: 1,1");
    w.oracle.twofold = true;
    good(t, w);
    t.true(w.clients[1]!.connected);
  });

  test(`${name} a forged RDY restarts nothing`, (t) => {
    const w = world(lengths(shape));
    hostile(w, "RDY");
    w.oracle.twofold = true;
    good(t, w);
    t.is(w.driver.stats.restarts, 0);
  });

  test(`${name} a forged refusal takes no subscription`, (t) => {
    const w = world(lengths(shape));
    nextId(w, "QMTSUB", (id) => w.time.at(w.time.now() + 200, () => hostile(w, `+QMTSUB: 1,${id},0,128`)));
    const op = w.subscribe(1, ["more/+"], 1);
    w.oracle.twofold = true;
    good(t, w);
    t.is(op.error, undefined);
  });

  test(`${name} a forged message is not delivered as certain`, (t) => {
    const w = world(lengths(shape));
    hostile(w, '+QMTRECV: 1,0,"cmd/x",3,off');
    w.oracle.twofold = true;
    good(t, w);
  });

  test(`${name} one that is long loses no verdict`, (t) => {
    const w = world(lengths(shape));
    w.oracle.twofold = true;
    for (let i = 0; i < 10; i++) {
      const op = w.publish(1, "up", 1);
      const piece = w.onPiece;
      // Right in front of the verdict.
      let pieces = 0;
      w.onPiece = (after) => {
        if (after || ++pieces !== 3) return;
        w.onPiece = piece;
        w.qmt.inbound(0, shape === 3 ? "cmd/a,1500,b" : 'cmd/a",1500,b', "x", 0);
      };
      w.settle(60_000);
      t.is(op.error, undefined);
    }
    good(t, w);
  });
}

// ---- RDY and ERROR

test("a burst of RDY and ERROR at 115200 baud, 45 ms apart, restarts nothing", (t) => {
  const w = world();
  for (let round = 0; round < 8; round++) {
    for (let i = 0; i < 3; i++) {
      w.qmt.inbound(0, "cmd/a", `x\r\n${framed("RDY")}\r\nERROR`, 0);
      w.time.advance(45);
    }
    w.time.advance(20_000);
  }
  good(t, w);
  t.is(w.driver.stats.restarts, 0);
});

test("five such messages a second for a minute restart nothing", (t) => {
  const w = world();
  flow(
    w,
    () => w.modem.draw.wait(200),
    () => `x\r\n${framed("RDY")}\r\nERROR`,
  );
  w.time.advance(60_000);
  t.is(w.driver.stats.restarts, 0);
  t.deepEqual(faults(w), []);
});

test("one message of 1,548 bytes at 9600 baud restarts nothing", (t) => {
  const w = world({ baud: 9600 });
  w.qmt.inbound(0, "cmd/a", `x\r\n${framed("RDY")}${"\r\n\r\nERROR".repeat(200)}`.slice(0, 1548), 0);
  good(t, w);
  t.is(w.driver.stats.restarts, 0);
});

for (const [baud, answer] of [
  [9600, DELAYS.answer],
  [115200, [200, 400]],
] as const)
  test(`forged OKs at ${baud} baud do not empty the answer of AT+QMTCONN?`, (t) => {
    for (let seed = 1; seed <= 4; seed++) {
      const w = world({ seed, baud, delays: { ...DELAYS, answer: [...answer] } });
      flow(
        w,
        () => w.modem.draw.wait(200),
        (n) => `x\r\n${framed(n % 4 ? "OK" : "+QMTSTAT: 1,1")}`,
      );
      w.time.advance(60_000);
      t.true(w.clients[1]!.connected);
      t.deepEqual(faults(w), []);
    }
  });

// ---- the prompt

for (const late of [400, 1500])
  test(`a forged refusal while the prompt is ${late} ms late: no byte of client 1 gets to client 0's broker`, (t) => {
    const w = world({ delays: { ...DELAYS, prompt: [late, late] } });
    nextId(w, "QMTPUB", () => w.qmt.inbound(0, "cmd/a", `x\r\n${framed("+CME ERROR: 50")}`, 0));
    const first = w.publish(0, "up/0", 1);
    const second = w.publish(1, "up/1", 1);
    good(t, w);
    t.deepEqual([first.error, second.error], [undefined, undefined]);
  });

test("a forged prompt: no payload is typed as a command", (t) => {
  for (const busy of ["keep", "drop"] as const) {
    const w = world({ firmware: { ...FIRMWARE, busy }, delays: { ...DELAYS, prompt: [700, 900] } });
    nextId(w, "QMTPUB", () => w.qmt.inbound(0, "cmd/a", "x\r\n\r\n> ", 0));
    w.publish(0, "up/0", 1);
    good(t, w);
  }
});

// ---- a busy line

test("25 harmless messages a second, a tenth of the line, do not slow down publishes", (t) => {
  const w = world();
  flow(
    w,
    () => 40,
    (n) => `reading ${n}`.padEnd(22, "."),
  );
  const ops = publishes(w, 30);
  w.settle(60_000);
  t.deepEqual(
    ops.map((op) => op.error),
    ops.map(() => undefined),
  );
  t.true(median(ops) < 1200, `median ${median(ops)} ms`);
  t.is(w.driver.stats.restarts, 0);
});

test("50 harmless messages a second, Poisson, do not slow down publishes", (t) => {
  const w = world();
  flow(
    w,
    () => w.modem.draw.wait(20),
    (n) => `reading ${n}`.padEnd(22, "."),
  );
  const ops = publishes(w, 30);
  w.settle(60_000);
  t.deepEqual(
    ops.map((op) => op.error),
    ops.map(() => undefined),
  );
  t.true(median(ops) < 1500, `median ${median(ops)} ms`);
  t.is(w.driver.stats.restarts, 0);
});

test("20 hostile messages a second: publishes get through, if slowly", (t) => {
  const w = world();
  const lines = ["OK", "ERROR", "+CME ERROR: 50", "> ", "RDY", "+QMTSTAT: 1,1", "+QMTPUB: 1,1,0", "AT+QMTCONN?"];
  flow(
    w,
    () => 50,
    (n) => `x\r\n${framed(lines[n % lines.length]!)}`,
  );
  const ops = publishes(w, 30);
  w.settle(120_000);
  const through = ops.filter((op) => op.calls && !op.error).length;
  t.true(through >= 24, `${through} of 30, ${ops.map((op) => op.error ?? "")}`);
  t.deepEqual(faults(w), []);
});

// ---- age

test("age: neither a message of client 0 nor a forged one of client 1 is a sign of client 1's life", (t) => {
  const w = world();
  w.time.advance(10_000);
  for (const payload of [
    "plain",
    `x\r\n${framed('+QMTRECV: 1,0,"cmd/x","y"')}`,
    'x\r\n\r\n+QMTRECV: 1,0,"cmd/x","y"',
  ]) {
    w.qmt.inbound(0, "cmd/a", payload, 0);
    w.time.advance(500);
    w.oracle.age(1, w.clients[1]!.age);
  }
  good(t, w);
});

test("a lost +QMTSTAT is noticed within the keepalive time, whatever messages claim", (t) => {
  const w = new World(SETUP);
  w.setUp([0, 1], ["cmd/+"], { keepalive: 60 });
  flow(
    w,
    () => 500,
    () => `x\r\n${framed('+QMTRECV: 1,0,"cmd/x","y"', "+QMTPUB: 1,1,0")}`,
  );
  w.time.advance(5000);
  w.drop(1, 1, false);
  const since = w.time.now();
  const noticed = w.time.run(() => !w.clients[1]!.connected, 3_600_000);
  t.true(noticed && w.time.now() - since < 90_000, `after ${w.time.now() - since} ms`);
});

// ---- TLS

const PEM = (label: string): string => `-----BEGIN ${label}-----\n${"QUJD".repeat(16)}\n-----END ${label}-----\n`;
const TLS = {
  ca: PEM("CERTIFICATE"),
  cert: PEM("CERTIFICATE"),
  key: PEM("PRIVATE KEY"),
  ignoreTime: true,
};

test("a forged CONNECT: no key is written before the modem's own", (t) => {
  for (const busy of ["keep", "drop"] as const) {
    const w = world({ firmware: { ...FIRMWARE, busy }, delays: { ...DELAYS, prompt: [300, 500] } }, [0]);
    w.secrets.push("-----");
    w.onCommand = (text) => {
      if (text.startsWith("AT+QSECWRITE")) w.qmt.inbound(0, "cmd/a", `x\r\n${framed("CONNECT")}`, 0);
    };
    w.connect(1, { tls: TLS, keepalive: 0 });
    t.true(w.time.run(() => w.clients[1]!.connected, 120_000));
    good(t, w);
    t.deepEqual([...w.system.files.values()], [TLS.ca, TLS.cert, TLS.key]);
  }
});

test("20 +QSECREAD lines a second do not keep a TLS client from connecting", (t) => {
  const w = world({}, [0]);
  w.secrets.push("-----");
  flow(
    w,
    () => 50,
    () => `x\r\n${framed("+QSECREAD: 1,0")}`,
  );
  w.connect(1, { tls: TLS, keepalive: 0 });
  t.true(
    w.time.run(() => w.clients[1]!.connected, 180_000),
    w.clients[1]!.state,
  );
  t.deepEqual(faults(w), []);
});

// ---- echoes

test("a forged echo with OK costs no time-out", (t) => {
  for (const at of ["AT+CSQ", "AT+QMTPUB=0", "AT+QMTPUB=1", "AT+QMTSUB=1"]) {
    const w = world();
    w.onCommand = (text) => {
      if (!text.startsWith(at)) return;
      w.onCommand = () => {};
      w.qmt.inbound(0, "cmd/a", `x\r\n${framed(text, "OK")}`, 0);
    };
    const signal = w.command("AT+CSQ");
    w.publish(0, "up/0", 1);
    w.publish(1, "up/1", 1);
    w.subscribe(1, ["more/+"], 1);
    good(t, w);
    t.deepEqual([signal.error, signal.lines], [undefined, ["+CSQ: 21,0"]], at);
    t.is(w.driver.stats.timeouts, 0, at);
  }
});

test("a forged echo does not make a payload of the driver's own out of the modem's OK", (t) => {
  for (const payload of ["OK", "OK\r\nOK", "\r\nOK"]) {
    const w = world();
    nextId(w, "QMTPUB", (id) => w.qmt.inbound(0, "cmd/a", `x\r\n${framed(`AT+QMTPUB=1,${id},1,0,"up"`)}`, 0));
    const op = w.publishAs(1, "up", 1, payload);
    good(t, w);
    t.is(op.error, undefined);
    t.is(w.driver.stats.timeouts, 0);
  }
});

// ---- what throws inside a receive call

function deaf(t: ExecutionContext, w: World, once: () => void): void {
  once();
  w.time.advance(60_000);
  const op = w.publish(1, "up", 1);
  w.qmt.inbound(0, "cmd/a", "heard?", 0);
  t.true(w.settle(60_000), "the driver is deaf");
  t.is(op.error, undefined);
  t.true(w.oracle.heard > 0, show("no message"));
}

test("an Uart whose write throws once, inside a receive call, does not make the driver deaf", (t) => {
  let w!: World;
  let armed = false;
  const uart = {
    write(data: string) {
      if (armed && data.startsWith("own#")) {
        armed = false;
        throw new Error("no room");
      }
      w.wire.write(data);
    },
    onReceive: (_chunk: string) => {},
  };
  w = new World({ ...SETUP, options: { uart } });
  w.setUp([0, 1], ["cmd/+"]);
  deaf(t, w, () => {
    armed = true;
    w.publish(1, "up", 1);
  });
});

test("a wallClock that throws does not make the driver deaf", (t) => {
  let armed = true;
  const wallClock = (): number => {
    if (armed) {
      armed = false;
      throw new Error("no clock");
    }
    return Date.UTC(2026, 0, 1);
  };
  const w = world({ options: { wallClock } });
  w.connect(2, { tls: { ca: TLS.ca }, keepalive: 0 });
  t.true(
    w.time.run(() => w.clients[2]!.connected, 300_000),
    w.clients[2]!.state,
  );
  deaf(t, w, () => {});
});

test("an Uart whose setBaud throws once does not make the driver deaf", (t) => {
  let w!: World;
  let armed = true;
  const uart = {
    write: (data: string) => w.wire.write(data),
    onReceive: (_chunk: string) => {},
    setBaud() {
      if (!armed) return;
      armed = false;
      throw new Error("no such rate");
    },
  };
  w = new World({ ...SETUP, options: { uart } });
  w.system.rate = 0;
  w.setUp([0, 1], ["cmd/+"]);
  t.false(armed);
  deaf(t, w, () => {});
});

test("a listener that throws in each of a port's events does not make the driver deaf", (t) => {
  const w = world();
  const refuse = (): void => {
    throw new Error("a listener's");
  };
  for (const name of ["urc", "recovery", "trace", "state", "error"] as const) w.driver.on(name, refuse);
  for (const client of w.clients)
    for (const name of ["message", "packetsend", "close"] as const) client?.on(name, refuse);
  deaf(t, w, () => {
    w.modem.urc("+NEWS: 1");
    w.qmt.inbound(0, "cmd/a", "hello", 0);
    w.publish(0, "up", 2);
  });
});

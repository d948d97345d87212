// What hosts that gather bytes, late answers and guesses could once make untrue, one scenario each: messages, verdicts, grants, a password.
import test from "ava";
import { costOf } from "./costs.js";
import { TLS } from "./pem.js";
import { FAILS, GOOD } from "./qmt.js";
import { faults, framed, good, nextId, world } from "./stage.js";
import { FIRMWARE, SETUP, World } from "./world.js";

// ---- hosts that gather

test("a host that gathers for longer than a silence: what a payload holds for another client is marked", (t) => {
  for (const chunk of [128, 256, 512]) {
    const w = world({ baud: 9600, habit: { chunk, idle: 3 } });
    const forged = framed('+QMTRECV: 1,0,"cmd/x",off', "+QMTSTAT: 1,1");
    // Behind a stretch of bytes that is as long as what it gathers, so that a chunk begins with the forged lines.
    for (let i = 0; i < 8; i++) {
      w.qmt.inbound(0, "cmd/a", `${".".repeat(chunk - 30 + i)}\r\n${forged}`, 0);
      w.time.advance(3000);
    }
    good(t, w);
    t.true(w.clients[1]!.connected, `${chunk} bytes`);
  }
});

test("a prompt at the end of what the host hands over, when it gathers the rest for longer than ever: no data goes there", (t) => {
  for (const size of [10, 35, 60]) {
    const payload = `x\r\n\r\n> ${framed("> ").repeat(100)}`;
    const head = `\r\n+QMTRECV: 0,0,"cmd/a",x\r\n\r\n> `.length;
    const w = world({ habit: { chunk: 64, idle: 3 }, delays: { ...SETUP.delays, prompt: [200, 300] } });
    nextId(w, "QMTPUB", () => {
      w.wire.gather(head, size * 8);
      w.qmt.inbound(0, "cmd/a", payload, 0);
    });
    const op = w.publish(1, "up", 1);
    good(t, w);
    t.is(op.error, undefined);
  }
});

// ---- verdicts

for (const line of ["+CME ERROR: 50", "ERROR", "OK"])
  test(`a forged ${line} behind the data: the publish ends as the broker has it, and is there once`, (t) => {
    for (const resend of [false, true])
      for (const at of [0, 5, 40]) {
        const w = new World(SETUP);
        w.setUp([0, 1], ["cmd/+"], { unknown: resend ? "resend" : "report" });
        w.time.advance(1000);
        const write = w.wire.write.bind(w.wire);
        w.wire.write = (text) => {
          write(text);
          if (text.includes("\x1a"))
            w.time.at(w.time.now() + at, () => w.qmt.inbound(0, "cmd/a", `x\r\n${framed(line)}`, 0));
        };
        const op = w.publish(1, "up", 1, "21.5", resend);
        good(t, w);
        t.is(op.error, undefined);
        t.is(op.arrived, 1);
      }
  });

test("a salvo of guesses at a publish that fails: it is not confirmed", (t) => {
  const w = world();
  w.qmt.fate = (name) => (name === "QMTPUB" ? FAILS : GOOD);
  nextId(w, "QMTPUB", (id) => {
    const wrong = Array.from({ length: 40 }, (_, i) => `+QMTPUB: 1,${(Number(id) % 65000) + i + 1},0`);
    for (let i = 0; i < 10; i++)
      w.time.at(w.time.now() + 300 + 100 * i, () => w.qmt.inbound(0, "cmd/a", `x\r\n${framed(...wrong)}`, 0));
  });
  const op = w.publish(1, "up", 1);
  good(t, w);
  t.is(op.error, "ETIMEOUT");
});

test("a salvo of grants and refusals: the user is told what the broker granted", (t) => {
  const w = world();
  nextId(w, "QMTSUB", (id) => {
    for (let i = 0; i < 10; i++) {
      const msgid = (Number(id) % 65000) + i + 1;
      const lines = framed(`+QMTSUB: 1,${msgid},0,128`, `+QMTSUB: 1,${msgid},0,0`, `+QMTSUB: 1,${msgid},2`);
      w.time.at(w.time.now() + 70 * i, () => w.qmt.inbound(0, "cmd/a", `x\r\n${lines}`, 0));
    }
  });
  const op = w.subscribe(1, ["more/+", "low/+"], 2);
  good(t, w);
  t.is(op.error, undefined);
  t.deepEqual([...w.oracle.told[1]!].sort(), [
    ["cmd/+", 1],
    ["low/+", 0],
    ["more/+", 2],
  ]);
});

test("a topic in quotes that holds a length and a line end, where the modem sets no quotes: a forged +QMTSTAT closes nobody", (t) => {
  const w = new World({ ...SETUP, firmware: { ...FIRMWARE, lengths: true, shape: 3 } });
  w.setUp([0, 1], ["#"]);
  w.oracle.brokenTopic = true;
  w.qmt.inbound(0, '"/a",1,b\r\n\r\nRDY', framed("+QMTSTAT: 1,1"), 0);
  good(t, w);
  t.true(w.clients[1]!.connected);
});

test("a topic that reads in two ways because of a filter that is just being given up: it costs a mark, and nothing else", (t) => {
  const w = new World({ ...SETUP, firmware: { ...FIRMWARE, lengths: true, shape: 4 } });
  w.setUp([0], ["#", "extra/+"]);
  w.unsubscribe(0, ["#"]);
  t.true(w.time.run(() => !w.broker.sessions[0]!.filters.has("#"), 10_000));
  w.qmt.inbound(0, 'extra/a",0,', '"+QMTRECV: 2,5,"extra/"",0,\r\n\n+QMTRECV:', 0);
  good(t, w);
  t.is(w.oracle.marked, 1);
});

// ---- openings

for (const line of [
  "+QMTOPEN: 1,3",
  "+QMTOPEN: 1,-1",
  '+QMTOPEN: 1,"broker1.example",1883',
  "+QMTCONN: 1,0,5",
  "+QMTSTAT: 1,1",
])
  test(`a forged ${line} while client 1 connects again costs no attempt`, (t) => {
    const w = world();
    let attempts = 0;
    w.clients[1]!.on("reconnect", () => {
      attempts++;
    });
    w.onCommand = (text) => {
      if (!/^AT\+QMT(OPEN|CONN)=1/.test(text)) return;
      for (const ms of [0, 60, 200])
        w.time.at(w.time.now() + ms, () => w.qmt.inbound(0, "cmd/a", `x\r\n${framed(line)}`, 0));
    };
    w.drop(1);
    t.true(w.time.run(() => attempts > 0 && w.clients[1]!.connected, 60_000));
    t.is(attempts, 1);
    t.deepEqual(faults(w), []);
  });

test("half of the line full of hostile messages at 115200 baud: nothing restarts, nothing is closed", (t) => {
  t.deepEqual(costOf("plain", 115200, 0.5).faults, []);
});

test("so it is where lengths are told, and publishes are as fast as ever", (t) => {
  const { took, waiting, faults } = costOf("lengths", 115200, 0.5);
  t.deepEqual([took.length, waiting, faults], [60, 0, []]);
  t.true(took[30]! < 1500, `${took[30]} ms`);
});

// ---- a reboot that nobody tells

test("a fixed rate is stored with echo on, and a reboot without RDY costs no password", (t) => {
  for (const when of ["AT+QSSLCFG", "AT+QMTCFG", "AT+QMTOPEN=1", "AT+QMTCONN=1"]) {
    const w = new World({ ...SETUP, firmware: { ...FIRMWARE, echo: true } });
    w.system.rate = 0;
    w.setUp([0], ["cmd/+"]);
    t.true(w.modem.savedEcho, "it echoes when it boots");
    w.onCommand = (text) => {
      if (!text.startsWith(when)) return;
      w.onCommand = () => {};
      w.time.at(w.time.now() + 1, () => w.reboot(false));
    };
    w.connect(1, { tls: TLS, username: "u", password: "p", keepalive: 0 });
    t.true(
      w.time.run(() => w.clients[1]!.connected && w.clients[0]!.connected, 600_000),
      when,
    );
    t.deepEqual(faults(w), [], when);
  }
});

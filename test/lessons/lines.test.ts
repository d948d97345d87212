// Lessons from the field about lines, answers and URCs that no other test tells by themselves. Numbers: docs/reliability.md.
import test from "ava";
import { bench } from "../client/support.js";
import { FramerRig, SessionRig } from "../core/at/rig.js";
import { rig } from "../support/rig.js";

test("lesson 7: a message between a command and its answer is delivered, and so is the answer", (t) => {
  const b = new SessionRig();
  b.uart.reply("AT+CSQ\r", "");
  b.send("AT+CSQ", { info: "+CSQ:" });
  b.clock.advance(20);
  b.uart.feed('\r\n+QMTRECV: 0,1,"t",hello\r\n');
  b.clock.advance(50);
  b.uart.feed("\r\n+CSQ: 20,0\r\n\r\nOK\r\n");
  t.deepEqual(b.take(), ['message +QMTRECV: 0,1,"t",hello', "AT+CSQ OK [+CSQ: 20,0]"]);
});

test("lesson 10: URCs in the tail of an answer are told, each of them", (t) => {
  const b = new SessionRig();
  b.uart.reply("AT+CSQ\r", "\r\n+CSQ: 20,0\r\n\r\n+QMTSTAT: 0,1\r\n\r\nOK\r\n\r\n+CREG: 2\r\n\r\nRDY\r\n");
  b.send("AT+CSQ", { info: "+CSQ:" });
  t.deepEqual(b.settle(), ["urc +QMTSTAT: 0,1", "AT+CSQ OK [+CSQ: 20,0]", "urc +CREG: 2", "urc RDY"]);
});

test("lesson 16: URCs without a plus are told by their table, an unknown line too, and neither gets into an answer", (t) => {
  const b = bench();
  const told: string[] = [];
  b.modem.on("urc", (line: string) => told.push(line));
  const lines: (string[] | undefined)[] = [];
  b.modem.command("AT+GSN", {}, (_error, answer) => lines.push(answer));
  b.clock.advance(25);
  b.virtual.uart.onReceive("\r\nUNDER_VOLTAGE WARNING \r\n\r\nCall Ready\r\n");
  b.until("answered", () => lines.length > 0);
  b.clock.advance(100);
  b.virtual.uart.onReceive("\r\nSOMETHING NEW\r\n");
  t.deepEqual(told, ["UNDER_VOLTAGE WARNING", "Call Ready", "SOMETHING NEW"]);
  t.is(lines[0]!.length, 1);
});

test("lesson 17: formatted JSON is one message, however many lines it has", (t) => {
  const json = '{\n  "on": true,\r\n  "list": [\n    1,\n\n    2\n  ]\n}';
  const b = new FramerRig();
  for (const byte of `\r\n+QMTRECV: 0,0,"lamp",${json}\r\n`) b.framer.receive(byte);
  b.clock.advance(100);
  t.deepEqual(b.take(), [`message +QMTRECV: 0,0,"lamp",${json}`]);
});

test("lesson 21: commands end with CR alone, so no LF gets in front of a payload", (t) => {
  const b = bench();
  let acknowledged = false;
  b.client.subscribe("t");
  b.client.publish("t", "first byte", { qos: 1 }, () => {
    acknowledged = true;
  });
  b.until("acknowledged", () => acknowledged);
  const written = b.trace.filter((one) => one.startsWith(">")).map((one) => one.slice(1));
  t.true(written.length > 20);
  t.deepEqual(
    written.filter((one) => one.includes("\n")),
    [],
  );
  t.is(b.broker.received.at(-1)!.payload.toString(), "first byte");
});

test("lesson 56: any line can be the prompt of a command, as CONNECT and DOWNLOAD are", (t) => {
  for (const prompt of [">", "CONNECT", "DOWNLOAD"]) {
    const b = new SessionRig();
    b.uart.reply("AT+QFUPL\r", `\r\n${prompt}${prompt === ">" ? "" : "\r\n"}`).reply("data", "\r\nOK\r\n");
    b.send("AT+QFUPL", { prompt, data: "data" });
    t.deepEqual(b.settle(), ["AT+QFUPL OK"], prompt);
    t.deepEqual(b.uart.written, ["AT+QFUPL\r", "data"], prompt);
  }
});

test("lesson 50: AT+CMEE=1 stands in every bring-up, so that a refusal has a number", (t) => {
  const r = rig();
  r.modem.start();
  r.until("ready", () => r.modem.state === "ready");
  t.true(r.trace.includes(">AT+CMEE=1\r"));
  const outcome: unknown[] = [];
  r.modem.command('AT+QMTOPEN=9,"broker.example",1883', {}, (error) => outcome.push(error));
  r.until("refused", () => outcome.length > 0);
  t.is(typeof (outcome[0] as { cme?: number }).cme, "number");
});

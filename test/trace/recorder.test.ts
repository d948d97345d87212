// The recorder: secrets that come in pieces, order, the bound of a file, and a driver that does not notice it.

import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import test from "ava";
import { M95, recorder } from "../../targets/node/index.js";
import { type Entry, parseTrace, TraceError } from "../../trace/format.js";
import { Recorder } from "../../trace/recorder.js";
import { MemoryBroker, SimClock, VirtualM95 } from "../../virtual-m95/index.js";
import { recordings } from "../traces/record.js";

const folder = mkdtempSync(path.join(tmpdir(), "m95-trace-"));
test.after.always(() => rmSync(folder, { recursive: true }));

function line() {
  const clock = new SimClock();
  const entries: Entry[] = [];
  const made = new Recorder((text) => entries.push(JSON.parse(text)));
  const uart = { write: (_data: string) => {}, onReceive: (_chunk: string) => {} };
  made.begin({}, clock);
  made.attach({ uart, options: {} });
  const bytes = () => entries.flatMap((one) => ("d" in one ? [`${one.t}${one.d}${one.b}`] : []));
  return { clock, uart, made, entries, bytes };
}

test("a secret in pieces is veiled, and the pieces keep their times and sizes", (t) => {
  const { clock, uart, bytes } = line();
  for (const piece of ["AT+CP", 'IN="4', '711"', "\r"]) {
    uart.write(piece);
    clock.advance(10);
  }
  t.deepEqual(bytes(), ["0>AT+CP", '10>IN="0', '20>000"', "30>\r"]);
});

test("what has no end is written after a second, and entries stay in their order", (t) => {
  const { clock, uart, made, bytes } = line();
  uart.onReceive("\r\n> ");
  clock.advance(5);
  uart.write("AT\r");
  t.deepEqual(bytes(), []);
  clock.advance(1000);
  uart.write("AT\r");
  t.deepEqual(bytes(), ["0<\r\n> ", "5>AT\r", "1005>AT\r"]);
  uart.write('AT+CPIN="12');
  made.close();
  t.is(bytes().at(-1), '1005>AT+CPIN="00');
  uart.write("34");
  t.is(bytes().length, 4);
});

test("a pin that is watched is written down with every fall, and tells its watcher", (t) => {
  const { clock, made, entries } = line();
  let fall = (): void => {};
  const pin = {
    read: () => 1 as const,
    watch: (fell: () => void) => {
      fall = fell;
    },
  };
  const { ri } = made.pins({ ri: pin });
  let rings = 0;
  ri.watch(() => rings++);
  fall();
  clock.advance(10);
  fall();
  t.is(rings, 2);
  made.close();
  const falls = entries.filter((one) => "pin" in one);
  t.deepEqual(falls, [
    { t: 0, pin: "ri", level: 0 },
    { t: 10, pin: "ri", level: 0 },
  ]);
});

test("a pause inside a secret gives nothing away", (t) => {
  const { clock, uart, made, bytes } = line();
  uart.write('AT+CPIN="12');
  clock.advance(2000);
  uart.onReceive("\r\n");
  uart.write('34"\r');
  made.close();
  t.deepEqual(bytes(), ['0>AT+CPIN="00', "2000<\r\n", '2000>00"\r']);
});

test("a line without end does not wait for ever, nor grow", (t) => {
  const { uart, bytes } = line();
  for (let i = 0; i < 50; i++) uart.onReceive("x".repeat(1000));
  t.true(bytes().length > 40);
});

test("the driver does the same with a recorder and without one", (t) => {
  const run = (recorded: boolean) => {
    const clock = new SimClock();
    const broker = new MemoryBroker({ clock });
    const virtual = new VirtualM95({ clock, network: broker.network, poweredOn: true });
    const seen: string[] = [];
    const modem = new M95({
      uart: virtual.uart,
      clock,
      apn: "internet",
      random: () => 0.25,
      ...(recorded && { trace: new Recorder(() => {}) }),
    });
    modem.on("trace", (direction, text) => seen.push(`${clock.now()}${direction}${text}`));
    const client = modem.connect({ host: "broker.example", clientId: "me" });
    client.on("message", (topic, payload) => {
      seen.push(`${topic} ${payload}`);
      client.end();
    });
    client.on("connect", () => {
      client.subscribe("a");
      client.publish("a", "hello", { qos: 1 });
    });
    clock.advance(60_000);
    return seen;
  };
  const without = run(false);
  t.true(without.includes("a hello"));
  t.deepEqual(run(true), without);
});

test("calls that the driver makes itself are not the host's", (t) => {
  const entries = parseTrace(recordings["power-on"]!());
  const calls = entries.flatMap((one) => ("call" in one ? [one.call] : []));
  t.deepEqual(calls, ["start", "power.on", "identity", "signal", "stop", "power.off"]);
  t.false(/4711|apnpass/.test(JSON.stringify(entries)));
});

test("a file has its bound: the old half is put aside, each with a head of its own", (t) => {
  const file = path.join(folder, "bound.jsonl");
  const made = recorder(file, { limit: 10_000 });
  const uart = { write: (_data: string) => {}, onReceive: (_chunk: string) => {} };
  made.begin({}, new SimClock());
  made.attach({ uart, options: { apn: "internet", pin: "4711" } });
  for (let i = 0; i < 1000; i++) uart.onReceive(`\r\n+CREG: ${i}\r\n`);
  made.close();
  for (const one of [file, `${file}.1`]) {
    t.true(statSync(one).size <= 5000, one);
    t.true(parseTrace(readFileSync(one, "utf8")).length > 2);
  }
  t.regex(readFileSync(file, "utf8").split("\n")[0]!, /"masked":\["PIN"\]/);
  t.is(statSync(file).mode & 0o777, 0o600);
  t.regex(readFileSync(file, "utf8"), /CREG: 999/);
  t.throws(() => recorder(file, { limit: 5 }), { message: /limit must be a number of at least 10000, not 5/ });
  t.throws(() => recorder(path.join(folder, "no", "such")), { code: "ENOENT" });
});

test("what is no trace is refused with the line; a torn last line is not", (t) => {
  const head = '{"t":0,"trace":"m95","version":1,"options":{}}';
  t.is(parseTrace(`${head}\n{"t":1,"d":"<","b":"x"}\n{"t":2,"d`).length, 2);
  t.throws(() => parseTrace(`${head}\nnonsense\n`), {
    instanceOf: TraceError,
    message: /line 2 is no entry.*nonsense/,
  });
  t.throws(() => parseTrace(`{"t":1}\n`), { message: /first line does not say/ });
  t.throws(() => parseTrace(head.replace("1,", "7,")), { message: /version 7/ });
  t.throws(() => parseTrace(""), { message: /this is no trace/ });
  writeFileSync(path.join(folder, "x"), "");
});

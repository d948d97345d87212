// A modem out of a recording: matched by command, deviations told. And the demo's whole run, recorded and played again.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import test from "ava";
import { type Entry, parseTrace } from "../../trace/format.js";
import { replay } from "../../virtual-m95/index.js";
import { Units } from "../../virtual-m95/replay/units.js";
import { outcomes, playTrace } from "../traces/host.js";
import { recordings } from "../traces/record.js";

const folder = mkdtempSync(path.join(tmpdir(), "m95-replay-"));
test.after.always(() => rmSync(folder, { recursive: true }));

const head = { t: 0, trace: "m95", version: 1, options: {} } as Entry;

/** A recording out of `> AT` and `< OK` lines, 100 ms apart. */
function recording(...lines: string[]): Entry[] {
  return [head, ...lines.map((one, i) => ({ t: 100 * (i + 1), d: one[0] as "<" | ">", b: one.slice(2) }))];
}

function answering(...lines: string[]) {
  const modem = replay(recording(...lines));
  let heard = "";
  modem.uart.onReceive = (chunk) => {
    heard += chunk;
  };
  return {
    modem,
    ask(text: string): string {
      heard = "";
      modem.uart.write(text);
      modem.clock.advance(10_000);
      return heard;
    },
  };
}

test("commands are answered as recorded, in any order; the same command in the order of its answers", (t) => {
  const { modem, ask } = answering("> AT+CSQ\r", "< \r\n+CSQ: 9,0\r\n", "> AT+CREG?\r", "< 2", "> AT+CREG?\r", "< 1");
  t.is(ask("AT+CREG?\r"), "2");
  t.is(ask("at+creg?\r"), "\r\nERROR\r\n");
  t.is(ask("AT+CREG?\r"), "1");
  t.is(ask("AT+CSQ\r"), "\r\n+CSQ: 9,0\r\n");
  t.deepEqual(
    modem.deviations.map(({ kind, sent }) => [kind, sent]),
    [["unknown", "AT+creg?"]],
  );
  t.is(ask("AT+CREG?\r"), "1");
  t.is(ask('AT+CSCS="GSM"\r'), "\r\nERROR\r\n");
  t.deepEqual(
    modem.deviations.slice(1).map(({ kind }) => kind),
    ["again", "unknown"],
  );
  t.deepEqual(modem.unused, []);
});

test("other parameters are answered with what was recorded for the command, and told", (t) => {
  const { modem, ask } = answering('> AT+QMTOPEN=0,"a",1883\r', "< OK", "> AT+CMEE=1\r", "< x");
  t.is(ask('AT+QMTOPEN=0,"b",1883\r'), "OK");
  t.is(modem.deviations[0]!.kind, "other");
  t.is(modem.deviations[0]!.detail, 'recorded was AT+QMTOPEN=0,"a",1883');
  t.deepEqual(modem.unused, ["AT+CMEE=1"]);
});

test("a message ID that is drawn anew comes back in its result, and is no deviation", (t) => {
  const { modem, ask } = answering('> AT+QMTPUB=0,77,1,0,"t"\r', "< \r\n> ", "> hi\x1a", "< \r\n+QMTPUB: 0,77,0\r\n");
  t.is(ask('AT+QMTPUB=0,5,1,0,"t"\r'), "\r\n> ");
  t.is(ask("hi\x1a"), "\r\n+QMTPUB: 0,5,0\r\n");
  t.deepEqual(modem.deviations, []);
});

test("secrets match although they are veiled", (t) => {
  const { modem, ask } = answering('> AT+CPIN="0000"\r', "< OK");
  t.is(ask('AT+CPIN="4711"\r'), "OK");
  t.deepEqual(modem.deviations, []);
});

test("data is what stands behind a prompt: until Ctrl+Z, or as long as was said", (t) => {
  const units = new Units();
  const texts = (bytes: string) => units.host(bytes).map(({ kind, text }) => `${kind} ${text}`);
  t.deepEqual(texts("\x1b\nAT\r\nATE0\r"), ["command AT", "command ATE0"]);
  t.deepEqual(texts('AT+QMTPUB=0,0,0,0,"t"\r'), ['command AT+QMTPUB=0,0,0,0,"t"']);
  units.modem("\r\n>");
  units.modem(" ");
  t.deepEqual(texts("a\rAT\r"), []);
  t.deepEqual(texts("\x1aAT\r"), ["data a\rAT\r\x1a", "command AT"]);
  texts('AT+QMTPUB=0,0,0,0,"t",3\r');
  units.modem("\r\n> ");
  t.deepEqual(texts("\x1a\x1b\r"), ["data \x1a\x1b\r"]);
  texts('AT+QSECWRITE="RAM:a",4,100\r');
  units.modem("\r\nCONNECT\r\n");
  t.deepEqual(texts("\r\rAT"), ["data \r\rAT"]);
});

test("pins are answered, too: STATUS rises as long after the press as it did", (t) => {
  const pin = (at: number, name: string, level: number) => ({ t: at, pin: name, level }) as Entry;
  const modem = replay([head, pin(0, "status", 0), pin(50, "pwrkey", 1), pin(850, "status", 1)]);
  t.is(modem.pins.status.read(), 0);
  modem.clock.advance(5000);
  modem.pins.pwrkey.write(1);
  modem.clock.advance(799);
  t.is(modem.pins.status.read(), 0);
  modem.clock.advance(1);
  t.is(modem.pins.status.read(), 1);
});

test("m95-virtual --replay answers a host and tells where it deviates", async (t) => {
  const file = path.join(folder, "messages.jsonl");
  writeFileSync(file, recordings.messages!());
  const child = spawn(process.execPath, ["build/virtual-m95/server/cli.js", "--replay", file, "--speed", "20"]);
  t.teardown(() => child.kill());
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    output += text;
  });
  const until = async (what: () => boolean) => {
    for (let i = 0; i < 400 && !what(); i++) await new Promise((resolve) => setTimeout(resolve, 20));
    if (!what()) t.fail(`${what}: ${output}`);
  };
  await until(() => output.includes("UART on"));
  const socket = net.connect(Number(/UART on .*:(\d+)/.exec(output)![1]), "127.0.0.1");
  let heard = "";
  socket.setEncoding("latin1").on("data", (text) => {
    heard += text;
  });
  socket.write("AT\r");
  await until(() => heard.includes("OK"));
  socket.write("AT+NEVER\r");
  await until(() => /deviation: AT\+NEVER: nothing like it/.test(output));
  socket.destroy();
  child.kill("SIGTERM");
  t.deepEqual(await once(child, "exit"), [0, null]);
});

test("m95-virtual --replay refuses what is no trace, and options that a recording cannot follow", async (t) => {
  const ends = async (...args: string[]) => {
    const child = spawn(process.execPath, ["build/virtual-m95/server/cli.js", ...args]);
    return (await once(child, "exit"))[0];
  };
  t.is(await ends("--replay", "package.json"), 1);
  t.is(await ends("--replay", "x", "--powered-on"), 2);
});

test("the demo's whole run, recorded and played again, gives the same events", async (t) => {
  t.timeout(120_000);
  const file = path.join(folder, "demo.jsonl");
  // What a driver heard late, because the machine had no time for it, it may hear before its next command when played again:
  // such a recording is made once more.
  for (let left = 2; ; left--) {
    const args = ["build/examples/demo/main.js", "--speed", "2", "--record", file];
    const child = spawn(process.execPath, args, { stdio: "ignore" });
    t.deepEqual(await once(child, "exit"), [0, null]);
    const text = readFileSync(file, "utf8");
    // Its IMEI, which it prints.
    t.false(text.includes("861234567890123"));
    const entries = parseTrace(text);
    const { entries: again, replay: modem } = playTrace(entries);
    const expected = outcomes(entries, false);
    const seen = outcomes(again, false);
    t.true(expected["message of 0"]!.length > 20 && expected["message of 1"]!.length > 20);
    if (left > 0 && JSON.stringify(seen) !== JSON.stringify(expected)) continue;
    t.deepEqual(seen, expected);
    t.deepEqual(modem.deviations, []);
    return;
  }
});

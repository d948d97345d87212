// The program m95-doctor, on a real line: a virtual M95 behind TCP, a real broker.

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import test from "ava";
import { parseTrace } from "../../trace/format.js";
import { startVirtualM95Server, type VirtualM95Options } from "../../virtual-m95/index.js";
import { ScaledClock } from "../../virtual-m95/time/scaled-clock.js";
import { startAedes } from "../support/aedes.js";

const folder = mkdtempSync(path.join(tmpdir(), "m95-doctor-"));
test.after.always(() => rmSync(folder, { recursive: true }));
const cli = path.resolve("build/doctor/cli.js");

async function serve(modem: Partial<VirtualM95Options>) {
  const broker = await startAedes();
  const server = await startVirtualM95Server({
    broker: { host: "127.0.0.1", port: broker.port },
    control: { host: "127.0.0.1", port: 0 },
    modem: { clock: new ScaledClock(10), protocolVersion: 4, hostBaud: 0, ...modem },
  });
  return { server, close: () => Promise.all([server.close(), broker.stop()]) };
}

async function doctor(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const child = spawn(process.execPath, [cli, ...args], { env: { ...process.env, NO_COLOR: "1" } });
  let out = "";
  let err = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    out += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text) => {
    err += text;
  });
  const [code] = await once(child, "close");
  return { code, out, err };
}

test("it examines a modem behind TCP, writes a report and a trace, and ends with 0", async (t) => {
  t.timeout(60_000);
  const { server, close } = await serve({ poweredOn: false });
  t.teardown(close);
  const [report, trace] = [path.join(folder, "report.md"), path.join(folder, "trace.jsonl")];
  const { code, out, err } = await doctor(
    ...["--port", `127.0.0.1:${server.port}`, "--power-key", `127.0.0.1:${server.controlPort}`, "--apn", "internet"],
    ...["--broker", "broker.example", "--quick", "--report", report, "--record", trace],
  );
  t.is(err, "");
  t.is(code, 0, out);
  t.regex(out, /port and wire\n {2}· PWRKEY for 2\.1 s: it was off, and answers now\n/);
  t.regex(out, /Findings\n {2}None\./);
  const text = readFileSync(report, "utf8");
  t.regex(text, /^# Check-up of an M95, \d{4}-\d\d-\d\d\n\nNothing was found\./);
  const entries = parseTrace(readFileSync(trace, "utf8"));
  const first = entries.find((one) => "d" in one);
  t.like(first, { d: ">", b: "AT\r" });
  t.true(entries.some((one) => "b" in one && one.b.includes("+QMTRECV")));
});

test("what is found ends with 1, and JSON has it", async (t) => {
  t.timeout(60_000);
  const { server, close } = await serve({ poweredOn: true, sim: { state: "puk" } });
  t.teardown(close);
  const { code, out } = await doctor("--port", `127.0.0.1:${server.port}`, "--quick", "--json");
  t.is(code, 1);
  const report = JSON.parse(out);
  t.is(report.verdict, "fault");
  t.is(report.findings[0].id, "sim-puk");
  t.is(report.questions.length, 18);
});

test("a warning alone ends with 3", async (t) => {
  t.timeout(60_000);
  const { server, close } = await serve({ poweredOn: true, sleep: 1, dtr: 0 });
  t.teardown(close);
  const { code, out } = await doctor("--port", `127.0.0.1:${server.port}`, "--quick");
  t.is(code, 3, out);
  t.regex(out, /! sleep is switched on/);
});

test("calls that cannot be meant, and ports that cannot be had", async (t) => {
  const run = (...args: string[]) => spawnSync(process.execPath, [cli, ...args], { encoding: "utf8" });
  t.is(run().status, 2);
  t.regex(run().stderr, /say which port/);
  for (const args of [
    ["--pin", "12"],
    ["--baud", "5"],
    ["--broker", "mqtt://x"],
    ["--broker", "x:0"],
    ["--apn", 'a"b'],
    ["--tls", path.join(folder, "none")],
    ["--power-key", "foo"],
    ["--report", path.join(folder, "none", "report.md")],
    ["--report", folder],
    ["--record", path.join(folder, "none", "traffic.jsonl")],
  ])
    t.is(run("--port", "x:1", ...args).status, 2, args.join(" "));
  t.is(run("--help").status, 0);
  t.regex(run("--version").stdout, /^\d+\.\d+\.\d+\n$/);
  t.is(run("--port", "127.0.0.1:1").status, 1);
  t.regex(run("--port", "/dev/none-such").stderr, /\/dev\/none-such cannot be opened/);
  const { server, close } = await serve({});
  t.teardown(close);
  const key = await doctor("--port", `127.0.0.1:${server.port}`, "--power-key", "rts");
  t.is(key.code, 1);
  t.regex(key.err, /this port has no such line/);
  writeFileSync(path.join(folder, "x"), "");
});

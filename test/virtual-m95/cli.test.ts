// The program m95-virtual and its server: ports, control protocol, pty, exit codes. The modem itself is tested elsewhere.

import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import test, { type ExecutionContext } from "ava";
import { visible } from "../../terminal/harmless.js";
import { controlCommands } from "../../virtual-m95/server/control.js";
import { startVirtualM95Server } from "../../virtual-m95/server/server.js";
import { formatTrace } from "../../virtual-m95/server/trace-format.js";

const cli = fileURLToPath(new URL("../../virtual-m95/server/cli.js", import.meta.url));
const limit = 10_000;

interface Run {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs the program to its end. */
function run(...args: string[]): Promise<Run> {
  return new Promise((resolve) => {
    execFile(process.execPath, [cli, ...args], { timeout: limit }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}

/** Starts the program; `line` resolves with the next line of output that begins so. */
function start(t: ExecutionContext, ...args: string[]) {
  const child = spawn(process.execPath, [cli, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  t.teardown(() => child.kill("SIGKILL"));
  const lines: string[] = [];
  const waiting: { begin: string; resolve: (line: string) => void }[] = [];
  createInterface(child.stdout).on("line", (line) => {
    lines.push(line);
    const index = waiting.findIndex(({ begin }) => line.startsWith(begin));
    if (index >= 0) waiting.splice(index, 1)[0]!.resolve(line);
  });
  const line = (begin: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const known = lines.find((text) => text.startsWith(begin));
      if (known) return resolve(known);
      const timer = setTimeout(() => reject(new Error(`no line ${begin} in ${lines.join("\n")}`)), limit);
      waiting.push({
        begin,
        resolve: (text) => {
          clearTimeout(timer);
          resolve(text);
        },
      });
    });
  return { child, line };
}

function exited(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once("exit", resolve));
}

/** A connection on which one writes and waits for a text. */
async function dial(t: ExecutionContext, port: number) {
  const socket = net.connect(port, "127.0.0.1").setEncoding("latin1");
  t.teardown(() => socket.destroy());
  let heard = "";
  let wake = (): void => {};
  socket.on("data", (data) => {
    heard += data;
    wake();
  });
  const ended = new Promise<void>((resolve) => socket.on("close", () => resolve()));
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
  });
  const say = async (text: string, until: string): Promise<string> => {
    const deadline = Date.now() + limit;
    heard = "";
    socket.write(text, "latin1");
    while (!heard.includes(until)) {
      if (Date.now() > deadline) throw new Error(`no ${JSON.stringify(until)} in ${JSON.stringify(heard)}`);
      await new Promise<void>((resolve) => {
        wake = resolve;
        setTimeout(resolve, 100);
      });
    }
    return heard;
  };
  return { socket, say, ended };
}

test("startVirtualM95Server: UART bytes, pins and mishaps, violations", async (t) => {
  const control = { host: "127.0.0.1", port: 0 };
  const server = await startVirtualM95Server({ speed: 50, control, modem: { baud: 115_200 } });
  t.teardown(() => server.close());
  const pins = await dial(t, server.controlPort!);
  const uart = await dial(t, server.port);
  t.is(await pins.say("status\n", "\n"), "ok 0\n");
  t.is(await pins.say("press 1200\n", "\n"), "ok\n");
  t.is(await pins.say("status\n", "\n"), "ok 1\n");
  await uart.say("", "SMS Ready\r\n");
  t.is(await uart.say("ATE0\r", "OK\r\n"), "ATE0\r\r\nOK\r\n");
  await pins.say("urc +CREG: 5\n", "ok");
  await uart.say("", "\r\n+CREG: 5\r\n");
  // The control port talks UTF-8, and so the line to the host has its bytes; ü and € as Latin-1 sees them.
  await pins.say(`urc +X: ${Buffer.from("\u00fc\u20ac").toString("latin1")}\n`, "ok");
  await uart.say("", "\r\n+X: \xc3\xbc\xe2\x82\xac\r\n");
  t.is(await pins.say("signal 9 1\n", "\n"), "ok\n");
  t.is(await uart.say("AT+CSQ\r", "OK\r\n"), "\r\n+CSQ: 9,1\r\n\r\nOK\r\n");
  t.is(await pins.say("fail +CSQ 4\n", "\n"), "ok\n");
  t.is(await uart.say("AT+CSQ\r", "ERROR\r\n"), "\r\nERROR\r\n");
  t.is(await pins.say("violations\n", "\n"), "ok 0\n");
  await uart.say('AT+QMTCFG="NOSUCH",0\r', "ERROR\r\n");
  t.regex(await pins.say("violations\n", "NOSUCH"), /^ok 1\n\d+ parameter no config_type NOSUCH/);
  for (const line of [
    "network down",
    "network up",
    "registration 2",
    "drop-pdp",
    "drop-link 0 1",
    "hang",
    "unhang",
    "wait 5",
  ]) {
    t.is(await pins.say(`${line}\n`, "\n"), "ok\n", line);
  }
  t.is(await pins.say("sim remove\n", "\n"), "ok\n");
  await uart.say("", "+CPIN: NOT READY\r\n");
  t.is(await pins.say("emergoff 1\n", "\n"), "ok\n");
  await pins.say("wait 50\n", "ok");
  t.is(await pins.say("status\n", "\n"), "ok 0\n");
});

test("the control protocol answers nonsense with an error, and lists its commands", async (t) => {
  const server = await startVirtualM95Server({ control: { host: "127.0.0.1", port: 0 } });
  t.teardown(() => server.close());
  const { say } = await dial(t, server.controlPort!);
  for (const line of [
    "nosuch",
    "toString",
    "press",
    "press x",
    "pwrkey 2",
    "drop-link 6 1",
    "network sideways",
    "status 1",
    "urc",
  ]) {
    t.regex(await say(`${line}\n`, "\n"), /^error .+\n$/, line);
  }
  const help = await say("help\n", "quit  ");
  for (const { usage } of Object.values(controlCommands)) t.true(help.includes(`\n${usage} `), usage);
});

test("the control port obeys no browser, whatever a page has it send", async (t) => {
  const server = await startVirtualM95Server({
    control: { host: "127.0.0.1", port: 0 },
    modem: { poweredOn: true },
  });
  t.teardown(() => server.close());
  const url = `http://127.0.0.1:${server.controlPort}/`;
  for (const [path, init] of [
    ["", {}],
    ["", { method: "POST", body: "supply 0\nstatus\n" }],
    ["%0asupply%200", { method: "HEAD" }],
    ["", { method: "supply" }],
    ["x".repeat(10_000), { method: "POST", body: "supply 0\n" }],
  ] as const)
    await t.throwsAsync(fetch(url + path, init), undefined, JSON.stringify(init));
  const raw = [
    "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nsupply 0\r\n",
    "supply-0 / HTTP/1.1\nsupply 0\n",
    // A TLS handshake.
    "\x16\x03\x01\x02\x00\x01\nsupply 0\n",
    "\nwhatever\x00\nsupply 0\n",
  ];
  for (const text of raw) {
    const { say, ended } = await dial(t, server.controlPort!);
    t.regex(
      await say(text, "\n"),
      /^(error no command whatever.*\n)?error (this is no web server|control characters)/,
      text,
    );
    await ended;
  }
  // Byte by byte.
  const { socket, ended } = await dial(t, server.controlPort!);
  for (const byte of raw[0]!) socket.write(byte);
  await ended;
  const { say } = await dial(t, server.controlPort!);
  t.is(await say("status\n", "\n"), "ok 1\n");
});

test("a line without end is given up with a word; lines of one connection are taken one after the other", async (t) => {
  const server = await startVirtualM95Server({ control: { host: "127.0.0.1", port: 0 } });
  t.teardown(() => server.close());
  const endless = await dial(t, server.controlPort!);
  t.is(await endless.say("x".repeat(5000), "\n"), "error a line has at most 4096 characters\n");
  const flood = setInterval(() => endless.socket.write("x".repeat(1000)), 5);
  t.teardown(() => clearInterval(flood));
  await endless.ended;
  const { socket, say } = await dial(t, server.controlPort!);
  t.is(await say(`urc ${"x".repeat(4000)}\n`, "\n"), "ok\n");
  setTimeout(() => socket.write("nosuch\n"), 20);
  t.regex(await say("wait 200\n", "\nerror"), /^ok\nerror/);
});

test("a browser on the UART's port is turned away, and leaves the line to its host", async (t) => {
  const server = await startVirtualM95Server({ modem: { poweredOn: true } });
  t.teardown(() => server.close());
  const url = `http://127.0.0.1:${server.port}/`;
  await t.throwsAsync(fetch(url, { method: "POST", body: "\rAT+QPOWD=1\r" }));
  const slow = await dial(t, server.port);
  for (const byte of "POST / HTTP/1.1\r\n\r\n\rAT+QPOWD=1\r") slow.socket.write(byte);
  await slow.ended;
  const host = await dial(t, server.port);
  t.true((await host.say("\rATE0\r", "OK\r\n")).endsWith("\r\nOK\r\n"));
  t.is(await host.say("AT\r", "OK\r\n"), "\r\nOK\r\n");
});

test("a second host is turned away while one is on the UART", async (t) => {
  const server = await startVirtualM95Server({ modem: { poweredOn: true } });
  t.teardown(() => server.close());
  const first = await dial(t, server.port);
  t.is(await first.say("ATE0\r", "OK\r\n"), "ATE0\r\r\nOK\r\n");
  const second = await dial(t, server.port);
  await second.ended;
  first.socket.destroy();
  await first.ended;
  const third = await dial(t, server.port);
  t.is(await third.say("AT\r", "OK\r\n"), "\r\nOK\r\n");
});

test("a port in use is a failure", async (t) => {
  const server = await startVirtualM95Server();
  t.teardown(() => server.close());
  await t.throwsAsync(startVirtualM95Server({ listen: { host: "127.0.0.1", port: server.port } }), {
    code: "EADDRINUSE",
  });
  const { code, stderr } = await run("--listen", String(server.port));
  t.is(code, 1);
  t.regex(stderr, /EADDRINUSE/);
});

test("--help shows every option and examples, 0; wrong usage is 2", async (t) => {
  const help = await run("--help");
  t.is(help.code, 0);
  for (const option of [
    "--listen",
    "--pty",
    "--control",
    "--broker",
    "--speed",
    "--powered-on",
    "--baud",
    "--recv-shape",
    "--trace",
  ]) {
    t.true(help.stdout.includes(option), option);
  }
  t.true(help.stdout.includes("Examples:"));
  for (const args of [
    ["--nosuch"],
    ["--listen", "x"],
    ["--speed", "0"],
    ["--baud", "7"],
    ["--recv-shape", "5"],
    ["--quirk", "x=1"],
    ["--quirk", "recvShape=x"],
    ["--quirk", "recvShape=9"],
    ["--quirk", "urcInPrompt=never"],
    ["--quirk", "lineLimit=-1"],
    ["--pin", "12"],
    ["--sleep", "3"],
    ["--wake", "x"],
    ["extra"],
  ]) {
    const { code, stderr } = await run(...args);
    t.is(code, 2, args.join(" "));
    t.true(stderr.includes("--help"), args.join(" "));
  }
});

test("the program prints its ports, traces plainly in a pipe, and ends with 0 on SIGTERM", async (t) => {
  const { child, line } = start(
    t,
    "--powered-on",
    "--control",
    "0",
    "--trace",
    "--quirk",
    "qccidPrefix=true",
    "--network-time",
  );
  const uart = await dial(t, Number((await line("UART on 127.0.0.1:")).split(":")[1]));
  await line("control on 127.0.0.1:");
  t.true((await uart.say("AT+QCCID\r", "OK\r\n")).includes("\r\n+QCCID: 8949"));
  t.regex(await line("   "), /^ +\d+\.\d{3} > AT\+QCCID<CR>$/);
  const year = String(new Date().getUTCFullYear()).slice(2);
  t.true((await uart.say("AT+QLTS\r", "OK\r\n")).includes(`+QLTS: "${year}/`));
  const code = exited(child);
  child.kill("SIGTERM");
  t.is(await code, 0);
  await line("Drawn by the modem:");
  await line("idle ");
  await uart.ended;
});

test("--sleep: found asleep as an earlier run left it; DTR wakes it after --wake", async (t) => {
  const { line } = start(t, "--powered-on", "--control", "0", "--sleep", "1", "--wake", "600");
  const uart = await dial(t, Number((await line("UART on 127.0.0.1:")).split(":")[1]));
  const pins = await dial(t, Number((await line("control on")).split(":")[1]));
  t.is(await pins.say("asleep\n", "\n"), "ok 1\n");
  uart.socket.write("ATI\r");
  t.is(await pins.say("wait 100\n", "\n"), "ok\n");
  t.is(await pins.say("dtr 0\n", "\n"), "ok\n");
  t.is(await pins.say("asleep\n", "\n"), "ok 0\n");
  t.is(await pins.say("ri\n", "\n"), "ok 1\n");
  await pins.say("wait 700\n", "\n");
  t.is(await uart.say("ATE0\r", "OK\r\n"), "ATE0\r\r\nOK\r\n");
});

test("quit on the control port ends the program with 0, even while a wait is under way", async (t) => {
  const { child, line } = start(t, "--control", "0");
  const port = Number((await line("control on")).split(":")[1]);
  const waiting = await dial(t, port);
  waiting.socket.write("wait 1000000\n");
  const { say } = await dial(t, port);
  const code = exited(child);
  t.is(await say("quit\n", "\n"), "ok\n");
  t.is(await code, 0);
});

test("--script plays control commands; an error in it is a failure", async (t) => {
  const directory = await mkdtemp(join(tmpdir(), "m95-script-"));
  t.teardown(() => rm(directory, { recursive: true }));
  const good = join(directory, "good");
  await writeFile(good, "# switch on\npress 1200\nwait 2000\nstatus\n");
  const { child, line } = start(t, "--speed", "50", "--script", good);
  t.is(await line("status"), "status: ok 1");
  child.kill("SIGINT");
  t.is(await exited(child), 0);
  const bad = join(directory, "bad");
  await writeFile(bad, "frobnicate\n");
  const failed = await run("--script", bad);
  t.is(failed.code, 1);
  t.regex(failed.stderr, /no command frobnicate/);
});

test("--pty offers the UART as a terminal, again after its host has closed it", async (t) => {
  if (spawnSync("socat", ["-V"]).error) {
    t.log("socat is missing: install the Debian package socat to run this test");
    t.pass();
    return;
  }
  const directory = await mkdtemp(join(tmpdir(), "m95-pty-"));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  const link = join(directory, "modem");
  const { child, line } = start(t, "--powered-on", "--pty", link);
  t.is(await line("UART at"), `UART at ${link}`);
  for (const [command, answer] of [
    ["ATE0\r", "ATE0\r\r\nOK\r\n"],
    ["AT\r", "\r\nOK\r\n"],
  ] as const) {
    const terminal = await openAgain(link);
    await terminal.write(command);
    let heard = "";
    while (heard.length < answer.length) {
      const { buffer, bytesRead } = await terminal.read({ buffer: Buffer.alloc(64) });
      heard += buffer.toString("latin1", 0, bytesRead);
    }
    t.is(heard, answer);
    await terminal.close();
  }
  const code = exited(child);
  child.kill("SIGTERM");
  t.is(await code, 0);
});

/** The terminal goes away for a moment when its host closes it. */
async function openAgain(path: string) {
  for (let i = 0; ; i++) {
    // A moment for socat to notice; a terminal opened before that would be the old one.
    await new Promise((resolve) => setTimeout(resolve, 300));
    try {
      return await open(path, "r+");
    } catch (error) {
      if (i === 20) throw error;
    }
  }
}

test("--pty takes nothing away that is no link of its own, and ends where it cannot make one", async (t) => {
  const directory = await mkdtemp(join(tmpdir(), "m95-pty-"));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  const file = join(directory, "precious");
  await writeFile(file, "kept");
  for (const [path, why] of [
    [file, /is something already/],
    [join(directory, "nowhere", "m95"), /is no folder in which a link can be made/],
  ] as const) {
    const { code, stderr } = await run("--pty", path);
    t.is(code, 1);
    t.regex(stderr, why);
    t.true(stderr.includes(path), stderr);
  }
  t.is(await readFile(file, "utf8"), "kept");
});

test("every program of the package says its version", async (t) => {
  const root = new URL("../../../", import.meta.url);
  const { bin, version } = JSON.parse(await readFile(new URL("package.json", root), "utf8"));
  const programs = [...Object.values<string>(bin), "build/flash/cli/main.js", "build/flash/web/main.js"];
  t.true(programs.length > 3);
  for (const program of programs) {
    const file = fileURLToPath(new URL(program, root));
    const { stdout } = await promisify(execFile)(process.execPath, [file, "--version"]);
    t.is(stdout.trim(), version, program);
  }
});

test("--pty without socat names the Debian package", async (t) => {
  const child = spawn(process.execPath, [cli, "--pty"], {
    env: { PATH: "/nonexistent" },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr.on("data", (data) => {
    stderr += data;
  });
  t.is(await exited(child), 1);
  t.true(stderr.includes("install the Debian package socat"), stderr);
});

test("traces spell control characters out", (t) => {
  t.is(visible("AT\r\n\x1a\x1b\x00\xff\x7f"), "AT<CR><LF><Ctrl+Z><ESC><00><FF><DEL>");
  t.true(formatTrace(1234, "rx", "AT").includes("1.234"));
});

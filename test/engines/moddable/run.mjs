// Builds the app in app/ for the Linux simulator of the Moddable SDK that MODDABLE names, runs it there in front of a virtual
// M95 and reports what it tells. It builds no SDK, and shows no window: the simulator runs under Xvfb.

import { spawn } from "node:child_process";
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { startXsbug } from "./xsbug.mjs";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const app = fileURLToPath(new URL("app", import.meta.url));
const NAME = "m95-mqtt-engine-test";
/** Simulated per real time of the modem; the app's own clock is real. */
const SPEED = 4;
const TIME_LIMIT = 240_000;
const ENOUGH_FOR_XVFB = 10_000;

const sdk = process.env.MODDABLE;
const tools = sdk && path.join(sdk, "build/bin/lin/release");
const PATH = [tools, path.join(root, "node_modules/.bin"), process.env.PATH].filter(Boolean).join(path.delimiter);

function found(program) {
  return PATH.split(path.delimiter).some((folder) => {
    try {
      accessSync(path.join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Why the tests cannot run here, or nothing. */
function missing() {
  if (!sdk) return "set MODDABLE to a built Moddable SDK";
  if (os.platform() !== "linux") return "the SDK's simulator has serial ports of this kind on Linux only";
  for (const program of ["mcconfig", "mcsim"])
    if (!existsSync(path.join(tools, program)))
      return `MODDABLE has no build/bin/lin/release/${program}: build the SDK's tools and simulator, as its Getting Started says`;
  if (!found("socat")) return "apt-get install socat";
  if (!process.env.DISPLAY && !found("Xvfb")) return "apt-get install xvfb";
  return undefined;
}

const children = new Set();

/** Starts a program in a process group of its own, so that its children end with it. */
function start(command, args, options = {}) {
  const child = spawn(command, args, {
    cwd: app,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
    ...options,
    env: { ...process.env, PATH, ...options.env },
  });
  children.add(child);
  child.text = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (chunk) => {
      child.text += chunk;
    });
  child.ended = new Promise((resolve) => {
    child.on("error", (error) => {
      child.text += error.message;
      children.delete(child);
      resolve(1);
    });
    child.on("exit", (code) => {
      children.delete(child);
      resolve(code ?? 1);
    });
  });
  return child;
}

async function stopAll() {
  const all = [...children];
  for (const child of all)
    try {
      process.kill(-child.pid, "SIGTERM");
    } catch {
      // It ended by itself.
    }
  await Promise.all(all.map((child) => child.ended));
}

/** The SDK's own example, with another import and a modem for its constructor. */
function mqttbasic() {
  const source = readFileSync(path.join(sdk, "examples/network/mqtt/mqttbasic/main.js"), "utf8");
  const changed = source
    .replace('import Client from "mqtt";', 'import Client from "m95-mqtt/client";\nimport modem from "modem";')
    .replace("new Client({", "new Client({\n\tmodem,");
  return `${changed}\nexport default mqtt;\n`;
}

/** Writes the manifest into `folder` and builds; returns the library that the simulator loads. */
async function build(folder, config) {
  const manifest = {
    include: [
      "$(MODDABLE)/examples/manifest_base.json",
      "$(MODDABLE)/modules/io/manifest.json",
      path.join(root, "manifest.json"),
    ],
    config,
    modules: { "*": [path.join(app, "*"), path.join(folder, "mqttbasic")] },
  };
  writeFileSync(path.join(folder, "mqttbasic.js"), mqttbasic());
  writeFileSync(path.join(folder, "manifest.json"), JSON.stringify(manifest));
  const output = path.join(sdk, "build");
  const made = start("mcconfig", ["-d", "-m", "-p", "lin", "-t", "build", path.join(folder, "manifest.json")]);
  if ((await made.ended) !== 0) throw new Error(`mcconfig failed\n${made.text}`);
  return path.join(output, "bin/lin/mc/debug", path.basename(folder), "mc.so");
}

/** An X server without a screen, on a display number of its own choice. */
async function display() {
  if (process.env.DISPLAY) return process.env.DISPLAY;
  const server = start("Xvfb", ["-displayfd", "1", "-screen", "0", "800x600x24", "-nolisten", "tcp"]);
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("Xvfb did not start")), ENOUGH_FOR_XVFB);
    server.stdout.on("data", () => {
      if (!server.text.includes("\n")) return;
      clearTimeout(timer);
      resolve(`:${/\d+/.exec(server.text)[0]}`);
    });
  });
}

/** What the app asks the broker's side to do. */
function actions(broker, modem, check) {
  const publish = (topic, payload) => broker.publish(topic, payload, 1);
  return {
    big: () => publish("down/ü", Buffer.from(Array.from({ length: 1548 }, (_, i) => i & 255))),
    burst: () => {
      for (let i = 0; i < 20; i++) publish("down/ü", `message ${i}`);
    },
    kick: () => broker.kick("xs"),
    "brown-out": () => modem.brownOut(),
    basic: () => {
      const topics = new Set(broker.received.map(({ topic }) => topic));
      check(
        "mqttbasic publishes",
        topics.has("moddable/mqtt/example/date") && topics.has("moddable/mqtt/example/random"),
      );
    },
    "kick-basic": () => {
      for (const name of broker.clients) if (name !== "xs") broker.kick(name);
    },
  };
}

async function main() {
  const virtual = await import(path.join(root, "dist/virtual-m95/index.js"));
  const { startPty } = await import(path.join(root, "build/virtual-m95/pty.js"));
  // The simulator names what it builds by the folder.
  const parent = mkdtempSync(path.join(os.tmpdir(), "m95-"));
  const folder = path.join(parent, NAME);
  // The simulator copies the library into its settings, and makes no more than the last folder itself.
  mkdirSync(path.join(folder, ".config"), { recursive: true });
  const counts = { passed: 0, failed: 0 };
  const check = (title, ok, why = "") => {
    counts[ok ? "passed" : "failed"]++;
    console.log(`  ${ok ? "✔" : "✘"} ${title}${ok || !why ? "" : `: ${why}`}`);
  };
  const closing = [];
  try {
    const uart = path.join(folder, "uart");
    const control = path.join(folder, "control");
    const library = await build(folder, { uart, control, trace: Boolean(process.env.M95_TRACE) });

    const clock = new virtual.ScaledClock(SPEED);
    const broker = new virtual.MemoryBroker({ clock, latency: 100 });
    const server = await virtual.startVirtualM95Server({
      control: { host: "127.0.0.1", port: 0 },
      modem: { clock, network: broker.network, poweredOn: false },
    });
    closing.unshift(() => server.close());
    const failed = (error) => check("pty", false, error.message);
    for (const [port, link] of [
      [server.port, uart],
      [server.controlPort, control],
    ]) {
      const pty = await startPty(port, link, () => {}, failed);
      closing.unshift(() => pty.close());
    }

    const act = actions(broker, server.modem, check);
    const traced = [];
    let ended = () => {};
    const done = new Promise((resolve) => {
      ended = resolve;
    });
    const xsbug = await startXsbug({
      onLine(line) {
        const [, word, rest] = /^@(\w+) ?(.*)$/.exec(line) ?? [];
        if (word === "passed") check(rest, true);
        else if (word === "failed") {
          check(rest, false);
          for (const earlier of traced.slice(-30)) console.log(`      ${earlier}`);
        } else if (word === "ask") act[rest]();
        else if (word === "done") ended("");
        else {
          traced.push(line);
          if (process.env.M95_TRACE) console.log(`      ${line}`);
        }
      },
      onBreak: (message) => traced.push(`stopped: ${message}`),
      onEnd: () => ended("the simulator ended"),
    });
    closing.unshift(() => xsbug.close());

    const mcsim = start(path.join(tools, "mcsim"), [path.join(sdk, "build/simulators"), library], {
      env: {
        DISPLAY: await display(),
        XSBUG_HOST: "127.0.0.1",
        XSBUG_PORT: String(xsbug.port),
        // No settings of an earlier session, and none left behind.
        HOME: folder,
      },
    });
    mcsim.ended.then(() => ended("the simulator ended"));
    const timer = setTimeout(() => ended(`not done within ${TIME_LIMIT / 1000} s`), TIME_LIMIT);
    const why = await done;
    clearTimeout(timer);
    if (why) {
      check("the app runs to its end", false, `${why}\n${mcsim.text}`);
      for (const line of traced.slice(-60)) console.log(`      ${line}`);
    }
    check(
      "mqttbasic receives",
      traced.some((line) => line.startsWith('received "moddable/mqtt/example/')),
    );
    const { violations } = server.modem;
    check("no violations of the protocol", violations.length === 0, JSON.stringify(violations));
    const version = readFileSync(path.join(sdk, "tools/VERSION"), "utf8").trim();
    if (process.env.M95_TRACE) console.log(Object.fromEntries(xsbug.peaks));
    console.log(`Moddable SDK ${version}, ${xsbug.version()}, Linux simulator`);
  } catch (error) {
    check("the tests run", false, error.stack);
  } finally {
    for (const close of closing) await close();
    await stopAll();
    rmSync(parent, { recursive: true, force: true });
  }
  console.log(`${counts.passed} passed, ${counts.failed} failed`);
  process.exitCode = counts.failed > 0 ? 1 : 0;
}

const reason = missing();
if (reason) {
  console.log(`Moddable engine tests did not run: ${reason}.`);
  process.exitCode = process.env.M95_VIA_NPM_TEST ? 0 : 1;
} else await main();

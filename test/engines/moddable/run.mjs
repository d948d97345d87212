// Builds the app in app/ for the Linux simulator of the Moddable SDK that MODDABLE names, runs it there in front of a virtual
// M95 and reports what it tells. It builds no SDK, and shows no window: the simulator runs under Xvfb.

import { spawn } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { engine, engines, lack } from "../../../scripts/testing/needs.mjs";
import { lastLine } from "../../../scripts/testing/summary.mjs";
import { startXsbug } from "./xsbug.mjs";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const here = fileURLToPath(new URL(".", import.meta.url));
const app = path.join(here, "app");
const NAME = "m95-mqtt-engine-test";
/** Simulated per real time of the modem; the app's own clock is real. */
const SPEED = 4;
const TIME_LIMIT = 240_000;
/** Bytes of a slot on a 64-bit engine. */
const SLOT = 32;
/** Slots of stack that the manual advises. */
const STACK = 512;
const ENOUGH_FOR_XVFB = 10_000;
/** Taken for a certificate by driver and virtual modem; nobody reads what is in it. */
const PEM = `-----BEGIN CERTIFICATE-----\n${"TUlJQmFz".repeat(8)}\n-----END CERTIFICATE-----\n`;

const sdk = engine("MODDABLE");
const tools = sdk && path.join(sdk, "build/bin/lin/release");
const PATH = [tools, path.join(root, "node_modules/.bin"), process.env.PATH].filter(Boolean).join(path.delimiter);

/** Why the tests cannot run here, or nothing. */
function missing() {
  if (!sdk) return lack("MODDABLE").why;
  if (os.platform() !== "linux") return "the SDK's simulator has serial ports of this kind on Linux only";
  for (const program of ["mcconfig", "mcsim"])
    if (!existsSync(path.join(tools, program)))
      return `MODDABLE has no build/bin/lin/release/${program}: build the SDK's tools and simulator, as its Getting Started says`;
  return lack("socat", ...(process.env.DISPLAY ? [] : ["xvfb"]))?.why;
}

const children = new Set();

/** Starts a program in a process group of its own, so that its children end with it. */
function start(command, args, options = {}) {
  const child = spawn(command, args, {
    cwd: app,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
    ...options,
    env: { ...process.env, ...engines(), PATH, ...options.env },
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

function stop(child) {
  try {
    process.kill(-child.pid, "SIGTERM");
  } catch {
    // It ended by itself.
  }
}

async function stopAll() {
  const all = [...children];
  all.forEach(stop);
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

/** Where mcconfig puts the library that the simulator loads. */
function libraryOf(name) {
  return path.join(sdk, "build/bin/lin/mc/debug", name, "mc.so");
}

async function finish(command, args, options) {
  const child = start(command, args, options);
  return { ended: await child.ended, text: child.text };
}

/** Runs a program that has to end well, and returns what it wrote. */
async function must(command, args, options) {
  const { ended, text } = await finish(command, args, options);
  if (ended !== 0) throw new Error(`${command} failed\n${text}`);
  return text;
}

const BUILD = ["-d", "-m", "-p", "lin", "-t", "build"];

/** An application that includes the package's manifest. */
async function build(folder, config) {
  const manifest = {
    include: [
      "$(MODDABLE)/examples/manifest_base.json",
      "$(MODDABLE)/modules/io/manifest.json",
      "$(MODDABLE)/modules/files/preference/manifest.json",
      path.join(root, "manifest.json"),
      path.join(root, "manifest_mqttclient.json"),
    ],
    // Where preferences are kept.
    config: { ...config, file: { root: `${folder}/` } },
    modules: {
      "*": [
        path.join(app, "*"),
        path.join(root, "examples/moddable/simulator/digital"),
        path.join(folder, "mqttbasic"),
      ],
    },
    resources: { "*": [path.join(folder, "ca")] },
  };
  writeFileSync(path.join(folder, "ca.pem"), PEM);
  writeFileSync(path.join(folder, "mqttbasic.js"), mqttbasic());
  writeFileSync(path.join(folder, "manifest.json"), JSON.stringify(manifest));
  await must("mcconfig", [...BUILD, path.join(folder, "manifest.json")]);
  return libraryOf(path.basename(folder));
}

/** An application that has the package from npm, bundled with mcpack. */
async function buildInstalled(folder) {
  const name = `${NAME}-installed`;
  copyFileSync(path.join(here, "package/main.js"), path.join(folder, "main.js"));
  writeFileSync(path.join(folder, "package.json"), JSON.stringify({ name, type: "module", main: "./main.js" }));
  // mcpack includes it.
  writeFileSync(path.join(folder, "manifest.json"), JSON.stringify({ creation: { stack: STACK } }));
  const packed = await must("npm", ["pack", "--silent", "--ignore-scripts", "--pack-destination", folder], {
    cwd: root,
  });
  const file = path.join(folder, packed.trim().split("\n").at(-1));
  await must("npm", ["install", "--offline", "--no-audit", "--no-fund", "--omit=optional", file], { cwd: folder });
  await must("mcpack", ["mcconfig", ...BUILD], { cwd: folder });
  return libraryOf(name);
}

/** An application that includes the driver with TLS and leaves its other parts out. */
async function buildParts(folder) {
  const manifest = {
    include: ["$(MODDABLE)/examples/manifest_base.json", path.join(root, "manifest_tls.json")],
    modules: { "*": path.join(here, "parts/main") },
  };
  writeFileSync(path.join(folder, "manifest.json"), JSON.stringify(manifest));
  await must("mcconfig", [...BUILD, path.join(folder, "manifest.json")]);
  return libraryOf(path.basename(folder));
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
function actions(broker, modem) {
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

/**
 * Runs a library in the simulator until it traces `@done`; returns the engine's version, the peaks, that of the stack up
 * to a trace of `@stack`, and what went wrong.
 */
async function simulate(library, folder, screen, onLine) {
  let ended = () => {};
  let driver = 0;
  const done = new Promise((resolve) => {
    ended = resolve;
  });
  const xsbug = await startXsbug({
    onLine(line) {
      if (line === "@stack") driver = xsbug.peaks.get("Stack used");
      else if (line === "@done") ended("");
      else onLine(line);
    },
    onBreak: (message) => onLine(`stopped: ${message}`),
    onEnd: () => ended("the program ended"),
  });
  const mcsim = start(path.join(tools, "mcsim"), [path.join(sdk, "build/simulators"), library], {
    // No settings of an earlier session, and none left behind.
    env: { DISPLAY: screen, XSBUG_HOST: "127.0.0.1", XSBUG_PORT: String(xsbug.port), HOME: folder },
  });
  mcsim.ended.then(() => ended("the simulator ended"));
  const timer = setTimeout(() => ended(`not done within ${TIME_LIMIT / 1000} s`), TIME_LIMIT);
  const why = await done;
  clearTimeout(timer);
  stop(mcsim);
  await mcsim.ended;
  xsbug.close();
  return { why: why && `${why}\n${mcsim.text}`, version: xsbug.version, peaks: xsbug.peaks, driver };
}

const counts = { passed: 0, failed: 0, skipped: 0 };

function check(title, ok, why = "") {
  counts[ok ? "passed" : "failed"]++;
  console.log(`  ${ok ? "✔" : "✘"} ${title}${ok || !why ? "" : `: ${why}`}`);
}

/** Counts what an app tells; `ask` is told what it asks for. */
function listener(ask) {
  const traced = [];
  const onLine = (line) => {
    const [, word, rest] = /^@(\w+) ?(.*)$/.exec(line) ?? [];
    if (word === "passed") check(rest, true);
    else if (word === "failed") {
      check(rest, false);
      for (const earlier of traced.slice(-30)) console.log(`      ${earlier}`);
    } else if (word === "ask") ask[rest]();
    else traced.push(line);
    if (process.env.M95_TRACE && !word) console.log(`      ${line}`);
  };
  return { traced, onLine };
}

async function withIncludedManifest(folder, screen) {
  const virtual = await import(path.join(root, "dist/virtual-m95/index.js"));
  const { startPty } = await import(path.join(root, "build/virtual-m95/server/pty.js"));
  const uart = path.join(folder, "uart");
  const control = path.join(folder, "control");
  const library = await build(folder, { uart, control, trace: true });
  const clock = new virtual.ScaledClock(SPEED);
  const broker = new virtual.MemoryBroker({ clock, latency: 100 });
  const server = await virtual.startVirtualM95Server({
    control: { host: "127.0.0.1", port: 0 },
    modem: { clock, network: broker.network, poweredOn: false },
  });
  const ptys = [];
  try {
    const failed = (error) => check("pty", false, error.message);
    ptys.push(await startPty(server.port, uart, () => {}, failed));
    ptys.push(await startPty(server.controlPort, control, () => {}, failed));
    const { traced, onLine } = listener(actions(broker, server.modem));
    const { why, version, peaks, driver } = await simulate(library, folder, screen, onLine);
    if (why) {
      check("the app runs to its end", false, why);
      for (const line of traced.slice(-60)) console.log(`      ${line}`);
    }
    check(
      "mqttbasic receives",
      traced.some((line) => line.startsWith('received "moddable/mqtt/example/')),
    );
    const { violations } = server.modem;
    check("no violations of the protocol", violations.length === 0, JSON.stringify(violations));
    const [used, available] = [peaks.get("Stack used"), peaks.get("Stack available")];
    const stack = `${driver / SLOT} of ${available / SLOT} slots of stack used, by an import() ${used / SLOT}`;
    return `${version()}, ${stack}`;
  } finally {
    for (const pty of ptys) await pty.close();
    await server.close();
  }
}

async function asInstalled(folder, screen) {
  const { traced, onLine } = listener({});
  const { why, peaks } = await simulate(await buildInstalled(folder), folder, screen, onLine);
  check("installed: the application's manifest sets the stack", peaks.get("Stack available") === STACK * SLOT);
  if (!why) return;
  check("installed: the app runs to its end", false, why);
  for (const line of traced) console.log(`      ${line}`);
}

async function inParts(folder, screen) {
  const { traced, onLine } = listener({});
  const { why } = await simulate(await buildParts(folder), folder, screen, onLine);
  if (!why) return;
  check("in parts: the app runs to its end", false, why);
  for (const line of traced) console.log(`      ${line}`);
}

/** The examples are for ESP32, whose IO classes Linux lacks: here it is seen that they compile, against the SDK's types too. */
async function examplesBuild() {
  for (const name of ["publish", "typescript"]) {
    const folder = path.join(root, "examples/moddable", name);
    // What a failed build left behind would be taken for good by the next one.
    await must("mcconfig", [...BUILD.slice(0, -1), "clean"], { cwd: folder });
    const { ended, text } = await finish("mcconfig", BUILD, { cwd: folder });
    check(`example ${name} builds`, ended === 0, text);
  }
}

async function main() {
  // mcconfig names what it builds by the folder.
  const parent = mkdtempSync(path.join(os.tmpdir(), "m95-"));
  const folderOf = (name) => {
    const folder = path.join(parent, name);
    // The simulator copies the library into its settings, and makes no more than the last folder itself.
    mkdirSync(path.join(folder, ".config"), { recursive: true });
    return folder;
  };
  try {
    const screen = await display();
    const engine = await withIncludedManifest(folderOf(NAME), screen);
    await examplesBuild();
    await inParts(folderOf(`${NAME}-parts`), screen);
    await asInstalled(folderOf(`${NAME}-installed`), screen);
    const sdkVersion = readFileSync(path.join(sdk, "tools/VERSION"), "utf8").trim();
    console.log(`Moddable SDK ${sdkVersion}, Linux simulator, ${engine}`);
  } catch (error) {
    check("the tests run", false, error.stack);
  } finally {
    await stopAll();
    rmSync(parent, { recursive: true, force: true });
  }
  console.log(lastLine(counts));
  process.exitCode = counts.failed > 0 ? 1 : 0;
}

const reason = missing();
if (reason) {
  console.log(`Moddable engine tests did not run (1 skipped, which stands for all of them): ${reason}.`);
  // Nobody asked for them in `npm test` without an SDK.
  process.exitCode = process.env.M95_VIA_NPM_TEST && !sdk ? 0 : 1;
} else await main();

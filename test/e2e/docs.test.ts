// docs/node.md and examples/node: every program shown is compiled and run against the virtual M95, and the tables name
// what there is.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import test, { type ExecutionContext } from "ava";
import { connectPeer } from "../support/peer.js";
import { serveModem, until } from "./rig.js";

const root = new URL("../../../", import.meta.url);
const run = promisify(execFile);
const page = await readFile(new URL("docs/node.md", root), "utf8");

interface Block {
  /** "run", "compile" or "test". */
  use: string;
  file: string;
  code: string;
}

const blocks: Block[] = [...page.matchAll(/^<!-- (\w+): (\S+) -->\n```ts\n([\s\S]*?)^```$/gm)].map(
  ([, use, file, code]) => ({
    use: use!,
    file: file!,
    code: code!,
  }),
);

/** Names in the first column of the table whose heading row begins with `head`, under a heading. */
function names(heading: string, head: string, nth = 0): string[] {
  const section = page.split(`\n${heading}\n`)[1]!.split("\n## ")[0]!;
  const table = section.split(new RegExp(`^\\| ${head} \\|`, "m"))[nth + 1]!.split("\n\n")[0]!;
  return table
    .split("\n")
    .slice(2)
    .flatMap((row) => [...row.split("|")[1]!.matchAll(/`(\w+)`/g)].map(([, name]) => name!));
}

/** Names of the members of an interface, from its source. */
async function members(file: string, name: string): Promise<string[]> {
  const source = await readFile(new URL(file, root), "utf8");
  const body = new RegExp(`^export interface ${name}\\b[^{\\n]*{\\n([\\s\\S]*?)^}`, "m").exec(source)![1]!;
  return [...body.matchAll(/^ {2}(\w+)\??:/gm)].map(([, member]) => member!);
}

test("every program in docs/node.md is marked, compiles and does what it should", async (t) => {
  t.is(blocks.length, [...page.matchAll(/^```ts$/gm)].length);
  const folder = new URL(`build/docs-node-${process.pid}/`, root);
  await mkdir(folder);
  t.teardown(() => rm(folder, { recursive: true }));
  const { broker, port, violations } = await serveModem(t);
  for (const { file, code } of blocks) {
    const local = code
      .replace('openM95("/dev/ttyUSB0"', `openM95((await import("node:net")).connect(${port}, "127.0.0.1")`)
      .replace('host: "serial-server.example.org", port: 5600', `host: "127.0.0.1", port: ${port}`);
    await writeFile(new URL(file, folder), local);
  }
  const config = { extends: "../../tsconfig.json", include: ["*.ts"], exclude: [] };
  const options = { outDir: ".", rootDir: "../..", declaration: false, declarationDir: null, sourceMap: false };
  // The package as its users see it: types and code are those of dist.
  await writeFile(
    new URL("tsconfig.json", folder),
    JSON.stringify({ ...config, compilerOptions: { ...options, rootDir: "." } }),
  );
  const tsc = fileURLToPath(new URL("node_modules/.bin/tsc", root));
  await t.notThrowsAsync(
    run(tsc, ["-p", fileURLToPath(folder)]).catch((error: { stdout: string }) => {
      throw new Error(error.stdout);
    }),
  );
  const output: string[] = [];
  for (const { use, file } of blocks) {
    const program = fileURLToPath(new URL(file.replace(".ts", ".js"), folder));
    if (use === "run") output.push((await run(process.execPath, [program], { timeout: 30_000 })).stdout);
    if (use === "test" && file.includes(".test.")) {
      const { stdout } = await run(process.execPath, ["--test", "--test-reporter=tap", program], { timeout: 30_000 });
      t.regex(stdout, /^# pass 1$/m);
      t.regex(stdout, /^# fail 0$/m);
    }
  }
  for (const text of [/^ready$/m, /^first\/steps: Hello from the M95$/m, /^signal \d+, -\d+ dBm$/m])
    t.regex(output[0]!, text);
  t.regex(output[1]!, /imei: '\d{15}'[\s\S]*\+CSQ: /);
  t.is(String(broker.published[0]!.payload), "Hello from the M95");
  t.deepEqual(violations, []);
});

test("the tables name every option, event and error, and no others", async (t) => {
  const sorted = async (list: string[] | Promise<string[]>) => [...(await list)].sort();
  const modem = (await members("core/m95/options.ts", "M95Options")).filter((name) => name !== "uart");
  t.deepEqual(await sorted(names("## Options of the modem", "option")), [...modem, "baudRate"].sort());
  const recovery = await sorted(members("core/m95/options.ts", "RecoveryOptions"));
  t.deepEqual(await sorted(names("## Options of the modem", "option", 1)), recovery);
  const client = await sorted(members("core/mqtt/options.ts", "ConnectOptions"));
  t.deepEqual(await sorted(names("## Options of a client", "option")), client);
  const events = "core/events.ts";
  t.deepEqual(await sorted(names("## Events", "event")), await sorted(members(events, "M95Events")));
  const onNode = await members("targets/node/types.ts", "ClientEvents");
  const clientEvents = new Set([...(await members(events, "ClientEvents")), ...onNode]);
  t.deepEqual(await sorted(names("## Events", "event", 1)), [...clientEvents].sort());
  const errors = await readFile(new URL("core/errors.ts", root), "utf8");
  const codes = [...errors.matchAll(/^ {2}\| "(\w+)"/gm)].map(([, code]) => code!);
  t.deepEqual(await sorted(names("## Errors", "code")), codes.sort());
});

/** Starts one of examples/node; `said` waits for a line it prints. */
function example(
  t: ExecutionContext,
  name: string,
  args: string[],
): { child: ChildProcess; said: (text: string) => Promise<void> } {
  const program = fileURLToPath(new URL(`../../examples/node/${name}.js`, import.meta.url));
  const child = spawn(process.execPath, [program, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  t.teardown(() => child.kill("SIGKILL"));
  const lines: string[] = [];
  createInterface(child.stdout).on("line", (line) => lines.push(line));
  const said = (text: string) => until(`${name} says ${text}`, () => lines.some((line) => line.startsWith(text)));
  return { child, said };
}

/** Ends it as Ctrl+C does, and gives its exit code. */
async function end(child: ChildProcess): Promise<number | null> {
  const code = new Promise<number | null>((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  return code;
}

test("examples/node/sensor: measurements, a will, and a queue for the time without a broker", async (t) => {
  const { broker, port, violations } = await serveModem(t, { quirks: { qsclk2: true } });
  const { child, said } = example(t, "sensor", [`127.0.0.1:${port}`, "broker.example:1883", "internet", "0.3"]);
  await said("published");
  const status = () =>
    broker.published.filter(({ topic }) => topic === "sensor/status").map(({ payload }) => String(payload));
  await until("its status", () => status()[0] === "online");
  await broker.stop();
  await said("closed");
  const before = broker.published.length;
  await new Promise((resolve) => setTimeout(resolve, 1000));
  await broker.restart();
  // Waiting times are drawn at random, and grow.
  await until("what had waited", () => broker.published.length >= before + 4, 60_000);
  t.is(await end(child), 0);
  t.is(status().at(-1), "offline");
  for (const { topic, payload } of broker.published)
    if (topic === "sensor/memory") t.regex(String(payload), /^\d+\.\d$/);
  t.deepEqual(violations, []);
});

test("examples/node/switch: orders, its state, and an order given while it was away", async (t) => {
  const { broker, port, violations } = await serveModem(t);
  const args = [`127.0.0.1:${port}`, "broker.example:1883", "internet", "lamp"];
  const peer = await connectPeer(broker.port);
  t.teardown(() => peer.end());
  await peer.subscribe("lamp/state");
  const states = () => peer.received.map(({ payload }) => String(payload));
  const first = example(t, "switch", args);
  await first.said("waiting for orders");
  await until("its state", () => states().length === 1);
  await peer.publish("lamp/set", "on", { qos: 1 });
  await first.said("lamp is on");
  await peer.publish("lamp/set", "explode", { qos: 1 });
  await first.said("no such order: explode");
  await until("the reports", () => states().length === 3);
  t.deepEqual(states(), ["off", "on", "on"]);
  t.is(await end(first.child), 0);
  await peer.publish("lamp/set", "toggle", { qos: 1 });
  const second = example(t, "switch", args);
  await second.said("lamp is on");
  t.is(await end(second.child), 0);
  t.deepEqual(violations, []);
});

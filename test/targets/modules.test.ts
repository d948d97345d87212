// The package in both module systems and its declarations: what `require` and `import` give, how the types resolve, and that
// every public symbol is documented and nothing internal is public.
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import test from "ava";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const run = promisify(execFile);

/** A folder with files, in which the package is installed. */
async function project(files: { [name: string]: string }, use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), "m95-modules-"));
  try {
    await mkdir(path.join(folder, "node_modules/@types"), { recursive: true });
    await symlink(root, path.join(folder, "node_modules/m95-mqtt"), "dir");
    await symlink(path.join(root, "node_modules/@types/node"), path.join(folder, "node_modules/@types/node"), "dir");
    for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, name), text);
    await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const USE = `
  const problems = [];
  for (const name of ["openM95", "M95", "M95Error", "MqttClient", "powerSwitch", "boards", "fileStore", "streamUart", "systemClock", "explain"])
    if (m95[name] === undefined) problems.push(name);
  try { new m95.M95({}); } catch (error) { if (!(error instanceof m95.M95Error)) problems.push("M95Error"); }
  if (!virtual.VirtualM95 || !virtual.SimClock) problems.push("virtual-m95");
  console.log(problems.join() || "all there");`;

test("require and import give the same names, with and without a Node that requires ES modules", async (t) => {
  await project(
    {
      "use.cjs": `const m95 = require("m95-mqtt"), virtual = require("m95-mqtt/virtual-m95");${USE}`,
      "use.mjs": `import * as m95 from "m95-mqtt"; import * as virtual from "m95-mqtt/virtual-m95";${USE}`,
    },
    async (folder) => {
      for (const args of [["use.cjs"], ["use.mjs"], ["--no-experimental-require-module", "use.cjs"]]) {
        const known = args.length < 2 || process.allowedNodeEnvironmentFlags.has("--experimental-require-module");
        if (known)
          t.is((await run(process.execPath, args, { cwd: folder })).stdout.trim(), "all there", args.join(" "));
      }
    },
  );
});

test("types resolve in both module kinds, and fit Node's own functions for emitters", async (t) => {
  const code = `
    const client: MqttClient = new M95({ uart: { write() {}, onReceive() {} }, apn: "a" }).connect("mqtt://host", { keepalive: 30 });
    client.on("message", (topic: string, payload: Buffer, packet) => packet.messageId?.toFixed());
    export const greeted: Promise<unknown[]> = once(client as unknown as EventEmitter, "connect");
    export const same: EventEmitter = client as unknown as EventEmitter;
    client.publish("a", new ArrayBuffer(1), (error, packet) => error?.message ?? packet?.messageId);
    // @ts-expect-error what is internal does not show
    client.outbox;
    // @ts-expect-error a payload is text or bytes
    client.publish("a", 5);`;
  const imports = `import { EventEmitter, once } from "node:events";`;
  await project(
    {
      "use.mts": `${imports} import { M95, type MqttClient } from "m95-mqtt"; import { SimClock } from "m95-mqtt/virtual-m95"; new SimClock().now();${code}`,
      "use.cts": `${imports} import { M95, type MqttClient } from "m95-mqtt"; import { SimClock } from "m95-mqtt/virtual-m95"; new SimClock().now();${code}`,
      "tsconfig.json": JSON.stringify({
        compilerOptions: { module: "node16", target: "es2022", strict: true, noEmit: true, types: ["node"] },
        files: ["use.mts", "use.cts"],
      }),
    },
    async (folder) => {
      const tsc = path.join(root, "node_modules/typescript/bin/tsc");
      const { stdout } = await run(process.execPath, [tsc, "-p", folder]).catch((error) => error);
      t.is(stdout, "");
    },
  );
});

/** What a declaration file declares of those that are exported, members included, and what of it has no comment in front of it. */
function undocumented(file: string, exported: Set<string>): { members: string[]; bare: string[] } {
  const members: string[] = [];
  const bare: string[] = [];
  let documented = false;
  let inside = false;
  let counts = false;
  for (const line of readFileSync(path.join(root, "dist/types", file), "utf8").split("\n")) {
    const text = line.trim();
    if (/^\/\*\*/.test(text)) inside = true;
    if (inside) {
      if (text.endsWith("*/")) inside = false;
      documented = true;
      continue;
    }
    const member = /^ {4}(?:readonly )?(\w+)\??[:(<]/.exec(line);
    const symbol = /^export (?:declare )?(?:interface|type|const|class|function) (\w+)/.exec(line);
    const name = member?.[1] ?? symbol?.[1];
    // The core has classes of the same names, which are not the ones that are exported; a recorder is only handed on.
    const other = file.startsWith("core/") && ["M95", "MqttClient", "M95Options"].includes(symbol?.[1] ?? "");
    if (symbol) counts = exported.has(symbol[1]!) && !other && symbol[1] !== "Recorder";
    if (name !== undefined && counts) {
      members.push(name);
      if (!documented) bare.push(`${file}: ${name}`);
    }
    if (text) documented = false;
  }
  return { members, bare };
}

/** A declaration file, and those that it takes what it exports from. */
function declared(file: string): string[] {
  const name = path.posix.normalize(file);
  const text = readFileSync(path.join(root, "dist/types", name), "utf8");
  const others = [...text.matchAll(/^(?:export|\}) .*from "([^"]+)\.js"|^export \{[^}]*\} from "([^"]+)\.js"/gm)];
  return [
    name,
    ...others.flatMap(([, one, two]) => declared(path.posix.join(path.posix.dirname(name), `${one ?? two}.d.ts`))),
  ];
}

test("every public symbol says what it is, and none is internal", (t) => {
  const entry = readFileSync(path.join(root, "dist/types/targets/node/index.d.ts"), "utf8");
  const files = [...entry.matchAll(/from "([^"]+)\.js"/g)].flatMap(([, name]) => declared(`targets/node/${name}.d.ts`));
  t.true(files.length > 15, files.join());
  let count = 0;
  const bare: string[] = [];
  const internal: string[] = [];
  const exported = new Set([...entry.matchAll(/\b(\w+)\b/g)].map(([, name]) => name!));
  for (const file of files) {
    const { members, bare: some } = undocumented(file, exported);
    count += members.length;
    bare.push(...some);
    if (file === "targets/node/types.d.ts")
      internal.push(
        ...members.filter((name) => name.startsWith("_") || ["outbox", "link", "session", "inbox"].includes(name)),
      );
  }
  t.true(count > 150, `${count}`);
  t.deepEqual(bare, []);
  t.deepEqual(internal, []);
  t.true(exported.has("M95") && !exported.has("Emitter") && !exported.has("Lifecycle"));
});

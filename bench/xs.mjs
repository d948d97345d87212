// Memory and cost in XS: slots and chunk bytes of a connected client, computrons per byte of what it receives. Needs a build,
// and builds the engine (test/xs) when a compiler is there.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { rollup } from "rollup";
import { xsBinary, xsSetUp } from "../scripts/testing/xs-engine.mjs";
import { XsWorker } from "../test/moddable/xs/worker.mjs";

const MESSAGES = 10_000;
const SIZE = 64;
/** Messages that are fed again and again. */
const PORTION = 500;

/** The engine, built if it must be and can be. */
function ready() {
  for (const [command, args, options] of xsSetUp())
    if (spawnSync(command, args, { ...options, env: { ...process.env, ...options?.env } }).status !== 0) return false;
  return true;
}

async function script() {
  const build = await rollup({ input: fileURLToPath(new URL("xs/entry.js", import.meta.url)) });
  const { output } = await build.generate({ format: "iife" });
  await build.close();
  return output[0].code;
}

/** Bytes of chunks in use: the block of them in a snapshot of the machine, whose parts have a length and a name each. */
function chunkBytes(file) {
  const snapshot = readFileSync(file);
  for (let at = 8; at < snapshot.length; at += snapshot.readUInt32BE(at))
    if (snapshot.toString("latin1", at + 4, at + 8) === "BLOC") return snapshot.readUInt32BE(at) - 8;
  throw new Error("the snapshot has no block of chunks");
}

/** Rows of a table and figures for the budgets; without the engine only what is lacking. */
export async function xs() {
  if (!ready()) return { lack: "the XS engine could not be built, which takes make and a C compiler" };
  const folder = mkdtempSync(path.join(tmpdir(), "m95-bench-"));
  const worker = new XsWorker(() => Buffer.alloc(0));
  try {
    const look = async () => {
      const slots = (await worker.evaluate("gc();")).currentHeapCount;
      const file = path.join(folder, "snapshot");
      await worker.snapshot(file);
      return { slots, chunks: chunkBytes(file) };
    };
    const feed = async (count) => {
      const { compute } = await worker.evaluate(`bench.feed(${count / PORTION});`);
      await worker.evaluate(`bench.settle(${count});`);
      return compute;
    };
    const empty = await look();
    await worker.evaluate(await script());
    const loaded = await look();
    await worker.evaluate(`bench.prepare(${PORTION});`);
    const prepared = await look();
    await worker.evaluate("bench.connect();");
    // What is made by the first message only is part of being connected.
    await feed(PORTION);
    const connected = await look();
    // What a round leaves in the engine when nothing is received: its own records of the scripts that it was given.
    await feed(0);
    const idle = await look();
    const compute = await feed(MESSAGES);
    const end = await look();
    const flat = { slots: 2 * idle.slots - connected.slots, chunks: 2 * idle.chunks - connected.chunks };
    const version = /XS [\d.]+/.exec(execFileSync(xsBinary, ["-v"], { encoding: "utf8" }))[0];
    const row = (title, now, before) => [title, now.slots - before.slots, now.chunks - before.chunks];
    const perByte = Number((compute / (MESSAGES * SIZE)).toFixed(2));
    return {
      rows: [
        [`${version}, more than before`, "slots", "bytes of chunks"],
        row("loaded as a script: code and classes, in flash when preloaded", loaded, empty),
        row("connected", connected, prepared),
        row("10,000 messages of 64 bytes later", end, flat),
      ],
      notes: [`Computrons a byte, as the engine's meter counts them: ${perByte}.`],
      figures: {
        "xs.loaded.slots": loaded.slots - empty.slots,
        "xs.connected.slots": connected.slots - prepared.slots,
        "xs.connected.chunks": connected.chunks - prepared.chunks,
        "xs.10000.slots": end.slots - flat.slots,
        "xs.10000.chunks": end.chunks - flat.chunks,
        "xs.computrons.byte": perByte,
      },
    };
  } finally {
    worker.close();
    rmSync(folder, { recursive: true });
  }
}

// The store's file among others: links, modes, what somebody planted beside it, a full disk, and who may use it at a time.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import os from "node:os";
import path from "node:path";
import test, { type ExecutionContext } from "ava";
import { M95Error } from "../../core/index.js";
import { FileLock } from "../../targets/node/file-lock.js";
import { FileStore, type StoreFs } from "../../targets/node/file-store.js";
import { fileStore } from "../../targets/node/index.js";
import { rig } from "../support/rig.js";

const parent = fs.mkdtempSync(path.join(os.tmpdir(), "m95-lock-"));
test.after.always(() => fs.rmSync(parent, { recursive: true }));

/** A folder for one test. */
function folder(name: string): (file: string) => string {
  const dir = path.join(parent, name);
  fs.mkdirSync(dir);
  return (file) => path.join(dir, file);
}

/** Leaves history behind, so that the next load writes the file anew. */
function used(file: string): void {
  const store = fileStore(file);
  store.load();
  store.append(2, "kept");
  store.append(4, "gone");
  store.remove(4);
}

const kept = [{ key: 2, record: "kept" }];
const mode = (file: string) => fs.statSync(file).mode & 0o777;

test("a link stays a link, also one that leads to nothing yet; the file is where it leads", (t) => {
  const at = folder("link");
  fs.mkdirSync(at("flash"));
  fs.symlinkSync("flash/real", at("one"));
  fs.symlinkSync("one", at("two"));
  used(at("two"));
  t.deepEqual(fs.readdirSync(at("flash")).sort(), ["real", "real.lock"]);
  const before = fs.statSync(at("flash/real")).ino;
  t.deepEqual(fileStore(at("two")).load(), kept);
  t.not(fs.statSync(at("flash/real")).ino, before, "written anew");
  t.is(fs.readlinkSync(at("two")), "one");
  t.is(fs.readlinkSync(at("one")), "flash/real");
  t.deepEqual(fileStore(at("flash/real")).load(), kept);
  t.deepEqual(fs.readdirSync(at(".")).sort(), ["flash", "one", "two"]);
});

test("a file keeps its mode; a new one is nobody else's to read", (t) => {
  const at = folder("mode");
  used(at("fresh"));
  t.is(mode(at("fresh")), 0o600);
  for (const wanted of [0o600, 0o640, 0o444]) {
    const file = at(wanted.toString(8));
    used(file);
    fs.chmodSync(file, wanted);
    const before = fs.statSync(file);
    t.deepEqual(fileStore(file).load(), kept);
    const after = fs.statSync(file);
    t.not(after.ino, before.ino, "written anew");
    t.deepEqual([mode(file), after.uid, after.gid], [wanted, before.uid, before.gid]);
  }
});

test("what somebody planted as `.new` is not written through", (t) => {
  const at = folder("planted");
  fs.writeFileSync(at("victim"), "untouched");
  used(at("outbox"));
  fs.symlinkSync("victim", at("outbox.new"));
  t.deepEqual(fileStore(at("outbox")).load(), kept);
  t.is(fs.readFileSync(at("victim"), "utf8"), "untouched");
  fs.linkSync(at("victim"), at("outbox.new"));
  fs.appendFileSync(at("outbox"), "\ntorn");
  t.deepEqual(fileStore(at("outbox")).load(), kept);
  t.is(fs.readFileSync(at("victim"), "utf8"), "untouched");
  t.deepEqual(fs.readdirSync(at(".")).sort(), ["outbox", "outbox.lock", "victim"]);
});

test("a full disk keeps nobody from loading; what it holds of history stays, and no half file is left", (t) => {
  const at = folder("full");
  used(at("outbox"));
  const full = (failing: string): StoreFs => ({
    ...fs,
    [failing]: () => {
      throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
    },
  });
  const before = fs.readFileSync(at("outbox"), "latin1");
  for (const failing of ["writeSync", "fsyncSync", "renameSync", "fchmodSync"]) {
    const store = new FileStore(at("outbox"), full(failing));
    t.deepEqual(store.load(), kept, failing);
    t.is(fs.readFileSync(at("outbox"), "latin1"), before, failing);
    if (failing !== "renameSync") t.false(fs.existsSync(at("outbox.new")), failing);
  }
  const short = new FileStore(at("outbox"), { ...fs, writeSync: () => 3 } as unknown as StoreFs);
  t.deepEqual(short.load(), kept);
  t.throws(() => short.append(6, "x"), { message: /no room/ });
  t.deepEqual(fileStore(at("outbox")).load(), kept);
});

test("a pipe in the file's place is refused, not waited for", async (t) => {
  const at = folder("pipe");
  const made = spawn("mkfifo", [at("pipe")]);
  await once(made, "exit");
  t.throws(() => fileStore(at("pipe")).load(), { message: /pipe is no file$/ });
  t.deepEqual(fs.readdirSync(at(".")), ["pipe"]);
});

/** A process that has the store's file open, with a record that each appends. */
async function other(t: ExecutionContext, file: string, key = 8): Promise<ChildProcess> {
  const module = new URL("../../targets/node/index.js", import.meta.url).href;
  const child = spawn(
    process.execPath,
    [
      "--input-type=module",
      "-e",
      `import { fileStore } from "${module}";
      const store = fileStore(${JSON.stringify(file)});
      store.load();
      store.append(${key}, "of the other");
      console.log("open");
      process.stdin.on("data", () => process.exit());`,
    ],
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  t.teardown(() => child.kill("SIGKILL"));
  await once(child.stdout!, "data");
  return child;
}

test("of two processes the second one gets ESTORE, which names the first; a killed one's file is taken over whole", async (t) => {
  const at = folder("two");
  const child = await other(t, at("outbox"));
  fs.symlinkSync("outbox", at("link"));
  for (const file of [at("outbox"), at("link")]) {
    const error = t.throws(() => rig().modem.connect({ host: "broker.example", store: fileStore(file) }), {
      instanceOf: M95Error,
      code: "ESTORE",
    });
    t.regex(error!.message, new RegExp(`in use by process ${child.pid}; .* remove ${at("outbox.lock")}$`));
  }
  child.kill("SIGKILL");
  await once(child, "exit");
  t.true(fs.existsSync(at("outbox.lock")));
  const store = fileStore(at("outbox"));
  t.deepEqual(store.load(), [{ key: 8, record: "of the other" }]);
  store.append(10, "mine");
  t.deepEqual(
    new FileStore(at("outbox")).load().map(({ key }) => key),
    [8, 10],
  );
});

test("a process that ends gives its lock back", async (t) => {
  const at = folder("ends");
  const child = await other(t, at("outbox"));
  t.true(fs.existsSync(at("outbox.lock")));
  child.stdin!.write("end");
  await once(child, "exit");
  t.deepEqual(fs.readdirSync(at(".")), ["outbox"]);
});

test("a lock of an earlier start of the machine, or of a process whose ID was given away since, holds nobody up", async (t) => {
  const at = folder("stale");
  const child = await other(t, at("outbox"));
  const [pid, birth, token, host, boot, container] = fs.readFileSync(at("outbox.lock"), "utf8").trim().split(" ");
  t.is(pid, String(child.pid));
  const lock = (...parts: (string | undefined)[]) => fs.writeFileSync(at("free.lock"), `${parts.join(" ")}\n`);
  const taken = () => {
    const store = fileStore(at("free"));
    t.notThrows(() => store.load());
    t.notThrows(() => store.remove(2));
  };
  lock(pid, birth, token, host, boot, container);
  t.throws(() => fileStore(at("free")).load(), { message: new RegExp(`in use by process ${pid};`) });
  lock(pid, `${Number(birth) - 1}`, token, host, boot, container);
  taken();
  lock(pid, birth, token, host, "another-boot", container);
  taken();
  // On each start of a small machine a program tends to get the same ID.
  lock(`${process.pid}`, "1", token, host, boot, container);
  taken();
  for (const text of ["", "\0\0\0\0"]) {
    fs.writeFileSync(at("free.lock"), text);
    taken();
  }
});

test("a file of another program that has the lock's name is left alone", (t) => {
  const at = folder("foreign");
  fs.writeFileSync(at("outbox.lock"), "dependencies");
  t.throws(() => fileStore(at("outbox")).load(), { message: /outbox\.lock is there already, and is no lock/ });
  t.is(fs.readFileSync(at("outbox.lock"), "utf8"), "dependencies");
  fs.mkdirSync(at("folder.lock"));
  t.throws(() => fileStore(at("folder")).load(), { message: /folder\.lock is there already/ });
  fs.writeFileSync(at("victim"), `${process.pid} 1 x y\n`);
  fs.symlinkSync("victim", at("link.lock"));
  t.throws(() => fileStore(at("link")).load(), { message: /link\.lock is there already/ });
  t.true(fs.lstatSync(at("link.lock")).isSymbolicLink());
});

test("who lost the file, to another user of it or to a change from outside, writes no more and says so", (t) => {
  const at = folder("lost");
  const first = fileStore(at("outbox"));
  first.load();
  first.append(2, "kept");
  const second = fileStore(at("outbox"));
  t.deepEqual(second.load(), kept);
  const gone = { message: new RegExp(`was taken over by process ${process.pid} on ${os.hostname()}$`) };
  t.throws(() => first.append(4, "x"), gone);
  t.throws(() => first.remove(2), gone);
  second.append(4, "y");
  // One object for one client after the other is another matter.
  t.deepEqual(second.load().length, 2);
  t.throws(() => second.append(4, "z"), { message: /serves two clients/ });
  // The lock removed by hand is made anew; a file that has changed meanwhile is not written to.
  fs.unlinkSync(at("outbox.lock"));
  second.append(6, "z");
  t.true(fs.existsSync(at("outbox.lock")));
  fs.appendFileSync(at("outbox"), "\n1234 nothing");
  t.throws(() => second.append(8, "z"), { message: /was changed by somebody else/ });
  t.deepEqual(
    fileStore(at("outbox"))
      .load()
      .map(({ key }) => key),
    [2, 4, 6],
  );
});

test("where the folder takes no files there is no lock, and the file is used all the same", (t) => {
  const lock = new FileLock("/proc/self/none/outbox");
  t.notThrows(() => lock.take());
  t.notThrows(() => lock.check());
  t.notThrows(() => lock.release());
});

test("many start at once behind a dead one: one gets the file", async (t) => {
  const at = folder("race");
  const dead = await other(t, at("outbox"));
  dead.kill("SIGKILL");
  await once(dead, "exit");
  const module = new URL("../../targets/node/index.js", import.meta.url).href;
  const begin = Date.now() + 1500;
  const race = Array.from({ length: 5 }, async () => {
    const child = spawn(
      process.execPath,
      [
        "--input-type=module",
        "-e",
        `import { fileStore } from "${module}";
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ${begin} - Date.now());
        const store = fileStore(${JSON.stringify(at("outbox"))});
        try {
          store.load();
          console.log("open");
        } catch (error) {
          console.log(error.message);
        }
        process.stdin.on("data", () => process.exit());`,
      ],
      { stdio: ["pipe", "pipe", "inherit"] },
    );
    t.teardown(() => child.kill("SIGKILL"));
    return String((await once(child.stdout, "data"))[0]).trim();
  });
  const answers = await Promise.all(race);
  t.is(answers.filter((answer) => answer === "open").length, 1, answers.join("\n"));
  t.is(answers.filter((answer) => / in use by process \d+;/.test(answer)).length, 4, answers.join("\n"));
});

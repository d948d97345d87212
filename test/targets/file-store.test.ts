// The store in a file: what it says is kept is kept, wherever the power is cut, on a disk that loses all that was not synced.

import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import test from "ava";
import { FileStore, type StoreFs } from "../../targets/node/file-store.js";
import { fileStore } from "../../targets/node/index.js";
import { random } from "../support/rig.js";

const folder = mkdtempSync(path.join(os.tmpdir(), "m95-store-"));
test.after.always(() => rmSync(folder, { recursive: true }));

test("records come back in the order of their keys, to the byte, also in another process's eyes", (t) => {
  const file = path.join(folder, "plain");
  const store = fileStore(file);
  t.deepEqual(store.load(), []);
  const all = Array.from({ length: 256 }, (_, i) => String.fromCharCode(i)).join("");
  store.append(2, all);
  store.append(4, "1t\nx");
  store.append(5, "-");
  store.remove(4);
  store.remove(99);
  t.deepEqual(fileStore(file).load(), [
    { key: 2, record: all },
    { key: 5, record: "-" },
  ]);
});

test("a line that is torn or spoilt is left out, and spoils no other", (t) => {
  const file = path.join(folder, "torn");
  const store = fileStore(file);
  for (const key of [2, 4, 6]) store.append(key, `record ${key}`);
  const text = readFileSync(file, "latin1");
  appendFileSync(file, text.slice(0, 30));
  t.deepEqual(
    fileStore(file)
      .load()
      .map(({ key }) => key),
    [2, 4, 6],
  );
  appendFileSync(file, "\n\0\0\0\0");
  const other = fileStore(file);
  other.load();
  other.append(8, "behind it");
  t.deepEqual(
    fileStore(file)
      .load()
      .map(({ key }) => key),
    [2, 4, 6, 8],
  );
});

test("the file does not grow with time", (t) => {
  const file = path.join(folder, "long");
  const store = fileStore(file);
  store.load();
  store.append(2, "stays");
  for (let key = 4; key < 2004; key += 2) {
    store.append(key, "x".repeat(100));
    store.remove(key);
  }
  t.true(statSync(file).size < 100_000);
  t.deepEqual(fileStore(file).load(), [{ key: 2, record: "stays" }]);
});

test("a folder that is not there, and a file that cannot be read, are errors", (t) => {
  const store = fileStore(path.join(folder, "none", "file"));
  t.deepEqual(store.load(), []);
  t.throws(() => store.append(2, "x"), { code: "ENOENT" });
  t.throws(() => fileStore(folder).load(), { code: "EISDIR" });
});

function none(): never {
  throw Object.assign(new Error("none"), { code: "ENOENT" });
}

/** A disk that keeps, of what was not synced, some bytes or none; the power fails at an operation. */
class Disk {
  /** Operations until the power fails. */
  left = Infinity;
  /** Operations so far. */
  count = 0;
  #names = new Map<string, { synced: Buffer; data: Buffer }>();
  #syncedNames = new Map<string, { synced: Buffer; data: Buffer }>();
  #open = new Map<number, { synced: Buffer; data: Buffer } | "folder">();
  #next = 3;

  /** What is left after the cut; the disk works again. */
  crash(chance: () => number): void {
    if (chance() < 0.5) this.#names = new Map(this.#syncedNames);
    for (const inode of this.#names.values()) {
      const { synced, data } = inode;
      if (data.subarray(0, synced.length).equals(synced))
        inode.data = data.subarray(0, synced.length + Math.floor(chance() * (data.length - synced.length + 1)));
      else if (chance() < 0.5) inode.data = synced;
      inode.synced = inode.data;
    }
    this.#syncedNames = new Map(this.#names);
    this.#open.clear();
    this.left = Infinity;
  }

  readonly fs = {
    openSync: (name: string, flags: string | number) => {
      this.#step();
      let inode = this.#names.get(name);
      if (flags === "r") this.#open.set(this.#next, inode ?? "folder");
      else if (typeof flags === "number") this.#open.set(this.#next, inode ?? none());
      else {
        if (flags === "wx" && inode) throw Object.assign(new Error("there"), { code: "EEXIST" });
        inode ??= { synced: Buffer.alloc(0), data: Buffer.alloc(0) };
        this.#names.set(name, inode);
        this.#open.set(this.#next, inode);
      }
      return this.#next++;
    },
    unlinkSync: (name: string) => {
      this.#step();
      if (!this.#names.delete(name)) none();
    },
    realpathSync: (name: string) => (this.#names.has(name) ? name : none()),
    fchmodSync: () => this.#step(),
    writeSync: (fd: number, data: Buffer) => {
      const inode = this.#file(fd);
      const half = data.subarray(0, data.length >> 1);
      if (this.left === 1) inode.data = Buffer.concat([inode.data, half]);
      this.#step();
      inode.data = Buffer.concat([inode.data, data]);
      return data.length;
    },
    fsyncSync: (fd: number) => {
      this.#step();
      const inode = this.#open.get(fd);
      if (inode === "folder") this.#syncedNames = new Map(this.#names);
      else inode!.synced = inode!.data;
    },
    closeSync: (fd: number) => {
      this.#open.delete(fd);
    },
    fstatSync: (fd: number) => ({ size: this.#file(fd).data.length, isFile: () => true, uid: 1, gid: 1 }),
    ftruncateSync: (fd: number, size: number) => {
      this.#step();
      const inode = this.#file(fd);
      inode.data = inode.data.subarray(0, size);
    },
    renameSync: (from: string, to: string) => {
      this.#step();
      this.#names.set(to, this.#names.get(from)!);
      this.#names.delete(from);
    },
    readFileSync: (fd: number) => this.#file(fd).data.toString("latin1"),
  } as unknown as StoreFs;

  #file(fd: number) {
    return this.#open.get(fd) as { synced: Buffer; data: Buffer };
  }

  #step(): void {
    this.count++;
    if (--this.left <= 0) throw new Error("no power");
  }
}

/** Appends and removes until the power fails; then the store must hold what it said it does. Returns the operations. */
function life(t: import("ava").ExecutionContext, cut: number, seed: number): number {
  const disk = new Disk();
  const chance = random(seed);
  const kept = new Map<number, string>();
  /** An operation on it was under way: either is right. */
  let open = -1;
  let store = new FileStore("/var/outbox", disk.fs);
  store.load();
  disk.left = cut;
  // An operation in which the power went did not return.
  const returned = () => {
    if (disk.left <= 0) throw new Error("no power");
  };
  try {
    for (let key = 2; key < 500; key += 2) {
      open = key;
      store.append(key, `record ${key}`);
      returned();
      kept.set(key, `record ${key}`);
      for (const old of [...kept.keys()])
        if (kept.size > 4 || chance() < 0.5) {
          open = old;
          store.remove(old);
          returned();
          kept.delete(old);
        }
    }
  } catch (error) {
    t.is((error as Error).message, "no power");
  }
  const { count } = disk;
  disk.crash(chance);
  for (let again = 0; again < 2; again++) {
    store = new FileStore("/var/outbox", disk.fs);
    const found = store.load().filter(({ key }) => key !== open);
    kept.delete(open);
    t.deepEqual(
      found,
      [...kept].map(([key, record]) => ({ key, record })),
      `cut at ${cut}, seed ${seed}`,
    );
  }
  return count;
}

test("the power is cut at each operation of the disk", (t) => {
  const all = life(t, Infinity, 1);
  t.true(all > 1000);
  for (let cut = 1; cut <= all; cut += cut < 60 ? 1 : 7) for (const seed of [1, 2, 3]) life(t, cut, seed);
});

test("a write that fails leaves no trace", (t) => {
  const disk = new Disk();
  const store = new FileStore("/var/outbox", disk.fs);
  store.load();
  store.append(2, "first");
  const { fsyncSync } = disk.fs;
  (disk.fs as { fsyncSync: unknown }).fsyncSync = () => {
    throw new Error("EIO");
  };
  t.throws(() => store.append(4, "second"), { message: "EIO" });
  (disk.fs as { fsyncSync: unknown }).fsyncSync = fsyncSync;
  store.append(6, "third");
  t.deepEqual(
    new FileStore("/var/outbox", disk.fs).load().map(({ key }) => key),
    [2, 6],
  );
});

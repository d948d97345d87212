// The outbox's store in a file: a journal that is only appended to, and written anew when most of it is history.
import { createHash } from "node:crypto";
import * as nodeFs from "node:fs";
import path from "node:path";
import { wrong } from "../../core/arguments.js";
import { M95Error, type OutboxStore } from "../../core/index.js";
import { FileLock, realName } from "./file-lock.js";

/** What the store uses of node:fs. */
export type StoreFs = Pick<
  typeof nodeFs,
  | "openSync"
  | "writeSync"
  | "fsyncSync"
  | "closeSync"
  | "readFileSync"
  | "renameSync"
  | "ftruncateSync"
  | "fstatSync"
  | "fchmodSync"
  | "fchownSync"
  | "unlinkSync"
  | "realpathSync"
>;

/** Lines of history from which on the file is written anew. */
const HISTORY = 200;
/** Mode of a new file: payloads are nobody else's business. One that is there keeps its own. */
const PRIVATE = 0o600;

/**
 * One line: a checksum, then "+" and a key with its record in base64, or "-" and a key. The line feed stands in front, so that
 * a line that was torn does not spoil the next one.
 */
function line(text: string): string {
  return `\n${checksum(text)} ${text}`;
}

function checksum(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}

/** A whole record, whatever became of its bytes, and the beginning of one that was torn. */
const RECORD = /^[0-9a-f]{12} [+-] \d+( |$)/;
const TORN = /^[0-9a-f]{0,12}( [+-]?( \d*)?)?$/;

/** Whether a store, or what a power cut leaves of one, may look so. */
function looksOwn(text: string): boolean {
  const lines = text.split("\n").map((one) => one.replace(/\0+$/, ""));
  return lines.some((one) => RECORD.test(one)) || (lines[0] === "" && lines.every((one) => TORN.test(one)));
}

/** The journal of `fileStore`, without a lock; the file system can be another one, for tests. */
export class FileStore implements OutboxStore {
  readonly #file: string;
  readonly #fs: StoreFs;
  readonly #records = new Map<number, string>();
  #lines = 0;
  /** Bytes of the file, so that a write of somebody else shows. */
  #size = 0;

  constructor(file: string, fs: StoreFs = nodeFs) {
    this.#file = file;
    this.#fs = fs;
  }

  load(): { key: number; record: string }[] {
    this.#records.clear();
    const text = this.#read();
    if (!looksOwn(text)) throw new Error(`${this.#file} holds something else, which is not written over`);
    this.#size = text.length;
    const lines = text.split("\n").filter((one) => one !== "");
    for (const one of lines) {
      const [, sum, rest] = /^(\w+) (.*)$/.exec(one) ?? [];
      // Torn by a power cut, and never reported as kept.
      if (rest === undefined || sum !== checksum(rest)) continue;
      const [sign, key, data] = rest.split(" ");
      if (sign === "+") this.#records.set(Number(key), Buffer.from(data!, "base64").toString("latin1"));
      else this.#records.delete(Number(key));
    }
    this.#lines = lines.length;
    if (lines.length > this.#records.size) {
      try {
        this.#rewrite();
      } catch {
        // Only history stays: a full disk does not keep from sending what is kept.
      }
    }
    return [...this.#records].map(([key, record]) => ({ key, record })).sort((a, b) => a.key - b.key);
  }

  append(key: number, record: string): void {
    if (this.#records.has(key)) throw new Error(`${this.#file} serves two clients`);
    this.#write(`+ ${key} ${Buffer.from(record, "latin1").toString("base64")}`);
    this.#records.set(key, record);
  }

  remove(key: number): void {
    if (!this.#records.has(key)) return;
    this.#write(`- ${key}`);
    this.#records.delete(key);
    if (this.#lines > HISTORY + 2 * this.#records.size) this.#rewrite();
  }

  #write(text: string): void {
    const fs = this.#fs;
    const fd = fs.openSync(this.#file, "a", PRIVATE);
    try {
      const { size } = fs.fstatSync(fd);
      if (size !== this.#size) throw new Error(`${this.#file} was changed by somebody else`);
      try {
        const data = Buffer.from(line(text));
        if (fs.writeSync(fd, data) !== data.length) throw new Error(`${this.#file}: no room`);
        fs.fsyncSync(fd);
        this.#size = size + data.length;
      } catch (error) {
        fs.ftruncateSync(fd, size);
        throw error;
      }
    } finally {
      fs.closeSync(fd);
    }
    // The file may be new: its name has to last, too.
    if (this.#lines++ === 0) this.#syncFolder(fs.realpathSync(this.#file));
  }

  #read(): string {
    const fs = this.#fs;
    let fd: number;
    try {
      // A pipe or a terminal in its place must not be waited for.
      fd = fs.openSync(this.#file, nodeFs.constants.O_RDONLY | (nodeFs.constants.O_NONBLOCK ?? 0));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
      throw error;
    }
    try {
      const stat = fs.fstatSync(fd);
      if (!stat.isFile() && !stat.isDirectory()) throw new Error(`${this.#file} is no file`);
      return fs.readFileSync(fd, "latin1");
    } finally {
      fs.closeSync(fd);
    }
  }

  /** The new file takes the place of the old one, where a link leads to it there, when all of it is on the disk. */
  #rewrite(): void {
    const fs = this.#fs;
    const file = fs.realpathSync(this.#file);
    const fresh = `${file}.new`;
    const lines = [...this.#records].map(([key, record]) =>
      line(`+ ${key} ${Buffer.from(record, "latin1").toString("base64")}`),
    );
    const data = Buffer.from(lines.join(""));
    const fd = this.#fresh(fresh);
    try {
      this.#likeTheOld(file, fd);
      if (data.length > 0 && fs.writeSync(fd, data) !== data.length) throw new Error(`${fresh}: no room`);
      fs.fsyncSync(fd);
    } catch (error) {
      fs.closeSync(fd);
      fs.unlinkSync(fresh);
      throw error;
    }
    fs.closeSync(fd);
    fs.renameSync(fresh, file);
    this.#size = data.length;
    this.#lines = this.#records.size;
    this.#syncFolder(file);
  }

  /** A file of our own: what is left of an earlier try goes, a link somebody put there is not followed. */
  #fresh(name: string): number {
    const fs = this.#fs;
    try {
      fs.unlinkSync(name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
    return fs.openSync(name, "wx", PRIVATE);
  }

  /** Mode and owner of the file whose place it takes. */
  #likeTheOld(file: string, fd: number): void {
    const fs = this.#fs;
    const old = fs.openSync(file, "r");
    try {
      const { mode, uid, gid } = fs.fstatSync(old);
      const own = fs.fstatSync(fd);
      let kept = 0o777;
      try {
        if (uid !== own.uid || gid !== own.gid) fs.fchownSync(fd, uid, gid);
      } catch {
        // Only root can give a file away. What the mode says is meant for others, then.
        kept = 0o700;
      }
      fs.fchmodSync(fd, mode & kept);
    } finally {
      fs.closeSync(old);
    }
  }

  #syncFolder(file: string): void {
    let fd: number | undefined;
    try {
      fd = this.#fs.openSync(path.dirname(file), "r");
      this.#fs.fsyncSync(fd);
    } catch {
      // Not every system lets folders be synchronised.
    }
    if (fd !== undefined) this.#fs.closeSync(fd);
  }
}

/** The journal behind its lock. */
class LockedStore implements OutboxStore {
  readonly file: string;
  readonly #journal: FileStore;
  readonly #lock: FileLock;

  constructor(file: string) {
    this.file = file;
    this.#journal = new FileStore(file);
    this.#lock = new FileLock(file);
  }

  load(): { key: number; record: string }[] {
    this.#lock.take();
    try {
      return this.#journal.load();
    } catch (error) {
      this.#lock.release();
      throw error;
    }
  }

  append(key: number, record: string): void {
    this.#lock.check();
    this.#journal.append(key, record);
  }

  remove(key: number): void {
    this.#lock.check();
    this.#journal.remove(key);
  }
}

/** Who uses a store, by the real name of its file, else by itself. */
const files = new Map<string, () => boolean>();
const objects = new WeakMap<object, () => boolean>();

/**
 * Gives a store to one client, until that has ended; two would both send what is in it.
 * @param uses - whether the client still does
 * @returns gives it back
 * @throws M95Error `ESTORE` when another client uses it
 */
export function claim(store: OutboxStore, uses: () => boolean): () => void {
  const file = store instanceof LockedStore ? realName(store.file) : undefined;
  const used = file === undefined ? objects.get(store) : files.get(file);
  if (used?.())
    throw new M95Error("ESTORE", `store: ${file ?? "it"} is in use by another client, which has not ended yet`);
  if (file === undefined) objects.set(store, uses);
  else files.set(file, uses);
  return () => (file === undefined ? objects.delete(store) : files.delete(file));
}

/**
 * A store for `ConnectOptions.store` in a file; its folder has to exist. Each operation is on the disk when it returns. One
 * client of one process uses the file until it has ended: another one gets `ESTORE`, and so does another process, which is told who has
 * it. So does who names a file that holds something else. The lock
 * is a file beside it, `.lock`; that of a process which was killed is taken over.
 * @param file - a link is followed; a new file gets mode 0600
 * @throws M95Error `EPARAM`
 */
export function fileStore(file: string): OutboxStore {
  if (typeof file !== "string" || !file || file.includes("\0")) throw wrong("file", "the name of a file", file);
  return new LockedStore(file);
}

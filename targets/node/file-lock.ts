// A lock beside a file: one process uses the file, the next one is told which. It knows nothing of what is in the file.
import { randomUUID } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";

/** ms that a lock may be empty, because its maker is about to write it. */
const BIRTH = 200;
/** ms that a write may take of somebody who has looked at the lock just before it was taken away. */
const GRACE = 50;
/** ms that taking a stale lock away may take. */
const ASIDE = 2000;

/** Locks of this process, given back when it ends; of one that is killed the lock is left, and told by its dead process. */
const held = new Set<FileLock>();
let listening = false;

/** A file's real name, also when there is no such file yet: nothing, or a link that leads to nothing. */
export function realName(file: string, links = 40): string {
  try {
    return fs.realpathSync(file);
  } catch {
    const folder = path.dirname(path.resolve(file));
    try {
      if (links > 0) return realName(path.resolve(folder, fs.readlinkSync(file)), links - 1);
    } catch {
      // No link either.
    }
    try {
      return path.join(fs.realpathSync(folder), path.basename(file));
    } catch {
      return path.resolve(file);
    }
  }
}

function tried(read: () => string): string {
  try {
    return read();
  } catch {
    return "";
  }
}

/** Machine, boot and container: where a process ID means something. */
function place(): string {
  const boot = tried(() => fs.readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim());
  const container = tried(() => fs.readlinkSync("/proc/self/ns/pid"));
  return `${os.hostname()} ${boot} ${container}`;
}

/** When a process began: IDs are used again. Empty where the system does not tell. */
function birth(pid: number): string {
  return tried(() => {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, "latin1");
    // Fields from the third on: the second is a name, which may hold anything.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // One that ended and was not fetched yet has gone.
    return "ZX".includes(fields[0]!) ? "gone" : fields[22 - 3]!;
  });
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** What is in a lock; empty where there is none. A link is not followed, and what is no file is not read. */
function textOf(lock: string): string {
  return tried(() => (fs.lstatSync(lock).isFile() ? fs.readFileSync(lock, "utf8") : "no file"));
}

/** See the head of this file. All calls are synchronous. */
export class FileLock {
  readonly #file: string;
  #lock = "";
  /** Its text while it is held: ID and birth of the process, a token, the place. */
  #mine = "";

  constructor(file: string) {
    this.#file = file;
  }

  /**
   * Takes the lock, also from a process that is dead, from another user of it in this process, and from one of whom nobody
   * can tell whether it lives because it ran on another machine or in another container. Who loses it so is told by `check`.
   * Where the folder takes no files there is no lock.
   * @throws Error that names the process which holds it
   */
  take(): void {
    this.release();
    this.#lock = `${realName(this.#file)}.lock`;
    const mine = `${process.pid} ${birth(process.pid)} ${randomUUID()} ${place()}\n`;
    for (let waited = 0; !this.#make(mine); ) {
      const text = textOf(this.#lock);
      const empty = /^\0*$/.test(text);
      if (empty && waited < BIRTH) {
        sleep(10);
        waited += 10;
        continue;
      }
      const [, pid, since, where] = /^(\d+) (\d*) \S+ (.*)\n$/.exec(text) ?? [];
      if (where === undefined && !empty)
        throw new Error(`${this.#lock} is there already, and is no lock of this driver`);
      const here = where === place();
      const other = Number(pid);
      if (here && other !== process.pid && lives(other) && birth(other) === since)
        throw new Error(`${this.#file} is in use by process ${other}; if that is none of yours, remove ${this.#lock}`);
      this.#putAside(text);
      if (where !== undefined && !here) sleep(GRACE);
    }
  }

  /** False: there is one already. Where none can be made, there is none. */
  #make(text: string): boolean {
    let fd: number;
    try {
      // No link is followed.
      fd = fs.openSync(this.#lock, "wx", 0o644);
    } catch (error) {
      return (error as NodeJS.ErrnoException).code !== "EEXIST";
    }
    const written = tried(() => String(fs.writeSync(fd, text)));
    fs.closeSync(fd);
    if (written !== String(Buffer.byteLength(text))) tried(() => String(fs.unlinkSync(this.#lock)));
    else {
      this.#mine = text;
      held.add(this);
      if (!listening) process.on("exit", giveBack);
      listening = true;
    }
    return true;
  }

  /** Before each write. @throws Error when somebody else has taken the lock */
  check(): void {
    const text = this.#mine && textOf(this.#lock);
    if (text === "") {
      // None could be made, or it was removed by hand.
      this.take();
    } else if (text !== this.#mine) {
      const [pid, , , host] = text.split(" ");
      throw new Error(`${this.#file} was taken over by process ${pid} on ${host}`);
    }
  }

  release(): void {
    if (this.#mine !== "" && textOf(this.#lock) === this.#mine) tried(() => String(fs.unlinkSync(this.#lock)));
    this.#mine = "";
    held.delete(this);
  }

  /** Takes a stale lock away, one process at a time: no other can have put a new one in its place when it goes. */
  #putAside(text: string): void {
    const guard = `${this.#lock}.aside`;
    try {
      fs.closeSync(fs.openSync(guard, "wx", 0o644));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      // Whoever was about to do the same may have been killed.
      if (tried(() => String(Date.now() - fs.lstatSync(guard).mtimeMs > ASIDE)) === "true")
        tried(() => String(fs.unlinkSync(guard)));
      sleep(10);
      return;
    }
    try {
      if (textOf(this.#lock) === text) fs.unlinkSync(this.#lock);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    } finally {
      tried(() => String(fs.unlinkSync(guard)));
    }
  }
}

function giveBack(): void {
  for (const lock of [...held]) lock.release();
}

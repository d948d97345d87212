// The outbox's store in a file: a journal that is only appended to, and written anew when most of it is history.
import { createHash } from "node:crypto";
import * as nodeFs from "node:fs";
import path from "node:path";
import { wrong } from "../../core/arguments.js";
import type { OutboxStore } from "../../core/index.js";

/** What the store uses of node:fs. */
export type StoreFs = Pick<
  typeof nodeFs,
  "openSync" | "writeSync" | "fsyncSync" | "closeSync" | "readFileSync" | "renameSync" | "ftruncateSync" | "fstatSync"
>;

/** Lines of history from which on the file is written anew. */
const HISTORY = 200;

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

/** See `fileStore`; the file system can be another one, for tests. */
export class FileStore implements OutboxStore {
  readonly #file: string;
  readonly #fs: StoreFs;
  readonly #records = new Map<number, string>();
  #lines = 0;

  constructor(file: string, fs: StoreFs = nodeFs) {
    this.#file = file;
    this.#fs = fs;
  }

  load(): { key: number; record: string }[] {
    this.#records.clear();
    let text = "";
    try {
      text = this.#fs.readFileSync(this.#file, "latin1");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
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
    if (lines.length > this.#records.size) this.#rewrite();
    return [...this.#records].map(([key, record]) => ({ key, record })).sort((a, b) => a.key - b.key);
  }

  append(key: number, record: string): void {
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
    const fd = fs.openSync(this.#file, "a");
    try {
      const { size } = fs.fstatSync(fd);
      try {
        const data = Buffer.from(line(text));
        if (fs.writeSync(fd, data) !== data.length) throw new Error(`${this.#file}: no room`);
        fs.fsyncSync(fd);
      } catch (error) {
        fs.ftruncateSync(fd, size);
        throw error;
      }
    } finally {
      fs.closeSync(fd);
    }
    // The file may be new: its name has to last, too.
    if (this.#lines++ === 0) this.#syncFolder();
  }

  /** The new file takes the place of the old one when all of it is on the disk. */
  #rewrite(): void {
    const fs = this.#fs;
    const fresh = `${this.#file}.new`;
    const fd = fs.openSync(fresh, "w");
    try {
      const lines = [...this.#records].map(([key, record]) =>
        line(`+ ${key} ${Buffer.from(record, "latin1").toString("base64")}`),
      );
      const data = Buffer.from(lines.join(""));
      if (data.length > 0 && fs.writeSync(fd, data) !== data.length) throw new Error(`${fresh}: no room`);
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
    fs.renameSync(fresh, this.#file);
    this.#lines = this.#records.size;
    this.#syncFolder();
  }

  #syncFolder(): void {
    let fd: number | undefined;
    try {
      fd = this.#fs.openSync(path.dirname(this.#file), "r");
      this.#fs.fsyncSync(fd);
    } catch {
      // Not every system lets folders be synchronised.
    }
    if (fd !== undefined) this.#fs.closeSync(fd);
  }
}

/**
 * A store for `ConnectOptions.store` in a file; its folder has to exist. Each operation is on the disk when it returns. Not to
 * be shared by two clients.
 * @throws M95Error `EPARAM`
 */
export function fileStore(file: string): OutboxStore {
  if (typeof file !== "string" || !file || file.includes("\0")) throw wrong("file", "the name of a file", file);
  return new FileStore(file);
}

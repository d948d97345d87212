// The outbox's store in Espruino's Storage: one small file a record, written once and erased, so that flash pages wear only
// when Storage compacts itself. It knows nothing of records, and touches no file but its own.
// @part store
import { wrong } from "../../core/arguments.js";
import { quote } from "../../core/at/params.js";
import type { OutboxStore } from "../../core/index.js";

declare function require(name: "Storage"): {
  list(): string[];
  read(name: string): string | undefined;
  write(name: string, data: string): boolean;
  erase(name: string): void;
};

/** Makes all keys equally long, so that names sort as keys do. */
const BASE = 0x10000000;

/**
 * A store for `mqtt({ store })` in files `name.1` and seven hexadecimal digits. Files of any other name are not its own.
 * @param name - at most 19 characters without control characters; each client needs its own
 * @throws M95Error `EPARAM`
 */
export function store(name: string): OutboxStore {
  const files = require("Storage");
  quote("name", name, 0);
  const prefix = name + ".";
  const fileOf = (key: number): string => prefix + (BASE + key).toString(16);
  if (!name || prefix.length > 20) throw wrong("name", "a text of 1 to 19 characters", name);
  return {
    load() {
      const list: { key: number; record: string }[] = [];
      files
        .list()
        .sort()
        .forEach((file) => {
          const key = parseInt(file.substr(prefix.length), 16) - BASE;
          // Letter for letter the name that a key makes, or else another's file.
          if (!(key > 0 && key < BASE) || fileOf(key) !== file) return;
          // Copied: what is read is the flash itself, which may be moved.
          const text = "" + files.read(file);
          const end = text.length - 1;
          if (text[end] === ".") list.push({ key, record: text.substr(0, end) });
          // Torn: flash that was not written yet reads 255.
          else if (text.charCodeAt(end) === 255) files.erase(file);
        });
      return list;
    },
    append(key, record) {
      const file = fileOf(key);
      if (files.read(file) !== undefined) throw new Error("another's file is called " + file);
      if (!files.write(file, record + ".")) throw new Error("Storage is full");
    },
    remove(key) {
      files.erase(fileOf(key));
    },
  };
}

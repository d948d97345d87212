// The outbox's store in Espruino's Storage: one small file a record, written once and erased, so that flash pages wear only
// when Storage compacts itself. It knows nothing of records.
import { wrong } from "../../core/at/params.js";
import type { OutboxStore } from "../../core/index.js";

declare function require(name: "Storage"): {
  list(): string[];
  read(name: string): string;
  write(name: string, data: string): boolean;
  erase(name: string): void;
};

/** Makes all keys equally long, so that names sort as keys do. */
const BASE = 0x10000000;

/**
 * A store for `mqtt({ store })` in files `name.` and eight digits.
 * @param name - at most 19 characters; each client needs its own
 * @throws M95Error `EPARAM`
 */
export function store(name: string): OutboxStore {
  const files = require("Storage");
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
          if (!file.startsWith(prefix)) return;
          // Copied: what is read is the flash itself, which may be moved.
          const text = "" + files.read(file);
          const end = text.length - 1;
          // Flash that was not written yet reads 255.
          if (text[end] === ".")
            list.push({ key: parseInt(file.substr(prefix.length), 16) - BASE, record: text.substr(0, end) });
          else files.erase(file);
        });
      return list;
    },
    append(key, record) {
      if (!files.write(fileOf(key), record + ".")) throw new Error("Storage is full");
    },
    remove(key) {
      files.erase(fileOf(key));
    },
  };
}

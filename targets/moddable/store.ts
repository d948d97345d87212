// The outbox's store in the SDK's `preference` module, which the application hands in: one preference a record. It touches no
// preference but its own.
import { callable, refusal, wrong } from "../../core/arguments.js";
import type { OutboxStore } from "../../core/index.js";
import { fromBuffer, toBuffer } from "./codec.js";

/** What the store uses of the module `preference`. */
export interface PreferenceModule {
  set(domain: string, name: string, value: ArrayBuffer): void;
  get(domain: string, name: string): unknown;
  delete(domain: string, name: string): void;
  keys(domain: string): string[];
}

/** Makes all names equally long, so that they sort as keys do. */
const BASE = 0x10000000;

/**
 * A store for `ConnectOptions.store`.
 * @param preference - the module `preference`
 * @param domain - one for each client; at most 15 characters on ESP32
 * @throws M95Error `EPARAM`
 */
export function preferenceStore(preference: PreferenceModule, domain: string): OutboxStore {
  try {
    (["set", "get", "delete", "keys"] as const).forEach((method) => {
      callable(`preference.${method}`, preference?.[method]);
    });
  } catch (error) {
    throw refusal(error);
  }
  if (typeof domain !== "string" || !domain) throw wrong("domain", "a text of at least one character", domain);
  const nameOf = (key: number): string => (BASE + key).toString(16);
  return {
    load() {
      const list: { key: number; record: string }[] = [];
      preference
        .keys(domain)
        .sort()
        .forEach((name) => {
          const key = parseInt(name, 16) - BASE;
          // Letter for letter the name that a key makes, or else another's.
          const value = key > 0 && key < BASE && nameOf(key) === name && preference.get(domain, name);
          if (value instanceof ArrayBuffer) list.push({ key, record: fromBuffer(value) });
        });
      return list;
    },
    append(key, record) {
      const name = nameOf(key);
      if (preference.get(domain, name) !== undefined) throw new Error(`another's preference is called ${name}`);
      preference.set(domain, name, toBuffer(record));
    },
    remove(key) {
      preference.delete(domain, nameOf(key));
    },
  };
}

// The outbox's store in the SDK's `preference` module, which the application hands in: one preference a record.
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
 * @param domain - of the store's own, one for each client; at most 15 characters on ESP32
 */
export function preferenceStore(preference: PreferenceModule, domain: string): OutboxStore {
  const nameOf = (key: number): string => (BASE + key).toString(16);
  return {
    load() {
      const list: { key: number; record: string }[] = [];
      for (const name of preference.keys(domain).sort()) {
        const value = preference.get(domain, name);
        if (value instanceof ArrayBuffer) list.push({ key: parseInt(name, 16) - BASE, record: fromBuffer(value) });
      }
      return list;
    },
    append(key, record) {
      preference.set(domain, nameOf(key), toBuffer(record));
    },
    remove(key) {
      preference.delete(domain, nameOf(key));
    },
  };
}

// Finds Espruino's AT module, which the driver's cost is compared with. It measures nothing.
import { existsSync } from "node:fs";
import path from "node:path";
import { engine } from "../scripts/testing/needs.mjs";

/** AT.js in the folder that ESPRUINO_DOCS names; nothing when it names none. */
export function atModuleFile() {
  const docs = engine("ESPRUINO_DOCS");
  if (!docs) return undefined;
  const file = [path.join(docs, "AT.js"), path.join(docs, "modules", "AT.js")].find(existsSync);
  if (!file) throw new Error(`ESPRUINO_DOCS names ${docs}, which has neither AT.js nor modules/AT.js`);
  return file;
}

// What each board has left for an application: Storage beside the driver, and jsVars when an example is connected. Sizes of boards come
// from Espruino's own board files. Needs ESPRUINO, a binary in its sources.

import { execFileSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { BOARD_FILES, boardFile, boardFolder } from "../scripts/espruino/board-files.mjs";
import { lack } from "../scripts/testing/needs.mjs";
import { measure } from "./espruino-ram.mjs";

const EXAMPLES = ["sensor", "switch", "tracker"];
const DIST = fileURLToPath(new URL("../dist/espruino/", import.meta.url));
const APPS = fileURLToPath(new URL("../examples/espruino/", import.meta.url));

const room = (bytes) => 32 + 4 * Math.ceil(bytes / 4);

/** The commit of this tree, if it is one. */
function commit() {
  try {
    const git = (...args) =>
      execFileSync("git", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
    return `, the driver at ${git("rev-parse", "--short", "HEAD")}`;
  } catch {
    return "";
  }
}

/** What an example takes of every board: Storage for the driver and itself, and jsVars. */
async function needs(example) {
  const { files, sets } = JSON.parse(readFileSync(path.join(DIST, "parts.json"), "utf8"));
  const app = path.join(APPS, `${example}.js`);
  const wanted = files.filter(({ name }) => sets[example].includes(name));
  const list = wanted.map(({ name, file }) => ({ name, file: path.join(DIST, file) }));
  const { vars, more } = await measure("flash", [...list, { name: "example", file: app }], "example.js");
  return {
    storage: wanted.reduce((sum, { bytes }) => sum + room(bytes), 0),
    app: room(statSync(app).size),
    vars: vars.connected + more.connected,
    // Variables of boards are little more than half as large as those of the Linux build.
    copied: 2 * more.copied,
    version: vars.version,
  };
}

/** Boards whose flash is no memory: what the driver looks into often is copied. */
const isCopied = (name) => name.startsWith("esp32");

/** The cell of a board and an example. */
function left(board, isCopy, { storage, app, vars, copied }) {
  const free = board.storage - storage;
  const used = vars + (isCopy ? copied : 0);
  return free < app || board.vars < used ? "does not fit" : `${free} / ${board.vars - used}`;
}

/** Rows of a table; without the engine only what is lacking. */
export async function boards() {
  const lacking =
    lack("ESPRUINO")?.why ?? (boardFolder() ? undefined : "set ESPRUINO to a binary in Espruino's sources");
  if (lacking) return { lack: lacking };
  const needed = {};
  for (const example of EXAMPLES) needed[example] = await needs(example);
  return {
    rows: [
      ["board", "Storage, bytes", "jsVars", ...EXAMPLES],
      ...Object.keys(BOARD_FILES).map((name) => {
        const board = boardFile(name);
        return [
          `\`${name}\``,
          board.storage,
          board.vars,
          ...EXAMPLES.map((example) => left(board, isCopied(name), needed[example])),
        ];
      }),
    ],
    notes: [
      `The examples themselves take ${EXAMPLES.map((one) => `${needed[one].app} (${one})`).join(", ")} bytes of Storage and are counted in jsVars.`,
      `Measured on Espruino ${needed.sensor.version}${commit()}.`,
    ],
  };
}

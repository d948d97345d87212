// RAM on Espruino: jsVars of the module from loading to a hundred reconnects, with the code in RAM and in flash. Needs ESPRUINO.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { BOARD, LINUX } from "../scripts/espruino/vars.mjs";
import { engine, lack } from "../scripts/testing/needs.mjs";

const TIME_LIMIT = 120_000;
const DIST = fileURLToPath(new URL("../dist/espruino/", import.meta.url));
const STAGES = {
  loaded: "loaded",
  most: "most at any time until connected",
  connected: "connected and subscribed",
  received: "1,000 messages later",
  reconnected: "100 reconnects later",
};

/** The files of the sensor example, as boards get them. */
const { files, sets } = JSON.parse(readFileSync(path.join(DIST, "parts.json"), "utf8"));
const PARTS = files
  .filter(({ name }) => sets.sensor.includes(name))
  .map(({ name, file }) => ({ name, file: path.join(DIST, file) }));
const WHOLE = [{ name: "M95", file: path.join(DIST, "M95.min.js") }];

const part = (name) => readFileSync(new URL(`espruino/${name}`, import.meta.url), "utf8");

function blocks({ name, text, more }, isName, length) {
  return 1 + Math.max(0, Math.ceil((length - (isName ? name : text)) / more));
}

/** How many jsVars more a board needs for the strings and names of a list that E.dumpVariables() printed. */
function moreOnBoards(list) {
  let sum = 0;
  for (const [, size, kind, quoted] of list.matchAll(/^\d+,(\d+),\d+,(String )?"((?:[^"\\]|\\.)*)",/gm)) {
    const isName = !kind;
    let { length } = quoted.replace(/\\(x..|[0-7]{1,3}|.)/g, ".");
    // Longer strings are shown by their beginning; one of a single variable then stands in flash, which it does everywhere.
    if (kind && length === 20 && quoted.endsWith("...")) {
      if (size === "1") continue;
      length = LINUX.text + LINUX.more * (size - 1.5);
    }
    sum += blocks(BOARD, isName, length) - blocks(LINUX, isName, length);
  }
  return sum;
}

/** The same for each stage, less what there is before the module. */
function board(output) {
  const more = {};
  for (const [, stage, list] of output.matchAll(/STAGE (\w+)\r?\n([\s\S]*?)END/g)) more[stage] = moreOnBoards(list);
  return Object.fromEntries(Object.entries(more).map(([stage, count]) => [stage, count - more.nothing]));
}

/** jsVars at each stage on this build and, with the code in flash, what boards need more. `sketch` is one of bench/espruino/. */
export async function measure(from, list, sketch = "ram.js") {
  // Its flash is a file in the folder it runs in.
  const folder = mkdtempSync(path.join(tmpdir(), "m95-bench-"));
  const script = path.join(folder, "script.js");
  writeFileSync(
    script,
    `const FROM=${JSON.stringify(from)},FILES=${JSON.stringify(list)};${part("scripted-modem.js")}${part(sketch)}`,
  );
  // Its input stays open: at its end it is read again and again.
  const child = spawn(engine("ESPRUINO"), [script], { cwd: folder, stdio: ["pipe", "pipe", "ignore"] });
  const closed = new Promise((resolve) => child.once("close", resolve));
  let output = "";
  try {
    return await new Promise((resolve, reject) => {
      const fail = (why) => reject(new Error(`jsVars (${from}): ${why}\n${output.slice(-500)}`));
      setTimeout(() => fail("no result"), TIME_LIMIT).unref();
      child.once("error", (error) => fail(error.message));
      child.once("close", () => fail("the engine has ended"));
      child.stdout.setEncoding("latin1").on("data", (data) => {
        output += data;
        const found = /RESULT (\{.*\})\r?\n/.exec(output);
        if (found && /WRONG/.test(output)) fail("wrong");
        else if (found) resolve({ vars: JSON.parse(found[1]), more: board(output) });
        else if (/(Uncaught|ASSERT|WRONG).*\n/.test(output)) fail("wrong");
      });
    });
  } finally {
    child.kill();
    await closed;
    rmSync(folder, { recursive: true });
  }
}

/** Rows of a table and figures for the budgets; without the engine only what is lacking. */
export async function espruinoRam() {
  const lacking = lack("ESPRUINO");
  if (lacking) return { lack: lacking.why };
  const [flash, whole, ram] = await Promise.all([
    measure("flash", PARTS),
    measure("flash", WHOLE),
    measure("ram", WHOLE),
  ]);
  return {
    rows: [
      [
        "jsVars",
        "files in Storage",
        "the same on an STM32F4, computed",
        "in one piece in Storage",
        "in one piece in RAM",
      ],
      ...Object.entries(STAGES).map(([stage, title]) => [
        title,
        flash.vars[stage],
        stage in flash.more ? flash.vars[stage] + flash.more[stage] : "",
        whole.vars[stage],
        ram.vars[stage],
      ]),
    ],
    figures: {
      "espruino.vars.loaded": flash.vars.loaded,
      "espruino.vars.loaded.ram": ram.vars.loaded,
      "espruino.vars.most": flash.vars.most,
      "espruino.vars.connected": flash.vars.connected,
      "espruino.vars.1000.messages": flash.vars.received - flash.vars.connected,
      "espruino.vars.100.reconnects": flash.vars.reconnected - flash.vars.received,
    },
  };
}

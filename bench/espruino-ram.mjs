// RAM on Espruino: jsVars of the module from loading to a hundred reconnects, with the code in RAM and in flash, the C stack, and the
// instructions that it takes to connect. Needs ESPRUINO, and valgrind for the instructions.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { FILL } from "../scripts/espruino/codes.mjs";
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

/** What the driver's table of codes begins with, as it is printed: it is copied into RAM only where flash is no memory. */
const COPIED = `\\xC0\\x${(0x80 | (FILL.charCodeAt(0) & 63)).toString(16).toUpperCase()}`;

/**
 * How many jsVars more a board needs for the strings and names of a list that E.dumpVariables() printed, and how many of the list it
 * needs only where flash is no memory.
 */
function moreOnBoards(list) {
  let sum = 0;
  let copied = 0;
  for (const [, size, kind, quoted] of list.matchAll(/^\d+,(\d+),\d+,(String )?"((?:[^"\\]|\\.)*)",/gm)) {
    const isName = !kind;
    let { length } = quoted.replace(/\\(x..|[0-7]{1,3}|.)/g, ".");
    // Longer strings are shown by their beginning; one of a single variable then stands in flash, which it does everywhere.
    if (kind && length === 20 && quoted.endsWith("...")) {
      if (size === "1") continue;
      if (quoted.startsWith(COPIED)) {
        copied += Number(size);
        continue;
      }
      length = LINUX.text + LINUX.more * (size - 1.5);
    }
    sum += blocks(BOARD, isName, length) - blocks(LINUX, isName, length);
  }
  return { sum: sum - copied, copied };
}

/** The same for each stage, less what there is before the module. */
function board(output) {
  const more = {};
  let copied = 0;
  for (const [, stage, list] of output.matchAll(/STAGE (\w+)\r?\n([\s\S]*?)END/g)) {
    const found = moreOnBoards(list);
    more[stage] = found.sum;
    copied = found.copied;
  }
  const stages = Object.entries(more).map(([stage, count]) => [stage, count - more.nothing]);
  return Object.fromEntries([...stages, ["copied", copied]]);
}

/** What of its C stack a process has ever touched, in bytes; Linux gives it whole pages. */
function stackOf(pid) {
  const maps = readFileSync(`/proc/${pid}/smaps`, "latin1");
  return 1024 * Number(/\[stack\]\n(?:.*\n)*?Rss: +(\d+) kB/.exec(maps)[1]);
}

/** Runs a script until it prints its result; `look` looks at the process before it ends. */
async function run(name, code, look, under = []) {
  // Its flash is a file in the folder it runs in.
  const folder = mkdtempSync(path.join(tmpdir(), "m95-bench-"));
  writeFileSync(path.join(folder, "script.js"), code);
  const [program, ...args] = [...under, engine("ESPRUINO"), "script.js"];
  // Its input stays open: at its end it is read again and again.
  const child = spawn(program, args, { cwd: folder, stdio: ["pipe", "pipe", "ignore"] });
  const closed = new Promise((resolve) => child.once("close", resolve));
  let output = "";
  try {
    return await new Promise((resolve, reject) => {
      const fail = (why) => reject(new Error(`jsVars (${name}): ${why}\n${output.slice(-500)}`));
      setTimeout(() => fail("no result"), TIME_LIMIT).unref();
      child.once("error", (error) => fail(error.message));
      child.once("close", () => fail("the engine has ended"));
      child.stdout.setEncoding("latin1").on("data", (data) => {
        output += data;
        const found = /RESULT (\{.*\})\r?\n/.exec(output);
        if (found && /WRONG/.test(output)) fail("wrong");
        else if (found) {
          // What is printed behind it comes when the process is gone.
          child.stdout.removeAllListeners("data").resume();
          resolve(look({ vars: JSON.parse(found[1]), output, pid: child.pid, folder }));
        } else if (/(Uncaught|ASSERT|WRONG).*\n/.test(output)) fail("wrong");
      });
    });
  } finally {
    child.kill();
    await closed;
    rmSync(folder, { recursive: true });
  }
}

const script = (from, list, sketch = "ram.js") =>
  `const FROM=${JSON.stringify(from)},FILES=${JSON.stringify(list)};${part("scripted-modem.js")}${part(sketch)}`;

/** jsVars at each stage on this build, what boards need more with the code in flash, and the C stack. `sketch` is one of bench/espruino/. */
export function measure(from, list, sketch) {
  return run(from, script(from, list, sketch), ({ vars, output, pid }) => ({
    vars,
    more: board(output),
    stack: stackOf(pid),
  }));
}

/** The C stack of an engine that does nothing. */
function idleStack() {
  // Without a timer it would be gone before it is looked at.
  return run("nothing", 'setTimeout(() => {}, 60000); print("RESULT {}");', ({ pid }) => stackOf(pid));
}

/** Millions of instructions from loading to a subscription. */
function instructions() {
  const tool = ["valgrind", "--tool=callgrind", "--callgrind-out-file=profile"];
  return run(
    "count",
    script("count", PARTS),
    ({ folder }) => {
      const profile = readFileSync(path.join(folder, "profile.2"), "utf8");
      return Number(/^(?:summary|totals): (\d+)/m.exec(profile)[1]) / 1e6;
    },
    [...tool, "--dump-before=jswrap_espruino_kickWatchdog"],
  );
}

/** Rows of a table and figures for the budgets; without the engine only what is lacking. */
export async function espruinoRam() {
  const lacking = lack("ESPRUINO");
  if (lacking) return { lack: lacking.why };
  const [flash, whole, ram, idle] = await Promise.all([
    measure("flash", PARTS),
    measure("flash", WHOLE),
    measure("ram", WHOLE),
    idleStack(),
  ]);
  const [noValgrind, count] = [lack("valgrind"), await (lack("valgrind") ? undefined : instructions())];
  const stack = (one) => (one.stack - idle) / 1024;
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
      ["C stack, kB", stack(flash), "", stack(whole), stack(ram)],
    ],
    notes: count
      ? [`From loading to a subscription it takes ${Math.round(count)} million instructions, the files in Storage.`]
      : [],
    lack: noValgrind?.why,
    figures: {
      "espruino.vars.loaded": flash.vars.loaded,
      "espruino.vars.loaded.ram": ram.vars.loaded,
      "espruino.vars.most": flash.vars.most,
      "espruino.vars.connected": flash.vars.connected,
      "espruino.stack.kB": stack(flash),
      ...(count ? { "espruino.connect.million": Math.round(count) } : {}),
      "espruino.vars.1000.messages": flash.vars.received - flash.vars.connected,
      "espruino.vars.100.reconnects": flash.vars.reconnected - flash.vars.received,
    },
  };
}

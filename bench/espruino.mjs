// Cost on Espruino: instructions per byte under callgrind, and of idling. Needs ESPRUINO (a release build with symbols) and
// valgrind; with ESPRUINO_DOCS (a folder with AT.js) its AT module is measured in the same run.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { minify } from "terser";
import { engine, lack } from "../scripts/testing/needs.mjs";
import { atModuleFile } from "./at-module.mjs";

const PLAN = [
  { size: 64, chunk: 1, count: 20 },
  { size: 64, chunk: 16, count: 60 },
  { size: 64, chunk: 64, count: 60 },
  { size: 1572, chunk: 1, count: 1 },
  { size: 1572, chunk: 64, count: 4 },
];

const part = (name) => readFileSync(new URL(`espruino/${name}`, import.meta.url), "utf8");
const driver = part("scripted-modem.js") + part("driver.js");

/** What counts as ready to be fed, for each module under test. */
const START = {
  m95: `
M.connect(serial, { apn: "internet" }, function (error, modem) {
  if (error) return print("RESULT " + error.message);
  tally.ask = function (done) { modem.command("AT+QMTCONN?", done); };
  var client = modem.mqtt({ host: "h" });
  client.on("message", function (topic, payload) { tally.got += payload.length; });
  client.once("connect", function () { client.subscribe("#"); setTimeout(run, 500); });
});`,
  at: `
var at = M.connect(serial);
["STAT", "OPEN", "CONN", "SUB", "UNS", "PUB", "DISC"].forEach(function (name) { at.registerLine("+QMT" + name + ":", function () {}); });
at.registerLine("+QMTRECV:", function (line) { tally.got += line.length; });
setTimeout(run, 100);`,
};

/** Instructions per byte for each row of the plan without those of the feeding, and instructions of a command with its answer. */
async function measure(name, code) {
  const folder = mkdtempSync(path.join(tmpdir(), "m95-bench-"));
  const script = path.join(folder, "script.js");
  const profile = path.join(folder, "profile");
  writeFileSync(
    script,
    `var PLAN=${JSON.stringify(PLAN)};var M={};(function(exports){${code}\n})(M);${driver}${START[name]}`,
  );
  const child = spawn(
    "valgrind",
    [
      "--tool=callgrind",
      `--callgrind-out-file=${profile}`,
      "--dump-before=jswrap_espruino_kickWatchdog",
      engine("ESPRUINO"),
      script,
    ],
    { stdio: ["pipe", "pipe", "ignore"] },
  );
  let output = "";
  const result = await new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`${name}: no result\n${output.slice(-500)}`)), 600_000);
    child.stdout.on("data", (data) => {
      output += data;
      const found = /RESULT (\{.*\})\r?\n/.exec(output);
      if (!found && !/Uncaught|ASSERT/.test(output)) return;
      clearTimeout(late);
      if (found) resolve(JSON.parse(found[1]));
      else reject(new Error(`${name}: ${output.slice(-500)}`));
    });
  }).finally(() => child.kill());
  await new Promise((resolve) => child.once("close", resolve));
  if (!(result.got > 0)) throw new Error(`${name} delivered nothing`);
  // A file for each call of E.kickWatchdog, with what was executed since the one before.
  const executed = (i) => Number(/^(?:summary|totals): (\d+)/m.exec(readFileSync(`${profile}.${i}`, "utf8"))[1]);
  const cost = PLAN.map((row, i) => (executed(4 * i + 2) - executed(4 * i + 4)) / (row.size * row.count));
  const command = executed(4 * PLAN.length + 2);
  rmSync(folder, { recursive: true });
  return { cost, command };
}

/** Rows of a table and figures for the budgets; without the engine only what is lacking. */
export async function espruino() {
  const lacking = lack("ESPRUINO", "valgrind");
  if (lacking) return { lack: lacking.why };
  const m95 = await measure("m95", readFileSync("dist/espruino/M95.min.js", "utf8"));
  const known = atModuleFile();
  const at = known && (await measure("at", (await minify(readFileSync(known, "utf8"), { toplevel: true })).code));
  const rows = [["bytes a message / a chunk", "M95, instructions per byte", ...(at ? ["AT.js", "ratio"] : [])]];
  const figures = {};
  PLAN.forEach((row, i) => {
    const cells = [`${row.size} / ${row.chunk}`, Math.round(m95.cost[i])];
    if (at) {
      const ratio = m95.cost[i] / at.cost[i];
      cells.push(Math.round(at.cost[i]), ratio.toFixed(2));
      figures[`espruino.parse.${row.size}.${row.chunk}.ratio`] = Number(ratio.toFixed(3));
    }
    rows.push(cells);
  });
  const notes = [
    `A command with its answer, such as the look whether an idle connection still stands: ${Math.round(m95.command / 1000)} thousand instructions.`,
  ];
  return { rows, figures, notes, lack: lack("ESPRUINO_DOCS")?.why };
}

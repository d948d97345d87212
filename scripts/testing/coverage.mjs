// Judges the coverage of a test run, per folder of TypeScript sources, against the thresholds below. It runs no tests:
// its argument is the folder that V8 wrote its coverage into (NODE_V8_COVERAGE) while they ran.
//
// V8 counts blocks, so the `else` that is not written has no count of its own: an `if` without `else` whose condition
// was never false goes unnoticed.

import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { lack } from "./needs.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Sources belong to the first row that fits. The numbers are the least percentage that passes: a little below what is reached
 * without any engine, but for core/at, all of which its own tests run. `needs`: without these programs too little of it runs to be
 * judged. What runs in a browser is not measured.
 */
const ROWS = [
  { name: "core/at", folder: "core/at", lines: 100, branches: 100 },
  { name: "rest of core", folder: "core", lines: 97, branches: 94 },
  { name: "board-wiring", folder: "board-wiring", lines: 98, branches: 96 },
  { name: "virtual-m95", folder: "virtual-m95", lines: 97, branches: 92, needs: ["mosquitto", "socat"] },
  { name: "m95-energy", folder: "energy", lines: 99, branches: 92 },
  { name: "m95-certs", folder: "certs", lines: 96, branches: 89 },
  { name: "tls", folder: "tls", lines: 94, branches: 84, needs: ["mosquitto"] },
  { name: "terminal", folder: "terminal", lines: 95, branches: 88 },
  { name: "targets", folder: "targets", lines: 92, branches: 86, needs: ["socat"] },
  { name: "flash/board", folder: "flash/board", lines: 93, branches: 88, needs: ["socat"] },
  { name: "flash/cli", folder: "flash/cli", lines: 84, branches: 70, needs: ["socat"] },
];

/** Runs in a browser. */
const UNMEASURED = "targets/web/";

/**
 * One source file with code in it: its lines, and the branches inside them, each with whether it ran.
 * @typedef {{ file: string, lines: Map<number, boolean>, branches: { line: number, taken: boolean, what: string }[] }} Measured
 */

/**
 * Adds up what was measured, row by row, and says what is missing, and which rows were not judged for want of what.
 * @param {Measured[]} measured
 * @param {typeof ROWS} rows
 * @param {(...needs: string[]) => { why: string } | undefined} lackOf
 * @returns {{ table: string[], problems: string[], left: string[] }}
 */
export function judge(measured, rows = ROWS, lackOf = lack) {
  const table = [["", "lines", "branches"]];
  const problems = [];
  const unjudged = [];
  const left = new Set(measured);
  for (const row of rows) {
    const files = [...left].filter(({ file }) => file.startsWith(`${row.folder}/`));
    for (const file of files) left.delete(file);
    if (files.length === 0) problems.push(`${row.name}: there is no source file with code in ${row.folder}/`);
    const kinds = {
      lines: files.flatMap(({ lines }) => [...lines.values()]),
      branches: files.flatMap(({ branches }) => branches.map(({ taken }) => taken)),
    };
    const lacking = lackOf(...(row.needs ?? []));
    if (lacking) unjudged.push(`${row.name} is not judged: ${lacking.why}`);
    const cells = Object.entries(kinds).map(([kind, taken]) => {
      const ran = taken.filter(Boolean).length;
      const share = taken.length === 0 ? 0 : (100 * ran) / taken.length;
      if (!lacking && files.length > 0 && share < (row[kind] ?? 0))
        problems.push(
          `${row.name}: ${percent(share)} of the ${kind} ran, ${row[kind]} % have to. These did not:`,
          ...files.flatMap(kind === "lines" ? missingLines : missingBranches).map((text) => `  ${text}`),
        );
      return `${percent(share)} (${ran} of ${taken.length})`;
    });
    table.push([row.name, ...cells]);
  }
  return { table: columns(table), problems, left: unjudged };
}

/** `file: 3-5, 9`; a range bridges lines without code. */
function missingLines({ file, lines }) {
  const ranges = [];
  let open = false;
  for (const [line, ran] of [...lines].sort(([a], [b]) => a - b)) {
    if (!ran && open) ranges.at(-1)[1] = line;
    else if (!ran) ranges.push([line, line]);
    open = !ran;
  }
  if (ranges.length === 0) return [];
  return [`${file}: ${ranges.map(([from, to]) => (from === to ? from : `${from}-${to}`)).join(", ")}`];
}

function missingBranches({ file, branches }) {
  return branches.filter(({ taken }) => !taken).map(({ line, what }) => `${file}:${line} ${what}`);
}

/** Rounded down, so that only a hundred per cent reads 100. */
function percent(share) {
  return `${(Math.floor(share * 10) / 10).toFixed(1)} %`;
}

function columns(rows) {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i]))
      .join("  ")
      .trimEnd(),
  );
}

/** The lines of the source that the compiler made code of, and the way back from an offset in that code. */
export function sourceLines(compiled, map) {
  const positions = new SourceMap(map);
  const generated = compiled.split("\n");
  const lines = new Set();
  let inComment = false;
  generated.forEach((text, line) => {
    // Comments have positions in the map too.
    const comment = inComment || /^\s*\/[/*]/.test(text);
    inComment = comment && (inComment || /^\s*\/\*/.test(text)) && !text.includes("*/");
    if (comment) return;
    for (let column = 0; column < text.length; column++) {
      const entry = positions.findEntry(line, column);
      if (entry.generatedLine === line) lines.add(entry.originalLine + 1);
    }
  });
  const lineOf = (offset) => {
    const before = compiled.slice(0, offset).split("\n");
    return positions.findEntry(before.length - 1, before.at(-1).length).originalLine + 1;
  };
  return { lines, lineOf };
}

/** TypeScript sources below a folder of the project, as paths with `/`. */
function sources(folder) {
  const names = readdirSync(path.join(root, folder), { recursive: true });
  return names
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts"))
    .map((name) => `${folder}/${name.split(path.sep).join("/")}`);
}

/** The scripts in one of V8's files; none when a process was killed while it wrote it (c8 skips those as well). */
function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8")).result;
  } catch {
    return [];
  }
}

/** How often each function of each script was called, over all processes: `url → offset range → count`. */
function functionCalls(temp) {
  const scripts = new Map();
  for (const name of readdirSync(temp)) {
    for (const { url, functions } of readReport(path.join(temp, name))) {
      if (!url.startsWith("file:")) continue;
      const counts = scripts.get(url) ?? new Map();
      scripts.set(url, counts);
      for (const { ranges } of functions) {
        const key = `${ranges[0].startOffset}-${ranges[0].endOffset}`;
        counts.set(key, (counts.get(key) ?? 0) + ranges[0].count);
      }
    }
  }
  return scripts;
}

/** Reads c8's report and V8's own files into what `judge` takes. */
function measure(temp, report) {
  const calls = functionCalls(temp);
  const measured = [];
  for (const file of [...new Set(ROWS.flatMap(({ folder }) => sources(folder)))]) {
    if (file.startsWith(UNMEASURED)) continue;
    const compiledFile = path.join(root, "build", file.replace(/\.ts$/, ".js"));
    if (!existsSync(compiledFile)) {
      const what = "the file is not compiled";
      measured.push({ file, lines: new Map([[1, false]]), branches: [{ line: 1, taken: false, what }] });
      continue;
    }
    const compiled = readFileSync(compiledFile, "utf8");
    if (compiled.replace(/^(export \{\};|\/\/.*)$/gm, "").trim() === "") continue;
    const { lines, lineOf } = sourceLines(compiled, JSON.parse(readFileSync(`${compiledFile}.map`, "utf8")));

    const found = report[path.join(root, file)];
    const run = new Map();
    for (const line of lines) run.set(line, Boolean(found));
    const branches = found ? [] : [{ line: 1, taken: false, what: "the file was not loaded" }];
    for (const [key, { start }] of Object.entries(found?.statementMap ?? {}))
      if (lines.has(start.line)) run.set(start.line, found.s[key] > 0);
    for (const [key, { loc }] of Object.entries(found?.branchMap ?? {}))
      branches.push({ line: loc.start.line, taken: found.b[key][0] > 0, what: `column ${loc.start.column + 1}` });
    // c8 leaves out functions that were never called, unless they fill a line or have a name.
    for (const [range, count] of calls.get(pathToFileURL(compiledFile).href) ?? [])
      if (count === 0)
        branches.push({
          line: lineOf(Number(range.split("-")[0])),
          taken: false,
          what: "a function that was not called",
        });
    measured.push({ file, lines: run, branches });
  }
  return measured;
}

function main(temp) {
  const reports = path.join(root, "coverage");
  const c8 = path.join(root, "node_modules/c8/bin/c8.js");
  execFileSync(process.execPath, [c8, "report", "--temp-directory", temp, "--reports-dir", reports], {
    cwd: root,
    stdio: "inherit",
  });
  const report = JSON.parse(readFileSync(path.join(reports, "coverage-final.json"), "utf8"));
  const { table, problems, left } = judge(measure(temp, report));
  for (const line of [...table, ...problems, ...left]) console.log(line);
  if (problems.length > 0) process.exitCode = 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main(process.argv[2]);

// Holds the generated pages against the tables, and tries the program that writes and compares them.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import test from "ava";
import { M95 } from "../../core/index.js";
import { commandsPage } from "../../scripts/docs/main.js";
import { CAUSES } from "../../scripts/docs/recovery-causes.js";
import { recoveryPage } from "../../scripts/docs/recovery-page.js";
import { statesPage } from "../../scripts/docs/states-page.js";

const program = fileURLToPath(new URL("../../scripts/docs/main.js", import.meta.url));
const page = fileURLToPath(new URL("../../../docs/commands.md", import.meta.url));

test("docs/commands.md is up to date", (t) => {
  t.is(readFileSync(page, "utf8"), commandsPage(), 'run "npm run docs"');
});

test("docs/states.md is up to date", (t) => {
  const text = statesPage();
  t.is(
    readFileSync(fileURLToPath(new URL("states.md", new URL(`file://${page}`))), "utf8"),
    text,
    'run "npm run docs"',
  );
  // One diagram a machine, and no label that Mermaid would trip over.
  const arrows = text.split("\n").filter((line) => line.includes(" --> "));
  t.true(arrows.length > 60);
  for (const line of arrows) t.regex(line, /^ {2}(\[\*\]|[a-z]+) --> [a-z]+(: [^:;#]+)?$/);
});

test("docs/recovery.md is up to date, and has a line for every cause", (t) => {
  const text = recoveryPage();
  t.is(readFileSync(new URL("recovery.md", pathToFileURL(page)), "utf8"), text, 'run "npm run docs"');
  const causes = text.slice(text.indexOf("## The causes"), text.indexOf("## The modem is asked"));
  t.is(causes.split("\n| ").length - 2, CAUSES.length);
  t.true(causes.includes("| +QMTSTAT: id,2, PINGREQ timed out or failed | pdp | power |"));
  t.false(text.includes("undefined"));
});

test("the page names every code and form of the note once", (t) => {
  const text = commandsPage();
  for (const form of ["AT+QMTCFG=?", "AT+QMTOPEN?", "AT+QMTCONN?", 'AT+QMTCFG="SSL",<tcpconnectID>`', "AT+QMTPUB=?"])
    t.true(text.includes(form), form);
  for (let code = 8503; code <= 8512; code++) t.is(text.split(`\n| ${code} |`).length, 2, String(code));
  t.false(text.includes("undefined"));
});

test("--check tells a stale page by its exit code", (t) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "m95-docs-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, "commands.md");
  execFileSync(process.execPath, [program, file]);
  t.is(readFileSync(file, "utf8"), commandsPage());
  t.is(spawnSync(process.execPath, [program, "--check", file]).status, 0);
  writeFileSync(file, `${commandsPage()}more`);
  const stale = spawnSync(process.execPath, [program, "--check", file], { encoding: "utf8" });
  t.is(stale.status, 1);
  t.regex(stale.stderr, /commands\.md is not what the tables say: run "npm run docs"/);
});

test("docs/node.md has every counter", (t) => {
  const clock = { now: () => 0, after: () => 0, cancel: () => {} };
  const { stats } = new M95({ uart: { write() {}, onReceive() {} }, clock });
  const text = readFileSync(new URL("node.md", pathToFileURL(page)), "utf8");
  const section = text.slice(text.indexOf("## State and counters"), text.indexOf("## Errors"));
  for (const name of Object.keys(stats)) t.true(section.includes(`\`${name}\``), name);
});

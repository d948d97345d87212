// The look-up of what tests need: programs in folders of our own, engines by relative paths, and what CI has to have. No
// program of the system is asked for.

import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import test from "ava";

const script = new URL("../../../scripts/testing/needs.mjs", import.meta.url).href;
const folder = mkdtempSync(path.join(tmpdir(), "m95-needs-"));
for (const name of ["socat", "notes"]) writeFileSync(path.join(folder, name), "");
chmodSync(path.join(folder, "socat"), 0o755);
test.after.always(() => rmSync(folder, { recursive: true }));

/** What an expression over the module is in a process with this environment; a text when it throws. */
function look(expression: string, env: { [name: string]: string }, cwd = folder): unknown {
  const code = `import * as needs from ${JSON.stringify(script)};
    let value;
    try { value = needs.${expression}; } catch (error) { value = error.message; }
    console.log(JSON.stringify(value ?? null));`;
  const args = ["--input-type=module", "--eval", code];
  const { stdout, stderr } = spawnSync(process.execPath, args, {
    cwd,
    env: { PATH: folder, ...env },
    encoding: "utf8",
  });
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout);
}

test("a program is there when it can be executed", (t) => {
  t.is(look('findProgram("socat")', {}), path.join(folder, "socat"));
  t.is(look('findProgram("notes")', {}), null);
});

test("what is lacking comes with what to do; CI has to have the programs", (t) => {
  const xvfb = "apt-get install xvfb";
  t.is(look('lack("socat")', {}), null);
  t.deepEqual(look('lack("socat", "xvfb")', {}), { why: xvfb, fatal: false });
  t.deepEqual(look('lack("socat", "xvfb")', { CI: "true" }), { why: xvfb, fatal: true });
  t.is(look('lack("sofa")', {}), "nobody knows sofa");
});

test("CI has no engines, so what needs one is never fatal", (t) => {
  const why = "set ESPRUINO to an Espruino Linux binary";
  t.deepEqual(look('lack("xvfb", "ESPRUINO")', { CI: "true" }), { why, fatal: false });
  t.deepEqual(look('lack("xvfb", "ESPRUINO")', { CI: "true", ESPRUINO: "notes" }), {
    why: "apt-get install xvfb",
    fatal: true,
  });
});

for (const name of ["ESPRUINO", "ESPRUINO_DOCS", "MODDABLE", "MQTTJS", "RP2040_FIRMWARE", "RP2040_BOOTROM"])
  test(`${name}: a relative path is taken from where npm was called, and has to lead somewhere`, (t) => {
    const notes = path.join(folder, "notes");
    const parent = path.dirname(folder);
    const relative = path.join(path.basename(folder), "notes");
    t.is(look(`engine("${name}")`, {}), null);
    t.is(look(`engine("${name}")`, { [name]: "notes" }), notes);
    t.is(look(`engine("${name}")`, { [name]: relative, INIT_CWD: parent }), notes);
    t.is(look(`engine("${name}")`, { [name]: notes, INIT_CWD: parent }), notes);
    t.deepEqual(look("engines()", { [name]: "notes" }), { [name]: notes });
    t.is(
      look(`engine("${name}")`, { [name]: "gone" }),
      `${name} is gone, and there is no ${path.join(folder, "gone")}`,
    );
  });

// Every program behind a pipe whose reader is gone, as in `| head`: it ends without a stack trace.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import test from "ava";

const root = new URL("../../../", import.meta.url);
const { bin } = JSON.parse(readFileSync(new URL("package.json", root), "utf8")) as { bin: { [name: string]: string } };
const programs = [
  ...Object.values(bin),
  ...["flash/cli", "flash/web", "examples/demo"].map((at) => `build/${at}/main.js`),
];

for (const program of programs)
  test.serial(`${program}: nobody reads its help`, async (t) => {
    const child = spawn(process.execPath, [fileURLToPath(new URL(program, root)), "--help"], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    child.stdout.destroy();
    let said = "";
    child.stderr.on("data", (chunk) => {
      said += chunk;
    });
    await once(child, "close");
    t.is(said, "");
  });

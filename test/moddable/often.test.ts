// The list of what runs often on Moddable is what a run shows: the rest of the driver is texts there, which take some ten times as long.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import test from "ava";
import { file } from "./resolve.js";

const path = (name: string) => fileURLToPath(file(name));

test("scripts/moddable/often.txt has what runs often, and nothing else", (t) => {
  // In a process of its own, as its functions are changed: none of it is to be taken for coverage of the sources, which Node hands on otherwise.
  const env = { ...process.env, NODE_V8_COVERAGE: "" };
  const ran = execFileSync(process.execPath, [path("build/test/moddable/mark-often.js"), "--print"], {
    env,
    encoding: "utf8",
  });
  t.deepEqual(
    readFileSync(path("scripts/moddable/often.txt"), "utf8").split("\n"),
    ran.split("\n"),
    "node build/test/moddable/mark-often.js writes it anew",
  );
});

// The list of what runs often on Moddable is what a run shows: the rest of the driver is texts there, which take some ten times as long.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import test from "ava";
import { oftenRun } from "./often.js";
import { file } from "./resolve.js";

test("scripts/moddable/often.txt has what runs often, and nothing else", async (t) => {
  const list = readFileSync(fileURLToPath(file("scripts/moddable/often.txt")), "utf8")
    .trim()
    .split("\n");
  t.deepEqual(list, await oftenRun(), "node build/test/moddable/mark-often.js writes it anew");
});

// The declarations that the package brings: a program that installs nothing else must be able to use them. What they say is
// tried in test/types.
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import test from "ava";

const types = fileURLToPath(new URL("../../../dist/types", import.meta.url));

for (const folder of ["core", "board-wiring", "targets", "virtual-m95"])
  test(`the declarations of ${folder} need no package`, (t) => {
    const names = readdirSync(path.join(types, folder), { recursive: true, encoding: "utf8" });
    const files = names.filter((name) => name.endsWith(".d.ts"));
    t.true(files.length > 0);
    for (const name of files) {
      const text = readFileSync(path.join(types, folder, name), "utf8");
      for (const [, from] of text.matchAll(/\b(?:from|import)\s*\(?"([^"]+)"/g))
        t.regex(from!, /^(\.|node:)/, `${folder}/${name} imports ${from}`);
    }
  });

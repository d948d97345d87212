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

test("what has a callback has a promise on Node", (t) => {
  const read = (name: string): string => readFileSync(path.join(types, name), "utf8");
  const own = read("targets/node/types.d.ts");
  const names = [...read("core/m95.d.ts").matchAll(/^ {4}(\w+)\([^;]*\bdone\??: [^;]*\): void;$/gm)].map(
    ([, name]) => name!,
  );
  t.true(names.length >= 8, names.join());
  for (const name of names) t.regex(own, new RegExp(`^ {4}${name}Async\\(`, "m"), name);
});

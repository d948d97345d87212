// What is marked "@resident" in the source is what runs often while messages flow, no less and no more: the rest is evaluated from flash when
// it is called. `node build/test/espruino/mark-resident.js` writes the marks anew.

import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "acorn";
import test from "ava";
import { steadyFunctions } from "./steady.js";

const root = new URL("../../../", import.meta.url);

const { calledIn, namedFunctions, readMarks } = (await import(new URL("scripts/espruino/marks.mjs", root).href)) as {
  calledIn(list: Iterable<string>, name: string): string | undefined;
  namedFunctions(tree: object, code: string): { name: string }[];
  readMarks(source: string): { resident: string[]; parts: Map<string, string> };
};

const at = (file: string) => new URL(file, root);

/** The sources of the driver for Espruino, with the functions that each has. */
const files = ["core", "board-wiring", "targets/espruino"].flatMap((folder) =>
  readdirSync(at(folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => {
      const file = path.join(folder, name);
      const code = readFileSync(at(`build/${file.replace(/ts$/, "js")}`), "utf8");
      const tree = parse(code, { ecmaVersion: 2022, sourceType: "module" });
      return {
        file,
        names: namedFunctions(tree, code).map((one) => one.name),
        marks: readMarks(readFileSync(at(file), "utf8")),
      };
    }),
);

test("every mark names a function of its file", (t) => {
  for (const { file, names, marks } of files)
    for (const one of [...marks.resident, ...marks.parts.keys()])
      t.true(
        names.some((name) => calledIn([one], name)),
        `${file}: ${one}`,
      );
});

test("what runs often while messages flow is marked as resident, and nothing else is", (t) => {
  const ran = new Set(steadyFunctions());
  for (const { file, names, marks } of files)
    for (const name of names)
      t.is(calledIn(marks.resident, name) !== undefined, ran.has(name), `${file}: ${name}, ran: ${ran.has(name)}`);
});

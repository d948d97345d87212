// Writes the "@resident" marks of the sources anew, by a run of what steady.ts takes for steady, and the list of what runs while a
// connection is made: `npm run build && node build/test/espruino/mark-resident.js`.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "acorn";
import { firstFunctions, steadyFunctions } from "./steady.js";

const WIDTH = 120;
const MARK = "// @resident";
const root = fileURLToPath(new URL("../../..", import.meta.url));

const { namedFunctions, plainName } = (await import(
  new URL("../../../scripts/espruino/marks.mjs", import.meta.url).href
)) as {
  namedFunctions(tree: object, code: string): { name: string }[];
  plainName(name: string): string;
};

const ran = new Set(steadyFunctions());

/** The lines of a list. */
function linesOf(names: string[]): string[] {
  const lines: string[] = [];
  for (const name of names) {
    const last = lines.pop();
    const longer = `${last} ${name}`;
    if (last && longer.length <= WIDTH) lines.push(longer);
    else lines.push(...(last ? [last] : []), `${MARK} ${name}`);
  }
  return lines;
}

for (const folder of ["core", "board-wiring", "targets/espruino"])
  for (const name of readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".ts")) continue;
    const file = path.join(root, folder, name);
    const code = readFileSync(path.join(root, "build", folder, name.replace(/ts$/, "js")), "utf8");
    const own = namedFunctions(parse(code, { ecmaVersion: 2022, sourceType: "module" }), code);
    const plain = own.map((one) => one.name).map((one) => [one, plainName(one)] as const);
    const last = (one: string) => one.split(".").pop()!;
    // With its class, where another class of the file has the name.
    const named = plain
      .filter(([one]) => ran.has(one))
      .map(([, one]) => (plain.filter(([, other]) => last(other) === last(one)).length > 1 ? one : last(one)));
    const lines = readFileSync(file, "utf8")
      .split("\n")
      .filter((line) => !line.startsWith(MARK));
    lines.splice(
      lines.findIndex((line) => !line.startsWith("//")),
      0,
      ...linesOf(named),
    );
    writeFileSync(file, lines.join("\n"));
  }

const first = [...firstFunctions()].map(([name, count]) => `${name.replace("get ", "")} ${count}\n`);
writeFileSync(path.join(root, "scripts/espruino/first.txt"), first.sort().join(""));

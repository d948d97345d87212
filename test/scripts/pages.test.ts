// Holds the pages for people against the tree: files, functions, tests, npm scripts, packages and steps that they name. Links are
// held by package.test.ts.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import test from "ava";

const root = new URL("../../../", import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, root), "utf8");
const exists = (name: string): boolean => existsSync(new URL(name, root));

const manuals = readdirSync(new URL("docs/", root)).filter((name) => name.endsWith(".md"));
const pages = [
  "README.md",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  "scripts/espruino/README.md",
  "test/conformance/README.md",
  ...manuals.map((name) => `docs/${name}`),
];
const guide = read("CONTRIBUTING.md");
const { scripts, devDependencies } = JSON.parse(read("package.json"));

/** Folders of sources; what begins with one of them and holds no placeholder is a path of the tree. */
const folders = readdirSync(root, { withFileTypes: true })
  .filter((one) => one.isDirectory() && !/^(\.|node_modules$|build$|dist$|coverage$)/.test(one.name))
  .map(({ name }) => name);
const isPath = (text: string): boolean =>
  folders.some((name) => text.startsWith(`${name}/`)) && /^[\w./-]+$/.test(text);

/** The pieces of a page that are set as code. */
const codes = (page: string): string[] => [...read(page).matchAll(/`([^`\n]+)`/g)].map(([, text]) => text!);

/** The rows of the first table below a line, cell by cell, without head and rule. */
function rowsBelow(line: string): string[][] {
  const at = guide.indexOf(line);
  if (at < 0) throw new Error(`CONTRIBUTING.md has no ${line}`);
  const table = guide.slice(guide.indexOf("\n|", at) + 1).split("\n\n")[0]!;
  return table
    .split("\n")
    .slice(2)
    .map((row) => row.slice(2, -2).split(" | "));
}

test("files and folders that a page names are there", (t) => {
  for (const page of pages) {
    const named = codes(page).filter(isPath);
    const missing = named.filter((name) => !exists(name));
    t.deepEqual(missing, [], page);
  }
  t.true(codes("CONTRIBUTING.md").filter(isPath).length > 100);
});

test("functions named behind a file, and constants in front of one, are in it", (t) => {
  let count = 0;
  const missing: string[] = [];
  const look = (file: string, pattern: RegExp, name: string): void => {
    count++;
    if (!exists(file) || !pattern.test(read(file))) missing.push(`${name} in ${file}`);
  };
  for (const [, file, name] of guide.matchAll(/`([\w./-]+\.\w+)` `(\w+)\(\)`/g))
    look(file!, new RegExp(`\\b${name}(<[^(]*>)?\\(`), `${name}()`);
  for (const [, name, file] of guide.matchAll(/`(\w+)` (?:of|in) `([\w./-]+\.\w+)`/g))
    look(file!, new RegExp(`\\b${name}\\b`), name!);
  for (const [, file, name] of guide.matchAll(/`([\w./-]+\.\w+)` `(\w+)`/g))
    look(file!, new RegExp(`\\b${name}\\b`), name!);
  t.deepEqual(missing, []);
  t.true(count > 40);
});

test("tests named by their title are there", (t) => {
  const named = [...guide.matchAll(/`(test\/[\w./-]+\.test\.ts)` "([^"]+)"/g)];
  t.true(named.length > 10);
  for (const [, file, title] of named) t.true(read(file!).includes(title!.replace(/…$/, "")), `${file}: ${title}`);
});

test("transcripts named by their title are there", (t) => {
  const named = [...guide.matchAll(/`(test\/conformance\/[\w.-]+\.md)` \(\*([^*]+)\*\)/g)];
  t.true(named.length > 0);
  for (const [, file, title] of named) t.true(read(file!).includes(`\n## ${title}`), `${file}: ${title}`);
});

test("npm scripts that a page names are there", (t) => {
  let count = 0;
  for (const page of pages)
    for (const [, name] of read(page).matchAll(/\bnpm run ([a-z][\w:]*)/g)) {
      count++;
      t.true(name! in scripts, `${page}: npm run ${name}`);
    }
  t.true(count > 50);
});

test("docs/README.md has every manual, once", (t) => {
  const rows = [...read("docs/README.md").matchAll(/^\| \[([\w-]+\.md)\]\(\1\)/gm)].map(([, name]) => name!);
  t.deepEqual(rows.sort(), manuals.filter((name) => name !== "README.md").sort());
});

for (const [title, folder] of [
  ["the page about the Espruino build has every file of it", "scripts/espruino/"],
  ["the page about the Moddable build has every file of it", "scripts/moddable/"],
] as const)
  test(title, (t) => {
    const text = read(`${folder}README.md`);
    for (const name of readdirSync(new URL(folder, root))) t.true(text.includes(name) || name === "README.md", name);
  });

test("the guide has every package of the development, with its reason", (t) => {
  const rows = rowsBelow("\n## Packages and builds\n");
  const named = rows.flatMap(([cell]) => [...cell!.matchAll(/`([@\w/-]+)`/g)].map(([, name]) => name!));
  const packages = Object.keys(devDependencies).filter((name) => !devDependencies[name].startsWith("file:"));
  t.deepEqual(named.filter((name) => !name.startsWith("test/") && name !== "@agoric/xsnap").sort(), packages.sort());
  for (const [name, reason] of rows) t.true(reason!.length > 3, name);
});

test("the guide has every step of npm test, in its order", (t) => {
  const help = execFileSync(process.execPath, ["scripts/testing/test.mjs", "--help"], {
    cwd: fileURLToPath(root),
    encoding: "utf8",
  });
  const steps = /^Steps: (.*)$/m.exec(help)![1]!.split(", ");
  t.deepEqual(
    rowsBelow("\n## How the checks work\n").map(([step]) => step!),
    steps,
  );
});

// Who imports whom in a tree of sources, types included: circles, imports against the arrows, sources that are too long.
// It parses nothing: every literal that leads to a source is an import. So it cannot miss one, whatever its form.

import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

/** Sources by their path from the root, with slashes. */
export type Tree = ReadonlyMap<string, string>;

/** For each source what it imports: paths of sources, and names of packages. */
export type Imports = ReadonlyMap<string, ReadonlySet<string>>;

/** A room is a folder (`core/at/`) or a file; a source belongs to the longest that fits. It may import these and itself. */
export type Arrows = Readonly<Record<string, readonly string[]>>;

const isSource = /\.(ts|js|mjs)$/;

/** Reads every source below these folders. */
export function readTree(root: string, folders: readonly string[]): Tree {
  const names = folders.flatMap((folder) =>
    readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" }).map((name) => path.join(folder, name)),
  );
  const sources = names.filter((name) => isSource.test(name) && !name.includes("node_modules")).sort();
  return new Map(sources.map((name) => [name.split(path.sep).join("/"), readFileSync(path.join(root, name), "utf8")]));
}

/** What a module is asked for by: `from "x"`, `import "x"`, `import("x")`, `require("x")`. */
const asked = /\b(?:from|import|require)\s*\(?\s*(["'])([^"'`\n]+)\1/g;
/** Any literal that begins as a path. */
const paths = /(?<=["'`])\.\.?\/[^"'`\n]*(?=["'`])/g;
/** A name that is put together; a declaration of `require` has a type there. */
const put = /(?<![.#\w])(?:import|require)\(\s*(?!["'\s]|\w+: )[^)]+\)/g;

export function importsOf(tree: Tree): Imports {
  const imports = new Map<string, Set<string>>();
  for (const [file, text] of tree) {
    const found = new Set<string>();
    imports.set(file, found);
    for (const [literal] of text.matchAll(paths)) {
      const source = resolve(tree, file, literal);
      if (source !== undefined) found.add(source);
    }
    for (const [, , name] of withoutComments(text).matchAll(asked)) if (!name!.startsWith(".")) found.add(name!);
  }
  return imports;
}

/** Imports that lead to no source of the tree, or nobody knows where. */
export function unfollowed(tree: Tree): string[] {
  return [...tree].flatMap(([file, text]) => {
    const code = withoutComments(text);
    const names = [...code.matchAll(asked)].map(([, , name]) => name!);
    const gone = names.filter((name) => name.startsWith(".") && resolve(tree, file, name) === undefined);
    return [...gone, ...[...code.matchAll(put)].map(([call]) => call)].map((what) => `${file}: ${what}`);
  });
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
}

/** The source that a relative name leads to; TypeScript's own are named as if they were compiled. */
function resolve(tree: Tree, from: string, name: string): string | undefined {
  const target = path.posix.join(path.posix.dirname(from), name);
  const stem = target.replace(/\.js$/, "");
  return [target, `${stem}.ts`, `${stem}.d.ts`].find((source) => tree.has(source));
}

/** The shortest way round in each group of sources that reach each other, as `a → b → a`. */
export function circles(imports: Imports): string[] {
  const found: string[] = [];
  const seen = new Set<string>();
  for (const file of imports.keys()) {
    if (seen.has(file) || !wayBack(imports, file)) continue;
    const group = [...reach(imports, file)].filter((one) => reach(imports, one).has(file));
    for (const one of group) seen.add(one);
    const rounds = group.map((one) => wayBack(imports, one)!);
    found.push(rounds.sort((a, b) => a.length - b.length)[0]!.join(" → "));
  }
  return found;
}

/** The shortest way from a source over its imports back to itself. */
function wayBack(imports: Imports, start: string): string[] | undefined {
  const reached = new Map<string, string>();
  const queue = [start];
  for (const file of queue) {
    for (const next of imports.get(file) ?? []) {
      if (next === start) {
        const way = [start];
        for (let step = file; step !== start; step = reached.get(step)!) way.unshift(step);
        return [start, ...way];
      }
      if (reached.has(next)) continue;
      reached.set(next, file);
      queue.push(next);
    }
  }
  return undefined;
}

/** Imports that no arrow allows, as `a imports b`; those of packages only where a room may import none: `packages`. */
export function strays(imports: Imports, arrows: Arrows): string[] {
  const rooms = Object.keys(arrows).sort((a, b) => b.length - a.length);
  const roomOf = (file: string): string | undefined =>
    rooms.find((room) => (room.endsWith("/") ? file.startsWith(room) : file === room));
  const found: string[] = [];
  for (const [file, all] of imports) {
    const room = roomOf(file);
    if (room === undefined) {
      found.push(`${file} belongs to no room`);
      continue;
    }
    for (const name of all) {
      const to = imports.has(name) ? roomOf(name)! : "packages";
      if (to !== room && !arrows[room]!.includes(to)) found.push(`${file} imports ${name}`);
    }
  }
  return found;
}

/** Everything a source imports, and what that imports, and so on. */
export function reach(imports: Imports, file: string): Set<string> {
  const all = new Set([file]);
  for (const one of all) for (const next of imports.get(one) ?? []) all.add(next);
  return all;
}

/** Sources with more lines than that, as `a has 451 lines`. */
export function tooLong(tree: Tree, most: number): string[] {
  return [...tree].flatMap(([file, text]) => {
    const lines = text.trimEnd().split("\n").length;
    return lines > most ? [`${file} has ${lines} lines`] : [];
  });
}

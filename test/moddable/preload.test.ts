// The published Moddable modules hold nothing that a preloaded module must not do, and the check that says so catches each
// such thing.

import { readdirSync, readFileSync } from "node:fs";
import test from "ava";
import { forbidden } from "./preload.js";

const dist = new URL("../../../dist/moddable/", import.meta.url);
const root = new URL("../../../", import.meta.url);

for (const name of readdirSync(dist, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".js")))
  test(`dist/moddable/${name} can be preloaded`, (t) => {
    t.deepEqual(forbidden(readFileSync(new URL(name, dist), "utf8")), []);
  });

const bad: { [what: string]: string } = {
  "Map at module level": "const known = new Map();",
  "Set in an exported constant": "export const known = new Set([1]);",
  "WeakMap as a static field": "class A { static known = new WeakMap(); }",
  "static assignment in a function": "class A {} function f() { A.last = 1; }",
  "static assignment in a static method": "class A { static set() { this.last = 1; } }",
  "static count": "class A { constructor() { A.count++; } }",
  "a function's own property in itself": "function a() { a.x = 1; }",
  "a prototype changed later": "function A() {} export function f() { A.prototype.x = 1; }",
  "this.name in an error": 'class E extends Error { constructor() { super(); this.name = "E"; } }',
  "an error's message": "function f() { const error = new Error(); error.message = 1; }",
  toString: "function f(o) { o.toString = () => 1; }",
  "regular expression with g": "const r = /a/g;",
  "regular expression with y": "function f(s) { return /a/y.test(s); }",
  "regular expression with named groups": "const r = /(?<year>a)/;",
  "native call at module level": 'import Timer from "timer"; const t = Timer.set(() => 1, 5);',
  "native getter at module level": 'import Time from "time"; let start = Time.ticks;',
  "native call in a static block": 'import Timer from "timer"; class A { static { Timer.set(() => 1); } }',
  "call of an imported function": 'import { start } from "native"; start();',
  "JSON.stringify of a module-level object": "const o = { a: 1 }; function f() { return JSON.stringify(o); }",
  "typed array written": "const b = new Uint8Array(4); function f() { b[0] = 1; }",
  "typed array filled": "const b = new Uint8Array(4); function f() { b.fill(1); }",
  "built-in by a computed name": "function f(n) { return Math[n](1); }",
  "constructor.name": "function f(o) { return o.constructor.name; }",
  setTimeout: "function f() { setTimeout(f, 1); }",
};

for (const [what, code] of Object.entries(bad))
  test(`found: ${what}`, (t) => {
    t.is(forbidden(code).length, 1, JSON.stringify(forbidden(code)));
  });

const good: { [what: string]: string } = {
  "Map in a function": "function f() { return new Map(); }",
  "Map as an instance field": "class A { known = new Map(); }",
  "own properties": 'class A { name = "a"; constructor() { this.last = 1; this.message = ""; } }',
  "module state": "let last = 0; const list = []; function f() { last = 1; list.push(1); list[0] = 2; }",
  "prototype set at import": "function A() {} A.prototype = Object.create(Error.prototype); A.prototype.x = 1;",
  "constant regular expression": "const r = /a(?=b)(?<!c)/i;",
  "native call in a function": 'import Timer from "timer"; function f() { Timer.set(f, 1); }',
  "a local variable of a function's name": "function a() {} function f(a, { b }) { a.x = 1; } function b() {}",
  "a local function of a function's name": "function a() {} function f() { function a() {} a.x = 1; }",
  "a property of a missing name": "const o = { process: 1 }; function f() { return o.process; }",
};

for (const [what, code] of Object.entries(good))
  test(`not taken for wrong: ${what}`, (t) => {
    t.deepEqual(forbidden(code), []);
  });

interface Package {
  name: string;
  exports: { [subpath: string]: { moddable: { default: string } } };
  files: string[];
}

interface Manifest {
  include?: string[];
  modules: { [name: string]: string };
  preload: string[];
}

const json = (file: string): unknown => JSON.parse(readFileSync(new URL(file, root), "utf8"));

/** What an application gets of a manifest, with those that it includes. */
function modulesOf(file: string): { [name: string]: string } {
  const { include = [], modules } = json(file) as Manifest;
  return Object.assign({}, ...include.map(modulesOf), modules);
}

const manifests = readdirSync(root).filter((file) => /^manifest.*\.json$/.test(file));

for (const file of manifests)
  test(`${file} names what is published, under names that its modules import`, (t) => {
    const { include, ...manifest } = json(file) as Manifest;
    t.deepEqual(Object.keys(manifest).sort(), ["modules", "preload"]);
    t.deepEqual([...manifest.preload].sort(), Object.keys(manifest.modules).sort());
    const modules = modulesOf(file);
    for (const [name, path] of Object.entries(modules)) {
      t.notThrows(() => readFileSync(new URL(`${path}.d.ts`, root)));
      const code = readFileSync(new URL(`${path}.js`, root), "utf8");
      for (const [, from] of code.matchAll(/from ?"([^"]+)"/g)) {
        // A relative name is one of modules, not of files.
        const imported = from!.startsWith(".") ? new URL(from!, `file:///${name}`).pathname.slice(1, -3) : from!;
        t.true(imported in modules || ["time", "timer"].includes(imported), `${name} imports ${imported}`);
      }
    }
  });

test("the package's exports are those of the manifest that has everything, under names that mcpack makes too", (t) => {
  const { modules } = json("manifest.json") as Manifest;
  const { name, exports } = json("package.json") as Package;
  for (const subpath of [".", "./client"]) {
    const { default: published } = exports[subpath]!.moddable;
    t.is(Object.keys(exports[subpath]!)[0], "moddable");
    t.is(modules[`${name}/${published.slice(2, -3)}`], published.slice(0, -3));
    const alias = readFileSync(new URL(`${modules[name + subpath.slice(1)]}.js`, root), "utf8");
    t.true(alias.includes(`"${name}/${published.slice(2, -3)}"`));
  }
});

test("what is published has a name in a manifest, and the manifests are published", (t) => {
  t.true((json("package.json") as Package).files.includes("manifest*.json"));
  const published = readdirSync(dist, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".js"));
  const named = new Set<string>();
  for (const file of manifests)
    for (const path of Object.values(modulesOf(file))) named.add(`${path.replace("./dist/moddable/", "")}.js`);
  t.deepEqual(published.sort(), [...named].sort());
});

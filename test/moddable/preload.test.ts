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

/** The manifests, everything in first. */
const manifests = ["manifest.json", "manifest_readable.json"];

for (const file of manifests)
  test(`${file} and the exports name what is published, under names that mcpack makes too`, (t) => {
    const manifest = JSON.parse(readFileSync(new URL(file, root), "utf8"));
    const { name, exports } = JSON.parse(readFileSync(new URL("package.json", root), "utf8"));
    t.deepEqual(Object.keys(manifest).sort(), ["modules", "preload"]);
    t.deepEqual([...manifest.preload].sort(), Object.keys(manifest.modules).sort());
    for (const file of Object.values(manifest.modules))
      for (const ending of [".js", ".d.ts"]) t.notThrows(() => readFileSync(new URL(`${file}${ending}`, root)));
    for (const subpath of [".", "./client"]) {
      const { default: published } = exports[subpath].moddable;
      t.is(Object.keys(exports[subpath])[0], "moddable");
      if (file === "manifest.json") t.is(manifest.modules[`${name}/${published.slice(2, -3)}`], published.slice(0, -3));
      const alias = readFileSync(new URL(`${manifest.modules[name + subpath.slice(1)]}.js`, root), "utf8");
      t.true(alias.includes(`"${name}/${published.slice(2, -3)}"`));
    }
  });

test("what is published has a name in a manifest, and the manifests are published", (t) => {
  const { files } = JSON.parse(readFileSync(new URL("package.json", root), "utf8"));
  t.true(files.includes("manifest*.json"));
  t.deepEqual(
    readdirSync(root)
      .filter((file) => file.startsWith("manifest"))
      .sort(),
    [...manifests].sort(),
  );
  const published = readdirSync(dist, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".js"));
  const named = new Set<string>();
  for (const file of manifests)
    for (const module of Object.values(JSON.parse(readFileSync(new URL(file, root), "utf8")).modules))
      named.add(`${String(module).replace("./dist/moddable/", "")}.js`);
  t.deepEqual(published.sort(), [...named].sort());
});

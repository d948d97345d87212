// The check of the structure, on trees made up for it: it finds what it is there for, in every form of an import.

import test from "ava";
import { circles, importsOf, reach, strays, tooLong, unfollowed } from "./imports.js";

const tree = (files: Record<string, string>): Map<string, string> => new Map(Object.entries(files));
const importing = (files: Record<string, string>) => importsOf(tree(files));

test("every form of an import is found", (t) => {
  for (const text of [
    'import { b } from "./b.js";',
    "import { b } from './b.js'",
    'import {\n  b,\n  c,\n} from "./b.js";',
    'import type { B } from "./b.js";',
    'import { type B, b } from "./b.js";',
    'import b, * as all from"./b.js";',
    'import "./b.js";',
    'export { b } from "./b.js";',
    'export * from "./b.js";',
    'export type { B } from "./b.js";',
    'const b = await import("./b.js");',
    'let b: import("./b.js").B;',
    'const b = require("./b.js");',
    'const b = new URL("./b.js", import.meta.url);',
    'import { b /* from "x" */ } from "./b.js";',
    'const s = "it\'s"; import b from "./b.js";',
  ]) {
    t.true(importing({ "a.ts": text, "b.ts": "" }).get("a.ts")!.has("b.ts"), text);
  }
});

test("names lead to sources of each kind, and to packages", (t) => {
  const imports = importing({
    "x/a.ts": 'import "../y/b.js"; import "../y/c.mjs"; import "../y/d.js"; import "node:net"; import "mqtt-packet";',
    "y/b.ts": "",
    "y/c.mjs": "",
    "y/d.d.ts": "",
  });
  t.deepEqual([...imports.get("x/a.ts")!].sort(), ["mqtt-packet", "node:net", "y/b.ts", "y/c.mjs", "y/d.d.ts"]);
});

test("what cannot be followed is told; comments ask for nothing", (t) => {
  const files = {
    "a.ts": 'import "./gone.js"; await import(name); import("./b.js"); import "node:net"',
    "b.ts":
      '// from "./gone.js"\n/* import(name) */\ndeclare function require(name: "Storage"): unknown; sim.require(); sim.import(card)',
    "c.ts": "await import(`./b.js`);",
  };
  t.deepEqual(unfollowed(tree(files)), ["a.ts: ./gone.js", "a.ts: import(name)", "c.ts: import(`./b.js`)"]);
  t.deepEqual([...importing(files).get("b.ts")!], []);
});

test("circles: of two, of three through a type, of a source with itself; none in a tree", (t) => {
  t.deepEqual(circles(importing({ "a.ts": 'import "./b.js"', "b.ts": 'import "./a.js"' })), ["a.ts → b.ts → a.ts"]);
  const three = {
    "in.ts": 'import "./x/a.js"',
    "x/a.ts": 'import { b } from "../y/b.js"',
    "y/b.ts": 'export * from "./c.js"',
    "y/c.ts": 'import type { A } from "../x/a.js"',
  };
  t.deepEqual(circles(importing(three)), ["x/a.ts → y/b.ts → y/c.ts → x/a.ts"]);
  t.deepEqual(circles(importing({ "a.ts": 'import type { A } from "./a.js"' })), ["a.ts → a.ts"]);
  t.deepEqual(circles(importing({ ...three, "y/c.ts": "" })), []);
  const both = { "a.ts": 'import "./b.js"; import "./c.js"', "b.ts": 'import "./c.js"', "c.ts": 'import "node:fs"' };
  t.deepEqual(circles(importing(both)), []);
});

test("of circles that hang together the shortest is told, two apart are both told", (t) => {
  const knot = { "a.ts": '"./b.js"', "b.ts": '"./c.js"', "c.ts": '"./a.js"; "./d.js"', "d.ts": '"./c.js"' };
  t.deepEqual(circles(importing(knot)), ["c.ts → d.ts → c.ts"]);
  const files = { "a.ts": '"./b.js"', "b.ts": '"./a.js"', "c.ts": '"./d.js"', "d.ts": '"./c.js"' };
  t.deepEqual(circles(importing(files)), ["a.ts → b.ts → a.ts", "c.ts → d.ts → c.ts"]);
});

test("arrows: against them, past them, out of every room; packages count where none are allowed", (t) => {
  const arrows = { "low/": [], "low/top.ts": ["low/", "packages"], "high/": ["low/"] };
  const stray = (files: Record<string, string>) => strays(importing(files), arrows);
  const low = { "low/a.ts": "" };
  t.deepEqual(stray({ ...low, "low/b.ts": 'import "./a.js"', "high/c.ts": 'import "../low/a.js"' }), []);
  t.deepEqual(stray({ "low/a.ts": 'import type { C } from "../high/c.js"', "high/c.ts": "" }), [
    "low/a.ts imports high/c.ts",
  ]);
  t.deepEqual(stray({ "low/a.ts": 'import "./top.js"', "low/top.ts": "" }), ["low/a.ts imports low/top.ts"]);
  t.deepEqual(stray({ ...low, "low/top.ts": 'import "./a.js"; import "node:net"' }), []);
  t.deepEqual(stray({ "high/c.ts": 'import "node:net"' }), ["high/c.ts imports node:net"]);
  t.deepEqual(stray({ "else/d.ts": "" }), ["else/d.ts belongs to no room"]);
});

test("what a source reaches, and how long it is", (t) => {
  const imports = importing({ "a.ts": '"./b.js"', "b.ts": 'import "node:net"', "c.ts": 'import "node:fs"' });
  t.deepEqual([...reach(imports, "a.ts")], ["a.ts", "b.ts", "node:net"]);
  const lines = (n: number): string => "x\n".repeat(n);
  t.deepEqual(tooLong(tree({ "a.ts": lines(450), "b.ts": lines(451) }), 450), ["b.ts has 451 lines"]);
});

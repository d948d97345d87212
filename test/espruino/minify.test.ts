// What scripts/espruino/minify.mjs does beside terser: short names, one name for undefined, one for `this`; and that it takes no
// name away that a user of the bundle knows. That the bundle still works is shown by the tests of both bundles.

import { readdirSync, readFileSync } from "node:fs";
import vm from "node:vm";
import test from "ava";

const root = new URL("../../../", import.meta.url);

const { INTERNAL, nameUndefined, shortNames, weightsOf } = (await import(
  new URL("scripts/espruino/minify.mjs", root).href
)) as {
  INTERNAL: string[];
  nameUndefined(code: string): string;
  shortNames(code: string, first?: string[], weights?: Map<string, number>): { [name: string]: string };
  weightsOf(code: string, isMoved: (node: { start: number }) => boolean): Map<string, number>;
};
const { inlineMethods } = (await import(new URL("scripts/espruino/inline.mjs", root).href)) as {
  inlineMethods(code: string): string;
};
const { captureThis } = (await import(new URL("scripts/espruino/arrows.mjs", root).href)) as {
  captureThis(code: string, often?: number): string;
};

test("private properties of unrelated classes share short names, those of related ones do not", (t) => {
  const names = shortNames(`
    class A { constructor() { this._one = this._one + 1; } }
    class B { constructor() { this._two = 2; } }
    class C extends A { m() { this._three = 3; } }`);
  t.is(names._one, names._two);
  t.not(names._one, names._three);
});

test("an internal property that several classes know has a short name of its own", (t) => {
  const names = shortNames(`
    class A { m(b) { return b.framer + this._a; } }
    class B { constructor() { this.framer = 1; this._b = 2; } }`);
  t.is(names._a, names._b);
  t.not(names.framer, names._a);
});

test("what is loaded gets the shortest names, and what is called by a number none", (t) => {
  const code = "class A { m() { this._loaded; this._cold; this._cold; this._cold; this._called(); } }";
  const moved =
    "class A { m() { this._loaded; } } A[0] = function () { this._cold; this._cold; this._cold; this.c(1); };";
  t.deepEqual(Object.keys(shortNames(code)), ["_cold", "_loaded", "_called"]);
  const weights = weightsOf(moved, ({ start }) => moved.startsWith("A[", start));
  t.deepEqual(Object.keys(shortNames(code, [], weights)), ["_loaded", "_cold"]);
});

test("a short name is never one that the program has already, nor a word that Espruino refuses", (t) => {
  t.not(shortNames("class A { m() { this.t = this._a; } }")._a, "t");
  const many = Array.from({ length: 1500 }, (_, i) => `this._p${i} = 0;`).join("");
  const all = Object.values(shortNames(`class A { m() { ${many} } }`));
  t.is(new Set(all).size, 1500);
  for (const word of ["do", "if", "in", "of"]) t.false(all.includes(word));
});

test("undefined gets a name, and what void does besides stays", (t) => {
  const code = nameUndefined("function f(a){return void 0===a?void g():void 0}");
  t.is(code, "let _;function f(a){return _===a?void g():_}");
  const run = (text: string) => vm.runInNewContext(`${text}; [f(), f(1)]`, { g: () => 7 });
  t.deepEqual([...run(code)], [undefined, undefined]);
});

test("functions that mention this often get a constant for it", (t) => {
  t.is(
    captureThis("class A { m() { this.a = this.b; } n() { return this.a; } }", 2),
    "class A { m() { const self = this; self.a = self.b; } n() { return this.a; } }",
  );
  t.is(
    captureThis("function f() {this.a = () => this.b;}", 2),
    "function f() { const self = this;self.a = () => self.b;}",
  );
});

test("a private method that is called from one place stands in that place", (t) => {
  const code = "class A { m(x) { return this._n(x + 1); } _n(y) { if (y > 2) return y * this.by; return 0; } }";
  const small = inlineMethods(code);
  t.false(small.includes("_n"));
  t.deepEqual([...vm.runInNewContext(`${captureThis(small)} const a = new A(); a.by = 10; [a.m(1), a.m(2)]`)], [0, 30]);
  for (const other of [
    // Called twice, or by itself.
    "class A { m() { this._n(); this._n(); } _n() {} }",
    "class A { _n() { this._n(); } }",
    // A name of the method means something else at its place.
    "function f() {} class A { m(f) { this._n(f); } _n(g) { f(g); } }",
    // It would be there once an object, in RAM.
    "class A { constructor() { this.on = () => this._n(); } _n() {} }",
    // A call is cheaper than what is skipped with each line.
    "class Framer { m() { this._n(); } _n() {} }",
    "class A { _n() {} } class B { m(a) { a._n(); } }",
  ])
    t.is(inlineMethods(other), other);
});

/** All declarations of what is in the bundle. */
const declarations = ["core", "board-wiring", "targets/espruino"]
  .flatMap((folder) => {
    const at = new URL(`dist/types/${folder}/`, root);
    const files = readdirSync(at, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".d.ts"));
    return files.map((file) => readFileSync(new URL(file, at), "utf8"));
  })
  .join("\n");

/** The members of an exported interface and of those it extends, whichever files they stand in; nothing for other types. */
function membersOf(name: string): string[] {
  const found = new RegExp(`export (?:declare )?interface ${name}\\b([^{]*)\\{\\n([\\s\\S]*?)\\n\\}`).exec(
    declarations,
  );
  if (!found) return [];
  const bases = (found[1]!.match(/\w+/g) ?? []).filter((word) => word !== name);
  const own = [...found[2]!.matchAll(/^ {4}(?:readonly )?(\w+)\??[(:]/gm)].map((match) => match[1]!);
  return [...own, ...bases.flatMap(membersOf)];
}

/** Ports that this target itself supplies, and what clients want of the M95: no user of the bundle sees them. */
const INSIDE = ["Uart", "Clock", "Codec", "ClientHost", "Secure"];

/** What users hand in and get: all types that the core and this target export, and what events hand out. */
const CONTRACT = [
  ...readFileSync(new URL("dist/types/core/index.d.ts", root), "utf8").matchAll(/\b[A-Z]\w+/g),
  ...readFileSync(new URL("dist/types/core/events.d.ts", root), "utf8").matchAll(/\b[A-Z]\w+/g),
  ...readFileSync(new URL("dist/types/targets/espruino/index.d.ts", root), "utf8").matchAll(
    /(?<=export interface )\w+/g,
  ),
  ["PowerPins"],
  ["PowerSwitchOptions"],
  ["OutputPin"],
  ["InputPin"],
]
  .map(([name]) => name!)
  .filter((name) => !INSIDE.includes(name));

test("no name of the contract is among the internal ones", (t) => {
  const contract = CONTRACT.flatMap(membersOf);
  for (const name of [
    "keepalive",
    "registrationTimeout",
    "listenerErrors",
    "returnCode",
    "pwrkey",
    "onPulse",
    "client_id",
    "packetsend",
    "messageId",
    "topics",
    "ambiguous",
    "attempt",
  ])
    t.true(contract.includes(name), name);
  t.deepEqual(
    contract.filter((name) => INTERNAL.includes(name)),
    [],
  );
});

test("every internal name is that of a property in the bundle", (t) => {
  const used = shortNames(readFileSync(new URL("dist/espruino/M95.js", root), "utf8"));
  t.deepEqual(
    INTERNAL.filter((name) => !(name in used)),
    [],
    "names that nothing has any more leave the list in scripts/espruino/minify.mjs",
  );
});

test("the minified bundle has the methods and properties of the contract", (t) => {
  const exports: { connect?: (serial: object, options: object) => object } = {};
  const context = { exports, E: { on() {} }, getTime: () => 0, setTimeout() {}, clearTimeout() {} };
  vm.runInNewContext(readFileSync(new URL("dist/espruino/M95.min.js", root), "utf8"), context);
  const modem = exports.connect!({ write() {}, on() {} }, { apn: "internet" }) as { mqtt(options: object): object };
  const names = "state start stop connect command identity signal battery operator time stats on off once emit mqtt";
  for (const name of names.split(" ")) t.true(name in modem, name);
  const client = modem.mqtt({ host: "broker.example" });
  const methods = "connected reconnecting state publish subscribe unsubscribe end on off once emit connect disconnect";
  for (const name of methods.split(" ")) t.true(name in client, name);
});

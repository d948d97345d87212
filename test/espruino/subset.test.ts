// The subset check of the Espruino bundles: every trap is caught, what looks alike passes, and the built bundles pass.
// That the traps are some is shown by the engine tests.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import test from "ava";

interface Trap {
  rule: string;
  bad: string[];
  good?: string[];
}

const root = new URL("../../../", import.meta.url);
const { checkSubset, describe, rules } = (await import(new URL("scripts/espruino/subset.mjs", root).href)) as {
  checkSubset(code: string): { rule: string; line: number; column: number; text: string }[];
  describe(file: string, finding: object): string;
  rules: { [rule: string]: string };
};
const { captureThis } = (await import(new URL("scripts/espruino/arrows.mjs", root).href)) as {
  captureThis(code: string): string;
};
const { traps } = (await import(new URL("test/engines/espruino/trap-list.mjs", root).href)) as { traps: Trap[] };

const found = (code: string): string[] => [...new Set(checkSubset(code).map(({ rule }) => rule))];

for (const { rule, bad, good = [] } of traps) {
  for (const code of bad) test(`${rule} is refused: ${code}`, (t) => t.deepEqual(found(code), [rule]));
  for (const code of good) test(`${rule} does not refuse: ${code}`, (t) => t.deepEqual(found(code), []));
}

test("what the engine tests cannot evaluate is refused too", (t) => {
  t.deepEqual(found("let x = ;"), ["parse"]);
  t.deepEqual(found('import x from "y"; x();'), ["module"]);
  t.deepEqual(found("export const x = 1;"), ["module"]);
  t.deepEqual(found('import("y");'), ["module"]);
  t.deepEqual(found("async function f() { for await (const x of y) g(x); }"), ["async"]);
  t.deepEqual(found("new A(); class A {}"), ["order"]);
  t.deepEqual(found("f(a); const a = 1;"), ["order"]);
  t.deepEqual(found("class B extends A {} class A {}"), ["order"]);
  t.deepEqual(found("class A { m(x) { return function () { x(arguments) } } }"), ["arguments"]);
  t.deepEqual(found("clearTimeout();"), ["clear-timer"]);
  t.deepEqual(found("const t = clearTimeout(void 0);"), ["clear-timer"]);
});

test("every rule has a trap", (t) => {
  t.deepEqual(Object.keys(rules).sort(), traps.map(({ rule }) => rule).sort());
});

test("a finding says where and why", (t) => {
  const [finding] = checkSubset("a();\n  b = c ** 2;");
  t.is(describe("x.js", finding!), "x.js:2:7: operator: c ** 2 (**, ?., ??=, ||= and &&= do not load)");
});

for (const name of ["M95.js", "M95.min.js"])
  test(`${name} stays in the subset`, (t) => {
    const code = readFileSync(fileURLToPath(new URL(`dist/espruino/${name}`, root)), "utf8");
    t.deepEqual(
      checkSubset(code).map((finding) => describe(name, finding)),
      [],
    );
    t.regex(code, /exports\.connect ?=/);
  });

for (const name of ["sensor", "switch", "tracker", "meter"])
  test(`example ${name}.js stays in the subset`, (t) => {
    const code = readFileSync(fileURLToPath(new URL(`examples/espruino/${name}.js`, root)), "utf8");
    t.deepEqual(
      checkSubset(code).map((finding) => describe(name, finding)),
      [],
    );
  });

test("arrow functions take this from a constant of the function around them", (t) => {
  t.is(
    captureThis("class A { m(x) { return x.map((y) => () => this.z + y + this); } }"),
    "class A { m(x) { const self = this; return x.map((y) => () => self.z + y + self); } }",
  );
  t.is(
    captureThis("class B extends A { constructor(x) { super(x); f(() => this.y); } }"),
    "class B extends A { constructor(x) { super(x); const self = this; f(() => self.y); } }",
  );
  t.is(
    captureThis("function f() { g(function () { return () => this; }); return this; }"),
    "function f() { g(function () { const self = this; return () => self; }); return this; }",
  );
  t.is(
    captureThis("function f() { let self = 1; return () => this; }"),
    "function f() { const self_ = this; let self = 1; return () => self_; }",
  );
  t.throws(() => captureThis("const f = () => this;"), { message: /outside of any function/ });
});

// What scripts/espruino/cold.mjs moves out of a bundle does the same as before, and calls that can be told to be calls of one function
// leave nothing behind. Programs run in Node as they are and as files for Storage; the engine has its own tests.

import vm from "node:vm";
import test from "ava";
import { loadedCode, toArrayBuffer } from "./stand-in.js";

const root = new URL("../../../scripts/espruino/", import.meta.url);

interface Program {
  main: string;
  texts: string[];
  cold: { name: string; part: string; stub?: string }[];
}

const { takeApart } = (await import(new URL("program.mjs", root).href)) as {
  takeApart(bundle: string): Promise<Program>;
};
const { writeFiles } = (await import(new URL("storage.mjs", root).href)) as {
  writeFiles(program: Program): { name: string; plain: Buffer; file: Buffer }[];
};

/** What a program needs at least of the driver's runtime. */
const RUNTIME = `
function partText(number) { return ""; }
function checkParts() {}
`;

/** Runs a program as it is, and from Storage; both have to give the same. Functions with "@resident" stay. */
async function both(code: string) {
  const bundle = `${RUNTIME}${code}`;
  const run = (text: string, files = new Map<string, string>()) => {
    const exports: { answer?: () => unknown } = {};
    const require = () => ({ read: (name: string) => files.get(name) });
    vm.runInNewContext(text, { exports, require, E: { toArrayBuffer } });
    return JSON.stringify(exports.answer!());
  };
  const program = await takeApart(bundle);
  const files = new Map(writeFiles(program).map(({ name, plain }) => [name, plain.toString("latin1")]));
  const stubs = program.cold.filter(({ stub }) => stub).map(({ name }) => name);
  const own = (names: string[]) => names.filter((name) => !/^(partText|checkParts)$/.test(name));
  return {
    before: run(bundle),
    after: run(loadedCode(files.get("M95")!), files),
    moved: own(program.cold.map(({ name }) => name)),
    stubs,
    main: program.main,
  };
}

const cases: { [title: string]: string } = {
  "methods, constructors, what is inherited and what is called of a base class": `
    class A {
      constructor(x) { this._x = x; if (x > 5) return; this._y = this._sum(1, 2); }
      _sum(a, b) { return this._x + a + b; }
      _name() { return "A"; }
    }
    class B extends A {
      constructor(x, z) { super(x * 2); this._z = z; }
      _all() { return [this._x, this._y, this._z, this._name(), this._sum(3)]; }
    }
    exports.answer = () => [new B(2, 7)._all(), new B(3)._all()];`,
  "functions, as calls and as values, with more parameters than the dispatcher has": `
    function add(a, b) { return a + b; }
    function many(a, b, c, d, e, f) { return [a, b, c, d, e, f, arguments.length > 5]; }
    function local(add) { return add; }
    exports.answer = () => [add(1, add(2, 3)), [1, 2].map(local), many(1, 2, 3, 4, 5, 6), [5].reduce(add, 1), local(4)];`,
  "a function as a value that uses this": `
    function own(a, b) { return this.x + a + (b || 0); }
    function direct() { return own.call({ x: 1 }, 2); }
    exports.answer = () => [{ x: 5, own }.own(1, 2), direct(), own.apply({ x: 3 }, [4])];`,
  "closures, loops, returns from the middle, exceptions and recursion": `
    class A {
      constructor() { this._n = 0; }
      _counter(by) { const more = by * 2; return () => { this._n += more; return this._n; }; }
      _find(list, x) { for (const one of list) { if (one === x) return "found"; } return "none"; }
      _fail(x) { try { if (x) throw new Error("no " + x); } catch (e) { return e.message; } finally { this._n++; } return "yes"; }
      _deep(n) { return n ? n + this._deep(n - 1) : 0; }
      _all() {
        const next = this._counter(3);
        return [next(), next(), this._find([1, 2], 2), this._find([], 2), this._fail(0), this._fail(7), this._deep(9), this._n];
      }
    }
    exports.answer = () => new A()._all();`,
  "getters, setters and names of the contract leave a stub": `
    class A {
      constructor() { this._v = 1; }
      get value() { return this._v; }
      set value(v) { this._v = v * 2; }
      publish(a, b) { return a + b + this._v; }
    }
    exports.answer = () => { const a = new A(); a.value = 4; return [a.value, a.publish(1, 2)]; };`,
  "the same private name in two classes, and a method used as a value": `
    class A { _go(x) { return "A" + x; } _twice() { return [this._go(1), this._later(this._go)]; } _later(fn) { return fn(2); } }
    class B { _go() { return "B"; } _b() { return this._go(); } }
    exports.answer = () => [new A()._twice(), new B()._b()];`,
  "the same private name in two classes, called outside of both": `
    class A { _go(x) { return "A" + x; } }
    class B { _go(x) { return "B" + x; } }
    exports.answer = () => [new A(), new B()].map((one) => one._go(1));`,
  "a private name that a function sets for a class, which sets it, too": `
    function arm(owner, x) { owner._timer = x; }
    class A { setA() { this._timer = 1; } getA() { return this._timer; } }
    class B { setB() { this._timer = 5; arm(this, 7); } getB() { return this._timer; } }
    exports.answer = () => { const a = new A(), b = new B(); a.setA(); arm(a, 2); b.setB(); return [a.getA(), b.getB()]; };`,
  "a shorthand property, an inner function with the parameter's name, a template": `
    function pack(topic, qos) { const inner = (topic) => topic + 1; return { topic, qos, line: \`\${topic}-\${inner(1)}\` }; }
    exports.answer = () => pack("t", 2);`,
  "a class and the only one that extends it, with constants, a getter, and a method that is called of the base class": `
    const WORDS = ["off", "on"], LONG = "a text that is longer than any name", LIMIT = 5, NONE = { none: 1 };
    class A {
      constructor(x) { this._x = x; }
      get word() { return WORDS[this._x]; }
      _long() { return LONG + LIMIT; }
    }
    class B extends A {
      constructor(x, y) { super(x); this._y = y; }
      _all() { return [this.word, this._long(), this._y, LIMIT, WORDS.length, { LIMIT }, Object.keys(NONE)]; }
    }
    class C { constructor() { this._c = 1; } _own() { return "C" + this._c; } }
    class D extends C { constructor() { super(); } _own() { return super._own() + "D"; } }
    exports.answer = () => [new B(1, 2)._all(), new D()._own()];`,
  "what stays is called by what was moved, and the other way round": `
    class A {
      constructor() { "@cold"; this._n = 1; }
      _hot(x) { "@resident"; return this._cold(x) + 1; }
      _cold(x) { return x > 0 ? this._hot(x - 1) * 2 : this._n; }
    }
    function hot(a) { "@resident"; return cold(a) + 1; }
    function cold(a) { return a * 3; }
    exports.answer = () => [new A()._hot(4), hot(2)];`,
};

for (const [title, code] of Object.entries(cases))
  test(title, async (t) => {
    const { before, after } = await both(code);
    t.truthy(before);
    t.is(after, before);
  });

test("a call of a private or internal method that no other class has needs nothing that is loaded", async (t) => {
  const { moved, stubs, main } = await both(`
    class A { constructor() { this._n = 1; } _one() { return this._n; } framer(x) { return x; } }
    function f() { return new A()._one() + new A().framer(2); }
    exports.answer = () => f();`);
  t.deepEqual(moved, ["A.constructor", "A._one", "A.framer", "f"]);
  t.deepEqual(stubs, []);
  t.notRegex(main, /class (?!__K)/);
});

test("a name of the contract, one that two classes have, and one that an object literal has, leave a stub each", async (t) => {
  const { stubs } = await both(`
    class A { publish() { return 1; } framer() { return 2; } rule() { return 3; } }
    class B { framer() { return 4; } }
    const other = { rule: () => 5 };
    exports.answer = () => [new A().publish(), new A().framer(), new B().framer(), new A().rule(), other.rule()];`);
  t.deepEqual(stubs, ["A.publish", "A.framer", "A.rule", "B.framer"]);
});

test("constants that only moved functions use are not loaded, and short ones are none", async (t) => {
  const { main } = await both(`
    const LONG = "a text of a moved function", WORDS = ["one", "two"];
    const KEPT = "a text of a function that stays", SHORT = 42;
    function moved() { return LONG + WORDS[1] + KEPT + SHORT; }
    function stays() { "@resident"; return KEPT + SHORT + moved(); }
    exports.answer = () => stays();`);
  t.notRegex(main, /moved function|"one"/);
  t.regex(main, /="a text of a function that stays"/);
  t.notRegex(main, /=42/);
});

test("a method that mentions nothing of the module stands first, to be let go of what is around it", async (t) => {
  const { main } = await both(`
    let count = 0;
    class A {
      constructor() { this._n = 1; }
      counted() { "@resident"; return ++count; }
      plain(count) { "@resident"; return count + this._n; }
      inner() { "@resident"; return [1].map((one) => one + count); }
    }
    exports.answer = () => { const a = new A(); return [a.counted(), a.plain(2), a.inner()]; };`);
  t.regex(main, /class \w+\{\w+=\$;plain\(/);
  t.regex(main, /\[\[\w+\.prototype,"plain",1\]\]\.forEach/);
});

test("an assignment to a prototype takes a method's place", async (t) => {
  const { before, after, stubs, moved } = await both(`
    function explain(x) { return "line " + x + typeof this.ask; }
    class M95 { explain() { return ""; } ask(x) { return this.explain(x); } }
    const modem = M95.prototype;
    modem.explain = explain;
    exports.answer = () => new M95().ask(3);`);
  t.is(after, before);
  t.deepEqual(stubs, []);
  t.deepEqual(moved, ["M95.ask", "explain"]);
});

test("a parameter that is declared once more is refused by name", async (t) => {
  await t.throwsAsync(both("function f(a) { { let a = 1; } return a; } exports.answer = () => f(2);"), {
    message: /f .*a/,
  });
});

test("a call of a moved function while the module is loaded is refused by name", async (t) => {
  for (const code of [
    "function moved() { return 1; } const one = moved(); exports.answer = () => one;",
    "class A { constructor() { this._n = 1; } } const a = new A(); exports.answer = () => a._n;",
    "class A { _moved() { return 1; } } function made() { '@resident'; return new A(); } const x = made()._moved(); exports.answer = () => x;",
  ])
    await t.throwsAsync(both(code), { message: /(moved|A.constructor) is called while the driver is loaded/ }, code);
});

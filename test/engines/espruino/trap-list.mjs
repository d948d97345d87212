// What Espruino runs differently, as programs: each `bad` is true in every other engine, and fails, stops or is false in
// Espruino; each `good` looks alike and is true everywhere. Data only: the subset check and the engine tests use it.

/**
 * @type {{ rule: string, bad: string[], good?: string[], debugOnly?: boolean, check?: boolean }[]} `debugOnly`: release
 * builds get away with it; `check: false`: the Linux build does not show it
 */
export const traps = [
  { rule: "parse", bad: [], good: ["1 === 1"] },
  {
    rule: "default",
    bad: ["function f(a = 1) { return a } f() === 1"],
    good: ["function f(a) { if (a === undefined) a = 1; return a } f() === 1"],
  },
  {
    rule: "spread",
    bad: [
      "function f(...a) { return a.length } f(1, 2) === 2",
      "Math.max(...[1, 2]) === 2",
      "[...[1], 2].length === 2",
      "({ ...{ a: 1 } }).a === 1",
    ],
    good: [
      "function f() { return arguments.length } f(1, 2) === 2",
      "Math.max.apply(null, [1, 2]) === 2",
      "'...' === '...'",
    ],
  },
  {
    rule: "destructuring",
    bad: [
      "var { a } = { a: 1 }; a === 1",
      "var [a] = [1]; a === 1",
      "function f({ a }) { return a } f({ a: 1 }) === 1",
    ],
    good: ["var a = 1; ({ a }).a === 1", "[1][0] === 1"],
  },
  {
    rule: "computed",
    bad: ["({ ['a']: 1 }).a === 1", "class A { ['m']() { return 1 } } new A().m() === 1"],
    good: ["var o = {}; o['a'] = 1; o.a === 1", "({ 'a': 1, 2: 3 })[2] === 3"],
  },
  { rule: "generator", bad: ["function* g() { yield 1 } g().next().value === 1"], good: ["2 * 3 === 6"] },
  {
    rule: "async",
    bad: ["async function f() {} typeof f() === 'object'", "(async () => {}) !== undefined"],
    good: ["var o = { async: 1 }; o.async === 1"],
  },
  {
    rule: "label",
    bad: ["a: for (;;) { break a } true"],
    good: ["function f(x) { switch (x) { case 1: return 2; default: return 3 } } f(1) === 2", "(1 ? 2 : 3) === 2"],
  },
  {
    rule: "operator",
    bad: [
      "2 ** 3 === 8",
      "var a = 2; a **= 2; a === 4",
      "var o; o?.a === undefined",
      "var a = null; a ??= 1; a === 1",
      "var a = 0; a ||= 1; a === 1",
      "var a = 1; a &&= 2; a === 2",
    ],
    good: ["Math.pow(2, 3) === 8", "(null ?? 1) === 1", "(0 || 1) === 1", "(1 ?.5 : 2) === .5"],
  },
  {
    rule: "field",
    bad: [
      "class A { list; } new A().list === undefined",
      "class A { list = [] } var a = new A(), b = new A(); a.list !== b.list",
    ],
    good: ["class A { constructor() { this.list = [] } } var a = new A(), b = new A(); a.list !== b.list"],
  },
  {
    rule: "private",
    bad: ["class A { #x() { return 1 } m() { return this.#x() } } new A().m() === 1"],
    good: ["class A { constructor() { this._x = 1 } } new A()._x === 1", "'#x' === '#x'"],
  },
  {
    rule: "static-block",
    bad: ["class A { static {} } true"],
    good: ["class A { static m() { return 1 } } A.m() === 1"],
  },
  { rule: "bigint", bad: ["1n === 1n"], good: ["0x1f === 31", "1_000 === 1000"] },
  { rule: "module", bad: [], good: ["var o = { import: 1, export: 2 }; o.import + o.export === 3"] },
  { rule: "new-target", bad: ["function f() { return new.target === f } typeof new f() === 'object'"] },
  { rule: "with", bad: ["var r; with ({ a: 1 }) { r = a } r === 1"], good: ["var o = { with: 1 }; o.with === 1"] },
  {
    rule: "escape",
    bad: ["'\\u{41}' === 'A'"],
    good: ["'\\u0041' === 'A'", "'\\x41' === 'A'", "'\\\\u{41}'.length === 6"],
  },
  {
    rule: "regexp",
    bad: [
      "/ab?c/.test('ac')",
      "/a{2}/.test('aa')",
      "/^x(a|b)y$/.test('xby')",
      "/[/]/.test('/')",
      "RegExp('ab?c').test('ac')",
    ],
    good: ["6 / 3 / 2 === 1", "'/a/' === '/a/'"],
  },
  {
    rule: "switch",
    bad: ["function f(x) { switch (x) { default: return 0; case 1: return 1 } } f(1) === 1"],
    good: ["function f(x) { switch (x) { case 1: return 1; default: return 0 } } f(1) === 1"],
  },
  {
    rule: "extends",
    bad: [
      "class X extends Error { constructor(m) { super(m); this.code = 1 } } var e = new X('a'); e.message === 'a' && e.code === 1",
      "var o = { A: class { m() { return 1 } } }; class X extends o.A {} new X().m() === 1",
    ],
    good: [
      "class A { m() { return 1 } } class B extends A {} new B().m() === 1",
      "function X(m) { this.message = m } X.prototype = Object.create(Error.prototype); new X('a') instanceof Error",
    ],
  },
  {
    rule: "name",
    bad: [
      "var of = 1; of === 1",
      "class A { in() { return 1 } } new A().in() === 1",
      "class A { delete() { return 1 } } new A().delete() === 1",
      "class A { static() { return 1 } } new A().static() === 1",
    ],
    good: ["var o = { of: 1, in: 2, static: 3, delete: 4 }; o.of + o.in + o.static + o.delete === 10"],
  },
  {
    rule: "nested-super",
    bad: [
      "class A { constructor() { this.n = 1 } } class B extends A { constructor() { super(); this.n++ } } class C { constructor() { this.b = new B() } } class D extends C { constructor() { super() } } new D().b.n === 2",
    ],
    good: [
      "class A { constructor() { this.n = 1 } } class B extends A { constructor() { super(); this.n++ } } class C { m() { this.b = new B() } } class D extends C { constructor() { super(); this.m() } } new D().b.n === 2",
      "class A { constructor() { this.n = 1 } } class B extends A { constructor() { super(); this.n++ } } class C { constructor() { this.b = new B() } } new C().b.n === 2",
    ],
  },
  {
    rule: "super",
    bad: [
      "class A { m() { return 'a' } } class B extends A { m() { return super.m() + 'b' } } class C extends B { m() { return super.m() + 'c' } } new C().m() === 'abc'",
    ],
    good: [
      "class A { m() { return 'a' } } class B extends A { m() { return super.m() + 'b' } } new B().m() === 'ab'",
      "class A { constructor() { this.n = 1 } } class B extends A { constructor() { super(); this.n++ } } class C extends B { constructor() { super(); this.n++ } } new C().n === 3",
    ],
  },
  {
    rule: "arguments",
    bad: [
      "function f() { arguments.length; return (function () { return arguments[0] })(2) } f(1) === 2",
      "function f() { return (() => arguments[0])(2) } f(1) === 1",
    ],
    good: [
      "function f() { return arguments[0] } f(2) === 2",
      "function f() { const all = arguments; return (function (a) { return a + all[0] })(2) } f(1) === 3",
    ],
  },
  {
    rule: "static-inheritance",
    bad: ["class A { static s() { return 1 } } class B extends A {} B.s() === 1"],
    good: ["class A { static s() { return 1 } } class B extends A { static s() { return 2 } } A.s() + B.s() === 3"],
  },
  {
    rule: "arrow-this",
    debugOnly: true,
    bad: [
      "function A() { this.v = 1 } A.prototype.f = function (x) { if (x) x(() => this.v); return 2 }; new A().f(false) === 2",
      "function f(x) { if (x) x(() => function () { return this }); return 2 } f(false) === 2",
    ],
    good: [
      "function A() { this.v = 1 } A.prototype.f = function (x) { const t = this; if (x) x(() => t.v); return 2 }; new A().f(false) === 2",
    ],
  },
  {
    rule: "loop-closure",
    bad: [
      "var fs = []; for (let i = 0; i < 3; i++) fs.push(function () { return i }); fs[0]() === 0",
      "var fs = []; for (const i of [0, 1, 2]) fs.push(() => i); fs[0]() === 0",
    ],
    good: [
      "var fs = []; for (let i = 0; i < 3; i++) { const j = i; fs.push(() => j) } fs[0]() === 0",
      "var fs = []; [0, 1, 2].forEach((i) => { fs.push(() => i) }); fs[0]() === 0",
      "var n = 0; for (let i = 0; i < 3; i++) n += [1].map((x) => ({ i: x }))[0].i; n === 3",
      "var n = 0; for (let i = 0; i < 3; i++) n += [i].map((i) => i)[0]; n === 3",
    ],
  },
  {
    rule: "branch-var",
    bad: ["function f() { if (false) { var q = 1; } return q === undefined } f()"],
    good: [
      "function f() { if (true) { var q = 1; return q } return 2 } f() === 1",
      "function f() { for (var i = 0; i < 0; i++); return i } f() === 0",
    ],
  },
  {
    rule: "order",
    bad: [
      "var r = g(); function g() { return 1 } r === 1",
      "function f() { return g(); function g() { return 1 } } f() === 1",
    ],
    good: [
      "function g() { return 1 } var r = g(); r === 1",
      "function f() { return g() } function g() { return 1 } f() === 1",
    ],
  },
  {
    rule: "return-newline",
    bad: ["function f() { return\n 5 } f() === undefined"],
    good: [
      "function f() { return;\n 5 } f() === undefined",
      "function f() { return\n } f() === undefined",
      "function f() { return 5\n } f() === 5",
    ],
  },
  {
    rule: "length",
    bad: ["var a = [1, 2]; a.length = 0; a.length === 0", "var a = [1, 2]; a.length--; a.length === 1"],
    good: ["var a = [1, 2]; a.splice(0, a.length); a.length === 0", "var o = { length: 1 }; o.length === 1"],
  },
  {
    rule: "clear-timer",
    bad: ["if (typeof clearTimeout === 'function') clearTimeout(undefined); true"],
    good: ["if (typeof clearTimeout === 'function') clearTimeout(setTimeout(function () {}, 1)); true"],
  },
  {
    rule: "index-of",
    bad: ["'abc'.indexOf('cde') === -1", "!'abc'.includes('bcd')"],
    good: ["'abc'.indexOf('c') === 2", "!'abc'.endsWith('cd')"],
  },
  {
    rule: "sort",
    bad: [
      "var a = []; for (var i = 0; i < 40; i++) a.push({ k: i % 2, i: i }); a.sort(function (x, y) { return x.k - y.k }); var ok = true; for (var j = 1; j < 20; j++) if (a[j].i < a[j - 1].i) ok = false; ok",
    ],
    good: ["['b', 'a'].sort()[0] === 'a'"],
  },
  {
    rule: "missing",
    bad: [
      "typeof new Map() === 'object'",
      "Number.isInteger(5)",
      "Math.trunc(1.5) === 1",
      "Array.from('ab').length === 2",
      "'abc'.at(-1) === 'c'",
      "[[1], 2].flat().length === 2",
      "Object.freeze({ a: 1 }).a === 1",
      "typeof Promise.resolve().finally(function () {}) === 'object'",
    ],
    good: [
      "var o = { Map: 1, at: function () { return 2 } }; o.Map + o.at() === 3",
      "Math.floor(1.5) === 1 && Array.isArray([]) && Object.assign({}, { a: 1 }).a === 1",
      "'abc'.indexOf('b') === 1 && 'abc'.includes('b') && 'abc'.startsWith('a') && ' a '.trim() === 'a'",
    ],
  },
  {
    rule: "non-ascii",
    check: false,
    bad: ["'é'.length === 1"],
    good: ["'\\xe9'.length === 1", "/* é */ true"],
  },
];

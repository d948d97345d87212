// What is made of programs for Moddable does what they did: small programs run before and after, with their results compared. How many
// bytes it saves is measured on the driver (bench/size.mjs); that the driver works is for XS to see (test/moddable, test/engines).

import test from "ava";

const { shrink } = (await import(new URL("../../../scripts/moddable/small.mjs", import.meta.url).href)) as {
  shrink(modules: { [file: string]: string }): Promise<{ [file: string]: string }>;
};

const load = async (code: string): Promise<unknown> => {
  const { result } = (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as { result: () => unknown };
  return result();
};

/** Programs as rollup writes them: what they export stands at the end. */
const same: { [what: string]: string } = {
  "a method called once, with returns in its middle": `
    class A {
      constructor() { this._seen = []; }
      run(list) { for (let i = 0; i < list.length; i++) this._one(list[i]); return this._seen; }
      _one(x) { if (x < 0) return; const seen = this._seen; if (x === 0) { seen.push("zero"); return; } seen.push(x); }
    }
    function result() { return new A().run([1, -1, 0, 2]); }`,
  "a method of another object, called once for its value": `
    class B { constructor() { this._n = 3; } _judge(x) { if (x > this._n) return "more"; return x === this._n ? "same" : undefined; } }
    class A { constructor() { this.b = new B(); } run(x) { const judged = this.b._judge(x); return String(judged); } }
    function result() { const a = new A(); return [a.run(1), a.run(3), a.run(5)]; }`,
  "calls deep in what is computed": `
    const log = [];
    class A {
      constructor() { this.by = 3; }
      run(x) {
        const first = (x > 0 && (x < 3 || this._far(x))) || "none";
        if (x !== 1 && (x > 2 ? this._even(x) : !this._odd(x)) && x < 9) log.push("if"); else log.push("else");
        this.said = x ? x > 1 && this._word(x).concat("!").length > 3 : 0;
        this.say(this._listed(x)[0], log.length);
        const last = this.by + this._late(x), both = log.length;
        return [first, this.said, last, both, x || (log.push("zero"), this._zero(x)), (x && this._one(x)) + 1];
      }
      say(a, b) { log.push([a, b]); }
      _far(x) { log.push("far"); if (x > 5) return ""; return "far" + x; }
      _even(x) { const rest = x % 2; log.push("even"); return rest === 0; }
      _odd(x) { log.push("odd"); if (x < 0) return true; return x % 2; }
      _word(x) { const all = ["one", "two", "three"]; log.push("word"); return all[x % 3]; }
      _listed(x) { const list = [x]; list.push(log.length); return list.reverse(); }
      _late(x) { this.by = x; log.push("late"); return x; }
      _zero(x) { const both = x + log.length; return both * 2; }
      _one(x) { log.push("one"); if (x > 1) return x * 2; return 1; }
    }
    function result() { const a = new A(); return [[0, 1, 2, 3, 4, 7, -1].map((x) => a.run(x)), log]; }`,
  "a method without a value, called for it on a condition": `
    class A {
      run(x) { const said = x && this._if(x), or = (x > 1 && "" ) || this._far(x); return [String(said), String(or || (x === 2 && this._none(x)))]; }
      _if(x) { if (x > 2) return "if"; }
      _far(x) { if (x < 4) return; const far = "far" + x; return far; }
      _none(x) { const both = x + x; both.toString(); }
    }
    function result() { const a = new A(); return [0, 1, 2, 3, 4].map((x) => a.run(x)); }`,
  "a method that does not look at its object": `
    const log = [];
    class B { _both(x) { const both = log.length + x; return both; } _one() { return 1; } }
    class A { get() { log.push("get"); return new B(); } run(x) { const both = this.get()._both(x); return [both, this.get()._one(), log]; } }
    function result() { return new A().run(2); }`,
  "a field that only a method mentions that moved into another class": `
    class B {
      go(x) { return [this._one(x), this._two(x), this._one(x + 1), this._two(x - 1)]; }
      _one(x) { const all = []; for (let i = 0; i < x; i++) all.push(i); return all.join("one"); }
      _two(x) { const all = []; for (let i = x; i > 0; i--) all.push(i); return all.join("two"); }
      _late(x) { const n = x + 1; this._first = n; this._last = (this._last || 0) + n; }
    }
    class A { constructor() { this.b = new B(); } run(x) { if (x) this.b._late(x); return this.b.go(x); } }
    function result() { const a = new A(); return [0, 1, 2].map((x) => a.run(x)); }`,
  "a value in an arrow function": `
    class A {
      constructor() { this.n = 2; }
      run() { const later = [(x) => this._first(x)]; this.n = 3; return later[0](1); }
      _first(x) { return this._second(x); }
      _second(x) { const both = x + this.n; return [both, both * 2]; }
    }
    function result() { return new A().run(); }`,
  "small methods and functions that are called twice": `
    const log = [];
    let count = 0;
    class B { constructor(n) { this.n = n; } _half() { return this.n / 2; } _ring() { if (this.n) log.push(this.n); } _next() { return this.n++; } }
    class A {
      constructor() { this.b = new B(6); this._c = 1; }
      _tell(x) { this._c = x; log.push(x); }
      _set(x, y) { this.b = x; this._c = y; }
      get(n) { log.push("get"); return new B(n); }
      run(x) {
        const b = this.b, values = [this.b._half(), b._half(), this.get(8)._next(), b._next(), b._next(), own(x), own(count++), own(count)];
        this._tell(x + 1); if (x) this._tell(this._c); else this._tell(0);
        for (let i = 0; i < 2; i++) this.get(i)._ring();
        b._ring();
        this._set(this.get(3)); this._set(b, values.length);
        return [values, this._c, this.b.n, early(x), early(-x), [1, 2].map((x) => own(x) + x)];
      }
    }
    function own(x) { return x * 2 + count; }
    function early(x) { if (x > 0) return "more"; if (x < 0) return; return "none"; }
    function result() { const a = new A(); return [a.run(1), a.run(0), log, count]; }`,
  "calls on a condition": `
    const log = [];
    class A {
      run(x) { const a = x > 1 ? this._big(x) : "small"; if (x > 0 && !this._odd(x)) log.push(x); return a || this._none(); }
      _big(x) { log.push("big"); if (x > 3) return "huge"; return ""; }
      _odd(x) { const rest = x % 2; return rest === 1; }
      _none() { log.push("none"); return null; }
    }
    function result() { const a = new A(); return [[0, 1, 2, 3, 4].map((x) => a.run(x)), log]; }`,
  "names of what is put in place, in twos and threes": `
    class A {
      run(self) { const list = [self]; this._a(list, self + 1); return list; }
      _a(self, list) { self.push(list); this._b(self, () => list * 2); }
      _b(list, self) { list.push(self()); for (const x of list.slice(0, 1)) this._c(list, x); }
      _c(x, list) { x.push(list); }
    }
    function result() { return new A().run(5); }`,
  "a parameter inside with the name of a function of the module": `
    function number(text) { return +text; }
    class A {
      run(x) { this._judge(x, "2"); return this._seen; }
      _judge(x, text) {
        const fail = (number) => { this._seen = number + x; };
        const rest = number(text);
        if (rest > 1) fail(rest);
        else this._seen = number(x);
      }
    }
    function result() { return new A().run(5); }`,
  "a block with the name of a constant of the module": `
    const log = [], text = "outer" + log.length, bad = log;
    function f(x) { if (x) { const text = "inner" + x; log.push(text); } try { x(); } catch (bad) { log.push(bad.name); } return [text, bad.length]; }
    function result() { const all = f(1); return [all, log]; }`,
  "a variable of the module that a function changes and is called with": `
    let count = 0;
    function f(x) { count++; return x; }
    function g() { const before = f(count); return before; }
    function result() { return [g(), g()]; }`,
  "variables that are done with, and those that are not": `
    function f(a, b, unused) {
      const c = a + b;
      let d = c * 2;
      for (let i = 0; i < 3; i++) { const e = d; d = e + a; const g = e * 2; if (g > 20) { const h = g - e; d += h; } }
      const twices = [1, 2].map((a) => { const twice = a * 2; return twice + d; });
      return { c, d, twices, b };
    }
    function result() { return [f(1, 2, 3), f(5, 6), f(0, -1)]; }`,
  "variables of blocks that are never needed at the same time, and those that are": `
    const log = [];
    function f(a, b) {
      const x = log.length + a, y = log.length + b; log.push(x, y, x, y); { const z = log.length * 3; log.push(z, z); }
      if (a) { const c = a * 2; log.push(c, c + 1); } else { let c; log.push(c); c = b; log.push(c, c); }
      for (let i = 0; i < 3; i++) { let last; log.push(last); if (i) { const d = i + b; last = d; log.push(d, last); } { const e = i * b; log.push(e, e); } last = i; }
      { const g = [a]; { const h = g.concat(b); log.push(h, g, h); } { const k = g.length; log.push(k, g, k); } }
      try { const m = a / b; log.push(m, m); if (!b) throw m; } catch (error) { const n = error; log.push(String(n), n === error); }
      { const p = b; log.push(() => p, p); } { const q = a; log.push(() => q, q); }
      return [a, x];
    }
    function result() { return [f(1, 2), f(0, 0), f(3, 0), log.map((one) => (one?.call ? one() : one))]; }`,
  "what is stored in front of another value": `
    class A {
      run(x) { const a = x > 1 ? this._big(x) : "small"; let b; const see = () => b; b = 1; b = see() + 1; return [a, b, this._none(x)]; }
      _big(x) { if (x > 3) return "huge"; }
      _none(x) { let c; c = x; c = c + 1; let d; d = x * 2; d = c; return [c, d]; }
    }
    function result() { const a = new A(); return [1, 2, 5].map((x) => a.run(x)); }`,
  "what is stored in front of a value that is never there": `
    const log = [];
    function f(get) { let a = 0; try { a = 1; a = get(); } catch (error) { log.push(a); } finally { log.push(a); } return a; }
    function g(get) { let a = 0; try { try { throw 1; } catch (error) { a = 1; a = get(); } } catch (error) { log.push(a); } return a; }
    function h(get) { let a = 0; a = void log.push("called"); a = get(); return a; }
    const bad = () => { throw new Error("bad"); };
    function result() { return [f(bad), f(() => 7), g(bad), g(() => 7), h(() => 7), log]; }`,
  "closures in loops keep their own": `
    function result() { const fns = []; for (let i = 0; i < 3; i++) { const j = i * 2; fns.push(() => [i, j]); } return fns.map((fn) => fn()); }`,
  "functions that end without a value": `
    const log = [];
    function f(x) { if (x) return "some"; return undefined; }
    function g(x) { if (x) return "some"; return void log.push(x); }
    function result() { return [f(1), f(0), g(1), g(0), f(0) === undefined, g(0) === undefined, log]; }`,
  "stores of one value": `
    class A { constructor() { this._a = 0; this._b = 0; this._c = undefined; this._d = undefined; this._e = 1; } all() { return [this._a, this._b, this._c, this._d, this._e]; } }
    function result() { return new A().all(); }`,
  "stores of what calls leave": `
    const log = [];
    function f(x) { const a = {}; a.b = void log.push(x); a.c = void log.push(-x); return Object.keys(a).length; }
    function result() { return [f(1), f(2), log]; }`,
  "texts and arrays at many places": `
    const say = (x) => x === "a text that is long enough" ? "a text that is long enough" + x : "a text that is long enough";
    function result() { const a = [], b = [], c = [], d = []; a.push("one"); return [say(1), say("a text that is long enough"), a, b, c, d, ["p", "q", "r"], ["with space", "q", "r"]]; }`,
  "functions of the engine at many places, and others of their name": `
    const pick = (Math) => Math.max(1, 2), o = { Math: { max: () => "own" } };
    const of = (a, b) => [Math.max(a, b), Math.max(b, 1), Math.max(a, -1), Math.max(-a, -b), Math.max(a * b, 4), Math.max(a, 3, b)];
    function result() { return [of(1, 2), of(-1, -3), o.Math.max(1), pick({ max: () => "given" }), Math.max.apply(null, [5, 6]), typeof Math.max]; }`,
  "functions that pass on what they get, and those that must not be made of what is there": `
    const log = [], run = (fns) => fns.map((fn) => fn(7, 8));
    class A {
      constructor() { this._list = []; this._own = () => "own"; }
      _say(a, b) { log.push([a, b, this._list.length]); return log.length; }
      _all() { return this._list.concat(arguments.length); }
      _tell(a) { log.push(a, a); return a; }
      run(word) {
        let last = 1;
        const fns = [() => this._say(word), () => this._say(last), (x) => this._say(x), (x) => this._say(word, x), (x, y) => this._say(y, x)];
        fns.push(() => this._all(), () => this._own(), (x) => this._tell(x), () => later(), () => this._say(!word, this._list));
        for (let i = 0; i < 2; i++) fns.push(() => this._tell(i));
        for (const one of ["p", "q"]) fns.push(() => this._tell(one));
        { const word = "inner"; fns.push(() => this._tell(word)); }
        const later = () => "later";
        last = 2;
        this._own = () => "other";
        this._list = [1];
        fns.push(() => this._tell(last), (x) => f(word, x), (x) => f(x));
        return [run(fns), run(fns)];
      }
    }
    function f(a, b) { return [a, b]; }
    class B { constructor() { this._tell = 0; this._say = (x) => log.push(x); } run() { return [() => this._say(1), () => this._say(2)].map((fn) => fn()); } }
    function result() { return [new A().run("w"), new B().run(), log]; }`,
  "numbers and texts with names, which others have, too": `
    class A { run(x) { return [x === IDLE, x > LOW, x + NAME, { IDLE, at: LOW }, { NAME: 1 }.NAME]; } }
    const IDLE = 0, LOW = -1, NAME = "n", LATE = 7, PAST = 8, ELSE = 9;
    function f(LATE) { const { x: PAST } = { x: LATE }; let ELSE = PAST; ELSE++; return [LATE, PAST, ELSE, 1 -LOW]; }
    function result() { const a = new A(); return [a.run(0), a.run("n"), f(1), LATE, PAST, ELSE]; }`,
  "tests, jumps and else": `
    const log = [];
    function f(a, b) { if (a && b) return 1; else if (a || b) { if (!a) return 2; } else return 3; a && log.push(b); const o = { x: a, y: b }; const { x, y } = o; return x ? y : 4; }
    function result() { return [f(1, 1), f(0, 1), f(1, 0), f(0, 0), log]; }`,
  "a setter that does not look": `
    class A { get x() { return 1; } set x(value) { this.set = true; } }
    function result() { const a = new A(); a.x = 2; return [a.x, a.set]; }`,
  "classes with one heir, with and without constructors": `
    class Root { constructor(x) { this._x = x; } hello() { return "root " + this._x; } }
    class Base extends Root { constructor(x) { super(x + 1); this.made = 1; } hello() { return "base, " + super.hello(); } }
    class Mixed extends Base { get twice() { return this._x * 2; } more() { return this.hello() + this._x; } }
    class Heir extends Mixed {}
    class Other extends Root { constructor(x) { super(x); this.other = 1; } hello() { return "other, " + super.hello(); } }
    class Late extends Other { hello() { return "late, " + super.hello(); } }
    Heir.prototype.hi = function () { return "hi " + this.more(); };
    function result() {
      const all = [new Heir(1), new Late(2)];
      return all.map((one) => [one.hello(), one.twice, one.more && one.more(), one.hi && one.hi(), one.made, one instanceof Root]);
    }`,
  "a class whose heir has its name": `
    let One = class One extends Array { sum() { return this.reduce((a, b) => a + b, 0); } };
    class One$1 extends One { twice() { return this.sum() * 2; } }
    class Two extends One$1 {}
    function result() { const two = new Two(); two.push(1, 2); return [two.twice(), two.length, new Two() instanceof Array]; }`,
  "loops with labels": `
    function f(n) {
      const seen = [];
      outer: for (let i = 0; i < n; i++) {
        inner: for (const j of [0, 1, 2, 3]) {
          if (j > i) continue outer;
          if (j === 2) continue inner;
          if (i + j === 6) break outer;
          seen.push(i * 10 + j);
        }
      }
      return seen;
    }
    function result() { return [f(3), f(9)]; }`,
  "errors come through": `
    class A { run() { try { this._bad(1); } catch (error) { return error.message; } finally { this.done = true; } return "none"; } _bad(x) { if (x) throw new Error("bad"); return; } }
    function result() { const a = new A(); return [a.run(), a.done]; }`,
};

for (const [what, program] of Object.entries(same))
  test(what, async (t) => {
    const code = `${program}\nexport { result };\n`;
    const { main } = await shrink({ main: code });
    t.not(main, code);
    t.deepEqual(await load(main!), await load(code));
  });

test("internal names are short and the same in modules that belong together, the SDK's stay", async (t) => {
  const small = await shrink({
    one: "class A { constructor() { this._inner = { receive: 1 }; } clear() { return this._inner; } }\nexport { A };\n",
    two: "const of = (a) => a._inner.receive;\nexport { of };\n",
  });
  const [, name] = /this\.(\w+)=/.exec(small.one!)!;
  t.not(name, "_inner");
  t.true(small.two!.includes(`.${name}.receive`));
  t.true(small.one!.includes("clear()"));
});

test("classes in a row become one where the heirs have no constructor", async (t) => {
  const { main } = await shrink({
    main: "class A { constructor() { this.a = 1; } }\nclass B extends Map { constructor() { super(); this.b = 1; } }\nclass C extends B { c() { return 1; } }\nclass D extends C {}\nclass E extends A { e() { return new D(); } }\nexport { D, E };\n",
  });
  t.is(main!.split(/\bclass\b/).length, 3);
});

test("a method that another module calls stays one", async (t) => {
  const { one } = await shrink({
    one: "class A { run() { return this._help(1); } _help(x) { return x + 1; } }\nexport { A };\n",
    two: "const help = (a) => a._help(2);\nexport { help };\n",
  });
  t.regex(one!, /\w\(\w\)\{return \w\+1/);
});

test("a function of the engine that is called at many places is looked for once", async (t) => {
  const looked = async (name: string, count: number) => {
    const calls = Array.from({ length: count }, (_, i) => `${name}(x, ${i})`).join(" + ");
    const { main } = await shrink({ main: `function f(x) { return ${calls}; }\nexport { f };\n` });
    return main!.split(name).length - 1;
  };
  t.is(await looked("Math.max", 2), 2);
  t.is(await looked("Math.max", 6), 1);
  // It makes what its `this` makes.
  t.is(await looked("ArrayBuffer.fromString", 6), 6);
});

test("a function that passes on what it gets is bound", async (t) => {
  const { main } = await shrink({
    main: "class A { run(x, after) { after(() => this._say(x)); after((y) => this._say(x, y)); after((y) => this._say(y)); } _say(x, y) { this._say(y, x); } }\nexport { A };\n",
  });
  // The third would get a second value if it were called with one.
  t.is(main!.match(/\.bind\(this,/g)!.length, 2);
  t.is(main!.match(/=>/g)!.length, 1);
});

test("variables of different blocks become one", async (t) => {
  const declared = async (blocks: string) => {
    const { main } = await shrink({ main: `function f(a, b) { ${blocks} return a.x(b); }\nexport { f };\n` });
    return main!.match(/(let|const) /g)?.length ?? 0;
  };
  const block = (name: string) =>
    `if (a.${name}) { const c = a.get(); b.add(c, c); } else { const d = b.get(); a.add(d, d); }`;
  t.is(await declared(block("x") + block("y")), 1);
});

test("a small method stands in the places of its two calls, a big one does not", async (t) => {
  const methods = async (body: string) => {
    const main = `class A { one(x) { this._do(x); return 1; } two(x) { this._do(x); return 2; } _do(x) { ${body} } }\nexport { A };\n`;
    return (await shrink({ main })).main!.match(/\w+\(\w\)\{/g)!.length;
  };
  t.is(await methods("x.go();"), 2);
  t.is(await methods("x.go(); x.more = x.get(1) + x.get(2) + x.get(3) + x.get(4);"), 3);
});

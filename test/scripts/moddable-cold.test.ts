// Functions that became texts for the machine do what they did: programs run as they are, and with all their functions cold, with results and
// what they log compared. That the driver works so is for XS to see (test/moddable, test/engines).

import test from "ava";

interface Modules {
  [file: string]: string;
}

const script = (name: string) => import(new URL(`../../../scripts/moddable/${name}.mjs`, import.meta.url).href);
const { shrink } = (await script("small")) as { shrink(modules: Modules): Promise<Modules> };
const { coldTexts } = (await script("cold")) as {
  coldTexts(modules: Modules, isInternal?: (name: string) => boolean): Modules;
};
const { plainForms } = (await script("forms")) as { plainForms(code: string): Promise<string> };
const { OP } = (await script("operations")) as { OP: { [name: string]: number } };

let loaded = 0;
/** What a module's `result` gives; each time it is loaded anew. */
const load = async (code: string): Promise<unknown> => {
  const { result } = (await import(`data:text/javascript,${encodeURIComponent(`${code}//${++loaded}`)}`)) as {
    result: () => unknown;
  };
  return result();
};

const MARK = "debugger;";
/** With all functions that are written over several lines cold; `result` and what it makes in one line is not. */
const marked = (code: string) => code.replace(/\) \{\n/g, `) {${MARK}\n`);

const isInternal = (name: string) => name.startsWith("_");
const cold = async (code: string): Promise<string> =>
  coldTexts({ main: await plainForms(`${marked(code)}\nexport { result };\n`) }, isInternal).main!;

/** What is tried, with what happened. */
const TRY = `
    const out = [];
    const tried = (f) => { try { out.push(f()); } catch (error) { out.push("thrown: " + error.message); } };`;

const same: { [what: string]: string } = {
  "properties, counts and assignments that are values": `
    class A {
      constructor(x) {
        this.x = x;
        this.list = [];
      }
      add(y) {
        this.list.push(y);
        this.x += y;
        const both = (this.last = this.first = y * 2);
        return [this.x++, ++this.x, this.list.length, both, this.first--];
      }
      far(o) {
        o.a.b += 5;
        o.c[1]++;
        const q = (o.a.b = 7), at = (o.c[o.c.length] = q + 1);
        o.c[0] -= -2;
        return [q, at, o, -o.a.b, ~o.a.b, +"4", typeof o, typeof o.none, !o, o.a.b % 4, o.a.b << 2, o.a.b >> 1, 6 & 3, 6 | 3, 6 ^ 3];
      }
    }
    function result() { const a = new A(5); return [a.add(3), a.add(4), a.far({ a: { b: 1 }, c: [1, 2] }), { ...a }]; }`,
  "tests, and values that are not evaluated": `
    const log = [];
    const say = (x) => { log.push(x); return x; };
    function pick(a, b, c) {
      if ((say(a) && !say(b)) || say(c) === 1) return "one";
      else if (!(a || b)) return "two";
      const d = a ? (b ? "both" : "a") : "b";
      a && say("effect");
      a || say("other");
      b ? say("then") : say("else");
      return [d, a && b && c, a || b || c, a ?? "none", c ?? "none", a != b, a == b, a !== b, a >= b, a <= b];
    }
    function chain(o) {
      return [o?.a, o?.a?.b, o?.f?.c, o?.f(2), o?.a?.b.c];
    }
    function result() {
      const cases = [[0, 0, 0], [0, 0, 1], [1, 0, 0], [1, 1, 5], [0, 1, 0], [1, 1, undefined], [1, 1, null]];
      return [cases.map((one) => pick(...one)), chain(undefined), chain({ f: (x) => x * 2 }), chain({ a: { b: { c: 1 } }, f() { return this.a; } }), log];
    }`,
  "loops, labels, and closures in them": `
    class A {
      constructor() {
        this.n = 10;
      }
      closures(list) {
        const made = [];
        for (const one of list) {
          const twice = one * 2;
          made.push(() => twice + this.n);
        }
        return made.map((f) => f());
      }
      labels(n) {
        end: {
          if (n === 1) break end;
          n += 10;
          try {
            if (n === 12) break end;
            n += 100;
          } catch {}
          n += 1000;
        }
        return n;
      }
      rounds(n) {
        const seen = [];
        outer: for (let i = 0; i < n; i++) {
          for (let j = 0; ; j++) {
            if (j > i) continue outer;
            if (i + j === 7) break outer;
            try {
              if (j === 2) continue;
            } catch {}
            seen.push(i * 10 + j);
          }
        }
        let k = 3;
        while (k) if (--k === 1) break;
        return [seen, k];
      }
      names(o) {
        const all = {};
        for (const name in o) if (o[name] !== undefined) all[name] = o[name];
        return all;
      }
    }
    function result() { const a = new A(); return [a.closures([1, 2, 3]), [1, 2, 3].map((n) => a.labels(n)), a.rounds(6), a.names({ a: 1, b: undefined, c: "x" })]; }`,
  "errors across functions, in and out of try": `
    class A {
      run(n) {
        try {
          if (n > 1) throw new Error("big");
          try {
            if (n === 1) this._bad(n);
            return "zero";
          } catch (error) {
            if (error.message !== "bad 1") return "what?";
            return "in " + error.message;
          }
        } catch (error) {
          return "out " + error.message;
        }
      }
      again(n) {
        let all = "";
        for (let i = 0; i < n; i++)
          try {
            all += this._maybe(i);
          } catch (error) {
            all += "!" + error.message;
            if (i === 3) break;
          }
        return all + [1, 2].map((x) => { try { return this._maybe(x); } catch (error) { return error.message; } });
      }
      _bad(n) {
        this._worse(n);
      }
      _worse(n) {
        throw new Error("bad " + n);
      }
      _maybe(i) {
        if (i % 2) this._bad(i);
        return i;
      }
    }
    function result() { ${TRY} const a = new A(); for (const n of [0, 1, 2]) tried(() => a.run(n)); tried(() => a.again(6)); tried(() => a._bad(5)); tried(() => a.run.call(null, 1)); return out; }`,
  "functions in functions, three deep, that change what is around them": `
    function deep(a) {
      let n = 0;
      const add = (x) => {
        n += x;
        return [1, 2].map((y) => [3].map((z) => x + y + z + a + n));
      };
      const count = (k) => (k ? count(k - 1) + 1 : n);
      const plain = function (x) { return x * n; };
      return [add(1), add(2), count(4), plain(3), n];
    }
    function fib(n) {
      return n < 2 ? n : fib(n - 1) + fib(n - 2);
    }
    function even(n) {
      return n === 0 || odd(n - 1);
    }
    function odd(n) {
      return n !== 0 && even(n - 1);
    }
    function result() { return [deep(7), fib(12), even(101), odd(101)]; }`,
  "heirs, functions that make objects, and what is only called": `
    class Root {
      constructor(x) {
        this.x = x;
      }
      say() {
        return this._word(this.x) + this._shared();
      }
      _word(x) {
        return "word " + x;
      }
      _shared() {
        return "!";
      }
    }
    function more(x) {
      const all = [x, x, x, x, x].map((one) => one + 1);
      return all[0];
    }
    class Heir extends Root {
      constructor(x, y) {
        super(more(x));
        this.y = y;
        this.late = this._twice.bind(this);
        this.arrow = () => this._twice(this.y);
      }
      _twice(x) {
        return [x * 2, this._word(x)];
      }
      _shared() {
        return "?";
      }
    }
    class Other {
      constructor() {
        this._twice = 5;
      }
      get() {
        return this._twice;
      }
    }
    function Made(x) {
      const made = new Error(x);
      Object.setPrototypeOf(made, Made.prototype);
      return made;
    }
    Made.prototype = Object.create(Error.prototype);
    function native(a) { return a._word("native") + a.late(4); }
    function result() {
      const all = [new Root(1), new Heir(1, 2)];
      return [all.map((a) => a.say()), native(all[1]), all[1].arrow(), new Other().get(), new Made("m") instanceof Made, new Made("m").message];
    }`,
  "up to five arguments, fewer and more than are wanted": `
    function five(a, b, c, d, e) {
      let more;
      return [a, b, c, d, e, more];
    }
    function call(f, o) {
      return [f(), f(1), f(1, 2), f(1, 2, 3), f(1, 2, 3, 4), f(1, 2, 3, 4, 5), o.f(), o.f(1), o.f(1, 2), o.f(1, 2, 3), o.f(1, 2, 3, 4), o.f(1, 2, 3, 4, 5)];
    }
    function made(C) {
      return [new C(), new C(1), new C(1, 2), new C(1, 2, 3), new Array(3), new Array(1, 2)];
    }
    function named(o, k) {
      return [o[k](3), o["f"](4)];
    }
    function result() {
      class C { constructor(...all) { this.all = all; } }
      const rest = (...all) => all;
      return [five(1, 2, 3, 4, 5, 6, 7), five(1), call(rest, { f: rest }), call(five, { f: five }), made(C).map((one) => one.all ?? one), named({ g: 1, f(x) { return this.g + x; } }, "f")];
    }`,
  "what is easily mistaken": `
    const log = [];
    const say = (x) => { log.push(x); return x; };
    const p = { name: "p" };
    class Late {
      constructor(x) {
        this.x = [x, p.name, 1, 2, 3];
        if (x === 2) return { instead: x };
      }
      _text(x) {
        return ["text", x, this.x[0], p.name];
      }
      _other(x) {
        return this._text(x).concat(this._text(1)).length;
      }
    }
    class Field {
      _other = 5;
      get() { return this._other; }
    }
    class More extends Late {
      constructor(x) {
        super(x);
        this.more = [x, x, x, x];
        if (x === 3) return { instead: x };
      }
    }
    function caught(list) {
      const made = [];
      for (const one of list) {
        try {
          if (one) throw one;
        } catch (error) {
          made.push(() => error);
        }
      }
      return made.map((f) => f());
    }
    function heads(n) {
      const made = [];
      for (let i = 0; made.push(() => i) < n; i++);
      return made.map((f) => f());
    }
    function counts(o) {
      let t = o.t;
      const before = t++;
      o.t++;
      --o.u;
      return [before, t, o.t, o.u, -"5", -null, -true, - -1, o.none++];
    }
    function template(o) {
      return \`\${o} and \${[1, 2]}\${o}, \${null}\`;
    }
    function later(n) {
      const first = () => second() + n;
      const second = () => n * 2;
      return first();
    }
    function own(n) {
      function template(x) { return "own " + x; }
      return template(n) + n + n + n;
    }
    function twice(a, b) {
      return [a, b, a, b, a, b];
    }
    function native(o, none) { return [o._text((say(1), say(2))), o?._text(3), none?.late._text(4), twice((say(5), 6), say(7))]; }
    function inherited(o) {
      return Object.keys(o).length + "" + o.a + o.b + o.c;
    }
    function result() {
      ${TRY}
      const o = new Late(1);
      for (const f of [() => native(o, undefined), () => native(o, { late: o }), () => [new Late(2), new More(3), { ...new More(4) }], () => caught([1, 2, 3]), () => heads(3),
        () => counts({ t: "7", u: "7" }), () => counts({ t: 1, u: undefined }), () => template({ valueOf: () => "value", toString: () => "text" }), () => later(4), () => own(1),
        () => [new Field().get(), o._other(2)], () => inherited({ a: 1 })]) tried(f);
      return [out, log];
    }`,
  "texts and numbers of all kinds": `
    const LONG = "a constant of more than forty characters, of which there is one only";
    const SHORT = "short";
    function texts(x) {
      return ["", "'", '"', "\\\\", "\\n\\t\\r", "\\x00\\x01\\x7f", "é€", "123456789", "1234567890", \`\${x}-\${x}!\`, SHORT, LONG, LONG.length, SHORT + SHORT];
    }
    function numbers() {
      return [0, 1, 125, 126, 127, 128, 900, 901, 1.5, -1, -2.5, 1e21, 4294967296, 0xffff, true, false, null, undefined, void 0];
    }
    function lengths() {
      return [${[8, 9, 10, 30, 31, 125, 126, 127, 128, 300].map((length) => `"${"x".repeat(length)}"`).join()}];
    }
    function words() {
      return ["the modem does not answer", "the modem does not start", "does the modem not answer?", "the modem is not there", "not the modem, the broker does not answer"];
    }
    function result() { return [texts("x"), numbers(), lengths(), words()]; }`,
};

for (const [what, program] of Object.entries(same)) {
  test(what, async (t) => {
    const code = await cold(program);
    t.regex(code, /(enter\$\(this,|p\$\.\w+=|const \w+=)"\\u0/);
    t.deepEqual(await load(code), await load(`${program}\nexport { result };\n`));
  });
  test(`${what}, all passes`, async (t) => {
    const { main } = await shrink({ main: `${marked(program)}\nexport { result };\n` });
    t.false(/\bdebugger\b/.test(main!));
    t.deepEqual(await load(main!), await load(`${program}\nexport { result };\n`));
  });
}

test("a function that the machine cannot do stays as it is", async (t) => {
  for (const body of [
    "return [...a];",
    "try { a(); } finally { a.b(); }",
    "return arguments.length;",
    "return /x/.test(a);",
    // Two characters in Node, one in XS.
    'return a + a + a + a + "😀";',
  ]) {
    const code = await cold(`function f(a) {\n ${body} }\nfunction result() { return typeof f; }`);
    t.regex(code, /function f\(a\)\{/, body);
    t.false(code.includes("machine("), body);
  }
});

test("what only calls is a text, also from another module; what is a value is a function", async (t) => {
  const modules = {
    home: `class A {\n constructor() {${MARK} this.x = 1; }\n _own(y) {${MARK} return this.x + y; }\n _value() {${MARK} this.y = this.x + this.x + this.x + this.x + this.x; return this.y; }\n open(f) {${MARK} const made = f(this); this.z = made + this._own(2) + this._own(3); return this.z; } }\nconst used = (a) => a._value;\nexport { A, used };\n`,
    other: `import { A } from "./home";\nconst more = (a) => a._own(5);\nclass B {\n constructor() {${MARK} this.b = new A(); this.c = "other"; }\n _two() {${MARK} return more(this.b) + this.c; }\n two() { return this._two(); } }\nexport { B };\n`,
  };
  const plain = Object.fromEntries(
    await Promise.all(Object.entries(modules).map(async ([file, code]) => [file, await plainForms(code)])),
  );
  const { home, other } = coldTexts(plain, isInternal);
  t.regex(home!, /p\$\._own="/);
  t.regex(home!, /_value\(\.\.\.a\)\{return enter\$\(/);
  t.regex(home!, /open\(\.\.\.a\)\{return enter\$\(/);
  t.regex(other!, /run\$\(a,a\._own,5\)/);
  t.regex(other!, /run\$\(this,this\._two\)/);
  // Both have their places in one list.
  const [first, second] = [
    /globals\$\.push\(([^)]*)\)/.exec(home!)!,
    /Object\.assign\(globals\$,\{(\d+):/.exec(other!)!,
  ];
  t.true(first[1] === "" || first[1]!.split(",").length < Number(second[1]) + 1);
  const url = `data:text/javascript,${encodeURIComponent(home!)}`;
  const { B } = (await import(
    `data:text/javascript,${encodeURIComponent(other!.replace("./home", url).replace("./home", url))}`
  )) as {
    B: new () => { two(): string };
  };
  t.is(new B().two(), "6other");
});

test("each name of a property that only texts have stands in the module's code as well: the engine strips what has none", async (t) => {
  const code = await cold(
    "function f(a) {\n const all = a.split(a.separator).reverse(); all.extra = 1; return { only: all.join(), keys: Object.keys(all) }; }\nfunction result() { return f; }",
  );
  const told = /x=>x\.([\w.]+)\)/.exec(code)![1]!.split(".");
  for (const name of ["separator", "reverse", "extra", "only", "join", "keys"]) t.true(told.includes(name), name);
});

test("a text of the machine has no character that XS writes with two bytes but those of the rarest", async (t) => {
  t.true(OP.last! < 127);
  const code = await cold(`function f(a) {\n return [${"a.value(1),".repeat(30)}]; }\nfunction result() { return f; }`);
  const text = /const f="([^"]*)"/.exec(code) ?? /enter\$\(this,"([^"]*)"/.exec(code)!;
  // Thirty times the same is a code each time.
  t.true((JSON.parse(`"${text[1]}"`) as string).length < 80);
});

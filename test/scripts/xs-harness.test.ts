// Checks on Node that the harness for XS judges as AVA does, failures above all: a harness that lets everything pass
// would go unnoticed. It does not start XS.

import test, { type ExecutionContext } from "ava";
import declare, { inFile, run, type TestEvent } from "../xs/harness.js";

// biome-ignore lint/suspicious/noExplicitAny: the same function serves AVA's and the harness's assertions
type Body = (t: any) => unknown;

function events(body: Body): TestEvent[] {
  const seen: TestEvent[] = [];
  declare("title", body);
  run((event) => seen.push(event));
  return seen;
}

const outcome = (body: Body): string => events(body).at(-1)!.type;

class Coded extends Error {
  code = "EPARAM";
}

class Point {
  constructor(readonly x: number) {}
}

const raise = (error: unknown) => () => {
  throw error;
};

const bytes = (...items: number[]) => Uint8Array.from(items);

const passing: Record<string, Body> = {
  pass: (t) => t.pass(),
  is: (t) => t.is(Number.NaN, Number.NaN),
  not: (t) => t.not(0, -0),
  true: (t) => t.true(true),
  false: (t) => t.false(false),
  truthy: (t) => t.truthy("a"),
  falsy: (t) => t.falsy(""),
  assert: (t) => t.assert(1),
  "deepEqual, nested in any order": (t) => t.deepEqual({ a: [1, { b: 2 }], c: null }, { c: null, a: [1, { b: 2 }] }),
  "deepEqual, bytes": (t) => t.deepEqual(bytes(1, 2), bytes(1, 2)),
  "deepEqual, ArrayBuffer": (t) => t.deepEqual(bytes(1, 2).buffer, bytes(1, 2).buffer),
  "deepEqual, Map": (t) => t.deepEqual(new Map([["a", [1]]]), new Map([["a", [1]]])),
  "deepEqual, Set": (t) => t.deepEqual(new Set([1, 2]), new Set([1, 2])),
  "deepEqual, class": (t) => t.deepEqual(new Point(1), new Point(1)),
  "deepEqual, Date": (t) => t.deepEqual(new Date(5), new Date(5)),
  "deepEqual, circular": (t) => {
    const a: Record<string, unknown> = {};
    const b: Record<string, unknown> = {};
    a.self = a;
    b.self = b;
    t.deepEqual(a, b);
  },
  notDeepEqual: (t) => t.notDeepEqual([1], [2]),
  like: (t) => t.like({ a: 1, b: { c: 2, d: 3 } }, { b: { c: 2 } }),
  "like, array": (t) => t.like([{ a: 1, b: 2 }], [{ a: 1 }]),
  regex: (t) => t.regex("abc", /b/),
  notRegex: (t) => t.notRegex("abc", /d/),
  throws: (t) => t.throws(raise(new Error("x"))),
  "throws, all expectations": (t) =>
    t.throws(raise(new Coded("bad topic")), { code: "EPARAM", instanceOf: Coded, message: "bad topic", name: "Error" }),
  "throws, message pattern": (t) => t.throws(raise(new Error("bad topic")), { message: /topic$/ }),
  "throws, message function": (t) => t.throws(raise(new Error("ab")), { message: (m: string) => m.length === 2 }),
  "throws, any": (t) => t.throws(raise("text"), { any: true }),
  notThrows: (t) => t.notThrows(() => 1),
  plan: (t) => {
    t.plan(2);
    t.pass();
    t.pass();
  },
};

const failing: Record<string, Body> = {
  "no assertion": () => {},
  "a throw": raise(new Error("x")),
  fail: (t) => t.fail(),
  is: (t) => t.is(0, -0),
  "is, types": (t) => t.is(1, "1"),
  not: (t) => t.not(1, 1),
  true: (t) => t.true(1),
  false: (t) => t.false(0),
  truthy: (t) => t.truthy(0),
  falsy: (t) => t.falsy("a"),
  assert: (t) => t.assert(0),
  "deepEqual, value": (t) => t.deepEqual({ a: 1 }, { a: 2 }),
  "deepEqual, undefined property": (t) => t.deepEqual({ a: undefined }, {}),
  "deepEqual, extra property": (t) => t.deepEqual({ a: 1, b: 2 }, { a: 1 }),
  "deepEqual, order": (t) => t.deepEqual([1, 2], [2, 1]),
  "deepEqual, length": (t) => t.deepEqual([1], [1, undefined]),
  "deepEqual, hole": (t) => t.deepEqual(new Array(1), []),
  "deepEqual, class": (t) => t.deepEqual(new Point(1), { x: 1 }),
  "deepEqual, bytes": (t) => t.deepEqual(bytes(1, 2), bytes(1, 3)),
  "deepEqual, ArrayBuffer": (t) => t.deepEqual(bytes(1, 2).buffer, bytes(1, 3).buffer),
  "deepEqual, array kind": (t) => t.deepEqual(bytes(1), [1]),
  "deepEqual, Map": (t) => t.deepEqual(new Map([["a", 1]]), new Map([["a", 2]])),
  "deepEqual, Set": (t) => t.deepEqual(new Set([1, 2]), new Set([1, 3])),
  "deepEqual, Date": (t) => t.deepEqual(new Date(5), new Date(6)),
  "deepEqual, error message": (t) => t.deepEqual(new Error("a"), new Error("b")),
  "deepEqual, null": (t) => t.deepEqual(null, {}),
  notDeepEqual: (t) => t.notDeepEqual({ a: [1] }, { a: [1] }),
  like: (t) => t.like({ a: 1, b: { c: 2 } }, { b: { c: 3 } }),
  "like, missing": (t) => t.like({ a: 1 }, { b: 1 }),
  "like, not an object": (t) => t.like("a", { length: 1 }),
  "like, empty selector": (t) => t.like({ a: 1 }, {}),
  regex: (t) => t.regex("abc", /d/),
  notRegex: (t) => t.notRegex("abc", /b/),
  throws: (t) => t.throws(() => 1),
  "throws, no error": (t) => t.throws(raise("text")),
  "throws, code": (t) => t.throws(raise(new Coded("x")), { code: "ETIMEOUT" }),
  "throws, no code": (t) => t.throws(raise(new Error("x")), { code: "ETIMEOUT" }),
  "throws, class": (t) => t.throws(raise(new Error("x")), { instanceOf: Coded }),
  "throws, message": (t) => t.throws(raise(new Error("bad topic")), { message: "topic" }),
  "throws, message pattern": (t) => t.throws(raise(new Error("bad topic")), { message: /^topic/ }),
  "throws, message function": (t) => t.throws(raise(new Error("ab")), { message: () => false }),
  "throws, name": (t) => t.throws(raise(new Error("x")), { name: "TypeError" }),
  "throws, is": (t) => t.throws(raise(new Error("x")), { is: new Error("x") }),
  "throws, unknown expectation": (t) => t.throws(raise(new Error("x")), { codes: 1 }),
  notThrows: (t) => t.notThrows(raise(new Error("x"))),
  plan: (t) => {
    t.plan(2);
    t.pass();
  },
  "a failed assertion that the code under test swallowed": (t) => {
    try {
      t.is(1, 2);
    } catch {}
    t.pass();
  },
};

/** The same in AVA itself, as far as it can be asked from within: what passes and fails there is the yardstick. */
async function inAva(t: ExecutionContext, body: Body): Promise<string> {
  const attempt = await t.try((inner) => void body(inner));
  attempt.discard();
  return attempt.passed ? "passed" : "failed";
}

for (const [name, body] of Object.entries(passing))
  test(`passes: ${name}`, async (t) => {
    t.is(await inAva(t, body), "passed");
    t.is(outcome(body), "passed");
  });

for (const [name, body] of Object.entries(failing))
  test(`fails: ${name}`, async (t) => {
    t.is(await inAva(t, body), "failed");
    t.is(outcome(body), "failed");
  });

test("an asynchronous test fails: XS runs none", (t) => {
  const last = events(async () => {}).at(-1)!;
  t.true(last.type === "failed" && last.message.includes("asynchronous"));
});

test("tells title, log, failure and skipped tests", (t) => {
  const seen: TestEvent[] = [];
  inFile("at/ring");
  declare("says", (t) => {
    t.log("hello", { a: "\r" });
    t.is("a\r\x00ÿ", "b", "wrong");
  });
  declare.skip("not now");
  declare("with an argument", (t, argument) => t.is(argument, 7), 7);
  run((event) => seen.push(event));
  inFile("");
  t.like(seen, [
    { type: "begin", title: "at/ring › says" },
    { type: "log", text: 'hello {a: "\\r"}' },
    { type: "failed", message: 'Assertion: wrong: "a\\r\\u0000\\u00ff" is not "b"' },
    { type: "begin", title: "at/ring › not now" },
    { type: "skipped" },
    { type: "begin", title: "at/ring › with an argument" },
    { type: "passed" },
  ]);
});

test("titles are unique within a file, and a test needs a function", (t) => {
  declare("same", () => {});
  t.throws(() => declare("same", () => {}), { message: /Duplicate/ });
  run(() => {});
  t.throws(() => (declare as unknown as (title: string) => void)("no function"), { instanceOf: TypeError });
});

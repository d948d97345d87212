// What the core's tests get instead of AVA when they run in XS: the synchronous assertions they use, with AVA's
// meaning. No hooks, promises, snapshots or macros, and no I/O: what happens is handed to the caller of `run`.

/** What `run` tells, in order: a test begins, then how it ended. */
export type TestEvent =
  | { type: "begin"; title: string }
  | { type: "passed" | "skipped" }
  | { type: "failed"; message: string; stack: string }
  | { type: "log"; text: string };

/** What a thrown error has to look like; the names are AVA's. */
export interface Expectations {
  any?: boolean;
  instanceOf?: new (...args: never[]) => unknown;
  is?: unknown;
  message?: string | RegExp | ((message: string) => boolean);
  name?: string;
  code?: string | number;
}

type Implementation = (t: Assertions, ...args: unknown[]) => unknown;

interface Declared {
  title: string;
  implementation: Implementation | undefined;
  args: unknown[];
}

const declared: Declared[] = [];
let currentFile = "";

/** Says which file the tests declared from now on belong to. */
export function inFile(name: string): void {
  currentFile = name;
}

function declare(title: string, implementation?: Implementation, args: unknown[] = []): void {
  const full = currentFile ? `${currentFile} › ${title}` : title;
  for (const other of declared) if (other.title === full) throw new Error(`Duplicate test title: ${full}`);
  declared.push({ title: full, implementation, args });
}

/** Declares a test. */
export default function test(title: string, implementation: Implementation, ...args: unknown[]): void {
  if (typeof title !== "string" || typeof implementation !== "function")
    throw new TypeError("test() in XS takes a title and a function");
  declare(title, implementation, args);
}

test.serial = test;
test.skip = (title: string, _implementation?: unknown): void => declare(title);
test.todo = (title: string): void => declare(title);

/** Runs what has been declared, in order, and forgets it. */
export function run(report: (event: TestEvent) => void): void {
  for (const { title, implementation, args } of declared.splice(0)) {
    report({ type: "begin", title });
    if (!implementation) {
      report({ type: "skipped" });
      continue;
    }
    const t = new Assertions(title, report);
    try {
      const result = implementation(t, ...args);
      if (isObject(result) && "then" in result) throw new Error("An asynchronous test: move it out of test/core");
      t.finish();
      report({ type: "passed" });
    } catch (thrown) {
      // The first failed assertion is the story, also when the code under test swallowed it.
      const error = t.failure ?? thrown;
      const isError = error instanceof Error;
      report({
        type: "failed",
        message: isError ? `${error.name}: ${error.message}` : `Threw ${show(error)}`,
        stack: (isError && error.stack) || "",
      });
    }
  }
}

/** The assertions of one test. As in AVA, a failed one throws, and fails the test even when the throw is caught. */
class Assertions {
  readonly title: string;
  readonly context: Record<string, unknown> = {};
  failure: Error | undefined;
  #report: (event: TestEvent) => void;
  #count = 0;
  #planned: number | undefined;

  constructor(title: string, report: (event: TestEvent) => void) {
    this.title = title;
    this.#report = report;
  }

  /** What AVA checks after the test's function has returned. */
  finish(): void {
    if (this.failure) throw this.failure;
    if (this.#planned !== undefined && this.#planned !== this.#count)
      throw new Error(`Planned ${this.#planned} assertions, but ran ${this.#count}`);
    if (this.#count === 0) throw new Error("Test finished without running any assertions");
  }

  #check(ok: boolean, what: string, message?: string): true {
    this.#count++;
    if (ok) return true;
    const error = new Error(message ? `${message}: ${what}` : what);
    error.name = "Assertion";
    this.failure ??= error;
    throw error;
  }

  plan(count: number): void {
    this.#planned = count;
  }

  log(...values: unknown[]): void {
    this.#report({ type: "log", text: values.map((v) => (typeof v === "string" ? v : show(v))).join(" ") });
  }

  pass(message?: string): true {
    return this.#check(true, "", message);
  }

  fail(message?: string): true {
    return this.#check(false, message ?? "Test failed via `t.fail()`");
  }

  assert(actual: unknown, message?: string): true {
    return this.#check(Boolean(actual), `${show(actual)} is not truthy`, message);
  }

  truthy(actual: unknown, message?: string): true {
    return this.assert(actual, message);
  }

  falsy(actual: unknown, message?: string): true {
    return this.#check(!actual, `${show(actual)} is not falsy`, message);
  }

  true(actual: unknown, message?: string): true {
    return this.#check(actual === true, `${show(actual)} is not true`, message);
  }

  false(actual: unknown, message?: string): true {
    return this.#check(actual === false, `${show(actual)} is not false`, message);
  }

  is(actual: unknown, expected: unknown, message?: string): true {
    return this.#check(Object.is(actual, expected), `${show(actual)} is not ${show(expected)}`, message);
  }

  not(actual: unknown, expected: unknown, message?: string): true {
    return this.#check(!Object.is(actual, expected), `${show(actual)} is the same as ${show(expected)}`, message);
  }

  deepEqual(actual: unknown, expected: unknown, message?: string): true {
    return this.#check(same(actual, expected), `${show(actual)} does not equal ${show(expected)}`, message);
  }

  notDeepEqual(actual: unknown, expected: unknown, message?: string): true {
    return this.#check(!same(actual, expected), `${show(actual)} equals ${show(expected)}`, message);
  }

  like(actual: unknown, selector: unknown, message?: string): true {
    if (!isSelector(selector)) throw new TypeError("t.like() needs a selector with at least one property");
    return this.#check(
      isObject(actual) && same(select(actual, selector), selector),
      `${show(actual)} is not like ${show(selector)}`,
      message,
    );
  }

  regex(actual: string, pattern: RegExp, message?: string): true {
    return this.#check(pattern.test(actual), `${show(actual)} does not match ${String(pattern)}`, message);
  }

  notRegex(actual: string, pattern: RegExp, message?: string): true {
    return this.#check(!pattern.test(actual), `${show(actual)} matches ${String(pattern)}`, message);
  }

  notThrows(fn: () => unknown, message?: string): true {
    try {
      fn();
    } catch (error) {
      return this.#check(false, `The function threw ${show(error)}`, message);
    }
    return this.#check(true, "", message);
  }

  throws(fn: () => unknown, expected: Expectations = {}, message?: string): unknown {
    for (const key of Object.keys(expected))
      if (!EXPECTATIONS.includes(key)) throw new TypeError(`t.throws() knows no expectation "${key}"`);
    let thrown: unknown;
    let returned = false;
    try {
      fn();
      returned = true;
    } catch (error) {
      thrown = error;
    }
    this.#check(!returned, "The function did not throw", message);
    const error = thrown as { name?: unknown; code?: unknown; message?: unknown };
    const misses = (what: string) => `${show(thrown)} was thrown, which ${what}`;
    const expects = (key: keyof Expectations, ok: () => boolean, what: string) => {
      if (key in expected && !ok()) this.#check(false, misses(what), message);
    };
    if (!expected.any) this.#check(thrown instanceof Error, misses("is not an error"), message);
    expects("instanceOf", () => thrown instanceof expected.instanceOf!, "is of another class");
    expects("is", () => Object.is(thrown, expected.is), `is not ${show(expected.is)}`);
    expects("name", () => error.name === expected.name, `does not have the name ${show(expected.name)}`);
    expects("code", () => error.code === expected.code, `does not have the code ${show(expected.code)}`);
    expects("message", () => matches(error.message, expected.message), `does not say ${String(expected.message)}`);
    return thrown;
  }
}

const EXPECTATIONS: readonly string[] = ["any", "instanceOf", "is", "message", "name", "code"];

function matches(actual: unknown, expected: Expectations["message"]): boolean {
  if (typeof actual !== "string") return false;
  if (typeof expected === "function") return expected(actual);
  return expected instanceof RegExp ? expected.test(actual) : actual === expected;
}

type Keyed = Record<PropertyKey, unknown>;

function isObject(value: unknown): value is Keyed {
  return typeof value === "object" && value !== null;
}

function enumerableKeys(value: object): PropertyKey[] {
  return Reflect.ownKeys(value).filter((key) => Object.prototype.propertyIsEnumerable.call(value, key));
}

function isSelector(value: unknown): value is Keyed {
  if (!isObject(value)) return false;
  if (!Array.isArray(value) && Object.getPrototypeOf(value) !== Object.prototype) return false;
  return enumerableKeys(value).length > 0;
}

function select(actual: unknown, selector: Keyed): unknown {
  if (!isObject(actual)) return actual;
  const result = (Array.isArray(selector) ? [] : {}) as Keyed;
  for (const key of enumerableKeys(selector)) {
    const inner = selector[key];
    result[key] = isSelector(inner) ? select(actual[key], inner) : actual[key];
  }
  return result;
}

/** Deep equality as AVA has it: same values, same prototypes, same enumerable properties in any order. */
function same(a: unknown, b: unknown, seen: [unknown, unknown][] = []): boolean {
  if (Object.is(a, b)) return true;
  if (!isObject(a) || !isObject(b)) return false;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  for (const [left, right] of seen) if (left === a && right === b) return true;
  const path: [unknown, unknown][] = [...seen, [a, b]];

  if (a instanceof Date || a instanceof Number || a instanceof String || a instanceof Boolean)
    if (!Object.is(a.valueOf(), b.valueOf())) return false;
  if (a instanceof RegExp && String(a) !== String(b)) return false;
  if (a instanceof Error && (a.message !== b.message || a.name !== b.name)) return false;
  if (a instanceof ArrayBuffer) return sameItems(new Uint8Array(a), new Uint8Array(b as unknown as ArrayBuffer), path);
  if (a instanceof DataView) throw new TypeError("t.deepEqual() in XS cannot compare DataViews");
  if (a instanceof Map) return sameItems([...a], [...(b as unknown as Map<unknown, unknown>)], path);
  if (a instanceof Set) return sameMembers(a, b as unknown as Set<unknown>, path);
  if (Array.isArray(a) && a.length !== (b as unknown as unknown[]).length) return false;

  const keys = enumerableKeys(a);
  if (keys.length !== enumerableKeys(b).length) return false;
  for (const key of keys) {
    if (!Object.prototype.propertyIsEnumerable.call(b, key)) return false;
    if (!same(a[key], b[key], path)) return false;
  }
  return true;
}

function sameItems(a: ArrayLike<unknown>, b: ArrayLike<unknown>, seen: [unknown, unknown][]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!same(a[i], b[i], seen)) return false;
  return true;
}

function sameMembers(a: Set<unknown>, b: Set<unknown>, seen: [unknown, unknown][]): boolean {
  if (a.size !== b.size) return false;
  const left = [...b];
  for (const member of a) {
    const at = left.findIndex((other) => same(member, other, seen));
    if (at < 0) return false;
    left.splice(at, 1);
  }
  return true;
}

/** A value as a failure message shows it; every byte that is not printable ASCII is spelled out. */
function show(value: unknown, depth = 0): string {
  if (typeof value === "string") {
    const text = JSON.stringify(value.length > 400 ? `${value.slice(0, 400)}…` : value);
    return text.replace(/[^\x20-\x7e…]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
  }
  if (Object.is(value, -0)) return "-0";
  if (typeof value === "function") return `[function ${value.name}]`;
  if (!isObject(value)) return String(value);
  if (value instanceof Error) return `[${value.name}: ${value.message}]`;
  if (depth > 5) return "…";
  if (value instanceof Map || value instanceof Set) return `${value.constructor.name} ${show([...value], depth)}`;
  if (ArrayBuffer.isView(value) || Array.isArray(value)) {
    const items = Array.from(value as unknown as ArrayLike<unknown>);
    const shown = items.slice(0, 60).map((item) => show(item, depth + 1));
    return `[${shown.join(", ")}${items.length > 60 ? `, … ${items.length} in all` : ""}]`;
  }
  return `{${enumerableKeys(value)
    .map((key) => `${String(key)}: ${show(value[key], depth + 1)}`)
    .join(", ")}}`;
}

// Freezes what XS freezes when modules are preloaded: built-ins and their prototypes, and every function and class of the
// modules; beyond that, what they hold at module level.

const BUILT_IN = [
  "Object Function Array String Number Boolean Symbol Error TypeError RangeError SyntaxError ReferenceError EvalError URIError",
  "Promise RegExp Date Math JSON Reflect Map Set WeakMap WeakSet ArrayBuffer DataView Proxy BigInt",
  "Uint8Array Int8Array Uint16Array Int16Array Uint32Array Int32Array Float32Array Float64Array Uint8ClampedArray",
]
  .join(" ")
  .split(" ");

/** @param values - what the modules declare at their top level */
export function freeze(values) {
  const frozen = [];
  const visit = (value) => {
    const is = typeof value;
    if ((is !== "object" && is !== "function") || value === null || frozen.includes(value)) return;
    frozen.push(value);
    for (const key of Reflect.ownKeys(value)) {
      const property = Object.getOwnPropertyDescriptor(value, key);
      for (const part of [property.value, property.get, property.set]) visit(part);
    }
    visit(Object.getPrototypeOf(value));
    Object.freeze(value);
  };
  for (const name of BUILT_IN) if (name in globalThis) visit(globalThis[name]);
  for (const sample of [[][Symbol.iterator](), ""[Symbol.iterator](), (function* () {})(), async () => {}])
    visit(Object.getPrototypeOf(sample));
  // XS itself copies objects and tables at module level when they are written to; the driver writes to none.
  for (const value of values) visit(value);
  return frozen.length;
}

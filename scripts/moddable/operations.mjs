// The operations of the machine (machine.mjs) by name, in the order of their codes. It does none.

/** Operations in the order of their codes, from 1 on; the machine has the same order. */
const NAMED = "text words number get own set setOwn field call0 call1 call2 call3 call4 call5".split(" ");
const COUNTED =
  "local store outer outer2 outer3 setOuter global int jump back ifNot if and or nullish chain arrow try call new".split(
    " ",
  );
const PLAIN =
  "this true false null object array dup endTry undefined drop leave return not index setIndex append throw minus plus tilde typeof".split(
    " ",
  );
/** Operators of two values have their own names. */
export const BINARY = "+ === !== < > <= >= - * / % & | ^ << >> == != instanceof".split(" ");

const CODES = new Map([...NAMED, ...COUNTED, ...PLAIN, ...BINARY].map((name, i) => [name, i + 1]));

/** The codes by name, and the last ones of each kind. */
export const OP = {
  ...Object.fromEntries(CODES),
  lastNamed: NAMED.length,
  lastCounted: NAMED.length + COUNTED.length,
  lastPlain: NAMED.length + COUNTED.length + PLAIN.length,
  last: CODES.size,
};

// Options read by their rows: what is taken, what is refused, and what one gets who gives nothing.
import { readOptions } from "../../core/arguments.js";
import test from "../support/harness.js";

const ROWS =
  'other another\ncount|0-9|3\nloud|?|false\nhow|fast/slow-but-sure/never|"fast"\nwhen|()\nname|QMTOPEN\nport|QMTOPEN|1883';

const read = (given: object) => readOptions<object>(ROWS, "o.", given);

test("what is not given has its default, or is not there", (t) => {
  t.deepEqual(read({}), { count: 3, loud: false, how: "fast", port: 1883 });
  t.deepEqual(read({ count: undefined, how: undefined }), { count: 3, loud: false, how: "fast", port: 1883 });
});

test("what is given is taken; names without a row, and unknown ones, are left to others", (t) => {
  const when = () => 0;
  const all = { count: 0, loud: true, how: "slow-but-sure", when, name: "x", port: "whatever" };
  t.deepEqual(read({ ...all, other: 1, unknown: 2 }), all);
});

test("each word is taken", (t) => {
  for (const how of ["fast", "slow-but-sure", "never"]) t.like(read({ how }), { how });
});

test("what is refused is named with its limit and the value", (t) => {
  const refused: [object, string][] = [
    [{ count: 10 }, "o.count must be an integer 0..9, not 10"],
    [{ count: "1" }, 'o.count must be an integer 0..9, not "1"'],
    [{ count: null }, "o.count must be an integer 0..9, not null"],
    [{ loud: 1 }, "o.loud must be true or false, not 1"],
    [{ how: "slow" }, 'o.how must be "fast", "slow-but-sure" or "never", not "slow"'],
    [{ how: Symbol("fast") }, 'o.how must be "fast", "slow-but-sure" or "never", not a symbol'],
    [{ when: 5 }, "o.when must be a function, not 5"],
  ];
  for (const [given, message] of refused) t.throws(() => read(given), { code: "EPARAM", message });
});

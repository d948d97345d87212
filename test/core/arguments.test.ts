// Arguments of calls: what is refused, and in which words. What the calls do with it, test/input tells.
import { integer, wrong } from "../../core/arguments.js";
import test from "../support/harness.js";

test("integer: the limits themselves are in, everything else is out", (t) => {
  t.is(integer("port", 1, 1, 65535), 1);
  t.is(integer("port", 65535, 1, 65535), 65535);
  for (const value of [0, 65536, 1.5, Number.NaN, Number.POSITIVE_INFINITY, "80", undefined, true])
    t.throws(() => integer("port", value, 1, 65535), {
      code: "EPARAM",
      message: /^port must be an integer 1\.\.65535, not /,
    });
  t.throws(() => integer("port", "80", 1, 65535), { message: 'port must be an integer 1..65535, not "80"' });
});

test("wrong: a long value is shown in part", (t) => {
  const message = wrong("topic", "short", "x".repeat(41)).message;
  t.true(message.startsWith(`topic must be short, not "${"x".repeat(40)}`));
  t.true(message.length < 75);
  t.is(wrong("topic", "short", "x".repeat(40)).message, `topic must be short, not "${"x".repeat(40)}"`);
});

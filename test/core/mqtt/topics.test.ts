// Rules for topics and filters, with the examples of MQTT 3.1.1, 4.7.
import { checkFilter, checkTopic, covers } from "../../../core/mqtt/topics.js";
import test from "../../support/harness.js";

test("filters that are good, and filters that are not", (t) => {
  for (const good of ["a", "/", "#", "+", "a/#", "+/a/#", "a/+/b", "$SYS/#", "a//b"])
    t.notThrows(() => checkFilter(good));
  for (const bad of ["", "a#", "#/a", "a/#/b", "a+", "+a/b", "a/b#"])
    t.throws(() => checkFilter(bad), { code: "EPARAM" });
});

test("topics to publish to have no wildcard and at least one character", (t) => {
  for (const good of ["a", "/", "a/b c", "$x"]) t.notThrows(() => checkTopic("topic", good));
  for (const bad of ["", "a/#", "+"])
    t.throws(() => checkTopic("will.topic", bad), { code: "EPARAM", message: /will.topic/ });
});

test("which filter covers which topic", (t) => {
  const yes = [
    ["a", "a"],
    ["a/#", "a"],
    ["a/#", "a/b/c"],
    ["#", "a/b"],
    ["+", "a"],
    ["+/+", "/a"],
    ["a/+/c", "a/b/c"],
    ["$SYS/#", "$SYS/x"],
  ];
  const no = [
    ["a", "b"],
    ["a/+", "a"],
    ["a/+", "a/b/c"],
    ["+", "/a"],
    ["a/b", "a"],
    ["a", "a/b"],
    ["#", "$SYS/x"],
    ["+/x", "$SYS/x"],
  ];
  for (const [filter, topic] of yes) t.true(covers(filter!, topic!));
  for (const [filter, topic] of no) t.false(covers(filter!, topic!));
});

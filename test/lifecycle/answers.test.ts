// How start and stop answer: never inside their own call, once, and without a callback by an "error" event.
import test from "ava";
import type { M95Error } from "../../core/index.js";
import { rig } from "../support/rig.js";

test("start and stop answer after their call, also when there is nothing to do", (t) => {
  const r = rig();
  const answers: string[] = [];
  const after = (name: string) => {
    let inside = true;
    return { done: () => answers.push(`${name}${inside ? " too soon" : ""}`), left: () => (inside = false) };
  };
  for (const [name, state] of [
    ["stop", "off"],
    ["start", "ready"],
    ["start", "ready"],
    ["stop", "off"],
    ["stop", "off"],
  ] as const) {
    const answer = after(name);
    r.modem[name](answer.done);
    answer.left();
    const before = answers.length;
    r.until(`${name} answered`, () => answers.length > before && r.modem.state === state);
  }
  t.deepEqual(answers, ["stop", "start", "start", "stop", "stop"]);
});

test("a start that fails without a callback is an error event, with one it is not", (t) => {
  for (const callback of [false, true]) {
    const r = rig({ virtual: { sim: { state: "absent" } } });
    const errors: string[] = [];
    const answers: string[] = [];
    r.modem.on("error", (error) => errors.push((error as M95Error).code));
    r.modem.start(callback ? (error) => answers.push((error as M95Error).code) : undefined);
    r.until("failed", () => r.modem.state === "failed" && errors.length + answers.length > 0);
    t.deepEqual([errors, answers], callback ? [[], ["ESIM"]] : [["ESIM"], []]);
  }
});

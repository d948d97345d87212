// Emitter and errors: listeners cannot hurt each other or the driver; errors are Errors.
import { LISTENER_ERRORS, newCounters, UNHEARD_ERRORS } from "../../core/counters.js";
import { Emitter } from "../../core/emitter.js";
import { M95Error } from "../../core/errors.js";
import test from "../support/harness.js";

function emitter() {
  const counters = newCounters();
  const counts = () => ({ unheardErrors: counters[UNHEARD_ERRORS], listenerErrors: counters[LISTENER_ERRORS] });
  return { counts, e: new Emitter(counters) };
}

test("listeners are called in order, with what was emitted; off and once", (t) => {
  const { e } = emitter();
  const heard: unknown[] = [];
  const one = (a: unknown, b: unknown) => heard.push(1, a, b);
  e.on("x", one).once("x", (a: unknown) => heard.push("once", a));
  t.true(e.emit("x", "a", "b"));
  e.off("x", one).off("y", one);
  t.false(e.emit("x", "c"));
  t.deepEqual(heard, [1, "a", "b", "once", "a"]);
});

test("a listener that is added or removed during an event changes only the next one", (t) => {
  const { e } = emitter();
  let calls = 0;
  e.on("x", () => e.on("x", () => calls++));
  e.emit("x");
  t.is(calls, 0);
  e.emit("x");
  t.is(calls, 1);
});

test("a listener that throws is counted and becomes an error event; in an error listener it ends there", (t) => {
  const { e, counts } = emitter();
  const heard: unknown[] = [];
  const thrown = new Error("mine");
  e.on("x", () => {
    throw thrown;
  });
  e.on("x", () => heard.push("second"));
  e.emit("x");
  t.deepEqual(counts(), { unheardErrors: 1, listenerErrors: 1 });
  e.on("error", (error: unknown) => {
    heard.push(error);
    throw error;
  });
  e.emit("x");
  t.deepEqual(heard, ["second", thrown, "second"]);
  t.deepEqual(counts(), { unheardErrors: 1, listenerErrors: 3 });
});

test("M95Error: an Error with code and command", (t) => {
  const error = new M95Error("EPARAM", "words", "AT");
  t.true(error instanceof Error);
  t.true(error instanceof M95Error);
  t.is(error.code, "EPARAM");
  t.is(error.message, "words");
  t.is(error.command, "AT");
  t.false("command" in new M95Error("EPARAM", "words"));
});

test("off takes away what once has brought", (t) => {
  const { e } = emitter();
  const heard: string[] = [];
  const one = () => heard.push("one");
  e.once("x", one).on("x", () => heard.push("two"));
  e.off("x", one);
  e.emit("x");
  t.deepEqual(heard, ["two"]);
});

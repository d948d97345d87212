// The Espruino target's own data, as far as it can be looked at without an Espruino.

import test from "ava";
import { boards } from "../../board-wiring/index.js";
import { pinsOf } from "../../targets/espruino/boards.js";

test("the target's boards are those of board-wiring", (t) => {
  for (const [name, board] of Object.entries(boards)) {
    const { tx, rx, cts, pwrkey, status, emergOff, supply, dtr, ri } = board;
    const pins = { tx, rx, cts, pwrkey, status, emergOff, supply };
    t.deepEqual(
      pinsOf(name, (pin) => pin, false),
      pins,
      name,
    );
    t.deepEqual(
      pinsOf(name, (pin) => pin, true),
      { ...pins, ...(dtr && { dtr }), ...(ri && { ri }) },
      name,
    );
  }
});

test("a board that is not known is not invented", (t) => {
  t.is(
    pinsOf("nucleo-f999zz", (pin) => pin, false),
    undefined,
  );
});

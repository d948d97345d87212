// Every trace of this folder, played again: whole, byte by byte, and cut at every position, with the same events and ends of
// calls as in the recording.

import { readdirSync, readFileSync } from "node:fs";
import test from "ava";
import { parseTrace } from "../../trace/format.js";
import { type Cut, modemBytes, outcomes, playTrace } from "./host.js";

// The traces are not compiled: they stay where the sources are.
const folder = new URL("../../../test/traces/", import.meta.url);
const names = readdirSync(folder).filter((name) => name.endsWith(".jsonl"));

/** Cuts of a trace: those at positions are so many that a long trace has only some of them tried. */
function cutsOf(bytes: number): Cut[] {
  const step = Math.ceil(bytes / 1500);
  return ["whole", "bytes", ...Array.from({ length: Math.floor(bytes / step) }, (_, i) => i * step + 1)];
}

test("there are traces of the virtual M95 and of the application note", (t) => {
  t.true(names.some((name) => name.startsWith("note-5.1")));
  t.true(names.includes("messages.jsonl"));
});

for (const name of names)
  test(`${name} gives the same events however its bytes are cut`, (t) => {
    const entries = parseTrace(readFileSync(new URL(name, folder), "utf8"));
    const expected = outcomes(entries);
    t.true(Object.keys(expected).length > 0);
    for (const cut of cutsOf(modemBytes(entries))) {
      const { entries: again, replay } = playTrace(entries, cut);
      const seen = outcomes(again);
      if (JSON.stringify(seen) !== JSON.stringify(expected)) {
        t.deepEqual(seen, expected, `cut: ${cut}`);
        return;
      }
      // A driver that asks other things than it did then is no worse for it, as long as it comes to the same.
      if (cut === "whole") for (const { sent, detail } of replay.deviations) t.log(`${sent}: ${detail}`);
    }
    t.pass();
  });

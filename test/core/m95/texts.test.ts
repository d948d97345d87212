// Looks meanings up in the text tables. That they are the note's is tested in note.test.ts.
import { explain, explainAny, FAMILIES, listTexts } from "../../../core/m95/texts.js";
import test from "../../support/harness.js";

test("every text is found under its number", (t) => {
  for (const family of FAMILIES)
    for (const text of listTexts(family)) {
      const colon = text.indexOf(":");
      t.is(explainAny(family, Number(text.substring(0, colon))), text.substring(colon + 1));
    }
});

test("numbers that are part of other numbers are not mixed up", (t) => {
  t.is(explain("open", -1), "failed to open network");
  t.is(explain("open", 1), "wrong parameter");
  t.is(explain("cme", 1), "");
  t.is(explain("cme", 850), "");
});

test("what is not on record has no meaning", (t) => {
  t.is(explain("open", 6), "");
  t.is(explain("open", Number.NaN), "");
  t.is(explain("nothing", 0), "");
});

test("+QMTSTAT 8 to 255 are reserved", (t) => {
  t.is(explain("stat", 0), "");
  t.is(explain("stat", 8), "reserved");
  t.is(explain("stat", 255), "reserved");
  t.is(explain("stat", 256), "");
});

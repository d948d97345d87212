// What comes from outside and is printed: nothing in it reaches the terminal as a command.
import test from "ava";
import fc from "fast-check";
import { harmless, harmlessJson, visible } from "../../terminal/harmless.js";

/** What terminals obey, and what turns writing round or hides in it. */
const OBEYED =
  /[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ud800-\udfff]/;

test("escape sequences are spelled out, words of all writings stay", (t) => {
  t.is(harmless("\x1b[2J\x1b]0;title\x07\r\n"), "<ESC>[2J<ESC>]0;title<07><CR><LF>");
  t.is(harmless("\x9b31m\x7f"), "<9B>31m<DEL>");
  t.is(harmless("a\u202egnp.exe\u2066"), "a<202E>gnp.exe<2066>");
  t.is(harmless("Zürich 東京 Ω 😀"), "Zürich 東京 Ω 😀");
  t.is(harmless("x".repeat(3000)).length, 2001);
  t.is(harmless("abcdef", 3), "abc…");
  t.deepEqual(
    [undefined, null, 5, { toString: 1 }, ["\x1b"]].map((one) => harmless(one)),
    ["undefined", "null", "5", '{"toString":1}', '["\\u001b"]'],
  );
  t.is(visible("AT\r\n\x1a\x1b\x00\xff\x7f"), "AT<CR><LF><Ctrl+Z><ESC><00><FF><DEL>");
});

test("whatever the text, what is printed has nothing that a terminal obeys", (t) => {
  const text = fc.string({ unit: fc.nat(0x10ffff).map((code) => String.fromCodePoint(code)), maxLength: 30 });
  const low = fc.string({ unit: fc.nat(0x2100).map((code) => String.fromCharCode(code)), maxLength: 30 });
  fc.assert(
    fc.property(fc.oneof(text, low), (value) => {
      t.false(OBEYED.test(harmless(value).replace(/[\ud800-\udbff][\udc00-\udfff]/g, "")));
      t.false(/[^\x20-\x7e]/.test(visible(value)));
      const json = harmlessJson({ value });
      t.false(OBEYED.test(json.replace(/[\ud800-\udbff][\udc00-\udfff]|\n/g, "")));
      t.is(JSON.parse(json).value, value);
    }),
    { numRuns: 2000 },
  );
});

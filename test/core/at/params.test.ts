// Parameters: what is refused on the way out, and how those on the way in are split. Which parameter may be what, the
// command table's tests say.
import { checkLine, LINE, number, quote, split } from "../../../core/at/params.js";
import { M95Error } from "../../../core/errors.js";
import test from "../../support/harness.js";

test("quote: a string gets its quotes, every byte but those forbidden stands as it is", (t) => {
  t.is(quote("topic", "a/b c", 0), '"a/b c"');
  t.is(quote("topic", "", 0), '""');
  t.is(quote("topic", "back\\slash, comma;", 0), '"back\\slash, comma;"');
  let high = "";
  for (let code = 128; code < 256; code++) high += String.fromCharCode(code);
  t.is(quote("topic", high, 128), `"${high}"`);
});

test("a command line has at most what the modem takes", (t) => {
  t.is(checkLine("topic", "A".repeat(LINE)), "A".repeat(LINE));
  t.throws(() => checkLine("topic", "A".repeat(LINE + 1)), {
    code: "ETOOBIG",
    message: /^topic: .* 256 bytes, not 257$/,
  });
});

test("a whole command is one line, and may hold quotes", (t) => {
  t.is(quote("command", 'AT+QMTUNS=0,1,"t"', -1), '"AT+QMTUNS=0,1,"t""');
  t.throws(() => quote("command", "AT\r", -1), { message: /must be one line/ });
});

test('quote: `"`, CR, LF and every other control byte is refused, and the message says where it is', (t) => {
  const forbidden = [34, 127];
  for (let code = 0; code < 32; code++) forbidden.push(code);
  for (const code of forbidden) {
    const error = t.throws(() => quote("topic", `ab${String.fromCharCode(code)}`, 0), {
      instanceOf: M95Error,
      code: "EPARAM",
    });
    t.regex((error as Error).message, new RegExp(`^topic must not hold .* byte ${code} at 2$`));
  }
});

test("quote: a wrong type and too many bytes are refused", (t) => {
  t.is(quote("host", "abcde", 5), '"abcde"');
  t.throws(() => quote("host", "abcdef", 5), { code: "ETOOBIG", message: "host must have at most 5 bytes, not 6" });
  t.throws(() => quote("host", 5, 5), { code: "EPARAM", message: "host must be a string, not 5" });
  t.throws(() => quote("host", undefined, 5), { message: "host must be a string, not undefined" });
  t.throws(() => quote("host", null, 5), { message: "host must be a string, not null" });
  t.throws(() => quote("host", {}, 5), { message: "host must be a string, not an object" });
});

test("split: the parameters behind the first colon", (t) => {
  t.deepEqual(split("+CSQ: 20,0"), ["20", "0"]);
  t.deepEqual(split("+CREG: 0,1"), ["0", "1"]);
  t.deepEqual(split("+QMTPUB: 0,1,0 "), ["0", "1", "0"]);
  t.deepEqual(split("+CPIN: READY"), ["READY"]);
  t.deepEqual(split("+CGATT:1"), ["1"]);
  t.deepEqual(split("10.0.0.1"), ["10.0.0.1"], "a line without a colon is all parameters");
  t.deepEqual(split("+QSECWRITE: 1188,2d13"), ["1188", "2d13"]);
  t.deepEqual(split("+X: ,,"), ["", "", ""]);
});

test("split: quotes go, commas and blanks inside them stay", (t) => {
  t.deepEqual(split('+QMTOPEN: 0,"host.example",1883'), ["0", "host.example", "1883"]);
  t.deepEqual(split('+QMTSUB: 0, "a,b" , 1'), ["0", "a,b", "1"]);
  t.deepEqual(split('+CCLK: "19/07/06,17:26:27+22"'), ["19/07/06,17:26:27+22"]);
  t.deepEqual(split('+COPS: 0,0,"Tele, Inc.",2'), ["0", "0", "Tele, Inc.", "2"]);
  t.deepEqual(split('+X: " a ",""'), [" a ", ""]);
  t.deepEqual(split('+X: "a , b"'), ["a , b"]);
});

test("split: a quote that is never closed takes the rest, and none is lost", (t) => {
  t.deepEqual(split('+X: 1,"a,b'), ["1", "a,b"]);
  t.deepEqual(split('+X: "'), [""]);
});

test("number: a decimal integer or NaN", (t) => {
  t.is(number("0"), 0);
  t.is(number("007"), 7);
  t.is(number("-1"), -1);
  t.is(number(" 10"), 10);
  for (const text of [undefined, "", " ", "x", "1x", "0x10", "1.5", "1e3", "Infinity", "1,2"])
    t.is(number(text), Number.NaN, `${text}`);
});

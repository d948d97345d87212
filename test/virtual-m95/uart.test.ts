// The virtual modem's UART: echo, forms of answers, autobaud, rates, busy line. Commands are only means here.

import test from "ava";
import fc from "fast-check";
import { Bench, cmeError, ok, running } from "./bench.js";

test("ATE0 is echoed with its CR, then CR LF OK CR LF", (t) => {
  const bench = running();
  t.is(bench.say("ATE0\r"), "ATE0\r\r\nOK\r\n");
  t.is(bench.say("AT\r"), ok);
  t.is(bench.say("ATE1\r"), ok);
  t.is(bench.say("AT\r"), `AT\r${ok}`);
  t.deepEqual(bench.modem.violations, []);
});

test("ATV0 answers digits, ATV1 words", (t) => {
  const bench = running();
  bench.say("ATE0\r");
  t.is(bench.say("ATV0\r"), "0\r");
  t.is(bench.say("AT+GSN\r"), "861234567890123\r\n0\r");
  t.is(bench.say("AT+NOSUCH\r"), "4\r");
  t.is(bench.say("ATV1\r"), ok);
});

test("AT+CMEE chooses ERROR, a number or a text; QI commands say ERROR whatever it is", (t) => {
  const bench = running();
  bench.say("ATE0\r");
  const bad = 'AT+QMTCFG="SESSION",9,1\r';
  t.is(bench.say(bad), "\r\nERROR\r\n");
  bench.say("AT+CMEE=1\r");
  t.is(bench.say(bad), cmeError(8507));
  t.is(bench.say("AT+NOSUCH\r"), cmeError(601));
  t.is(bench.say("AT+QILOCIP\r"), "\r\nERROR\r\n");
  bench.say("AT+CMEE=2\r");
  t.is(bench.say(bad), "\r\n+CME ERROR: MQTT invalid parameter\r\n");
  t.is(bench.say("AT+CMEE?\r"), `\r\n+CMEE: 2\r\n${ok}`);
});

test("commands may be joined, in any case, and end at the first error", (t) => {
  const bench = running();
  t.is(bench.say("ate0;+cmee=1;+creg=0\r"), `ate0;+cmee=1;+creg=0\r${ok}`);
  t.is(bench.say("ATE0V1\r"), ok);
  t.is(bench.say("AT+CREG?;+CGREG?\r"), `\r\n+CREG: 0,1\r\n\r\n+CGREG: 0,1\r\n${ok}`);
  t.is(bench.say("AT+NOSUCH;+CREG?\r"), cmeError(601));
});

test("an LF behind the CR is ignored, noise before AT too", (t) => {
  const bench = running();
  bench.say("ATE0\r\n");
  t.is(bench.say("AT\r\n"), ok);
  t.is(bench.say("\xff\xf0AT\r"), ok);
  t.deepEqual(bench.modem.violations, []);
});

test("autobaud loses the first AT, prints no start-up URCs before it is in step, and wants AT in one case", (t) => {
  const bench = new Bench();
  bench.press(1200);
  t.is(bench.hear(8000), "");
  t.is(bench.say("AT\r"), "");
  t.is(bench.say("aT\r"), "");
  t.is(bench.say("ATI\r"), "");
  t.is(bench.say("AT\r"), `AT\r${ok}`);
  t.is(bench.say("at\r"), `at\r${ok}`);
});

test("syncAfter moves the AT that is answered", (t) => {
  const bench = new Bench({ syncAfter: 3 });
  bench.press(1200);
  bench.hear(8000);
  t.is(bench.say("AT\r"), "");
  t.is(bench.say("AT\r"), "");
  t.is(bench.say("AT\r"), `AT\r${ok}`);
});

test("autobaud follows a new rate of the host after new ATs, not outside 4800–115200", (t) => {
  const bench = running();
  bench.modem.uart.setBaud(9600);
  t.is(bench.say("AT\r"), "");
  t.is(bench.say("AT\r"), `AT\r${ok}`);
  bench.modem.uart.setBaud(2400);
  for (let i = 0; i < 4; i++) t.is(bench.say("AT\r"), "");
});

test("at a fixed rate the start-up URCs come in order, and a wrong host rate turns both ways into noise", (t) => {
  const bench = new Bench({ baud: 9600, hostBaud: 9600, registerAfter: 100 });
  bench.press(1200);
  t.is(bench.hear(8000), "\r\nRDY\r\n\r\n+CFUN: 1\r\n\r\n+CPIN: READY\r\n\r\nCall Ready\r\n\r\nSMS Ready\r\n");
  bench.modem.uart.setBaud(115_200);
  t.regex(bench.say("AT\r"), /^[\x80-\xff]*$/);
  bench.modem.urc("+CREG: 1");
  const noise = bench.hear(100);
  t.is(noise.length, "\r\n+CREG: 1\r\n".length);
  t.regex(noise, /^[\x80-\xff]+$/);
  t.deepEqual(bench.modem.violations, []);
});

test("the OK of AT+IPR comes at the old rate; &W keeps rate and settings over a power cycle", (t) => {
  const bench = running();
  t.is(bench.say("ATE0\r"), "ATE0\r\r\nOK\r\n");
  t.is(bench.say("AT+IPR=9600&W\r"), ok);
  bench.modem.uart.setBaud(9600);
  t.is(bench.say("AT+IPR?\r"), `\r\n+IPR: 9600\r\n${ok}`);
  bench.press(700);
  t.is(bench.hear(4000), "\r\nNORMAL POWER DOWN\r\n");
  bench.press(1200);
  t.true(bench.hear(8000).startsWith("\r\nRDY\r\n"));
  t.is(bench.say("AT\r"), ok);
  t.is(bench.say("AT+IPR=1234\r"), "\r\nERROR\r\n");
});

test("bytes take their time: ten bits each at the rate of the line", (t) => {
  const bench = running({ hostBaud: 9600 });
  const arrivals: number[] = [];
  bench.modem.uart.onReceive = () => arrivals.push(bench.clock.now());
  bench.modem.uart.write("ATE0\r");
  bench.clock.advance(100);
  const perByte = 10_000 / 9600;
  // The command's 5 bytes, its echo's 5, the answer's 6, back to back.
  const expected = [5 + 5, 5 + 5 + 6].map((bytes) => bytes * perByte);
  t.deepEqual(arrivals.map(Math.round), expected.map(Math.round));
});

test("outgoing bytes can be cut at every byte, per line, or at a size", (t) => {
  const cuts = (chunk: number | "line" | "byte"): string[] => {
    const bench = running({ chunk });
    bench.say("ATE0\r");
    const chunks: string[] = [];
    bench.modem.uart.onReceive = (piece) => chunks.push(piece);
    bench.modem.uart.write("AT+GSN\r");
    bench.clock.advance(200);
    return chunks;
  };
  t.deepEqual(cuts("byte"), [..."\r\n861234567890123\r\n\r\nOK\r\n"]);
  t.deepEqual(cuts("line"), ["\r\n861234567890123\r\n", ok]);
  t.deepEqual(cuts(16), ["\r\n86123456789012", "3\r\n\r\nOK\r\n"]);
});

test("unpaced bytes arrive without delay, never inside write()", (t) => {
  const bench = running({ paceUart: false });
  bench.modem.uart.write("AT\r");
  t.is(bench.hear(0), "AT\r");
  t.is(bench.hear(5), ok);
});

test("characters sent while a command executes are lost and a violation", (t) => {
  const bench = running();
  bench.say("ATE0\r");
  t.is(bench.say("AT+GSN\rAT+CIMI\r"), `\r\n861234567890123\r\n${ok}`);
  t.deepEqual(bench.kinds, ["busy"]);
  bench.modem.uart.write("AT+COPS=?\r");
  bench.hear(100);
  t.is(bench.say("\x1b\n", 100), "");
  t.is(bench.kinds.length, 1);
  bench.say("AT\r", 0);
  t.regex(bench.hear(25_000), /^\r\n\+COPS: .*OK\r\n$/s);
  t.deepEqual(bench.kinds, ["busy", "busy"]);
});

test("quirk busyInput=buffer executes them afterwards", (t) => {
  const bench = running({ quirks: { busyInput: "buffer" } });
  bench.say("ATE0\r");
  t.is(bench.say("AT+GSN\rAT\r"), `\r\n861234567890123\r\n${ok}${ok}`);
});

test("data and Ctrl+Z outside a prompt are violations", (t) => {
  const bench = running();
  bench.say("ATE0\r");
  t.is(bench.say("hello\r"), "");
  t.is(bench.say("\x1a"), "");
  t.deepEqual(bench.kinds, ["data-without-prompt", "data-without-prompt"]);
  t.is(bench.say("some data\r"), "\r\nERROR\r\n");
  t.is(bench.kinds.length, 3);
  t.is(bench.say("AT\r"), ok);
});

test("quirk lineLimit refuses long lines with 608", (t) => {
  const bench = running({ quirks: { lineLimit: 256 } });
  bench.say("ATE0;+CMEE=1\r");
  const line = (length: number): string => `AT+CREG=0${" ".repeat(length - 9)}\r`;
  t.is(bench.say(line(256)), ok);
  t.is(bench.say(line(257)), cmeError(608));
});

test("quirks twoLeadingCrs and lineEnding change the framing", (t) => {
  const two = running({ quirks: { twoLeadingCrs: true } });
  t.is(two.say("ATE0\r"), "ATE0\r\r\r\nOK\r\n");
  const lf = running({ quirks: { lineEnding: "\n" } });
  t.is(lf.say("ATE0\r"), "ATE0\r\nOK\n");
  lf.modem.urc("RDY");
  t.is(lf.hear(50), "\nRDY\n");
});

test("an interceptor sees every piece and may change, drop, double or precede it", (t) => {
  const bench = running();
  const seen: string[] = [];
  bench.modem.onSend = (text, kind) => {
    seen.push(kind);
    if (kind === "echo") return null;
    return text.includes("8612") ? [bench.modem.frame("+CREG: 2"), text, text] : text.replace("OK", "0K");
  };
  const number = "\r\n861234567890123\r\n";
  t.is(bench.say("AT+GSN\r"), `\r\n+CREG: 2\r\n${number}${number}\r\n0K\r\n`);
  bench.modem.urc("RING");
  t.is(bench.hear(50), "\r\nRING\r\n");
  t.deepEqual(seen, ["echo", "line", "line", "urc"]);
});

test("inject puts raw bytes on the line", (t) => {
  const bench = running();
  bench.modem.inject("\x00\xff!");
  t.is(bench.hear(50), "\x00\xff!");
});

test("no bytes from the host break the modem", (t) => {
  const words = [
    "AT",
    "+QMTPUB=",
    "+QMTCFG=",
    "+QMTOPEN=",
    "+QSECWRITE=",
    '"RAM:a",',
    '"',
    ",",
    "0",
    "1,1",
    ";",
    "=?",
    "\r",
    "\x1a",
    "\x1b",
  ];
  const piece = fc.oneof(fc.constantFrom(...words), fc.string({ unit: "binary-ascii", maxLength: 4 }));
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const bench = running({ paceUart: false });
      for (const text of pieces) bench.say(text, 10);
      // The end of any prompt, then of any line, and it answers again.
      bench.say("x".repeat(40_000), 10);
      bench.say("\x1b\r", 200_000);
      return bench.say("ATV1\r", 10).endsWith(ok);
    }),
    { numRuns: 300 },
  );
  t.pass();
});

test("a violation that is tolerated is not recorded", (t) => {
  const bench = running({ tolerate: ["data-without-prompt"] });
  bench.say("\x1a");
  t.deepEqual(bench.modem.violations, []);
});

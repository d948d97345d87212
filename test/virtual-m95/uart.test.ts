// The virtual modem's UART: echo, forms of answers, autobaud, rates, busy line. Commands are only means here.

import test from "ava";
import fc from "fast-check";
import { cmeError, ok, Rig, running } from "./rig.js";

test("ATE0 is echoed with its CR, then CR LF OK CR LF", (t) => {
  const rig = running();
  t.is(rig.say("ATE0\r"), "ATE0\r\r\nOK\r\n");
  t.is(rig.say("AT\r"), ok);
  t.is(rig.say("ATE1\r"), ok);
  t.is(rig.say("AT\r"), `AT\r${ok}`);
  t.deepEqual(rig.modem.violations, []);
});

test("ATV0 answers digits, ATV1 words", (t) => {
  const rig = running();
  rig.say("ATE0\r");
  t.is(rig.say("ATV0\r"), "0\r");
  t.is(rig.say("AT+GSN\r"), "861234567890123\r\n0\r");
  t.is(rig.say("AT+NOSUCH\r"), "4\r");
  t.is(rig.say("ATV1\r"), ok);
});

test("AT+CMEE chooses ERROR, a number or a text; QI commands say ERROR whatever it is", (t) => {
  const rig = running();
  rig.say("ATE0\r");
  const bad = 'AT+QMTCFG="SESSION",9,1\r';
  t.is(rig.say(bad), "\r\nERROR\r\n");
  rig.say("AT+CMEE=1\r");
  t.is(rig.say(bad), cmeError(8507));
  t.is(rig.say("AT+NOSUCH\r"), cmeError(601));
  t.is(rig.say("AT+QILOCIP\r"), "\r\nERROR\r\n");
  rig.say("AT+CMEE=2\r");
  t.is(rig.say(bad), "\r\n+CME ERROR: MQTT invalid parameter\r\n");
  t.is(rig.say("AT+CMEE?\r"), `\r\n+CMEE: 2\r\n${ok}`);
});

test("commands may be joined, in any case, and end at the first error", (t) => {
  const rig = running();
  t.is(rig.say("ate0;+cmee=1;+creg=0\r"), `ate0;+cmee=1;+creg=0\r${ok}`);
  t.is(rig.say("ATE0V1\r"), ok);
  t.is(rig.say("AT+CREG?;+CGREG?\r"), `\r\n+CREG: 0,1\r\n\r\n+CGREG: 0,1\r\n${ok}`);
  t.is(rig.say("AT+NOSUCH;+CREG?\r"), cmeError(601));
});

test("an LF behind the CR is ignored, noise before AT too", (t) => {
  const rig = running();
  rig.say("ATE0\r\n");
  t.is(rig.say("AT\r\n"), ok);
  t.is(rig.say("\xff\xf0AT\r"), ok);
  t.deepEqual(rig.modem.violations, []);
});

test("autobaud loses the first AT, prints no start-up URCs before it is in step, and wants AT in one case", (t) => {
  const rig = new Rig();
  rig.press(1200);
  t.is(rig.hear(8000), "");
  t.is(rig.say("AT\r"), "");
  t.is(rig.say("aT\r"), "");
  t.is(rig.say("ATI\r"), "");
  t.is(rig.say("AT\r"), `AT\r${ok}`);
  t.is(rig.say("at\r"), `at\r${ok}`);
});

test("syncAfter moves the AT that is answered", (t) => {
  const rig = new Rig({ syncAfter: 3 });
  rig.press(1200);
  rig.hear(8000);
  t.is(rig.say("AT\r"), "");
  t.is(rig.say("AT\r"), "");
  t.is(rig.say("AT\r"), `AT\r${ok}`);
});

test("autobaud follows a new rate of the host after new ATs, not outside 4800–115200", (t) => {
  const rig = running();
  rig.modem.uart.setBaud(9600);
  t.is(rig.say("AT\r"), "");
  t.is(rig.say("AT\r"), `AT\r${ok}`);
  rig.modem.uart.setBaud(2400);
  for (let i = 0; i < 4; i++) t.is(rig.say("AT\r"), "");
});

test("at a fixed rate the start-up URCs come in order, and a wrong host rate turns both ways into noise", (t) => {
  const rig = new Rig({ baud: 9600, hostBaud: 9600, registerAfter: 100 });
  rig.press(1200);
  t.is(rig.hear(8000), "\r\nRDY\r\n\r\n+CFUN: 1\r\n\r\n+CPIN: READY\r\n\r\nCall Ready\r\n\r\nSMS Ready\r\n");
  rig.modem.uart.setBaud(115_200);
  t.regex(rig.say("AT\r"), /^[\x80-\xff]*$/);
  rig.modem.urc("+CREG: 1");
  const noise = rig.hear(100);
  t.is(noise.length, "\r\n+CREG: 1\r\n".length);
  t.regex(noise, /^[\x80-\xff]+$/);
  t.deepEqual(rig.modem.violations, []);
});

test("the OK of AT+IPR comes at the old rate; &W keeps rate and settings over a power cycle", (t) => {
  const rig = running();
  t.is(rig.say("ATE0\r"), "ATE0\r\r\nOK\r\n");
  t.is(rig.say("AT+IPR=9600&W\r"), ok);
  rig.modem.uart.setBaud(9600);
  t.is(rig.say("AT+IPR?\r"), `\r\n+IPR: 9600\r\n${ok}`);
  rig.press(700);
  t.is(rig.hear(4000), "\r\nNORMAL POWER DOWN\r\n");
  rig.press(1200);
  t.true(rig.hear(8000).startsWith("\r\nRDY\r\n"));
  t.is(rig.say("AT\r"), ok);
  t.is(rig.say("AT+IPR=1234\r"), "\r\nERROR\r\n");
});

test("bytes take their time: ten bits each at the rate of the line", (t) => {
  const rig = running({ hostBaud: 9600 });
  const arrivals: number[] = [];
  rig.modem.uart.onReceive = () => arrivals.push(rig.clock.now());
  rig.modem.uart.write("ATE0\r");
  rig.clock.advance(100);
  const perByte = 10_000 / 9600;
  // The command's 5 bytes, its echo's 5, the answer's 6, back to back.
  const expected = [5 + 5, 5 + 5 + 6].map((bytes) => bytes * perByte);
  t.deepEqual(arrivals.map(Math.round), expected.map(Math.round));
});

test("outgoing bytes can be cut at every byte, per line, or at a size", (t) => {
  const cuts = (chunk: number | "line" | "byte"): string[] => {
    const rig = running({ chunk });
    rig.say("ATE0\r");
    const chunks: string[] = [];
    rig.modem.uart.onReceive = (piece) => chunks.push(piece);
    rig.modem.uart.write("AT+GSN\r");
    rig.clock.advance(200);
    return chunks;
  };
  t.deepEqual(cuts("byte"), [..."\r\n861234567890123\r\n\r\nOK\r\n"]);
  t.deepEqual(cuts("line"), ["\r\n861234567890123\r\n", ok]);
  t.deepEqual(cuts(16), ["\r\n86123456789012", "3\r\n\r\nOK\r\n"]);
});

test("unpaced bytes arrive without delay, never inside write()", (t) => {
  const rig = running({ paceUart: false });
  rig.modem.uart.write("AT\r");
  t.is(rig.hear(0), "AT\r");
  t.is(rig.hear(5), ok);
});

test("characters sent while a command executes are lost and a violation", (t) => {
  const rig = running();
  rig.say("ATE0\r");
  t.is(rig.say("AT+GSN\rAT+CIMI\r"), `\r\n861234567890123\r\n${ok}`);
  t.deepEqual(rig.kinds, ["busy"]);
  rig.modem.uart.write("AT+COPS=?\r");
  rig.hear(100);
  t.is(rig.say("\x1b\n", 100), "");
  t.is(rig.kinds.length, 1);
  rig.say("AT\r", 0);
  t.regex(rig.hear(25_000), /^\r\n\+COPS: .*OK\r\n$/s);
  t.deepEqual(rig.kinds, ["busy", "busy"]);
});

test("quirk busyInput=buffer executes them afterwards", (t) => {
  const rig = running({ quirks: { busyInput: "buffer" } });
  rig.say("ATE0\r");
  t.is(rig.say("AT+GSN\rAT\r"), `\r\n861234567890123\r\n${ok}${ok}`);
});

test("data and Ctrl+Z outside a prompt are violations", (t) => {
  const rig = running();
  rig.say("ATE0\r");
  t.is(rig.say("hello\r"), "");
  t.is(rig.say("\x1a"), "");
  t.deepEqual(rig.kinds, ["data-without-prompt", "data-without-prompt"]);
  t.is(rig.say("some data\r"), "\r\nERROR\r\n");
  t.is(rig.kinds.length, 3);
  t.is(rig.say("AT\r"), ok);
});

test("quirk lineLimit refuses long lines with 608", (t) => {
  const rig = running({ quirks: { lineLimit: 256 } });
  rig.say("ATE0;+CMEE=1\r");
  const line = (length: number): string => `AT+CREG=0${" ".repeat(length - 9)}\r`;
  t.is(rig.say(line(256)), ok);
  t.is(rig.say(line(257)), cmeError(608));
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
  const rig = running();
  const seen: string[] = [];
  rig.modem.onSend = (text, kind) => {
    seen.push(kind);
    if (kind === "echo") return null;
    return text.includes("8612") ? [rig.modem.frame("+CREG: 2"), text, text] : text.replace("OK", "0K");
  };
  const number = "\r\n861234567890123\r\n";
  t.is(rig.say("AT+GSN\r"), `\r\n+CREG: 2\r\n${number}${number}\r\n0K\r\n`);
  rig.modem.urc("RING");
  t.is(rig.hear(50), "\r\nRING\r\n");
  t.deepEqual(seen, ["echo", "line", "line", "urc"]);
});

test("inject puts raw bytes on the line", (t) => {
  const rig = running();
  rig.modem.inject("\x00\xff!");
  t.is(rig.hear(50), "\x00\xff!");
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
      const rig = running({ paceUart: false });
      for (const text of pieces) rig.say(text, 10);
      // The end of any prompt, then of any line, and it answers again.
      rig.say("x".repeat(40_000), 10);
      rig.say("\x1b\r", 200_000);
      return rig.say("ATV1\r", 10).endsWith(ok);
    }),
    { numRuns: 300 },
  );
  t.pass();
});

test("a violation that is tolerated is not recorded", (t) => {
  const rig = running({ tolerate: ["data-without-prompt"] });
  rig.say("\x1a");
  t.deepEqual(rig.modem.violations, []);
});

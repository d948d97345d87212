// The framer: lines, prompts and messages out of chunks of any size. Which line means what, the session's tests say.
import { placeOf, trimLine } from "../../../core/at/lines.js";
import { bytewise, everyCut, whole } from "../../support/fake-uart.js";
import test from "../../support/harness.js";
import { FramerRig, LIMIT, PREFIX } from "./rig.js";

type Assert = { deepEqual(actual: unknown, expected: unknown, message?: string): unknown };

/** Feeds a transcript at every split position, lets the line be silent, and compares the events. */
function transcript(t: Assert, text: string, expected: string[], setUp?: (rig: FramerRig) => void): void {
  for (const { name, cut } of everyCut(text)) {
    const rig = new FramerRig();
    setUp?.(rig);
    for (const chunk of cut(text)) rig.framer.receive(chunk);
    rig.clock.advance(600);
    t.deepEqual(rig.take(), expected, name);
    t.deepEqual([rig.clock.pending, rig.framer.bytes], [0, text.length], name);
  }
}

const awaitPrompt = (rig: FramerRig): void => {
  rig.framer.expect(">");
};

// ---- lines

test("a line ends with any run of CR and LF that has an LF in it; empty ones are not handed over", (t) => {
  for (const end of ["\r\n", "\n", "\r\r\n", "\n\r", "\r\n\r\n", "\n\n", "\r\n\n\r"])
    transcript(t, `${end}+CSQ: 20,0${end}${end}OK${end}`, ["line +CSQ: 20,0", "line OK"]);
});

test("the echo of ATE0 as an M95 prints it: CR of the command, then CR LF OK CR LF", (t) => {
  transcript(t, "ATE0\r\r\nOK\r\n", ["line ATE0", "line OK"]);
});

test("noise in front of a line and blanks behind it go, as in UNDER_VOLTAGE WARNING", (t) => {
  transcript(t, "\x00\xff\x7f \rRDY\r\n", ["line RDY"]);
  transcript(t, "\r\nUNDER_VOLTAGE WARNING \r\n", ["line UNDER_VOLTAGE WARNING"]);
  t.is(trimLine("\x00\xff"), "");
  t.is(trimLine(""), "");
  t.is(trimLine("a\xe9\x00\r"), "a\xe9", "bytes above 126 are noise in front only");
});

test("noise in front of a message", (t) => {
  transcript(t, "\xfe\x01+QMTRECV: 0,0,t,hello\r\n", ["message +QMTRECV: 0,0,t,hello"]);
});

test("a line that is not finished waits, however long it takes", (t) => {
  const rig = new FramerRig();
  rig.framer.receive("+CSQ: 2");
  rig.clock.advance(100000);
  rig.framer.receive("0,0\r");
  t.deepEqual(rig.take(), []);
  rig.framer.receive("\n");
  t.deepEqual(rig.take(), ["line +CSQ: 20,0"]);
  t.is(rig.framer.bytes, 12);
  t.is(rig.framer.lines, 1);
});

test("framed says whether an empty line was in front", (t) => {
  const rig = new FramerRig();
  const framed: string[] = [];
  rig.after = (event) => framed.push(`${event} ${rig.framer.framed}`);
  rig.framer.receive("\r\nA\r\nB\r\n\r\nC\r\n");
  t.deepEqual(framed, ["line A true", "line B false", "line C true"]);
});

test("counters: every byte and every line; messages are counted where they go", (t) => {
  const rig = new FramerRig();
  const text = "\r\nRDY\r\n\r\n+QMTRECV: 0,0,t,a\r\nb\r\n";
  rig.framer.receive(text);
  rig.clock.advance(100);
  t.is(rig.framer.bytes, text.length);
  t.is(rig.framer.lines, 1);
});

// ---- prompts

test("an awaited prompt is seen at once, with a blank behind it or without", (t) => {
  transcript(t, "\r\n>", ["prompt"], awaitPrompt);
  transcript(t, "\r\n> ", ["prompt"], awaitPrompt);
  transcript(t, "> \r\n", ["prompt"], awaitPrompt);
  const rig = new FramerRig();
  awaitPrompt(rig);
  rig.framer.receive("\r\n>");
  t.deepEqual(rig.take(), ["prompt"], "without waiting for silence");
  t.is(rig.framer.prompt, "", "and is awaited no longer");
});

test("what stands behind a prompt is the next line", (t) => {
  transcript(t, "\r\n> hello\x1a\r\nOK\r\n", ["prompt", "line hello", "line OK"], awaitPrompt);
  transcript(t, "\r\n>\r\n+QMTSTAT: 0,1\r\n", ["prompt", "line +QMTSTAT: 0,1"], awaitPrompt);
  transcript(t, "> +QMTRECV: 0,0,t,x\r\n", ["prompt", "message +QMTRECV: 0,0,t,x"], awaitPrompt);
});

test("lines in front of a prompt, and noise", (t) => {
  transcript(t, "\r\nRDY\r\n\r\n>", ["line RDY", "prompt"], awaitPrompt);
  transcript(t, "\x00\xff \r>", ["prompt"], awaitPrompt);
});

test("a > inside a line is no prompt, and only one is taken", (t) => {
  transcript(t, "a> b\r\n> ", ["line a> b", "prompt"], awaitPrompt);
  transcript(t, "\r\n>>\r\n", ["prompt", "line >"], awaitPrompt);
});

test("a prompt that nobody awaits is a line like any other", (t) => {
  transcript(t, "\r\n> \r\nOK\r\n", ["line >", "line OK"]);
});

test("behind 16 bytes of noise a prompt has to wait for its line end", (t) => {
  const noise = "\x00".repeat(16);
  transcript(t, `${noise}> `, [], awaitPrompt);
  transcript(t, `${noise}> \r\n`, ["prompt"], awaitPrompt);
  transcript(t, `${noise.substring(1)}> `, ["prompt"], awaitPrompt);
});

// ---- messages

test("a message ends with silence, and its payload stands as it came", (t) => {
  transcript(t, '\r\n+QMTRECV: 0,0, "topic/example", "This is it"\r\n', [
    'message +QMTRECV: 0,0, "topic/example", "This is it"',
  ]);
  transcript(t, '+QMTRECV: 0,1,t,{\n "a": 1\r\n}\r\n', ['message +QMTRECV: 0,1,t,{\n "a": 1\r\n}']);
  transcript(t, "+QMTRECV: 0,1,t,\x00\xff\x1b\r\n\xe9\r\n", ["message +QMTRECV: 0,1,t,\x00\xff\x1b\r\n\xe9"]);
});

test("what stands behind an empty line is payload, or a line of the modem that nobody knows: the message is ambiguous", (t) => {
  transcript(t, "+QMTRECV: 0,1,t,a\n\r\nb\r\n", ["message? +QMTRECV: 0,1,t,a\n\r\nb"]);
  transcript(t, "+QMTRECV: 0,1,t,a\n\n\nb\r\n", ["message +QMTRECV: 0,1,t,a\n\n\nb"]);
  transcript(t, "+QMTRECV: 0,1,t,a\r\n\r\n+CUSD: 4\r\n", ["message? +QMTRECV: 0,1,t,a\r\n\r\n+CUSD: 4"]);
});

test("empty lines at the end of a payload are payload", (t) => {
  transcript(t, "+QMTRECV: 0,1,t,a\r\n\r\n", ["message +QMTRECV: 0,1,t,a\r\n"]);
  transcript(t, "+QMTRECV: 0,1,t,a\r\n\r\n\r\n", ["message +QMTRECV: 0,1,t,a\r\n\r\n"]);
  transcript(t, "+QMTRECV: 0,1,t,a\r\r\n", ["message +QMTRECV: 0,1,t,a\r"]);
});

test("a payload of 1,548 bytes, byte by byte and in chunks", (t) => {
  const payload = "0123456789abcdef\n".repeat(92).substring(0, 1548);
  for (const size of [1, 16, 63, 64, 512, 4096]) {
    const rig = new FramerRig(4096);
    const text = `\r\n+QMTRECV: 0,0,t,${payload}\r\n`;
    for (let i = 0; i < text.length; i += size) {
      rig.framer.receive(text.substring(i, i + size));
      rig.clock.advance(1);
    }
    // A host that gathers many bytes is given more silence.
    rig.clock.advance(400);
    t.deepEqual(rig.take(), [`message +QMTRECV: 0,0,t,${payload}`], `${size}`);
  }
});

test("a message ends 20 ms behind its last byte at the earliest", (t) => {
  const rig = new FramerRig();
  rig.framer.receive("+QMTRECV: 0,1,t,a\n");
  rig.clock.advance(19);
  rig.framer.receive("b\r\n");
  rig.clock.advance(19);
  t.deepEqual(rig.take(), []);
  rig.clock.advance(21);
  t.deepEqual(rig.take(), ["message +QMTRECV: 0,1,t,a\nb"]);
});

test("a known start ends a message, which is then ambiguous, and what follows is suspect until silence", (t) => {
  transcript(t, "+QMTRECV: 0,1,t,a\r\n\r\nOK\r\n", ["message? +QMTRECV: 0,1,t,a", "line? OK"]);
  transcript(t, "+QMTRECV: 0,1,t,a\r\nOK\r\nb\r\n", ["message? +QMTRECV: 0,1,t,a", "line? OK", "line? b"]);
  transcript(t, "+QMTRECV: 0,1,t,a\r\n\r\n+QMTRECV: 0,2,t,b\r\n", [
    "message? +QMTRECV: 0,1,t,a",
    "message? +QMTRECV: 0,2,t,b",
  ]);
  const rig = new FramerRig();
  rig.framer.receive("+QMTRECV: 0,1,t,a\r\n\r\nOK\r\n");
  rig.clock.advance(50);
  rig.framer.receive("\r\nOK\r\n");
  t.deepEqual(rig.take(), ["message? +QMTRECV: 0,1,t,a", "line? OK", "line OK"]);
});

test("an unknown line behind a message is payload", (t) => {
  transcript(t, "+QMTRECV: 0,1,t,a\r\nOKAY\r\n", ["message +QMTRECV: 0,1,t,a\r\nOKAY"]);
});

test("a line of bytes above 126 is payload, not an empty line", (t) => {
  const text = "+QMTRECV: 0,1,t,a\r\n\xc3\x84";
  transcript(t, `${text}\r\n+QMTRECV: 0,2,t,b\r\n`, [`message? ${text}`, "message? +QMTRECV: 0,2,t,b"]);
  const rig = new FramerRig();
  rig.framer.receive(text);
  rig.clock.advance(400);
  rig.framer.receive("\xc3\x96\r\n");
  rig.clock.advance(100);
  t.deepEqual(rig.take(), [`message ${text}\xc3\x96`], "half of it is waited for");
});

test("strict: a start counts only behind an empty line", (t) => {
  const strict = (rig: FramerRig): void => {
    rig.framer.strict = true;
  };
  transcript(t, "+QMTRECV: 0,1,t,a\r\nOK\r\nb\r\n", ["message +QMTRECV: 0,1,t,a\r\nOK\r\nb"], strict);
  transcript(t, "+QMTRECV: 0,1,t,a\r\n\r\nOK\r\n", ["message? +QMTRECV: 0,1,t,a", "line? OK"], strict);
  transcript(t, "+QMTRECV: 0,1,t,a\r\r\n\r\r\nOK\r\n", ["message? +QMTRECV: 0,1,t,a\r", "line? OK"], strict);
});

test("framed of a line that ends a message", (t) => {
  for (const [gap, expected] of [
    ["", "line? OK false"],
    ["\r\n", "line? OK true"],
  ]) {
    const rig = new FramerRig();
    const framed: string[] = [];
    rig.after = (event) => framed.push(`${event} ${rig.framer.framed}`);
    rig.framer.receive(`\r\n+QMTRECV: 0,1,t,a\r\n${gap}OK\r\n`);
    t.is(framed[1], expected);
  }
});

test("a prompt directly behind a message", (t) => {
  transcript(t, "\r\n+QMTRECV: 0,1,t,a\r\n\r\n> ", ["message? +QMTRECV: 0,1,t,a", "prompt"], awaitPrompt);
  transcript(t, "\r\n+QMTRECV: 0,1,t,a\r\n> ", ["message? +QMTRECV: 0,1,t,a", "prompt"], awaitPrompt);
});

test("a prompt behind a message whose handler calls everything off is none", (t) => {
  const rig = new FramerRig();
  awaitPrompt(rig);
  rig.after = () => rig.framer.clear();
  rig.framer.receive("\r\n+QMTRECV: 0,1,t,a\r\n> ");
  rig.clock.advance(100);
  t.deepEqual(rig.take(), ["message? +QMTRECV: 0,1,t,a"]);
});

test("a message that stops in the middle of a line is handed over after half a second; the other half is no line", (t) => {
  const rig = new FramerRig();
  rig.framer.receive("+QMTRECV: 0,1,t,a\r\nO");
  rig.clock.advance(550);
  t.deepEqual(rig.take(), []);
  rig.clock.advance(30);
  t.deepEqual(rig.take(), ["message? +QMTRECV: 0,1,t,a\r\nO"]);
  t.is(rig.clock.pending, 0);
  rig.framer.receive("K\r\n\r\nOK\r\n");
  t.deepEqual(rig.take(), ["line OK"]);
});

test("the half line is taken for what it starts with, if that is known", (t) => {
  transcript(t, "+QMTRECV: 0,1,t,a\r\nOK", ["message? +QMTRECV: 0,1,t,a", "line? OK"]);
  transcript(t, "+QMTRECV: 0,1,t,a\r\n+QMTRECV: 0,2,t,b", ["message? +QMTRECV: 0,1,t,a", "message? +QMTRECV: 0,2,t,b"]);
});

test("a stalled message that goes on is one message", (t) => {
  const rig = new FramerRig();
  rig.framer.receive("+QMTRECV: 0,1,t,a\r\nb");
  rig.clock.advance(400);
  rig.framer.receive("c");
  rig.clock.advance(400);
  rig.framer.receive("d\r\n");
  rig.clock.advance(100);
  t.deepEqual(rig.take(), ["message +QMTRECV: 0,1,t,a\r\nbcd"]);
});

test("line ends LF CR: the CR that is left over delays no message", (t) => {
  const rig = new FramerRig();
  rig.framer.receive("\n\r+QMTRECV: 0,1,t,a\n\r");
  rig.clock.advance(41);
  rig.framer.receive("\n\rOK\n\r");
  t.deepEqual(rig.take(), ["message +QMTRECV: 0,1,t,a", "line OK"]);
});

// ---- limits and lost bytes

test("limit: a line of as many bytes is handed over, a longer one dropped whole, counted, and the next one is fine", (t) => {
  const most = "x".repeat(LIMIT);
  transcript(t, `${most}\nOK\r\n`, [`line ${most}`, "line OK"]);
  const events = ["overrun", "line? OK"];
  for (const cut of [whole, bytewise]) {
    const rig = new FramerRig();
    for (const chunk of cut(`${most}x\r\n\r\nOK\r\n`)) rig.framer.receive(chunk);
    t.deepEqual(rig.take(), events);
  }
});

test("limit: a message is dropped whole, and what follows it is found", (t) => {
  const line = "0123456789".repeat(5);
  const text = `+QMTRECV: 0,1,t,${`${line}\n`.repeat(5)}\r\n\r\nOK\r\n`;
  transcript(t, text, ["overrun", "line? OK"]);
  transcript(t, `+QMTRECV: 0,1,t,${line}\n${"x".repeat(LIMIT + 1)}\nOK\r\n\r\nOK\r\n`, [
    "overrun",
    "line? OK",
    "line? OK",
  ]);
  transcript(t, `+QMTRECV: 0,1,t,${`${line}\n`.repeat(5)}`, ["overrun"]);
});

test("limit: the empty line in front of dropped bytes frames nothing behind them", (t) => {
  transcript(t, `+QMTRECV: 0,1,t,a\n\n${"x".repeat(LIMIT + 1)}\nOK\nb\n\nOK\n`, ["overrun", "line? OK"], (rig) => {
    rig.framer.strict = true;
  });
});

test("limit: garbage without a line end, as at a wrong rate, is bounded and passes", (t) => {
  const rig = new FramerRig();
  for (let i = 0; i < 1000; i++) rig.framer.receive("\xf8\x80".repeat(10));
  rig.framer.receive("\r\nRDY\r\n");
  t.deepEqual(rig.take(), ["overrun", "line? RDY"]);
});

test("lost bytes: the unfinished line goes, up to its line end", (t) => {
  const rig = new FramerRig();
  rig.framer.receive("+CSQ: 2");
  rig.framer.overrun();
  rig.framer.receive("TRASH\r\n\r\nOK\r\n");
  t.deepEqual(rig.take(), ["overrun", "line? OK"]);
});

test("lost bytes in a message: it is not handed over, and its rest is suspect", (t) => {
  const rig = new FramerRig();
  rig.framer.receive("+QMTRECV: 0,1,t,a\r\nb");
  rig.framer.overrun();
  rig.framer.receive("c\r\nd\r\n\r\nOK\r\n");
  t.deepEqual(rig.take(), ["overrun", "line? OK"]);
  rig.clock.advance(100);
  rig.framer.receive("\r\nOK\r\n");
  t.deepEqual(rig.take(), ["line OK"]);
});

test("lost bytes at the start of a message: its other lines are suspect", (t) => {
  const rig = new FramerRig();
  rig.framer.receive("+QMTRE");
  rig.framer.overrun();
  rig.framer.receive(": 0,1,t,a\r\nOK\r\n");
  t.deepEqual(rig.take(), ["overrun", "line? OK"]);
});

test("lost bytes and then silence: nothing is left to wait for", (t) => {
  const rig = new FramerRig();
  rig.framer.receive("+QMTRECV: 0,1,t,a\r\nb");
  rig.framer.overrun();
  rig.clock.advance(100);
  t.deepEqual([rig.take(), rig.clock.pending], [["overrun"], 0]);
});

test("bytes go missing: what comes until that is over is dropped, however long it takes, and it is told once", (t) => {
  const rig = new FramerRig();
  rig.framer.receive("+QMTRECV: 0,1,t,a\r\nb");
  rig.framer.overrun(true);
  rig.framer.receive("c\r\n\r\nOK\r\n");
  rig.clock.advance(100);
  rig.framer.receive("\r\nOK\r\n");
  t.deepEqual(rig.take(), ["overrun"]);
  rig.framer.overrun();
  rig.framer.receive("d\r\n\r\nOK\r\n");
  t.deepEqual(rig.take(), ["line? OK"]);
  rig.clock.advance(100);
  rig.framer.receive("\r\nOK\r\n");
  t.deepEqual([rig.take(), rig.clock.pending], [["line OK"], 0]);
});

test("lost bytes behind the empty line in front of a message", (t) => {
  const rig = new FramerRig();
  rig.framer.receive("\r\n+QMTRECV: 0,1,t,a\r\n");
  rig.framer.receive("\r\n+QMTRECV: 0,");
  rig.framer.overrun();
  rig.framer.receive("1,t,b\r\n\r\nOK\r\n");
  t.deepEqual(rig.take(), ["overrun", "line? OK"]);
});

// ---- the common message, which is taken as it stands

test("a message in its own chunks, with what comes from inside its handing over behind it", (t) => {
  for (const size of [16, 34]) {
    const rig = new FramerRig();
    rig.after = (event) => {
      if (event.endsWith("a")) rig.framer.receive("\r\nOK\r\n");
    };
    const text = "\r\n+QMTRECV: 0,1,t,0123456789abcd";
    for (const end of ["a", "b", "c"])
      for (let i = 0; i < 34; i += size) rig.framer.receive(`${text.slice(0, 31)}${end}\r\n`.slice(i, i + size));
    t.deepEqual(rig.take(), [`message? ${text.slice(2, 31)}a`, `message? ${text.slice(2, 31)}b`, "line? OK"]);
  }
});

test("a sink function that throws in it: told, and the line goes on", (t) => {
  const rig = new FramerRig();
  const told: unknown[] = [];
  rig.threw = (error) => told.push(error);
  rig.after = (event) => {
    if (event.startsWith("message")) throw new Error("no");
  };
  rig.framer.receive("\r\n+QMTRECV: 0,1,t,a\r\n");
  rig.framer.receive("\r\n+QMTRECV: 0,1,t,b\r\n");
  t.is(told.length, 1);
  rig.after = () => {};
  rig.framer.receive("\r\nOK\r\n");
  rig.clock.advance(100);
  rig.framer.receive("\r\nOK\r\n");
  t.deepEqual(rig.take().slice(-1), ["line OK"]);
});

// ---- calls from inside a sink function

test("what arrives inside a sink function comes behind what is being handed over", (t) => {
  const rig = new FramerRig();
  rig.after = (event) => {
    if (event === "line A") {
      rig.framer.receive("\r\nC\r");
      rig.framer.receive("\nD");
    }
  };
  rig.framer.receive("A\r\nB\r\n");
  t.deepEqual(rig.take(), ["line A", "line B", "line C"]);
  rig.after = () => {};
  rig.framer.receive("\r\n");
  t.deepEqual(rig.take(), ["line D"]);
});

test("and so does a piece of a line", (t) => {
  const rig = new FramerRig();
  rig.after = (event) => {
    if (event === "line A") rig.framer.receive("C");
  };
  rig.framer.receive("A\r\nB\r\n");
  rig.framer.receive("D\r\n");
  t.deepEqual(rig.take(), ["line A", "line B", "line CD"]);
});

test("the same from the end of a message by silence", (t) => {
  const rig = new FramerRig();
  awaitPrompt(rig);
  rig.after = (event) => {
    if (event.startsWith("message")) rig.framer.receive("\r\nB\r\n");
  };
  rig.framer.receive("+QMTRECV: 0,1,t,a\r\n> ");
  rig.clock.advance(100);
  t.deepEqual(rig.take(), ["message? +QMTRECV: 0,1,t,a", "prompt", "line B"]);
});

test("limit: of what arrives inside a sink function, the surplus is dropped where it stood", (t) => {
  const rig = new FramerRig(20);
  rig.after = (event) => {
    if (event !== "line A") return;
    rig.framer.receive("\r\nC\r\nhalf a line");
    rig.framer.receive("this is too much");
    rig.framer.receive("x");
  };
  rig.framer.receive("A\r\nB\r\n");
  t.deepEqual(rig.take(), ["line A", "line B", "line C", "overrun"]);
  rig.framer.receive("the rest\r\nOK\r\n");
  t.deepEqual(rig.take(), ["line? OK"]);
});

test("bytes that are lost meanwhile are missing behind what has arrived", (t) => {
  const rig = new FramerRig();
  rig.after = (event) => {
    if (event === "line A") rig.framer.overrun();
  };
  rig.framer.receive("A\r\nB\r\nhalf");
  t.deepEqual(rig.take(), ["line A", "line B", "overrun"]);
  rig.framer.receive("x\r\nC\r\n");
  t.deepEqual(rig.take(), ["line? C"]);
});

// ---- reset

test("reset: no timer, no half line, no message, no prompt is left", (t) => {
  for (const text of ["+CSQ: 2", "+QMTRECV: 0,1,t,a\r\nb", "+QMTRECV: 0,1,t,a\r\n\r\nOK\r\n"]) {
    const rig = new FramerRig();
    awaitPrompt(rig);
    rig.framer.strict = true;
    rig.framer.receive(text);
    rig.framer.clear();
    rig.take();
    t.is(rig.clock.pending, 0);
    t.false(rig.framer.strict);
    rig.framer.receive("> \r\nRDY\r\n");
    rig.clock.advance(1000);
    t.deepEqual(rig.take(), ["line >", "line RDY"], text);
  }
});

test("reset inside a sink function: what has been received behind it is scanned as ever", (t) => {
  const text = "NORMAL POWER DOWN\r\n\r\nRDY\r\n\r\n+QMTRECV: 0,1,t,a\r\n";
  transcript(t, text, ["line NORMAL POWER DOWN", "line RDY", "message +QMTRECV: 0,1,t,a"], (rig) => {
    rig.after = (event) => {
      if (event.startsWith("line NORMAL")) rig.framer.clear();
    };
  });
});

// ---- messages that tell their length

/** `+QMTRECV: <length>;<payload>`: a length as a counter may find it, or no semicolon yet. */
const measure = (text: string): number => {
  const at = text.indexOf(";");
  if (at < 0) return text.includes("long") ? -1 : 0;
  return at + 1 + Number(text.slice(PREFIX.length, at));
};
const counting = (rig: FramerRig): void => {
  rig.framer.counter = { measure };
};

test("a counted message has just its bytes, whatever they are, and is there at once", (t) => {
  const payloads = [
    "",
    "hello",
    "\r\nOK\r\n",
    "\n\n",
    "\r",
    "\r\n",
    "\r\n\r\n",
    "\n\r\n",
    "\n\r",
    "a\r\n\r\n> ",
    `\r\n${PREFIX} 1;b`,
  ];
  for (const payload of payloads.concat("\r\n\r\n+QMTSTAT: 0,1\r\n\r\n", "\r\n>", "\x1a\x1b\0\xff")) {
    const text = `${PREFIX} ${payload.length};${payload}`;
    for (const behind of ["\r\nOK\r\n", "OK\r\n", `${PREFIX} 2;ab\r\n`, `\r\n${PREFIX} 2;ab\r\n`]) {
      const next = behind.includes("OK") ? "line OK" : `message ${PREFIX} 2;ab`;
      transcript(t, `\r\n${text}\r\n${behind}`, [`message ${text}`, next], counting);
    }
    const rig = new FramerRig();
    counting(rig);
    rig.framer.receive(`\r\n${text}\r\n`);
    rig.framer.receive("\r\n");
    t.deepEqual(rig.take(), [`message ${text}`], "without silence");
  }
});

test("a prompt behind a counted message is seen at once", (t) => {
  const text = `${PREFIX} 6;\r\n> \r\n`;
  transcript(t, `\r\n${text}\r\n\r\n> `, [`message ${text}`, "prompt"], (rig) => {
    counting(rig);
    awaitPrompt(rig);
  });
});

test("the length may come after a line end", (t) => {
  transcript(
    t,
    `${PREFIX} long\r\nOK\r\n 5;hello\r\nOK\r\n`,
    [`message ${PREFIX} long\r\nOK\r\n 5;hello`, "line OK"],
    (rig) => {
      rig.framer.counter = { measure: (text) => (text.includes(";") ? text.indexOf(";") + 6 : -1) };
    },
  );
});

test("a counted message that is too short ends after half a second of silence, ambiguous, and the line goes on", (t) => {
  for (const text of [`${PREFIX} 9;ab\r\n`, `${PREFIX} 9;ab`, `${PREFIX} 9;ab\r\nc`, `${PREFIX} long\r\n`]) {
    const rig = new FramerRig();
    counting(rig);
    rig.framer.receive(text);
    if (!text.endsWith("\n")) rig.framer.receive("\r\n\r");
    rig.clock.advance(400);
    t.deepEqual(rig.take(), []);
    rig.clock.advance(200);
    t.regex(rig.take().join(), /^message\? /, JSON.stringify(text));
    rig.framer.receive("\r\nOK\r\n");
    rig.clock.advance(600);
    t.deepEqual(rig.take(), ["line OK"]);
    t.deepEqual([rig.clock.pending, rig.framer.open], [0, false]);
  }
});

test("a length that is none swallows no line that nobody but the modem can have said, with a prompt behind it or without", (t) => {
  for (const prompt of ["", "\r\n> "]) {
    const rig = new FramerRig();
    counting(rig);
    if (prompt) awaitPrompt(rig);
    const text = `${PREFIX} 900;ab\r\n\r\nOK\r\n\r\n+QMTPUB: 0,9,0\r\n\r\n+QMTPUB: 0,7,0\r`;
    rig.framer.receive(`${text}\n${prompt}`);
    rig.clock.advance(600);
    const [message, ...more] = rig.take();
    t.true(message!.startsWith(`message? ${PREFIX} 900;ab\r\n`));
    t.deepEqual(more, ["line? +QMTPUB: 0,7,0"].concat(prompt ? ["prompt"] : []));
  }
});

test("a counted message that has more at its line end is ambiguous, and what follows is suspect until silence", (t) => {
  const rig = new FramerRig();
  counting(rig);
  rig.framer.receive(`${PREFIX} 2;ab, and more\r\n\r\nOK\r\n`);
  rig.clock.advance(600);
  rig.framer.receive("\r\nOK\r\n");
  t.deepEqual(rig.take(), [`message? ${PREFIX} 2;ab, and more`, "line? OK", "line OK"]);
});

test("half a line of a counted message that is too short is dropped, an awaited prompt is not", (t) => {
  const rig = new FramerRig();
  counting(rig);
  rig.framer.receive(`${PREFIX} 40;ab\r\n+QMT`);
  rig.clock.advance(600);
  rig.framer.receive("STAT: 0,1\r\nOK\r\n");
  t.deepEqual(rig.take(), [`message? ${PREFIX} 40;ab\r\n+QMT`, "line OK"]);
  rig.framer.receive(`${PREFIX} 40;ab\r\n`);
  awaitPrompt(rig);
  rig.framer.receive("\r\n> ");
  rig.clock.advance(600);
  t.deepEqual(rig.take(), [`message? ${PREFIX} 40;ab\r\n`, "prompt"]);
});

test("a counted message beyond the limit, and bytes lost inside of one: it is not handed over, the line goes on", (t) => {
  const rig = new FramerRig();
  counting(rig);
  rig.framer.receive(`${PREFIX} 500;${"a\n".repeat(250)}\r\n`);
  rig.clock.advance(600);
  t.is(rig.take()[0], "overrun");
  rig.framer.receive(`${PREFIX} 9;ab\r\n`);
  rig.framer.overrun();
  rig.framer.receive("cd\r\n");
  rig.clock.advance(600);
  t.deepEqual(rig.take(), ["overrun"]);
  rig.framer.receive("\r\nOK\r\n");
  t.deepEqual(rig.take(), ["line OK"]);
});

test("what nobody but the modem or who guesses can have said is handed over, too, from a message that may be payload itself", (t) => {
  const rig = new FramerRig();
  counting(rig);
  rig.framer.strict = true;
  const result = "+QMTPUB: 0,8,0";
  // A prompt stands in front of the result, and no empty line: it does not end the message.
  const text = `${PREFIX} 3;abc\r\n\r\n> \r\n${result}`;
  rig.framer.receive(`\r\n${PREFIX} 2;abXY\r\n\r\n${text}\r\n`);
  rig.clock.advance(40);
  t.deepEqual(rig.take(), [`message? ${PREFIX} 2;abXY`, `message? ${text}`, `line? ${result}`]);
});

test("a message without a length, between counted ones, is as ever", (t) => {
  transcript(
    t,
    `${PREFIX} plain\r\n\r\n${PREFIX} 4;OK\r\n\r\n`,
    [`message? ${PREFIX} plain`, `message? ${PREFIX} 4;OK\r\n`],
    counting,
  );
});

test("where the modem sets empty lines in front of its own, one without counts only if nobody else can have said it", (t) => {
  for (const [line, cut] of [
    ["OK", false],
    ["+QMTPUB: 0,7,0", true],
  ] as const) {
    const rig = new FramerRig();
    rig.known.push("+QMTPUB: 0,7,0");
    rig.framer.strict = true;
    rig.framer.receive(`\r\n${PREFIX} 0,0,t,a\r\n${line}\r\n`);
    t.is(rig.take().includes(`line? ${line}`), cut, line);
  }
});

test("a counted message that ends in an empty line is whole behind it", (t) => {
  const rig = new FramerRig();
  counting(rig);
  rig.framer.receive(`${PREFIX} 5;ab\r\n`);
  t.deepEqual(rig.take(), []);
  rig.framer.receive("\r\n");
  t.deepEqual(rig.take(), [`message ${PREFIX} 5;ab\r\n`]);
});

test("a text that ends in the beginning of what is looked for does not hold it, whatever an engine says", (t) => {
  const espruino = { length: 3, indexOf: () => 2 } as unknown as string;
  t.is(placeOf(espruino, '",', 0), -1);
  t.is(placeOf('ab",', '",', 0), 2);
});

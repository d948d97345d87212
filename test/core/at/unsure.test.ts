// Firmware that tells lengths: a topic may end in what looks like a length and the beginning of a payload. Such a message and what comes
// behind it wait for the silence that tells which it was.
import { everyCut } from "../../support/fake-uart.js";
import test from "../../support/harness.js";
import { FramerRig, LIMIT, PREFIX, SessionRig } from "./rig.js";

/** `"<topic>",<length>,<payload>`; the topic w may be the beginning of a longer one. */
function rigged(): FramerRig {
  const rig = new FramerRig();
  const counter = {
    unsure: false,
    measure(text: string): number {
      const head = text.slice(0, text.indexOf(",", text.indexOf('",') + 2) + 1);
      counter.unsure = head.includes('"w"');
      return head.length + Number(head.split(",")[3]);
    },
    continues: (line: string) => line.includes('",'),
  };
  rig.framer.counter = counter;
  return rig;
}

const UNSURE = `${PREFIX} 0,0,"w",2,ab`;

/** Feeds a text at every split position. */
function transcript(
  t: { deepEqual(actual: unknown, expected: unknown, message?: string): unknown },
  text: string,
  atOnce: string[],
  silent: string[],
): void {
  for (const { name, cut } of everyCut(text)) {
    const rig = rigged();
    for (const chunk of cut(text)) rig.framer.receive(chunk);
    t.deepEqual(rig.take(), atOnce, name);
    rig.clock.advance(600);
    t.deepEqual(rig.take(), silent, name);
    t.deepEqual([rig.clock.pending, rig.framer.open], [0, false], name);
  }
}

test("one that is sure is there at once; one that is not, at the next silence", (t) => {
  const sure = `${PREFIX} 0,0,"t",2,ab`;
  transcript(t, `\r\n${sure}\r\n`, [`message ${sure}`], []);
  transcript(t, `\r\n${UNSURE}\r\n`, [], [`message ${UNSURE}`]);
});

test("what comes before that silence waits with it, in its order", (t) => {
  const sure = `${PREFIX} 0,0,"t",2,cd`;
  transcript(
    t,
    `\r\n${UNSURE}\r\n\r\n+CSQ: 20,0\r\n\r\n${sure}\r\n\r\nOK\r\n`,
    [],
    [`message ${UNSURE}`, "line +CSQ: 20,0", `message ${sure}`, "line OK"],
  );
});

test("a line that may be the end of the longer topic: everything may have been payload, and is marked", (t) => {
  transcript(
    t,
    `\r\n${UNSURE}\r\n\r\nRDY\r\n",9,x\r\n\r\nOK\r\n`,
    [`message? ${UNSURE}`, "line? RDY", 'line? ",9,x', "line? OK"],
    [],
  );
});

test("a message that may have held the end of its own topic: messages behind it are the modem's, lines prove nothing until silence", (t) => {
  const rig = rigged();
  const sure = `${PREFIX} 0,0,"t",2,cd`;
  rig.framer.receive(`\r\n${PREFIX} 0,0,"w",13,b\r\n/0",40,xyz\r\n\r\n${sure}\r\n\r\nRDY\r\n`);
  t.deepEqual(rig.take(), [`message ${PREFIX} 0,0,"w",13,b\r\n/0",40,xyz`, `message ${sure}`, "line? RDY"]);
  rig.clock.advance(60);
  rig.framer.receive("\r\nOK\r\n");
  t.deepEqual(rig.take(), ["line OK"]);
});

test("so it is behind one that waits, which waits no longer", (t) => {
  const rig = rigged();
  const dubious = `${PREFIX} 0,0,"w",13,b\r\n/0",40,xyz`;
  rig.framer.receive(`\r\n${UNSURE}\r\n\r\n${dubious}\r\n\r\nRDY\r\n`);
  t.deepEqual(rig.take(), [`message ${UNSURE}`, `message ${dubious}`, "line? RDY"]);
});

test("one that nobody but the modem can have said is no topic's end, whatever it looks like", (t) => {
  const proof = '+QMTPUB: 0,7,0",9,x';
  transcript(t, `\r\n${UNSURE}\r\n\r\n${proof}\r\n`, [], [`message ${UNSURE}`, `line ${proof}`]);
});

test("a message that is cut behind it is no end of a topic either, but takes the certainty from all", (t) => {
  const short = `${PREFIX} 0,0,"t",9,ab`;
  const rig = rigged();
  rig.framer.receive(`\r\n${UNSURE}\r\n\r\n${short}\r\n`);
  rig.framer.overrun();
  t.deepEqual(rig.take(), [`message? ${UNSURE}`, "overrun"]);
});

test("limit: more than that does not wait, and lines are marked", (t) => {
  const line = "x".repeat(LIMIT / 2);
  const rig = rigged();
  rig.framer.receive(`\r\n${UNSURE}\r\n`);
  for (let i = 0; i < 2; i++) rig.framer.receive(`\r\n${line}\r\n`);
  t.deepEqual(rig.take(), [`message ${UNSURE}`, `line? ${line}`, `line? ${line}`]);
  rig.clock.advance(40);
  rig.framer.receive("\r\nOK\r\n");
  t.deepEqual(rig.take(), ["line OK"]);
});

test("clear forgets what waits", (t) => {
  const rig = rigged();
  rig.framer.receive(`\r\n${UNSURE}\r\n`);
  rig.framer.clear();
  rig.clock.advance(600);
  t.deepEqual([rig.take(), rig.framer.open], [[], false]);
});

test("lengths are switched off while one waits: it is handed over as it is", (t) => {
  const rig = rigged();
  rig.framer.receive(`\r\n${UNSURE}\r\n`);
  rig.framer.counter = undefined;
  rig.framer.receive('\r\nx",9,y\r\n');
  rig.clock.advance(40);
  t.deepEqual(rig.take(), [`message ${UNSURE}`, 'line x",9,y']);
});

test("a prompt that waits behind it is seen at the silence", (t) => {
  const rig = rigged();
  rig.framer.expect(">");
  rig.framer.receive(`\r\n${UNSURE}\r\n\r\n> `);
  rig.clock.advance(40);
  t.deepEqual(rig.take(), [], "nor at the first, before it is known how long the host gathers");
  rig.clock.advance(40);
  t.deepEqual(rig.take(), [`message ${UNSURE}`, "prompt"]);
});

test("a result that waits behind one ends its command, however late a busy host notices that the line is silent", (t) => {
  const rig = new SessionRig();
  const { clock } = rig;
  const { after } = clock;
  rig.session.framer.counter = { unsure: true, measure: () => UNSURE.length, continues: () => false };
  rig.send("AT+CREG?", { info: "+CREG:" });
  clock.advance(50);
  // Each look for a silence comes half a second late.
  clock.after = (ms, fn) => after.call(clock, ms < 100 ? ms + 500 : ms, fn);
  rig.uart.feed(`\r\n${UNSURE}\r\n\r\n+CREG: 0,1\r\n\r\nOK\r\n`);
  t.deepEqual(rig.settle(), [`message ${UNSURE}`, "AT+CREG? OK [+CREG: 0,1]"]);
  t.is(rig.stats.timeouts, 0);
  t.true(clock.now() > 2000);
});

test("a prompt that has waited as a line is the only one: no other line gets the data once more", (t) => {
  const rig = new SessionRig();
  rig.session.framer.counter = { unsure: true, measure: () => UNSURE.length, continues: () => false };
  rig.send('AT+QMTPUB=0,1,1,0,"t"', { prompt: ">", data: "a\r\n> b\x1a" });
  rig.clock.advance(50);
  rig.uart.feed(`\r\n${UNSURE}\r\n\r\n> \r\n+QMTSTAT: 0,1\r\n`);
  rig.clock.advance(50);
  // A modem that echoes, whatever it was told.
  rig.uart.feed("a\r\n> b\r\n\r\nOK\r\n");
  t.is(rig.settle().pop(), 'AT+QMTPUB=0,1,1,0,"t" OK');
  t.deepEqual(rig.uart.written.slice(1), ["a\r\n> b\x1a"]);
});

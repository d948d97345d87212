// Echo on or off × line ends × where something unasked stands × what it is, each at every split position: a command with
// information lines and one with a data prompt get the same answers, and what stands between is handed over once.
import { everyCut } from "../../support/fake-uart.js";
import test from "../../support/harness.js";
import { SessionRig } from "./rig.js";

/** Runs of CR and LF. */
const ENDS = ["\r\n", "\n", "\r\r\n", "\n\r", "\r\n\r\n", "\n\n"];

/** What may stand anywhere. A line that nothing tells from a payload is not among the ones behind a message. */
const UNASKED = [
  { name: "URC", lines: ["+QMTSTAT: 0,1"], events: ["urc +QMTSTAT: 0,1"] },
  { name: "unknown line", lines: ["FOO 1"], events: ["urc FOO 1"] },
  { name: "message", lines: ["+QMTRECV: 0,1,t,{ }"], events: ["message +QMTRECV: 0,1,t,{ }"] },
  {
    name: "message and URC",
    lines: ["+QMTRECV: 0,1,t,x", "+QMTSTAT: 0,1"],
    events: ["message +QMTRECV: 0,1,t,x", "urc +QMTSTAT: 0,1"],
  },
  {
    name: "two messages",
    lines: ["+QMTRECV: 0,1,t,x", "+QMTRECV: 0,2,t,y"],
    events: ["message +QMTRECV: 0,1,t,x", "message +QMTRECV: 0,2,t,y"],
  },
];

/**
 * Marks of suspicion are the framer's tests' affair, and so is what a message keeps of a long line end: it could be
 * payload.
 */
function plain(events: string[]): string[] {
  return events.map((event) => event.replace(/^(urc|message)\?/, "$1").replace(/[\r\n]+$/, ""));
}

const PUB = 'AT+QMTPUB=0,1,1,0,"t"';
const ANSWER = "AT+CREG? OK [+CREG: 0,1|+CREG: 2,5]";

for (const echo of [true, false])
  for (const end of ENDS) {
    const frame = (lines: string[]): string => lines.map((line) => end + line + end).join("");
    const echoOf = (text: string): string => (echo ? `${text}\r` : "");
    const name = `echo ${echo ? "on" : "off"}, line end ${JSON.stringify(end)}`;

    /** A rig whose modem has answered once, so that the session has seen how it frames its lines. */
    const fresh = (): SessionRig => {
      const rig = new SessionRig();
      rig.uart.reply("AT\r", `${echoOf("AT")}${frame(["OK"])}`);
      rig.uart.always("AT\r", `${echoOf("AT")}${frame(["OK"])}`);
      rig.send("AT");
      rig.settle();
      return rig;
    };

    test(`information lines: ${name}`, (t) => {
      for (const unasked of UNASKED) {
        const pieces = [echoOf("AT+CREG?"), frame(["+CREG: 0,1"]), frame(["+CREG: 2,5"]), frame(["OK"])];
        for (let position = 0; position <= pieces.length; position++) {
          const text = pieces.slice(0, position).concat(frame(unasked.lines), pieces.slice(position)).join("");
          const expected =
            position === pieces.length ? [ANSWER].concat(unasked.events) : unasked.events.concat([ANSWER]);
          for (const { name: cutName, cut } of everyCut(text)) {
            const rig = fresh();
            rig.uart.cut = cut;
            // Glued to a message an answer proves little, so the question is repeated.
            rig.uart.reply("AT+CREG?\r", text).reply("AT+CREG?\r", pieces.join(""));
            rig.send("AT+CREG?", { info: "+CREG:" });
            const events = plain(rig.settle());
            if (events.join() !== expected.join() || rig.clock.pending)
              t.deepEqual(events, expected, `${unasked.name} at ${position}, ${cutName}`);
          }
        }
      }
      t.pass();
    });

    test(`data prompt: ${name}`, (t) => {
      for (const unasked of UNASKED)
        for (const prompt of [`${end}>`, `${end}> `]) {
          const before = [echoOf(PUB), prompt];
          const behind = [echo ? `OK?\x1a${end}` : "", frame(["OK"]), frame(["+QMTPUB: 0,1,0"])];
          const done = [`${PUB} OK`, "urc +QMTPUB: 0,1,0"];
          // In front of the echo, of the prompt; behind the echo of the data, behind OK, behind the result.
          const places = [
            { at: [before, 0], expected: unasked.events.concat(done) },
            { at: [before, 1], expected: unasked.events.concat(done) },
            // An OK glued to a message proves nothing; the result with its message ID does.
            {
              at: [behind, 1],
              expected: unasked.events.concat(
                unasked.name.includes("message") ? `${PUB} EUNKNOWN` : done[0]!,
                done[1]!,
              ),
            },
            { at: [behind, 2], expected: [done[0]!].concat(unasked.events, [done[1]!]) },
            { at: [behind, 3], expected: done.concat(unasked.events) },
          ] as { at: [string[], number]; expected: string[] }[];
          for (const { at, expected } of places) {
            const [changed, position] = at;
            const text = changed.slice(0, position).concat(frame(unasked.lines), changed.slice(position)).join("");
            for (const { name: cutName, cut } of everyCut(text)) {
              const rig = fresh();
              rig.uart.cut = cut;
              rig.uart.reply(`${PUB}\r`, changed === before ? text : before.join(""));
              rig.uart.reply("OK?\x1a", changed === behind ? text : behind.join(""));
              rig.send(PUB, { prompt: ">", data: "OK?\x1a" });
              // What ends a command without proof is told at the next silence, so what follows it may be told first.
              const events = plain(rig.settle()).sort();
              expected.sort();
              if (events.join() !== expected.join() || rig.clock.pending)
                t.deepEqual(events, expected, `${unasked.name}, ${JSON.stringify(text)}, ${cutName}`);
            }
          }
        }
      t.pass();
    });

    test(`before a command: ${name}`, (t) => {
      for (const unasked of UNASKED) {
        const text = frame(unasked.lines);
        for (const { name: cutName, cut } of everyCut(text)) {
          const rig = fresh();
          rig.uart.cut = cut;
          rig.uart.reply("AT+CREG?\r", `${echoOf("AT+CREG?")}${frame(["+CREG: 0,1", "+CREG: 2,5", "OK"])}`, 30);
          rig.send("AT+CREG?", { info: "+CREG:" });
          rig.uart.feed(text);
          t.deepEqual(plain(rig.settle()), unasked.events.concat([ANSWER]), `${unasked.name}, ${cutName}`);
        }
      }
    });
  }

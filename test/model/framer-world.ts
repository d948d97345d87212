// The framer as the model check drives it: pieces of what a modem says, the next timer as an event. What is handed over is looked at
// only where it has to be understood again.
import { isDeepStrictEqual } from "node:util";
import { KINDS } from "../../core/at/kinds.js";
import type { Counter } from "../../core/at/types.js";
import { FramerRig } from "../core/at/rig.js";
import { fingerprint, type World } from "./explore.js";

/** What comes at an event. */
const SAYS: { [event: string]: string } = {
  line: "\r\nOK\r\n",
  "unknown line": "\r\nhello\r\n",
  "half a line": "hel",
  "line end": "\r\n",
  message: '\r\n+QMTRECV: 0,1,"t",3,abc\r\n',
  "half a message": '\r\n+QMTRECV: 0,1,"t",9,abc\r\n',
  "doubtful message": '\r\n+QMTRECV: 0,1,"w",3,abc\r\n',
  "topic with its rest": '\r\n+QMTRECV: 0,1,"w",12,a\r\nb",4,abcd\r\n',
  "rest of a topic": '\r\nw",3,abc\r\n',
  proof: "\r\n+QMTPUB: 0,7,0\r\n",
  prompt: "\r\n> ",
  gathered: "\r\nOK\r\n".repeat(40),
};

/** The topic `w` may be the beginning of a longer one. */
class Lengths implements Counter {
  unsure = false;

  measure(text: string): number {
    const head = /^\+QMTRECV: \d,\d,"(.)",(\d+),/.exec(text);
    this.unsure = head?.[1] === "w";
    return head ? head[0].length + Number(head[2]) : 0;
  }

  continues(line: string): boolean {
    return line.includes('",');
  }
}

const SUFFIX = '\r\n+QMTSTAT: 0,1\r\n\r\n+QMTRECV: 0,1,"t",1,x\r\n';
const UNDERSTOOD = ["line +QMTSTAT: 0,1", 'message +QMTRECV: 0,1,"t",1,x'];

/** More than a message waits for its line end. */
const SETTLED = 20_000;

interface Inside {
  _kind: number;
  _text: string;
}

export class FramerWorld implements World {
  private readonly rig = new FramerRig();
  readonly clock = this.rig.clock;

  constructor() {
    // So much tells how long the host gathers.
    this.rig.framer.bytes = 4096;
  }

  states(): string[] {
    const { framer } = this.rig;
    const { _kind: kind, _text: text } = framer as unknown as Inside;
    const message = !text ? "none" : text === "\0" ? "spoilt" : framer.need ? "counted" : "searched";
    return [KINDS[kind]!, message];
  }

  can(event: string): boolean {
    const { framer } = this.rig;
    if (event === "timer") return this.clock.pending > 0;
    // The session sends no command into a message.
    return event !== "awaited" || !framer.open;
  }

  perform(event: string): void {
    const { framer } = this.rig;
    if (SAYS[event]) framer.receive(SAYS[event]);
    else if (event === "timer") this.clock.step();
    else if (event === "awaited") framer.expect(">");
    else if (event === "lengths") framer.counter = new Lengths();
    else if (event === "overrun") framer.overrun();
    else if (event === "reset") framer.clear();
    else throw new Error(`no such event: ${event}`);
  }

  key(): string {
    const { framer, clock } = this.rig;
    const sink = (framer as unknown as { _sink: object })._sink;
    return fingerprint(framer, clock, [sink], framer.bytes);
  }

  problems(): string[] {
    const [kind, message] = this.states();
    return this.rig.framer.open && !this.clock.pending ? [`no timer leads out of ${kind}, ${message}`] : [];
  }

  benign(): string[] {
    const { framer, clock } = this.rig;
    clock.advance(SETTLED);
    const list = framer.open ? [`ends in ${this.states()}`] : [];
    // Half a line that was left standing spoils the first one, never the second.
    for (let i = 0; i < 2; i++) {
      framer.receive(SUFFIX);
      clock.advance(SETTLED);
    }
    const last = this.rig.take().slice(-2);
    if (!isDeepStrictEqual(last, UNDERSTOOD)) list.push(`understands ${last}`);
    if (clock.pending) list.push(`${clock.pending} timers are left`);
    return list;
  }
}

// The session as the model check drives it: one line, a modem that says what the event says, the next timer as an event.
import { PHASES, RUNNING } from "../../core/at/sync.js";
import { M95Error } from "../../core/errors.js";
import { SessionRig } from "../core/at/rig.js";
import { fingerprint, type World } from "./explore.js";

/** What the modem says at an event. */
const SAYS: { [event: string]: string } = {
  OK: "\r\nOK\r\n",
  ERROR: "\r\nERROR\r\n",
  answer: "\r\n+CSQ: 20,0\r\n",
  URC: "\r\n+QMTSTAT: 0,1\r\n",
  prompt: "\r\n> ",
  CONNECT: "\r\nCONNECT\r\n",
  message: '\r\n+QMTRECV: 0,1,"t",x\r\n',
};

interface Inside {
  _phase: number;
  _open: boolean;
  _queue: unknown[];
  _run: { sent?: boolean } | undefined;
}

export class SessionWorld implements World {
  private readonly rig = new SessionRig();
  readonly clock = this.rig.clock;
  private readonly ends: number[] = [];

  constructor() {
    // So much tells how long the host gathers.
    this.rig.session.framer.bytes = 4096;
  }

  states(): string[] {
    return [this.state()];
  }

  private get inside(): Inside {
    return this.rig.session as unknown as Inside;
  }

  private state(): string {
    const { _phase: phase, _run: run } = this.inside;
    return phase === RUNNING && !run!.sent ? "prompt" : PHASES[phase]!;
  }

  can(event: string): boolean {
    return event !== "timer" || this.clock.pending > 0;
  }

  perform(event: string): void {
    const { session, uart } = this.rig;
    if (SAYS[event]) uart.feed(SAYS[event]);
    else if (event === "timer") this.tick();
    else if (event === "command") session.send({ text: "AT+CSQ", timeout: 1000, info: "+CSQ:", done: this.once() });
    else if (event === "publish")
      session.send({ text: "AT+QMTPUB", timeout: 1000, prompt: ">", data: "x\x1a", done: this.once() });
    else if (event === "upload")
      session.send({ text: "AT+QSECWRITE", timeout: 1000, prompt: "CONNECT", data: "cert", done: this.once() });
    else if (event === "sync") session.sync(2, "\x1b", this.once());
    else if (event === "overrun") uart.onOverrun!();
    else if (event === "reset") session.abort(new M95Error("ECLOSED", "reset"));
    else if (event === "open" || event === "close") session.allow(event === "open");
    else throw new Error(`no such event: ${event}`);
  }

  // A look at a line that is silent so far decides nothing.
  private tick(): void {
    const { clock, session } = this.rig;
    const { framer } = session;
    do clock.step();
    while (framer.hurried && (framer as unknown as { _still: number })._still && clock.pending);
  }

  key(): string {
    const { session, clock, uart } = this.rig;
    const sink = (session as unknown as { _sink: object })._sink;
    const open = this.ends.filter((count) => count === 0).length;
    return `${open} ${fingerprint(session, clock, [uart, sink], session.framer.bytes)}`;
  }

  problems(): string[] {
    const state = this.state();
    const list = this.ends.some((count) => count > 1) ? ["a callback was called twice"] : [];
    const { _open: open, _queue: queue } = this.inside;
    if ((state !== "idle" || (open && queue.length)) && !this.clock.pending)
      list.push(`no timer leads out of ${state}`);
    return list;
  }

  benign(): string[] {
    const { session, uart, clock } = this.rig;
    uart.write = (data) => {
      if (data === "AT+QMTPUB\r") clock.after(1, () => uart.feed(SAYS.prompt!));
      else if (data === "AT+QSECWRITE\r") clock.after(1, () => uart.feed("\r\nCONNECT\r\n"));
      else if (data !== "\x1b") clock.after(1, () => uart.feed(SAYS.OK!));
    };
    session.allow(true);
    clock.run(() => false, 1e6);
    const list = this.ends.every((count) => count === 1) ? [] : ["a callback was not called once"];
    if (this.state() !== "idle") list.push(`ends in ${this.state()}`);
    if (clock.pending) list.push(`${clock.pending} timers are left`);
    return list;
  }

  private once(): () => void {
    const which = this.ends.push(0) - 1;
    return () => {
      this.ends[which]!++;
    };
  }
}

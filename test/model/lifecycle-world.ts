// The modem's lifecycle as the model check drives it: the public M95 with a client, on a line whose other end answers as
// the event says until the state changes.
import { M95, type Uart } from "../../core/index.js";
import { CONTACT } from "../../core/m95/contact.js";
import { SimClock } from "../../virtual-m95/time/sim-clock.js";
import { fingerprint, type World } from "./explore.js";

/** What a modem in order answers, besides OK. */
const ANSWERS: { [command: string]: string } = {
  "AT+CPIN?": "+CPIN: READY",
  "AT+CREG?": "+CREG: 0,1",
  "AT+CGREG?": "+CGREG: 0,1",
  "AT+CGATT?": "+CGATT: 1",
};

/** Answers that are not as they should be, for as long as the state, in which they are asked for, does not change. */
const WRONG: { [event: string]: { state: string; command: string; says: string } } = {
  "SIM gone": { state: "sim", command: "AT+CPIN?", says: "\r\n+CME ERROR: 10\r\n" },
  "SIM busy": { state: "sim", command: "AT+CPIN?", says: "\r\n+CME ERROR: 14\r\n" },
  denied: { state: "registering", command: "AT+CREG?", says: "\r\n+CREG: 0,3\r\n\r\nOK\r\n" },
  "no network": { state: "registering", command: "AT+CREG?", says: "\r\n+CREG: 0,2\r\n\r\nOK\r\n" },
  "no address": { state: "attaching", command: "AT+QILOCIP", says: "\r\nERROR\r\n" },
  "echo refused": { state: "syncing", command: "ATE0", says: "\r\nERROR\r\n" },
};

/** What the modem says unasked. */
const SAYS: { [event: string]: string } = {
  RDY: "\r\nRDY\r\n",
  "+PDP DEACT": "\r\n+PDP DEACT\r\n",
  "?RDY": '\r\n+QMTRECV: 0,1,"t",x\r\nRDY\r\n',
  "?+PDP DEACT": '\r\n+QMTRECV: 0,1,"t",x\r\n+PDP DEACT\r\n',
  "NORMAL POWER DOWN": "\r\nNORMAL POWER DOWN\r\n",
};

/** ms after which an event that changes nothing has had its time: longer than any time-out of a bring-up. */
const PATIENCE = 600_000;

type PowerDone = (error?: Error | null) => void;

export class LifecycleWorld implements World {
  readonly clock = new SimClock();
  private readonly modem: M95;
  private readonly uart: Uart;
  /** A press of the key that is under way. */
  private press: { on: boolean; done: PowerDone } | undefined;
  private running = false;
  /** What answers wrongly now, by event. */
  private wrong = "";
  private readonly ends: number[] = [];
  private clients = 0;
  private closed = false;

  constructor() {
    this.uart = { write: (data) => this.answer(data), onReceive: () => undefined };
    const turn = (on: boolean) => (done: PowerDone) => {
      this.press = { on, done };
    };
    this.modem = new M95({
      uart: this.uart,
      clock: this.clock,
      apn: "internet",
      random: () => 0.5,
      power: { on: turn(true), off: turn(false), kill: turn(false), isOn: () => this.running },
      recovery: { attempts: 2 },
    });
  }

  states(): string[] {
    const { _contact } = (this.modem as unknown as { _lifecycle: { _contact: number } })._lifecycle;
    return [this.modem.state, CONTACT[_contact]!];
  }

  private state(): string {
    return this.modem.state;
  }

  can(event: string): boolean {
    if (event === "timer") return this.clock.pending > 0;
    if (event === "pressed" || event === "press fails") return this.press !== undefined;
    if (event === "connect") return this.clients === 0;
    if (event === "port closed") return !this.closed;
    if (SAYS[event]) return this.running && !this.closed;
    if (WRONG[event] && WRONG[event].state !== this.state()) return false;
    if (event === "runs well" || event === "mute" || WRONG[event]) return this.clock.pending > 0 && !this.press;
    return event !== "power lost" || this.running;
  }

  perform(event: string): void {
    const { modem } = this;
    if (event === "start") modem.start(this.once());
    else if (event === "stop") modem.stop(this.once());
    else if (event === "connect") {
      this.clients++;
      const client = modem.connect({ host: "broker.example", clientId: "me" });
      client.on("end", () => this.clients--);
      client.on("error", () => undefined);
    } else if (event === "pressed") this.pressed();
    else if (event === "press fails") this.pressed(new Error("the key does not move STATUS"));
    else if (event === "power lost") this.running = false;
    else if (event === "port closed") {
      this.closed = true;
      this.uart.onClose!();
    } else if (event === "timer") this.clock.step();
    else if (SAYS[event]) {
      if (event === "NORMAL POWER DOWN") this.running = false;
      this.uart.onReceive(SAYS[event]);
    } else this.lasting(event);
  }

  key(): string {
    const open = this.ends.filter((count) => count === 0).length;
    const { modem, clock, uart } = this;
    const session = (modem as unknown as { _lifecycle: { session: { framer: { bytes: number } } } })._lifecycle.session;
    const around = [open, this.clients, this.running, this.closed, this.press?.on];
    return around.join(" ") + fingerprint(modem, clock, [uart], session.framer.bytes);
  }

  problems(): string[] {
    const list = this.ends.some((count) => count > 1) ? ["a callback was called twice"] : [];
    const state = this.state();
    const rest = state === "off" || state === "failed" || state === "ready";
    if (!rest && !this.clock.pending && !this.press) list.push(`no timer leads out of ${state}`);
    return list;
  }

  /** All goes well: it becomes ready, or rests where only its user gets it out of; then it stops and starts again. */
  benign(): string[] {
    const list = this.goesOn(["ready", "off", "failed"]);
    if (list.length || this.closed) return list;
    this.modem.stop(this.once());
    list.push(...this.goesOn(["off"]));
    this.clock.advance(60_000);
    if (this.clock.pending) list.push(`${this.clock.pending} timers are left when it is off`);
    this.modem.start(this.once());
    return [...list, ...this.goesOn(["ready"])];
  }

  private goesOn(goals: string[]): string[] {
    const good = (): boolean =>
      goals.includes(this.state()) && this.ends.every((count) => count === 1) && this.press === undefined;
    for (let i = 0; i < 5000 && !good(); i++) {
      if (this.press) this.pressed();
      else if (!this.clock.step()) break;
    }
    if (!good()) return [`ends in ${this.state()}, not ${goals.join(" or ")}; callbacks ${this.ends.join(" ")}`];
    return this.problems();
  }

  private pressed(error?: Error): void {
    const press = this.press!;
    this.press = undefined;
    if (!error) this.running = press.on;
    press.done(error);
  }

  private lasting(event: string): void {
    const before = this.state();
    this.wrong = event;
    this.clock.run(() => this.state() !== before || this.press !== undefined, PATIENCE);
    this.wrong = "";
  }

  private answer(data: string): void {
    const text = data.replace(/\r$/, "").replace("\x1b", "");
    if (!this.running || !text || this.wrong === "mute") return;
    const wrong = WRONG[this.wrong];
    // Neither the one registration nor the other.
    const packet = text === "AT+CGREG?";
    let says = wrong?.command === text.replace("CGREG", "CREG") ? wrong.says : undefined;
    if (packet) says = says?.replace("CREG", "CGREG");
    // It is not attached either.
    if (wrong?.state === "registering" && text === "AT+CGATT?") says = "\r\n+CGATT: 0\r\n\r\nOK\r\n";
    if (!says && text === "AT+QILOCIP") says = "\r\n10.0.0.1\r\n";
    if (!says && text === "AT+QIDEACT") says = "\r\nDEACT OK\r\n";
    if (!says && text === "AT+QPOWD=1") says = SAYS["NORMAL POWER DOWN"];
    if (!says) says = `${ANSWERS[text] ? `\r\n${ANSWERS[text]}\r\n` : ""}\r\nOK\r\n`;
    if (text.startsWith("AT+QMTOPEN=")) says += "\r\n+QMTOPEN: 0,0\r\n";
    if (text.startsWith("AT+QMTCONN=")) says += "\r\n+QMTCONN: 0,0,0\r\n";
    if (text.startsWith("AT+QMTDISC=")) says += "\r\n+QMTDISC: 0,0\r\n";
    this.clock.after(2, () => {
      if (this.wrong === "mute") return;
      if (text === "AT+QPOWD=1") this.running = false;
      this.uart.onReceive(says);
    });
  }

  private once(): () => void {
    const which = this.ends.push(0) - 1;
    return () => {
      this.ends[which]!++;
    };
  }
}

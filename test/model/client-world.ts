// The client as the model check drives it: MqttClient, Link and Outbox on a host whose modem says what the event says.
import type { Session } from "../../core/at/session.js";
import type { Request } from "../../core/at/types.js";
import { M95, M95Error, type MqttClient } from "../../core/index.js";
import { LIFE } from "../../core/mqtt/client.js";
import { SimClock } from "../../virtual-m95/time/sim-clock.js";
import { fingerprint, type World } from "./explore.js";

/** URCs of the client's tcpconnectID, by event; "?" in front: it came glued to a message and may be payload. */
const URCS: { [event: string]: string } = {
  "QMTOPEN 0": "+QMTOPEN: 0,0",
  "QMTOPEN 2": "+QMTOPEN: 0,2",
  "QMTOPEN 3": "+QMTOPEN: 0,3",
  "QMTOPEN -1": "+QMTOPEN: 0,-1",
  "QMTCONN 0,0": "+QMTCONN: 0,0,0",
  "QMTCONN 0,3": "+QMTCONN: 0,0,3",
  "QMTCONN 0,5": "+QMTCONN: 0,0,5",
  "QMTCONN 1": "+QMTCONN: 0,1",
  "QMTCONN 2": "+QMTCONN: 0,2",
  "QMTSTAT 1": "+QMTSTAT: 0,1",
  "QMTSTAT 2": "+QMTSTAT: 0,2",
  "?QMTSTAT 1": "+QMTSTAT: 0,1",
  "?QMTCONN 0,5": "+QMTCONN: 0,0,5",
  "QMTDISC 0": "+QMTDISC: 0,0",
  // The message ID that a draw of 0.5 gives.
  "QMTPUB 0": "+QMTPUB: 0,32768,0",
  "QMTPUB 2": "+QMTPUB: 0,32768,2",
};

/** A modem lost or stopped while a client waits for it. */
const LOST = new M95Error("ECLOSED", "the modem was stopped or lost");

/** A modem that is ready, and sends, as the world says; all else is the real one's. */
class Host extends M95 {
  /** Commands that wait for their answer; the oldest one runs. */
  requests: Request[] = [];
  isReady = true;
  woken = false;

  override readonly session = {
    framer: {},
    send: (request: Request) => {
      request.sent = true;
      this.requests.push(request);
    },
  } as unknown as Session;

  override rouse(): boolean {
    if (!this.isReady) this.woken = true;
    return this.isReady;
  }

  /** The PDP context is of no use: the modem is lost to its clients until it has a new one. */
  override takesOver(error: M95Error): boolean {
    const pdp = error.code === "EOPEN" ? error.result === 3 : error.code === "ECLOSED" && error.result === 2;
    if (pdp) this.lose();
    return pdp;
  }

  lose(): void {
    this.isReady = false;
    this.allLost(LOST, false);
    for (const one of this.requests.splice(0)) one.done(LOST, [], false);
  }
}

export class ClientWorld implements World {
  readonly clock = new SimClock();
  private readonly host = new Host({
    uart: { write: () => undefined, onReceive: () => undefined },
    clock: this.clock,
    apn: "internet",
    random: () => 0.5,
  });
  private readonly client: MqttClient;
  private readonly events: string[] = [];
  private readonly ends: number[] = [];

  constructor() {
    this.client = this.host.connect({ host: "broker.example", clientId: "me", refusedRetries: 1 });
    for (const name of ["connect", "close", "end"] as const) this.client.on(name, () => this.events.push(name));
  }

  states(): string[] {
    return [this.client.state, LIFE[(this.client as unknown as { _life: number })._life]!];
  }

  private state(): string {
    return this.client.state;
  }

  can(event: string): boolean {
    const oldest = this.host.requests[0];
    switch (event) {
      case "timer":
        return this.clock.pending > 0;
      case "OK":
      case "ERROR":
      case "time-out":
        return oldest !== undefined;
      case "CME 8503":
      case "CME 8512":
        return oldest?.text.startsWith("AT+QMTPUB") === true;
      case "no connection":
        return oldest?.text === "AT+QMTCONN?";
      case "modem ready":
        return !this.host.isReady;
      case "modem lost":
      case "modem failed":
        return this.host.isReady;
      default:
        return !URCS[event] || this.host.isReady;
    }
  }

  perform(event: string): void {
    const { client } = this;
    const line = URCS[event];
    if (line) {
      const colon = line.indexOf(":");
      client.result(line.slice(1, colon), line.slice(colon + 2).split(","), line, event.startsWith("?"));
    } else if (event === "timer") this.clock.step();
    else if (event === "OK") this.agree();
    else if (event === "no connection") this.answer(null);
    else if (event === "ERROR") this.answer(new M95Error("ECME", "ERROR"));
    else if (event === "time-out") this.answer(new M95Error("ETIMEOUT", "no answer in time"));
    else if (event.startsWith("CME")) {
      const error = new M95Error("ECME", event);
      error.cme = Number(event.slice(4));
      this.answer(error);
    } else if (event === "publish") client.publish("t", "x", { qos: 1 }, this.once());
    else if (event === "subscribe") client.subscribe("t", {}, this.once());
    else if (event === "end" || event === "end at once") client.end(event !== "end", this.once());
    else if (event === "modem ready") {
      this.host.isReady = true;
      client.modemReady();
    } else {
      this.host.lose();
      if (event === "modem failed") client.modemFailed(new M95Error("EPOWER", "no supply"));
    }
  }

  key(): string {
    const open = this.ends.filter((count) => count === 0).length;
    const waiting = this.host.requests.map((one) => one.text.replace(/^(AT\+QMTPUB=0),\d+/, "$1")).join("|");
    const others = [this.host];
    return [open, waiting, this.host.isReady, this.host.woken, fingerprint(this.client, this.clock, others)].join(" ");
  }

  problems(): string[] {
    const list = this.ends.some((count) => count > 1) ? ["a callback was called twice"] : [];
    const ended = this.state() === "closed";
    if (this.events.filter((one) => one === "end").length !== (ended ? 1 : 0)) list.push('not one "end"');
    if (ended !== !this.host.clients[0]) list.push("the tcpconnectID was not given back when it ended");
    if (this.client.connected && this.state() !== "connected") list.push(`connected is true in ${this.state()}`);
    // Waiting for the modem is a rest: the host calls when it is ready.
    const host = !this.host.isReady && this.state() === "waiting";
    if (!ended && !host && !this.clock.pending && !this.host.requests.length)
      list.push(`no way out of ${this.state()}`);
    return list;
  }

  benign(): string[] {
    const { client, clock } = this;
    const last: number[] = [];
    if (!this.host.isReady) this.perform("modem ready");
    const modem = (): void => {
      // What the modem says unasked comes behind the OK.
      const text = this.host.requests[0]?.text;
      if (!text) return;
      this.agree(true);
      const name = text.slice(3).split(/[=?]/)[0]!;
      const results: { [name: string]: string } = {
        QMTOPEN: "QMTOPEN 0",
        QMTCONN: "QMTCONN 0,0",
        QMTDISC: "QMTDISC 0",
      };
      if (text.includes("=") && results[name]) this.perform(results[name]);
      const msgid = text.split(",")[1];
      if (name === "QMTPUB" || name === "QMTSUB") client.result(name, ["0", msgid!, "0", "0"], `+${name}`, false);
    };
    const until = (good: () => boolean): boolean => {
      for (let i = 0; i < 400 && !good(); i++) {
        for (let n = 0; n < 40 && this.host.requests.length; n++) modem();
        if (!this.host.isReady) this.perform("modem ready");
        if (!good()) clock.step();
      }
      return good();
    };
    const settled = (): boolean => this.ends.every((count) => count === 1) && this.host.requests.length === 0;
    if (!until(() => ["connected", "closed"].includes(this.state()) && settled()))
      return [`ends in ${this.state()}, callbacks ${this.ends}`];
    client.end(false, () => last.push(1));
    if (!until(() => this.state() === "closed" && last.length === 1)) return [`does not end: ${this.state()}`];
    // What end() has still to say.
    clock.advance(1);
    return [...this.problems(), ...(clock.pending ? [`${clock.pending} timers are left`] : [])];
  }

  /** The running command is done; those that configure are taken together. @param holds - the modem has the connection */
  private agree(holds = true): void {
    const text = this.host.requests[0]!.text;
    this.answer(null, text === "AT+QMTCONN?" && holds ? ["+QMTCONN: 0,3"] : []);
    if (text.startsWith("AT+QMTCFG") && this.host.requests[0]?.text.startsWith("AT+QMTCFG")) this.agree(holds);
  }

  private answer(error: M95Error | null, lines: string[] = []): void {
    const one = this.host.requests.shift()!;
    // With a time-out, the data of a publish has reached the modem.
    one.done(error, lines, true);
  }

  private once(): () => void {
    const which = this.ends.push(0) - 1;
    return () => {
      this.ends[which]!++;
    };
  }
}

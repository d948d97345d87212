// A connected driver whose line can be cut, paused and salted with messages, and the list of what hostile messages hold.
// It judges only what holds in every phase.
import type { MqttClient } from "../../core/index.js";
import { recvText } from "../../virtual-m95/qmt/recv.js";
import { type Rig, type RigOptions, rig } from "../support/rig.js";

export type Shape = 1 | 2 | 3 | 4;

/** How the modem's bytes reach the driver. */
export interface Wire {
  shape: Shape;
  /** Bytes a chunk. */
  chunk: number;
  /** ms of silence behind each line end, inside messages too; shorter than the silence that ends a message. */
  pause: number;
}

/** Shorter than the 20 ms of silence that end a message at 115200 baud. */
const PAUSE = 15;
const WHOLE = 100_000;

export const wires: Wire[] = [];
for (const shape of [1, 2, 3, 4] as const)
  for (const chunk of [1, 7, 64, WHOLE]) for (const pause of [0, PAUSE]) wires.push({ shape, chunk, pause });

export function nameOf({ shape, chunk, pause }: Wire): string {
  return `shape ${shape}, ${chunk === WHOLE ? "whole" : `chunks of ${chunk}`}${pause ? ", with pauses" : ""}`;
}

/** Lines of the modem; ECHO, ID and NEXT stand for the running command, its message ID, which nobody can know, and a wrong one. */
const LINES = [
  "OK",
  "ERROR",
  "+QMTSTAT: 0,1",
  "+QMTSTAT: 0,2",
  "+CME ERROR: 30",
  "+CME ERROR: 8512",
  "RDY",
  "> ",
  ">",
  "+QMTCONN: 0,0,0",
  "+QMTCONN: 0,0,5",
  "+QMTCONN: 0,2",
  "+QMTCONN: 0,1",
  "+QMTOPEN: 0,-1",
  "+QMTOPEN: 1,-1",
  "+QMTOPEN: 1,0",
  "+QMTCONN: 1,0,0",
  "+QMTCONN: 1,0,4",
  '+QMTRECV: 0,0,"x","y"',
  "+QMTRECV: 0,0,t/x,y",
  "+PDP DEACT",
  "NORMAL POWER DOWN",
  "UNDER_VOLTAGE POWER DOWN",
  "+CPIN: NOT READY",
  "+CPIN: SIM PIN",
  "+CREG: 0,3",
  "+CREG: 0",
  "+CSQ: 99,99",
  "+CFUN: 0",
  "+QMTPUB: 0,ID,0",
  "+QMTPUB: 0,NEXT,0",
  "+QMTPUB: 0,ID,2",
  "+QMTPUB: 0,0,0",
  "+QMTSUB: 0,ID,0,1",
  "+QMTSUB: 0,ID,0,128",
  "+QMTUNS: 0,ID,0",
  "+QMTDISC: 0,0",
  "+QMTCLOSE: 0,0",
  "CONNECT",
  "DEACT OK",
  "10.9.8.7",
  "ECHO",
];

export interface Payload {
  name: string;
  text: string;
}

/** Who has guessed a message ID may guess another; for so long an ID proves nothing, ms. */
export const SUSPICION = 60_000;

/** A line as the modem frames it, doubled, and cut off; at the start, in the middle and at the end of a payload. */
export function payloadsOf(lines: string[]): Payload[] {
  const all: Payload[] = [];
  for (const line of lines)
    for (const [how, text] of [
      ["framed", `\r\n${line}\r\n`],
      ["doubled", `\r\n\r\n${line}\r\n\r\n`],
      ["unfinished", `\r\n${line}`],
      ["cut off", `\r\n${line.slice(0, Math.ceil(line.length / 2))}`],
      ["behind an OK", `\r\n\r\nOK\r\n\r\n${line}\r\n`],
    ] as const) {
      const name = `${line} ${how}`;
      all.push({ name: `${name}, at the start`, text: `${text}tail` });
      all.push({ name: `${name}, in the middle`, text: `head${text}tail` });
      all.push({ name: `${name}, at the end`, text: `head${text}` });
    }
  return all;
}

export const payloads: Payload[] = payloadsOf(LINES);

/** As many claims as a payload can hold. */
export const floods: Payload[] = ["+QMTSTAT: 0,1", "+PDP DEACT", "OK", "+QMTCONN: 0,1", "+CME ERROR: 30"].map(
  (line) => ({
    name: `full of ${line}`,
    text: `\r\n${line}\r\n`.repeat(400).slice(0, 1548),
  }),
);

/** Commands of the driver's own that a claim may cost, those of a synchronisation among them. */
const QUERIES = /^>AT(S[345]\?|\+(QMTCONN\?|QMTOPEN\?|QILOCIP|CPIN\?|C(G)?REG\?|CFUN\?))?\r$/;

interface Heard {
  topic: string;
  payload: string;
  ambiguous: boolean;
}

export class Hostile {
  readonly rig: Rig;
  readonly client: MqttClient;
  /** Messages put on the line, and messages that came out. */
  readonly sent: { topic: string; payload: string }[] = [];
  readonly heard: Heard[] = [];
  /** Events that must not come. */
  readonly alarms: string[] = [];
  /** What the host sent last that was a command. */
  command = "";
  private readonly wire: Wire;
  /** Asked with each piece the modem sends; what it returns goes in front of it and behind it. */
  salt: ((text: string, kind: string) => [before: boolean, after: boolean]) | undefined;
  payload: Payload = { name: "", text: "" };
  /** When a message last held what may be a message ID. */
  private guessed = -Infinity;
  private busyUntil = 0;

  constructor(wire: Wire, options: RigOptions = {}) {
    this.wire = wire;
    const uart = { write: (_data: string) => {}, onReceive: (_chunk: string) => {} };
    this.rig = rig({
      power: false,
      ...options,
      virtual: {
        chunk: wire.chunk,
        ...options.virtual,
        quirks: { recvShape: wire.shape, ...options.virtual?.quirks },
        onSend: (text, kind) => this.pass(text, kind),
      },
      modem: { uart, ...options.modem },
    });
    const { virtual, modem } = this.rig;
    uart.write = (data) => {
      if (data.startsWith("AT")) this.command = data.trimEnd();
      virtual.uart.write(data);
    };
    virtual.uart.onReceive = (chunk) => this.deliver(chunk, (piece) => uart.onReceive(piece));
    modem.on("error", (error) => this.alarms.push(`modem error ${error}`));
    this.client = modem.connect({ host: "broker.example", clientId: "me", keepalive: 0 });
    this.watch(this.client, "");
    let subscribed = false;
    this.client.subscribe({ "t/#": { qos: 1 } }, {}, () => {
      subscribed = true;
    });
    this.rig.until("subscribed", () => subscribed);
    this.rig.clock.advance(1000);
    // Firmware of shape 2 is known by then; the very first message may be in quotes or of quotes.
    this.put({ name: "", text: "plain" });
    this.rig.clock.advance(1000);
    for (const list of [this.alarms, this.sent, this.heard, this.rig.trace]) list.length = 0;
    modem.on("state", (state) => this.alarms.push(`state ${state}`));
    modem.on("recovery", (what) => {
      // A packet is offered again where its end proved nothing.
      if (what.step !== "retry" || !what.cause.includes("may be part of a message"))
        this.alarms.push(`recovery ${JSON.stringify(what)}`);
    });
  }

  watch(client: MqttClient, name: string): void {
    for (const event of ["close", "offline", "reconnect", "end"] as const)
      client.on(event, (error?: Error) => this.alarms.push(`${name}${event} ${error ?? ""}`));
    client.on("error", (error: Error) => this.alarms.push(`${name}error ${error}`));
    client.on("message", (topic: string, payload: string, packet: { ambiguous: boolean }) =>
      this.heard.push({ topic, payload, ambiguous: packet.ambiguous }),
    );
  }

  /** Raw bytes of a message, framed. */
  raw({ text }: Payload): string {
    const msgID = /^AT\+QMT(?:PUB|SUB|UNS)=\d,(\d+)/.exec(this.command)?.[1] ?? "1";
    const payload = text
      .replaceAll("ECHO", this.command)
      .replaceAll("NEXT", `${+msgID + 1}`)
      .replaceAll("ID", msgID);
    if (/QMT(PUB|SUB|UNS): /.test(payload)) this.guessed = this.rig.clock.now();
    const message = { tcpconnectID: 0, msgID: 0, topic: "t/h", payload: payload.slice(0, 1548) };
    this.sent.push({ topic: message.topic, payload: message.payload });
    return this.rig.virtual.frame(recvText(this.wire.shape, message, this.rig.virtual.quirks.showRecvLen));
  }

  /** The modem has received a message. */
  put(payload: Payload): void {
    this.rig.virtual.urc(this.raw(payload).slice(2, -2));
  }

  /** Somebody has guessed a message ID, and is known for it. */
  get suspected(): boolean {
    return this.rig.clock.now() - this.guessed < SUSPICION;
  }

  private pass(text: string, kind: string): string | string[] {
    const salt = this.salt?.(text, kind);
    if (!salt) return text;
    const pieces = [text];
    if (salt[0]) pieces.unshift(this.raw(this.payload));
    if (salt[1]) pieces.push(this.raw(this.payload));
    return pieces;
  }

  private deliver(chunk: string, to: (piece: string) => void): void {
    const { clock } = this.rig;
    if (!this.wire.pause) {
      to(chunk);
      return;
    }
    for (const piece of chunk.match(/[^\n]*\n|[^\n]+$/g) ?? []) {
      const at = Math.max(this.busyUntil, clock.now());
      this.busyUntil = at + (piece.endsWith("\n") ? this.wire.pause : 0);
      clock.after(at - clock.now(), () => to(piece));
    }
  }

  /** What is not as it should be, since the last call. @param extra - commands that belong to what was done */
  verdict(extra: RegExp = /^$/): string[] {
    const { virtual, modem, trace } = this.rig;
    const problems = this.alarms.splice(0);
    if (modem.state !== "ready") problems.push(`the modem is ${modem.state}`);
    if (!this.client.connected) problems.push("not connected");
    for (const one of virtual.violations.splice(0)) problems.push(`violation ${one.kind}: ${one.detail}`);
    const sent = this.sent.splice(0);
    const heard = this.heard.splice(0);
    const plain = heard.filter((one) => !one.ambiguous);
    for (const one of plain)
      if (!sent.some((other) => other.topic === one.topic && other.payload === one.payload))
        problems.push(`not flagged: ${JSON.stringify(one)}`);
    for (const one of sent)
      if (!heard.some((other) => other.topic === one.topic && similar(other, one.payload)))
        problems.push(`lost: ${JSON.stringify(one)}, heard ${JSON.stringify(heard)}`);
    const commands = trace.splice(0).filter((line) => line.startsWith(">AT"));
    const queries = commands.filter((line) => QUERIES.test(line));
    const others = commands.filter((line) => !QUERIES.test(line) && !extra.test(line));
    const own = commands.filter((line) => !QUERIES.test(line) && extra.test(line));
    for (const line of new Set(own)) {
      const times = own.filter((one) => one === line).length;
      // Repeated when the messages may have answered it.
      if (times > 1 + sent.length) problems.push(`${times} times ${line} for ${sent.length} messages`);
    }
    if (others.length) problems.push(`sent ${others.join(" ")}`);
    if (queries.length > 6 * sent.length) problems.push(`${queries.length} queries for ${sent.length} messages`);
    return problems;
  }
}

/** The payload, or when flagged its beginning, or the payload and more; quotes may be left where it was cut. */
function similar(heard: Heard, payload: string): boolean {
  if (heard.payload === payload) return true;
  if (!heard.ambiguous) return false;
  return [payload, `"${payload}`].some((all) => all.startsWith(heard.payload) || heard.payload.startsWith(all));
}

// A driver, its modem and its brokers on one clock, under the oracle's eyes. What happens in it is others' to say.
import { M95, type M95Options, type MqttClient, secure } from "../../core/index.js";
import { Broker, matches } from "./broker.js";
import { Draw } from "./draw.js";
import { type Delays, type Firmware, Modem, parameters } from "./modem.js";
import { type Op, Oracle, type Real, show } from "./oracle.js";
import { Qmt } from "./qmt.js";
import { System } from "./system.js";
import { Time } from "./time.js";
import { type Habit, Wire } from "./wire.js";

export type Connect = Parameters<M95["connect"]>[0];

/** The driver as targets with TLS make it. */
class Driver extends M95 {}
Driver.prototype.secured = secure;

export interface Setup {
  seed: number;
  baud: number;
  habit: Habit;
  firmware: Firmware;
  delays: Delays;
  options: Partial<M95Options>;
}

export const FIRMWARE: Firmware = {
  lengths: false,
  shape: 2,
  prompt: "> ",
  echo: true,
  brokenEcho: false,
  busy: "keep",
  hold: false,
  escape: "OK",
  query: "told",
};

export const DELAYS: Delays = {
  answer: [5, 30],
  gap: [0, 1],
  prompt: [10, 40],
  roundTrip: [500, 700],
  late: 0,
  lateBy: [0, 0],
};

export const SETUP: Setup = {
  seed: 1,
  baud: 115200,
  habit: { chunk: 64, idle: 3 },
  firmware: FIRMWARE,
  delays: DELAYS,
  options: {},
};

/** Steps of recovery that harm nobody. */
const HARMLESS = ["none", "ask", "retry", "resync"];

/** What the user's payloads begin with, so that nothing else looks like one. */
export const OWN = "own#";

/**
 * Whether a message with its length reads in two ways, whole or going on, of topics that are subscribed to.
 * @param known - whether the modem sets quotes around topics has shown
 */
function twofold(shape: number, topic: string, payload: string, filters: string[], known: boolean): boolean {
  const quote = shape === 3 ? "" : '"';
  const wrap = shape === 1 || shape === 4 ? '"' : "";
  const body = `${quote}${topic}${quote},${shape === 1 ? " " : ""}${payload.length},${wrap}${payload}${wrap}`;
  const begins = body.startsWith('"');
  const ways = new Set<string>();
  const look = (mark: RegExp, start: number): void => {
    for (const found of body.matchAll(mark)) {
      const other = body.slice(start, found.index);
      // What is quoted on both sides is read as quoted; a quote alone is no pair.
      const quoted = begins && !start && other.length > 1 && other.endsWith('"');
      if (quoted || !filters.some((filter) => matches(filter, other))) continue;
      const from = found.index + found[1]!.length + found[2]!.length + 1;
      for (const quotes of [0, 1]) {
        const end = from + Number(found[2]) + 2 * quotes;
        if (end >= body.length || body.startsWith("\r\n", end)) ways.add(`${from},${other}`);
      }
    }
  };
  if (begins && !(known && shape === 3)) look(/(?=(", ?)(\d+),)/g, 1);
  // A quote may be the first byte of a topic around which there are none; blanks go with quotes.
  if (!begins || shape === 3 || (shape !== 1 && !known)) look(/(?=(,)(\d+),)/g, 0);
  return ways.size > 1;
}

export class World {
  readonly time = new Time();
  readonly wire: Wire;
  readonly broker = new Broker();
  readonly modem: Modem;
  readonly system: System;
  readonly qmt: Qmt;
  readonly oracle: Oracle;
  readonly driver: M95;
  readonly clients: (MqttClient | undefined)[] = [];
  /** When connections were really lost. */
  readonly droppedAt: number[] = [];
  /** Lines of what happens, if somebody wants to read them. */
  log: ((line: string) => void) | undefined;
  /** Called when the modem has got a command, and around each piece of its answers. */
  onCommand: (text: string) => void = () => {};
  onPiece: (after: boolean) => void = () => {};
  /** What a command or data must not be part of, besides the user's payloads. */
  readonly secrets: string[] = [OWN, "\x1a"];
  private made = 0;
  /** Messages that are on the line, by the place of their bytes in all that is said. */
  private under: { from: number; to: number; client: number; real: Real }[] = [];
  private heardAt = 0;
  /** Answers and messages between which the driver heard no silence: what it asked then it has to ask again. */
  collisions = 0;
  /** ms of silence that the driver hears as one, from a host that gathers what it hands over. */
  readonly listening: number;
  /** When the last message is over; and the last answer, or what stands behind it without a silence. */
  private messageAt = -Infinity;
  private answerAt = -Infinity;
  /** A topic came that can be read in one way only, with no quote as its first byte. */
  private bare = false;
  private readonly wills: string[] = [];

  constructor(setup: Setup) {
    const { time, broker } = this;
    this.wire = new Wire(time, setup.baud, setup.habit, new Draw(setup.seed, 1));
    const most = Array.isArray(setup.habit.chunk) ? Math.max(...setup.habit.chunk) : setup.habit.chunk;
    // One that is busy hears it late, and looks again.
    this.listening =
      Math.max(40 * this.wire.byteTime, 2 * most * this.wire.byteTime) + 20 + 4 * (setup.habit.stall?.length ?? 0);
    this.oracle = new Oracle(() => time.now(), broker);
    this.modem = new Modem(time, this.wire, new Draw(setup.seed, 2), setup.firmware, setup.delays, {
      piece: (after) => {
        if (after) this.answerAt = this.wire.freeAt;
        else if (time.now() - this.messageAt < this.listening) this.collisions++;
        this.onPiece(after);
      },
      command: (text) => this.commanded(text),
      garbage: (bytes) => {
        // Its prompt was on the line yet when it rebooted.
        if (this.modem.leftPrompt) return;
        // Of a command that came too soon, half may be lost.
        if (setup.firmware.busy === "keep" || this.secret(bytes))
          this.oracle.blame("injection", `typed as a command: ${show(bytes)}`);
      },
      early: (bytes) => {
        if (this.secret(bytes) && !this.modem.leftPrompt)
          this.oracle.blame("injection", `written in front of the prompt: ${show(bytes)}`);
      },
      data: () => {},
      torn: (client, text) => this.torn(client, text),
      booted: () => {
        this.oracle.modemGone = true;
      },
    });
    this.system = new System(this.modem);
    this.qmt = new Qmt(this.modem, broker, this.system);
    this.qmt.onLife = (client) => {
      this.oracle.life[client] = time.now();
    };
    this.qmt.onUnheard = (client, name) => this.oracle.unheard.add(`${client},${name}`);
    this.qmt.onMessage = (client, msgid, topic, payload) => this.put(client, msgid, topic, payload);
    const uart = { write: (data: string) => this.write(data), onReceive: (_chunk: string) => {} };
    const own = new Draw(setup.seed, 3);
    this.driver = new Driver({
      uart,
      clock: time,
      apn: "internet",
      random: () => own.unit(),
      baud: setup.baud,
      ...setup.options,
    });
    this.wire.toHost = (chunk) => {
      this.log?.(`${this.stamp()} < ${show(chunk)}`);
      this.look(chunk.length);
      this.driverUart.onReceive(chunk);
    };
    this.driverUart = setup.options.uart ?? uart;
    this.oracle.strict = setup.firmware.lengths;
    this.oracle.burst = 2 * (setup.options.receiveLimit ?? 4096) * this.wire.byteTime;
    this.driver.on("error", (error: unknown) => {
      if (!this.oracle.modemGone) this.oracle.blame("drop", `modem: ${error}`);
    });
    this.driver.on("recovery", (what: { cause: string; step: string }) => {
      this.log?.(`${this.stamp()}   recovery: ${what.step}, ${what.cause}`);
      const { gone, opening, brokenTopic } = this.oracle;
      const reason = what.step === "reopen" && (gone.includes(true) || (brokenTopic && opening.includes(true)));
      if (!HARMLESS.includes(what.step) && !reason && !this.oracle.modemGone)
        this.oracle.blame("drop", `recovery: ${what.step}, ${what.cause}`);
    });
  }

  private readonly driverUart: { onReceive(chunk: string): void };

  // ---- the user

  connect(id: number, options: Partial<Connect> = {}): MqttClient {
    const { oracle } = this;
    oracle.opening[id] = true;
    oracle.ending[id] = false;
    const client = this.driver.connect({
      host: `broker${id}.example`,
      clientId: `c${id}`,
      connectionId: id,
      ...options,
    });
    const { will } = options;
    this.wills[id] = will ? `${will.qos ?? 0},${will.retain ? 1 : 0},${will.topic},${will.payload}` : "";
    this.clients[id] = client;
    client.on("connect", () => this.connected(id));
    for (const name of ["close", "offline", "reconnect", "end"] as const)
      client.on(name, (error?: unknown) => {
        this.log?.(`${this.stamp()}   client ${id}: ${name} ${error ?? ""}`);
        oracle.event(id, name, error);
      });
    client.on("error", (error: unknown) => {
      const text = `${error}`;
      if (text.includes("QMTSUB") && oracle.unheard.has(`${id},QMTSUB`)) oracle.told[id]!.clear();
      else if (!text.includes("refuses the topics")) oracle.event(id, "error", error);
    });
    client.on("message", (topic: string, payload: string, { ambiguous }: { ambiguous: boolean }) => {
      this.log?.(
        `${this.stamp()}   client ${id}: message ${show(topic)} ${show(payload)}${ambiguous ? " ambiguous" : ""}`,
      );
      oracle.message(id, topic, payload, ambiguous);
    });
    return client;
  }

  /** @param filler - what stands behind its number in the payload */
  publish(id: number, topic: string, qos: 0 | 1 | 2, filler = "", again = false): Op {
    return this.publishAs(id, topic, qos, `${OWN}${++this.made}#${filler}`, again);
  }

  /** With a payload that no other publish has. */
  publishAs(id: number, topic: string, qos: 0 | 1 | 2, payload: string, again = false): Op {
    const op = this.oracle.op("publish", id, topic, payload, qos, again);
    this.client(id).publish(topic, payload, { qos }, (error) => this.answered(op, error));
    return op;
  }

  subscribe(id: number, filters: string[], qos: 0 | 1 | 2): Op {
    const op = this.oracle.op("subscribe", id, filters.join(" "), "", qos);
    this.client(id).subscribe(filters, { qos }, (error, granted) => {
      this.log?.(`${this.stamp()}   ${op.kind} ${op.topic}: ${error ?? JSON.stringify(granted)}`);
      this.oracle.granted(op, error, filters, granted ?? []);
    });
    return op;
  }

  unsubscribe(id: number, filters: string[]): Op {
    const op = this.oracle.op("unsubscribe", id, filters.join(" "), "", 0);
    this.client(id).unsubscribe(filters, (error) => {
      this.log?.(`${this.stamp()}   ${op.kind} ${op.topic}: ${error ?? "done"}`);
      this.oracle.unsubscribed(op, error, filters);
    });
    return op;
  }

  command(text: string): Op & { lines?: string[] } {
    const op: Op & { lines?: string[] } = this.oracle.op("command", -1, text, "", 0);
    this.driver.command(text, (error, lines) => {
      op.lines = lines ?? [];
      this.answered(op, error);
    });
    return op;
  }

  end(id: number): Op {
    const op = this.oracle.op("end", id, "", "", 0);
    this.oracle.ending[id] = true;
    this.oracle.told[id]!.clear();
    this.client(id).end(false, (error) => this.answered(op, error));
    return op;
  }

  /** Connects clients and subscribes them, in peace. */
  setUp(ids: number[], filters: string[], options: Partial<Connect> = {}): void {
    for (const id of ids) {
      this.connect(id, { keepalive: 0, ...options });
      if (filters.length) this.subscribe(id, filters, 1);
    }
    const ready = (): boolean =>
      ids.every((id) => this.clients[id]!.connected && (!filters.length || this.oracle.told[id]!.size > 0));
    if (!this.time.run(ready, 120_000)) throw new Error(`not connected: ${this.driver.state}`);
    this.time.advance(1000);
  }

  // ---- what really happens

  drop(id: number, code = 1, told = true): void {
    this.log?.(`${this.stamp()}   the connection of client ${id} is lost`);
    this.oracle.gone[id] = true;
    this.droppedAt[id] = this.time.now();
    this.qmt.drop(id, code, told);
  }

  reboot(told = true): void {
    this.log?.(`${this.stamp()}   the modem reboots`);
    this.oracle.rebooted = true;
    this.modem.reboot(told);
  }

  /** Runs until every callback has come. */
  settle(ms: number): boolean {
    return this.time.run(() => this.oracle.ops.every((op) => op.calls > 0), ms);
  }

  // ---- small things

  private secret(bytes: string): boolean {
    return this.secrets.some((one) => bytes.includes(one));
  }

  private client(id: number): MqttClient {
    const client = this.clients[id];
    if (!client) throw new Error(`there is no client ${id}`);
    return client;
  }

  private stamp(): string {
    return `${this.time.now().toFixed(1).padStart(10)}`;
  }

  private answered(op: Op, error: unknown): void {
    this.log?.(`${this.stamp()}   ${op.kind} ${show(op.payload || op.topic)}: ${error ?? "done"}`);
    this.oracle.done(op, error);
  }

  private write(data: string): void {
    this.log?.(`${this.stamp()} > ${show(data)}`);
    this.wire.write(data);
  }

  private connected(id: number): void {
    this.log?.(`${this.stamp()}   client ${id}: connect`);
    this.oracle.gone[id] = this.oracle.opening[id] = false;
    if (this.clients.every((client) => !client || client.connected)) this.oracle.modemGone = false;
    const { will, connected } = this.broker.sessions[id]!;
    if (!connected) this.oracle.blame("drop", `client ${id}: connected, but the broker knows nothing of it`);
    if (will !== this.wills[id]) this.oracle.blame("injection", `client ${id} connected with the will ${show(will)}`);
  }

  private commanded(text: string): void {
    if (/^AT([+EVS].*)?$/.test(text)) this.modem.leftPrompt = false;
    const found = /^AT\+(QMTPUB|QMTSUB|QMTUNS)=(\d),(\d+)/.exec(text);
    if (found) this.oracle.used(Number(found[2]), found[1]!, Number(found[3]), this.wire.handed);
    if (text.startsWith("AT+QMTCONN=")) {
      const id = Number(parameters(text.slice(11))[0]);
      const verified = this.system.ssl.some((one) => one.startsWith("seclevel,"));
      if (this.clients[id]?.secure && !verified)
        this.oracle.blame("injection", `client ${id} sends its password to nobody knows whom`);
    }
    this.onCommand(text);
  }

  private torn(id: number, text: string): void {
    const { oracle } = this;
    const harmless =
      id < 0 ? oracle.modemGone || this.driver.state !== "ready" : oracle.excused(id) || oracle.ending[id];
    if (!harmless) oracle.blame("drop", `${text} without a cause`);
  }

  /** Messages in which the host is silent for longer than the driver waits for their end. */
  private look(bytes: number): void {
    const now = this.time.now();
    const begin = this.wire.handed - bytes;
    const silent = now - this.heardAt >= Math.max(20, 40 * this.wire.byteTime);
    this.heardAt = now;
    if (!this.under.length) return;
    for (const { from, to, client, real } of this.under) {
      if (silent && from < begin && begin < to) real.torn = true;
      // One that has begun shows that its connection lives.
      if (from < this.wire.handed) this.oracle.life[client] = now;
    }
    this.under = this.under.filter(({ to }) => to > begin);
  }

  private put(client: number, _msgid: number, topic: string, payload: string): void {
    const { qmt, oracle } = this;
    const real = oracle.sent(client, topic, payload);
    this.messageAt =
      Math.max(this.time.now(), this.wire.freeAt) + (topic.length + payload.length + 30) * this.wire.byteTime;
    if (this.time.now() - this.answerAt < this.listening) {
      this.collisions++;
      this.answerAt = this.messageAt;
    }
    real.torn ||= this.modem.firmware.hold;
    const from = this.wire.sent;
    this.under.push({ from, to: from + topic.length + payload.length + 20, client, real });
    const { lengths, shape } = this.modem.firmware;
    if (/[\r\n]/.test(topic)) oracle.brokenTopic = true;
    // One in quotes where the modem sets none loses them; or the one in front, before any topic came without.
    if (shape === 3 && (this.bare ? /^".*"$/ : /^"/).test(topic)) oracle.quotesGo = true;
    // What is being unsubscribed from counts until the user is told. One that the driver has given up tells it nothing of topics.
    const told = [...oracle.told[client]!.keys()];
    const filters = [...this.broker.sessions[client]!.filters.keys(), ...told];
    const known = told.some((filter) => matches(filter, topic));
    if (lengths && twofold(shape, topic, payload, known ? filters : ["#"], this.bare)) oracle.twofold = true;
    else if (!topic.startsWith('"')) this.bare = true;
    for (const [, name, id, msgid] of payload.matchAll(/\+(QMTPUB|QMTSUB|QMTUNS): ?([0-5]),(\d{1,5}),/g))
      oracle.forged(
        Number(id),
        name!,
        qmt.flights(Number(id), name!),
        qmt.inFlight(Number(id), name!, Number(msgid)),
        Number(msgid),
        this.wire.sent + topic.length + payload.length + 40,
      );
  }
}

// Holds what the driver says and does against what broker and modem know. It draws nothing and sends nothing.
import type { Broker, Published } from "./broker.js";
import { grantOf } from "./broker.js";

/** Which promise was broken. */
export const RULES = [
  /** Bytes got where they were not meant. */
  "injection",
  /** A publish ended otherwise than the broker has it. */
  "verdict",
  /** Sent twice without being asked to. */
  "twice",
  /** A restart, a close, a reconnect without a cause. */
  "drop",
  /** A wrong grant, or a subscription that is not what was told. */
  "grant",
  /** A message that was none, is told wrongly and not marked, or not told at all. */
  "message",
  /** A callback too often, or not at all; something thrown. */
  "callback",
  /** Too slow, no verdict although there was one, a loss that is not noticed. */
  "life",
  /** `age` refreshed by what is no sign of life. */
  "age",
] as const;

export type Rule = (typeof RULES)[number];

export interface Problem {
  rule: Rule;
  at: number;
  text: string;
  /** The publisher had guessed a message ID. */
  lucky: boolean;
}

/** Something the user has asked for. */
export interface Op {
  kind: "publish" | "subscribe" | "unsubscribe" | "command" | "end";
  client: number;
  at: number;
  topic: string;
  payload: string;
  qos: number;
  /** Times its callback came, the last time, and with what. */
  calls: number;
  doneAt: number;
  error: string | undefined;
  /** The modem's number with the error. */
  result: number | undefined;
  /** Times the broker got it, and what the modem said of it and when the host was handed that. */
  arrived: number;
  /** May be sent twice. */
  again: boolean;
}

export interface Real {
  topic: string;
  payload: string;
  sent: number;
  heard: number;
  /** The host itself made a pause inside of it. */
  torn: boolean;
}

/** What a driver cannot know better of a sign of life, ms: the silence behind it, how long the host has gathered it. */
const FUZZ = 2000;

/** Errors that say that a publish did not arrive. */
const DEFINITE = ["ECME", "ETIMEOUT", "ECLOSED", "EQUEUE", "EPAYLOAD", "ELIMIT", "EPARAM", "ETOOBIG"];

export class Oracle {
  readonly problems: Problem[] = [];
  readonly ops: Op[] = [];
  /** Connections that are really gone, and are not back yet; the modem. */
  readonly gone: boolean[] = new Array<boolean>(6).fill(false);
  modemGone = false;
  /** Clients that were not connected yet. */
  readonly opening: boolean[] = new Array<boolean>(6).fill(false);
  /** Clients that the user has ended. */
  readonly ending: boolean[] = new Array<boolean>(6).fill(false);
  /** When the host was last handed a true sign of life. */
  readonly life: number[] = new Array<number>(6).fill(-Infinity);
  /** Filters as the user was told. */
  readonly told: Map<string, number>[] = Array.from({ length: 6 }, () => new Map<string, number>());
  /** Forged results that came while such a packet was in flight, and those that had its ID. */
  chances = 0;
  hits = 0;
  /** Messages told as ambiguous, of those heard. */
  heard = 0;
  marked = 0;
  /** Lengths are told: nothing may be marked, nothing unknown. */
  strict = false;
  /** ms for which a burst keeps its first message waiting whose end is not certain: as long as there is room for it, and one under way. */
  burst = 0;
  /** Two ways to read a message: what stands behind it until silence may be marked. */
  twofold = false;
  /**
   * A topic had a line end in it: how messages are read is not promised any more, only that nothing else comes of them. They may swallow
   * an answer, so that an attempt to connect is made once more.
   */
  brokenTopic = false;
  /** A topic began with a quote on a modem that sets none. */
  quotesGo = false;
  /** The modem was: what it was about to tell is lost. */
  rebooted = false;
  /** Messages that were not sent so. */
  private readonly misread: { client: number; topic: string; payload: string; at: number }[] = [];
  /** Messages told, by client and topic, those that are marked among them; and what marked ones have swallowed. */
  private readonly by = new Map<string, number>();
  private swallowed = "";
  private readonly real: Map<string, Real>[] = Array.from({ length: 6 }, () => new Map<string, Real>());
  private readonly now: () => number;
  private readonly broker: Broker;
  /** Packets whose result the modem did not say, or that it has given up, by client and command. */
  readonly unheard = new Set<string>();
  private readonly hitBy = new Set<string>();
  private readonly ids = new Set<number>();
  /** Where on the line the last guess of an ID ends. */
  private readonly guesses = new Map<string, number>();

  constructor(now: () => number, broker: Broker) {
    this.now = now;
    this.broker = broker;
    broker.onPublish = (one) => this.published(one);
  }

  blame(rule: Rule, text: string, packet = "", at = this.now()): void {
    // Where IDs can be foretold, a hit is no luck.
    const drawn = [...this.ids].some((id) => id > 64);
    this.problems.push({ rule, at, text, lucky: drawn && this.hitBy.has(packet) });
  }

  /** Problems that are not the publisher's luck. */
  get faults(): Problem[] {
    return this.problems.filter((problem) => !problem.lucky);
  }

  // ---- what the user does and hears

  op(kind: Op["kind"], client: number, topic: string, payload: string, qos: number, again = false): Op {
    const op: Op = {
      kind,
      client,
      at: this.now(),
      topic,
      payload,
      qos,
      calls: 0,
      doneAt: 0,
      error: undefined,
      result: undefined,
      arrived: 0,
      again,
    };
    this.ops.push(op);
    return op;
  }

  /** A callback has come. */
  done(op: Op, error: unknown): void {
    const { code, result } = (error ?? {}) as { code?: string; result?: number };
    op.calls++;
    op.doneAt = this.now();
    op.error = error ? (code ?? `${error}`) : undefined;
    op.result = result;
    if (op.calls > 1) this.blame("callback", `${this.name(op)}: called back ${op.calls} times`);
    if (op.kind === "publish") this.judge(op);
  }

  granted(op: Op, error: unknown, filters: string[], granted: { topic: string; qos: number | undefined }[]): void {
    this.done(op, error);
    const truth = filters.map((filter) => grantOf(filter, op.qos));
    const told = this.told[op.client]!;
    const packet = `${op.client},QMTSUB`;
    if (!error) {
      const given = granted.map(({ qos }) => qos);
      if (given.join() !== truth.join())
        this.blame("grant", `${this.name(op)}: told ${given.join()} instead of ${truth.join()}`, packet);
      filters.forEach((filter, i) => {
        if (truth[i] === 128) told.delete(filter);
        else told.set(filter, truth[i]!);
      });
      const missing = filters.filter((filter, i) => truth[i] !== 128 && !this.subscribed(op.client, filter));
      if (missing.length && !this.excused(op.client))
        this.blame("grant", `${this.name(op)}: told, but the broker has no ${missing.join()}`, packet);
    } else if (op.error === "EREFUSED") {
      if (truth.some((qos) => qos !== 128))
        this.blame("grant", `${this.name(op)}: refused, but granted ${truth.join()}`, packet);
    } else this.unclear(op, packet);
  }

  unsubscribed(op: Op, error: unknown, filters: string[]): void {
    this.done(op, error);
    const packet = `${op.client},QMTUNS`;
    for (const filter of filters) this.told[op.client]!.delete(filter);
    if (error) this.unclear(op, packet);
    else if (filters.some((filter) => this.subscribed(op.client, filter)))
      this.blame("grant", `${this.name(op)}: told, but the broker still has it`, packet);
  }

  message(client: number, topic: string, payload: string, ambiguous: boolean): void {
    const sent = this.real[client]!;
    const keys = this.quotesGo ? [topic, `"${topic}`, `"${topic}"`] : [topic];
    const real = keys.map((one) => sent.get(`${one},${payload}`)).find((one) => one !== undefined);
    this.heard++;
    if (ambiguous) {
      this.marked++;
      // What swallows a message may end its own topic in there.
      if (`${topic}${payload}`.includes("+QMTRECV: ")) this.swallowed += `${topic},${payload}\n`;
    }
    if (real) real.heard++;
    this.by.set(`${client},${topic}`, (this.by.get(`${client},${topic}`) ?? 0) + 1);
    if (this.strict && this.brokenTopic) return;
    if (ambiguous && this.strict && !this.twofold)
      this.blame("message", `marked, for client ${client}: ${show(topic)} ${show(payload)}`);
    if (ambiguous || (real && (real.heard <= real.sent || !this.strict))) return;
    // Whether the host was silent in the middle of one shows later.
    if (!real && !this.strict) this.misread.push({ client, topic, payload, at: this.now() });
    else
      this.blame(
        "message",
        `not marked, for client ${client}: ${show(topic)} ${show(payload)}${real ? ", a second time" : ""}`,
      );
  }

  event(client: number, name: string, error: unknown): void {
    if (this.excused(client) || this.ending[client] || (this.opening[client] && name === "offline")) return;
    if (this.opening[client] && this.brokenTopic) return;
    // The modem has given packets up, or said nothing of them: from here on the connection is gone.
    if ((error as { code?: string } | undefined)?.code === "ESTALLED" && this.unheardOf(client)) {
      this.gone[client] = true;
      return;
    }
    this.blame("drop", `client ${client}: ${name} ${error ?? ""}`);
  }

  private unheardOf(client: number): boolean {
    return ["QMTPUB", "QMTSUB", "QMTUNS"].some((name) => this.unheard.has(`${client},${name}`));
  }

  age(client: number, age: number): void {
    const since = this.now() - this.life[client]!;
    if (age < since - FUZZ - this.burst)
      this.blame("age", `client ${client}: ${age} ms, the last sign of life is ${since} ms old`);
  }

  // ---- what modem and broker know

  /** A message is put on the line, with the forged results in it. */
  sent(client: number, topic: string, payload: string): Real {
    const key = `${topic},${payload}`;
    const list = this.real[client]!;
    const one = list.get(key) ?? { topic, payload, sent: 0, heard: 0, torn: false };
    list.set(key, one);
    one.sent++;
    return one;
  }

  /** @param to - where on the line it ends */
  forged(client: number, name: string, flights: number, hit: boolean, msgid = 0, to = 0): void {
    this.chances += flights;
    this.guesses.set(`${client},${name},${msgid}`, to);
    if (!hit) return;
    this.hits++;
    this.hitBy.add(`${client},${name}`);
  }

  /**
   * A packet is handed over. Its ID may have been guessed before that, in a message that is still to come.
   * @param handed - bytes of the line that the host has handed over
   */
  used(client: number, name: string, msgid: number, handed = 0): void {
    if (msgid) this.ids.add(msgid);
    if (this.guesses.get(`${client},${name},${msgid}`)! > handed) this.hitBy.add(`${client},${name}`);
  }

  private published(one: Published): void {
    const op = this.ops.find(
      ({ kind, client, topic, payload, qos }) =>
        kind === "publish" &&
        client === one.client &&
        topic === one.topic &&
        payload === one.payload &&
        qos === one.qos,
    );
    if (!op) {
      // What fills a prompt that counts its bytes and was not heard, as the payload page tells.
      if (this.brokenTopic && /^\r+$/.test(one.payload)) return;
      this.blame("injection", `published on client ${one.client}'s broker: ${show(one.topic)} ${show(one.payload)}`);
      return;
    }
    op.arrived++;
    if (op.arrived > 1 && !op.again) this.blame("twice", `${this.name(op)}: published ${op.arrived} times`);
    if (op.calls) this.judge(op);
  }

  // ---- at the end

  /** @param delivered - every message must have been told by now */
  close(delivered: boolean): void {
    for (const op of this.ops) if (!op.calls) this.blame("callback", `${this.name(op)}: no callback`);
    for (const { client, topic, payload, at } of this.misread)
      if (!this.reads(client, topic, payload))
        this.blame("message", `not marked, for client ${client}: ${show(topic)} ${show(payload)}`, "", at);
    if (delivered && !this.twofold && !this.brokenTopic && !this.rebooted)
      this.real.forEach((list, client) => {
        for (const { topic, payload, sent, heard } of list.values())
          if (heard !== sent)
            this.blame("message", `client ${client} heard ${heard} of ${sent}: ${show(topic)} ${show(payload)}`);
      });
    this.told.forEach((told, client) => {
      const session = this.broker.sessions[client]!;
      if (!session.connected) return;
      for (const [filter, qos] of told)
        if (session.filters.get(filter) !== qos)
          this.blame(
            "grant",
            `client ${client}: ${filter} is ${session.filters.get(filter)} at the broker, not ${qos}`,
          );
    });
  }

  /** Connections that are gone, and of which the driver should know by now. */
  overlooked(client: number, since: number): void {
    this.blame("life", `client ${client}: gone for ${Math.round(this.now() - since)} ms, and not noticed`);
  }

  excused(client: number): boolean {
    return this.modemGone || this.gone[client]!;
  }

  /**
   * Every message with a topic like any other was told in some form: whole, cut, or more than it was, but told.
   * @param orphans - those that could not be read, which may have swallowed others
   */
  lost(orphans: number): void {
    if (this.rebooted || (this.strict && (this.brokenTopic || this.twofold))) return;
    this.real.forEach((list, client) => {
      const sent = new Map<string, number>();
      for (const one of list.values()) sent.set(one.topic, (sent.get(one.topic) ?? 0) + one.sent);
      for (const [topic, count] of sent) {
        const heard = this.by.get(`${client},${topic}`) ?? 0;
        if (/^[a-z0-9/]+$/.test(topic) && heard + orphans < count && !this.swallowed.includes(topic))
          this.blame("message", `client ${client} heard ${heard} of ${count} with topic ${topic}`);
      }
    });
  }

  private subscribed(client: number, filter: string): boolean {
    return this.broker.sessions[client]!.filters.has(filter);
  }

  /** How a publish ended, and whether it has arrived; asked again when it arrives later. */
  private judge(op: Op): void {
    const packet = `${op.client},QMTPUB`;
    if (!op.error) {
      if (op.qos && !op.arrived)
        this.blame("verdict", `${this.name(op)}: confirmed, but the broker has nothing`, packet);
    } else if (op.error === "EUNKNOWN") this.unclear(op, packet);
    else if (op.arrived && DEFINITE.includes(op.error))
      this.blame("verdict", `${this.name(op)}: ${op.error} ${op.result ?? ""}, but the broker has it`, packet);
  }

  // Nobody knows: honest, but with lengths there was no reason for it.
  private unclear(op: Op, packet: string): void {
    const excused = this.excused(op.client) || this.ending[op.client] || this.unheard.has(packet);
    // A QoS 0 result has no ID, so that one behind a message that can be read in two ways proves nothing. One with a line end in its topic may
    // swallow any.
    if (this.strict && !excused && !this.brokenTopic && !(this.twofold && !op.qos))
      this.blame("life", `${this.name(op)}: ${op.error}`, packet);
  }

  /**
   * Whether a message reads so: the topic may end at another comma, and quotes be the modem's or the payload's. Where the
   * host was silent in the middle of one, it may end there.
   */
  private reads(client: number, topic: string, payload: string): boolean {
    const plain = (text: string): string => text.replace(/[" ]/g, "");
    const body = plain(`${topic},${payload}`);
    for (const one of this.real[client]!.values()) {
      const whole = plain(`${one.topic},${one.payload}`);
      if (whole === body || (one.torn && whole.startsWith(body.trimEnd()))) return true;
    }
    return false;
  }

  private name(op: Op): string {
    return `${op.kind} of client ${op.client} ${show(op.topic)} ${show(op.payload)} QoS ${op.qos}`;
  }
}

export function show(text: string): string {
  const quoted = JSON.stringify(text);
  return quoted.length > 160 ? `${quoted.slice(0, 160)}… (${text.length})` : quoted;
}

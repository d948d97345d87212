// One cell of the fault matrix: a driver goes through its life, a fault strikes in one phase of it, and afterwards everything
// has to stand again. Which faults there are is in faults.ts.

import { powerSwitch } from "../../board-wiring/index.js";
import { M95, type M95Error, type MqttClient, type PacketInfo } from "../../core/index.js";
import { faultTable, MemoryBroker, SimClock, VirtualM95 } from "../../virtual-m95/index.js";
import { random } from "../support/rig.js";

/** What the driver is doing when the fault strikes, with the bytes that tell. */
export const phases = {
  sync: /^AT\r/,
  SIM: /^AT\+CPIN\?/,
  registration: /^AT\+CREG\?/,
  PDP: /^AT\+QI/,
  open: /^AT\+QMTOPEN=/,
  connect: /^AT\+QMTCONN=/,
  subscribe: /^AT\+QMTSUB=/,
  "publish QoS 0": /^AT\+QMTPUB=0,\d+,0/,
  "publish QoS 1": /^AT\+QMTPUB=0,\d+,1/,
  "publish QoS 2": /^AT\+QMTPUB=0,\d+,2/,
  idle: undefined,
  receive: undefined,
} as const;

/**
 * The same with a driver that sleeps between its publishes; the modem wakes late or soon, says what it has to say or not, with RI or without.
 * In the last one there is no DTR: the modem sleeps by itself (AT+QSCLK=2) and throws away the bytes that wake it.
 */
export const sleepPhases = ["asleep", "waking", "asleep by itself"] as const;

export type Phase = keyof typeof phases | (typeof sleepPhases)[number];

export interface Cell {
  /** As `modem.faults.start` takes it. */
  fault: string;
  phase: Phase;
  seed: number;
}

export interface CellOptions {
  /** The client as the test uses it: a test of the test puts a lying one in its place. */
  wrap?: (client: MqttClient) => Pick<MqttClient, "publish" | "subscribe" | "end">;
}

/** What is called off after this long, ms of simulated time. */
const STRIKES = 60_000;
/** Longest time in which a driver has to be back once the fault is over, ms: its own waiting times, three bring-ups, a probe. */
export const BOUND = 15 * 60_000;
/** Behind `stop` nothing may come any more; the broker's keepalive has run out by then, ms. */
const AFTERMATH = 300_000;
/** Lines that no cell writes in its lifetime. */
const LOG_LIMIT = 50_000;
/** Lines of traffic that a failure shows. */
const SHOWN = 60;

/** Faults that change bytes on the way to the modem: what arrives is then not what was sent, and nobody can know. */
const changing = ["lost-bytes", "garbled-bytes", "doubled-bytes"];
/** Faults that change bytes on the way to the host, where nobody can know either. */
const changed = [...changing, "nuls", "glued", "noise", "long-line"];

/** What does not heal by itself: faults with the error with which a client may give up. */
const givesUp = [
  ["refused ", "EREFUSED"],
  ["open-failure 1", "EOPEN"],
] as const;

type Outcome = "ok" | string;

/** Runs a cell; returns what is wrong, or nothing. */
export function runCell(cell: Cell, options: CellOptions = {}): string | undefined {
  const run = new Run(cell, options);
  try {
    run.live();
    run.heal();
    run.stop();
    run.judge();
  } catch (error) {
    run.problems.push((error as Error).stack ?? String(error));
  }
  return run.report();
}

class Run {
  readonly problems: string[] = [];
  readonly #cell: Cell;
  readonly #clock = new SimClock();
  readonly #broker: MemoryBroker;
  readonly #virtual: VirtualM95;
  readonly #modem: M95;
  readonly #client: MqttClient;
  readonly #used: Pick<MqttClient, "publish" | "subscribe" | "end">;
  readonly #log: string[] = [];
  readonly #draw: () => number;
  /** Publishes by payload: QoS and how they ended. */
  readonly #published = new Map<string, { qos: number; outcomes: Outcome[] }>();
  readonly #calls = new Map<string, number>();
  readonly #sentIn = new Set<string>();
  readonly #heard = new Set<string>();
  /** Those of them that the driver vouches for. */
  readonly #sure = new Set<string>();
  #armed = true;
  #ended = false;
  #lastError = "";
  #struckAt = -1;

  constructor(cell: Cell, options: CellOptions) {
    this.#cell = cell;
    let hash = cell.seed * 7919;
    for (const c of `${cell.fault}|${cell.phase}`) hash = (Math.imul(hash, 31) + c.charCodeAt(0)) >>> 0;
    const draw = random(hash);
    for (let i = 0; i < 5; i++) draw();
    this.#draw = draw;
    const clock = this.#clock;
    this.#broker = new MemoryBroker({ clock, latency: 20 + draw() * 500, receivedLimit: 100_000 });
    const sleeps = sleepPhases.some((one) => one === cell.phase);
    const byItself = cell.phase === "asleep by itself";
    this.#virtual = new VirtualM95({
      clock,
      // By itself it is asleep sooner than modules are, so that it is when the fault strikes.
      ...(sleeps && { timing: { wake: draw() < 0.5 ? 20 : 600, ...(byItself && { sleepIdle: 1000 }) } }),
      network: this.#broker.network,
      baud: draw() < 0.5 ? 0 : 115_200,
      chunk: ([64, "line", "byte", 7] as const)[Math.floor(draw() * 4)]!,
      quirks: {
        recvShape: (1 + Math.floor(draw() * 4)) as 1 | 2 | 3 | 4,
        urcInPrompt: draw() < 0.5 ? "hold" : "mix",
        // One that loses what it says, too, while it wakes for 600 ms, would never be heard by the probes.
        ...(sleeps && { urcAsleep: (["print", "hold", "lose"] as const)[Math.floor(draw() * (byItself ? 2 : 3))]! }),
        ...(byItself && { qsclk2: true }),
      },
      trace: (direction, text) => this.#trace(direction, text),
    });
    this.#virtual.faults.seed = hash;
    const { pwrkey, status, emergOff, supply, dtr, ri } = this.#virtual.pins;
    const sleepPins = {
      ...(!byItself && {
        dtr: {
          write: (level: 0 | 1): void => {
            dtr.write(level);
            if (!level && cell.phase === "waking" && this.#modem?.asleep) this.#strike();
          },
        },
      }),
      ...(sleeps && draw() < 0.5 && { ri }),
    };
    this.#modem = new M95({
      uart: this.#virtual.uart,
      clock,
      apn: "internet",
      pin: "1234",
      random: draw,
      power: powerSwitch({ pwrkey, status, emergOff, supply, ...(sleeps && sleepPins) }, clock),
      ...(sleeps && { sleep: "auto", sleepAfter: 3000 }),
    });
    if (cell.phase === "asleep" || byItself)
      this.#modem.on("sleep", () => {
        clock.after(1500, () => {
          if (this.#modem.asleep) this.#strike();
        });
      });
    for (const event of ["state", "recovery", "error"] as const)
      this.#modem.on(event, (what: unknown) => this.#note(`modem ${event}`, what));
    this.#client = this.#modem.connect({ host: "broker.example", clientId: "cell", keepalive: 60 });
    for (const event of ["connect", "reconnect", "offline", "close"] as const)
      this.#client.on(event, (what?: unknown) => this.#note(`client ${event}`, what));
    this.#client.on("error", (error) => {
      this.#lastError = (error as M95Error).code;
      this.#note("client error", error);
    });
    this.#client.on("end", () => {
      this.#note("client end");
      if (this.#ended) this.problems.push('"end" came twice');
      this.#ended = true;
    });
    this.#client.on("message", (topic: string, payload: string, { ambiguous }: PacketInfo) => {
      this.#heard.add(`${topic} ${payload}`);
      if (!ambiguous) this.#sure.add(`${topic} ${payload}`);
      this.#note(ambiguous ? "client message, ambiguous" : "client message", `${topic} ${payload}`);
    });
    this.#used = options.wrap ? options.wrap(this.#client) : this.#client;
  }

  /** Through all phases up to the fault, and a minute beyond. */
  live(): void {
    const clock = this.#clock;
    this.#used.subscribe("in/#", { qos: 1 }, this.#once("subscribe"));
    for (const qos of [0, 1, 2] as const) this.#publish(qos);
    let n = 0;
    const beat = (): void => {
      if (this.#struckAt < 0 || clock.now() < this.#struckAt + STRIKES) clock.after(20_000, beat);
      this.#publish((n++ % 3) as 0 | 1 | 2);
      clock.after(10_000, () => {
        if (this.#cell.phase === "receive" && this.#client.connected) this.#strike();
        this.#send(`news ${n}`);
      });
    };
    clock.after(20_000, beat);
    if (this.#cell.phase === "idle") clock.after(28_000, () => this.#strike());
    if (!clock.run(() => this.#struckAt >= 0, 120_000)) throw new Error("the phase was never reached");
    clock.advance(STRIKES);
    this.#virtual.faults.endAll();
    this.#note("called off");
    // A filter that was changed on its way is a good subscription to something else, until the next connection.
    if (this.#blind) this.#virtual.resetConnections();
  }

  /** Until a publish is acknowledged and a message comes in, or the client has given up for a good reason. */
  heal(): void {
    const clock = this.#clock;
    let k = 0;
    let back = false;
    const probe = (): void => {
      if (back || this.#ended) return;
      const text = `probe ${++k}`;
      this.#publish(1, text);
      this.#send(text);
    };
    const healed = (): boolean => {
      if (this.#ended) return true;
      const text = `probe ${k}`;
      back =
        this.#published.get(text)?.outcomes[0] === "ok" && this.#heard.has(`in/x ${text}`) && this.#client.connected;
      return back;
    };
    const deadline = clock.now() + BOUND;
    while (!healed() && clock.now() < deadline) {
      probe();
      // With no timer left nothing would ever happen any more, and time would stand still.
      const until = clock.now() + 30_000;
      if (!clock.run(healed, 30_000)) clock.advance(until - clock.now());
    }
    if (!healed())
      this.problems.push(`not back within ${BOUND / 1000} s: client ${this.#client.state}, modem ${this.#modem.state}`);
    else if (
      this.#ended &&
      !givesUp.some(([name, code]) => this.#cell.fault.startsWith(name) && this.#lastError === code)
    )
      this.problems.push(`the client gave up with ${this.#lastError}`);
  }

  stop(): void {
    const clock = this.#clock;
    this.#used.publish("out/last", "last", { qos: 1 }, this.#track("last", 1));
    this.#used.end(false, this.#once("end"));
    this.#modem.stop(this.#once("stop"));
    clock.run(() => this.#calls.get("stop") === 1, BOUND);
    clock.advance(1000);
    const bytes = this.#log.length;
    clock.advance(AFTERMATH);
    if (this.#log.slice(bytes).some((line) => line.includes(" rx "))) this.problems.push("bytes after stop");
  }

  judge(): void {
    const { problems } = this;
    for (const [what, count] of this.#calls) if (count !== 1) problems.push(`${what} was called back ${count} times`);
    if (this.#modem.state !== "off") problems.push(`the modem is ${this.#modem.state} after stop`);
    if (!this.#ended) problems.push('no "end"');
    if (this.#clock.pending) problems.push(`${this.#clock.pending} timers left`);
    problems.push(...leftovers(this.#modem, this.#client));
    this.#judgeDelivery();
    const name = this.#cell.fault.split(" ")[0]!;
    const causes = faultTable[name]!.causes ?? {};
    for (const { kind, detail, at } of this.#virtual.violations)
      if (!(kind in causes)) problems.push(`violation ${kind} at ${at.toFixed()}: ${detail}`);
    if (!changed.includes(name))
      for (const message of this.#heard)
        if (!this.#sentIn.has(firstLine(message))) problems.push(`heard ${JSON.stringify(message)}, which nobody sent`);
  }

  report(): string | undefined {
    if (this.problems.length === 0) return undefined;
    const { fault, phase, seed } = this.#cell;
    return [
      `fault ${fault}, phase ${phase}, seed ${seed}: ${this.problems.slice(0, 8).join("\n  ")}`,
      ...this.#log.slice(-SHOWN),
      `alone: npm run test:matrix -- --fault "${fault}" --phase "${phase}" --seed ${seed}`,
    ].join("\n");
  }

  get #blind(): boolean {
    return changing.some((name) => this.#cell.fault.startsWith(name));
  }

  #judgeDelivery(): void {
    const arrived = new Map<string, number>();
    let total = 0;
    for (const { payload, qos } of this.#broker.received) {
      const text = payload.toString("latin1");
      arrived.set(text, (arrived.get(text) ?? 0) + 1);
      if (qos > 0) total++;
    }
    let confirmed = 0;
    const blind = this.#blind;
    for (const [text, { qos, outcomes }] of this.#published) {
      if (outcomes.length !== 1) this.problems.push(`publish ${text} was called back ${outcomes.length} times`);
      const times = arrived.get(text) ?? 0;
      if (outcomes[0] === "ok" && qos > 0) {
        confirmed++;
        if (!blind && times === 0) this.problems.push(`${text} (QoS ${qos}) was confirmed and never arrived`);
      }
      if ((outcomes[0] === "ECLOSED" || outcomes[0] === "EQUEUE") && times > 0)
        this.problems.push(`${text} (QoS ${qos}) arrived and is said never to have been sent (${outcomes[0]})`);
      if (qos === 2 && times > 1 && !blind) this.problems.push(`${text} (QoS 2) arrived ${times} times`);
    }
    if (confirmed > total) this.problems.push(`${confirmed} confirmed, ${total} arrived`);
  }

  #publish(qos: 0 | 1 | 2, text = `qos ${qos} no ${this.#published.size}`): void {
    this.#used.publish(`out/${qos}`, text, { qos }, this.#track(text, qos));
  }

  #track(text: string, qos: number): (error?: Error | null) => void {
    const entry = { qos, outcomes: [] as Outcome[] };
    this.#published.set(text, entry);
    return (error) => {
      entry.outcomes.push(error ? (error as unknown as { code: string }).code : "ok");
      this.#note(`done ${text}:`, error ?? "ok");
    };
  }

  #once(what: string): () => void {
    this.#calls.set(what, 0);
    return () => this.#calls.set(what, this.#calls.get(what)! + 1);
  }

  #send(text: string): void {
    this.#sentIn.add(`in/x ${text}`);
    this.#broker.publish("in/x", text, 1);
  }

  #strike(): void {
    if (!this.#armed) return;
    this.#armed = false;
    // At once, or while the answer is on its way, or a little later.
    const delay = this.#cell.seed === 1 ? 0 : this.#draw() ** 3 * 5000;
    const strike = (): void => {
      this.#struckAt = this.#clock.now();
      this.#virtual.faults.start(this.#cell.fault);
      for (const qos of [1, 2, 0] as const) this.#publish(qos);
    };
    if (delay < 1) strike();
    else this.#clock.after(delay, strike);
  }

  #trace(direction: string, text: string): void {
    this.#note(direction, direction === "rx" || direction === "tx" ? JSON.stringify(text) : text);
    if (
      direction === "rx" &&
      this.#armed &&
      (phases as { [phase: string]: RegExp | undefined })[this.#cell.phase]?.test(text)
    )
      this.#strike();
  }

  #note(what: string, detail: unknown = ""): void {
    // A driver that spins without letting time pass would spin for ever.
    if (this.#log.length > LOG_LIMIT) throw new Error("it spins");
    const text = detail instanceof Error ? `${(detail as { code?: string }).code} ${detail.message}` : detail;
    const shown = typeof text === "string" ? text : JSON.stringify(text);
    this.#log.push(
      `${this.#clock.now().toFixed().padStart(8)} ${what} ${shown.length > 160 ? `${shown.slice(0, 160)}…` : shown}`,
    );
  }
}

/**
 * What was sent, of what was heard: unknown lines that come behind a message without a pause are taken for more of it, as
 * payloads may have empty lines in them.
 */
function firstLine(message: string): string {
  return message.split("\r\n")[0]!.replace(/^(in\/x )"?(.*?)"?$/, "$1$2");
}

/** What a stopped driver still holds: the insides are looked at, for there is no other way to see them. */
function leftovers(modem: M95, client: MqttClient): string[] {
  // biome-ignore lint/suspicious/noExplicitAny: private parts
  const inside = (object: object): any => object;
  const session = inside(modem)._lifecycle.session;
  const outbox = inside(client).outbox;
  const counts: [string, number][] = [
    ["commands in the session", session._queue.length + (session._run ? 1 : 0)],
    ["packets in the outbox", outbox._wait.length + outbox._flight.length + (outbox._hand ? 1 : 0)],
    ["clients of the modem", inside(modem).clients.filter(Boolean).length],
    ["commands counted by the modem", inside(modem)._commands],
  ];
  return counts.filter(([, count]) => count !== 0).map(([what, count]) => `${count} ${what} left`);
}

// Plays a transcript against the driver on a simulated clock: compares every byte of the host, feeds the modem's bytes
// in the chunks wanted, and writes down the events. It does not judge the events.
import {
  explain,
  M95,
  type M95Error,
  type M95Options,
  type MqttClient,
  type Secure,
  secure,
  type TlsOptions,
} from "../../core/index.js";
import type { Recorder } from "../../trace/recorder.js";
import { SimClock } from "../../virtual-m95/time/sim-clock.js";
import { pictureOf, type Step, type Transcript } from "./transcript.js";

/** How the modem's bytes are cut: "whole" answers, single bytes, or one answer cut in two. */
export type Cut = "whole" | "bytes" | { answer: number; at: number };

/** ms from what the host sent to the modem's answer, and between the two parts of an answer cut in two. */
const PAUSE = 5;
/** ms between two single bytes; about that of 115200 baud. */
const BYTE = 0.1;
/** ms the host may take to send what is next in the transcript. */
const PATIENCE = 400_000;
/** ms behind the last step in which events may still come but nothing may be sent. */
const SETTLE = 200;

function number(name: string, value: number | undefined): string {
  return value === undefined ? "" : ` ${name}=${value}`;
}

function describe(thrown: Error): string {
  const error = thrown as M95Error;
  const numbers =
    number("cme", error.cme) +
    number("result", error.result) +
    number("returnCode", error.returnCode) +
    number("messageId", error.messageId);
  return `${error.code}${numbers}: ${error.message}`;
}

function show(value: unknown): string {
  const text = JSON.stringify(value, (_key, inner) => (inner === undefined ? "\0" : inner));
  return text.replaceAll('"\\u0000"', "undefined");
}

type Callback = (error?: Error | null, value?: unknown) => void;

/** Members by any name: `done.publish` is a callback that writes down how "publish" ended. */
function byName<T>(make: (name: string) => T): Record<string, T> {
  return new Proxy({}, { get: (_target, name) => make(String(name)) });
}

class World {
  readonly clock = new SimClock();
  readonly events: string[] = [];
  onReceive: (chunk: string) => void = () => {};
  #modem: M95 | undefined;
  #client: MqttClient | undefined;
  /** What the host may send now. */
  #due = "";
  #problem: string | undefined;

  constructor(private readonly recorder?: Recorder) {}

  /** The driver's constructor as transcripts call it: with the line, the clock and the texts. */
  readonly open = (options: Partial<M95Options>): M95 => {
    const note = (text: string) => this.events.push(text);
    class Spoken extends M95 {
      override explain(family: string, code: number): string {
        return explain(family, code);
      }
      override secured(id: number, tls: boolean | TlsOptions | undefined): Secure | undefined {
        return secure.call(this as never, id, tls);
      }
      protected override createClient(id: number, wanted: Parameters<M95["connect"]>[0]): MqttClient {
        const client = super.createClient(id, wanted);
        // Drawn at random elsewhere; in the order of their packets they read better.
        let last = 0;
        client.outbox.nextId = () => ++last;
        const prefix = id ? `${id} ` : "";
        for (const name of ["connect", "reconnect", "offline", "end"] as const)
          client.on(name, () => note(prefix + name));
        for (const name of ["close", "error"] as const)
          client.on(name, (error?: Error) => note(prefix + name + (error ? ` ${describe(error)}` : "")));
        client.on("message", (topic: string, payload: string, packet) => {
          const marks = `msgid=${packet.msgid}${packet.ambiguous ? " ambiguous" : ""}`;
          note(`${prefix}message ${show(topic)} ${show(payload)} ${marks}`);
        });
        return client;
      }
    }
    const all: M95Options = { uart: this, clock: this.clock, random: () => 0.5, ...options };
    const modem = new Spoken(this.recorder?.begin(all, this.clock) ?? all);
    this.recorder?.attach({ modem, uart: this, options });
    modem.on("state", (state: string) => note(`state ${state}`));
    modem.on("ready", () => note("ready"));
    modem.on("error", (error: Error) => note(`error ${describe(error)}`));
    modem.on("recovery", (what: object) => note(`recovery ${show(what)}`));
    return modem;
  };

  write(data: string): void {
    if (this.#due.startsWith(data)) this.#due = this.#due.slice(data.length);
    else this.#problem ??= `the host sends ${pictureOf(data)} where ${pictureOf(this.#due) || "nothing"} is due`;
  }

  play(steps: Step[], cut: Cut): void {
    let answer = 0;
    let allowed = -1;
    // What a host step names may be sent from the beginning of the step in front of it: the driver need not wait for
    // the blank behind a prompt.
    const allow = (at: number) => {
      const step = steps[at];
      if (step?.kind !== "host" || allowed === at) return;
      allowed = at;
      this.#due = step.bytes;
    };
    for (const [i, step] of steps.entries()) {
      if (step.kind === "host") {
        allow(i);
        this.clock.run(() => this.#due === "" || this.#problem !== undefined, PATIENCE);
        if (this.#due) this.#problem ??= `the host does not send ${pictureOf(this.#due)}`;
      } else if (step.kind === "wait") this.clock.advance(step.ms);
      else if (step.kind === "call") {
        allow(i + 1);
        this.#call(step.code);
      } else {
        this.clock.advance(PAUSE);
        allow(i + 1);
        this.#feed(step.bytes, typeof cut === "string" ? cut : answer === cut.answer ? cut.at : "whole");
        answer++;
      }
      if (this.#problem !== undefined) throw new Error(`step ${i + 1}: ${this.#problem}`);
    }
  }

  /** Lets what is left happen. */
  settle(): void {
    this.clock.advance(SETTLE);
    if (this.#problem !== undefined) throw new Error(`behind the last step: ${this.#problem}`);
  }

  #call(code: string): void {
    const done = byName<Callback>((name) => (error, value) => {
      this.events.push(error ? `${name} ! ${describe(error)}` : value === undefined ? name : `${name} ${show(value)}`);
    });
    const log = byName((name) => (...values: unknown[]) => {
      const given = values.filter((value) => value !== undefined);
      this.events.push([name, ...given.map(show)].join(" "));
    });
    const run = new Function("open", "modem", "client", "done", "log", `${code}\nreturn { modem, client };`);
    const result = run(this.open, this.#modem, this.#client, done, log);
    this.#modem = result.modem;
    this.#client = result.client;
    this.clock.advance(0);
  }

  #feed(bytes: string, cut: "whole" | "bytes" | number): void {
    if (cut === "whole") this.onReceive(bytes);
    else if (cut === "bytes")
      for (const byte of bytes) {
        this.onReceive(byte);
        this.clock.advance(BYTE);
      }
    else {
      this.onReceive(bytes.slice(0, cut));
      this.clock.advance(PAUSE);
      this.onReceive(bytes.slice(cut));
    }
  }
}

/** What goes before a transcript: the ones it continues, the outermost first. */
function before(transcript: Transcript, all: Transcript[]): Transcript[] {
  if (transcript.continues === undefined) return [];
  const one = all.find((other) => other.title === transcript.continues);
  if (!one) throw new Error(`${transcript.file} › ${transcript.title}: there is no "${transcript.continues}"`);
  return [...before(one, all), one];
}

/** The cuts a transcript is played with: whole, single bytes, each answer at each position. */
export function cutsOf(transcript: Transcript): Cut[] {
  const cuts: Cut[] = ["whole", "bytes"];
  const answers = transcript.steps.filter((step) => step.kind === "modem");
  for (const [answer, { bytes }] of answers.entries())
    for (let at = 1; at < bytes.length; at++) cuts.push({ answer, at });
  return cuts;
}

/** Plays a transcript behind those it continues and returns its events. */
export function play(transcript: Transcript, all: Transcript[], cut: Cut, recorder?: Recorder): string[] {
  const world = new World(recorder);
  for (const earlier of before(transcript, all)) {
    world.play(earlier.steps, "whole");
    world.settle();
  }
  world.events.splice(0);
  world.play(transcript.steps, cut);
  world.settle();
  return world.events;
}

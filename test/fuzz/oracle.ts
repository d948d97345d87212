// What has to hold for every input: runs it on the real framer and session and throws a Failure when an oracle says no.
// It makes no inputs.
import { isDeepStrictEqual } from "node:util";
import type { Framer } from "../../core/at/framer.js";
import { trimLine } from "../../core/at/lines.js";
import { isAddress } from "../../core/at/params.js";
import { QUEUE_LIMIT } from "../../core/at/session.js";
import { M95Error } from "../../core/errors.js";
import { CHUNK, FramerRig, LIMIT, PREFIX, SessionRig } from "../core/at/rig.js";
import { COMMANDS, type Input, type Step } from "./input.js";

/** An input for which something does not hold. */
export class Failure extends Error {
  readonly oracle: string;
  constructor(oracle: string, detail: string) {
    super(`${oracle}: ${detail}`);
    this.oracle = oracle;
  }
}

function insist(oracle: string, holds: boolean, detail: () => string): void {
  if (!holds) throw new Failure(oracle, detail());
}

/** How bytes of one moment are cut into chunks: as they stand, into the longest that may be, into bytes. */
type Cut = "given" | "joined" | "bytewise";

function chunks(text: string, cut: Cut): string[] {
  if (cut === "given") return [text];
  const size = cut === "joined" ? CHUNK : 1;
  const list: string[] = [];
  for (let at = 0; at < text.length; at += size) list.push(text.slice(at, at + size));
  return list;
}

/** The input with its bytes cut otherwise; all else stays where it is. */
function recut(input: Input, cut: Cut): Input {
  if (cut === "given") return input;
  const steps: Input = [];
  let text = "";
  const feed = (): void => {
    for (const piece of chunks(text, cut)) steps.push({ do: "feed", text: piece });
    text = "";
  };
  for (const step of input)
    if (step.do === "feed") text += step.text;
    else {
      feed();
      steps.push(step);
    }
  feed();
  return steps;
}

/**
 * The input with every silence clearly short or clearly long. Between one and two silent ticks it depends on the chunks
 * whether the line counts as silent; no chunk decides about more than that.
 */
function calm(input: Input): Input {
  const steps: Input = [];
  for (const step of input) {
    const last = steps[steps.length - 1];
    // Sooner than any command goes behind a result: it waits for longer if more comes behind that, which is so byte by byte only when the
    // result stood in the middle of a chunk.
    if (step.do === "answer") steps.push({ ...step, ms: 5 });
    else if (step.do !== "wait") steps.push(step);
    else if (step.ms >= 20) {
      const ms = step.ms < 300 ? 50 : 2000;
      if (last?.do !== "wait") steps.push({ do: "wait", ms });
      else last.ms = Math.max(last.ms, ms);
    }
  }
  return steps;
}

/** Events without their times. */
function untimed(told: string[]): string[] {
  return told.map((one) => one.slice(one.indexOf(" ") + 1));
}

/** A prompt at the start of a line beyond the limit is seen only when it comes in a chunk of its own. */
function hasLongLine(text: string): boolean {
  return text.split("\n").some((line) => line.length > LIMIT);
}

/** Strings and list entries that an object keeps, whatever its fields are called. @param others - what is not its own */
function weigh(owner: object, others: unknown[]): { chars: number; longest: number } {
  const seen = new Set<unknown>(others);
  let chars = 0;
  let longest = 0;
  const visit = (value: unknown): void => {
    if (typeof value === "string") chars += value.length;
    if (typeof value !== "object" || !value || seen.has(value)) return;
    seen.add(value);
    if (Array.isArray(value)) longest = Math.max(longest, value.length);
    for (const one of Object.values(value)) visit(one);
  };
  visit(owner);
  return { chars, longest };
}

/** What was received, and how far of it has been handed over: nothing is made up, doubled or reordered. */
class Stream {
  text = "";
  /** Bytes received that are not in the text. */
  dropped = 0;
  private at = 0;

  /** The prompt of an older command is thrown away, even out of a message that is still under way. */
  watch(framer: Framer): void {
    // An empty line in front of a message is none of it.
    const held = (): number => ((framer as unknown as { held?: string }).held ?? "").replace(/^\r\n/, "").length;
    const expect = framer.expect.bind(framer);
    framer.expect = (prompt) => {
      const size = held();
      expect(prompt);
      if (held() === size) return;
      this.text = this.text.slice(0, -size);
      this.dropped += size;
    };
  }

  handedOver(piece: string): void {
    const found = this.text.indexOf(piece, this.at);
    insist("nothing is made up", found >= 0, () => `${JSON.stringify(piece)} was not received, or handed over before`);
    this.at = found + piece.length;
  }
}

/** ms behind which nothing is waited for any more: 25 silences, on a host that gathers as much as a silence may allow for. */
const SETTLED = 20_000;

// ---- the framer

/** A known line and a message, framed as the modem does it. */
const SUFFIX = `\r\n+QMTSTAT: 0,1\r\n\r\n${PREFIX} 0,1,"t",x\r\n`;
const UNDERSTOOD = ["line +QMTSTAT: 0,1", `message ${PREFIX} 0,1,"t",x`];

/** Knows the length of `+QMTRECV: <id>,<msgID>,"<topic>",<length>,<payload>`. */
const COUNTER = {
  measure(text: string): number {
    const head = /^\+QMTRECV: \d,\d,"[^"]*",(\d+),/.exec(text);
    if (head) return head[0].length + Number(head[1]);
    return text.includes('",') ? 0 : -1;
  },
};

function runFramer(input: Input, cut: Cut): string[] {
  const rig = new FramerRig();
  // What a host gathers takes no time on such a line, so that chunks of any size tell nothing of silences.
  rig.framer.rate(1_000_000);
  const { framer, clock } = rig;
  const stream = new Stream();
  const told: string[] = [];
  let calls = 0;
  let handed = 0;
  let losses = 0;
  const stamp = (): void => {
    for (const event of rig.take()) told.push(`${clock.now()} ${event}`);
  };
  rig.after = (event) => {
    const piece = event.slice(event.indexOf(" ") + 1);
    calls++;
    if (event === "prompt" || event === "overrun") return;
    stream.handedOver(piece);
    if (event.startsWith("line")) handed++;
    else insist("messages begin with +QMTRECV", piece.startsWith(PREFIX), () => JSON.stringify(event));
  };
  const known = new Set(rig.known);
  rig.known = { includes: (line: string) => calls++ >= 0 && known.has(line) } as string[];
  const silent = (ms: number): void => {
    const end = clock.now() + ms;
    while (clock.step(end)) stamp();
    clock.advance(end - clock.now());
  };
  const feed = (text: string): void => {
    stream.text += text;
    framer.receive(text);
    stamp();
  };
  const perform = (step: Step): void => {
    if (step.do === "feed") feed(step.text);
    else if (step.do === "wait") silent(step.ms);
    // As the session does, which sends no command into a message.
    else if (step.do === "expect" && !framer.open) framer.expect(">");
    else if (step.do === "strict") framer.strict = true;
    else if (step.do === "lengths") framer.counter = COUNTER;
    else if (step.do === "overrun") framer.overrun();
    else if (step.do === "reset") framer.clear();
    if (step.do === "overrun") losses++;
    stamp();
    if (cut !== "given") return;
    const size = weigh(framer, [clock]);
    insist("memory of the framer", size.chars <= 4 * LIMIT + 64, () => `${size.chars} characters are kept`);
    insist("timers of the framer", clock.pending <= 1, () => `${clock.pending} timers`);
  };
  for (const step of recut(input, cut)) perform(step);
  silent(SETTLED);
  insist("timers end", clock.pending === 0, () => `${clock.pending} timers behind ${SETTLED} ms of silence`);
  plain(input, stream.text, told);
  insist("bytes are counted", framer.bytes === stream.text.length, () => `${framer.bytes}, not ${stream.text.length}`);
  insist("lines are counted", framer.lines === handed, () => `${framer.lines}, not ${handed}`);
  insist("messages need a prefix", stream.text.includes(PREFIX) || !told.some((one) => one.includes(" message")), () =>
    told.join("\n"),
  );
  const bound = 2 * stream.text.length + 2 * losses + 4;
  insist("work is bounded", calls <= bound, () => `${calls} calls for ${stream.text.length} bytes`);
  const result = told.slice();
  // Half a line that was left standing spoils the first one, never the second.
  for (let i = 0; i < 2; i++) {
    feed(SUFFIX);
    silent(SETTLED);
  }
  const last = untimed(told.slice(-2));
  insist("understood after silence", isDeepStrictEqual(last, UNDERSTOOD), () => last.join("\n"));
  return result;
}

/** Without messages, prompts and losses the framer is a plain line splitter. */
function plain(input: Input, text: string, told: string[]): void {
  const special = input.some((step) => step.do === "overrun" || step.do === "reset" || step.do === "expect");
  if (special || text.includes(PREFIX) || hasLongLine(text)) return;
  const lines = text
    .split("\n")
    .slice(0, -1)
    .map(trimLine)
    .filter((line) => line);
  const got = untimed(told);
  const wanted = lines.map((line) => `line ${line}`);
  insist("plain lines", isDeepStrictEqual(got, wanted), () => `${got.join("|")}, not ${wanted.join("|")}`);
}

// ---- the session

/** What a modem in order says to a write. */
function answerOf(data: string): string {
  const text = data.replace(/\r$/, "");
  const command = COMMANDS[text];
  if (command?.prompt) return command.prompt === ">" ? "\r\n> " : `\r\n${command.prompt}\r\n`;
  if (command?.final) return command.final === "DEACT OK" ? "\r\nDEACT OK\r\n" : "\r\n10.0.0.1\r\n";
  if (text === "AT+CSQ") return "\r\n+CSQ: 20,0\r\n\r\nOK\r\n";
  if (data === "ABCDEFGH") return "\r\n+QSECWRITE: 8,4142\r\n\r\nOK\r\n";
  if (command || data.endsWith("AT\r") || data === "ATV1\r" || data.endsWith("\x1a")) return "\r\nOK\r\n";
  return "";
}

class SessionRun {
  readonly rig: SessionRig;
  readonly stream = new Stream();
  readonly told: string[] = [];
  private readonly ends: number[] = [];
  private answers: { ms: number; text: string }[] = [];
  private benign = false;
  private prompted = false;
  /** Lines since the last write. */
  private lines: string[] = [];

  constructor(
    private readonly cut: Cut,
    /** Answers inside the write, and silences of their length; otherwise each silence lasts until all is done. */
    private readonly timed: boolean,
  ) {
    const rig = new SessionRig(timed ? 20 : 200, LIMIT);
    rig.session.framer.rate(1_000_000);
    this.rig = rig;
    const { session } = rig;
    const line = session.line.bind(session);
    const inbox = session.inbox;
    session.line = (text, suspect) => {
      this.stream.handedOver(text);
      this.lines.push(text);
      if (text === "CONNECT" || (text === ">" && !suspect)) this.prompted = true;
      line(text, suspect);
    };
    session.inbox = {
      received: (text, ambiguous) => {
        this.stream.handedOver(text);
        insist("messages begin with +QMTRECV", text.startsWith(PREFIX), () => JSON.stringify(text));
        inbox.received(text, ambiguous);
      },
    };
    rig.uart.write = (data) => this.written(data);
    this.stream.watch(session.framer);
  }

  run(input: Input): void {
    for (const step of recut(input, this.cut)) {
      this.perform(step);
      this.stamp();
      if (this.cut === "given") this.bounded();
    }
    this.settle();
    this.recovers();
  }

  private written(data: string): void {
    const isData = Object.values(COMMANDS).some((one) => one.data === data);
    insist("data only behind the prompt", !isData || this.prompted, () => JSON.stringify(data));
    this.told.push(`${this.rig.clock.now()} > ${data}`);
    this.prompted = false;
    this.lines = [];
    const answer = this.benign ? { ms: 1, text: answerOf(data) } : this.answers.shift();
    if (!answer?.text) return;
    if (answer.ms < 0 && this.timed) this.feed(answer.text);
    else this.rig.clock.after(Math.max(0, answer.ms), () => this.feed(answer.text));
  }

  private feed(text: string): void {
    for (const chunk of chunks(text, this.cut)) this.receive(chunk);
  }

  private receive(chunk: string): void {
    this.stream.text += chunk;
    this.rig.uart.onReceive(chunk);
  }

  private stamp(): void {
    for (const event of this.rig.take()) this.told.push(`${this.rig.clock.now()} ${event}`);
  }

  private perform(step: Step): void {
    const { session, clock, uart } = this.rig;
    if (step.do === "feed") this.receive(step.text);
    else if (step.do === "wait") this.wait(step.ms);
    else if (step.do === "send") this.send(step.text, step.first);
    else if (step.do === "answer") this.answers.push(step);
    else if (step.do === "sync") session.sync(step.tries, "\x1b", this.once());
    else if (step.do === "open" || step.do === "close") session.allow(step.do === "open");
    else if (step.do === "overrun") uart.onOverrun!();
    else if (step.do === "reset") session.abort(new M95Error("ECLOSED", "reset"));
    if (step.do === "reset") insist("reset leaves no timer", clock.pending <= this.foreign(), () => `${clock.pending}`);
  }

  /** Timers that are the modem's, or of refused commands. */
  private foreign(): number {
    return this.told.length + this.ends.length;
  }

  private once(): () => void {
    const which = this.ends.push(0) - 1;
    return () => {
      insist("callbacks once", ++this.ends[which]! === 1, () => `call ${which} ended again`);
    };
  }

  private send(text: string, first: boolean): void {
    const one = COMMANDS[text]!;
    const once = this.once();
    this.rig.send(
      text,
      {
        ...one,
        done: (error) => {
          once();
          const final = (line: string): boolean =>
            line === "OK" || line === one.final || (one.final === "#.#.#.#" && isAddress(line));
          insist("no answer is made up", error !== null || this.lines.some(final), () => `${text} ended well`);
        },
      },
      first,
    );
  }

  private wait(ms: number): void {
    const { clock } = this.rig;
    const end = clock.now() + (this.timed ? ms : 1e6);
    while (clock.step(end)) this.stamp();
    if (this.timed) clock.advance(end - clock.now());
  }

  private bounded(): void {
    const { session, clock, uart } = this.rig;
    const sink = (session as unknown as { _sink: object; _stats: object })._sink;
    const size = weigh(session, [clock, uart, sink]);
    insist("lists of the session", size.longest <= LIMIT + 1, () => `${size.longest} entries`);
    const room = 6 * LIMIT + 120 * (QUEUE_LIMIT + 2);
    insist("memory of the session", size.chars <= room, () => `${size.chars} characters are kept`);
    const waiting = (session as unknown as { _queue: unknown[] })._queue.length;
    insist("queue of the session", waiting <= QUEUE_LIMIT, () => `${waiting} commands wait`);
  }

  /** From now on the modem is in order: everything ends. */
  private settle(): void {
    const { rig } = this;
    this.benign = true;
    rig.session.allow(true);
    while (rig.clock.step(1e7)) this.stamp();
    this.stamp();
    const open = this.ends.filter((count) => count !== 1).length;
    insist("everything ends", open === 0, () => `${open} calls never ended`);
    const received = this.stream.text.length + this.stream.dropped;
    insist("bytes are counted", rig.session.framer.bytes === received, () => `not ${received}`);
  }

  /** AT is answered, a command gets its answer, a message and a URC arrive. */
  private recovers(): void {
    const { rig } = this;
    const from = rig.clock.now();
    const writes = this.told.length;
    rig.sync(4, "\x1b");
    rig.send("AT+CSQ", COMMANDS["AT+CSQ"]);
    this.wait(20_000);
    this.receive(`\r\n${PREFIX} 0,1,"t",x\r\n`);
    this.wait(2000);
    this.receive("\r\n+QMTSTAT: 0,1\r\n");
    this.stamp();
    this.wait(2000);
    const wanted = ["synced OK", "AT+CSQ OK [+CSQ: 20,0]", `message ${PREFIX} 0,1,"t",x`, "urc +QMTSTAT: 0,1"];
    const got = this.told
      .slice(writes)
      .map((one) => one.slice(one.indexOf(" ") + 1))
      .filter((one) => !one.startsWith(">"))
      .slice(-wanted.length);
    insist("understood after silence", isDeepStrictEqual(got, wanted), () => `from ${from}\n${got.join("\n")}`);
    insist("timers end", rig.clock.pending === 0, () => `${rig.clock.pending} timers`);
  }
}

function runSession(input: Input, cut: Cut, timed: boolean): SessionRun {
  const run = new SessionRun(cut, timed);
  run.run(input);
  return run;
}

/** Whether a program's own error, too, is one of these. */
function guarded<T>(fn: () => T): T {
  try {
    return fn();
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure("nothing throws", (error as Error).stack ?? String(error));
  }
}

function same(oracle: string, one: string[], other: string[]): void {
  const a = untimed(one);
  const b = untimed(other);
  if (isDeepStrictEqual(a, b)) return;
  const at = a.findIndex((event, i) => event !== b[i]);
  const from = at < 0 ? a.length : at;
  const show = (list: string[]): string => JSON.stringify(list.slice(from, from + 4));
  throw new Failure(oracle, `event ${from}: ${show(a)}, otherwise ${show(b)}`);
}

/** @throws Failure naming the oracle that does not hold */
export function check(input: Input): void {
  guarded(() => {
    runFramer(input, "given");
    runSession(input, "given", true);
    const quiet = calm(input);
    const text = input.map((step) => ("text" in step ? step.text : "")).join("");
    if (!(input.some((step) => step.do === "expect") && hasLongLine(text)))
      same("any chunking, framer", runFramer(quiet, "joined"), runFramer(quiet, "bytewise"));
    const whole = runSession(quiet, "joined", false);
    if (!hasLongLine(whole.stream.text))
      same("any chunking, session", whole.told, runSession(quiet, "bytewise", false).told);
  });
}

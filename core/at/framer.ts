// Cuts the byte stream into lines, prompts and messages. It knows no command and no meaning, only shapes and silence.
// @resident receive _odd _settle _general _cutHead expect open _release _drain _scan _start _line _inside _add _seek
import type { Clock } from "../ports.js";
import { callOff } from "../timer.js";
import { BUSY, DEAF, DUBIOUS, LOST, MISSED, NOISE, OWN, PATIENCE, PAYLOAD, UNSURE } from "./kinds.js";
import { handProven, isBlank, trimLine } from "./lines.js";
import { Silence } from "./silence.js";
import type { Counter, FramerSink } from "./types.js";

export class Framer extends Silence {
  /** Lines handed over so far; messages are counted where they go. */
  lines: number;
  /** The prompt that is looked for at the start of a line, finished or not: one character, or none. */
  prompt!: string;
  /** A start inside a message counts only behind an empty line. Set once the modem is seen to frame its lines so. */
  strict!: boolean;
  /** Whether the line that is being handed over came behind an empty line. */
  framed!: boolean;
  /** Set while the modem tells the lengths of payloads: then a message has just so many bytes, whatever they are. */
  counter: Counter | undefined;
  /** What the counter said of the message under way, or of the one that is being handed over. */
  need!: number;
  /** The unfinished line; undefined: the rest of it is thrown away. In front of a message the empty line may still stand here. */
  held!: string | undefined;
  private _sink: FramerSink;
  private _prefix: string;
  /** A message that the modem sets apart: an empty line, and the prefix. */
  private _head: string;
  private _limit: number;
  /** Up to this number of bytes received, what is unfinished is within the limit for sure; 0: it is to be looked at; or one of those above. */
  private _end: number;
  /** What arrived while a sink function was running. */
  private _more: string;
  /** The message under way; "" outside of one. */
  private _text!: string;
  /** An LF and an empty line inside the message, which may turn out to be in front of the next thing; "" if none. */
  private _gap!: string;
  /** OWN, UNSURE or PAYLOAD. */
  private _kind!: number;
  /** What it would still be had the last silence been none. */
  private _before: number;
  /** Messages and lines that came while that was unsure. */
  private _waiting: string[] | undefined;

  /** @param prefix - how a line starts that is a message @param limit - bytes a line or message may have */
  constructor(sink: FramerSink, clock: Clock, prefix: string, limit: number) {
    super(clock);
    // What each chunk needs comes first: Espruino finds it soonest.
    this._end = 0;
    this._head = "\r\n" + prefix;
    this._sink = sink;
    this.clear();
    this._more = "";
    this._prefix = prefix;
    this._limit = limit;
    this.lines = this._before = 0;
    this.counter = undefined;
  }

  /** Takes a chunk of any size. May be called again from inside a sink function. */
  // Each statement counts on an interpreter, and so does what is skipped, but not what is behind a return.
  receive(chunk: string): void {
    const size = chunk.length;
    this.bytes += size;
    if ((size > this._long || this.bytes > this._end) && this._odd(chunk, size)) return;
    // In front of a message that is wholly here stands an empty line.
    const at = chunk.indexOf("\n", this.held ? 0 : 2);
    if (at < 0 && this.held) {
      this.held += chunk;
      return;
    }
    // A line begins or ends. A common message is taken as it stands, without being cut out of the chunk first.
    const behind = size - at - 1;
    const text = this.held + chunk;
    const end = this._end;
    if (this._gap || this.need || !text.startsWith(this._head) || (behind && behind < size)) this._general(chunk);
    else if (behind) this.held = text;
    else {
      this.held = "";
      this._end = BUSY;
      try {
        this._start(text.slice(2, -1));
        if (this._end === BUSY && !this._more) this._end = end;
        else this._drain();
      } catch (error) {
        this._failed(error);
      }
    }
  }

  /** Whether a chunk is nothing for the common way, and was taken. */
  private _odd(chunk: string, size: number): boolean {
    if (this._end < 0) {
      if (this._end === BUSY)
        if (this._more.length + size > this._limit) this._end = MISSED;
        else this._more += chunk;
      return true;
    }
    if (size > this._long && this._gathered(size * this.byteTime) && this._before > this._kind) {
      this._release(this._before);
      this.attend();
    }
    this._settle(size);
    if (this.bytes <= this._end) return false;
    this._general(chunk);
    return true;
  }

  /** @param size - bytes received that have not been looked at */
  private _settle(size: number): void {
    this._end =
      this._more || this.prompt || this.held === undefined ? 0 : this.bytes - size - this.held.length + this._limit;
  }

  // What is no common message. Without a chunk: silence.
  private _general(chunk?: string): void {
    this._end = BUSY;
    try {
      this._cutHead();
      if (chunk === undefined) this._pause();
      else this._scan(chunk);
      this._drain();
    } catch (error) {
      this._failed(error);
    }
  }

  private _cutHead(): void {
    const held = this.held;
    if (!held || !held.startsWith("\r\n")) return;
    this.held = "";
    this._scan(held);
  }

  private _failed(error: unknown): void {
    this._more = "";
    this._end = 0;
    this._overflow();
    this._sink.threw(error);
  }

  /** Looks for a prompt from now on. One that stands there already was meant for an older command. */
  expect(prompt: string): void {
    this._cutHead();
    if (!this._text && this.held && trimLine(this.held).startsWith(prompt)) this.held = "";
    this.prompt = prompt;
    if (this._end > 0) this._end = 0;
  }

  /** Bytes are missing here: what is unfinished is thrown away, up to the next line end. @param more - see `Uart` */
  overrun(more?: boolean): void {
    if (this._end === DEAF) this._end = 0;
    else if (this._end < 0) this._end = MISSED;
    else {
      this._cutHead();
      this._end = more ? DEAF : 0;
      this._overflow();
    }
  }

  /** Forgets what is unfinished and learned, as after a power cut. @param goesOn - the rest may come, and be payload up to a silence that is watched for */
  clear(goesOn?: boolean): void {
    // In front of a message there may be an empty line.
    this._kind = goesOn && (this.open || this.held! > "\r\n") ? PAYLOAD : OWN;
    if (!goesOn) this.prompt = "";
    this._gap = this._text = "";
    this.held = this._kind ? undefined : "";
    this.need = 0;
    this.hurried = this.strict = this.framed = false;
    this._waiting = undefined;
    callOff(this);
    this.rate(10000 / this.byteTime);
  }

  /** Whether what comes now could be taken for payload: a message is under way, or its end is not certain. */
  get open(): boolean {
    return !!(this._kind || this._text);
  }

  // What comes from now on is of this kind, and so is what has waited.
  private _release(kind: number): void {
    const waiting = this._waiting;
    this._kind = kind;
    if (!waiting) return;
    this._waiting = undefined;
    this.framed = this.strict;
    for (let i = 0; i < waiting.length; i++) {
      const text = waiting[i]!;
      this.need = 1;
      if (text.startsWith(this._prefix)) this._sink.received(text, kind === PAYLOAD);
      else this._sink.line(text, kind > OWN);
    }
    this.need = 0;
  }

  private _wait(text: string): void {
    this._waiting = (this._waiting || []).concat(text);
    // No room: messages are believed, since only a topic with line ends in it could be longer, but no line is.
    if (this._waiting.join("").length > this._limit) this._release(UNSURE);
  }

  private _drain(): void {
    while (this._more || this._end === MISSED) {
      const next = this._more;
      this._more = "";
      if (next) this._scan(next);
      else {
        this._end = BUSY;
        this._overflow();
      }
    }
    this._settle(0);
  }

  private _scan(chunk: string): void {
    let from = 0;
    for (let at = chunk.indexOf("\n"); at >= 0; at = chunk.indexOf("\n", from)) {
      // The whole line, or undefined when bytes of it are missing or there are too many.
      let line = this.held;
      if (line !== undefined && (line += chunk.substring(from, at)).length > this._limit) {
        this._overflow();
        line = undefined;
      }
      this.held = "";
      from = at + 1;
      if (line !== undefined)
        if (!this._text) this._line(line);
        else if (line.startsWith(this._prefix) && (this._gap || !this.strict) && !this.need) this._start(line);
        else this._inside(line);
    }
    const held = this.held;
    if (from >= chunk.length || held === undefined) return;
    this.held = held + chunk.substring(from);
    if (this.held.length > this._limit) this._overflow();
    else if (this.prompt && held.length < NOISE && !this.open) this._seek();
  }

  // A message begins. One that is under way ends in front of it.
  private _start(line: string): void {
    const text = this._text;
    if (text) {
      this._gap = "";
      if (this._kind !== PAYLOAD) this._release(PAYLOAD);
      const sink = this._sink;
      // With no command under way and nobody to trace it, a message is nothing to the session.
      if (text !== LOST)
        if (this.hurried || sink.trace) sink.received(text, true);
        else sink.inbox.received(text, true);
    }
    this._text = line;
    if (!this._timer) this.attend();
    if (this.counter) this._count();
  }

  private _overflow(): void {
    this.held = undefined;
    if (this._text) this._spoil();
    this._release(PAYLOAD);
    this.attend();
    this._sink.overran();
  }
  private _spoil(): void {
    this._text = LOST;
    this._gap = "";
    this.need = 0;
  }

  private _line(line: string): void {
    let text = trimLine(line);
    // One that may be part of a message has to stand at the end of the line and be followed by silence.
    if (this.prompt && !this._kind && text.startsWith(this.prompt)) {
      text = trimLine(text.substring(1));
      this.prompt = "";
      this._sink.line(">", false);
    }
    if (!text) this.framed = true;
    else if (text.startsWith(this._prefix)) this._start(line.substring(line.indexOf(this._prefix)));
    else {
      this.lines++;
      if (this._kind === UNSURE && this._continued(text) && !this._sink.proves(text)) this._release(PAYLOAD);
      if (this._kind === UNSURE) this._wait(text);
      else this._sink.line(text, this._kind > OWN);
      this.framed = false;
    }
  }

  private _continued(line: string): boolean | undefined {
    return this.counter && this.counter.continues!(line);
  }

  // Hands the message over if it has all of its bytes.
  private _count(): void {
    // One that may be payload has no say over what comes behind it. A length with more behind it than a quote and a CR was none.
    this.need = this._kind === PAYLOAD || !this.counter ? 0 : this.counter.measure(this._text);
    if (this.need > 0 && this._text.length >= this.need) this._finish(this._text.length > this.need + 2);
  }

  private _inside(line: string): void {
    const gap = this._gap;
    const text = trimLine(line);
    if (this.need) {
      // An empty line inside a message whose bytes are counted is a part of it.
      this._add("\n" + line);
      this._count();
    } else if (isBlank(line)) {
      this._add(gap);
      this._gap = "\n" + line;
    } else if (
      (gap || !this.strict || (line[0] === this._prefix[0] && this._sink.proves(text))) &&
      (text.startsWith(this._prefix) || this._sink.starts(text))
    ) {
      this._finish(true, !this._kind && !!gap === this.strict && this._sink.proves(text)); // Proven: it is whole.
      this.framed = !!gap;
      this._line(line);
    } else {
      // Payload; or a line of the modem that nobody knows: its lines end with CR LF; or a message without an empty line in front.
      if (gap.endsWith("\r") || line.startsWith(this._prefix)) this._release(PAYLOAD);
      this._add(gap + "\n" + line);
      this._gap = "";
    }
  }

  private _add(more: string): void {
    if (this._text === LOST) return;
    if (this._text.length + more.length <= this._limit) this._text += more;
    else {
      this._spoil();
      this._sink.overran();
    }
  }

  private _finish(cut: boolean, whole?: boolean): void {
    const text = this._text;
    this._text = this._gap = "";
    this.framed = false;
    if (cut) this._release(PAYLOAD);
    else if (this._kind < DUBIOUS && this.need && this.counter && this.counter.unsure)
      if (text.split("\n").slice(1).some(this._continued, this)) {
        this._release(DUBIOUS);
        this.need = 1;
      } else this._kind = UNSURE;
    if (text !== LOST) {
      if (this._kind === UNSURE) this._wait(text);
      else this._sink.received(text, this._kind === PAYLOAD && !whole);
    }
    this.need = 0;
    if (this._kind === PAYLOAD) handProven(text, this._sink);
  }

  private _seek(): void {
    const held = this.held || "";
    const at = held.indexOf(this.prompt);
    if (at < 0 || at >= NOISE || trimLine(held.substring(0, at))) return;
    this.held = held.substring(at + 1); // The start of the next line.
    this.prompt = "";
    this._sink.line(">", false);
  }

  protected _silent(): void {
    if (this._end === DEAF) this._await();
    else this._general();
  }

  private _pause(): void {
    const before = this._text && !this.need ? PAYLOAD : this._kind;
    const prompted = this.prompt && trimLine(this.held || "").startsWith(this.prompt);
    if ((before && prompted && this._untried()) || (this._text && this._quiet(prompted))) {
      this._await();
      return;
    }
    this._release(OWN);
    if (this.prompt) this._seek();
    this._quietAt = this._clock.now();
    this._before = before;
    this._sink.quiet();
  }

  // The line has been silent in the middle of a message. Whether the rest is waited for; else it is handed over, cut if it is shorter than was said.
  private _quiet(prompted: boolean | ""): boolean {
    const held = this.held || "";
    const blank = isBlank(held);
    const counted = this.need;
    // An empty line behind it is its own only when nothing follows that the host has gathered.
    if (counted || !(blank || prompted) ? ++this._ticks * this.silence < PATIENCE : this._gap && this._untried())
      return true;
    if (!prompted)
      if (counted) {
        if (held) {
          this._add("\n" + held);
          this.held = blank ? "" : undefined;
        }
      } else if (blank) this._add(this._gap);
      else {
        this.held = undefined; // Half a line is never taken for a line, so the other half is dropped if it should come.
        this._inside(held);
      }
    if (this._text) this._finish(!!(counted || prompted || !blank));
    return false;
  }
}

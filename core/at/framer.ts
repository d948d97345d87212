// Cuts the byte stream into lines, prompts and messages. It knows no command and no meaning, only shapes and silence.
// @resident receive expect open half _release _drain _scan _rest _join _line _inside _add _finish _held _seek _prompted
// @resident _silent _quiet
import type { Clock } from "../ports.js";
import { isBlank, trimLine } from "./lines.js";
import { ReceiveRing } from "./ring.js";
import { Silence } from "./silence.js";
import type { Counter, FramerSink } from "./types.js";

// What a line may be that comes now. What leads from one to the other is drawn in docs/states.md.

/** The modem's own. */
const OWN = 0;
/** Payload, if the length of a message in front was no length, which shows before the line is silent: all waits until then. */
const UNSURE = 1;
/** Payload: a message was cut, or bytes were lost, since the last silence. */
const PAYLOAD = 2;

/** The same by name, for the model check. */
export const KINDS = ["own", "unsure", "payload"];

/** ms of silence after which a message whose line end never came is handed over all the same. */
const PATIENCE = 500;

/** A prompt on an unfinished line has less noise than this in front of it; bounds the looking for it. */
const NOISE = 16;

/** A message under way of which bytes are missing: it is not handed over. No message looks like this. */
const LOST = "\0";

export class Framer extends Silence {
  /** Lines handed over so far; messages are counted where they go. */
  lines: number;
  /** The prompt that is looked for at the start of a line, finished or not; empty: none. */
  prompt: string;
  /** A start inside a message counts only behind an empty line. Set once the modem is seen to frame its lines so. */
  strict: boolean;
  /** Whether the line that is being handed over came behind an empty line. */
  framed: boolean;
  /** Set while the modem tells the lengths of payloads: then a message has just so many bytes, whatever they are. */
  counter: Counter | undefined;
  /** What the counter said of the message under way, or of the one that is being handed over. */
  need: number;
  private _sink: FramerSink;
  private _prefix: string;
  private _limit: number;
  private _ring: ReceiveRing;
  /** A sink function may be running. */
  private _busy: boolean;
  /** What arrived in the meantime. */
  private _more: string;
  /** Bytes behind that are missing. */
  private _missed: boolean;
  /** The message under way; "" outside of one. */
  private _text: string;
  /** An LF and an empty line inside the message, which may turn out to be in front of the next thing; "" if none. */
  private _gap: string;
  /** OWN, UNSURE or PAYLOAD. */
  private _kind: number;
  /** What it would still be had the last silence been none. */
  private _before: number;
  /** Messages and lines that came while that was unsure, and their bytes. */
  private _waiting: string[];
  private _waits: number;

  /**
   * @param prefix - how a line starts that is a message
   * @param limit - bytes a line or message may have
   */
  constructor(sink: FramerSink, clock: Clock, prefix: string, limit: number) {
    super(clock);
    // What is used most stands first: Espruino looks properties up in the order of their making.
    this._text = this._gap = "";
    this._busy = false;
    this._prefix = prefix;
    this._more = "";
    this._missed = this.strict = this.framed = false;
    this.lines = 0;
    this._sink = sink;
    this._limit = limit;
    this._ring = new ReceiveRing(limit);
    this.prompt = "";
    this._kind = this._before = OWN;
    this._waiting = [];
    this._waits = this.need = 0;
    this.counter = undefined;
  }

  /** Takes a chunk of any size. May be called again from inside a sink function. */
  receive(chunk: string): void {
    this.bytes += chunk.length;
    if (this._busy) {
      if (this._missed || this._more.length + chunk.length > this._limit) this._missed = true;
      else this._more += chunk;
      return;
    }
    if (chunk.length > this._long && this._gathered(chunk.length * this.byteTime) && this._before > this._kind) {
      this._release(this._before);
      this._watch();
    }
    const at = chunk.indexOf("\n");
    // Most chunks are a piece of a line.
    if (at < 0 && !this.prompt && this._ring.keep(chunk)) return;
    this._busy = true;
    try {
      if (at < 0) this._rest(chunk);
      else this._scan(chunk, at);
      if (this._more || this._missed) this._drain();
    } catch (error) {
      this._failed(error);
    } finally {
      this._busy = false;
    }
  }

  // The rest of the chunk is lost with it.
  private _failed(error: unknown): void {
    this._more = "";
    this._missed = false;
    this._overflow();
    this._sink.threw(error);
  }

  /** Looks for a prompt from now on. One that stands there already was meant for an older command. */
  expect(prompt: string): void {
    const held = this._held();
    if (this._text || !trimLine(held).startsWith(prompt)) this._ring.keep(held);
    this.prompt = prompt;
  }

  /** Bytes are missing here: what is unfinished is thrown away, up to the next line end. */
  overrun(): void {
    if (this._busy) this._missed = true;
    else this._overflow();
  }

  /** Forgets what is unfinished and learned, as after a power cut. What is received behind it is scanned as ever. */
  clear(): void {
    this._ring.take("");
    this._forget();
    this.prompt = this._text = this._gap = "";
    this.need = 0;
    this.strict = this.framed = false;
    this._kind = OWN;
    this._waiting = [];
    this._waits = 0;
  }

  /** Whether what comes now could be taken for payload: a message is under way, or its end is not certain. */
  get open(): boolean {
    return !!this._kind || !!this._text;
  }

  /** Whether a line has begun and not ended. */
  half(): boolean {
    return this._ring.size > 0;
  }

  private _suspect(): void {
    this._release(PAYLOAD);
    this._watch();
  }

  // What comes from now on is of this kind, and so is what has waited.
  private _release(kind: number): void {
    const waiting = this._waiting;
    this._kind = kind;
    if (!waiting.length) return;
    this._waiting = [];
    this._waits = 0;
    this.framed = this.strict;
    for (let i = 0; i < waiting.length; i++) {
      const text = waiting[i]!;
      const message = text.startsWith(this._prefix);
      this.need = message ? 1 : 0;
      if (message) this._sink.received(text, kind === PAYLOAD);
      else this._sink.line(text, kind > OWN);
    }
    this.need = 0;
  }

  private _wait(text: string): void {
    this._waiting.push(text);
    // No room: messages are believed, since only a topic with line ends in it could be longer, but no line is.
    if ((this._waits += text.length) > this._limit) this._release(UNSURE);
  }

  private _drain(): void {
    while (this._more || this._missed) {
      const next = this._more;
      this._more = "";
      if (!next) {
        this._missed = false;
        this._overflow();
      } else if (next.indexOf("\n") < 0) this._rest(next);
      else this._scan(next, next.indexOf("\n"));
    }
  }

  // The hot path: each statement counts on an interpreter, so the common lines are told apart right here.
  private _scan(chunk: string, at: number): void {
    const ring = this._ring;
    const long = chunk.length > this._limit;
    let from = 0;
    do {
      let line: string | undefined = chunk.substring(from, at);
      from = at + 1;
      if (ring.size || long) line = this._join(line);
      const text = this._text;
      if (line === "\r" && !this._gap) {
        if (text) this._gap = "\n\r";
        else this.framed = true;
      } else if (line !== undefined) {
        if (line.startsWith(this._prefix) && (!text || ((this._gap || !this.strict) && !this.need))) {
          if (text) {
            // The same as _finish.
            this._gap = "";
            if (this._kind !== PAYLOAD) this._release(PAYLOAD);
            if (text !== LOST) this._sink.received(text, true);
          }
          this._text = line;
          if (!this._timer) this._watch();
          if (this.counter) this._count();
        } else if (text) this._inside(line);
        else this._line(line);
      }
    } while ((at = chunk.indexOf("\n", from)) >= 0);
    if (from < chunk.length) this._rest(chunk.substring(from));
  }

  // The unfinished line, or more of it.
  private _rest(piece: string): void {
    const ring = this._ring;
    if (!ring.keep(piece)) this._overflow();
    else if (
      this.prompt &&
      ring.size < NOISE + piece.length &&
      !this._text &&
      !this._kind &&
      piece.indexOf(this.prompt) >= 0
    )
      this._seek();
  }

  /** The whole line, or undefined when bytes of it are missing or there are too many. */
  private _join(tail: string): string | undefined {
    const line = this._ring.take(tail);
    if (line === undefined || line.length <= this._limit) return line;
    this._overflow();
    return this._ring.take("");
  }

  private _overflow(): void {
    this._ring.lose();
    if (this._text) this._spoil();
    this._suspect();
    this._sink.overran();
  }

  private _spoil(): void {
    this._text = LOST;
    this.need = 0;
    this._gap = "";
  }

  private _line(line: string): void {
    let text = trimLine(line);
    // One that may be part of a message has to stand at the end of the line and be followed by silence.
    if (this.prompt && !this._kind && text.startsWith(this.prompt)) {
      text = trimLine(text.substring(this.prompt.length));
      this._prompted();
    }
    if (!text) this.framed = true;
    else if (text.startsWith(this._prefix)) {
      this._text = line.substring(line.indexOf(this._prefix));
      this._watch();
      if (this.counter) this._count();
    } else {
      this.lines++;
      if (this._kind === UNSURE && this.counter && this.counter.continues!(text) && !this._sink.proves(text))
        this._release(PAYLOAD);
      if (this._kind === UNSURE) this._wait(text);
      else this._sink.line(text, this._kind > OWN);
      this.framed = false;
    }
  }

  // Hands the message over if it has all of its bytes.
  private _count(): void {
    // One that may be payload has no say over what comes behind it.
    this.need = this._kind === PAYLOAD || !this.counter ? 0 : this.counter.measure(this._text);
    if (this.need > 0 && this._text.length >= this.need) this._finish(false);
  }

  private _inside(line: string): void {
    const gap = this._gap;
    let more = gap;
    if (this.need) {
      this._gap = more = "";
      this._add(gap);
      if (gap) this._count();
      // It was whole already: the line is the next one.
      if (!this._text) {
        this._line(line);
        return;
      }
      if (this.need) {
        this._add("\n" + line);
        this._count();
        return;
      }
    }
    if (line === "\r" || isBlank(line)) {
      this._add(more);
      this._gap = "\n" + line;
      return;
    }
    if (gap || !this.strict || (line[0] === this._prefix[0] && this._sink.proves(line.trim()))) {
      const text = trimLine(line);
      if (text.startsWith(this._prefix) || this._sink.starts(text)) {
        this._finish(true);
        this.framed = !!gap;
        this._line(line);
        return;
      }
    }
    // Payload; or a line of the modem that nobody knows: its lines end with CR LF; or a message without an empty line in front.
    if (gap.endsWith("\r") || line.startsWith(this._prefix)) this._release(PAYLOAD);
    this._gap = "";
    this._add(more + "\n" + line);
  }

  private _add(more: string): void {
    if (this._text === LOST) return;
    if (this._text.length + more.length <= this._limit) this._text += more;
    else {
      this._spoil();
      this._sink.overran();
    }
  }

  private _finish(cut: boolean): void {
    const text = this._text;
    this._text = this._gap = "";
    this.framed = false;
    if (cut) this._release(PAYLOAD);
    else if (this._kind === OWN && this.need && this.counter && this.counter.unsure) this._kind = UNSURE;
    if (text !== LOST) {
      if (this._kind === UNSURE) this._wait(text);
      else this._sink.received(text, this._kind === PAYLOAD);
    }
    this.need = 0;
  }

  /** Takes out what is held of the unfinished line, to look into it. */
  private _held(): string {
    return this._ring.lost ? "" : this._ring.take("")!;
  }

  private _seek(): void {
    const held = this._held();
    const at = held.indexOf(this.prompt);
    if (at < 0 || at >= NOISE || trimLine(held.substring(0, at))) this._ring.keep(held);
    else {
      // What is behind it is the start of the next line.
      this._ring.keep(held.substring(at + this.prompt.length));
      this._prompted();
    }
  }

  private _prompted(): void {
    this.prompt = "";
    this._sink.prompt();
  }

  protected _silent(): void {
    const before = this._text && !this.need ? PAYLOAD : this._kind;
    this._busy = true;
    try {
      if (this._text) this._quiet();
      else {
        this._release(OWN);
        if (this.prompt) this._seek();
      }
      if (!this.open) {
        this._quietAt = this._clock.now();
        this._before = before;
        this._sink.quiet();
      }
      this._drain();
    } catch (error) {
      this._failed(error);
    } finally {
      this._busy = false;
    }
  }

  // The line has been silent in the middle of a message.
  private _quiet(): void {
    let held = this._held();
    let cut = false;
    if (this.need) {
      const gap = this._gap;
      this._gap = "";
      this._add(gap);
      if (gap) this._count();
      if (this._text && ++this._ticks * this.silence < PATIENCE) {
        this._ring.keep(held);
        this._await();
        return;
      }
      // It has fewer bytes than was said. What comes behind the silence is something else.
      if (this._text) {
        if (!this.prompt || !trimLine(held).startsWith(this.prompt)) {
          this._add(held && "\n" + held);
          if (!isBlank(held)) this._ring.lose();
          held = "";
        }
        this._finish(true);
      }
      this._release(OWN);
      this._ring.keep(held);
      if (this.prompt) this._seek();
      return;
    }
    if (this.prompt && trimLine(held).startsWith(this.prompt)) {
      this._finish(true);
      this._release(OWN);
      this._ring.keep(held);
      if (this.prompt) this._seek();
      return;
    }
    if (isBlank(held)) {
      this._ring.keep(held);
      this._add(this._gap);
    } else if (++this._ticks * this.silence < PATIENCE) {
      this._ring.keep(held);
      this._await();
      return;
    } else {
      // Half a line is never taken for a line, so the other half is dropped if it should come.
      cut = true;
      this._ring.lose();
      this._inside(held);
    }
    if (this._text) this._finish(cut);
    this._release(OWN);
  }
}

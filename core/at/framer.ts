// Cuts the byte stream into lines, prompts and messages. It knows no command and no meaning, only shapes and silence.
import type { Clock, TimerHandle } from "../ports.js";
import { ReceiveRing } from "./ring.js";

/** Where the pieces go. None of these may throw. */
export interface FramerSink {
  /**
   * A line without its line end, never empty.
   * @param suspect - it came without a pause behind a message, so it may be part of that message's payload
   */
  line(line: string, suspect: boolean): void;
  /**
   * A message, raw, from its prefix to the last byte before its line end.
   * @param ambiguous - it may have been cut too early, or may itself be part of the payload before it
   */
  message(text: string, ambiguous: boolean): void;
  /** The awaited prompt. */
  prompt(): void;
  /** Whether a line inside a message looks like the start of something else. */
  starts(line: string): boolean;
  /** Bytes were dropped because the limit was reached. */
  overrun(): void;
}

/** Silent ticks after which a message whose line end never came is handed over all the same. */
const PATIENCE = 25;

/** The line without line ends, and without the control characters and line noise in front of it. */
export function trimLine(line: string): string {
  let end = line.length;
  while (end && line.charCodeAt(end - 1) <= 32) end--;
  let start = 0;
  let code: number;
  while (start < end && ((code = line.charCodeAt(start)) <= 32 || code > 126)) start++;
  return line.substring(start, end);
}

export class Framer {
  /** Bytes received so far; who remembers the number can tell whether the line was silent since. */
  bytes: number;
  /** Lines and messages handed over so far. */
  lines: number;
  /** The prompt to look for at the start of an unfinished line; empty: none. */
  prompt: string;
  /** A start inside a message counts only behind an empty line. Set once the modem is seen to frame its lines so. */
  strict: boolean;
  /** Whether the last line handed over came behind an empty line. */
  framed: boolean;
  /** Silence that ends a message, ms. */
  silence: number;
  private _sink: FramerSink;
  private _clock: Clock;
  private _prefix: string;
  private _limit: number;
  private _ring: ReceiveRing;
  private _busy: boolean;
  /** The message under way; undefined outside of one. */
  private _text: string | undefined;
  /** An empty line inside the message that may turn out to be in front of the next thing. */
  private _gap: string | undefined;
  /** Something was cut from a message since the last silence. */
  private _suspect: boolean;
  /** What is left of the current line is thrown away. */
  private _lost: boolean;
  /** Bytes of the message under way are missing; it is not handed over. */
  private _void: boolean;
  private _timer: TimerHandle;
  private _mark: number;
  private _ticks: number;
  private _onTick: () => void;

  /**
   * @param prefix - how a line starts that is a message
   * @param limit - bytes a line or message may have
   */
  constructor(sink: FramerSink, clock: Clock, prefix: string, limit: number, silence: number) {
    this._sink = sink;
    this._clock = clock;
    this._prefix = prefix;
    this._limit = limit;
    this._ring = new ReceiveRing(limit);
    this.silence = silence;
    this.prompt = "";
    this.bytes = this.lines = this._mark = this._ticks = 0;
    this._text = this._gap = this._timer = undefined;
    this.strict = this.framed = this._busy = this._suspect = this._lost = this._void = false;
    this._onTick = () => this._tick();
  }

  /** Takes a chunk of any size. May be called again from inside a sink function. */
  receive(chunk: string): void {
    this.bytes += chunk.length;
    if (this._busy) {
      if (!this._ring.wait(chunk)) this._overflow();
      return;
    }
    this._busy = true;
    let next: string | undefined = chunk;
    while (next !== undefined) {
      this._scan(next);
      next = this._ring.next();
    }
    this._busy = false;
  }

  /** Throws away what is unfinished: bytes are known to be missing in it. */
  discard(): void {
    this._ring.take("");
    this._lost = true;
    if (this._text !== undefined) this._void = true;
  }

  /** Forgets everything, as after a power cut. */
  reset(): void {
    this._ring.take("");
    if (this._timer !== undefined) this._clock.cancel(this._timer);
    this.prompt = "";
    this._text = this._gap = this._timer = undefined;
    this.strict = this._suspect = this._lost = this._void = false;
  }

  private _scan(chunk: string): void {
    let from = 0;
    let at: number;
    while ((at = chunk.indexOf("\n", from)) >= 0) {
      const piece = chunk.substring(from, at);
      const line = !from && this._ring.size ? this._ring.take(piece) : piece;
      from = at + 1;
      if (this._text !== undefined) this._inside(line);
      else if (this._lost) this._lost = false;
      else if (line.startsWith(this._prefix)) this._begin(line);
      else this._line(line);
    }
    if (from === chunk.length) return;
    if (!this._lost && !this._ring.keep(from ? chunk.substring(from) : chunk)) this._overflow();
    if (this.prompt && this._text === undefined && this._ring.size < 8) this._seek();
  }

  private _overflow(): void {
    this.discard();
    this._sink.overrun();
  }

  private _line(line: string): void {
    const text = trimLine(line);
    if (!text) {
      this.framed = true;
      return;
    }
    if (text.startsWith(this._prefix)) {
      this._begin(line.substring(line.indexOf(this._prefix)));
      return;
    }
    this.lines++;
    this._sink.line(text, this._suspect);
    this.framed = false;
  }

  private _begin(line: string): void {
    this._text = line;
    this._gap = undefined;
    this._watch();
  }

  private _inside(line: string): void {
    const gap = this._gap;
    if (line === "\r" || line === "") {
      if (gap !== undefined) this._add(gap);
      this._gap = line;
      return;
    }
    if (gap !== undefined || !this.strict) {
      if (line.startsWith(this._prefix)) {
        this._finish(true);
        this._begin(line);
        return;
      }
      if (this._sink.starts(trimLine(line))) {
        this._finish(true);
        this.framed = gap !== undefined;
        this._line(line);
        return;
      }
    }
    if (gap !== undefined) this._add(gap);
    this._gap = undefined;
    this._add(line);
  }

  private _add(line: string): void {
    if (this._void) return;
    if (this._text!.length + line.length < this._limit) {
      this._text += "\n" + line;
      return;
    }
    this._void = true;
    this._text = "";
    this._sink.overrun();
  }

  private _finish(cut: boolean): void {
    const text = this._text!;
    const whole = !this._void;
    const ambiguous = cut || this._suspect;
    this._text = this._gap = undefined;
    this._void = false;
    this._suspect = cut;
    if (!whole) return;
    this.lines++;
    this._sink.message(text.endsWith("\r") ? text.substring(0, text.length - 1) : text, ambiguous);
  }

  private _seek(): void {
    const held = this._ring.take("");
    const text = trimLine(held);
    if (text.startsWith(this.prompt)) {
      this.prompt = "";
      this._sink.prompt();
    } else if (held) this._ring.keep(held);
  }

  private _watch(): void {
    if (this._timer !== undefined) return;
    this._mark = this.bytes;
    this._ticks = 0;
    this._timer = this._clock.after(this.silence, this._onTick);
  }

  private _tick(): void {
    this._timer = undefined;
    if (this._mark !== this.bytes) this._watch();
    else if (this._text === undefined) this._suspect = false;
    else this._quiet();
  }

  // The line has been silent in the middle of a message.
  private _quiet(): void {
    if (this._ring.size && !this._lost) {
      const held = this._ring.take("");
      if (this.prompt && trimLine(held).startsWith(this.prompt)) {
        this._finish(true);
        this._suspect = false;
        this.prompt = "";
        this._sink.prompt();
        return;
      }
      if (++this._ticks < PATIENCE) {
        this._ring.keep(held);
        this._timer = this._clock.after(this.silence, this._onTick);
        return;
      }
      this._inside(held);
      this._suspect = true;
    } else if (this._gap !== undefined) this._add(this._gap);
    if (this._text !== undefined) this._finish(false);
    this._suspect = false;
  }
}

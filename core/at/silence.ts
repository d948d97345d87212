// Judges when the line is silent: how long a silence has to be at its rate and with its host, and when one was. It looks into no byte.
// @resident attend _await _tick
import type { Clock, TimerHandle } from "../ports.js";
import { PATIENCE } from "./kinds.js";

/** Characters of silence that end a message, and ms at least: less is a hiccup of the line or of the host, not an end. */
const CHARACTERS = 40;
const LEAST = 20;
/** Characters that hosts gather at most, and those that have to come before it is known whether this one does. */
const GATHERED = 512;
const LEARNT = 4096;

/** ms by which a look may be late: beyond that the host was busy, and has not read what there is. It gets as many turns. */
const LATE = 5;
/** Looks for the end of a silence while somebody waits for it. */
const LOOKS = 4;

export abstract class Silence {
  /** Bytes received so far; who remembers the number can tell whether the line was silent since. */
  bytes: number;
  /** Silence that ends a message, ms. */
  silence!: number;
  /** When something was last under way, of the clock, as exact as `silence`: to ask the clock for each one costs more. */
  stamp: number;
  /** ms a byte takes on the line. */
  byteTime: number;
  /** A command runs: a silence is noticed soon after it was one, for more timers. */
  hurried!: boolean;
  _clock: Clock;
  /** Bytes of a chunk that was gathered for so long that a silence in front of it may have been none. */
  protected _long!: number;
  /** When the last silence was noticed. */
  protected _quietAt: number;
  /** Silences in a row since something was under way. */
  protected _ticks!: number;
  _timer: TimerHandle;
  private _mark!: number;
  /** Looks in a row at which no byte had come. */
  private _still!: number;
  /** When the next look is due, and how often it has come late in a row. */
  private _due!: number;
  private _lates!: number;
  private _onTick: () => void;

  constructor(clock: Clock) {
    this.bytes = 0;
    this.byteTime = 10000 / 115200;
    this._clock = clock;
    this.stamp = this._quietAt = -Infinity;
    // Bound: on Espruino a closure keeps the whole scope it was made in.
    this._onTick = this._tick.bind(this);
  }

  /** Tells the rate of the line, baud; silences follow it. */
  rate(baud: number): void {
    this.byteTime = 10000 / baud;
    this._listen(Math.max(LEAST, CHARACTERS * this.byteTime));
  }

  private _listen(silence: number): void {
    this.silence = Math.ceil(silence);
    this._long = silence / 2 / this.byteTime;
  }

  /** A chunk was gathered for so many ms. Whether what seemed silent in front of it may not have been. */
  protected _gathered(ms: number): boolean {
    const least = Math.max(LEAST, CHARACTERS * this.byteTime);
    // A clock that was set back makes no doubt.
    const doubtful = Math.abs(this._clock.now() - this._quietAt) + this.silence - ms < least;
    // It will gather more another time.
    if (ms > this.silence - LATE) this._listen(Math.min(PATIENCE, Math.max(this.silence, 2 * ms + LEAST)));
    return doubtful;
  }

  /** Whether a silence may be none because the host has only gathered for longer than ever: a prompt is acted on before that shows. */
  protected _untried(): boolean {
    return this.bytes < LEARNT && ++this._ticks * this.silence < Math.min(PATIENCE, GATHERED * this.byteTime);
  }

  /** Something is under way: `_silent` is called once the line is silent. */
  attend(): void {
    if (this._timer !== undefined) return;
    this._ticks = this._still = this._lates = 0;
    this.stamp = this._clock.now();
    this._await();
  }

  /** Waits for another silence. @param turn - ms, if it is only for a host that was busy to read what there is */
  protected _await(turn?: number): void {
    let wait = turn;
    if (!wait) {
      wait = this.silence;
      if (this.hurried) wait /= LOOKS;
      // The next look is the last, then, however soon it may be hurried.
      else this._still = LOOKS - 1;
    }
    this._mark = this.bytes;
    this._due = this._clock.now() + wait;
    this._timer = this._clock.after(wait, this._onTick);
  }

  protected abstract _silent(): void;

  private _tick(): void {
    this._timer = undefined;
    if (this._mark !== this.bytes) this.attend();
    else if (this._clock.now() - this._due > LATE && ++this._lates < LOOKS) this._await(LEAST);
    else if (++this._still < LOOKS) this._await();
    else {
      this._still = this._lates = 0;
      this._silent();
    }
  }
}

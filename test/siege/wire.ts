// The serial line: bytes take their time in both directions, and the host hands them over in the pieces it gathers. It
// reads nothing.
import type { Draw } from "./draw.js";
import { type Event, READ, type Time } from "./time.js";

/** How the host takes bytes out of its UART. */
export interface Habit {
  /** Bytes it waits for, at most 512; two numbers: drawn anew for each piece. */
  chunk: number | [least: number, most: number];
  /** Silence after which it takes what there is, in characters. */
  idle: number;
  /** It is busy with other things so often and for so long, ms on average; then everything it does is late. */
  stall?: { every: number; length: number };
}

/** What a host's buffer hands over at a time. */
const MOST = 512;

interface Segment {
  text: string;
  /** When its first byte begins. */
  begin: number;
}

export class Wire {
  /** The driver's ear. */
  toHost: (chunk: string) => void = () => {};
  /** The modem's. */
  toModem: (bytes: string) => void = () => {};
  /** ms a byte takes: 8N1. */
  readonly byteTime: number;
  /** When the modem's last byte so far will have gone out. */
  freeAt = 0;
  /** Bytes that have gone to the host, or will. */
  sent = 0;
  /** Bytes the host has handed over. */
  handed = 0;
  private readonly time: Time;
  private readonly habit: Habit;
  private readonly draw: Draw;
  private readonly segments: Segment[] = [];
  private readonly sizes: number[] = [];
  private held = 0;
  private target: number;
  private wake: Event | undefined;
  private hostFreeAt = 0;
  private readonly marks: { offset: number; fn: () => void }[] = [];

  constructor(time: Time, baud: number, habit: Habit, draw: Draw) {
    this.time = time;
    this.byteTime = 10_000 / baud;
    this.habit = habit;
    this.draw = draw;
    this.target = this.size();
    if (habit.stall) this.stall(habit.stall);
  }

  /**
   * From the modem, behind what it has said already.
   * @param handed - called just before the host hands over the last of it
   */
  send(text: string, handed?: () => void): void {
    const begin = Math.max(this.time.now(), this.freeAt);
    this.freeAt = begin + text.length * this.byteTime;
    this.segments.push({ text, begin });
    this.held += text.length;
    this.sent += text.length;
    if (handed) this.marks.push({ offset: this.sent, fn: handed });
    this.plan();
  }

  /** From the host. What it means may depend on when its parts arrive. */
  write(text: string): void {
    for (const piece of text.match(/[^\r\x1a\x1b]{1,64}[\r\x1a\x1b]?|[\r\x1a\x1b]/g) ?? []) {
      this.hostFreeAt = Math.max(this.time.now(), this.hostFreeAt) + piece.length * this.byteTime;
      this.time.at(this.hostFreeAt, () => this.toModem(piece));
    }
  }

  /** What the host hands over next, in bytes, whatever its habit is. */
  gather(first: number, ...next: number[]): void {
    this.target = first;
    this.sizes.push(...next);
  }

  private size(): number {
    const { chunk } = this.habit;
    const size = this.sizes.shift();
    if (size !== undefined) return size;
    return typeof chunk === "number" ? chunk : Math.round(this.draw.between(...chunk));
  }

  private plan(): void {
    let at = this.freeAt + this.habit.idle * this.byteTime;
    if (this.held >= this.target) {
      let left = this.target;
      let i = 0;
      while (left > this.segments[i]!.text.length) left -= this.segments[i++]!.text.length;
      at = this.segments[i]!.begin + left * this.byteTime;
    }
    if (this.wake?.fn) {
      if (this.wake.at === at) return;
      this.time.cancel(this.wake);
    }
    this.wake = this.time.at(at, () => this.read(), READ);
  }

  private read(): void {
    let chunk = this.take();
    while (chunk) {
      this.target = this.size();
      this.handed += chunk.length;
      while (this.marks.length && this.marks[0]!.offset <= this.handed) this.marks.shift()!.fn();
      this.toHost(chunk);
      chunk = this.held >= this.target ? this.take() : "";
    }
    if (this.held) this.plan();
  }

  /** What has arrived by now, as much as is handed over at a time. */
  private take(): string {
    const now = this.time.now();
    let chunk = "";
    while (this.segments.length && chunk.length < MOST) {
      const first = this.segments[0]!;
      const arrived = Math.floor((now - first.begin) / this.byteTime + 1e-6);
      if (arrived <= 0) break;
      const n = Math.min(arrived, first.text.length, MOST - chunk.length);
      chunk += first.text.slice(0, n);
      if (n === first.text.length) this.segments.shift();
      else {
        first.text = first.text.slice(n);
        first.begin += n * this.byteTime;
        break;
      }
    }
    this.held -= chunk.length;
    return chunk;
  }

  private stall(stall: { every: number; length: number }): void {
    this.time.at(this.time.now() + this.draw.wait(stall.every), () => {
      // One that begins in another does not end before it: who reads late has late timers as well.
      const until = this.time.now() + this.draw.between(0.2, 1.8) * stall.length;
      this.time.stalledUntil = Math.max(this.time.stalledUntil, until);
      this.stall(stall);
    });
  }
}

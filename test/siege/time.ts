// Simulated time: a heap of events. At the same moment the host first reads its UART, then the world goes on, then the
// driver's timers run.
import type { Clock } from "../../core/index.js";

export const READ = 0;
export const WORLD = 1;
export const TIMER = 2;

export interface Event {
  at: number;
  rank: number;
  seq: number;
  /** Undefined once it was cancelled or has run. */
  fn: (() => void) | undefined;
}

function before(a: Event, b: Event): boolean {
  if (a.at !== b.at) return a.at < b.at;
  return a.rank !== b.rank ? a.rank < b.rank : a.seq < b.seq;
}

export class Time implements Clock {
  /** The host does nothing before this moment, ms; its timers are late by as much. */
  stalledUntil = 0;
  /** What the driver threw into the host's event loop, which goes on. */
  readonly thrown: unknown[] = [];
  private heap: Event[] = [];
  private seq = 0;
  private t = 0;

  now(): number {
    return this.t;
  }

  // ---- the driver's port

  after(ms: number, fn: () => void): Event {
    return this.at(this.t + Math.max(0, ms), fn, TIMER);
  }

  cancel(handle: unknown): void {
    if (handle) (handle as Event).fn = undefined;
  }

  // ---- the world's

  at(time: number, fn: () => void, rank = WORLD): Event {
    const event: Event = { at: Math.max(time, this.t), rank, seq: this.seq++, fn };
    this.push(event);
    return event;
  }

  /** Timers of the driver that are still armed. */
  get timers(): number {
    return this.heap.filter((event) => event.fn && event.rank === TIMER).length;
  }

  /** Runs until `done` says so; false: the time is over. */
  run(done: () => boolean, ms: number): boolean {
    const end = this.t + ms;
    while (!done()) {
      const event = this.heap[0];
      if (!event || event.at > end) {
        this.t = end;
        return done();
      }
      this.pop();
      const fn = event.fn;
      if (!fn) continue;
      this.t = event.at;
      if (event.rank !== WORLD && this.stalledUntil > this.t) {
        event.at = this.stalledUntil;
        this.push(event);
        continue;
      }
      event.fn = undefined;
      if (event.rank === WORLD) fn();
      else this.host(fn);
    }
    return true;
  }

  private host(fn: () => void): void {
    try {
      fn();
    } catch (error) {
      this.thrown.push(error);
    }
  }

  advance(ms: number): void {
    this.run(() => false, ms);
  }

  private push(event: Event): void {
    const heap = this.heap;
    let i = heap.length;
    heap.push(event);
    while (i) {
      const up = (i - 1) >> 1;
      if (!before(event, heap[up]!)) break;
      heap[i] = heap[up]!;
      i = up;
    }
    heap[i] = event;
  }

  private pop(): void {
    const heap = this.heap;
    const last = heap.pop()!;
    const n = heap.length;
    if (!n) return;
    let i = 0;
    for (;;) {
      let down = 2 * i + 1;
      if (down >= n) break;
      if (down + 1 < n && before(heap[down + 1]!, heap[down]!)) down++;
      if (!before(heap[down]!, last)) break;
      heap[i] = heap[down]!;
      i = down;
    }
    heap[i] = last;
  }
}

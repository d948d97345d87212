// A simulated clock for tests: time moves only when told to, timers fire in order. It never touches real time.

interface Entry {
  at: number;
  order: number;
  fn: () => void;
  live: boolean;
}

/** Clock whose time moves only through `advance` and `run`. Has the shape of the driver's `Clock` port. */
export class SimClock {
  #now = 0;
  #order = 0;
  #heap: Entry[] = [];
  #live = 0;

  now(): number {
    return this.#now;
  }

  /** Timers that have neither fired nor been cancelled. */
  get pending(): number {
    return this.#live;
  }

  after(ms: number, fn: () => void): Entry {
    const entry: Entry = { at: this.#now + Math.max(0, ms), order: this.#order++, fn, live: true };
    this.#live++;
    this.#push(entry);
    return entry;
  }

  cancel(handle: unknown): void {
    const entry = handle as Entry | undefined;
    if (!entry?.live) return;
    entry.live = false;
    this.#live--;
  }

  /** Moves time on by `ms`, firing what falls due on the way, in order. */
  advance(ms: number): void {
    const end = this.#now + ms;
    while (this.step(end)) {}
    this.#now = end;
  }

  /**
   * Fires timers one by one until `until()` holds; returns whether it came to hold before `limit` ms had passed or no
   * timer was left.
   */
  run(until: () => boolean, limit = 3_600_000): boolean {
    const end = this.#now + limit;
    while (!until()) if (!this.step(end)) return until();
    return true;
  }

  /** Fires the next timer if it is due by `end`; says whether it did. */
  step(end: number = Number.POSITIVE_INFINITY): boolean {
    for (;;) {
      const next = this.#heap[0];
      if (!next || (next.live && next.at > end)) return false;
      this.#pop();
      if (!next.live) continue;
      next.live = false;
      this.#live--;
      this.#now = next.at;
      next.fn();
      return true;
    }
  }

  #before(a: Entry, b: Entry): boolean {
    return a.at < b.at || (a.at === b.at && a.order < b.order);
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let i = heap.push(entry) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!this.#before(entry, heap[parent]!)) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && this.#before(heap[child + 1]!, heap[child]!)) child++;
      if (!this.#before(heap[child]!, last)) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = last;
  }
}

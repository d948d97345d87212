// A seeded stream of random numbers. The driver, the publisher and the network each draw from their own, so that a plan
// that is made shorter leaves the others as they are.

export class Draw {
  private a: number;
  private b: number;

  /** @param words - what the stream depends on */
  constructor(...words: number[]) {
    this.a = 0x9e3779b9;
    this.b = 0x243f6a88;
    for (const word of words) {
      this.a = Math.imul(this.a ^ word, 0x85ebca6b) ^ (this.a >>> 13);
      this.b = Math.imul(this.b + word, 0xc2b2ae35) ^ (this.b >>> 16);
      this.next();
    }
    for (let i = 0; i < 8; i++) this.next();
  }

  // xoroshiro64*, 32 bits.
  private next(): number {
    const mixed = this.b ^ this.a;
    const result = Math.imul(this.a, 0x9e3779bb);
    this.a = ((this.a << 26) | (this.a >>> 6)) ^ mixed ^ (mixed << 9);
    this.b = (mixed << 13) | (mixed >>> 19);
    return result >>> 0;
  }

  /** From 0 up to 1. */
  unit(): number {
    return this.next() / 0x100000000;
  }

  /** An integer from 0 to n - 1. */
  below(n: number): number {
    return Math.floor(this.unit() * n);
  }

  /** A number from `least` up to `most`. */
  between(least: number, most: number): number {
    return least + this.unit() * (most - least);
  }

  chance(probability: number): boolean {
    return this.unit() < probability;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  /** The distance to the next event of a Poisson process. */
  wait(mean: number): number {
    return -Math.log(1 - this.unit()) * mean;
  }
}

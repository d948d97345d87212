// The receive ring: a bounded store of the chunks of one unfinished line, as they arrived. It does not look into them.
// @resident keep take

/** Chunks kept apart before they are joined into one; bounds the number of pieces whatever their size. */
const SLOTS = 32;

export class ReceiveRing {
  /** Bytes held; the limit while `lost`. */
  size: number;
  /** The rest of the line is thrown away. */
  lost: boolean;
  private _limit: number;
  private _slots: string[];

  /** @param limit - bytes it may hold */
  constructor(limit: number) {
    this.size = 0;
    this._slots = [];
    this._limit = limit;
    this.lost = false;
  }

  /** Keeps a piece of the unfinished line. False, and nothing kept, when that would exceed the limit. */
  keep(piece: string): boolean {
    const size = this.size + piece.length;
    if (size > this._limit) return this.lost;
    this.size = size;
    if (this._slots.push(piece) > SLOTS) this._slots = [this._slots.join("")];
    return true;
  }

  /** The line that `tail` finishes, or undefined when it was given up; the ring holds none of it afterwards. */
  take(tail: string): string | undefined {
    const slots = this._slots;
    const lost = this.lost;
    this._slots = [];
    this.size = 0;
    this.lost = false;
    slots.push(tail);
    return lost ? undefined : slots.join("");
  }

  /** Gives the line up: what is held and what comes of it are thrown away. */
  lose(): void {
    this._slots = [];
    this.lost = true;
    // Full: any piece is one too many.
    this.size = this._limit;
  }
}

// The receive ring: a bounded store of the chunks of one unfinished line, as they arrived. It does not look into them.

/** Chunks kept apart before they are joined into one; bounds the number of pieces whatever their size. */
const SLOTS = 32;

export class ReceiveRing {
  /** Bytes held. */
  size: number;
  private _limit: number;
  private _slots: string[];

  /** @param limit - bytes it may hold */
  constructor(limit: number) {
    this._limit = limit;
    this._slots = [];
    this.size = 0;
  }

  /** Keeps a piece of the unfinished line. False, and nothing kept, when that would exceed the limit. */
  keep(piece: string): boolean {
    const size = this.size + piece.length;
    if (size > this._limit) return false;
    this.size = size;
    if (this._slots.length === SLOTS) this._slots = [this._slots.join("")];
    this._slots.push(piece);
    return true;
  }

  /** The line that `tail` finishes; the ring holds none of it afterwards. */
  take(tail: string): string {
    const slots = this._slots;
    this._slots = [];
    this.size = 0;
    slots.push(tail);
    return slots.join("");
  }
}

// The receive ring: a bounded store of the chunks of an unfinished line, as they arrived. It does not look into them.

/** Chunks kept apart before they are packed into one string; bounds the number of pieces whatever their size. */
const SLOTS = 32;

export class ReceiveRing {
  /** Bytes held, those that wait included. */
  size: number;
  private _limit: number;
  private _slots: string[];
  private _used: number;
  private _packed: string;
  private _waiting: string[];

  /** @param limit - bytes it may hold */
  constructor(limit: number) {
    this._limit = limit;
    this._slots = [];
    this._waiting = [];
    this._packed = "";
    this._used = this.size = 0;
  }

  /** Keeps a piece of the unfinished line. False, and nothing kept, when that would exceed the limit. */
  keep(piece: string): boolean {
    if (this.size + piece.length > this._limit) return false;
    this.size += piece.length;
    if (this._used === SLOTS) this._pack();
    this._slots[this._used++] = piece;
    return true;
  }

  /** The line that `tail` finishes; the ring holds none of it afterwards. */
  take(tail: string): string {
    if (this._used > 1 || this._packed) this._pack();
    const line = (this._used ? this._slots[0]! : this._packed) + tail;
    this.size -= line.length - tail.length;
    this._used = 0;
    this._packed = "";
    return line;
  }

  /** Puts a chunk aside that arrived while another one is being worked on. False when that would exceed the limit. */
  wait(chunk: string): boolean {
    if (this.size + chunk.length > this._limit) return false;
    this.size += chunk.length;
    this._waiting.push(chunk);
    return true;
  }

  /** The oldest chunk put aside. */
  next(): string | undefined {
    const chunk = this._waiting.shift();
    if (chunk !== undefined) this.size -= chunk.length;
    return chunk;
  }

  private _pack(): void {
    this._packed += this._used === SLOTS ? this._slots.join("") : this._slots.slice(0, this._used).join("");
    this._used = 0;
  }
}

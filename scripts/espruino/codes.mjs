// Codes for what cold texts are made of: units of seven bits, one for a character or a pair of them, two for a longer piece, which stands
// somewhere in the driver's own file. `E.mapInPlace` and `E.decodeUTF8` read them on the engine. It lays out no file.

/** Bits of a unit, and how many different ones there are. */
export const BITS = 7;
const UNITS = 1 << BITS;

// A unit becomes two bytes of UTF-8 on the engine: a character as a sequence, however short it could be, a pair as it is. A unit that begins
// a piece becomes the first half of a sequence of four, whose second half is that of a character: what the sequence means is then the piece's
// length, from bit 12 on, and that character. Modulo MODULUS less the pieces' pitch, it is an entry of the table, which has the piece's place.
const LEAD_BYTE = 0xf0;
export const LENGTH_BITS = 12;
const MODULUS = 1 << LENGTH_BITS;
/** Characters that second units can be. */
const FIRST_CHAR = 32;
const LAST_CHAR = 126;
/** How long pieces are; characters without a unit are pieces, too. */
const LENGTHS = [1, 3, 4, 5, 6, 7, 8, 9, 11];
const LONGEST = Math.max(...LENGTHS);

/** How often a piece stands in the texts at least, and the characters that it saves; how often a pair does. */
const OFTEN = 4;
const SAVED = 10;
const PAIRS_OFTEN = 6;
/** Bits of an entry of the table; and what a character costs that stands in the file for pieces only. */
const ENTRY = 16;
const EXTRA = 8;
/** Bits that a character's unit is worth beside what it says, since it can be a second one. */
const SECOND = 60;
/** The worst pieces that are given up at once, of all of their length. */
const SHARE = 0.1;

/** Bits that may be spent to look for a piece less, where a text is decoded once while a connection is made: that takes 57,000 instructions. */
const A_LOOK = 4;

/** Fills the last byte of a text; another statement's end does no harm. */
export const FILL = ";";

/** Whether Espruino takes each of these characters as it is where UTF-8 is read: it begins no sequence. */
function areBytes(text) {
  return [...text].every((char) => char < "\xc0" || char > "\xf7");
}

const isSecond = (text) => text.length === 1 && text.charCodeAt(0) >= FIRST_CHAR && text.charCodeAt(0) <= LAST_CHAR;

/** The cheapest way to say a text in pieces: its bits, and for each place how many characters the piece there has. */
function cut(text, bitsOf, longest = LONGEST) {
  const bits = new Float64Array(text.length + 1);
  const sizes = new Uint8Array(text.length);
  for (let i = text.length - 1; i >= 0; i--) {
    bits[i] = Infinity;
    for (let size = 1; size <= longest && i + size <= text.length; size++) {
      const own = bitsOf.get(text.substr(i, size));
      if (own === undefined || own + bits[i + size] >= bits[i]) continue;
      bits[i] = own + bits[i + size];
      sizes[i] = size;
    }
  }
  return { bits: bits[0], sizes };
}

function piecesOf(text, bitsOf) {
  const { sizes } = cut(text, bitsOf);
  const pieces = [];
  for (let i = 0; i < text.length; i += sizes[i]) {
    if (!sizes[i]) throw new Error(`there is no code for ${JSON.stringify(text.slice(i))}`);
    pieces.push(text.substr(i, sizes[i]));
  }
  return pieces;
}

function count(pieces) {
  const counts = new Map();
  for (const one of pieces) counts.set(one, (counts.get(one) ?? 0) + 1);
  return counts;
}

function candidates(texts) {
  const all = [];
  for (const text of texts)
    for (const size of [2, ...LENGTHS]) for (let i = 0; i + size <= text.length; i++) all.push(text.substr(i, size));
  const isWorth = ([one, times]) =>
    one.length === 1 ||
    (one.length === 2 ? times >= PAIRS_OFTEN && areBytes(one) : times >= OFTEN && (times - 1) * one.length >= SAVED);
  return [...count(all)].filter(isWorth);
}

/** What gets a unit of its own: the characters and pairs that say most. */
function chooseUnits(uses) {
  const worth = ([one, times]) => times * BITS + (isSecond(one) ? SECOND : 0);
  const short = [...uses].filter(([one]) => one.length <= 2 && one !== FILL).sort((a, b) => worth(b) - worth(a));
  return new Set([FILL, ...short.map(([one]) => one)].slice(0, UNITS - LENGTHS.length));
}

/** What gets a unit, and the pieces that are worth an entry of the table, by length, the best ones first. */
function choose(texts, isThere) {
  let uses = new Map(candidates(texts).map(([one, times]) => [one, times / one.length]));
  for (;;) {
    const units = chooseUnits(uses);
    const room = [...units].filter(isSecond).length;
    const bitsOf = new Map([...uses.keys()].map((one) => [one, units.has(one) ? BITS : 2 * BITS]));
    const used = count(texts.flatMap((text) => piecesOf(text, bitsOf)));
    const saves = (one) => {
      if (one.length === 1) return Infinity;
      const without = cut(one, bitsOf, one.length - 1).bits;
      return (used.get(one) ?? 0) * (without - 2 * BITS) - ENTRY - (isThere(one) ? 0 : EXTRA * one.length);
    };
    const values = [...uses.keys()].filter((one) => !units.has(one)).map((one) => [one, saves(one)]);
    values.sort((a, b) => b[1] - a[1]);
    const pieces = new Map(LENGTHS.map((length) => [length, values.filter(([one]) => one.length === length)]));
    const gone = values.filter(([one]) => one.length === 2);
    for (const list of pieces.values())
      if (list.length > room) gone.push(...list.slice(-Math.min(list.length - room, Math.ceil(list.length * SHARE))));
    if (!gone.length) {
      const useless = values.filter(([, worth]) => worth <= 0);
      gone.push(...useless.slice(-Math.ceil(useless.length / 5)));
    }
    if (!gone.length)
      return { units: [...units], pieces: [...pieces].map(([length, list]) => [length, list.map(([one]) => one)]) };
    uses = new Map([...uses.keys()].map((one) => [one, used.get(one) ?? 0]));
    for (const [one] of gone) uses.delete(one);
  }
}

/** Texts that have all of these in them, short by what ends with the beginning of another. */
function together(pieces) {
  const texts = pieces.filter(
    (one, i) => !pieces.some((other, k) => k !== i && other.includes(one) && (other !== one || k < i)),
  );
  for (let common = LONGEST - 1; common > 0; common--)
    for (let i = 0; i < texts.length; i++)
      for (;;) {
        const end = texts[i].slice(-common);
        const next = texts.findIndex(
          (one, k) => k !== i && Math.min(one.length, texts[i].length) > common && one.startsWith(end),
        );
        if (next < 0) break;
        texts[i] += texts[next].slice(common);
        texts.splice(next, 1);
        if (next < i) i--;
      }
  return texts;
}

export class Codes {
  /**
   * @param {string[]} texts what is to be encoded, or much like it
   * @param {string} book what stands in the file anyway: pieces are taken from it
   */
  constructor(texts, book) {
    const there = new Map();
    const isThere = (one) => {
      if (!there.has(one)) there.set(one, book.includes(one));
      return there.get(one);
    };
    const { units, pieces } = choose(texts, isThere);
    const seconds = units.filter(isSecond).sort();
    const pitch = seconds.length;
    /** What the engine divides by to find a piece's entry. */
    this.modulus = MODULUS - pitch;
    /** Units of each piece; pieces by their entry. */
    this.units = new Map(units.map((one, unit) => [one, [unit]]));
    this.pieces = new Map();
    for (const [i, [length, list]] of pieces.entries()) {
      const free = seconds.map((char) => [char, length * pitch + char.charCodeAt(0)]);
      for (const [char, entry] of free.filter(([, at]) => at >= UNITS && !this.pieces.has(at))) {
        const piece = list.shift();
        if (piece === undefined) break;
        this.pieces.set(entry, piece);
        this.units.set(piece, [units.length + i, ...this.units.get(char)]);
      }
      if (length === 1 && list.length) throw new Error(`there is no code for ${JSON.stringify(list[0])}`);
    }
    this.bitsOf = new Map([...this.units].map(([piece, { length }]) => [piece, BITS * length]));
    this.#layOut(units, together([...this.pieces.values()].filter((one) => !isThere(one))));
  }

  /** The table, but for the places of pieces: what the units become, and in entries that no piece has what pieces are taken from. */
  #layOut(units, texts) {
    const halves = units.map((one) => {
      const code = one.charCodeAt(0);
      return one.length > 1 ? one : String.fromCharCode(0xc0 | (code >> 6), 0x80 | (code & 63));
    });
    const leads = LENGTHS.map((length) => String.fromCharCode(LEAD_BYTE, 0x80 | length));
    const bytes = [...[...halves, ...leads].join("").padEnd(2 * UNITS, "\0")];
    const last = Math.max(...this.pieces.keys());
    const left = texts.sort((a, b) => b.length - a.length);
    for (let from = UNITS; from <= last; ) {
      let to = from;
      while (to <= last && !this.pieces.has(to)) to++;
      let room = 2 * (to - from);
      for (let i = 0; i < left.length; )
        if (left[i].length <= room) {
          room -= left[i].length;
          bytes.push(...left.splice(i, 1)[0]);
        } else i++;
      bytes.push(..."\0".repeat(room));
      if (to <= last) bytes.push("\0", "\0");
      from = to + 1;
    }
    this.table = bytes.join("");
    /** What has to stand in the file beside it. */
    this.extra = left.join("");
  }

  /**
   * @param {number} times how often it is decoded while a connection is made
   * @returns {string} whole bytes, the last one filled up with FILL or less than a unit
   */
  encode(text, times = 0) {
    const priceOf = ([piece, bits]) => [piece, bits > BITS ? bits + times * A_LOOK : bits];
    const units = piecesOf(text, new Map([...this.bitsOf].map(priceOf))).flatMap((piece) => this.units.get(piece));
    const bytes = Math.ceil((units.length * BITS) / 8);
    if ((units.length + 1) * BITS <= 8 * bytes) units.push(...this.units.get(FILL));
    const bits = units
      .map((unit) => unit.toString(2).padStart(BITS, "0"))
      .join("")
      .padEnd(8 * bytes, "0");
    return bits.replace(/.{8}/g, (byte) => String.fromCharCode(Number.parseInt(byte, 2)));
  }

  /**
   * The table with the places of the pieces, two bytes an entry.
   * @param {(piece: string) => number} placeOf
   */
  tableWith(placeOf) {
    let { table } = this;
    for (const [entry, piece] of this.pieces) {
      const place = placeOf(piece);
      table = table.slice(0, 2 * entry) + String.fromCharCode(place & 255, place >> 8) + table.slice(2 * entry + 2);
    }
    return table;
  }
}

// Codes for what texts are made of, a byte each: characters, and the pairs of characters that shorten them most. On the engine a table
// of two bytes for each code makes UTF-8 of them, and `E.decodeUTF8` the text. It packs nothing.

const CODES = 256;
/** Pairs that are looked at stand so often in the texts, and as many of the worst are given up in one go. */
const OFTEN = 6;
const KEPT = 0.85;

/** Whether a character is one byte where UTF-8 is read: Espruino takes what begins no sequence as it is. */
function isByte(char) {
  const code = char.charCodeAt(0);
  return code < 0xc0 || code > 0xf7;
}

/** The fewest codes that make a text: for each place how many characters the code there has. */
function cut(text, has) {
  const counts = new Uint32Array(text.length + 2);
  const sizes = new Uint8Array(text.length);
  for (let i = text.length - 1; i >= 0; i--) {
    const pair = i + 1 < text.length && counts[i + 2] < counts[i + 1] && has(text.substr(i, 2));
    sizes[i] = pair ? 2 : 1;
    counts[i] = 1 + counts[i + sizes[i]];
  }
  return sizes;
}

/** The pieces that a text is cut into. */
function piecesOf(text, has) {
  const sizes = cut(text, has);
  const pieces = [];
  for (let i = 0; i < text.length; i += sizes[i]) pieces.push(text.substr(i, sizes[i]));
  return pieces;
}

function count(pieces) {
  const counts = new Map();
  for (const one of pieces) counts.set(one, (counts.get(one) ?? 0) + 1);
  return counts;
}

/** The pairs that are worth a code of their own. */
function choose(texts, room) {
  const all = texts.flatMap((text) =>
    Array.from({ length: Math.max(0, text.length - 1) }, (_, i) => text.substr(i, 2)),
  );
  let kept = [...count(all)].filter(([pair, times]) => times >= OFTEN && isByte(pair[0]) && isByte(pair[1]));
  for (;;) {
    const has = new Set(kept.map(([pair]) => pair));
    const used = count(texts.flatMap((text) => piecesOf(text, (pair) => has.has(pair))));
    const ranked = kept.map(([pair]) => [pair, used.get(pair) ?? 0]).sort((a, b) => b[1] - a[1]);
    if (ranked.length <= room) return ranked.map(([pair]) => pair);
    kept = ranked.slice(0, Math.max(room, Math.floor(ranked.length * KEPT)));
  }
}

export class Codes {
  /**
   * @param {string[]} texts what is to be encoded, or much like it
   * @param {string} others characters that have to have codes, too; the first of them is 0
   */
  constructor(texts, others) {
    const chars = [...new Set([...others, ...texts.join("")])];
    const room = CODES - chars.length;
    if (room < 0) throw new Error(`the texts have ${chars.length} characters, more than there are codes`);
    this.meanings = chars.concat(choose(texts, room));
    this.byMeaning = new Map(this.meanings.map((meaning, code) => [meaning, String.fromCharCode(code)]));
  }

  /** @returns {string} one character a code */
  encode(text) {
    return piecesOf(text, (pair) => this.byMeaning.has(pair))
      .map((piece) => {
        const code = this.byMeaning.get(piece);
        if (code === undefined) throw new Error(`there is no code for ${JSON.stringify(piece)}`);
        return code;
      })
      .join("");
  }

  /** Two bytes of UTF-8 for each code: a single character as a sequence, however short it could be. */
  get table() {
    const bytes = this.meanings.map((meaning) => {
      const code = meaning.charCodeAt(0);
      return meaning.length > 1 ? meaning : String.fromCharCode(0xc0 | (code >> 6), 0x80 | (code & 63));
    });
    return bytes.join("").padEnd(2 * CODES, "\0");
  }
}

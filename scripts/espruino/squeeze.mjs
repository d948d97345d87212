// Packs short texts for Espruino's `heatshrink` module (window of 8 bits, look-ahead of 6), each by itself or behind a dictionary.
// It finds the shortest packing that the format allows; unpacking is the engine's.

const WINDOW = 256;
const LONGEST = 64;
/** Bits of a byte as it is, and of a reference: a mark, the distance, the length. */
const LITERAL = 9;
const REFERENCE = 15;

/** For each place of `text` the cheapest way on, found from the end: `[distance, length]`, or nothing for a byte as it is. */
function plan(dictionary, text) {
  const all = dictionary + text;
  const start = dictionary.length;
  const places = new Map();
  for (let i = 0; i + 1 < all.length; i++) {
    const pair = all.substr(i, 2);
    if (!places.has(pair)) places.set(pair, []);
    places.get(pair).push(i);
  }
  const cost = new Array(all.length + 1).fill(0);
  const steps = [];
  for (let i = all.length - 1; i >= start; i--) {
    let longest = 1;
    let distance = 0;
    for (const from of places.get(all.substr(i, 2)) ?? []) {
      if (from >= i) break;
      if (from < i - WINDOW) continue;
      let length = 2;
      while (length < LONGEST && i + length < all.length && all[from + length] === all[i + length]) length++;
      if (length > longest) [longest, distance] = [length, i - from];
    }
    cost[i] = LITERAL + cost[i + 1];
    steps[i] = undefined;
    for (let length = 2; length <= longest; length++)
      if (REFERENCE + cost[i + length] < cost[i]) {
        cost[i] = REFERENCE + cost[i + length];
        steps[i] = [distance, length];
      }
  }
  return { all, start, steps, bits: cost[start] };
}

/** Bits that the packed text takes. */
export function bitsFor(dictionary, text) {
  return plan(dictionary, text).bits;
}

/** The packed text as zeros and ones. */
function bitsOf(dictionary, text) {
  const { all, start, steps } = plan(dictionary, text);
  const bits = (value, count) => value.toString(2).padStart(count, "0");
  let out = "";
  for (let i = start; i < all.length; ) {
    const step = steps[i];
    if (step) out += `0${bits(step[0] - 1, 8)}${bits(step[1] - 1, 6)}`;
    else out += `1${bits(all.charCodeAt(i), 8)}`;
    i += step ? step[1] : 1;
  }
  return out;
}

/** Bits as bytes; zeros at the end are too few to mean anything. */
function bytesOf(bits) {
  return bits.replace(/.{1,8}/g, (byte) => String.fromCharCode(Number.parseInt(byte.padEnd(8, "0"), 2)));
}

/** @returns {string} the packed text without the dictionary, one character a byte */
export function pack(dictionary, text) {
  return bytesOf(bitsOf(dictionary, text));
}

/**
 * A dictionary itself, packed so that it ends with a whole byte: what is packed for it can stand right behind it.
 * @param {string} end what is behind it in each text that is unpacked
 * @returns {{ dictionary: string, packed: string }} the dictionary has some bytes more at its front, where they do not matter
 */
export function packDictionary(words, end) {
  for (let grown = "", next = 1; next <= 31; grown += String.fromCharCode(next++)) {
    const dictionary = grown + words + end;
    const bits = bitsOf("", dictionary);
    if (bits.length % 8 === 0) return { dictionary, packed: bytesOf(bits) };
  }
  throw new Error("no dictionary ends with a whole byte");
}

/** What is said most often in the texts, as far as a dictionary reaches: segments with the most frequent parts first at its end. */
function cover(texts, size, part, segment) {
  const counts = new Map();
  const heads = texts.map((text) => text.slice(0, WINDOW));
  for (const text of heads)
    for (const one of new Set(
      Array.from({ length: Math.max(0, text.length - part + 1) }, (_, i) => text.substr(i, part)),
    ))
      counts.set(one, (counts.get(one) ?? 0) + 1);
  let dictionary = "";
  while (dictionary.length < size) {
    let best = { score: 1, text: "" };
    for (const text of heads)
      for (let i = 0; i + part <= text.length; i++) {
        const seen = new Set();
        let score = 0;
        const piece = text.substr(i, segment);
        for (let k = 0; k + part <= piece.length; k++) {
          const one = piece.substr(k, part);
          if (!seen.has(one)) score += counts.get(one) - 1;
          seen.add(one);
        }
        if (score / piece.length > best.score / (best.text.length || 1)) best = { score, text: piece };
      }
    if (!best.text) break;
    for (let k = 0; k + part <= best.text.length; k++) counts.set(best.text.substr(k, part), 1);
    dictionary = best.text + dictionary;
  }
  return dictionary.slice(-size);
}

/** The best dictionary of some that are tried. */
export function makeDictionary(texts, size) {
  const costOf = (dictionary) => texts.reduce((sum, text) => sum + plan(dictionary, text).bits, 0);
  const tried = [3, 4, 5].flatMap((part) => [6, 9, 13].map((segment) => cover(texts, size, part, segment)));
  return tried.map((one) => ({ one, cost: costOf(one) })).sort((a, b) => a.cost - b.cost)[0].one;
}

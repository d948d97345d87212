// Says which texts are packed together: what one says the next need not say again. Calls of the first of a page cost what they cost if it
// stood alone, calls of the others more. It packs nothing itself.

import { bitsFor } from "./squeeze.mjs";

/** What stands between the texts of a page. */
export const BETWEEN = "\0";

/** Texts of a page, and characters of all of them. */
export const MOST = 4;
const LONGEST = 700;

/** Pages that are tried for a text, those that have most in common with it. */
const TRIED = 16;
/** Bytes that a page must save. */
const WORTH = 1;

/** Pieces of a text, to see what it has in common with another. */
function piecesOf(text) {
  return new Set(Array.from({ length: Math.max(0, text.length - 3) }, (_, i) => text.substr(i, 4)));
}

/**
 * @param {string} dictionary
 * @param {{ text: string, first: boolean }[]} texts `first`: it is called while a connection is made, and has to stand first
 * @returns {number[][]} the texts' places in the list, page by page
 */
export function pagesOf(dictionary, texts) {
  const order = texts.map((_, i) => i).sort((a, b) => texts[b].first - texts[a].first);
  const pages = [];
  for (const i of order) {
    const { text, first } = texts[i];
    const bits = bitsFor(dictionary, text);
    const pieces = piecesOf(text);
    let best = { gain: 8 * WORTH };
    const fit = ({ numbers, all, isAlone }) =>
      !isAlone && numbers.length < MOST && all.length + text.length < LONGEST && !text.includes(BETWEEN);
    const common = (page) => [...pieces].reduce((sum, one) => sum + page.pieces.has(one), 0);
    const near = first ? [] : pages.filter(fit).map((page) => ({ page, common: common(page) }));
    for (const { page } of near.sort((a, b) => b.common - a.common).slice(0, TRIED)) {
      const together = bitsFor(dictionary, page.all + BETWEEN + text);
      const gain = page.bits + bits - together;
      if (gain > best.gain) best = { gain, page, bits: together };
    }
    const { page } = best;
    if (page) {
      page.numbers.push(i);
      page.all += BETWEEN + text;
      page.bits = best.bits;
      for (const one of pieces) page.pieces.add(one);
    } else pages.push({ numbers: [i], all: text, bits, pieces, isAlone: text.includes(BETWEEN) });
  }
  return pages.map(({ numbers }) => numbers);
}

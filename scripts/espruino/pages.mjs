// Says which texts are packed together: what one says the next need not say again, and a call of one costs what all of them cost, so it
// is for those that are seldom called. It packs nothing itself.

import { bitsFor } from "./squeeze.mjs";

/** What stands between the texts of a page. */
export const BETWEEN = "\0";

/** Texts of a page, and characters of all of them. */
export const MOST = 8;
const LONGEST = 700;

/** Pages that are tried for a text, those that have most in common with it. */
const TRIED = 16;
/** Bytes that a page must save. */
const WORTH = 1;
/** Characters of a piece that two texts may have in common. */
const PIECE = 3;

function piecesOf(text) {
  return new Set(Array.from({ length: Math.max(0, text.length - PIECE + 1) }, (_, i) => text.substr(i, PIECE)));
}

/**
 * @param {string} dictionary
 * @param {string[]} texts
 * @returns {number[][]} the texts' places in the list, page by page
 */
export function pagesOf(dictionary, texts) {
  const pages = [];
  for (const [i, text] of texts.entries()) {
    const bits = bitsFor(dictionary, text);
    const pieces = piecesOf(text);
    let best = { gain: 8 * WORTH };
    const common = (page) => [...pieces].reduce((sum, one) => sum + page.pieces.has(one), 0);
    const near = pages
      .filter(({ numbers, all }) => numbers.length < MOST && all.length + text.length < LONGEST)
      .map((page) => ({ page, common: common(page) }));
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
    } else pages.push({ numbers: [i], all: text, bits, pieces });
  }
  return moved(dictionary, texts, pages);
}

/** Moves texts to pages where they cost less: what they found when it was their turn was not all. */
function moved(dictionary, texts, pages) {
  const bitsOf = (numbers) => bitsFor(dictionary, numbers.map((one) => texts[one]).join(BETWEEN));
  const fits = (numbers) =>
    numbers.length <= MOST && numbers.reduce((sum, one) => sum + texts[one].length, 0) < LONGEST;
  for (const one of texts.keys()) {
    const from = pages.find(({ numbers }) => numbers.includes(one));
    const left = from.numbers.filter((other) => other !== one);
    const without = left.length ? bitsOf(left) : 0;
    let best = { gain: 8 * WORTH };
    for (const page of pages) {
      const numbers = [...page.numbers, one];
      if (page === from || !fits(numbers)) continue;
      const bits = bitsOf(numbers);
      const gain = from.bits + page.bits - without - bits;
      if (gain > best.gain) best = { gain, page, numbers, bits };
    }
    if (!best.page) continue;
    Object.assign(from, { numbers: left, bits: without });
    Object.assign(best.page, { numbers: best.numbers, bits: best.bits });
  }
  return pages.map(({ numbers }) => numbers).filter((numbers) => numbers.length > 0);
}

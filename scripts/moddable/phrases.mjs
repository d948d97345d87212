// Makes texts of assembled functions, and finds what stands in them at several places. What is in an instruction it does not know.

import { OP } from "./operations.mjs";

const bytes = (text) => Buffer.byteLength(text);

/** The runs of instructions between jumps and labels, of all functions: only there a phrase may be put. */
function* runsOf(items) {
  let run = [];
  for (const one of items)
    if (one.text !== undefined) run.push(one);
    else {
      if (run.length) yield run;
      run = [];
      if (one.arrow) yield* runsOf(one.arrow);
    }
  if (run.length) yield run;
}

/** Stands between phrases, and in none: as an operand it is that of what is used least. */
export const SEPARATOR = "\x7f";

/** Codes of one byte that are left. */
const SHORT = 127 - OP.last;

/** The first code of two bytes. */
const LONG = 128;

/** Of counting anew: what a phrase loses makes others more, or less. */
const ROUNDS = 5;

/** Characters of a word; longer ones are hardly ever there twice. */
const WORD = 24;

/** All instructions of functions, those of functions inside them as well. */
function* instructionsOf(items) {
  for (const one of items) {
    if (one.text !== undefined) yield one;
    if (one.arrow) yield* instructionsOf(one.arrow);
  }
}

/**
 * Puts words in the places of what the functions' texts have in common.
 * @returns {string[]} the words, which have the first codes of two bytes
 */
function findWords(functions) {
  const texts = functions
    .flatMap(({ items }) => [...instructionsOf(items)])
    .filter(({ text }) => text.charCodeAt(0) === OP.text && /^[\n-~]*$/.test(text.slice(2)));
  // What stands there twice is a phrase as a whole.
  let known = [...new Set(texts.map(({ text }) => text.slice(2)))].map((text) => [text, [text]]);
  const words = [];
  for (;;) {
    const counts = new Map();
    for (const [, pieces] of known)
      for (const piece of pieces)
        for (let i = 0; i < piece.length; i++)
          for (let length = 3; length <= WORD && i + length <= piece.length; length++) {
            const word = piece.slice(i, i + length);
            counts.set(word, (counts.get(word) ?? 0) + 1);
          }
    let best;
    for (const [word, count] of counts) {
      const gain = count * (word.length - 2) - word.length - 1;
      if (count > 1 && gain > (best?.gain ?? 3)) best = { word, gain };
    }
    if (!best) break;
    const code = String.fromCharCode(LONG + words.push(best.word) - 1);
    const cut = (piece) => piece.split(best.word).flatMap((one, i) => (i ? [{ code }, one] : [one]));
    known = known.map(([text, pieces]) => [text, pieces.flatMap((one) => (one.code ? [one] : cut(one)))]);
  }
  const short = new Map(known.map(([text, pieces]) => [text, pieces.map((one) => one.code ?? one).join("")]));
  for (const one of texts) {
    const text = short.get(one.text.slice(2));
    if (text.length < one.text.length - 2) one.text = String.fromCharCode(OP.words, text.length + 1) + text;
  }
  return words;
}

/**
 * @param {{ items: object[] }[]} functions whose instructions it replaces
 * @returns {string[]} what stands in them at several places, by codes that begin behind those of the operations
 */
export function findPhrases(functions) {
  const words = findWords(functions);
  const phrases = findRuns(functions);
  if (!words.length) return phrases;
  const short = Array.from({ length: SHORT }, (_, i) => phrases[i] ?? "");
  return [...short, ...words, ...phrases.slice(SHORT)];
}

/** How often each instruction, and each pair of what is next to each other, stands in runs, and what it costs as it is written so far. */
function countsOf(runs) {
  const counts = new Map();
  const add = (key, text, cost) => {
    const found = counts.get(key);
    if (found) found.count++;
    else counts.set(key, { key, text, count: 1, cost });
  };
  const price = ({ text, phrase }) => (phrase ? (phrase.isShort ? 1 : 2) : bytes(text));
  for (const run of runs) {
    let last = "";
    run.forEach((one, i) => {
      if (!one.phrase) add(one.text, one.text, bytes(one.text));
      const next = run[i + 1];
      if (!next) return;
      const key = pairOf(one, next);
      // Of three alike, two are one pair.
      if (key !== last) add(key, one.text + next.text, price(one) + price(next));
      last = key === last ? "" : key;
    });
  }
  return [...counts.values()];
}

const pairOf = (one, next) => `${one.text}\0${next.text}\0`;

/** Puts a phrase in the places of an instruction or a pair. */
function putIn(runs, { key, text }, phrase) {
  for (const run of runs)
    for (let i = 0; i < run.length; i++)
      if (key === text) {
        if (run[i].text === text) run[i].phrase ??= phrase;
      } else if (run[i + 1] && pairOf(run[i], run[i + 1]) === key) run.splice(i, 2, { text, phrase });
}

/** Instructions, and runs of them; those that are used most first. */
function findRuns(functions) {
  const runs = functions.flatMap(({ items }) => [...runsOf(items)]);
  // What a run is made of: instructions, and later phrases of some.
  const made = runs.map((run) => run.map(({ text }) => ({ text })));
  const phrases = [];
  for (;;) {
    // As many as can be short are the most used so far.
    const order = [...phrases].sort((a, b) => b.count - a.count);
    for (const [i, one] of order.entries()) one.isShort = i < SHORT;
    const price = phrases.length < SHORT ? 1 : 2;
    let best;
    for (const one of countsOf(made)) {
      const gain = one.count * (one.cost - price) - bytes(one.text) - 1;
      if (gain > (best?.gain ?? 3) && !one.text.includes(SEPARATOR)) best = { ...one, gain };
    }
    if (!best) break;
    let phrase = phrases.find(({ text }) => text === best.text);
    if (!phrase) {
      phrase = { text: best.text };
      phrases.push(phrase);
    }
    putIn(made, best, phrase);
    for (const one of phrases) one.count = 0;
    for (const { phrase } of made.flat()) if (phrase) phrase.count++;
  }
  return ranked(
    runs,
    phrases.map(({ text }) => text),
  );
}

/** Phrases by how often they are written in the end, without those that do not earn their place. */
function ranked(runs, phrases) {
  let known = phrases;
  for (let round = 0; round < ROUNDS; round++) {
    const counts = new Map(known.map((text) => [text, 0]));
    const codes = codesOf(known);
    const texts = new Map([...codes].map(([text, code]) => [code, text]));
    for (const run of runs)
      for (const code of written(run, codes).codes) counts.set(texts.get(code), counts.get(texts.get(code)) + 1);
    const saved = (text, i) => counts.get(text) * (bytes(text) - (i < SHORT ? 1 : 2)) - bytes(text) - 1;
    known = known.sort((a, b) => counts.get(b) - counts.get(a)).filter((text, i) => saved(text, i) > 0);
  }
  return known;
}

/** The shortest way to write a run with the phrases there are. */
function written(run, codes) {
  const best = [{ cost: 0, text: "", codes: [] }];
  for (let i = 0; i < run.length; i++) {
    const from = best[i];
    const put = (to, text, used = []) => {
      const cost = from.cost + bytes(text);
      if (!best[to] || best[to].cost > cost)
        best[to] = { cost, text: from.text + text, codes: [...from.codes, ...used] };
    };
    put(i + 1, run[i].text);
    let text = "";
    for (let k = i; k < run.length && k < i + 40; k++) {
      text += run[k].text;
      const code = codes.get(text);
      if (code) put(k + 1, code, [code]);
    }
  }
  return best.at(-1);
}

/** The code of one function, an arrow function's without its own length. */
export function textOf({ items, count }, codes) {
  const pieces = [];
  let run = [];
  let at = 1;
  const labels = new Map();
  const flush = () => {
    if (!run.length) return;
    pieces.push({ text: written(run, codes).text });
    at += pieces.at(-1).text.length;
    run = [];
  };
  for (const one of items)
    if (one.text !== undefined) run.push(one);
    else {
      flush();
      if (one.at) labels.set(one.at, at);
      else {
        let text = "";
        if (one.arrow) {
          const inner = textOf({ items: one.arrow, count: one.count }, codes);
          text = String.fromCharCode(OP.arrow, inner.length + 1) + inner;
        }
        pieces.push(one.jump ? { ...one, end: at + 2 } : { text });
        at += one.jump ? 2 : text.length;
      }
    }
  flush();
  return (
    String.fromCharCode(count + 1) +
    pieces
      .map((one) => {
        if (!one.jump) return one.text;
        const distance = labels.get(one.to) - one.end;
        if (distance < 0 !== (one.jump === "back")) throw new Error(`${one.jump} the wrong way`);
        return String.fromCharCode(OP[one.jump], Math.abs(distance) + 1);
      })
      .join("")
  );
}

/** What a phrase is written as, by its text. A word is none, as its first character is no operation's. */
export function codesOf(phrases) {
  return new Map(phrases.map((text, i) => [text, String.fromCharCode(OP.last + 1 + i)]).filter(([text]) => text));
}

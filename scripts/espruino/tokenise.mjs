// Espruino's tokens for a minified program, by the `espruino` package's own plugin: what a firmware reads as it stands in flash.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import vm from "node:vm";
import * as acorn from "acorn";

/** Words and operators are tokenised; or everything, strings and integers too, which firmware reads from 2v25.396 on. */
const WORDS = 1;
const ALL = 2;

const plugin = createRequire(import.meta.url).resolve("espruino/plugins/pretokenise.js");
const Espruino = {
  Plugins: {},
  Config: { PRETOKENISE: ALL },
  Core: { Env: { getBoardData: () => ({}) }, Utils: { atob } },
};
vm.runInNewContext(readFileSync(plugin, "utf8"), { Espruino, acorn, console });

// What follows such a byte is no code: a text and its length, a number.
const TEXT = "\xd1";
const LONG_TEXT = "\xd2";
const BYTE = "\xd4";
const WORD = "\xd5";

/**
 * The plugin makes two bytes of a digit; as it stands it is one. And numbers with a zero among their bytes stand as they are, so that
 * one can stand between texts.
 */
function digits(tokens) {
  let out = "";
  for (let i = 0; i < tokens.length; ) {
    const one = tokens[i];
    const byte = tokens.charCodeAt(i + 1);
    let length = 1;
    if (one === TEXT) length = 2 + byte;
    if (one === LONG_TEXT) length = 3 + byte + 256 * tokens.charCodeAt(i + 2);
    if (one === BYTE) length = 2;
    if (one === WORD) length = 3;
    const word = ((tokens.charCodeAt(i + 2) << 24) >> 16) + byte;
    const isShort = (one === BYTE && byte < 10) || (one === WORD && !(byte && word & 0xff00));
    // A name or a dot beside it would make something else of it.
    const isApart = !/[\w$.]/.test((tokens[i - 1] ?? "") + (tokens[i + length] ?? ""));
    out += isShort && isApart ? (one === BYTE ? byte : word) : tokens.substr(i, length);
    i += length;
  }
  return out;
}

/** @returns {string} one character a byte */
export function tokenise(code) {
  return digits(Espruino.Plugins.Pretokenise.tokenise(code));
}

// The plugin keeps line ends outside of brackets only.
const inBrackets = (code, tokenised) => tokenised(`{${code}}`).slice(1, -1);

/** The same for statements of a function's body, which may return. */
export function tokeniseBody(code) {
  return inBrackets(code, tokenise);
}

/** Only words and operators of it: few different bytes are left. */
export function tokeniseWords(code) {
  Espruino.Config.PRETOKENISE = WORDS;
  try {
    return inBrackets(code, Espruino.Plugins.Pretokenise.tokenise);
  } finally {
    Espruino.Config.PRETOKENISE = ALL;
  }
}

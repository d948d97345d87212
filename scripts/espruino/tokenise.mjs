// Espruino's tokens for a minified program, by the `espruino` package's own plugin: what a firmware reads as it stands in flash.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import vm from "node:vm";
import * as acorn from "acorn";

/** Everything is tokenised, strings and integers too, which firmware reads from 2v25.396 on. */
const ALL = 2;

const plugin = createRequire(import.meta.url).resolve("espruino/plugins/pretokenise.js");
const Espruino = {
  Plugins: {},
  Config: { PRETOKENISE: ALL },
  Core: { Env: { getBoardData: () => ({}) }, Utils: { atob } },
};
vm.runInNewContext(readFileSync(plugin, "utf8"), { Espruino, acorn, console });

/** @returns {string} one character a byte */
export function tokenise(code) {
  return Espruino.Plugins.Pretokenise.tokenise(code);
}

/** The same for statements of a function's body, which may return. */
export function tokeniseBody(code) {
  // The plugin keeps line ends outside of brackets only.
  return tokenise(`{${code}}`).slice(1, -1);
}

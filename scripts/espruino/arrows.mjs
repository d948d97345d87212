// A rollup plugin for the Espruino bundles: arrow functions get `this` from a constant of the function around them.
// It changes nothing else of the code, and no bundle of another target.

import { parse } from "acorn";
import { children } from "./tree.mjs";

const isPlainFunction = (node) => node.type === "FunctionDeclaration" || node.type === "FunctionExpression";

/**
 * Replaces every `this` inside arrow functions. Espruino's debug builds stop at an arrow function that mentions `this` in
 * code that is parsed without being executed; release builds write through a null pointer there and live on.
 * @param {string} code a whole program
 * @param {number} [often] functions that mention `this` so often get the constant, too, and use it throughout
 * @returns {string}
 */
export function captureThis(code, often = Number.POSITIVE_INFINITY) {
  const tree = parse(code, { ecmaVersion: 2022, sourceType: "script" });
  let name = "self";
  while (new RegExp(`\\b${name}\\b`).test(code)) name += "_";
  /** @type {{ at: number, remove: number, text: string }[]} */
  const edits = [];

  /** Visits what belongs to one function, `owner`; true when an arrow in it needs its `this`. */
  const visit = (node, owner, inArrow) => {
    if (isPlainFunction(node)) {
      enter(node);
      return;
    }
    const arrow = inArrow || node.type === "ArrowFunctionExpression";
    if (node.type === "ThisExpression") {
      if (inArrow && !owner) throw new Error("an arrow function uses this outside of any function");
      owner?.[inArrow ? "arrows" : "plain"].push(node.start);
    }
    if (owner && isSuperCall(node)) owner.superEnd = node.end;
    for (const child of children(node)) visit(child, owner, arrow);
  };
  const enter = (node) => {
    const owner = { arrows: [], plain: [], superEnd: 0 };
    for (const child of children(node)) visit(child, owner, false);
    const all = owner.arrows.length + owner.plain.length >= often;
    if (!all && owner.arrows.length === 0) return;
    for (const at of all ? [...owner.arrows, ...owner.plain] : owner.arrows) edits.push({ at, remove: 4, text: name });
    // Before super() there is no `this`.
    const at = owner.superEnd ? code.indexOf(";", owner.superEnd) + 1 : node.body.start + 1;
    edits.push({ at, remove: 0, text: ` const ${name} = this;` });
  };
  visit(tree, undefined, false);

  // What is replaced at a place stands behind what is inserted there.
  edits.sort((a, b) => b.at - a.at || b.remove - a.remove);
  let out = code;
  for (const { at, remove, text } of edits) out = out.slice(0, at) + text + out.slice(at + remove);
  return out;
}

function isSuperCall(node) {
  return node.type === "CallExpression" && node.callee.type === "Super";
}

/** The plugin. To be put before the minifier. */
export function espruinoArrows() {
  return { name: "espruino-arrows", renderChunk: (code) => ({ code: captureThis(code), map: null }) };
}

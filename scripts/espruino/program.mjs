// Takes a minified bundle apart: what is loaded, and the texts of what is evaluated when it is called, with numbers for what layout.mjs
// puts in. It knows no file.

import { parse } from "acorn";
import { captureThis } from "./arrows.mjs";
import { COLD, DISPATCH, moveOut, PARAMETERS, PLAIN_CLASS, SELF, STUB } from "./cold.mjs";
import { moveConstants } from "./constants.mjs";
import { flatten } from "./flatten.mjs";
import { inlineMethods } from "./inline.mjs";
import { unmark } from "./marks.mjs";
import { INTERNAL_NAME, shortNames, shrink, weightsOf } from "./minify.mjs";
import { withoutOwn } from "./own.mjs";
import { namePrivates, publicName } from "./privates.mjs";
import { dropScopes } from "./scopes.mjs";
import { children, edited, isFunction } from "./tree.mjs";

// Variables of the module's runtime: the dispatcher, the file, the tables of texts and of codes in it, the functions that find a text and a piece of one, the
// class of objects without one, and the number of what is called.
export const DISPATCHER = "$";
export const FILE = "_";
export const TABLE = "U";
export const FIND = "Y";
export const CLASS = "K";
export const WHICH = "W";
export const PIECE = "H";
export const CODES = "V";
export const KEPT = "C";
export const EVAL = "I";
/** Functions of the engine that a text is read with: what is global is found behind all that the module has. */
export const NATIVE = { toArrayBuffer: "$1", mapInPlace: "$2", toString: "$3", decodeUTF8: "$4" };
/** What stands in a program for names of the runtime. */
const RUNTIME = [DISPATCHER, DISPATCH, PLAIN_CLASS, STUB];
const RESERVED = [
  DISPATCHER,
  FILE,
  TABLE,
  FIND,
  CLASS,
  WHICH,
  PIECE,
  CODES,
  KEPT,
  EVAL,
  ...Object.values(NATIVE),
  ...PARAMETERS,
  SELF,
  COLD,
  DISPATCH,
  PLAIN_CLASS,
];

const parsed = (code) => parse(code, { ecmaVersion: 2022, sourceType: "script" });

/**
 * @typedef {object} Program a minified bundle taken apart
 * @property {string} main what is loaded, with numbers for what is not
 * @property {string[]} texts what is evaluated, by number
 * @property {string} dispatch the method of all classes by which that is done
 * @property {import("./cold.mjs").Cold[]} cold the same functions' names, parts and stubs
 */

/** @returns {Promise<Program>} */
export async function takeApart(bundle) {
  const { code: unmarked, places } = unmark(withoutOwn(bundle));
  const plain = flatten(unmarked, places);
  const placeOf = (name) => places.get(name) ?? "";
  const inlined = inlineMethods(plain, (one, other) => placeOf(one) === placeOf(other));
  const named = namePrivates(captureThis(inlined));
  const code = moveConstants(named, (name) => placeOf(publicName(name)) === "resident");
  const { code: moved, cold } = moveOut(
    code,
    (name) => placeOf(publicName(name)),
    (name) => INTERNAL_NAME.test(name),
  );
  refuseEarlyCalls(moved, cold);
  // Methods that were left have to differ from all fields of all classes that share their prototype.
  const weights = weightsOf(moved, ({ expression }) => expression?.left?.object?.name === COLD);
  const names = shortNames(code, [DISPATCH, ...methodsOf(moved)], weights);
  const small = words(await shrink(moved, names, RESERVED));
  const { main, texts } = withoutCold(small);
  const lost = cold.filter((_, i) => texts[i] === undefined);
  if (lost.length) throw new Error(`the minifier dropped ${lost.map(({ name }) => name).join(", ")}`);
  const dispatch = names[DISPATCH];
  return { main: dropScopes(withDispatcher(main, dispatch), RUNTIME), texts, cold, dispatch };
}

/** While the module is loaded nothing is called that is not: half of what such a function uses may not be there yet. */
function refuseEarlyCalls(code, cold) {
  const visit = (node) => {
    const { type, callee } = node;
    if (type === "CallExpression" && (callee.name ?? callee.property?.name) === DISPATCH) {
      const { name } = cold[node.arguments[0].arguments[0].value];
      throw new Error(`${name} is called while the driver is loaded; it has to be resident, or the call in a function`);
    }
    for (const child of children(node)) if (!isFunction(child)) visit(child);
  };
  visit(parsed(code));
}

/** Internal names of the methods that are loaded, the most used ones first. */
function methodsOf(code) {
  const counts = new Map();
  const visit = (node) => {
    if (node.type === "MethodDefinition" && INTERNAL_NAME.test(node.key.name)) counts.set(node.key.name, 0);
    for (const child of children(node)) visit(child);
  };
  visit(parsed(code));
  for (const [, name] of code.matchAll(/\.([\w$]+)/g)) if (counts.has(name)) counts.set(name, counts.get(name) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]).map(([name]) => name);
}

/** What the minifier writes short is longer in tokens: true, false and undefined are one byte each. One word for all variables is said more often. */
function words(code) {
  const edits = [];
  const visit = (node) => {
    const { type, operator, argument, start, end, kind } = node;
    if (kind === "const") edits.push({ start, end: start + 5, text: "let" });
    const value = type === "UnaryExpression" && argument.type === "Literal" ? `${operator}${argument.raw}` : "";
    const word = { "!0": "true", "!1": "false", void0: "undefined" }[value];
    if (word) {
      const apart = (at) => (/[\w$]/.test(code[at] ?? "") ? " " : "");
      edits.push({ start, end, text: apart(start - 1) + word + apart(end) });
    } else for (const child of children(node)) visit(child);
  };
  visit(parsed(code));
  return edited(code, edits);
}

/** Takes the functions that were moved out of the program, and leaves their bodies. */
function withoutCold(code) {
  const texts = [];
  const edits = [];
  for (const node of parsed(code).body) {
    if (node.type !== "ExpressionStatement") continue;
    const all = node.expression.type === "SequenceExpression" ? node.expression.expressions : [node.expression];
    const moved = all.filter(({ left }) => left?.object?.name === COLD);
    if (!moved.length) continue;
    for (const { left, right } of moved) {
      const { start, end } = right.body;
      texts[left.property.value] = code.slice(start + 1, end - 1).replace(/;$/, "");
    }
    const rest = all.filter((one) => !moved.includes(one)).map(({ start, end }) => code.slice(start, end));
    edits.push({ start: node.start, end: node.end, text: rest.length ? `${rest.join(",")};` : "" });
  }
  return { main: edited(code, edits), texts };
}

/** Every class gets the dispatcher as a method. As a class field it costs nothing but its name: those are the prototype's. */
function withDispatcher(main, method) {
  const edits = [];
  const visit = (node) => {
    if (node.type === "ClassDeclaration" || node.type === "ClassExpression")
      if (!node.superClass)
        edits.push({ start: node.body.start + 1, end: node.body.start + 1, text: `${method}=${DISPATCHER};` });
    for (const child of children(node)) visit(child);
  };
  visit(parsed(main));
  return edited(main, edits);
}

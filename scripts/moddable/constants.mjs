// Makes one constant of what stands at several places, where that is shorter in byte code: texts, which XS keeps each time, the class of
// empty arrays, functions of the engine. It works on the tree of a minified program, whose names it leaves to the printer: those of the
// engine stand for nothing else in it.

import { isFunction } from "../espruino/tree.mjs";
import { below, transform } from "./nodes.mjs";

/** Bytes of something at module level, its name and what is besides its value; of a name in a function that uses it, and of each use. */
const AT_TOP = 13;
const IN_FUNCTION = 2;
const USE = 2;

/** Bytes of a text in byte code. */
const bytes = (text) => Buffer.byteLength(text) + 3;

/** Where each text stands: what refers to it, and the functions around it. */
function placesOf(tree) {
  const places = new Map();
  const visit = (node, functions) => {
    const inside = isFunction(node) ? [...functions, node] : functions;
    for (const [key, value] of Object.entries(node)) {
      const isName = (key === "key" || key === "property") && !node.computed;
      if (isName || key === "source" || key === "directive" || node.type === "ExportSpecifier") continue;
      const list = Array.isArray(value) ? value : [value];
      list.forEach((one, i) => {
        if (one?.type !== "Literal" || typeof one.value !== "string") return;
        const put = (other) => {
          if (Array.isArray(value)) value[i] = other;
          else node[key] = other;
        };
        places.set(one.value, [...(places.get(one.value) ?? []), { put, functions: inside }]);
      });
    }
    for (const child of below(node)) if (child.type !== "ImportDeclaration") visit(child, inside);
  };
  visit(tree, []);
  return places;
}

const declarator = (name, init) => ({ type: "VariableDeclarator", id: { type: "Identifier", name }, init });

/** From so many on `new Array`, with a constant for the class, is shorter: 5 bytes, and 14 for `[]`. */
const ARRAYS = 4;

/** Changes the functions of a tree; what has to be declared for it. */
function shareArrays(tree) {
  const found = [];
  const visit = (node) => {
    if (node.type === "ArrayExpression" && node.elements.length === 0) found.push(node);
    return undefined;
  };
  transform(tree, visit);
  if (found.length < ARRAYS) return [];
  for (const node of found) {
    delete node.elements;
    Object.assign(node, { type: "NewExpression", callee: { type: "Identifier", name: "array$" }, arguments: [] });
  }
  return [declarator("array$", { type: "Identifier", name: "Array" })];
}

/** Global objects with functions that do not look at `this`, as `ArrayBuffer.fromString` does. */
const OF_ENGINE = ["Math", "Object", "JSON", "String"];

/** Bytes of `Math.max(…)` that `max(…)` does not have, and of `Math.max` at module level. */
const LOOKED_FOR = 7;
const FUNCTION = 9;

/** `max` in the place of `Math.max`, wherever it is called; what has to be declared for it. */
function shareFunctions(tree) {
  const found = new Map();
  const visit = (node, functions) => {
    const inside = isFunction(node) ? [...functions, node] : functions;
    const { callee } = node;
    if (node.type === "CallExpression" && callee.type === "MemberExpression" && !callee.computed)
      if (callee.object.type === "Identifier" && OF_ENGINE.includes(callee.object.name) && inside.length > 0) {
        const title = `${callee.object.name}.${callee.property.name}`;
        found.set(title, [...(found.get(title) ?? []), { node, functions: inside }]);
      }
    for (const child of below(node)) visit(child, inside);
  };
  visit(tree, []);
  const declarations = [];
  for (const places of found.values()) {
    const { callee } = places[0].node;
    const functions = new Set(places.flatMap((one) => one.functions));
    if (places.length * LOOKED_FOR <= AT_TOP + FUNCTION + functions.size * IN_FUNCTION) continue;
    const name = `function$${declarations.length}`;
    for (const { node } of places) node.callee = { type: "Identifier", name };
    declarations.push(declarator(name, callee));
  }
  return declarations;
}

/** Changes the tree. */
export function shareConstants(tree) {
  const declarations = [...shareArrays(tree), ...shareFunctions(tree)];
  for (const [text, places] of placesOf(tree)) {
    const functions = new Set(places.flatMap((one) => one.functions));
    const shared = AT_TOP + bytes(text) + functions.size * IN_FUNCTION + places.length * USE;
    if (places.length * bytes(text) <= shared) continue;
    const name = `text$${declarations.length}`;
    for (const { put } of places) put({ type: "Identifier", name });
    declarations.push(declarator(name, { type: "Literal", value: text, raw: JSON.stringify(text) }));
  }
  if (declarations.length === 0) return;
  const at = tree.body.findIndex(({ type }) => type !== "ImportDeclaration");
  tree.body.splice(at, 0, { type: "VariableDeclaration", kind: "const", declarations });
}

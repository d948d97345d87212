// Puts numbers and texts that a module has names for into the places of the names: terser leaves those that a class above the constant
// mentions, and measures text. What is shorter when it is kept once, constants.mjs finds. It changes nothing that one can see.

import { parse } from "acorn";
import { children, edited, isFunction, isPropertyName } from "../espruino/tree.mjs";

const isLiteral = (node) =>
  node?.type === "Literal"
    ? /^[ns]/.test(typeof node.value)
    : node?.type === "UnaryExpression" && node.operator === "-" && isLiteral(node.argument);

/** Whether an identifier gives its name to something, or is read by its name. */
function names(node, parent) {
  if (parent.type === "VariableDeclarator") return parent.id === node;
  if (parent.type === "AssignmentPattern") return parent.left === node;
  if (isFunction(parent)) return parent.body !== node;
  return parent.shorthand || /^(Class|Catch|Import|Export|Rest|Array.*Pattern|Object.*Pattern)/.test(parent.type);
}

/** @param {string} code a module as rollup writes it: names at its top are nowhere else, but for a local now and then */
export function literalsInPlace(code) {
  const tree = parse(code, { ecmaVersion: 2022, sourceType: "module" });
  const values = new Map();
  for (const { type, kind, declarations } of tree.body)
    for (const { id, init } of type === "VariableDeclaration" && kind === "const" ? declarations : [])
      if (isLiteral(init)) values.set(id.name, { text: code.slice(init.start, init.end), id, uses: [] });
  const visit = (node, parent) => {
    const value = node.type === "Identifier" && !isPropertyName(node, parent) && values.get(node.name);
    if (value && node !== value.id)
      if (names(node, parent)) values.delete(node.name);
      else value.uses.push(node);
    if (node.type === "ObjectPattern") for (const one of node.properties) values.delete(one.value?.name);
    for (const child of children(node)) visit(child, node);
  };
  visit(tree, undefined);
  const edits = [...values.values()].flatMap(({ text, uses }) =>
    uses.map(({ start, end }) => ({ start, end, text: `(${text})` })),
  );
  return edited(code, edits);
}

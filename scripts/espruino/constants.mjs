// Puts constants where they are used, if those are functions that were moved, or if they are as short as a name: what a module declares is
// loaded with it. It changes nothing that one can see.

import { Survey } from "./survey.mjs";
import { children, edited, editedNode } from "./tree.mjs";

/** A number or a text, also computed of some, or an object or an array of such. */
function isLiteral(node) {
  if (node.type === "Literal") return !node.regex;
  return (
    /^(Unary|Binary|Array|Object)Expression$|^Property$/.test(node.type) &&
    children(node).every((child) => isLiteral(child) || (node.type === "Property" && child === node.key))
  );
}

/** Characters of a constant that is not worth a variable. */
const SHORT = 5;

/**
 * @param {string} code a bundle in one piece
 * @param {(name: string) => boolean} stays whether a function is loaded
 */
export function moveConstants(code, stays) {
  const { tree, functions, mentions } = new Survey(code);
  const moved = functions.filter(({ name }) => !stays(name)).map(({ node }) => node.body);
  const isMoved = ({ node }) => moved.some(({ start, end }) => node.start > start && node.end < end);
  const edits = [];
  // An object is another one at each use, so that it may only be read.
  const isRead = ({ node, parent }) => parent.type === "MemberExpression" && parent.object === node;
  const moves = ({ id, init }) => {
    if (!init || !isLiteral(init)) return false;
    const uses = mentions.get(id.name).filter(({ node }) => node !== id);
    if (uses.length === 0 || !(init.end - init.start <= SHORT || uses.every(isMoved))) return false;
    if (/^(Array|Object)/.test(init.type) && !uses.every(isRead)) return false;
    for (const { node, parent } of uses) {
      const name = parent.type === "Property" && parent.shorthand ? `${id.name}: ` : "";
      const text = `${name}(${code.slice(init.start, init.end)})`;
      edits.push({ start: node.start, end: node.end, text });
    }
    return true;
  };
  const changed = [];
  for (const node of tree.body) {
    if (node.type !== "VariableDeclaration" || node.kind !== "const") continue;
    const left = node.declarations.filter((one) => !moves(one));
    if (left.length < node.declarations.length) changed.push({ node, left });
  }
  const statements = changed.map(({ node: { start, end }, left }) => {
    const text = left.map((one) => editedNode(code, one, edits)).join(", ");
    return { start, end, text: text && `const ${text};` };
  });
  return edited(code, [...edits, ...statements]);
}

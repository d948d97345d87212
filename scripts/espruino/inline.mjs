// Puts private methods that are called from one place into that place, as minifiers do with functions: a method costs Espruino at
// least five variables for as long as the module is there, a function made in passing none. It changes nothing that one can see.

import { parse } from "acorn";
import { children } from "./tree.mjs";

/** Classes that every byte or line goes through: there a call is cheaper than text that is mostly skipped. */
const QUICK = ["Framer", "Inbox", "Session"];

const isFunction = (node) => /^(Arrow)?Function(Expression|Declaration)?$/.test(node.type);

/** Names that a node uses, and those that it declares; of properties only computed ones count. */
function namesIn(node) {
  const used = new Set();
  const declared = new Set();
  const visit = (one, parent) => {
    if (one.type === "Identifier") {
      const isName =
        (parent.type === "MemberExpression" && parent.property === one && !parent.computed) ||
        ((parent.type === "Property" || parent.type === "MethodDefinition") && parent.key === one && !parent.shorthand);
      if (!isName) used.add(one.name);
      if (
        (parent.type === "VariableDeclarator" && parent.id === one) ||
        (isFunction(parent) && (parent.id === one || parent.params.includes(one))) ||
        (parent.type === "CatchClause" && parent.param === one)
      )
        declared.add(one.name);
    }
    for (const child of children(one)) visit(child, one);
  };
  visit(node, {});
  return { used, declared };
}

/**
 * @param {string} code a whole program
 * @param {(one: string, other: string) => boolean} together whether a method may move into another: `Class.name` of both
 * @returns {string} the program with one such method put in its place, or undefined when there is none
 */
function inlineOne(code, together) {
  const tree = parse(code, { ecmaVersion: 2022, sourceType: "script" });
  /** Private methods, and where their names stand. */
  const methods = new Map();
  const uses = new Map();
  const visit = (node, parents, owner) => {
    let inside = owner;
    if (node.type === "MethodDefinition") {
      inside = { node, of: parents[parents.length - 2] };
      if (node.kind === "method" && node.key.name.startsWith("_"))
        methods.set(node.key.name, methods.has(node.key.name) ? undefined : inside);
    }
    if (node.type === "MemberExpression" && !node.computed && node.property.name.startsWith("_"))
      uses.set(node.property.name, [...(uses.get(node.property.name) ?? []), { parents: [...parents, node], owner }]);
    for (const child of children(node)) visit(child, [...parents, node], inside);
  };
  visit(tree, [], undefined);

  for (const [name, method] of methods) {
    const places = uses.get(name) ?? [];
    if (!method || places.length !== 1 || QUICK.includes(method.of.id.name)) continue;
    const { parents, owner } = places[0];
    const call = parents[parents.length - 2];
    const callee = parents[parents.length - 1];
    if (!owner || owner.of !== method.of || owner === method) continue;
    // A function that a constructor makes stays with the object: its text would be there once an object.
    const nested = parents.some((one) => one.type === "ArrowFunctionExpression");
    if (owner.node.kind === "constructor" && nested) continue;
    if (call.type !== "CallExpression" || call.callee !== callee) continue;
    if (callee.object.type !== "ThisExpression" && !/^self_*$/.test(callee.object.name)) continue;
    const title = ({ node, of }) => `${of.id.name}.${node.key.name}`;
    if (!together(title(method), title(owner))) continue;
    const body = namesIn(method.node.value);
    const around = namesIn(owner.node.value).declared;
    if ([...body.used].some((one) => around.has(one) && !body.declared.has(one))) continue;
    const { params, body: block } = method.node.value;
    const list = params.map(({ start, end }) => code.slice(start, end)).join(", ");
    const text = `((${list}) => ${code.slice(block.start, block.end)})`;
    const edits = [
      { at: callee.start, end: callee.end, text },
      { at: method.node.start, end: method.node.end, text: "" },
    ].sort((a, b) => b.at - a.at);
    let out = code;
    for (const one of edits) out = out.slice(0, one.at) + one.text + out.slice(one.end);
    return out;
  }
  return undefined;
}

/** All of them, also those that stand in others. */
export function inlineMethods(code, together = () => true) {
  let out = code;
  for (let next = out; next !== undefined; next = inlineOne(out, together)) out = next;
  return out;
}

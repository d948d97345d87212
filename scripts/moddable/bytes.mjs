// Tells about how many bytes of byte code XS makes of a function (README.md has the table), for passes that have to choose. It compiles
// nothing, and knows no more than what the driver's code is made of.

import { children, isFunction } from "../espruino/tree.mjs";

/** Bytes of a jump, a local, a parameter, a value that is dropped. */
const JUMP = 3;
const LOCAL = 6;
const PARAMETER = 8;
const DROPPED = 1;

/** Bytes of a function besides what it does; of one with names from outside; of a method, and of a function of the module. */
const FUNCTION = 11;
const CLOSURE = 4;
const METHOD = 7;
const DECLARED = 11;

const sum = (nodes) => nodes.reduce((all, one) => all + bytesOf(one), 0);

const bytesBy = {
  Literal: ({ value }) => {
    if (typeof value === "string") return Buffer.byteLength(value) + 3;
    if (typeof value !== "number") return 1;
    const fits = (bits) => Number.isInteger(value) && value >= -(2 ** bits) && value < 2 ** bits;
    return fits(7) ? 2 : fits(15) ? 3 : fits(31) ? 5 : 9;
  },
  Identifier: () => 2,
  ThisExpression: () => 1,
  MemberExpression: ({ object, property, computed }) => bytesOf(object) + (computed ? bytesOf(property) + 2 : 3),
  CallExpression: ({ callee, arguments: list }) => bytesOf(callee) + 4 + sum(list),
  NewExpression: ({ callee, arguments: list }) => bytesOf(callee) + 3 + sum(list),
  LogicalExpression: ({ left, right }) => bytesOf(left) + JUMP + 2 + bytesOf(right),
  ConditionalExpression: ({ test, consequent, alternate }) => sum([test, consequent, alternate]) + 2 * JUMP,
  AssignmentExpression: ({ left, right }) => bytesOf(left) + bytesOf(right),
  ArrayExpression: ({ elements }) => 6 + 6 * elements.length + sum(elements),
  ObjectExpression: ({ properties }) => 6 + 5 * properties.length + sum(properties.map(({ value }) => value)),
  ExpressionStatement: ({ expression }) => bytesOf(expression) + DROPPED,
  VariableDeclarator: ({ init }) => LOCAL + (init ? bytesOf(init) : 1),
  IfStatement: ({ test, consequent, alternate }) =>
    sum([test, consequent]) + JUMP + (alternate ? JUMP + bytesOf(alternate) : 0),
  TryStatement: (node) => 40 + sum(children(node)),
  ForOfStatement: (node) => 40 + sum(children(node)),
};

/** Bytes of what a node does. */
export function bytesOf(node) {
  if (isFunction(node)) return FUNCTION + CLOSURE + PARAMETER * node.params.length + bytesOf(node.body);
  return bytesBy[node.type]?.(node) ?? sum(children(node)) + (/^(Block|Program)/.test(node.type) ? 0 : 1);
}

/**
 * How many bytes more a function takes when it is called than in the places of the calls.
 * @param {object} fn
 * @param {object[]} calls
 */
export function savedInPlace(fn, calls, isMethod) {
  const body = bytesOf(fn.body);
  const own = FUNCTION + CLOSURE + (isMethod ? METHOD : DECLARED) + PARAMETER * fn.params.length + body;
  const isPlain = ({ type }) => /^(Identifier|Literal|ThisExpression)$/.test(type);
  const kept = (one) => (isPlain(one) ? 0 : LOCAL + bytesOf(one));
  const placed = calls.flatMap((one) => one.arguments).reduce((all, one) => all + kept(one), calls.length * body);
  return own + sum(calls) - placed;
}

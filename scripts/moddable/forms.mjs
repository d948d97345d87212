// Writes a minified program in the forms that take XS the fewest bytes of byte code (README.md has the table, as read in XS's
// compiler). It changes nothing that one can see.

import { parse } from "acorn";
import { minify } from "terser";
import { isFunction } from "../espruino/tree.mjs";
import { shareConstants } from "./constants.mjs";
import { isVoid, some, transform } from "./nodes.mjs";
import { shareVariables } from "./variables.mjs";

const literal = (value) => ({ type: "Literal", value, raw: String(value) });
const name = (text) => ({ type: "Identifier", name: text });
const not = (argument) => ({ type: "UnaryExpression", operator: "!", prefix: true, argument });
const when = (test, consequent) => ({ type: "IfStatement", test, consequent, alternate: null });
const statement = (expression) => ({ type: "ExpressionStatement", expression });

/** `!0` and `void 0` take three bytes, `true` one and `void null` two; `undefined` is looked for like any global name, with six. */
function literals(node) {
  if (node.type !== "UnaryExpression" || node.argument.type !== "Literal") return undefined;
  const { operator, argument } = node;
  if (operator === "void") node.argument = literal(null);
  if (operator !== "!" || (argument.value !== 0 && argument.value !== 1)) return undefined;
  return literal(argument.value === 0);
}

/** `a && b();` duplicates and drops a value that nobody wants; so does each `&&` of a test without an `else`. */
function tests(node) {
  if (node.type === "ExpressionStatement") {
    const { type, operator, left, right, test, consequent, alternate } = node.expression;
    if (type === "LogicalExpression" && operator === "&&")
      return tests(when(left, tests(statement(right)) ?? statement(right)));
    if (type === "LogicalExpression" && operator === "||")
      return when(not(left), tests(statement(right)) ?? statement(right));
    if (type === "ConditionalExpression")
      return { type: "IfStatement", test, consequent: statement(consequent), alternate: statement(alternate) };
    if (type === "SequenceExpression")
      return {
        type: "BlockStatement",
        body: node.expression.expressions.map((one) => tests(statement(one)) ?? statement(one)),
      };
  }
  if (
    node.type === "IfStatement" &&
    !node.alternate &&
    node.test.type === "LogicalExpression" &&
    node.test.operator === "&&"
  ) {
    const { left, right } = node.test;
    const inner = when(right, node.consequent);
    return tests(when(left, tests(inner) ?? inner)) ?? when(left, tests(inner) ?? inner);
  }
  return node.type === "IfStatement" || node.type === "ExpressionStatement" ? node : undefined;
}

/** `return a ? b : c;` jumps from b to the end, two returns do not. */
function returns(node) {
  if (node.type !== "ReturnStatement" || node.argument?.type !== "ConditionalExpression") return undefined;
  const { test, consequent, alternate } = node.argument;
  const back = (argument) => ({ type: "ReturnStatement", argument });
  return { type: "BlockStatement", body: [when(test, back(consequent)), returns(back(alternate)) ?? back(alternate)] };
}

/** `return;` says that the result is undefined, which it is anyway: leaving a block around everything does not. */
function leaves(node) {
  if (!isFunction(node) || node.body.type !== "BlockStatement" || node.generator) return undefined;
  let found = false;
  const visit = (one) => {
    if (one.type !== "ReturnStatement" || one.argument) return undefined;
    found = true;
    return { type: "BreakStatement", label: name("end") };
  };
  const inner = (one) => {
    if (isFunction(one) || /^Class/.test(one.type)) return one;
    for (const [key, value] of Object.entries(one)) {
      if (Array.isArray(value)) one[key] = value.map((two) => (two && typeof two.type === "string" ? inner(two) : two));
      else if (value && typeof value.type === "string") one[key] = inner(value);
    }
    return visit(one) ?? one;
  };
  const body = inner(node.body);
  if (found) node.body = { type: "BlockStatement", body: [{ type: "LabeledStatement", label: name("end"), body }] };
  return undefined;
}

/** What falls off the end of a function gives undefined as well. */
function ends(node) {
  if (!isFunction(node) || node.body.type !== "BlockStatement") return undefined;
  const last = node.body.body.at(-1);
  if (last?.type === "ReturnStatement" && last.argument && isVoid(last.argument)) node.body.body.pop();
  return undefined;
}

const LEAVES = /^(Return|Throw|Break|Continue)Statement$/;

function hasLeft(node) {
  return node?.type === "BlockStatement" ? hasLeft(node.body.at(-1)) : LEAVES.test(node?.type);
}

/** Behind what has left, an `else` jumps from where nothing comes. */
function elses(node) {
  if (node.type !== "IfStatement" || !node.alternate) return undefined;
  const { test, consequent, alternate } = node;
  if (hasLeft(consequent)) return block(when(test, consequent), alternate);
  return hasLeft(alternate) ? block(when(not(test), alternate), consequent) : undefined;
}

/** A `let` of a loop is renewed in each round, which only closures notice. */
function loops(node) {
  if (node.type !== "ForStatement" || node.init?.type !== "VariableDeclaration" || node.init.kind === "var")
    return undefined;
  if (some(node, isFunction)) return undefined;
  const { init } = node;
  return { type: "BlockStatement", body: [init, { ...node, init: null }] };
}

/** A label is the loop's, not that of the block which a loop has become. */
function labels(node) {
  if (node.type !== "LabeledStatement" || node.body.type !== "BlockStatement") return undefined;
  const { body } = node.body;
  if (!/^For/.test(body.at(-1)?.type) || !body.slice(0, -1).every(({ type }) => type === "VariableDeclaration"))
    return undefined;
  return block(...body.slice(0, -1), { ...node, body: body.at(-1) });
}

let made = 0;
const fresh = (text) => name(`${text}$${++made}`);
const declare = (kind, ...pairs) => ({
  type: "VariableDeclaration",
  kind,
  declarations: pairs.map(([id, init]) => ({ type: "VariableDeclarator", id, init })),
});
const member = (object, property, computed = false) => ({
  type: "MemberExpression",
  object,
  property,
  computed,
  optional: false,
});
const block = (...body) => ({ type: "BlockStatement", body });

/** `for … of` asks for an iterator and lets go of it, with 75 bytes more than counting. The driver walks arrays only. */
function rounds(node) {
  if (node.type !== "ForOfStatement" || node.await || node.left.type !== "VariableDeclaration") return undefined;
  const list = node.right.type === "Identifier" ? node.right : fresh("list");
  const i = fresh("i");
  const { kind, declarations } = node.left;
  const loop = {
    type: "ForStatement",
    init: declare("let", [i, literal(0)]),
    test: { type: "BinaryExpression", operator: "<", left: i, right: member(list, name("length")) },
    update: { type: "UpdateExpression", operator: "++", prefix: false, argument: i },
    body: block(declare(kind, [declarations[0].id, member(list, i, true)]), node.body),
  };
  return list === node.right ? loop : block(declare("const", [list, node.right]), loop);
}

/** `const { x, y } = a` looks for each name in a way of its own, with 11 bytes more than `a.x`. */
function patterns(node) {
  if (node.type !== "VariableDeclaration") return undefined;
  node.declarations = node.declarations.flatMap((one) => {
    const { id, init } = one;
    const simple = ({ type, computed, value }) => type === "Property" && !computed && value.type === "Identifier";
    if (id.type !== "ObjectPattern" || !init || !id.properties.every(simple)) return [one];
    const from = init.type === "Identifier" ? init : fresh("from");
    const values = id.properties.map(({ key, value }) => [value, member(from, key)]);
    return declare(node.kind, ...(from === init ? [] : [[from, init]]), ...values).declarations;
  });
  return undefined;
}

/** An array of words has 10 bytes more for each than their text. */
function lists(node) {
  if (node.type !== "ArrayExpression" || node.elements.length < 3) return undefined;
  if (
    !node.elements.every((one) => one?.type === "Literal" && /^[^ ]+$/.test(one.value) && typeof one.value === "string")
  )
    return undefined;
  const text = node.elements.map(({ value }) => value).join(" ");
  return {
    type: "CallExpression",
    callee: member({ type: "Literal", value: text, raw: JSON.stringify(text) }, name("split")),
    arguments: [{ type: "Literal", value: " ", raw: '" "' }],
    optional: false,
  };
}

/** `a.x = 0; a.y = 0;` is three bytes shorter as `a.x = a.y = 0`. */
function chains(node) {
  const list =
    node.type === "SwitchCase" ? "consequent" : /^(Program|BlockStatement|StaticBlock)$/.test(node.type) ? "body" : "";
  if (!list) return undefined;
  const out = [];
  for (const one of node[list]) {
    const last = out.at(-1);
    if (last && isStore(last) && isStore(one) && constantOf(last) === constantOf(one))
      out[out.length - 1] = statement({ ...last.expression, right: innermost(last.expression, one.expression) });
    else out.push(one);
  }
  node[list] = out;
  return undefined;
}

/** `a = b = 0` and `c = 0` make `a = b = c = 0`; this is what stands behind `a =`. */
function innermost(assignment, other) {
  const { right } = assignment;
  return right.type === "AssignmentExpression" ? { ...right, right: innermost(right, other) } : other;
}

function isStore(node) {
  if (node.type !== "ExpressionStatement" || node.expression.type !== "AssignmentExpression") return false;
  const { operator, left } = node.expression;
  if (operator !== "=" || constantOf(node) === undefined) return false;
  return (
    left.type === "Identifier" ||
    (left.type === "MemberExpression" && !left.computed && /^(This|Identifier)/.test(left.object.type))
  );
}

/** The constant that is stored in the end, as text. */
function constantOf(node) {
  let value = node.expression.right;
  while (value.type === "AssignmentExpression") value = value.right;
  if (isVoid(value)) return "undefined";
  return value.type === "Literal" && !value.regex ? JSON.stringify(value.value) : undefined;
}

const PASSES = { rounds, patterns, lists, literals, tests, returns, ends, leaves, elses, loops, labels, chains };

function passed(code, passes) {
  return passes.reduce(
    (tree, pass) => transform(tree, PASSES[pass]),
    parse(code, { ecmaVersion: 2022, sourceType: "module" }),
  );
}

async function printed(tree, mangle) {
  const { code } = await minify(tree, {
    parse: { spidermonkey: true },
    ecma: 2020,
    module: true,
    compress: false,
    mangle,
    format: { comments: false, ascii_only: true },
  });
  return code;
}

/** A module without what has a plainer form: that much the machine needs as well. */
export function plainForms(code) {
  return printed(passed(code, ["rounds", "labels", "patterns", "lists"]), false);
}

/** @param {string} code one module */
export function forms(code, passes = Object.keys(PASSES)) {
  const tree = passed(code, passes);
  shareVariables(tree);
  shareConstants(tree);
  return printed(tree, true);
}

// Lets a variable of a function take the place of one that is not needed any more: each local of its own takes XS four bytes of byte
// code, six in a block. It works on the tree of a minified program; names it gives are the printer's to shorten.

import { isFunction, isPropertyName } from "../espruino/tree.mjs";
import { below, isVoid, some } from "./nodes.mjs";

const LOOP = /^(For|While|DoWhile)/;

/** One name in one scope. */
class Binding {
  constructor(id, scope) {
    this.scope = scope;
    this.ids = [id];
    /** Where it is mentioned, in the order of the text. */
    this.mentions = [];
    this.captured = false;
    /** May another take its place, or it another's. */
    this.plain = false;
    /** The variable that it became, and whether others became this one. */
    this.host = undefined;
    this.isHost = false;
  }
}

/** Finds what each name in the functions of a program stands for. */
function bindingsOf(tree) {
  const all = [];
  let order = 0;
  const scopeOf = (parent, fn, loops) => ({ names: new Map(), parent, fn, loops });
  const add = (scope, id, plain) => {
    const binding = new Binding(id, scope);
    binding.plain = plain && scope.fn !== undefined;
    binding.at = order;
    scope.names.set(id.name, binding);
    if (scope.fn) all.push(binding);
    return binding;
  };
  const declareIn = (scope, pattern, plain) => {
    if (pattern.type === "Identifier") add(scope, pattern, plain);
    else for (const id of identifiersOf(pattern)) add(scope, id, false);
  };
  /** What stands directly in a block is known in all of it. */
  const declareAll = (scope, list) => {
    for (const one of list) {
      if (one.type === "VariableDeclaration")
        for (const { id } of one.declarations) declareIn(scope, id, one.kind !== "var");
      else if (/^(Function|Class)Declaration$/.test(one.type)) add(scope, one.id, false);
    }
  };
  const mention = (node, scope, loops) => {
    for (let one = scope; one; one = one.parent) {
      const binding = one.names.get(node.name);
      if (!binding) continue;
      if (binding.scope.fn !== scope.fn) binding.captured = true;
      if (!binding.ids.includes(node)) binding.ids.push(node);
      binding.mentions.push({ at: ++order, loops });
      return;
    }
  };
  const visit = (node, parent, scope, loops) => {
    let inside = scope;
    let around = loops;
    if (isFunction(node)) {
      inside = scopeOf(scope, node, []);
      around = [];
      if (node.type === "FunctionExpression" && node.id) add(inside, node.id, false);
      for (const one of node.params) declareIn(inside, one, one.type === "Identifier");
    } else if (node.type === "BlockStatement" || node.type === "Program") {
      inside = scopeOf(scope, scope?.fn, loops);
      inside.block = node;
      declareAll(inside, node.body);
    } else if (LOOP.test(node.type)) {
      around = [...loops, node];
      inside = scopeOf(scope, scope.fn, around);
      for (const one of [node.init, node.left])
        if (one?.type === "VariableDeclaration") for (const { id } of one.declarations) declareIn(inside, id, false);
    } else if (node.type === "CatchClause") {
      inside = scopeOf(scope, scope.fn, loops);
      if (node.param) declareIn(inside, node.param, false);
    } else if (node.type === "SwitchStatement") {
      inside = scopeOf(scope, scope.fn, loops);
      for (const one of node.cases)
        for (const { type, declarations } of one.consequent)
          if (type === "VariableDeclaration") for (const { id } of declarations) declareIn(inside, id, false);
    }
    if (node.type === "Identifier" && !isPropertyName(node, parent) && !/^(Label|Break|Continue)/.test(parent.type))
      mention(node, inside, around);
    node.at = ++order;
    // A function's name stands outside of it, where a parameter may have the same.
    for (const child of below(node)) if (!isFunction(node) || child !== node.id) visit(child, node, inside, around);
    node.end = ++order;
  };
  visit(tree, {}, undefined, []);
  return all;
}

function identifiersOf(pattern) {
  if (pattern.type === "Identifier") return [pattern];
  if (pattern.type === "Property") return identifiersOf(pattern.value);
  if (pattern.type === "AssignmentPattern") return identifiersOf(pattern.left);
  return below(pattern).flatMap(identifiersOf);
}

/** Whether a scope is another one or around it. */
function isAround(scope, other) {
  for (let one = other; one; one = one.parent) if (one === scope) return true;
  return false;
}

/** Gives each variable of a function a name of its own. */
function nameApart(bindings) {
  let count = 0;
  for (const binding of bindings) binding.name = binding.host ? "" : `local$${++count}`;
  for (const binding of bindings) {
    let { host } = binding;
    while (host?.host) host = host.host;
    for (const id of binding.ids) id.name = (host ?? binding).name;
  }
}

/** Functions below a node that have to have a parameter. */
function settersIn(node) {
  const own = node.kind === "set" ? [node.value] : [];
  return [...own, ...below(node).flatMap(settersIn)];
}

/** Parameters behind the last one that is used. */
function dropParameters(bindings, setters) {
  const used = new Set(bindings.filter(({ mentions }) => mentions.length > 1).map(({ ids }) => ids[0]));
  for (const fn of new Set(bindings.map(({ scope }) => scope.fn)))
    while (!setters.includes(fn) && fn.params.at(-1)?.type === "Identifier" && !used.has(fn.params.at(-1)))
      fn.params.pop();
}

/** Blocks that only keep names apart: leaving one takes two bytes. */
function flattenBlocks(node) {
  for (const child of below(node)) flattenBlocks(child);
  const list = node.type === "SwitchCase" ? "consequent" : "body";
  if (Array.isArray(node[list]) && !/^Class/.test(node.type))
    node[list] = node[list].flatMap((one) => (one.type === "BlockStatement" ? one.body : [one]));
}

/** Where a variable is mentioned for the last time; in a loop inside of its block that may be again until the loop ends. */
function lastOf({ mentions, scope }) {
  return Math.max(0, ...mentions.map(({ at, loops }) => loops.find((loop) => !scope.loops.includes(loop))?.end ?? at));
}

/** Calls `visit` for each declarator of a block; the statement that it returns, if it does, takes the declarator's place. */
function eachDeclarator(tree, visit) {
  for (const child of below(tree)) eachDeclarator(child, visit);
  if (tree.type !== "BlockStatement") return;
  tree.body = tree.body.flatMap((statement) => {
    if (statement.type !== "VariableDeclaration") return [statement];
    const out = [];
    for (const one of statement.declarations) {
      const instead = visit(one, statement);
      if (!instead && out.at(-1)?.type !== "VariableDeclaration") out.push({ ...statement, declarations: [] });
      if (instead) out.push(instead);
      else out.at(-1).declarations.push(one);
    }
    for (const one of out) if (one.type === "VariableDeclaration") one.kind = statement.kind;
    return out;
  });
}

/**
 * Finds variables of one function that are never needed at the same time, and makes them one. When no block with the first of them is around
 * the others, it is declared at the function's beginning: that takes a byte less than two of them in blocks, and blocks need not be left.
 * @param {Binding[]} bindings of the function
 * @param {Map<Binding, object>} declarators where each is made, but for parameters
 * @returns {Binding[]} those that are made no more where they were
 */
function share(fn, bindings, declarators) {
  const plain = bindings.filter((one) => one.plain && !one.captured);
  const rows = plain.filter((one) => !declarators.has(one) && fn.params.includes(one.ids[0])).map((one) => [one]);
  const made = plain.filter((one) => declarators.has(one));
  const endOf = (one) => declarators.get(one).end;
  for (const one of made.sort((a, b) => endOf(a) - endOf(b))) {
    const free = rows.filter((row) => lastOf(row.at(-1)) <= endOf(one));
    const row = free.sort((a, b) => lastOf(b.at(-1)) - lastOf(a.at(-1)))[0];
    if (row) row.push(one);
    else rows.push([one]);
  }
  const changed = [];
  for (const [first, ...others] of rows) {
    if (others.length === 0) continue;
    for (const one of others) one.host = first;
    changed.push(...others);
    if (!declarators.has(first)) continue;
    if (others.every(({ scope }) => isAround(first.scope, scope))) first.isHost = true;
    else {
      changed.push(first);
      const id = { type: "Identifier", name: "" };
      first.ids.push(id);
      fn.body.body.unshift({
        type: "VariableDeclaration",
        kind: "let",
        declarations: [{ type: "VariableDeclarator", id, init: null }],
      });
    }
  }
  return changed;
}

/** Changes the tree. */
export function shareVariables(tree) {
  const apart = bindingsOf(tree);
  nameApart(apart);
  unshorten(tree);
  dropParameters(apart, settersIn(tree));
  for (const fn of new Set(apart.map(({ scope }) => scope.fn))) flattenBlocks(fn.body);
  const bindings = bindingsOf(tree);
  const ofId = new Map(bindings.map((one) => [one.ids[0], one]));
  const declarators = new Map();
  eachDeclarator(tree, (one) => {
    if (ofId.has(one.id)) declarators.set(ofId.get(one.id), one);
    return undefined;
  });
  const functions = new Set(bindings.map(({ scope }) => scope.fn));
  const changed = new Set(
    [...functions].flatMap((fn) =>
      share(
        fn,
        bindings.filter(({ scope }) => scope.fn === fn),
        declarators,
      ),
    ),
  );
  eachDeclarator(tree, (one, statement) => {
    const binding = ofId.get(one.id);
    if (binding?.isHost) statement.kind = "let";
    return changed.has(binding) ? assignment(one.id, one.init) : undefined;
  });
  nameApart(bindings);
  dropStores(tree, new Set(bindings.filter(({ captured }) => !captured).map(({ name }) => name)));
}

/** What a statement stores in a variable, if it does nothing else: `let x;`, `x = value;`. */
function storeOf(node) {
  const last = node.type === "VariableDeclaration" && node.declarations.at(-1);
  if (last) return last.init || node.kind !== "let" ? undefined : { name: last.id.name, pure: true, declarator: last };
  const { type, operator, left, right } = node.expression ?? {};
  if (type !== "AssignmentExpression" || operator !== "=" || left.type !== "Identifier") return undefined;
  const pure = right.type === "Identifier" || right.type === "Literal" || isVoid(right);
  return { name: left.name, pure, right };
}

/**
 * `x = x;`, and what is stored right in front of another value, in variables that no function inside reads.
 * @param isTried - that value may throw, and what was stored be read behind a `catch`
 */
function dropStores(node, locals, isTried) {
  const isIn = !isFunction(node) && (isTried || node.type === "TryStatement");
  for (const child of below(node)) dropStores(child, locals, isIn);
  if (node.type !== "BlockStatement") return;
  const out = [];
  for (const one of node.body) {
    const store = storeOf(one);
    const before = out.length > 0 && storeOf(out.at(-1));
    if (store && store.right?.name === store.name) continue;
    const again = before?.pure && store?.right && before.name === store.name && locals.has(store.name);
    if (again && !some(store.right, ({ name }) => name === store.name)) {
      if (before.declarator) {
        before.declarator.init = store.right;
        continue;
      }
      if (!isTried) out.pop();
    }
    out.push(one);
  }
  node.body = out;
}

function assignment(left, right) {
  const nothing = {
    type: "UnaryExpression",
    operator: "void",
    prefix: true,
    argument: { type: "Literal", value: null, raw: "null" },
  };
  return {
    type: "ExpressionStatement",
    expression: { type: "AssignmentExpression", operator: "=", left, right: right ?? nothing },
  };
}

/** `{ x }` names a property by a variable, which has another name now. */
function unshorten(node) {
  if (node.type === "Property" && node.shorthand) node.shorthand = false;
  for (const child of below(node)) unshorten(child);
}

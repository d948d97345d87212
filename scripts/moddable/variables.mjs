// Lets a variable of a function take the place of one that is not needed any more: each local of its own takes XS four bytes of byte
// code, six in a block. It works on the tree of a minified program; names it gives are the printer's to shorten.

import { isFunction, isPropertyName } from "../espruino/tree.mjs";
import { below, isVoid, some } from "./nodes.mjs";

const LOOP = /^(For|While|DoWhile)/;

/** One name in one scope. */
class Binding {
  constructor(id, scope, declaration) {
    this.scope = scope;
    /** The `let` or `const` that makes it; none for a parameter, which is there from the start. */
    this.declaration = declaration;
    this.ids = [id];
    /** Where it is mentioned, in the order of the text. */
    this.mentions = [];
    this.captured = false;
    /** May another take its place, or it another's. */
    this.plain = false;
    /** The variable that it became. */
    this.host = undefined;
  }
}

/** Finds what each name in the functions of a program stands for. */
function bindingsOf(tree) {
  const all = [];
  let order = 0;
  const scopeOf = (parent, fn, loops) => ({ names: new Map(), parent, fn, loops });
  const add = (scope, id, declaration, plain) => {
    const binding = new Binding(id, scope, declaration);
    binding.plain = plain && scope.fn !== undefined;
    binding.at = order;
    scope.names.set(id.name, binding);
    if (scope.fn) all.push(binding);
    return binding;
  };
  const declareIn = (scope, pattern, declaration, plain) => {
    if (pattern.type === "Identifier") add(scope, pattern, declaration, plain);
    else for (const id of identifiersOf(pattern)) add(scope, id, declaration, false);
  };
  /** What stands directly in a block is known in all of it. */
  const hoist = (scope, list) => {
    for (const one of list) {
      if (one.type === "VariableDeclaration")
        for (const { id } of one.declarations) declareIn(scope, id, one, one.kind !== "var");
      else if (/^(Function|Class)Declaration$/.test(one.type)) add(scope, one.id, undefined, false);
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
      if (node.type === "FunctionExpression" && node.id) add(inside, node.id, undefined, false);
      for (const one of node.params) declareIn(inside, one, undefined, one.type === "Identifier");
    } else if (node.type === "BlockStatement" || node.type === "Program") {
      inside = scopeOf(scope, scope?.fn, loops);
      hoist(inside, node.body);
    } else if (LOOP.test(node.type)) {
      around = [...loops, node];
      inside = scopeOf(scope, scope.fn, around);
      for (const one of [node.init, node.left])
        if (one?.type === "VariableDeclaration")
          for (const { id } of one.declarations) declareIn(inside, id, one, false);
    } else if (node.type === "CatchClause") {
      inside = scopeOf(scope, scope.fn, loops);
      if (node.param) declareIn(inside, node.param, undefined, false);
    } else if (node.type === "SwitchStatement") {
      inside = scopeOf(scope, scope.fn, loops);
      for (const one of node.cases)
        for (const { type, declarations } of one.consequent)
          if (type === "VariableDeclaration")
            for (const { id } of declarations) declareIn(inside, id, undefined, false);
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

/** A variable that is there and is not needed any more when a declarator has its value. */
function hostFor(binding, declarator, bindings) {
  const { scope } = binding;
  return bindings.find((one) => {
    if (one === binding || !one.plain || one.captured || one.host || one.scope.fn !== scope.fn) return false;
    if (!isAround(one.scope, scope)) return false;
    if (one.declaration && !(one.declaration.end < declarator.at)) return false;
    // In the next round of a loop it would have another value.
    const loops = scope.loops.filter((loop) => !one.scope.loops.includes(loop));
    return one.mentions.every(
      ({ at, loops: around }) => at <= declarator.end && !around.some((loop) => loops.includes(loop)),
    );
  });
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

/** Changes the tree. */
export function shareVariables(tree) {
  const apart = bindingsOf(tree);
  nameApart(apart);
  unshorten(tree);
  dropParameters(apart, settersIn(tree));
  for (const fn of new Set(apart.map(({ scope }) => scope.fn))) flattenBlocks(fn.body);
  const bindings = bindingsOf(tree);
  const ofId = new Map(bindings.map((one) => [one.ids[0], one]));
  const visit = (node) => {
    for (const child of below(node)) visit(child);
    if (node.type !== "BlockStatement") return;
    node.body = node.body.flatMap((statement) => {
      if (statement.type !== "VariableDeclaration") return [statement];
      const out = [];
      for (const one of statement.declarations) {
        const binding = ofId.get(one.id);
        const host = binding?.plain && !binding.captured && hostFor(binding, one, bindings);
        if (host) {
          binding.host = host;
          host.mentions.push(...binding.mentions);
          if (host.declaration) host.declaration.kind = "let";
          out.push(assignment(one.id, one.init));
          continue;
        }
        if (out.at(-1)?.type !== "VariableDeclaration") out.push({ ...statement, declarations: [] });
        out.at(-1).declarations.push(one);
        if (binding) binding.declaration = out.at(-1);
      }
      return out;
    });
  };
  visit(tree);
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

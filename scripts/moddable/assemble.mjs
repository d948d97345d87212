// Compiles functions of the driver for the machine (machine.mjs). It knows which JavaScript that can do, and refuses the rest; which functions
// go there is decided elsewhere.

import { isFunction } from "../espruino/tree.mjs";
import { Expressions, unable } from "./expressions.mjs";
import { below } from "./nodes.mjs";

/** One function's variables, and those of the function around it. */
class Scope {
  constructor(outer) {
    this.outer = outer;
    this.names = [];
    this.count = 0;
  }

  /** A variable that its block declares further down: it hides others of its name already. */
  expect(id) {
    this.names.push({ name: id.name, id });
  }

  /** A block's variable, until the block ends. */
  declare({ name }, id) {
    let one = id && this.names.find((other) => other.id === id);
    if (!one) {
      one = { name };
      this.names.push(one);
    }
    one.place = this.count++;
    return one.place;
  }

  temporary() {
    return this.count++;
  }

  find(name) {
    const found = this.names.findLast((one) => one.name === name);
    if (found && found.place === undefined) unable({ type: "a variable that is declared later" });
    if (found) return { depth: 0, place: found.place };
    const above = this.outer?.find(name);
    return above && { depth: above.depth + 1, place: above.place };
  }
}

/** A function as instructions. */
export class Assembly extends Expressions {
  /** @returns {{ items: object[], count: number }} with the number of variables */
  run(fn, outer) {
    const before = [this.scope, this.items, this.targets, this.tries, this.loops];
    this.scope = new Scope(outer);
    this.items = [];
    this.targets = [];
    this.tries = [];
    this.loops = 0;
    if (fn.async || fn.generator) unable(fn);
    for (const one of fn.params) {
      if (one.type !== "Identifier") unable(one);
      this.scope.declare(one);
    }
    if (fn.body.type === "BlockStatement") {
      this.statements(fn.body.body);
      // The end of the text leaves as well.
      if (outer) this.emit("leave");
    } else {
      this.value(fn.body);
      this.emit("return");
    }
    const result = { items: this.items, count: this.scope.count };
    [this.scope, this.items, this.targets, this.tries, this.loops] = before;
    return result;
  }

  statements(list) {
    const kept = this.scope.names.length;
    for (const one of list) if (one.type === "FunctionDeclaration" || one.type === "ClassDeclaration") unable(one);
    for (const { type, declarations } of list)
      if (type === "VariableDeclaration") for (const { id } of declarations) this.scope.expect(id);
    for (const one of list) this.statement(one);
    this.scope.names.length = kept;
  }

  statement(node) {
    const handler = this[node.type];
    if (!handler || !/Statement|Declaration/.test(node.type)) unable(node);
    handler.call(this, node);
  }

  EmptyStatement() {}

  /** A mark, of a constructor that was another class's. */
  DebuggerStatement() {}

  BlockStatement({ body }) {
    this.statements(body);
  }

  ExpressionStatement({ expression }) {
    this.effect(expression);
  }

  VariableDeclaration({ kind, declarations }) {
    if (kind === "var") unable({ type: "var" });
    for (const { id, init } of declarations) {
      if (id.type !== "Identifier") unable(id);
      // A function may call itself.
      const place = init && isFunction(init) ? this.scope.declare(id, id) : undefined;
      if (init) this.value(init);
      else this.emit("undefined");
      this.emit("store", place ?? this.scope.declare(id, id));
    }
  }

  ReturnStatement({ argument }) {
    if (!argument) this.emit("leave");
    else {
      this.value(argument);
      this.emit("return");
    }
  }

  ThrowStatement({ argument }) {
    this.value(argument);
    this.emit("throw");
  }

  IfStatement({ test, consequent, alternate }) {
    const otherwise = this.label();
    this.test(test, otherwise, false);
    this.statement(consequent);
    if (alternate) {
      const end = this.label();
      this.jump("jump", end);
      this.put(otherwise);
      this.statement(alternate);
      this.put(end);
    } else this.put(otherwise);
  }

  ForStatement({ init, test, update, body }) {
    const hasFunction = (node) => node && (isFunction(node) || below(node).some(hasFunction));
    if ([init, test, update].some(hasFunction)) unable({ type: "a function in the head of a loop" });
    const kept = this.scope.names.length;
    if (init?.type === "VariableDeclaration") {
      this.statement(init);
      for (const one of this.scope.names.slice(kept)) one.inLoop = init.kind === "let";
    } else if (init) this.effect(init);
    this.loop(test, body, update);
    this.scope.names.length = kept;
  }

  /** Of what an object has itself: the driver looks so at copies of options. */
  ForInStatement({ left, right, body }) {
    if (left.type !== "VariableDeclaration") unable(left);
    const name = (text) => ({ type: "Identifier", name: text });
    const member = (object, property, computed) => ({ type: "MemberExpression", object, property, computed });
    const declare = (kind, id, init) => ({ type: "VariableDeclaration", kind, declarations: [{ id, init }] });
    const call = (callee, ...args) => ({ type: "CallExpression", callee, arguments: args });
    const kept = this.scope.names.length;
    const [list, i] = [name("list of for"), name("place of for")];
    this.statement(declare("const", list, call(member(name("Object"), name("keys")), right)));
    this.statement(declare("let", i, { type: "Literal", value: 0 }));
    const test = { type: "BinaryExpression", operator: "<", left: i, right: member(list, name("length")) };
    const one = declare("const", left.declarations[0].id, member(list, i, true));
    const update = { type: "UpdateExpression", operator: "++", prefix: false, argument: i };
    this.loop(test, { type: "BlockStatement", body: [one, body] }, update);
    this.scope.names.length = kept;
  }

  WhileStatement({ test, body }) {
    this.loop(test, body);
  }

  loop(test, body, update) {
    const start = this.label();
    const again = this.label();
    const end = this.label();
    this.put(start);
    if (test) this.test(test, end, false);
    this.targets.push({ again, end, tries: this.tries.length, name: this.named });
    this.named = undefined;
    this.loops++;
    if (capturesOwn(body)) this.effect(called(body));
    else this.statement(body);
    this.loops--;
    this.targets.pop();
    this.put(again);
    if (update) this.effect(update);
    this.jump("back", start);
    this.put(end);
  }

  LabeledStatement({ label, body }) {
    if (/^(For|While)/.test(body.type)) {
      this.named = label.name;
      this.statement(body);
      return;
    }
    const end = this.label();
    this.targets.push({ end, tries: this.tries.length, name: label.name });
    this.statement(body);
    this.targets.pop();
    this.put(end);
  }

  BreakStatement(node) {
    this.leaveTo(node, "end");
  }

  ContinueStatement(node) {
    this.leaveTo(node, "again");
  }

  leaveTo(node, which) {
    const target = this.targets.findLast((one) => (node.label ? one.name === node.label.name : one.again));
    if (!target?.[which]) unable(node);
    if (this.tries.length > target.tries) this.leaveTry(target.tries);
    this.jump("jump", target[which]);
  }

  /** The machine knows one place where errors go; that of what is around it is given anew. */
  leaveTry(depth) {
    if (depth) this.jump("try", this.tries[depth - 1]);
    else this.emit("endTry");
  }

  TryStatement({ block, handler, finalizer }) {
    if (finalizer) unable({ type: "finally" });
    const caught = this.label();
    const end = this.label();
    const depth = this.tries.length;
    this.jump("try", caught);
    this.tries.push(caught);
    this.statement(block);
    this.tries.pop();
    this.leaveTry(depth);
    this.jump("jump", end);
    this.put(caught);
    const kept = this.scope.names.length;
    if (!handler.param) this.emit("drop");
    else if (handler.param.type !== "Identifier") unable(handler.param);
    else this.emit("store", this.scope.declare(handler.param));
    if (depth) this.leaveTry(depth);
    this.statement(handler.body);
    this.scope.names.length = kept;
    this.put(end);
  }
}

const LEAVES = /^(Return|Break|Continue)Statement$/;

/** Whether functions in a loop's body use its variables, which are others in each round. */
function capturesOwn(body) {
  const own = new Set();
  const declare = (node) => {
    if (node.type === "VariableDeclaration") for (const { id } of node.declarations) own.add(id.name);
    if (node.type === "CatchClause" && node.param) own.add(node.param.name);
    if (!isFunction(node)) for (const one of below(node)) declare(one);
  };
  declare(body);
  const uses = (node) => (node.type === "Identifier" && own.has(node.name)) || below(node).some(uses);
  const captures = (node) => (isFunction(node) ? uses(node.body) : below(node).some(captures));
  return captures(body);
}

/** A loop's body as the call of a function that has its variables. */
function called(body) {
  const leaves = (node) => LEAVES.test(node.type) || (!isFunction(node) && below(node).some(leaves));
  if (leaves(body)) unable({ type: "leave out of a loop with closures" });
  const block = body.type === "BlockStatement" ? body : { type: "BlockStatement", body: [body] };
  const callee = { type: "ArrowFunctionExpression", params: [], body: block };
  return { type: "CallExpression", callee, arguments: [], optional: false };
}

/** Whether something in a function belongs to what is around it: then it cannot be moved. */
export function isBound(fn) {
  const visit = (node) =>
    node.type === "Super" ||
    node.type === "MetaProperty" ||
    (!isFunction(node) && below(node).some(visit)) ||
    (node.type === "ArrowFunctionExpression" && below(node).some(visit));
  return below(fn).some(visit);
}

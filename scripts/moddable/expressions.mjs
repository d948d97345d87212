// Compiles the expressions of a function for the machine (machine.mjs). What a statement is it does not know.

import { below } from "./nodes.mjs";
import { BINARY, OP } from "./operations.mjs";

/** What the machine cannot do; the function stays as it is. */
export class Unable extends Error {}

export const unable = (node) => {
  throw new Unable(node.type);
};

/** Of calls. */
const MOST_ARGUMENTS = 5;

/** Numbers up to it have an operation of their own. */
const INT_MAX = 900;

/** Expressions as instructions: `{ text }`, `{ jump, to }`, `{ at }` (a label), `{ arrow: [...] }`. Statements are the heir's. */
export class Expressions {
  /**
   * @param {{ globals(name: string): number, constant(name: string): unknown, named(name: string): void }} world of the module: the place of a variable
   *   of it, what it is if that is a text or a number, and who is told the names of properties
   */
  constructor(world) {
    this.world = world;
  }

  /** Characters of two units count as one in XS. */
  text(value) {
    if (/[\ud800-\udfff]/.test(value)) unable({ type: "surrogates" });
    this.emit("text", value);
  }

  emit(name, operand) {
    const code = String.fromCharCode(OP[name]);
    if (operand === undefined) this.items.push({ text: code });
    else if (typeof operand === "number") this.items.push({ text: code + String.fromCharCode(operand + 1) });
    else this.items.push({ text: code + String.fromCharCode(operand.length + 1) + operand });
  }

  jump(name, to) {
    this.items.push({ jump: name, to });
  }

  label() {
    return {};
  }

  put(label) {
    this.items.push({ at: label });
  }

  /** Jumps to the label when a test comes out as `when`, else goes on. */
  test(node, to, when) {
    if (node.type === "UnaryExpression" && node.operator === "!") return this.test(node.argument, to, !when);
    if (node.type === "LogicalExpression" && node.operator !== "??") {
      const isBoth = node.operator === "&&";
      if (isBoth !== when) {
        this.test(node.left, to, when);
        this.test(node.right, to, when);
      } else {
        const past = this.label();
        this.test(node.left, past, !when);
        this.test(node.right, to, when);
        this.put(past);
      }
      return;
    }
    this.value(node);
    this.jump(when ? "if" : "ifNot", to);
  }

  /** Does an expression whose value is not wanted. */
  effect(node) {
    if (node.type === "AssignmentExpression") this.assign(node, false);
    else if (node.type === "UpdateExpression") this.update(node, false);
    else if (node.type === "LogicalExpression" && node.operator !== "??") {
      const end = this.label();
      this.test(node.left, end, node.operator === "||");
      this.effect(node.right);
      this.put(end);
    } else if (node.type === "ConditionalExpression") {
      this.IfStatement({
        test: node.test,
        consequent: { type: "ExpressionStatement", expression: node.consequent },
        alternate: { type: "ExpressionStatement", expression: node.alternate },
      });
    } else if (node.type === "SequenceExpression") for (const one of node.expressions) this.effect(one);
    else if (node.type === "UnaryExpression" && (node.operator === "void" || node.operator === "!"))
      this.effect(node.argument);
    else {
      this.value(node);
      this.emit("drop");
    }
  }

  value(node) {
    const handler = this[node.type];
    if (!handler || /Statement|Declaration/.test(node.type)) unable(node);
    handler.call(this, node);
  }

  Literal({ value, regex, bigint }) {
    if (regex || bigint) unable({ type: "regex" });
    if (value === null) this.emit("null");
    else if (typeof value === "boolean") this.emit(String(value));
    else if (typeof value === "string") this.text(value);
    else if (Number.isInteger(value) && value >= 0 && value <= INT_MAX) this.emit("int", value);
    else this.emit("number", String(value));
  }

  /** As a call: `+` asks an object for another value than its text. */
  TemplateLiteral({ quasis, expressions }) {
    const text = ({ value }) => ({ type: "Literal", value: value.cooked });
    const pieces = expressions.flatMap((one, i) => [one, ...(quasis[i + 1].value.cooked ? [text(quasis[i + 1])] : [])]);
    const property = { type: "Identifier", name: "concat" };
    const callee = { type: "MemberExpression", object: text(quasis[0]), property, computed: false };
    this.value({ type: "CallExpression", callee, arguments: pieces });
  }

  ThisExpression() {
    this.emit("this");
  }

  Identifier({ name }) {
    if (name === "undefined") return this.emit("undefined");
    const found = this.scope.find(name);
    if (!found) {
      const constant = this.world.constant(name);
      if (constant !== undefined) return this.Literal({ value: constant });
      if (name === "arguments") unable({ type: "arguments" });
      return this.emit("global", this.world.globals(name));
    }
    const { depth, place } = found;
    if (depth > 3) unable({ type: "depth" });
    this.emit(["local", "outer", "outer2", "outer3"][depth], place);
  }

  /** The name of a property, if it is none that is computed. */
  property({ property, computed }) {
    if (computed) return undefined;
    if (property.type !== "Identifier") unable(property);
    this.world.named(property.name);
    return property.name;
  }

  MemberExpression(node) {
    if (node.object.type === "Super") unable(node);
    const name = this.property(node);
    if (name !== undefined && node.object.type === "ThisExpression") return this.emit("own", name);
    this.value(node.object);
    if (node.optional) this.jump("chain", this.chainEnd);
    if (name !== undefined) return this.emit("get", name);
    this.value(node.property);
    this.emit("index");
  }

  ChainExpression({ expression }) {
    const before = this.chainEnd;
    this.chainEnd = this.label();
    this.value(expression);
    this.put(this.chainEnd);
    this.chainEnd = before;
  }

  CallExpression({ callee, arguments: args, optional }) {
    if (args.some(({ type }) => type === "SpreadElement") || args.length > MOST_ARGUMENTS) unable({ type: "spread" });
    if (callee.type === "MemberExpression") {
      if (callee.object.type === "Super" || optional) unable(callee);
      const name = this.property(callee);
      if (name === undefined) {
        if (args.length === MOST_ARGUMENTS) unable({ type: "arguments" });
        const object = this.scope.temporary();
        this.value(callee.object);
        this.emit("dup");
        this.emit("store", object);
        this.value(callee.property);
        this.emit("index");
        this.emit("local", object);
        for (const one of args) this.value(one);
        this.world.named("call");
        this.emit(`call${args.length + 1}`, "call");
        return;
      }
      this.value(callee.object);
      if (callee.optional) this.jump("chain", this.chainEnd);
      for (const one of args) this.value(one);
      this.emit(`call${args.length}`, name);
      return;
    }
    if (callee.type === "Super") unable(callee);
    this.value(callee);
    if (optional) this.jump("chain", this.chainEnd);
    for (const one of args) this.value(one);
    this.emit("call", args.length);
  }

  NewExpression({ callee, arguments: args }) {
    if (args.length > MOST_ARGUMENTS || args.some(({ type }) => type === "SpreadElement")) unable({ type: "new" });
    this.value(callee);
    for (const one of args) this.value(one);
    this.emit("new", args.length);
  }

  ArrayExpression({ elements }) {
    this.emit("array");
    for (const one of elements) {
      if (!one || one.type === "SpreadElement") unable({ type: "hole" });
      this.value(one);
      this.emit("append");
    }
  }

  ObjectExpression({ properties }) {
    this.emit("object");
    for (const { type, kind, computed, key, value } of properties) {
      if (type !== "Property" || kind !== "init" || computed || key.type !== "Identifier") unable({ type: "property" });
      this.value(value);
      this.world.named(key.name);
      this.emit("field", key.name);
    }
  }

  UnaryExpression({ operator, argument }) {
    if (operator === "void") {
      if (argument.type !== "Literal") this.effect(argument);
      return this.emit("undefined");
    }
    if (operator === "-" && typeof argument.value === "number") return this.emit("number", `-${argument.value}`);
    const name = { "!": "not", "-": "minus", "+": "plus", "~": "tilde", typeof: "typeof" }[operator];
    if (!name) unable({ type: operator });
    this.value(argument);
    this.emit(name);
  }

  BinaryExpression({ operator, left, right }) {
    if (!BINARY.includes(operator)) unable({ type: operator });
    this.value(left);
    this.value(right);
    this.emit(operator);
  }

  LogicalExpression({ operator, left, right }) {
    const end = this.label();
    this.value(left);
    this.jump({ "&&": "and", "||": "or", "??": "nullish" }[operator], end);
    this.value(right);
    this.put(end);
  }

  ConditionalExpression({ test, consequent, alternate }) {
    const otherwise = this.label();
    const end = this.label();
    this.test(test, otherwise, false);
    this.value(consequent);
    this.jump("jump", end);
    this.put(otherwise);
    this.value(alternate);
    this.put(end);
  }

  SequenceExpression({ expressions }) {
    for (const one of expressions.slice(0, -1)) this.effect(one);
    this.value(expressions.at(-1));
  }

  /** Without `this` of its own it is the same as an arrow function. */
  FunctionExpression(node) {
    const isOwn = (one) =>
      one.type === "ThisExpression" ||
      one.name === "arguments" ||
      (!/^Function/.test(one.type) && below(one).some(isOwn));
    if (node.id || below(node).some(isOwn)) unable(node);
    this.ArrowFunctionExpression(node);
  }

  ArrowFunctionExpression(node) {
    if (this.loops && this.capturesOfLoops(node)) unable({ type: "loop variable" });
    // What is around it is in the frame of the function that makes it.
    const { items, count } = this.run(node, this.scope);
    this.items.push({ arrow: items, count });
  }

  capturesOfLoops(node) {
    const ofLoops = new Set(this.scope.names.filter(({ inLoop }) => inLoop).map(({ name }) => name));
    const visit = (one) => (one.type === "Identifier" && ofLoops.has(one.name)) || below(one).some(visit);
    return visit(node.body);
  }

  AssignmentExpression(node) {
    this.assign(node, true);
  }

  assign({ operator, left, right }, isWanted) {
    const binary = operator.slice(0, -1);
    if (binary && !BINARY.includes(binary)) unable({ type: operator });
    if (left.type === "Identifier") {
      const found = this.scope.find(left.name);
      if (!found || found.depth > 1) unable({ type: "assignment" });
      if (binary) this.Identifier(left);
      this.value(right);
      if (binary) this.emit(binary);
      if (isWanted) this.emit("dup");
      this.emit(found.depth ? "setOuter" : "store", found.place);
      return;
    }
    if (left.type !== "MemberExpression") unable(left);
    const name = this.property(left);
    if (name !== undefined && left.object.type === "ThisExpression") {
      if (binary) this.emit("own", name);
      this.value(right);
      if (binary) this.emit(binary);
      if (isWanted) this.emit("dup");
      this.emit("setOwn", name);
      return;
    }
    this.value(left.object);
    if (name === undefined) {
      if (binary) {
        const [object, key] = [this.scope.temporary(), this.scope.temporary()];
        this.emit("store", object);
        this.value(left.property);
        this.emit("store", key);
        this.emit("local", object);
        this.emit("local", key);
        this.emit("local", object);
        this.emit("local", key);
        this.emit("index");
      } else this.value(left.property);
    } else if (binary) {
      this.emit("dup");
      this.emit("get", name);
    }
    this.value(right);
    if (binary) this.emit(binary);
    const kept = isWanted ? this.scope.temporary() : 0;
    if (isWanted) {
      this.emit("dup");
      this.emit("store", kept);
    }
    if (name === undefined) this.emit("setIndex");
    else this.emit("set", name);
    if (isWanted) this.emit("local", kept);
  }

  UpdateExpression(node) {
    this.update(node, true);
  }

  update({ operator, prefix, argument }, isWanted) {
    // Of what is no number, too, a number is made: `x - -1`.
    const right = { type: "UnaryExpression", operator: "-", argument: { type: "Literal", value: 1 } };
    const one = operator === "++" ? right : right.argument;
    const assignment = { operator: "-=", left: argument, right: one };
    if (prefix || !isWanted) return this.assign(assignment, isWanted);
    // The value before.
    const isPlain = ({ type, computed, object }) => (object ? !computed && isPlain(object) : /^(This|Id)/.test(type));
    if (!isPlain(argument)) unable({ type: "count" });
    this.value(argument);
    this.emit("plus");
    this.assign(assignment, false);
  }
}

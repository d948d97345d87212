// Computes how many of Espruino's variables ("jsVars") the driver takes when it is loaded from Storage, from its code alone: for
// machines without an engine. What is made while it runs is not looked at. Calibrated in test/engines/espruino/vars.mjs.

import { parse } from "acorn";
import { droppedScopes } from "./scopes.mjs";
import { isFunction } from "./tree.mjs";

/**
 * Characters that one variable holds: of a name, of another string, of what follows either (src/jsutils.h of Espruino).
 * A board here is one with 13 bits a reference: STM32F4 and the Raspberry Pi Pico.
 */
export const LINUX = { name: 8, text: 20, more: 21 };
export const BOARD = { name: 4, text: 8, more: 9 };

/** Integers that a name can hold beside itself: as many bits as a reference has. */
const INLINE = { linux: 2 ** 31, board: 4096 };

/** The module itself: its scope, `exports`, its entry among the modules. */
const MODULE = 12;

/** A class: constructor with scope, prototype with its name and `constructor`. One that extends: `__proto__` and a constructor's code. */
const CLASS = 5;

class Model {
  constructor(size) {
    this.size = size;
    this.inline = size === LINUX ? INLINE.linux : INLINE.board;
  }

  /** Variables of a string or a name of so many characters. */
  string(length, first) {
    return 1 + Math.max(0, Math.ceil((length - first) / this.size.more));
  }

  name(text) {
    return this.string(text.length, this.size.name);
  }

  /** A function's own variables: itself, code, scope, parameters. One without code has neither. */
  fn(node) {
    const parameters = node.params.reduce((sum, one) => sum + this.name(`\xff${one.name}`), 0);
    const empty = node.body.type === "BlockStatement" && node.body.body.length === 0;
    return 1 + parameters + (empty ? 0 : 4 - 1);
  }

  /** What a value takes besides the name it is given. */
  value(node) {
    if (!node) return 0;
    if (isFunction(node)) return this.fn(node);
    switch (node.type) {
      case "Literal":
        if (typeof node.value === "string") return this.string(node.value.length, this.size.text);
        return Number.isInteger(node.value) && Math.abs(node.value) < this.inline ? 0 : 1;
      case "ObjectExpression":
        return node.properties.reduce(
          (sum, { key, value }) => sum + this.name(key.name ?? String(key.value)) + this.value(value),
          1,
        );
      case "ArrayExpression":
        return node.elements.reduce((sum, one) => sum + 1 + this.value(one), 1);
      case "ClassExpression":
        return this.class(node);
      // A part of a file in flash.
      case "CallExpression":
        return 1;
      case "BinaryExpression":
      case "UnaryExpression":
        return 1;
      // Something that is there already.
      default:
        return 0;
    }
  }

  class(node) {
    let sum = CLASS + this.name("constructor");
    if (node.superClass)
      sum +=
        this.name("__proto__") +
        1 +
        this.string(`${node.superClass.name}.apply(this,arguments)`.length, this.size.text);
    for (const member of node.body.body) {
      const { kind, value } = member;
      if (kind === "constructor") sum += this.fn(value) - 2;
      else sum += this.name(member.key.name) + this.value(value);
      // A getter is an object with the function in it.
      if (kind === "get" || kind === "set") sum += 2;
    }
    return sum;
  }

  statement(node) {
    switch (node.type) {
      case "FunctionDeclaration":
        return this.name(node.id.name) + this.fn(node);
      case "ClassDeclaration":
        return this.name(node.id.name) + this.class(node);
      case "VariableDeclaration":
        return node.declarations.reduce((sum, { id, init }) => sum + this.name(id.name) + this.value(init), 0);
      case "ExpressionStatement": {
        const all = node.expression.type === "SequenceExpression" ? node.expression.expressions : [node.expression];
        return all.reduce((sum, one) => sum + this.assignment(one), 0);
      }
      default:
        return 0;
    }
  }

  assignment({ type, left, right }) {
    if (type !== "AssignmentExpression") return 0;
    return (left.property ? this.name(left.property.name) : 0) + this.value(right);
  }
}

/**
 * @param {string} code a module, minified and not tokenised; what stands behind a NUL is not loaded
 * @param {typeof LINUX} size
 */
export function loadedVars(code, size) {
  const model = new Model(size);
  const tree = parse(code.split("\0")[0], { ecmaVersion: 2022, sourceType: "script" });
  return tree.body.reduce((sum, node) => sum + model.statement(node), MODULE - droppedScopes(code));
}

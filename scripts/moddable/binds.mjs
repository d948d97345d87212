// Puts `this.m.bind(this, a)` in the place of `(b) => this.m(a, b)`: half the byte code, as the function is made of what is there. It changes
// nothing that one can see.

import { parse } from "acorn";
import { children, edited, isFunction } from "../espruino/tree.mjs";

/**
 * What is known of a program: its methods, properties that are something else as well, and its arrow functions. What begins with "_" is of a class
 * and its relatives alone, where it is read of `this`.
 */
function survey(tree) {
  const methods = new Map();
  const others = new Set();
  const functions = new Map();
  const arrows = [];
  const bases = new Map();
  const add = (map, name, node) => map.set(name, [...(map.get(name) ?? []), node]);
  const family = (owner) => (bases.get(owner) ? family(bases.get(owner)) : owner);
  const visit = (node, owner, outermost) => {
    const { type, key, kind } = node;
    let inside = owner;
    if (/^Class/.test(type)) {
      inside = node.id?.name ?? "";
      bases.set(inside, node.superClass?.name);
    }
    const written = node.left ?? (type === "UpdateExpression" && node.argument);
    if (type === "MethodDefinition" && kind === "method" && !node.static) {
      add(methods, key.name, node.value);
      add(methods, `${family(owner)}.${key.name}`, node.value);
    } else if (/^(Property|MethodDefinition|PropertyDefinition)$/.test(type)) others.add(key.name ?? key.value);
    else if (/^(Assign|Update)/.test(type) && written?.type === "MemberExpression" && !written.computed) {
      const { object, property } = written;
      others.add(property.name);
      others.add(`${object.type === "ThisExpression" ? family(owner) : ""}.${property.name}`);
    }
    if (type === "FunctionDeclaration") add(functions, node.id.name, node);
    if (type === "ArrowFunctionExpression") arrows.push({ node, outermost, owner: family(owner) });
    for (const child of children(node)) visit(child, inside, outermost ?? (isFunction(node) ? node : undefined));
  };
  visit(tree, undefined, undefined);
  return { methods, others, functions, arrows };
}

/** Where each name of a function is made, and how often it is written to. */
function namesIn(fn) {
  const names = new Map();
  const of = (name) => names.get(name) ?? names.set(name, { made: [], writes: 0 }).get(name);
  const visit = (node) => {
    const { type, id, param, argument, left } = node;
    if (type === "VariableDeclarator" && id.type === "Identifier") of(id.name).made.push(node);
    if (/^(Function|Class)/.test(type) && id) of(id.name).made.push(node);
    if (param?.type === "Identifier") of(param.name).made.push(param);
    for (const one of isFunction(node) ? node.params : []) if (one.type === "Identifier") of(one.name).made.push(one);
    const written = type === "AssignmentExpression" ? left : type === "UpdateExpression" ? argument : undefined;
    if (written?.type === "Identifier") of(written.name).writes++;
    // What is taken apart, and the variable of a loop.
    if (/Pattern$/.test(type) || (/^For/.test(type) && node.init?.type === "VariableDeclaration"))
      for (const one of namesBelow(type.endsWith("Pattern") ? node : node.init)) of(one).writes++;
    for (const child of children(node)) visit(child);
  };
  visit(fn);
  return names;
}

function namesBelow(node) {
  return node.type === "Identifier" ? [node.name] : children(node).flatMap(namesBelow);
}

/**
 * @param {string} code a module
 * @param {(name: string) => boolean} isInternal whether a property's name is the program's own affair
 */
export function bindInPlace(code, isInternal) {
  const tree = parse(code, { ecmaVersion: 2022, sourceType: "module" });
  const { methods, others, functions, arrows } = survey(tree);
  const top = namesIn(tree);
  const edits = [];
  for (const { node, outermost, owner } of arrows) {
    const call = node.body;
    if (!outermost || node.async || call.type !== "CallExpression" || call.optional) continue;
    const names = namesIn(outermost);
    /** Whether something is the same when the function is called as when it is made. */
    const isFixed = (one) => {
      if (one.type === "Literal" || one.type === "ThisExpression") return true;
      if (one.type === "UnaryExpression" && /^[!+-]$/.test(one.operator)) return isFixed(one.argument);
      if (one.type !== "Identifier") return false;
      const { made, writes } = names.get(one.name) ?? { made: [], writes: 0 };
      if (made.length > 0) return made.length === 1 && writes === 0 && made[0].end < node.start;
      const outside = top.get(one.name);
      return outside?.made.length === 1 && outside.writes === 0 && functions.get(one.name)?.length === 1;
    };
    const { callee } = call;
    const passed = node.params.map(({ name }) => name);
    const fixed = call.arguments.slice(0, Math.max(0, call.arguments.length - passed.length));
    const rest = call.arguments.slice(fixed.length);
    if (rest.some((one, i) => one.type !== "Identifier" || one.name !== passed[i])) continue;
    if (rest.length !== passed.length || !fixed.every(isFixed)) continue;
    if (fixed.some(({ name }) => passed.includes(name)) || passed.includes(callee.object?.name)) continue;
    let targets;
    let receiver = "null";
    if (callee.type === "MemberExpression" && !callee.computed && !callee.optional) {
      const { object, property } = callee;
      const isOwn = object.type === "ThisExpression" && property.name.startsWith("_") && owner !== undefined;
      const title = isOwn ? `${owner}.${property.name}` : property.name;
      if (!isInternal(property.name) || others.has(title) || others.has(`.${property.name}`) || !isFixed(object))
        continue;
      targets = methods.get(title);
      receiver = code.slice(object.start, object.end);
    } else if (callee.type === "Identifier" && isFixed(callee)) targets = functions.get(callee.name);
    // What the caller gives beside comes behind.
    const takes = ({ params, body }) =>
      (params.length <= call.arguments.length || passed.length === 0) &&
      params.every(({ type }) => type === "Identifier") &&
      !namesBelow(body).includes("arguments");
    if (!targets?.every(takes)) continue;
    const missing = Math.max(0, ...targets.map(({ params }) => params.length - call.arguments.length));
    const list = [
      receiver,
      ...fixed.map(({ start, end }) => code.slice(start, end)),
      ...Array(missing).fill("undefined"),
    ].join(", ");
    edits.push({
      start: node.start,
      end: node.end,
      text: `${code.slice(callee.start, callee.end)}.bind(${list})`,
    });
  }
  return edited(code, edits);
}

// Says which functions seldom run on Moddable, and carries that through the bundler and the passes as a statement at their beginning.
// It moves nothing; cold.mjs does.

import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "acorn";
import { namedFunctions, plainName } from "../espruino/marks.mjs";
import { children, edited } from "../espruino/tree.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** What runs often, by a run (test/moddable/often.ts). */
const often = readFileSync(new URL("often.txt", import.meta.url), "utf8")
  .trim()
  .split("\n");

/** The mark: no other statement of the driver is one. */
const MARK = "debugger;";

export function isColdFunction({ body }) {
  return body.body?.[0]?.type === "DebuggerStatement";
}

/** The names of a module's methods that are marked. */
export function coldMethods(code) {
  const names = [];
  const visit = (node) => {
    if (node.type === "MethodDefinition" && isColdFunction(node.value)) names.push(node.key.name);
    for (const one of children(node)) visit(one);
  };
  visit(parse(code, { ecmaVersion: 2022, sourceType: "module" }));
  return names;
}

/**
 * A module in which a marked method's internal name is that of no other class, where each class means itself by it: every mention is one of
 * `this`, in a class.
 */
export function withOwnNames(code) {
  const tree = parse(code, { ecmaVersion: 2022, sourceType: "module" });
  const above = new Map();
  const places = new Map();
  const cold = [];
  const visit = (node, owner, parent) => {
    let inside = owner;
    if (/^Class(Decl|Expr)/.test(node.type)) {
      inside = (parent.type === "VariableDeclarator" ? parent.id : node.id).name;
      if (node.superClass) above.set(inside, node.superClass.name);
    }
    const isMember = node.type === "MemberExpression";
    const name = isMember ? node.property : /^(Property|MethodDefinition)$/.test(node.type) ? node.key : {};
    if (!node.computed && name.name?.startsWith("_")) {
      const isOwn = inside && (isMember ? node.object.type === "ThisExpression" : node.type === "MethodDefinition");
      if (!places.has(name.name)) places.set(name.name, []);
      places.get(name.name).push({ inside, name, isOwn });
      if (node.type === "MethodDefinition" && isColdFunction(node.value)) cold.push({ inside, name: name.name });
    }
    for (const one of children(node)) visit(one, inside, node);
  };
  visit(tree, "");
  const root = (name) => (above.has(name) ? root(above.get(name)) : name);
  const edits = [];
  for (const { inside, name } of cold) {
    const all = places.get(name);
    const own = all.filter((one) => root(one.inside) === root(inside));
    if (own.length === all.length || !all.every(({ isOwn }) => isOwn)) continue;
    for (const { name: node } of own) edits.push({ start: node.start, end: node.end, text: `${name}${root(inside)}` });
  }
  return edited(code, edits);
}

/** A module as it was before it was marked. */
export function withoutMarks(code) {
  return code.replace(/\bdebugger;/g, "");
}

/** The plugin that puts the marks in. */
export function moddableMarks() {
  return {
    name: "moddable-marks",
    transform(code, id) {
      const file = path.relative(path.join(root, "build"), id);
      if (file.startsWith("..") || !existsSync(path.join(root, file.replace(/\.js$/, ".ts")))) return null;
      const edits = [];
      for (const { name, node } of namedFunctions(parse(code, { ecmaVersion: 2022, sourceType: "module" }), code))
        if (!often.includes(plainName(name))) {
          const at = node.body.start + 1;
          edits.push({ start: at, end: at, text: MARK });
        }
      return { code: edited(code, edits), map: null };
    },
  };
}

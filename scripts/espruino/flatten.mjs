// Makes one class of a base class and the only class that extends it: in Espruino a class takes a dozen variables of its own, and what
// is inherited is looked for in one object more. It changes nothing that one can see.

import { parse } from "acorn";
import { children, edited } from "./tree.mjs";

/** What a base class's constructor is called as a method: private, so that calls of it can be told. */
const asMethod = (base) => `_as${base}`;

/** The base class and the class of the first pair that can become one. */
function findPair(tree) {
  const classes = tree.body.filter(({ type }) => type === "ClassDeclaration");
  const mentions = new Map();
  const visit = (node, parent) => {
    if (node.type === "Identifier" && parent.id !== node && !(parent.property === node && !parent.computed))
      mentions.set(node.name, (mentions.get(node.name) ?? 0) + 1);
    for (const child of children(node)) visit(child, node);
  };
  visit(tree, {});
  for (const one of classes) {
    const base = classes.find(({ id }) => id.name === one.superClass?.name);
    if (!base || base.superClass || mentions.get(base.id.name) !== 1) continue;
    const names = base.body.body.map(({ key }) => key.name);
    if (one.body.body.some(({ kind, key }) => kind !== "constructor" && names.includes(key.name))) continue;
    const own = (of) => of.body.body.find(({ kind }) => kind === "constructor");
    // Without a constructor of its own, the heir's is that of the base class.
    if (own(base)) return { base, one, made: own(one) && own(base) };
  }
  return undefined;
}

function superOf(node) {
  if (node.type === "CallExpression" && node.callee.type === "Super") return node.callee;
  for (const child of children(node)) {
    const found = superOf(child);
    if (found) return found;
  }
  return undefined;
}

/**
 * @param {string} code a bundle in one piece
 * @param {Map<string, string>} places where functions live; those that change their class are added
 */
export function flatten(code, places) {
  let out = code;
  for (;;) {
    const tree = parse(out, { ecmaVersion: 2022, sourceType: "script" });
    const pair = findPair(tree);
    if (!pair) return out;
    const { base, one, made } = pair;
    for (const { kind, key } of base.body.body) {
      const get = kind === "get" || kind === "set" ? `${kind} ` : "";
      const name = kind === "constructor" && made ? asMethod(base.id.name) : key.name;
      const place = places.get(`${base.id.name}.${get}${key.name}`);
      if (place !== undefined) places.set(`${one.id.name}.${get}${name}`, place);
    }
    const text = asMethod(base.id.name);
    const inBody = (node) => ({ start: node.start - base.body.start - 1, end: node.end - base.body.start - 1, text });
    const members = edited(out.slice(base.body.start + 1, base.body.end - 1), made ? [inBody(made.key)] : []);
    const call = made && superOf(one);
    out = edited(out, [
      { start: base.start, end: base.end, text: "" },
      { start: one.id.end, end: one.body.start, text: " " },
      { start: one.body.end - 1, end: one.body.end - 1, text: members },
      ...(call ? [{ start: call.start, end: call.end, text: `this.${text}` }] : []),
    ]);
  }
}

// Gives private properties the name of their class, so that classes can share a prototype and a method can be told by its name
// alone. It changes nothing that runs.

import { parse } from "acorn";
import { children, edited } from "./tree.mjs";

/**
 * `this._x` in class A becomes `this._x$A`; a class and its base classes share their names. A name that is mentioned where it is
 * not declared, in another class or outside of all, stays as it is everywhere.
 */
export function namePrivates(code) {
  const tree = parse(code, { ecmaVersion: 2022, sourceType: "script" });
  const bases = new Map();
  const found = [];
  const visit = (node, owner, parent) => {
    let inside = owner;
    if (node.type === "ClassDeclaration") {
      inside = node.id.name;
      bases.set(inside, node.superClass?.name);
    }
    const property =
      node.type === "MemberExpression" && !node.computed
        ? node.property
        : node.type === "Property" || node.type === "MethodDefinition"
          ? node.key
          : undefined;
    if (property?.name?.startsWith("_")) {
      if (node.shorthand) throw new Error(`${property.name} stands for its value`);
      const declares =
        node.type === "MethodDefinition" || (parent?.type === "AssignmentExpression" && parent.left === node);
      found.push({ property, owner: inside, declares });
    }
    for (const child of children(node)) visit(child, inside, node);
  };
  visit(tree, undefined, undefined);
  const root = (name) => (bases.get(name) ? root(bases.get(name)) : name);
  const title = ({ property, owner }) => `${property.name}$${root(owner)}`;
  const declared = new Set(found.filter(({ declares }) => declares).map(title));
  const isShared = (one) => !one.owner || !declared.has(title(one));
  const shared = new Set(found.filter(isShared).map(({ property }) => property.name));
  return edited(
    code,
    found
      .filter(({ property }) => !shared.has(property.name))
      .map((one) => ({ start: one.property.start, end: one.property.end, text: title(one) })),
  );
}

/** A name as it was in the source. */
export function publicName(name) {
  return name.replace(/\$\w+$/, "");
}

// Leaves out of the bundle for Moddable what cannot be reached there: methods of base classes that the target replaces, and boards that
// Moddable does not run on.

import { parse } from "acorn";
import { children, edited } from "../espruino/tree.mjs";

/** Methods of classes that have one heir and no object of their own, when the heir has another and calls none of them by `super`. */
export function dropReplaced(code) {
  const tree = parse(code, { ecmaVersion: 2022, sourceType: "module" });
  const classes = new Map();
  const mentions = new Map();
  const supers = new Set();
  const visit = (node, parent) => {
    // A class has two names when it has that of another: the variable's counts.
    if (node.type === "ClassDeclaration" || (node.type === "ClassExpression" && parent.type === "VariableDeclarator"))
      classes.set(node.type === "ClassDeclaration" ? node.id.name : parent.id.name, node);
    if (node.type === "Identifier") mentions.set(node.name, (mentions.get(node.name) ?? 0) + 1);
    if (node.type === "MemberExpression" && node.object.type === "Super") supers.add(node.property.name);
    for (const child of children(node)) visit(child, node);
  };
  visit(tree, undefined);
  const methodsOf = (one) =>
    one.body.body.filter(({ type, kind, static: is }) => type === "MethodDefinition" && kind === "method" && !is);
  const edits = [];
  for (const heir of classes.values()) {
    const base = heir.superClass && classes.get(heir.superClass.name);
    // Named where it is declared and where it is extended.
    if (!base || mentions.get(heir.superClass.name) !== 2) continue;
    const own = new Set(methodsOf(heir).map(({ key }) => key.name));
    for (const { key, start, end } of methodsOf(base))
      if (own.has(key.name) && !supers.has(key.name)) edits.push({ start, end, text: "" });
  }
  return edited(code, edits);
}

/** The plugin: of `board-wiring/boards.js` the boards that have pins as Moddable numbers them. */
export function moddableBoards() {
  return {
    name: "moddable-boards",
    transform(code, id) {
      if (!/board-wiring[\\/]boards\.js$/.test(id)) return null;
      const edits = [];
      const visit = (node) => {
        if (node.type === "VariableDeclarator" && node.id.name === "boards")
          // With the comma behind it.
          for (const { start, end, value } of node.init.properties)
            if (!value.properties.some(({ key }) => key.name === "moddable"))
              edits.push({ start, end: end + /^\s*,?/.exec(code.slice(end))[0].length, text: "" });
        for (const child of children(node)) visit(child);
      };
      visit(parse(code, { ecmaVersion: 2022, sourceType: "module" }));
      return { code: edited(code, edits), map: null };
    },
  };
}

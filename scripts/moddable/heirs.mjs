// Makes one class of a class and its only heir where the heir has no constructor: a class costs XS byte code some 100 bytes. Where both have
// one, flatten.mjs does it, if nothing is above them. It changes nothing that one can see.

import { parse } from "acorn";
import { children, edited } from "../espruino/tree.mjs";

/** The classes of a module by the names of their variables, each with the statement that declares it alone, and how often a name stands. */
function survey(tree) {
  const classes = new Map();
  for (const statement of tree.body) {
    const { type, declarations } = statement;
    if (type === "ClassDeclaration") classes.set(statement.id.name, { node: statement, statement });
    // Another class has the same name: a variable has one of its own.
    else if (
      type === "VariableDeclaration" &&
      declarations.length === 1 &&
      declarations[0].init?.type === "ClassExpression"
    )
      classes.set(declarations[0].id.name, { node: declarations[0].init, statement });
  }
  const mentions = new Map();
  const visit = (node) => {
    if (node.type === "Identifier") mentions.set(node.name, (mentions.get(node.name) ?? 0) + 1);
    for (const child of children(node)) visit(child);
  };
  visit(tree);
  return { classes, mentions };
}

function hasSuper(node) {
  return node.type === "Super" || children(node).some(hasSuper);
}

/** The first pair that can become one. */
function findPair(tree) {
  const { classes, mentions } = survey(tree);
  for (const [name, heir] of classes) {
    const base = classes.get(heir.node.superClass?.name);
    // Its name stands where it is declared and where it is extended; a class expression may use its own inside.
    if (!base || mentions.get(heir.node.superClass.name) !== 2) continue;
    if (base.node.type === "ClassExpression" && base.node.id && base.node.id.name !== name) {
      if (mentions.get(base.node.id.name) > 1) continue;
    }
    const members = heir.node.body.body;
    const names = base.node.body.body.map(({ key }) => key?.name);
    if (heir.node.type !== "ClassDeclaration" || members.some((one) => one.type !== "MethodDefinition" || one.static))
      continue;
    if (base.node.body.body.some((one) => one.type !== "MethodDefinition" || one.static)) continue;
    if (members.some((one) => one.kind === "constructor" || names.includes(one.key.name) || hasSuper(one))) continue;
    return { base, heir };
  }
  return undefined;
}

export function mergeHeirs(code) {
  for (let out = code; ; ) {
    const pair = findPair(parse(out, { ecmaVersion: 2022, sourceType: "module" }));
    if (!pair) return out;
    const { base, heir } = pair;
    const inside = ({ body }) => out.slice(body.start + 1, body.end - 1);
    const above = base.node.superClass
      ? `extends ${out.slice(base.node.superClass.start, base.node.superClass.end)} `
      : "";
    const text = `${above}{${inside(base.node)}${inside(heir.node)}}`;
    out = edited(out, [
      { start: base.statement.start, end: base.statement.end, text: "" },
      { start: heir.node.id.end, end: heir.node.end, text: ` ${text}` },
    ]);
  }
}

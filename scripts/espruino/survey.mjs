// Finds in a bundle what moving functions out of it has to know: classes, functions, and every place that uses one. It changes nothing.

import { parse } from "acorn";
import { namedFunctions } from "./marks.mjs";
import { children, isFunction, isPropertyName, namesOf } from "./tree.mjs";

const add = (map, key, value) => {
  if (!map.has(key)) map.set(key, []);
  map.get(key).push(value);
};

/** What is known of a bundle in one piece. */
export class Survey {
  /** Classes by name: node, name of the base, constructor. */
  classes = new Map();
  /** All functions that have a name of their own (marks.mjs), with the class of methods. */
  functions = [];
  /** By property: places that read, write or call it through an object. */
  members = new Map();
  /** By property: object literals that have it. */
  literals = new Map();
  /** By variable of the module: places that mention it. */
  mentions = new Map();
  /** `new` with a class of the module, by its name. */
  news = new Map();
  /** `super(…)`, with the class around it. */
  supers = [];
  /** Names that stand for a prototype: `const modem = M95.prototype`. */
  prototypes = new Map();

  constructor(code) {
    this.code = code;
    this.tree = parse(code, { ecmaVersion: 2022, sourceType: "script" });
    for (const node of this.tree.body) {
      if (node.type === "ClassDeclaration")
        this.classes.set(node.id.name, {
          node,
          base: node.superClass?.name,
          constructor: node.body.body.find((one) => one.kind === "constructor"),
        });
      if (node.type === "VariableDeclaration")
        for (const { id, init } of node.declarations)
          if (init?.type === "MemberExpression" && init.property.name === "prototype")
            this.prototypes.set(id.name, init.object.name);
    }
    for (const one of namedFunctions(this.tree, code)) {
      const owner = one.member && one.name.split(".")[0];
      this.functions.push({ ...one, owner });
    }
    for (const node of children(this.tree)) this.#visit(node, this.tree, { hidden: new Set() });
  }

  #visit(node, parent, around) {
    let inside = around;
    if (node.type === "ClassDeclaration") inside = { ...inside, owner: node.id.name };
    if (isFunction(node)) inside = { ...inside, hidden: new Set([...inside.hidden, ...namesOf(node)]) };
    const { owner } = inside;
    if (node.type === "MemberExpression" && !node.computed)
      add(this.members, node.property.name, { node, parent, owner, isCall: parent.callee === node });
    if (node.type === "Property" && !node.computed)
      add(this.literals, node.key.name ?? node.key.value, { node, owner });
    if (node.type === "NewExpression") add(this.news, node.callee.name, node);
    if (node.type === "CallExpression" && node.callee.type === "Super") this.supers.push({ node, owner });
    if (node.type === "Identifier" && !isPropertyName(node, parent) && !inside.hidden.has(node.name))
      add(this.mentions, node.name, { node, parent, isCall: parent.callee === node });
    for (const child of children(node)) this.#visit(child, node, inside);
  }

  /** The class at the top of the line that a class comes from. */
  root(name) {
    const base = this.classes.get(name)?.base;
    return base ? this.root(base) : name;
  }

  /** Whether code of a class, or of none, can mean a private property of another. */
  #related(owner, other) {
    return owner === undefined || this.root(owner) === this.root(other);
  }

  /**
   * Uses of a method, and why calls cannot be told to be calls of it; `reason` is undefined when they can.
   * @param {(name: string) => boolean} isInternal whether nobody outside of the bundle knows the name
   */
  callsOf({ name, owner, member }, isInternal) {
    const property = member.key.name;
    const own = property.startsWith("_");
    const mine = (one) => !own || this.#related(one.owner, owner);
    const uses = (this.members.get(property) ?? []).filter(mine);
    // A use outside of all classes can mean any of them.
    const anyone = uses.some((one) => one.owner === undefined);
    const others = this.functions.filter(
      (one) => one.member && one.name !== name && one.member.key.name === property && (anyone || mine(one)),
    );
    const written = uses.find(({ node, parent }) => parent.left === node && !this.overrideBy(parent));
    let reason;
    if (member.kind !== "method") reason = `a ${member.kind}ter`;
    else if (!isInternal(property)) reason = "public";
    else if (others.length) reason = `also ${others.map((one) => one.owner).join(", ")}`;
    else if ((this.literals.get(property) ?? []).some(mine)) reason = "also in an object literal";
    else if (written) reason = "assigned";
    return { uses, reason };
  }

  /** The function that takes the place of a method, if this is an assignment to a prototype: `modem.secure = secure`. */
  overrideBy(node) {
    const { left, right } = node;
    if (left?.type !== "MemberExpression" || right?.type !== "Identifier") return undefined;
    const of = left.object;
    const owner =
      of.type === "Identifier"
        ? this.prototypes.get(of.name)
        : of.property?.name === "prototype"
          ? of.object.name
          : undefined;
    return owner && { owner, method: left.property.name, name: right.name };
  }
}

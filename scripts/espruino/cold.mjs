// Moves functions out of a bundle: what is called seldom shall not be loaded, but be evaluated from flash at each call. It writes
// no file and knows no offsets; layout.mjs does.

import { Survey } from "./survey.mjs";
import { children, edited, editedNode, isFunction, isPropertyName, namesOf } from "./tree.mjs";

// What stands in the result for things that layout.mjs puts in: the dispatcher as a function and as a method, the class of objects
// that need no other, the number of a function that was moved, the body of a method that is left behind for one, and the functions.
export const DISPATCH = "__c";
export const PLAIN_CLASS = "__K";
const ID = "__id";
export const STUB = "__stub";
export const COLD = "__cold";

/**
 * Names of the dispatcher's parameters, which those of moved functions get: such a function is text that is evaluated inside of the
 * dispatcher. No other variable of a bundle may have them.
 */
export const PARAMETERS = ["j", "q", "X", "Z"];
/** The dispatcher's name for `this`, for the arrow functions of moved functions (arrows.mjs). */
export const SELF = "N";

const id = (number) => `${ID}(${number})`;

/**
 * @typedef {object} Cold
 * @property {string} name
 * @property {string} part "" for the driver's own file
 * @property {string} [stub] why a stub is left behind
 */

/**
 * @param {string} code a bundle in one piece
 * @param {(name: string) => string} placeOf "resident", the name of a part, or "" for a function that is called seldom
 * @param {(name: string) => boolean} isInternal whether a property's name is known in the bundle alone
 * @returns {{ code: string, cold: Cold[] }}
 */
export function moveOut(code, placeOf, isInternal) {
  const survey = new Survey(code);
  const moves = new Moves(survey);
  const overrides = new Map();
  for (const node of survey.tree.body) {
    const by = node.expression && survey.overrideBy(node.expression);
    if (by && isInternal(by.method) && placeOf(by.name) !== "resident")
      overrides.set(`${by.owner}.${by.method}`, { by, node });
  }
  // Methods first: the calls of one may turn out to be calls of a function.
  for (const one of [...survey.functions].sort((a, b) => !a.member - !b.member)) {
    if (placeOf(one.name) === "resident") continue;
    if (one.member?.kind === "constructor") moves.moveConstructor(one, placeOf(one.name));
    else if (one.member) moves.moveMethod(one, placeOf(one.name), isInternal, overrides.get(one.name));
    else if (one.node.type === "FunctionDeclaration") moves.moveFunction(one, placeOf(one.name), overrides);
    else moves.leaveStub(one, moves.add(one, placeOf(one.name), "assigned"));
  }
  moves.finish();
  return { code: moves.code(), cold: moves.cold };
}

/** Classes that every byte or line goes through: their methods stand first, where they are found at once. */
const QUICK = ["Framer", "Inbox", "Session"];
const rank = (name) => (QUICK.includes(name) ? QUICK.indexOf(name) : QUICK.length);

class Moves {
  cold = [];
  #survey;
  #edits = [];
  #constructors = new Map();
  /** Methods of the class that stands for all that were merged. */
  #members = [];

  constructor(survey) {
    this.#survey = survey;
  }

  add(fn, part, stub) {
    return this.cold.push({ name: fn.name, part, stub, fn }) - 1;
  }

  #replace(node, text) {
    this.#edits.push({ start: node.start, end: node.end, text });
  }

  #insert(at, text) {
    this.#edits.push({ start: at, end: at, text });
  }

  /** The first argument of a call becomes the function's number. */
  #number(call, number) {
    const at = this.#survey.code.indexOf("(", call.callee.end) + 1;
    this.#insert(at, id(number) + (call.arguments.length > 0 ? ", " : ""));
  }

  /** `x.m(a)` becomes `x.dispatch(number, a)`, and `x.m` or `x.m.bind(x)` as a value a function that does so. */
  #callMethod({ node, parent, isCall }, number) {
    const super_ = node.object.type === "Super";
    if (super_) this.#replace(node.object, "this");
    this.#replace(node.property, DISPATCH);
    if (isCall) {
      this.#number(parent, number);
      return;
    }
    if (!/^(This|Identifier)/.test(node.object.type)) throw new Error(`${this.cold[number].name} is used as a value`);
    const object = this.#survey.code.slice(node.object.start, node.object.end);
    const bound = `.bind(${object})`;
    const end = node.end + (this.#survey.code.startsWith(bound, node.end) ? bound.length : 0);
    this.#replace({ start: node.end, end }, `.bind(${object}, ${id(number)})`);
  }

  /** `f(a)` becomes `dispatch(number, a)`, and `f` as a value a function that does so. */
  #callFunction({ node, parent, isCall }, number, fn) {
    if (isCall) {
      this.#replace(node, DISPATCH);
      this.#number(parent, number);
      return;
    }
    const names = fn.params.map((_, i) => `a${i}`);
    const list = names.join(", ");
    const value = usesThis(fn.body)
      ? `function (${list}) { return ${DISPATCH}.call(${["this", id(number), ...names].join(", ")}); }`
      : `(${list}) => ${DISPATCH}(${[id(number), ...names].join(", ")})`;
    this.#replace(node, parent.type === "Property" && parent.shorthand ? `${node.name}: ${value}` : value);
  }

  moveConstructor(one, part) {
    const number = this.add(one, part);
    this.#constructors.set(one.owner, number);
    this.#replace(one.member, "");
    for (const made of this.#survey.news.get(one.owner) ?? []) {
      this.#insert(made.callee.end, `().${DISPATCH}`);
      this.#number(made, number);
    }
  }

  moveMethod(one, part, isInternal, override) {
    const { uses, reason } = this.#survey.callsOf(one, isInternal);
    if (reason) {
      this.leaveStub(one, this.add(one, part, reason));
      return;
    }
    this.#replace(one.member, "");
    // Another function has taken its place, so all calls are calls of that one.
    if (override) {
      this.#replace(override.node, "");
      override.uses = uses.filter(({ parent }) => parent !== override.node.expression);
      return;
    }
    const number = this.add(one, part);
    for (const use of uses) this.#callMethod(use, number);
  }

  moveFunction(one, part, overrides) {
    const { code, mentions, news } = this.#survey;
    const uses = (mentions.get(one.name) ?? []).filter(({ node }) => node !== one.node.id);
    // A constructor by hand.
    if (news.has(one.name) || uses.some(({ parent }) => parent.property?.name === "prototype")) return;
    const number = this.add(one, part);
    for (const use of uses) {
      const target = use.parent.type === "AssignmentExpression" && use.parent.left;
      if (target && code.slice(target.start, target.end).startsWith("exports.")) {
        this.cold[number].stub = "exported";
        this.#replace(use.node, `function () { ${STUB}(${number}); }`);
      } else this.#callFunction(use, number, one.node);
    }
    for (const { by, uses: calls } of overrides.values())
      if (by.name === one.name) for (const use of calls ?? []) this.#callMethod(use, number);
    this.#replace(one.node, "");
  }

  leaveStub({ node, member }, number) {
    const { params, body } = node;
    // A setter must have one.
    if (params.length > 0 && member?.kind !== "set")
      this.#replace({ start: params[0].start, end: params.at(-1).end }, "");
    this.#replace(body, `{ ${STUB}(${number}); }`);
  }

  /** What concerns classes as a whole: calls of constructors of base classes, of their methods, and classes that are empty now. */
  finish() {
    const { supers, members, classes, code } = this.#survey;
    for (const { node, owner } of supers) {
      const number = this.#constructors.get(classes.get(owner).base);
      if (number === undefined || !this.#constructors.has(owner))
        throw new Error(`${owner} and its base class have constructors of different kinds`);
      this.#replace(node.callee, `this.${DISPATCH}`);
      this.#number(node, number);
    }
    // In a function that has no home object any more.
    for (const uses of members.values())
      for (const { node, parent, owner } of uses) {
        if (node.object.type !== "Super" || this.#edits.some((one) => one.start === node.object.start)) continue;
        this.#replace(node.object, `${classes.get(owner).base}.prototype`);
        this.#insert(node.end, ".call");
        this.#insert(code.indexOf("(", node.end) + 1, parent.arguments.length > 0 ? "this, " : "this");
      }
    const merged = [...classes.keys()].filter((name) => this.#canMerge(name));
    merged.sort((a, b) => rank(a) - rank(b));
    const taken = new Set();
    for (const name of merged) {
      const { node } = classes.get(name);
      const left = node.body.body.filter(
        (member) => !this.#edits.some((one) => one.start === member.start && !one.text),
      );
      // Two classes with a method of the same name stay apart.
      if (left.some((member) => taken.has(member.key.name))) continue;
      for (const member of left) taken.add(member.key.name);
      this.#members.push(...left.map((member) => editedNode(code, member, this.#edits)));
      for (const { node: mention } of this.#usesOf(name)) this.#replace(mention, PLAIN_CLASS);
      this.#replace(node, "");
    }
  }

  #usesOf(name) {
    const { mentions, classes } = this.#survey;
    return (mentions.get(name) ?? []).filter((use) => use.node !== classes.get(name).node.id);
  }

  /** Whether a class is nothing but the prototype of objects that the bundle makes: all of those can share one. */
  #canMerge(name) {
    const { classes } = this.#survey;
    const inherited = [...classes.values()].some((one) => one.base === name);
    if (classes.get(name).base || inherited) return false;
    return this.#usesOf(name).every(({ parent }) => parent.type === "NewExpression");
  }

  /** The bundle, with what was moved behind it. */
  code() {
    const { code } = this.#survey;
    const moved = this.cold.map((one, number) => `\n${COLD}[${number}] = ${this.#moved(one)};`);
    return `${edited(code, this.#edits)}\nclass ${PLAIN_CLASS} {\n${this.#members.join("\n")}\n}${moved.join("")}`;
  }

  /** A function under the names of the dispatcher's parameters; a method that leaves a stub finds its arguments in that. */
  #moved({ name, stub, fn: { node, member } }) {
    const own = this.#edits.filter(({ start, end }) => start > node.body.start && end < node.body.end);
    const isConstructor = member?.kind === "constructor";
    const params = node.params.map((one) => one.name);
    const taken = stub ? [] : params.slice(0, PARAMETERS.length);
    const rest = params.slice(taken.length).map((one, i) => {
      // The dispatcher's own first argument is the number.
      return `${one} = arguments[${stub ? i : taken.length + 1 + i}]`;
    });
    const [first] = node.body.body;
    // A stub has no name for it.
    const self = !stub && first?.declarations?.[0].init?.type === "ThisExpression" ? first : undefined;
    const names = new Map(taken.map((one, i) => [one, PARAMETERS[i]]));
    const edits = [...own, ...this.#renamed(node, names, self, name)];
    if (rest.length > 0)
      edits.unshift({ start: node.body.start + 1, end: node.body.start + 1, text: ` let ${rest.join(", ")};` });
    if (isConstructor) {
      edits.push(...returnsOf(node.body).map((one) => ({ start: one.start, end: one.end, text: "return this;" })));
      edits.push({ start: node.body.end - 1, end: node.body.end - 1, text: "\nreturn this;\n" });
    }
    return `function (${PARAMETERS.slice(0, taken.length).join(", ")}) ${editedNode(this.#survey.code, node.body, edits)}`;
  }

  /** Without the constant that is `this` in it, if there is one. */
  #renamed(fn, names, self, name) {
    const twice = [...names.keys()].find((one) => declaredIn(fn.body).has(one));
    if (twice) throw new Error(`${name} declares its parameter ${twice} once more`);
    const edits = [];
    if (self) {
      names.set(self.declarations[0].id.name, SELF);
      edits.push({ start: self.start, end: self.end, text: "" });
    }
    const visit = (node, parent, hidden) => {
      if (node === self) return;
      const inside = isFunction(node) ? new Set([...hidden, ...namesOf(node)]) : hidden;
      const text = node.type === "Identifier" && !inside.has(node.name) ? names.get(node.name) : undefined;
      if (text && !isPropertyName(node, parent))
        edits.push({
          start: node.start,
          end: node.end,
          text: parent.type === "Property" && parent.shorthand ? `${node.name}: ${text}` : text,
        });
      for (const child of children(node)) visit(child, node, inside);
    };
    for (const child of children(fn.body)) visit(child, fn.body, new Set());
    return edits;
  }
}

/** Names that a block declares, functions inside it left aside. */
function declaredIn(body) {
  return namesOf({ type: "", params: [], body });
}

/** Whether code of a function uses `this`, functions inside it left aside. */
function usesThis(node) {
  if (node.type === "ThisExpression") return true;
  return children(node).some(
    (child) => (child.type === "ArrowFunctionExpression" || !isFunction(child)) && usesThis(child),
  );
}

function returnsOf(body) {
  const found = [];
  const visit = (node) => {
    if (node.type === "ReturnStatement") found.push(node);
    else if (!isFunction(node)) for (const child of children(node)) visit(child);
  };
  visit(body);
  return found;
}

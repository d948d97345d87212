// Puts functions and internal methods that are called from one place into that place, as statements, and small ones into the few places of their
// calls: a method costs XS byte code some 30 bytes besides what it does, and 8 for each parameter. It changes nothing that one can see but stack
// traces.

import { parse } from "acorn";
import { children, edited, isFunction, isPropertyName, namesOf } from "../espruino/tree.mjs";
import { savedInPlace } from "./bytes.mjs";
import { isColdFunction } from "./marks.mjs";

const LOOPS = /^(For|While|DoWhile)/;

/** A program: its tree, the parents of each node, definitions and uses of names. */
function survey(code, isInternal) {
  const tree = parse(code, { ecmaVersion: 2022, sourceType: "module" });
  const parents = new Map();
  const members = new Map();
  const names = new Map();
  const methods = [];
  const functions = [];
  const add = (map, name, node) => map.set(name, [...(map.get(name) ?? []), node]);
  const visit = (node, parent) => {
    parents.set(node, parent);
    if (node.type === "MethodDefinition" || node.type === "Property") {
      const name = node.key.name ?? String(node.key.value);
      add(members, name, node);
      if (node.type === "MethodDefinition" && node.kind === "method" && !node.static && isInternal(name))
        methods.push(node);
    }
    if (node.type === "MemberExpression" && !node.computed) add(members, node.property.name, node);
    if (node.type === "Identifier" && !isPropertyName(node, parent)) add(names, node.name, node);
    if (node.type === "FunctionDeclaration" && parent === tree) functions.push(node);
    for (const child of children(node)) visit(child, node);
  };
  visit(tree, undefined);
  return { tree, parents, members, names, methods, functions };
}

/** Names that are known inside a node and not around it. */
function ownNames(node) {
  const list = [node.init, node.left, ...(node.cases?.flatMap(({ consequent }) => consequent) ?? [])];
  const inside = node.type === "BlockStatement" ? node.body : list;
  const declared = inside.flatMap((one) => (one?.type === "VariableDeclaration" ? one.declarations : []));
  const ids = [...declared.map(({ id }) => id), node.param, ...(isFunction(node) ? node.params : [])];
  return ids.filter((id) => id?.type === "Identifier").map(({ name }) => name);
}

/** What stands in a function's body, functions inside it included; undefined when it cannot stand elsewhere. */
function contentOf(fn) {
  const content = { ids: [], declared: new Set(), assigned: new Set(), thises: [], returns: [], labels: false };
  let movable = !fn.async && !fn.generator && fn.params.every((one) => one.type === "Identifier");
  // A name may be that of a parameter inside, and elsewhere mean something of the module.
  const visit = (node, parent, nested, known, around) => {
    const scope = new Set([...around, ...ownNames(node)]);
    if (node.type === "Super") movable = false;
    if (/^Function|^Class/.test(node.type) || node.name === "arguments") movable = false;
    if (node.type === "ThisExpression") content.thises.push({ node, nested });
    if (node.type === "ReturnStatement" && !nested) content.returns.push(node);
    if (node.type === "Identifier" && !isPropertyName(node, parent)) {
      const bound = known.has(node.name);
      // A block has a name that means something else outside of it.
      if (bound && !scope.has(node.name)) movable = false;
      content.ids.push({ node, parent, bound });
    }
    if (node.type === "AssignmentExpression" && node.left.type === "Identifier") content.assigned.add(node.left.name);
    if (node.type === "UpdateExpression" && node.argument.type === "Identifier")
      content.assigned.add(node.argument.name);
    const arrow = node.type === "ArrowFunctionExpression";
    const names = arrow ? new Set([...known, ...namesOf(node)]) : known;
    for (const name of names) content.declared.add(name);
    for (const child of children(node)) visit(child, node, nested || arrow, names, scope);
  };
  visit(fn.body, fn, false, namesOf(fn), new Set(ownNames(fn)));
  return movable ? content : undefined;
}

/** Whether a value is the same wherever it is read, and costs nothing. */
function isPlain(node, frozen) {
  if (node.type === "Literal" || node.type === "ThisExpression") return true;
  return node.type === "Identifier" && (node.name === "undefined" || frozen(node.name));
}

/** Whether a value is only read, wherever from. */
function isPath(node) {
  return node.type === "MemberExpression" && !node.computed
    ? isPath(node.object)
    : /^(This|Identifier)/.test(node.type);
}

export class Inliner {
  /** @param {(name: string) => boolean} isInternal whether a method's name is the program's own affair */
  constructor(isInternal) {
    this.isInternal = isInternal;
    /** Of names that were made up. */
    this.count = 100;
  }

  /** All that can be put into place, also what stands in others. */
  run(code) {
    let out = code;
    for (let next = out; next !== undefined; next = this.round(out)) out = next;
    return out;
  }

  /** One round: what does not overlap. Undefined when there was nothing. */
  round(code) {
    const program = survey(code, this.isInternal);
    const edits = [];
    const move = (definition, fn, uses) => {
      const calls = uses.map((one) => program.parents.get(one));
      if (uses.length === 0 || calls.some(({ callee }, i) => callee !== uses[i])) return;
      if (uses.length > 1 && isColdFunction(fn)) return;
      if (uses.length > 1 && savedInPlace(fn, calls, definition !== fn) <= 0) return;
      const all = [...edits];
      if (all.some(({ start, end }) => start < definition.end && end > definition.start)) return;
      if (!uses.every((one) => this.place(code, program, fn, one, all))) return;
      edits.push(...all.slice(edits.length), { start: definition.start, end: definition.end, text: "" });
    };
    for (const method of program.methods) {
      const uses = program.members.get(method.key.name).filter((one) => one !== method);
      if (uses.every(({ type }) => type === "MemberExpression")) move(method, method.value, uses);
    }
    for (const fn of program.functions)
      move(
        fn,
        fn,
        program.names.get(fn.id.name).filter((one) => one !== fn.id),
      );
    return edits.length ? edited(code, edits) : undefined;
  }

  /** Adds the edits that put a function in the place of a call, if it can stand there and nothing else happens in either; whether it can. */
  place(code, { parents, tree }, fn, callee, edits) {
    const call = parents.get(callee);
    if (call.type !== "CallExpression" || call.callee !== callee || call.optional || callee.optional) return false;
    const args = call.arguments;
    if (args.length > fn.params.length || args.some((one) => one.type === "SpreadElement")) return false;
    const content = contentOf(fn);
    if (!content) return false;
    // Functions around the call, the innermost first; module level stays as it is.
    const around = [];
    for (let node = call; node; node = parents.get(node)) if (isFunction(node)) around.push(node);
    if (around.length === 0 || around.includes(fn)) return false;
    if (isColdFunction(fn) !== isColdFunction(around.at(-1))) return false;
    const isFree = ({ start, end }) => !edits.some((one) => one.start < end && one.end > start);

    const outer = new Set(around.flatMap((one) => [...namesOf(one)]));
    const free = content.ids.filter(({ bound }) => !bound);
    if (free.some(({ node }) => outer.has(node.name))) return false;
    const written = assignedIn(around.at(-1));
    const anywhere = assignedIn(tree);
    const frozen = (name) => !(outer.has(name) ? written : anywhere).has(name);

    // ---- what the names in the body become
    const fresh = (name) => `${name.replace(/\$\d+$/, "")}$${++this.count}`;
    const become = new Map([...content.declared].map((name) => [name, fresh(name)]));
    const before = [];
    let self = "this";
    const receiver = callee.type === "MemberExpression" ? callee.object : undefined;
    if (receiver && receiver.type !== "ThisExpression") {
      if (!content.thises.length) {
        if (!isPath(receiver)) before.push(`${code.slice(receiver.start, receiver.end)};`);
      } else if (isPlain(receiver, frozen)) self = receiver.name;
      else {
        self = fresh("self");
        before.push(`const ${self} = ${code.slice(receiver.start, receiver.end)};`);
      }
    }
    // `this` of a function that is no arrow function is another one; only methods use it.
    if (!receiver && content.thises.length) return false;
    if (receiver && receiver.type === "Super") return false;
    fn.params.forEach((param, i) => {
      const arg = args[i];
      const text = arg ? code.slice(arg.start, arg.end) : "undefined";
      const mentions = content.ids.filter(({ node }) => node.name === param.name);
      if (!content.assigned.has(param.name) && (!arg || isPlain(arg, frozen))) become.set(param.name, text);
      else if (mentions.length === 0 && !arg) return;
      else before.push(`${content.assigned.has(param.name) ? "let" : "const"} ${become.get(param.name)} = ${text};`);
    });

    // ---- the body
    const inner = [];
    for (const { node, parent, bound } of content.ids) {
      const name = bound ? become.get(node.name) : undefined;
      if (name === undefined) continue;
      if (parent.type === "Property" && parent.shorthand) {
        if (node === parent.value) inner.push({ start: parent.start, end: parent.end, text: `${node.name}: ${name}` });
      } else inner.push({ start: node.start, end: node.end, text: name });
    }
    if (self !== "this")
      for (const { node } of content.thises) inner.push({ start: node.start, end: node.end, text: self });
    const statements = isColdFunction(fn) ? fn.body.body.slice(1) : fn.body.body;
    const last = statements.at(-1);
    // A value that is computed where it is wanted.
    if (statements.length === 1 && last.type === "ReturnStatement" && last.argument && before.length === 0) {
      if (!isFree(call)) return false;
      const { start, end } = last.argument;
      edits.push({ start: call.start, end: call.end, text: `(${editedPart(code, start, end, inner)})` });
      return true;
    }
    const site = siteOf(call, parents);
    if (!site || !isFree(site.statement)) return false;
    const { statement, form } = site;
    const label = fresh("end");
    const result = form === "value" ? fresh("value") : "";
    let jumps = false;
    for (const one of content.returns) {
      if (form === "return") continue;
      const value = one.argument;
      const jump = one === last ? "" : `break ${label};`;
      if (jump) jumps = true;
      const head = !value ? "" : result ? `${result} = (` : "(";
      inner.push({
        start: one.start,
        end: value ? value.start : one.end,
        text: `{ ${head}${value ? "" : jump}${value ? "" : " }"}`,
      });
      if (value) inner.push({ start: value.end, end: one.end, text: `); ${jump} }` });
    }
    const from = statements.length ? statements[0].start : fn.body.start + 1;
    const to = statements.length ? last.end : fn.body.start + 1;
    const body = editedPart(code, from, to, inner);
    // Falling off a function's end returns undefined.
    const tail =
      form === "return" && last?.type !== "ReturnStatement" && last?.type !== "ThrowStatement" ? "return;" : "";
    // So does `return;`, where what decided on the call stands already.
    const isSet = last?.type === "ThrowStatement" || (last?.type === "ReturnStatement" && last.argument);
    const none =
      site.isUsed && !(isSet && content.returns.every(({ argument }) => argument)) ? `${result} = undefined;` : "";
    const block = `${jumps ? `${label}: ` : ""}{ ${before.join(" ")} ${none} ${body} ${tail} }`;
    let text = block;
    if (site.arrow) text = `{ ${before.join(" ")} ${body} }`;
    else if (site.render) text = site.render(code, block, result);
    edits.push({ start: statement.start, end: statement.end, text });
    return true;
  }
}

/** The statement that a call is, or whose first value it is, and how its value is used. */
function siteOf(call, parents) {
  const parent = parents.get(call);
  const inList = (node) => /^(Program|BlockStatement|StaticBlock|SwitchCase)$/.test(parents.get(node).type);
  if (parent.type === "ExpressionStatement") return { statement: parent, form: "effect" };
  if (parent.type === "ReturnStatement") return { statement: parent, form: "return" };
  if (parent.type === "ArrowFunctionExpression" && parent.body === call)
    // Parentheses around it would stay.
    return parent.end === call.end ? { statement: call, form: "return", arrow: true } : undefined;
  return siteInTest(call, parents) ?? siteInValue(call, parents, inList);
}

/** `if (a && f()) …` is `if (a) { … if (value) … }`. */
function siteInTest(call, parents) {
  let node = call;
  while (isFirst(parents.get(node), node)) node = parents.get(node);
  const parent = parents.get(node);
  const statement = parents.get(parent);
  if (parent.type !== "LogicalExpression" || parent.operator !== "&&" || statement.type !== "IfStatement")
    return undefined;
  if (statement.test !== parent || statement.alternate) return undefined;
  const text = (code, { start, end }) => code.slice(start, end);
  const render = (code, block, result) => {
    const value = code.slice(node.start, call.start) + result + code.slice(call.end, node.end);
    return `if (${text(code, parent.left)}) { let ${result}; ${block} if (${value}) ${text(code, statement.consequent)} }`;
  };
  return { statement, form: "value", render };
}

/** Whether nothing in an expression is evaluated before a part of it that the part could change. */
function isFirst(parent, node) {
  const { type } = parent;
  if (type === "UnaryExpression") return true;
  if (type === "LogicalExpression" || type === "BinaryExpression") return parent.left === node;
  if (type === "MemberExpression") return parent.object === node;
  if (type === "ConditionalExpression") return parent.test === node;
  if (type === "AssignmentExpression") return parent.right === node && isSimpleTarget(parent);
  if (type !== "CallExpression") return false;
  const { callee } = parent;
  if (callee === node) return true;
  const isOwn = callee.type === "MemberExpression" && !callee.computed && callee.object.type === "ThisExpression";
  return isOwn && parent.arguments[0] === node;
}

/** A statement with a call somewhere in its first value: that value is made in steps, `if (a && (f() || b))` of `v = a; if (v) v = f() || b; if (v)`. */
function siteInValue(call, parents, inList) {
  const text = (code, { start, end }) => `(${code.slice(start, end)})`;
  const steps = [];
  let isUsed = false;
  let known = call;
  let node = call;
  let parent = parents.get(node);
  for (; ; parent = parents.get(node)) {
    if (isFirst(parent, node)) {
      node = parent;
      continue;
    }
    const { type, operator, left, right, test, consequent, alternate } = parent;
    const isLogical = type === "LogicalExpression" && right === node && operator !== "??";
    if (!isLogical && !(type === "ConditionalExpression" && test !== node)) break;
    const [inner, outer] = [known, node];
    isUsed ||= isLogical;
    steps.push((code, inside, name) => {
      const rest = code.slice(outer.start, inner.start) + name + code.slice(inner.end, outer.end);
      const all = `{ ${inside} ${inner === outer ? "" : `${name} = ${rest};`} }`;
      if (isLogical) return `${name} = ${text(code, left)}; if (${operator === "||" ? "!" : ""}${name}) ${all}`;
      if (consequent === outer) return `if (${text(code, test)}) ${all} else ${name} = ${text(code, alternate)};`;
      return `if (!${text(code, test)}) ${all} else ${name} = ${text(code, consequent)};`;
    });
    known = node = parent;
  }
  let statement = parent;
  if (parent.type === "VariableDeclarator") {
    statement = parents.get(parent);
    if (statement.declarations[0] !== parent || !inList(statement)) return undefined;
  } else if (
    !/^(Return|Expression)Statement$/.test(parent.type) &&
    !(parent.type === "IfStatement" && parent.test === node)
  )
    return undefined;
  const render = (code, block, name) => {
    const made = steps.reduce((inside, step) => step(code, inside, name), block);
    const rest = code.slice(statement.start, known.start) + name + code.slice(known.end, statement.end);
    return inList(statement) ? `let ${name}; ${made} ${rest}` : `{ let ${name}; ${made} ${rest} }`;
  };
  return { statement, form: "value", render, isUsed };
}

/** Of `x = value` and `this.x = value` nothing is evaluated before the value. */
function isSimpleTarget({ operator, left }) {
  return (
    operator === "=" &&
    (left.type === "Identifier" ||
      (left.type === "MemberExpression" && !left.computed && /^(This|Identifier)/.test(left.object.type)))
  );
}

/** Names that are assigned to anywhere in a function. */
function assignedIn(fn) {
  const names = new Set();
  const visit = (node) => {
    if (node.type === "AssignmentExpression" && node.left.type === "Identifier") names.add(node.left.name);
    if (node.type === "UpdateExpression" && node.argument.type === "Identifier") names.add(node.argument.name);
    // A loop's variable is another one in each round.
    if (LOOPS.test(node.type) && node.init?.type === "VariableDeclaration")
      for (const { id } of node.init.declarations) if (id.type === "Identifier") names.add(id.name);
    for (const child of children(node)) visit(child);
  };
  visit(fn);
  return names;
}

function editedPart(code, from, to, edits) {
  return edited(
    code.slice(from, to),
    edits.map(({ start, end, text }) => ({ start: start - from, end: end - from, text })),
  );
}

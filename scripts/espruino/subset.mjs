// Checks that a program stays inside the JavaScript that Espruino runs as everybody else does. It runs nothing and
// does not know what needs types: for..in over an instance and asynchronous events pass.
// As a program: node scripts/espruino/subset.mjs [file…], by default the built bundles; exit code 1 when it found any.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse } from "acorn";
import { children } from "./tree.mjs";

/** What each rule refuses, and why. The engine tests run a program for each of them. */
export const rules = {
  parse: "cannot be parsed, so Espruino cannot either",
  default: "default parameters and defaults in patterns do not load",
  spread: "rest and spread do not load",
  destructuring: "destructuring does not load",
  computed: "computed keys and methods do not load",
  generator: "generators do not load",
  async: "async and await do not load",
  label: "labels do not load",
  operator: "**, ?., ??=, ||= and &&= do not load",
  field: "class fields without a value do not load; with one they are shared by all instances",
  private: "#private names do not load",
  "static-block": "static blocks do not load",
  bigint: "BigInt does not load",
  module: "import and export do not load",
  "new-target": "new.target does not load",
  with: "with does not load",
  escape: "\\u{…} does not load",
  regexp: "regular expressions lack ?, {n}, groups and more, and are slow",
  switch: "a case after default does not load",
  extends: "extends takes a class of this program by its name; built-in ones break",
  name: "this name does not load as a variable or method",
  super: "super at a third level recurses for ever",
  "nested-super": "what has a super cannot be made in a constructor that is itself called by super",
  arguments:
    "inside of two functions they are those of the outer one if that has looked at them, and of an arrow function its own",
  "static-inheritance": "static members are not inherited",
  "arrow-this": "an arrow function with this stops debug builds where it is parsed without being executed",
  "loop-closure": "functions made in a loop share one loop variable",
  "branch-var": "a var in a branch that is not taken does not exist outside of it",
  order: "used before its line; nothing is hoisted",
  "return-newline": "return followed by a newline returns the next line",
  length: "the length of an array cannot be assigned",
  "clear-timer": "clearTimeout() clears all timers, and undefined throws",
  "index-of": "indexOf and includes find a text of several characters where only its first ones are, at the end",
  sort: "sort is not stable, so a comparison must not leave ties; sort() without one is refused no more than needed",
  missing: "Espruino does not have this",
  "non-ascii": "boards see source text as UTF-8 bytes, the Linux build as characters; write \\x escapes",
};

const words = (text) => new Set(text.split(/\s+/));

/** Missing in 2v29, seen on the engine. */
const missingGlobals = words(
  `Map Set WeakMap WeakSet Symbol TextEncoder TextDecoder Reflect Proxy queueMicrotask setImmediate clearImmediate BigInt
  structuredClone AbortController WeakRef FinalizationRegistry Intl URL Buffer BigInt64Array BigUint64Array
  SharedArrayBuffer Atomics RangeError EvalError URIError AggregateError encodeURI decodeURI escape unescape performance`,
);
const missingStatics = words(
  `Array.from Array.of Object.freeze Object.is Object.hasOwn Object.seal Object.isFrozen Object.isSealed
  Object.preventExtensions Object.isExtensible Object.getOwnPropertySymbols Number.isInteger Number.isSafeInteger
  Number.isFinite Number.isNaN Number.parseInt Number.parseFloat Number.EPSILON Number.MAX_SAFE_INTEGER
  Number.MIN_SAFE_INTEGER Math.trunc Math.imul Math.cbrt Math.hypot Math.log2 Math.log10 Math.log1p Math.expm1 Math.fround
  Math.clz32 Math.sinh Math.cosh Math.tanh Math.asinh Math.acosh Math.atanh Promise.race Promise.allSettled Promise.any
  String.fromCodePoint String.raw Date.UTC ArrayBuffer.isView`,
);
/** Refused unless the program defines a member of that name itself. */
const missingMethods = words(
  `at codePointAt localeCompare matchAll normalize search toLocaleLowerCase toLocaleUpperCase trimStart trimEnd trimLeft
  trimRight copyWithin findLast findLastIndex flat flatMap reduceRight toLocaleString isPrototypeOf propertyIsEnumerable
  toPrecision toExponential finally setUTCHours`,
);
const builtInClasses = words(
  `Error TypeError SyntaxError ReferenceError InternalError Array Object String Number Boolean Function Promise Date
  RegExp ArrayBuffer DataView Uint8Array Int8Array Uint16Array Int16Array Uint32Array Int32Array Float32Array
  Float64Array`,
);
const badVariables = words("of");
const badMethods = words("of in static delete");
const badOperators = words("** **= ??= ||= &&=");

const isFunction = (node) => /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type);
const isLoop = (node) => /^(For|ForIn|ForOf|While|DoWhile)Statement$/.test(node.type);
const isBranch = (node) => isLoop(node) || /^(IfStatement|SwitchStatement|TryStatement)$/.test(node.type);
const isUndefined = (node) =>
  (node.type === "Identifier" && node.name === "undefined") ||
  (node.type === "UnaryExpression" && node.operator === "void");

/**
 * @typedef {{ rule: string, line: number, column: number, text: string }} Finding
 * @param {string} code
 * @returns {Finding[]} in the order of the source
 */
export function checkSubset(code) {
  const options = { ecmaVersion: "latest", locations: true, allowReturnOutsideFunction: true };
  let tree;
  let isModule = false;
  try {
    tree = parse(code, { ...options, sourceType: "script" });
  } catch (error) {
    try {
      tree = parse(code, { ...options, sourceType: "module" });
      isModule = true;
    } catch {
      return [{ rule: "parse", line: error.loc.line, column: error.loc.column, text: error.message }];
    }
  }
  const findings = [];
  const report = (rule, node, text = code.slice(node.start, Math.min(node.end, node.start + 60))) =>
    findings.push({ rule, line: node.loc.start.line, column: node.loc.start.column, text });
  if (isModule) report("module", tree);

  const program = collect(tree);
  visit(tree, { parents: [], program, code, report });
  checkOrder(program, report);
  checkBranchVars(program, report);
  return findings.sort((a, b) => a.line - b.line || a.column - b.column);
}

/** What can only be judged with the whole program in view. */
function collect(tree) {
  const program = { members: new Set(), classes: new Map(), scopes: [], globals: new Set() };
  const newScope = (node, parent) => {
    const scope = { node, parent, names: new Map(), uses: [] };
    program.scopes.push(scope);
    return scope;
  };
  const declare = (scope, id, kind, path) => {
    if (id?.type !== "Identifier") return;
    if (!scope.names.has(id.name)) scope.names.set(id.name, { kind, path, id });
  };
  const walk = (node, scope, path, key, parent) => {
    let inner = scope;
    const isFn = isFunction(node);
    if (node.type === "FunctionDeclaration") declare(scope, node.id, "function", path);
    if (node.type === "ClassDeclaration") {
      declare(scope, node.id, "class", path);
      program.classes.set(node.id.name, node);
    }
    if (node.type === "VariableDeclarator" && node.init?.type === "ClassExpression" && node.id.type === "Identifier")
      program.classes.set(node.id.name, node.init);
    if (isFn || node.type === "Program") {
      inner = newScope(node, scope);
      inner.isFunction = true;
      if (isFn) {
        for (const one of node.params) declare(inner, one, "param", []);
        if (node.type === "FunctionExpression") declare(inner, node.id, "self", []);
      }
    } else if (/^(BlockStatement|SwitchStatement|CatchClause)$/.test(node.type) || isLoop(node)) {
      // The body of a function shares the scope of its parameters.
      if (!(node.type === "BlockStatement" && parent && isFunction(parent))) inner = newScope(node, scope);
      if (node.type === "CatchClause") declare(inner, node.param, "param", []);
    }
    if (node.type === "VariableDeclaration") {
      let target = inner;
      if (node.kind === "var") while (!target.isFunction) target = target.parent;
      for (const one of node.declarations) declare(target, one.id, node.kind, [...path, node]);
    }
    if (node.type === "Property" || node.type === "MethodDefinition" || node.type === "PropertyDefinition")
      if (!node.computed && node.key.type === "Identifier") program.members.add(node.key.name);
    if (node.type === "AssignmentExpression" && node.left.type === "MemberExpression" && !node.left.computed)
      program.members.add(node.left.property.name);
    if (node.type === "Identifier" && isReference(key, parent)) inner.uses.push({ node, path });
    for (const [childKey, value] of Object.entries(node))
      for (const child of Array.isArray(value) ? value : [value])
        if (child && typeof child.type === "string") walk(child, inner, [...path, node], childKey, node);
  };
  walk(tree, undefined, [], "", undefined);
  return program;
}

/** Whether an identifier is a use of a variable, not a key or a declaration. */
function isReference(key, parent) {
  if (!parent) return false;
  if (parent.type === "MemberExpression") return key === "object" || parent.computed;
  if (/^(Property|MethodDefinition|PropertyDefinition)$/.test(parent.type)) return key === "value" || parent.computed;
  if (parent.type === "VariableDeclarator") return key === "init";
  if (isFunction(parent)) return key === "body";
  if (/^Class(Declaration|Expression)$/.test(parent.type)) return key === "superClass";
  return !/^(LabeledStatement|BreakStatement|ContinueStatement|CatchClause|ImportSpecifier|MetaProperty)$/.test(
    parent.type,
  );
}

function resolve(scope, name) {
  for (let at = scope; at; at = at.parent) if (at.names.has(name)) return { scope: at, found: at.names.get(name) };
  return undefined;
}

const functionsIn = (path) => path.filter(isFunction);

/** Uses in front of a declaration, by code that runs in the same call. */
function checkOrder(program, report) {
  for (const scope of program.scopes)
    for (const { node, path } of scope.uses) {
      const hit = resolve(scope, node.name);
      if (!hit || /^(param|self)$/.test(hit.found.kind)) continue;
      if (node.start >= hit.found.id.start) continue;
      // Code of a function that is called later sees what is declared by then.
      const owner = functionsIn(hit.found.path).length;
      if (functionsIn(path).length === owner) report("order", node);
    }
}

/** Reads of a var outside of the branch it is declared in. */
function checkBranchVars(program, report) {
  for (const scope of program.scopes)
    for (const { node, path } of scope.uses) {
      const hit = resolve(scope, node.name);
      if (hit?.found.kind !== "var") continue;
      const { path: home } = hit.found;
      const from = home.lastIndexOf(home.filter(isFunction).at(-1)) + 1;
      const branch = home.slice(from).find((one, i, list) => isBranch(one) && !isLoopHead(one, list[i + 1]));
      if (branch && !path.includes(branch)) report("branch-var", hit.found.id);
    }
}

/** What a loop declares in its head is declared whenever the loop is reached. */
function isLoopHead(loop, next) {
  return isLoop(loop) && next !== undefined && (next === loop.init || next === loop.left);
}

/** What is refused wherever it stands. */
const never = {
  AssignmentPattern: "default",
  AwaitExpression: "async",
  LabeledStatement: "label",
  ChainExpression: "operator",
  PropertyDefinition: "field",
  PrivateIdentifier: "private",
  StaticBlock: "static-block",
  ImportExpression: "module",
  MetaProperty: "new-target",
  WithStatement: "with",
  RestElement: "spread",
  SpreadElement: "spread",
  ObjectPattern: "destructuring",
  ArrayPattern: "destructuring",
};

function visit(node, context) {
  const { parents, program, code, report } = context;
  const parent = parents.at(-1);
  const raw = code.slice(node.start, node.end);
  const name = node.type === "Identifier" ? node.name : undefined;

  if (never[node.type]) report(never[node.type], node);
  switch (node.type) {
    case "Property":
    case "MethodDefinition":
      if (node.computed) report("computed", node);
      if (node.type === "MethodDefinition" && badMethods.has(node.key.name)) report("name", node);
      break;
    case "FunctionDeclaration":
    case "FunctionExpression":
    case "ArrowFunctionExpression":
      if (node.generator) report("generator", node);
      if (node.async) report("async", node);
      for (const one of [node.id, ...node.params]) if (badVariables.has(one?.name)) report("name", one);
      break;
    case "BinaryExpression":
    case "AssignmentExpression":
      if (badOperators.has(node.operator)) report("operator", node);
      if (node.left.type === "MemberExpression" && node.left.property.name === "length" && node.type[0] === "A")
        report("length", node);
      break;
    case "UpdateExpression":
      if (node.argument.type === "MemberExpression" && node.argument.property.name === "length") report("length", node);
      break;
    case "SwitchStatement":
      if (node.cases.slice(0, -1).some((one) => one.test === null)) report("switch", node);
      break;
    case "ClassDeclaration":
    case "ClassExpression":
      checkClass(node, program, report);
      break;
    case "Literal":
      if (node.bigint) report("bigint", node);
      if (node.regex) report("regexp", node);
      if (typeof node.value === "string") checkText(raw, node, report);
      break;
    case "TemplateElement":
      checkText(raw, node, report);
      break;
    case "VariableDeclarator":
      if (badVariables.has(node.id.name)) report("name", node);
      break;
    case "ReturnStatement":
      if (!node.argument && !raw.endsWith(";") && /^\s*\n\s*[^\s}]/.test(code.slice(node.end)))
        report("return-newline", node);
      break;
    case "ThisExpression":
      if (inArrow(parents)) report("arrow-this", node);
      break;
    case "CallExpression":
    case "NewExpression":
      checkCall(node, report);
      break;
    case "MemberExpression":
      checkMember(node, program, report);
      break;
    case "ForStatement":
    case "ForInStatement":
    case "ForOfStatement":
      if (node.await) report("async", node);
      checkLoop(node, report);
      break;
    case "Identifier":
      if (missingGlobals.has(name) && isFree(name, node, program)) report("missing", node);
      // Whether the outer one looks at them is not to be seen here: in Storage, what is left of a method does.
      if (name === "arguments" && isFree(name, node, program) && parents.filter(isFunction).length > 1)
        report("arguments", node);
      break;
    default:
      break;
  }
  for (const child of children(node)) visit(child, { ...context, parents: [...parents, node] });
  if (node.type === "Program" && parent) throw new Error("a program inside a program");
}

function checkText(raw, node, report) {
  if (/[^\x00-\x7f]/.test(raw)) report("non-ascii", node);
  if (/(^|[^\\])(\\\\)*\\u\{/.test(raw)) report("escape", node);
}

function isFree(name, node, program) {
  for (const scope of program.scopes)
    if (scope.uses.some((use) => use.node === node)) return resolve(scope, name) === undefined;
  return false;
}

/** Also with a function in between: the parser that skips an arrow function does not look at what is around `this`. */
function inArrow(parents) {
  return parents.some((one) => one.type === "ArrowFunctionExpression");
}

const ancestors = (node, program) => {
  const found = [];
  for (let at = node; at?.superClass?.type === "Identifier" && found.length < 20; ) {
    at = program.classes.get(at.superClass.name);
    if (at) found.push(at);
  }
  return found;
};

function checkClass(node, program, report) {
  const base = node.superClass;
  if (!base) return;
  if (base.type !== "Identifier" || builtInClasses.has(base.name))
    report("extends", node, `extends ${base.name ?? "…"}`);
  for (const one of ancestors(node, program)) checkMade(one, program, report, new Set());
  if (ancestors(node, program).length < 2) return;
  // A constructor's super() works at any level.
  const find = (one) => {
    if (one.type === "MemberExpression" && one.object.type === "Super") report("super", one);
    else for (const child of children(one)) find(child);
  };
  find(node.body);
}

/** What the constructor of a class makes, and what is made in turn; methods that it calls are not looked at. */
function checkMade(node, program, report, seen) {
  const own = node.body.body.find((one) => one.kind === "constructor");
  if (seen.has(node) || !own) return;
  seen.add(node);
  const find = (one) => {
    const made = one.type === "NewExpression" && program.classes.get(one.callee.name);
    if (made?.superClass) report("nested-super", one);
    else if (made) checkMade(made, program, report, seen);
    for (const child of children(one)) find(child);
  };
  find(own);
}

function checkCall(node, report) {
  const callee = node.callee;
  if (callee.type === "Identifier" && /^clear(Timeout|Interval|Watch)$/.test(callee.name))
    if (node.arguments.length === 0 || isUndefined(node.arguments[0])) report("clear-timer", node);
  if (callee.type === "MemberExpression" && ["indexOf", "includes"].includes(callee.property.name)) {
    const what = node.arguments[0];
    if (what && typeof what.value === "string" && what.value.length > 2) report("index-of", node);
  }
  if (callee.type === "Identifier" && callee.name === "RegExp") report("regexp", node);
  if (callee.type === "MemberExpression" && callee.property.name === "sort" && node.arguments.length > 0)
    report("sort", node);
}

function checkMember(node, program, report) {
  if (node.computed || node.property.type !== "Identifier") return;
  const member = node.property.name;
  const object = node.object.type === "Identifier" ? node.object.name : "";
  if (missingStatics.has(`${object}.${member}`)) report("missing", node);
  else if (missingMethods.has(member) && !program.members.has(member)) report("missing", node, `.${member}`);
  const owner = program.classes.get(object);
  if (!owner) return;
  const has = (one) => one.body.body.some((part) => part.static && part.key?.name === member);
  if (!has(owner) && ancestors(owner, program).some(has)) report("static-inheritance", node);
}

/** Functions made in a loop that use a variable of the loop's head. */
function checkLoop(loop, report) {
  const head = loop.type === "ForStatement" ? loop.init : loop.left;
  if (head?.type !== "VariableDeclaration" || head.kind === "var") return;
  const find = (node, key, parent, names, inFunction) => {
    if (inFunction && node.type === "Identifier" && names.includes(node.name) && isReference(key, parent)) {
      report("loop-closure", node);
      return;
    }
    const inside = inFunction || isFunction(node);
    // A parameter of that name is another variable.
    const own = isFunction(node) ? node.params.map((one) => one.name) : [];
    const seen = names.filter((name) => !own.includes(name));
    for (const [childKey, value] of Object.entries(node))
      for (const child of Array.isArray(value) ? value : [value])
        if (child && typeof child.type === "string") find(child, childKey, node, seen, inside);
  };
  const names = head.declarations.map((one) => one.id.name);
  find(loop, "", undefined, names, false);
}

/** One line for a person. */
export function describe(file, { rule, line, column, text }) {
  return `${file}:${line}:${column + 1}: ${rule}: ${text.replace(/\s+/g, " ")} (${rules[rule]})`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const built = ["M95.js", "M95.min.js"].map((name) =>
    fileURLToPath(new URL(`../../dist/espruino/${name}`, import.meta.url)),
  );
  const files = process.argv.length > 2 ? process.argv.slice(2) : built;
  for (const file of files)
    for (const finding of checkSubset(readFileSync(file, "utf8"))) {
      console.log(describe(file, finding));
      process.exitCode = 1;
    }
}

// Puts the functions of modules that seldom run into texts for the machine (machine.mjs): three fifths of their byte code. Functions that
// the machine cannot do stay as they are. One can see it by stack traces, time, the `length` of functions, and that methods are enumerable.

import { readFileSync } from "node:fs";
import { parse } from "acorn";
import { edited } from "../espruino/tree.mjs";
import { Assembly, isBound } from "./assemble.mjs";
import { Unable } from "./expressions.mjs";
import { coldMethods, isColdFunction } from "./marks.mjs";
import { below } from "./nodes.mjs";
import { OP } from "./operations.mjs";
import { codesOf, findPhrases, SEPARATOR, textOf } from "./phrases.mjs";

/** A text of so many characters is not repeated. */
const LONG = 40;

/** What the machine has for the modules' own code. */
const OFFERED = ["run$", "enter$", "bind$", "globals$"];

/** A function of fewer instructions takes as little as it is, where another stands for it anyway. */
const FEW = 9;

const BUILT_IN = Object.getOwnPropertyNames(globalThis);

const parsed = (code) => parse(code, { ecmaVersion: "latest", sourceType: "module" });

const quoted = (text) =>
  JSON.stringify(text).replace(/[\x7f-\uffff]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** What the machine is in a module: operations by their codes. */
const MACHINE = readFileSync(new URL("machine.mjs", import.meta.url), "utf8")
  .replace(/^import .*\n/gm, "")
  .replace(/^export /gm, "")
  .replace(/(?<!\.)\b(run|enter|globals|bind)\b/g, "$1$$")
  .replace(/\bOP(?:\.(\w+)|\["([^"]+)"\])/g, (_all, name, sign) => OP[name ?? sign]);

/** What a module has at its top level, by name. */
function declaredBy(tree) {
  const found = new Map();
  for (const one of tree.body) {
    if (one.type === "ImportDeclaration") for (const { local } of one.specifiers) found.set(local.name, {});
    if (/^(Function|Class)Declaration$/.test(one.type)) found.set(one.id.name, {});
    for (const { id, init } of one.declarations ?? []) found.set(id.name, { kind: one.kind, init });
  }
  // A local may have the name: then it is left to the engine as well.
  const visit = (node) => {
    const target =
      node.type === "AssignmentExpression" ? node.left : node.type === "UpdateExpression" ? node.argument : {};
    if (found.has(target.name)) found.get(target.name).isChanged = true;
    for (const one of below(node)) visit(one);
  };
  visit(tree);
  return found;
}

/** The functions that a class or the module itself has: where they stand, and where what makes them may. */
function* functionsOf(tree) {
  for (const statement of tree.body) {
    if (statement.type === "FunctionDeclaration") yield { name: statement.id.name, node: statement, fn: statement };
    for (const { id, init } of statement.declarations ?? [{ id: statement.id, init: statement }]) {
      if (!/^Class/.test(init?.type)) continue;
      for (const node of init.body.body) {
        const { type, kind, computed, key, value: fn } = node;
        if (type !== "MethodDefinition" || node.static || computed || !/^(method|constructor)$/.test(kind)) continue;
        yield {
          name: key.name,
          node,
          fn,
          owner: { name: id.name, end: statement.end },
          isConstructor: kind !== "method",
        };
      }
    }
  }
}

/** Names of properties that the code has. */
function namesIn(tree) {
  const names = new Set();
  const visit = (node) => {
    const name = node.property ?? node.key;
    if (name?.type === "Identifier" && !node.computed) names.add(name.name);
    for (const one of below(node)) visit(one);
  };
  visit(tree);
  return names;
}

/** What of a module goes to the machine, assembled. */
function take(code, globals) {
  const tree = parsed(code);
  const declared = declaredBy(tree);
  const used = new Set();
  const base = globals.length;
  const world = {
    globals(name) {
      const one = declared.get(name);
      const isFixed = one
        ? !one.isChanged && (!/^(let|var)$/.test(one.kind) || one.init?.type === "ClassExpression")
        : BUILT_IN.includes(name) || OFFERED.includes(name);
      if (!isFixed) throw new Unable(name);
      const place = globals.indexOf(name, base);
      return place < 0 ? globals.push(name) - 1 : place;
    },
    constant(name) {
      const { kind, init } = declared.get(name) ?? {};
      const isShort = kind === "const" && /^[sn]/.test(typeof init.value) && init.raw.length < LONG;
      return isShort ? init.value : undefined;
    },
    named: (name) => used.add(name),
  };
  const taken = [];
  for (const one of functionsOf(tree)) {
    if (!isColdFunction(one.fn)) continue;
    let body = one.fn.body.body.slice(1);
    // Of a constructor all behind the call of that of the class above.
    if (one.isConstructor && body[0]?.expression?.callee?.type === "Super") [one.head, ...body] = body;
    const fn = { ...one.fn, body: { ...one.fn.body, body } };
    if (isBound(fn)) continue;
    const count = globals.length;
    try {
      taken.push({ ...one, ...new Assembly(world).run(fn) });
    } catch (error) {
      if (!(error instanceof Unable)) throw error;
      globals.length = count;
    }
  }
  return { code, tree, taken, used, base, names: globals.slice(base) };
}

/** `a.f.bind(b)` by the machine, where `f` may be a text. */
function withBinds(code, coldNames) {
  const edits = [];
  const visit = (node) => {
    const { callee, arguments: args } = node;
    const from =
      callee?.type === "MemberExpression" && callee.property.name === "bind" && !callee.optional && callee.object;
    if (from?.type === "MemberExpression" && !from.computed && coldNames.has(from.property.name) && args.length === 1)
      if (isSimple(from) && isSimple(args[0])) {
        const text = ({ start, end }) => code.slice(start, end);
        edits.push({ start: node.start, end: node.end, text: `bind$(${text(args[0])},${text(from)})` });
      }
    for (const one of below(node)) visit(one);
  };
  visit(parsed(code));
  return edited(code, edits);
}

const isSimple = ({ type, computed, optional, object }) =>
  type === "MemberExpression" ? !computed && !optional && isSimple(object) : /^(This|Identifier)/.test(type);

/**
 * How the names of properties, and of a module's functions, are used: what is only called, and from where.
 * @returns {Map<string, { calls: object[], isValue: boolean, definitions: number }>} by name; calls are those outside of what is taken
 */
function usesIn({ tree, taken }) {
  const uses = new Map();
  const places = taken.map(({ fn, head }) => ({ start: head?.end ?? fn.start, end: fn.end }));
  const isTaken = ({ start, end }) => places.some((one) => one.start <= start && one.end >= end);
  const use = (key) => uses.get(key) ?? uses.set(key, { calls: [], isValue: false, definitions: 0 }).get(key);
  const visit = (node, parent) => {
    const isCalled = parent?.type === "CallExpression" && parent.callee === node && !parent.optional && !node.optional;
    if (node.type === "MemberExpression" && !node.computed) {
      const one = use(`.${node.property.name}`);
      const isBound =
        parent?.type === "CallExpression" && parent.callee.name === "bind$" && parent.arguments[1] === node;
      if (!isCalled && !isBound) one.isValue = true;
      else if (isCalled && !isTaken(node)) {
        one.calls.push(parent);
        if (!isSimple(node.object)) one.isValue = true;
      }
      visit(node.object, node);
      return;
    }
    if (/^(Property|PropertyDefinition|MethodDefinition)$/.test(node.type) && !node.computed) {
      const one = use(`.${node.key.name ?? node.key.value}`);
      if (node.type !== "MethodDefinition" || node.kind !== "method" || node.static) one.isValue = true;
      one.definitions++;
      if (node.value) visit(node.value, node);
      return;
    }
    if (node.type === "FunctionDeclaration" && parent === tree) {
      for (const one of [...node.params, node.body]) visit(one, node);
      return;
    }
    if (node.type === "Identifier") {
      const one = use(node.name);
      if (!isCalled) one.isValue = true;
      else if (!isTaken(node)) one.calls.push(parent);
    }
    for (const one of below(node)) visit(one, node);
  };
  visit(tree);
  return uses;
}

/** Which of what is taken is a text by itself, as nobody has it but who calls it. */
function findTexts(modules, isInternal) {
  for (const one of modules) one.uses = usesIn(one);
  for (const { taken, uses } of modules)
    for (const one of taken) {
      if (one.isConstructor) continue;
      if (!one.owner) {
        one.isText = uses.has(one.name) && !uses.get(one.name).isValue;
        continue;
      }
      const all = modules.flatMap(({ uses }) => uses.get(`.${one.name}`) ?? []);
      const count = modules
        .flatMap(({ taken }) => taken)
        .filter(({ name, owner }) => owner && name === one.name).length;
      const definitions = all.reduce((sum, { definitions }) => sum + definitions, 0);
      one.isText = isInternal(one.name) && definitions === count && !all.some(({ isValue }) => isValue);
    }
}

/** The module with texts in the places of functions. */
function put({ code, taken, used, uses, base, names }, codes, textNames, head) {
  const edits = [];
  const functions = [];
  const methods = new Map();
  const replace = ({ start, end }, text) => edits.push({ start, end, text });
  for (const one of taken) {
    const { node, name, fn, owner } = one;
    const text = quoted(textOf(one, codes));
    const stub = `(...a){return enter$(this,${text},a)}`;
    if (one.isConstructor && one.head) {
      const params = fn.params.map(({ start, end }) => code.slice(start, end));
      replace({ start: fn.body.start + 1, end: one.head.start }, "");
      replace({ start: one.head.end, end: fn.end }, `return run$(this,${[text, ...params].join()})}`);
    } else if (!one.isText) replace(fn, owner ? stub : `function ${name}${stub}`);
    else {
      replace(node, "");
      if (!owner) functions.push(`const ${name}=${text};`);
      else methods.set(owner.name, { owner, list: [...(methods.get(owner.name)?.list ?? []), `p$.${name}=${text};`] });
    }
  }
  for (const [name, { owner, list }] of methods) {
    const text = `{const p$=${name}.prototype;${list.join("")}}`;
    edits.push({ start: owner.end, end: owner.end, text });
  }
  const own = taken.filter(({ owner, isText }) => isText && !owner).map(({ name }) => name);
  for (const [key, { calls }] of uses) {
    if (!(key[0] === "." ? textNames.has(key) : own.includes(key))) continue;
    for (const call of calls) {
      const { callee, arguments: args } = call;
      const self = callee.object ? code.slice(callee.object.start, callee.object.end) : "null";
      edits.push({ start: call.start, end: call.start, text: `run$(${self},` });
      const at = code.indexOf("(", callee.end);
      edits.push({ start: at, end: at + 1, text: args.length ? "," : "" });
    }
  }
  const rest = edited(code, edits);
  const imports = /^(import[^;]*;\s*)*/.exec(rest)[0];
  const exported = /(export\{[^{]*)?$/.exec(rest).index;
  const all = `${imports}${head}\n${functions.join("")}${rest.slice(imports.length, exported)}`;
  // The engine finds a name as a text only if some code has it, or keeps one in RAM for it.
  const native = namesIn(parsed(all));
  const lacking = [...used].filter((name) => !native.has(name));
  const told = lacking.length ? [...names, `x=>x.${lacking.join(".")}`] : names;
  const tell = base
    ? `Object.assign(globals$,{${told.map((one, i) => `${base + i}:${one}`)}});`
    : `globals$.push(${told.join()});`;
  return `${all};${tell}${rest.slice(exported)}`;
}

/**
 * @param {{ [file: string]: string }} modules minified, cold functions marked, the one that the others import first
 * @param {(name: string) => boolean} isInternal whether nobody outside of the driver knows a method's name
 * @returns {{ [file: string]: string }}
 */
export function coldTexts(modules, isInternal = () => false) {
  const [home, ...others] = Object.keys(modules);
  const globals = [];
  const coldNames = new Set(Object.values(modules).flatMap(coldMethods).filter(isInternal));
  const found = Object.values(modules).map((plain) => {
    const one = take(withBinds(plain, coldNames), globals);
    // Behind them comes what is only there for its names.
    globals.push("");
    return one;
  });
  if (!found.some(({ taken }) => taken.length)) return modules;
  findTexts(found, isInternal);
  for (const one of found) one.taken = one.taken.filter(({ isText, items }) => isText || items.length >= FEW);
  findTexts(found, isInternal);
  const isText = ({ isText, owner }) => isText && owner;
  const textNames = new Set(found.flatMap(({ taken }) => taken.filter(isText)).map(({ name }) => `.${name}`));
  const phrases = findPhrases(found[0].taken);
  const codes = codesOf(phrases);
  const texts = `phrases=${quoted(phrases.join(SEPARATOR))}.split("\\x7f")`;
  const machine = MACHINE.replace("phrases = []", () => texts);
  const list = (render) => OFFERED.map(render).join();
  const borrowed = `import{${list((name) => `$${name.slice(0, -1)} as ${name}`)}}from${JSON.stringify(`./${home}`)};`;
  const result = {};
  Object.keys(modules).forEach((file, i) => {
    result[file] = put(found[i], codes, textNames, i ? borrowed : machine);
  });
  if (others.length)
    result[home] = result[home].replace(
      /export\{(?=[^{]*$)/,
      () => `export{${list((name) => `${name} as $${name.slice(0, -1)}`)},`,
    );
  return result;
}

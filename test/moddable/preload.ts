// Finds in a module what XS modules must not do when they are preloaded, by its text alone: what is not run is found, too.
// Of scopes it knows that a function's parameters and variables, and a block's, hide the module's.

import { type Node, parse } from "acorn";

// biome-ignore lint/suspicious/noExplicitAny: each kind of node has properties of its own
type Any = Node & { [key: string]: any };

/** One finding, with its line. */
export interface Finding {
  line: number;
  what: string;
}

const COLLECTIONS = ["Map", "Set", "WeakMap", "WeakSet"];
const TYPED_ARRAYS =
  /^(Uint8|Int8|Uint8Clamped|Uint16|Int16|Uint32|Int32|Float32|Float64|BigInt64|BigUint64)Array$|^DataView$/;
const TYPED_ARRAY_WRITES = ["set", "fill", "copyWithin", "sort", "reverse"];
/** Own properties of these names cannot be made by assigning: frozen prototypes have them. */
const OVERRIDES = ["toString", "toLocaleString", "valueOf", "constructor", "hasOwnProperty"];
const ERROR_OVERRIDES = ["name", "message", "stack"];
/** Reached by a computed name, a built-in may have been stripped. */
const BUILT_INS = ["globalThis", "Math", "JSON", "Object", "Reflect", "Array", "String", "Number"];
const MISSING = [
  "setTimeout",
  "setInterval",
  "setImmediate",
  "clearTimeout",
  "queueMicrotask",
  "console",
  "process",
  "Buffer",
  "TextDecoder",
  "TextEncoder",
  "structuredClone",
];

/** The nodes right below a node. */
function* children(node: Any): Generator<Any> {
  for (const [key, value] of Object.entries(node)) {
    // Names of properties are no uses of names.
    const isName = (key === "property" || key === "key") && !node.computed;
    for (const child of Array.isArray(value) ? value : [value])
      if (child && typeof child.type === "string" && !(isName && child.type === "Identifier")) yield child;
  }
}

/** The names that a function's parameters and variables have, those of the functions in it included. */
function localNames(node: Any, isPattern = false): string[] {
  if (isPattern && node.type === "Identifier") return [node.name];
  const names: string[] = [];
  for (const child of children(node)) {
    const declares =
      node.params?.includes(child) ||
      ((node.type === "VariableDeclarator" || node.type === "FunctionDeclaration") && child === node.id);
    names.push(...localNames(child, declares || (isPattern && child !== node.right)));
  }
  return names;
}

/** @param code - one ES module */
export function forbidden(code: string): Finding[] {
  const program = parse(code, { ecmaVersion: "latest", sourceType: "module", locations: true }) as Any;
  const findings: Finding[] = [];
  const tell = (node: Any, what: string): void => {
    findings.push({ line: node.loc!.start.line, what });
  };

  const imported = new Set<string>();
  const functions = new Set<string>();
  const objects = new Set<string>();
  const typedArrays = new Set<string>();
  for (const statement of program.body) {
    if (statement.type === "ImportDeclaration" && !statement.source.value.startsWith("."))
      for (const one of statement.specifiers) imported.add(one.local.name);
    const node = statement.declaration?.type ? statement.declaration : statement;
    if (node.type === "FunctionDeclaration" || node.type === "ClassDeclaration") functions.add(node.id.name);
    if (node.type !== "VariableDeclaration") continue;
    for (const { id, init } of node.declarations) {
      if (["FunctionExpression", "ArrowFunctionExpression", "ClassExpression", "Identifier"].includes(init?.type))
        functions.add(id.name);
      if (["ObjectExpression", "ArrayExpression"].includes(init?.type)) objects.add(id.name);
      if (init?.type === "NewExpression" && TYPED_ARRAYS.test(init.callee.name)) typedArrays.add(id.name);
    }
  }

  /** What stands leftmost: `a` of `a.b.c`. */
  const baseOf = (node: Any): string => {
    let base = node;
    while (base.type === "MemberExpression") base = base.object;
    return base.type === "ThisExpression" ? "this" : (base.name ?? "");
  };

  let hidden = new Set<string>();
  const has = (names: Set<string>, name: string): boolean => names.has(name) && !hidden.has(name);

  const assigned = (target: Any, inFunction: boolean, isError: boolean, isStatic: boolean): void => {
    if (target.type !== "MemberExpression") return;
    const property = target.computed ? target.property.value : target.property.name;
    const base = baseOf(target);
    if (has(typedArrays, base)) tell(target, "writes a typed array at module level");
    if (inFunction && has(functions, base)) tell(target, "assigns a property of a function or class");
    if (isStatic && base === "this") tell(target, "assigns a static property");
    if (OVERRIDES.includes(property)) tell(target, `assigns ${property}`);
    if (ERROR_OVERRIDES.includes(property) && ((isError && base === "this") || /^e$|err(or)?$/i.test(base)))
      tell(target, `assigns ${property} of an error`);
  };

  const visit = (node: Any, inFunction: boolean, isError: boolean, isStatic: boolean): void => {
    let [inner, error, fixed] = [inFunction, isError, isStatic];
    switch (node.type) {
      case "FunctionDeclaration":
      case "FunctionExpression":
      case "ArrowFunctionExpression":
        inner = true;
        break;
      case "ClassDeclaration":
      case "ClassExpression":
        error = /Error$/.test(node.superClass?.name ?? "");
        break;
      case "MethodDefinition":
        fixed = node.static;
        break;
      case "PropertyDefinition":
        // A static field is made with the class, any other with each instance.
        inner = inFunction || !node.static;
        break;
      case "NewExpression":
        if (!inFunction && COLLECTIONS.includes(node.callee.name)) tell(node, `a ${node.callee.name} at module level`);
        break;
      case "AssignmentExpression":
        assigned(node.left, inFunction, isError, isStatic);
        break;
      case "UpdateExpression":
        assigned(node.argument, inFunction, isError, isStatic);
        break;
      case "CallExpression": {
        const { object, property } = node.callee;
        if (object?.name === "JSON" && property.name === "stringify" && has(objects, node.arguments[0]?.name))
          tell(node, "JSON.stringify of an object at module level");
        if (has(typedArrays, object?.name) && TYPED_ARRAY_WRITES.includes(property.name))
          tell(node, "writes a typed array at module level");
        if (!inFunction && has(imported, node.callee.name)) tell(node, "a native call at module level");
        break;
      }
      case "MemberExpression":
        if (!inFunction && has(imported, node.object.name)) tell(node, "a native call at module level");
        if (node.computed && BUILT_INS.includes(node.object.name)) tell(node, "a built-in by a computed name");
        if (node.property.name === "name" && node.object.property?.name === "constructor")
          tell(node, "the name of a constructor, which is undefined");
        break;
      case "Identifier":
        if (MISSING.includes(node.name)) tell(node, `${node.name}, which XS lacks`);
        break;
      case "Literal":
        if (/[gy]/.test(node.regex?.flags ?? "")) tell(node, "a regular expression with the flag g or y");
        if (/\(\?<[^=!]/.test(node.regex?.pattern ?? "")) tell(node, "a regular expression with named groups");
        break;
    }
    const outer = hidden;
    if (node.params) {
      const parameters = node.params.flatMap((one: Any) => localNames(one, true));
      hidden = new Set([...hidden, ...parameters, ...localNames(node.body)]);
    }
    if (node.type === "BlockStatement")
      for (const one of node.body)
        for (const { id } of one.declarations ?? []) if (id.name) hidden = new Set([...hidden, id.name]);
    for (const child of children(node)) visit(child, inner, error, fixed);
    hidden = outer;
  };
  visit(program, false, false, false);
  return findings;
}

// Reads the marks in the source that say where a function lives on Espruino, and carries them through the bundler as directives.
// It moves nothing; cold.mjs does.

import { existsSync, readFileSync } from "node:fs";
import { parse } from "acorn";
import { children, edited, isFunction } from "./tree.mjs";

/**
 * The marks are comments that begin a line:
 *
 * - `// @resident receive _scan _rest`: functions and methods of this file that are loaded with the module
 * - `// @part tls`: all of this file belongs to a part; `// @part store: _restore _tell`: these of it do. Functions that two parts
 *   need are in both, `// @part info tls: time`. A part whose name ends with "?" may be missing without anybody being told: calls
 *   into it give undefined.
 *
 * A method whose name stands twice in a file is written with its class: `Switch.on`.
 * @param {string} source
 * @returns {{ resident: string[], part: string, parts: Map<string, string> }} `part` of the file, `parts` by function
 */
export function readMarks(source) {
  const marks = { resident: [], part: "", parts: new Map() };
  for (const [, kind, rest] of source.matchAll(/^\s*\/\/ @(resident|part) (.*)$/gm)) {
    if (kind === "resident") marks.resident.push(...rest.trim().split(/\s+/));
    else {
      const [part, names] = rest.split(":");
      if (names === undefined) marks.part = part.trim();
      else for (const name of names.trim().split(/\s+/)) marks.parts.set(name, part.trim());
    }
  }
  return marks;
}

/**
 * The functions that a mark can name, with their names: those of the module's top level, methods of its classes, and functions that
 * are assigned there (`client.on = function …`).
 * @returns {{ name: string, node: object }[]}
 */
export function namedFunctions(tree, code) {
  const found = [];
  for (const outer of tree.body) {
    const one = /^Export/.test(outer.type) ? outer.declaration : outer;
    if (one?.type === "FunctionDeclaration") found.push({ name: one.id.name, node: one });
    if (one?.type === "ClassDeclaration")
      for (const member of one.body.body)
        if (member.type === "MethodDefinition") {
          const kind = member.kind === "get" || member.kind === "set" ? `${member.kind} ` : "";
          found.push({ name: `${one.id.name}.${kind}${member.key.name}`, node: member.value, member });
        }
    const { expression } = one ?? {};
    if (expression?.type === "AssignmentExpression" && expression.right.type === "FunctionExpression")
      found.push({ name: code.slice(expression.left.start, expression.left.end), node: expression.right });
  }
  return found;
}

const RESIDENT = "@resident";
const PART = "@part ";

/** `Framer.get open` is `Framer.open` in lists. */
export const plainName = (name) => name.replace(/(get|set) /, "");

/** How a list may call a function: `open`, or `Framer.open`. */
export function calledIn(list, name) {
  const plain = plainName(name);
  return [...list].find((one) => one === plain || one === plain.split(".").at(-1));
}

/** Puts the marks of a module's source into its functions. What names nothing is left alone: a test tells. */
export function mark(code, source) {
  const marks = readMarks(source);
  if (!marks.resident.length && !marks.part && !marks.parts.size) return code;
  const edits = [];
  for (const { name, node } of namedFunctions(parse(code, { ecmaVersion: 2022, sourceType: "module" }), code)) {
    const part = marks.parts.get(calledIn(marks.parts.keys(), name)) ?? marks.part;
    const directive = calledIn(marks.resident, name) ? RESIDENT : part && PART + part;
    if (directive) edits.push({ start: node.body.start + 1, end: node.body.start + 1, text: `"${directive}";` });
  }
  return edited(code, edits);
}

/**
 * Takes the directives out again.
 * @returns {{ code: string, places: Map<string, string> }} where the marked functions of the bundle live, by name: "resident" or a part
 */
export function unmark(code) {
  const places = new Map();
  const edits = [];
  const tree = parse(code, { ecmaVersion: 2022, sourceType: "script" });
  for (const { name, node } of namedFunctions(tree, code)) {
    const directive = node.body.body?.[0]?.directive;
    if (directive === RESIDENT) places.set(name, "resident");
    else if (directive?.startsWith(PART)) places.set(name, directive.slice(PART.length));
  }
  const visit = (node) => {
    if (isFunction(node))
      for (const one of node.body.body ?? [])
        if (one.directive?.startsWith("@")) {
          let { end } = one;
          while (/\s/.test(code[end])) end++;
          edits.push({ start: one.start, end, text: "" });
        }
    for (const child of children(node)) visit(child);
  };
  visit(tree);
  return { code: edited(code, edits), places };
}

/** The plugin that puts the marks in; to be put first. */
export function espruinoMarks() {
  return {
    name: "espruino-marks",
    transform(code, id) {
      const source = id.replace(/^(.*[\\/])build[\\/]/, "$1").replace(/\.js$/, ".ts");
      return source !== id && existsSync(source) ? { code: mark(code, readFileSync(source, "utf8")), map: null } : null;
    },
  };
}

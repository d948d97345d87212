// Lets go of what functions do not need: Espruino keeps with each function a reference to the variables around it, a variable for each.
// A method that mentions none of the module's names runs without.

import { parse } from "acorn";
import { children, edited, isFunction, isPropertyName, namesOf } from "./tree.mjs";

/** The names that a node declares for what is in it. The minifier gives a name of the module to a variable of a block as well. */
function declaredBy(node) {
  if (isFunction(node)) return node.params;
  const { type, body, init, left, param, declarations, id } = node;
  if (type === "CatchClause") return param ? [param] : [];
  if (type === "VariableDeclaration") return declarations.map((one) => one.id);
  if (type === "ClassDeclaration") return [id];
  if (/^For/.test(type)) return [init, left].filter((one) => one?.type === "VariableDeclaration").flatMap(declaredBy);
  if (type !== "BlockStatement") return [];
  return body
    .filter((one) => one.type.endsWith("Declaration"))
    .flatMap((one) => (isFunction(one) ? [one.id] : declaredBy(one)));
}

/** Where Espruino keeps it (JSPARSE_FUNCTION_SCOPE_NAME); its console does not show names that begin so. */
const HIDDEN = "\\xFFsco";

/** Whether a function mentions none of the names. */
function isFree(fn, names) {
  const visit = (node, parent, hidden) => {
    const inside = new Set([...hidden, ...declaredBy(node).map((one) => one.name)]);
    if (node.type === "Identifier" && !isPropertyName(node, parent) && names.has(node.name) && !inside.has(node.name))
      return false;
    return children(node).every((child) => visit(child, node, inside));
  };
  return visit(fn, {}, new Set());
}

/**
 * Puts such functions first in their class or object, and a statement at the end that counts on it.
 * @param {string} code a module, minified
 * @param {string[]} runtime names of the module that stand in no declaration of it yet
 */
export function dropScopes(code, runtime) {
  const tree = parse(code, { ecmaVersion: 2022, sourceType: "script" });
  const names = new Set([...runtime, ...namesOf({ type: "", params: [], body: tree })]);
  const edits = [];
  const lists = [];
  const sort = (members, object, separator) => {
    const text = ({ start, end }) => code.slice(start, end);
    const free = members.filter(
      ({ kind, value }) => (kind === "method" || kind === "init") && isFunction(value) && isFree(value, names),
    );
    if (free.length === 0) return;
    const fields = members.filter(({ type }) => type === "PropertyDefinition");
    const sorted = [...fields, ...free, ...members.filter((one) => !fields.includes(one) && !free.includes(one))];
    edits.push({ start: members[0].start, end: members.at(-1).end, text: sorted.map(text).join(separator) });
    lists.push(`[${object},"${free[0].key.name}",${free.length}]`);
  };
  for (const node of tree.body) {
    if (node.type === "ClassDeclaration") sort(node.body.body, `${node.id.name}.prototype`, "");
    if (node.type === "VariableDeclaration")
      for (const { id, init } of node.declarations)
        if (init?.type === "ObjectExpression") sort(init.properties, id.name, ",");
  }
  if (lists.length === 0) return code;
  const drop = `let k=Object.keys(a[0]),i=k.indexOf(a[1]);k.slice(i,i+a[2]).forEach(k=>{delete a[0][k]["${HIDDEN}"]})`;
  return `${edited(code, edits)};[${lists}].forEach(a=>{${drop}})`;
}

/** How many functions of a module that was made so do without. */
export function droppedScopes(code) {
  const list = /\[((\[[\w$.]+,"\w+",\d+\],?)+)\]\.forEach\(a=>/.exec(code)?.[1] ?? "";
  return [...list.matchAll(/,(\d+)\]/g)].reduce((sum, [, count]) => sum + Number(count), 0);
}

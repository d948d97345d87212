// Walks the syntax trees that acorn makes, and replaces places of the text they were made of. It knows no rules.

/** The nodes directly below a node, in the order of the source. */
export function children(node) {
  const found = [];
  for (const value of Object.values(node))
    for (const one of Array.isArray(value) ? value : [value]) if (one && typeof one.type === "string") found.push(one);
  return found.sort((a, b) => a.start - b.start);
}

export function isFunction(node) {
  return /^(Arrow)?Function(Expression|Declaration)?$/.test(node.type);
}

/** Whether an identifier names a property here, not a variable. */
export function isPropertyName(node, parent) {
  if (parent.computed) return false;
  if (parent.type === "MemberExpression") return parent.property === node;
  return (
    (parent.type === "Property" || parent.type === "MethodDefinition") && parent.key === node && parent.value !== node
  );
}

/** The names that belong to a function: parameters, and what is declared in it but not in functions inside it. */
export function namesOf(fn) {
  const names = new Set();
  const add = (node) => node?.type === "Identifier" && names.add(node.name);
  const visit = (node) => {
    if (node.type === "VariableDeclarator" || /^(Function|Class)Declaration$/.test(node.type)) add(node.id);
    if (node.type === "CatchClause") add(node.param);
    if (!isFunction(node)) for (const child of children(node)) visit(child);
  };
  if (fn.type === "FunctionExpression") add(fn.id);
  for (const one of fn.params) add(one);
  visit(fn.body);
  return names;
}

/**
 * The text with places replaced; what lies inside a replaced place is dropped with it. Of two edits at one place the one that
 * only inserts comes first.
 * @param {string} code
 * @param {{ start: number, end: number, text: string }[]} edits
 */
export function edited(code, edits) {
  const order = [...edits].sort((a, b) => a.start - b.start || (a.end > a.start) - (b.end > b.start) || b.end - a.end);
  let out = "";
  let at = 0;
  for (const { start, end, text } of order) {
    if (start < at) continue;
    out += code.slice(at, start) + text;
    at = end;
  }
  return out + code.slice(at);
}

/** The text of one node with those of the edits that lie in it. */
export function editedNode(code, node, edits) {
  const inside = edits.filter(({ start, end }) => start >= node.start && end <= node.end);
  const moved = inside.map(({ start, end, text }) => ({ start: start - node.start, end: end - node.start, text }));
  return edited(code.slice(node.start, node.end), moved);
}

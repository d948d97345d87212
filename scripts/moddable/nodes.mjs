// Walks and changes syntax trees. It knows no rules.

/** Calls `visit` for each node below, the innermost first; what it returns takes the node's place, an array in a list. */
export function transform(node, visit) {
  for (const [key, value] of Object.entries(node)) {
    if (Array.isArray(value))
      node[key] = value.flatMap((one) => (one && typeof one.type === "string" ? transform(one, visit) : [one]));
    else if (value && typeof value.type === "string") node[key] = transform(value, visit);
  }
  return visit(node) ?? node;
}

/** The nodes right below a node. */
export function below(node) {
  return Object.values(node)
    .flat()
    .filter((one) => one && typeof one.type === "string");
}

/** Whether something is so of a node or of what is below it; `stop` names types that are not entered. */
export function some(node, is, stop) {
  return is(node) || (!stop?.(node) && below(node).some((one) => some(one, is, stop)));
}

/** Whether a node is `void 0`, and no call whose value is not wanted. */
export function isVoid({ operator, argument }) {
  return operator === "void" && argument.type === "Literal";
}

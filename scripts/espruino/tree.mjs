// Walks the syntax trees that acorn makes. It knows no rules.

/** The nodes directly below a node, in the order of the source. */
export function children(node) {
  const found = [];
  for (const value of Object.values(node))
    for (const one of Array.isArray(value) ? value : [value]) if (one && typeof one.type === "string") found.push(one);
  return found.sort((a, b) => a.start - b.start);
}

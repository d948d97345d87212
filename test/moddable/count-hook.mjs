// A loader: puts a count into each named function of the driver and what is inside it, `ran(file, name)`. It knows nothing of what runs.

import { parse } from "acorn";
import { namedFunctions, plainName } from "../../scripts/espruino/marks.mjs";
import { children, edited, isFunction } from "../../scripts/espruino/tree.mjs";

export async function load(url, context, next) {
  const loaded = await next(url, context);
  const file = /(?<=\/build\/)(core|board-wiring|targets\/moddable)\/.*/.exec(url)?.[0];
  if (!file) return loaded;
  const code = String(loaded.source);
  const edits = [];
  for (const { name, node } of namedFunctions(parse(code, { ecmaVersion: "latest", sourceType: "module" }), code)) {
    const call = `ran(${JSON.stringify(file)}, ${JSON.stringify(plainName(name))})`;
    // What is in a function lives where it does.
    const visit = (one) => {
      const { body } = one;
      if (isFunction(one) && body.type === "BlockStatement")
        edits.push({ start: body.start + 1, end: body.start + 1, text: `${call};` });
      else if (isFunction(one)) {
        const start = code.lastIndexOf("=>", body.start) + 2;
        edits.push({ start, end: start, text: `(${call},` }, { start: one.end, end: one.end, text: ")" });
      }
      for (const child of children(one)) visit(child);
    };
    visit(node);
  }
  return { ...loaded, source: edited(code, edits) };
}

// Makes files for Storage that stand for themselves: tools beside the driver, each a module of its own. They share no names with the
// driver and do not belong to one build of it; storage.mjs lists them.

import { rollup } from "rollup";
import { minify } from "terser";
import { tokenise } from "./tokenise.mjs";

/**
 * @param {string} input a module that tsc compiled
 * @param {object} output rollup's options for the driver's own form
 * @returns {Promise<{ file: Buffer, plain: Buffer }>} tokenised, and not
 */
export async function toolFiles(input, output) {
  const bundle = await rollup({ input });
  const { output: chunks } = await bundle.generate(output);
  await bundle.close();
  const { code } = await minify(chunks[0].code, {
    ecma: 2015,
    toplevel: true,
    compress: { passes: 3 },
    format: { comments: false, ascii_only: true },
  });
  return { file: Buffer.from(tokenise(code), "latin1"), plain: Buffer.from(code, "latin1") };
}

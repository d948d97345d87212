// Makes the files that go into Espruino's Storage: the driver, what of it is evaluated when it is called, and its parts, tokenised and
// not. The bundles in one piece are minify.mjs's.

import path from "node:path";
import { Form, NAME } from "./layout.mjs";
import { takeApart } from "./program.mjs";
import { toolFiles } from "./tools.mjs";

/** @returns {{ name: string, part: string, file: Buffer, plain: Buffer }[]} */
export function writeFiles(program) {
  const [tokenised, plain] = [true, false].map((isTokenised) => new Form(program, isTokenised).files());
  return [...tokenised.keys()].map((part) => ({
    name: part ? `${NAME}-${part}` : NAME,
    part: part || "core",
    file: Buffer.from(tokenised.get(part), "latin1"),
    plain: Buffer.from(plain.get(part), "latin1"),
  }));
}

/**
 * The plugin, for an output of its own: instead of the bundle there are the files, and a list of them.
 * @param {{ sets: { [example: string]: string[] }, tools: { [name: string]: string } }} options parts that each example needs, besides
 * "core"; and the compiled modules of tools, which no application needs, so that they are not in the set "all"
 */
export function espruinoStorage({ sets, tools }) {
  return {
    name: "espruino-storage",
    async generateBundle({ format, strict, esModule, exports, externalLiveBindings }, bundle) {
      const [chunk] = Object.values(bundle).filter(({ type }) => type === "chunk");
      delete bundle[chunk.fileName];
      const folder = path.posix.dirname(chunk.fileName);
      const program = await takeApart(chunk.code);
      const files = writeFiles(program);
      const nameOf = (part) => files.find((one) => one.part === part).name;
      const emit = (fileName, source) => {
        this.emitFile({ type: "asset", fileName: path.posix.join(folder, fileName), source });
        return fileName;
      };
      const entry = ({ name, part, file, plain }) => ({
        name,
        file: emit(`storage/${name}.tokens`, file),
        plain: emit(`storage/${name}.js`, plain),
        part,
        bytes: file.length,
      });
      const list = files.map(entry);
      for (const [part, input] of Object.entries(tools)) {
        const made = await toolFiles(input, { format, strict, esModule, exports, externalLiveBindings });
        list.push({ ...entry({ name: `${NAME}-${part}`, part, ...made }), tool: true });
      }
      const all = Object.entries({ ...sets, all: files.map(({ part }) => part).slice(1) });
      const wanted = Object.fromEntries(all.map(([set, parts]) => [set, ["core", ...parts].map(nameOf)]));
      emit("parts.json", `${JSON.stringify({ files: list, sets: wanted }, null, 2)}\n`);
    },
  };
}

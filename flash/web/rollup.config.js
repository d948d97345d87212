// Bundles the flashing page's script, with @espruino-tools/core in it, into build/flash/web/page.mjs. It compiles no
// TypeScript, and the page's other files are served as they are.

import commonjs from "@rollup/plugin-commonjs";
import nodeResolve from "@rollup/plugin-node-resolve";

/** DeviceController.setInterval translates functions with it, which is most of the package. The page sends text. */
const withoutTranspiler = {
  name: "without-transpiler",
  resolveId: (id) => (id === "@espruino-tools/transpiler" ? `\0${id}` : null),
  load: (id) => (id === "\0@espruino-tools/transpiler" ? "export function transpile() {}" : null),
};

export default {
  input: "build/flash/web/page/main.js",
  plugins: [withoutTranspiler, nodeResolve({ browser: true }), commonjs()],
  output: {
    // Not .js: what has no source of the same name is removed from build/ as a leftover.
    file: "build/flash/web/page.mjs",
    format: "es",
    // The package's style sheets come by way of a library that asks which kind of build this is.
    intro: 'const process = { env: { NODE_ENV: "production" } };',
  },
  onwarn(warning) {
    // The package is CommonJS, and old: only what concerns our own files is a mistake.
    if ([warning.id, ...(warning.ids ?? [])].some((id) => id?.includes("node_modules"))) return;
    throw new Error(warning.message);
  },
};

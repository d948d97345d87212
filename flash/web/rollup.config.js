// Bundles the page's scripts: that of flashing, with @espruino-tools/core in it, and the workbench, with the driver, the virtual
// modem and uPlot. It compiles no TypeScript, and the page's other files are served as they are. `--configPackage` writes
// all of the page into dist/workbench.

import { copyFileSync, mkdirSync } from "node:fs";

import commonjs from "@rollup/plugin-commonjs";
import nodeResolve from "@rollup/plugin-node-resolve";
import { minify } from "terser";
import { bundledPackages } from "../../scripts/licences.mjs";

/** DeviceController.setInterval translates functions with it, which is most of the package. The page sends text. */
const withoutTranspiler = {
  name: "without-transpiler",
  resolveId: (id) => (id === "@espruino-tools/transpiler" ? `\0${id}` : null),
  load: (id) => (id === "\0@espruino-tools/transpiler" ? "export function transpile() {}" : null),
};

/** No certificates are judged in a page: the virtual modem's network has none there. */
const withoutCrypto = {
  name: "without-crypto",
  resolveId: (id) => (id === "node:crypto" ? `\0${id}` : null),
  load: (id) =>
    id === "\0node:crypto" ? "export class X509Certificate {}\nexport function createPrivateKey() {}" : null,
};

function onwarn(warning) {
  // Some packages are CommonJS, and old: only what concerns our own files is a mistake.
  if ([warning.id, ...(warning.ids ?? [])].some((id) => id?.includes("node_modules"))) return;
  throw new Error(warning.message);
}

/** What is served as it is, beside the scripts. */
function files(folder, packed) {
  return {
    name: "files",
    writeBundle() {
      mkdirSync(folder, { recursive: true });
      copyFileSync("node_modules/uplot/dist/uPlot.min.css", `${folder}/uplot.css`);
      if (packed)
        for (const name of ["index.html", "style.css"]) copyFileSync(`flash/web/${name}`, `${folder}/${name}`);
    },
  };
}

/** In the package the scripts are small. */
const small = {
  name: "small",
  renderChunk: async (code) => ({ code: (await minify(code, { module: true })).code, map: null }),
};

// Not .js in build/: what has no source of the same name is removed from there as a leftover.
export default ({ configPackage: packed }) => {
  const folder = packed ? "dist/workbench" : "build/flash/web";
  return [
    {
      input: "build/flash/web/page/main.js",
      plugins: [
        withoutTranspiler,
        nodeResolve({ browser: true }),
        commonjs(),
        files(folder, packed),
        packed && small,
        packed && bundledPackages("LICENSES-page.txt", true),
      ],
      output: {
        file: `${folder}/page.mjs`,
        format: "es",
        // The package's style sheets come by way of a library that asks which kind of build this is.
        intro: 'const process = { env: { NODE_ENV: "production" } };',
      },
      onwarn,
    },
    {
      input: "build/workbench/page/main.js",
      plugins: [
        withoutCrypto,
        nodeResolve({ browser: true, preferBuiltins: false }),
        commonjs(),
        packed && small,
        packed && bundledPackages("LICENSES-workbench.txt"),
      ],
      output: {
        file: `${folder}/workbench.mjs`,
        format: "es",
        intro: "const process = { env: {}, nextTick: (fn, ...args) => queueMicrotask(() => fn(...args)) };",
      },
      onwarn,
    },
  ];
};

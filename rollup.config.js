// Bundles build/ (what tsc compiled) into dist/: Node, Espruino plain and minified, Moddable, the virtual M95 and m95-certs.
// It compiles no TypeScript; declarations come from tsc.

import { chmodSync, copyFileSync, cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import commonjs from "@rollup/plugin-commonjs";
import nodeResolve from "@rollup/plugin-node-resolve";
import { espruinoArrows } from "./scripts/espruino/arrows.mjs";
import { espruinoMarks } from "./scripts/espruino/marks.mjs";
import { espruinoMinify } from "./scripts/espruino/minify.mjs";
import { espruinoStorage } from "./scripts/espruino/storage.mjs";
import { bundledPackages } from "./scripts/licences.mjs";
import { moddableMarks } from "./scripts/moddable/marks.mjs";
import { moddableParts, PARTS } from "./scripts/moddable/parts.mjs";
import { moddableSmall } from "./scripts/moddable/small.mjs";
import { moddableBoards } from "./scripts/moddable/unused.mjs";

/** Espruino takes plain CommonJS: no strict mode, no property definitions on `exports`. */
const espruino = { format: "cjs", strict: false, esModule: false, exports: "named", externalLiveBindings: false };

/** Modules for Storage beside the driver, by the names that they have behind a dash. */
const tools = { workbench: "build/targets/espruino/workbench.js" };

/** Parts that the examples need, besides the driver itself. */
const sets = {
  sensor: ["power"],
  switch: ["power", "tls"],
  tracker: ["power", "store"],
  meter: ["power", "sleep", "store"],
};

const configs = [
  {
    input: "build/targets/node/index.js",
    external: ["serialport", /^node:/],
    plugins: [commonJsTypes("core", "board-wiring", "targets/node", "trace")],
    output: [
      { format: "es", ext: "js" },
      { format: "cjs", ext: "cjs" },
    ].map(({ format, ext }) => ({
      dir: "dist/node",
      format,
      entryFileNames: `[name].${ext}`,
      chunkFileNames: `[name].${ext}`,
      manualChunks: (id) => (/build.trace\b/.test(id) ? "recorder" : undefined),
    })),
  },
  { input: "build/targets/web/index.js", output: { file: "dist/web/index.js", format: "es" } },
  {
    input: "build/targets/espruino/index.js",
    plugins: [espruinoArrows(), commonJsFolder()],
    output: [
      { ...espruino, file: "dist/espruino/M95.js" },
      { ...espruino, file: "dist/espruino/M95.min.js", plugins: [espruinoMinify()] },
    ],
  },
  {
    input: "build/targets/espruino/parts.js",
    plugins: [espruinoMarks()],
    output: { ...espruino, file: "dist/espruino/storage.js", plugins: [espruinoStorage({ sets, tools })] },
  },
  {
    input: { index: "build/targets/moddable/index.js" },
    external: ["time", "timer"],
    plugins: [moddableBoards(), moddableMarks(), moddableSmall({ readable: "readable" }), moddableNames()],
    output: { dir: "dist/moddable", format: "es" },
  },
  {
    input: "build/targets/moddable/mqttclient.js",
    external: ["timer"],
    plugins: [moddableSmall(), moddableAlias("mqttclient")],
    output: { file: "dist/moddable/mqttclient.js", format: "es" },
  },
  {
    external: ["time", "timer"],
    preserveEntrySignatures: "allow-extension",
    plugins: [
      moddableBoards(),
      moddableParts({ build: "build", core: "build/targets/moddable/index.js" }),
      moddableMarks(),
      moddableSmall(),
      moddablePartNames(),
    ],
    output: { dir: "dist/moddable/parts", format: "es", chunkFileNames: "[name].js", hoistTransitiveImports: false },
  },
  {
    input: { index: "build/virtual-m95/index.js", cli: "build/virtual-m95/server/cli.js" },
    external: [/^node:/],
    plugins: [nodeResolve({ preferBuiltins: true }), commonjs(), bundledPackages(), ownTypes(), executable("cli.js")],
    output: { dir: "dist/virtual-m95", format: "es", entryFileNames: "[name].js", chunkFileNames: "shared.js" },
  },
  {
    input: "build/virtual-m95/index.js",
    external: [/^node:/],
    plugins: [
      nodeResolve({ preferBuiltins: true }),
      commonjs(),
      bundledPackages(),
      commonJsTypes("virtual-m95", "tls"),
    ],
    output: { file: "dist/virtual-m95/index.cjs", format: "cjs" },
  },
  ...["certs", "doctor", "energy", "trace", "workbench"].map((folder) => ({
    input: { cli: `build/${folder}/cli.js` },
    external: ["serialport", /^node:/],
    plugins: [nodeResolve({ preferBuiltins: true }), commonjs(), bundledPackages(), executable("cli.js")],
    output: { dir: `dist/${folder}`, format: "es", entryFileNames: "[name].js" },
  })),
];

/** Unresolved imports and the like are mistakes here; only packages may have import circles among themselves. */
function onwarn(warning) {
  if (warning.code === "CIRCULAR_DEPENDENCY" && warning.ids.every((id) => id.includes("node_modules"))) return;
  throw new Error(warning.message);
}

/**
 * The module `client`, which has no code of its own. Beside each Moddable module its declarations, and in names/ the module that
 * answers to the package's name: Moddable has no aliases. The other names are those that mcpack makes of the files' paths, so
 * that nothing is in a program twice.
 */
function moddableNames() {
  return {
    name: "moddable-names",
    generateBundle() {
      const client = 'export { Client, Client as default } from "./index.js";\n';
      this.emitFile({ type: "asset", fileName: "client.js", source: client });
      for (const [name, as] of [
        ["index", "m95-mqtt"],
        ["client", "client"],
      ]) {
        const star = (from) =>
          `export * from "${from}";\n${name === "client" ? `export { default } from "${from}";\n` : ""}`;
        const emit = (fileName, source) => this.emitFile({ type: "asset", fileName, source });
        emit(`${name}.d.ts`, star(`../types/targets/moddable/${name}.js`));
        emit(`names/${as}.js`, star(`m95-mqtt/dist/moddable/${name}`));
        emit(`names/${as}.d.ts`, star(`../${name}.js`));
      }
      this.emitFile({ type: "asset", fileName: "readable/index.d.ts", source: 'export * from "../index.js";\n' });
    },
  };
}

/** Beside a module that stands alone: its declarations, and the module that answers to the package's name. */
function moddableAlias(name) {
  return {
    name: "moddable-alias",
    generateBundle() {
      const star = (from) => `export * from "${from}";\nexport { default } from "${from}";\n`;
      const emit = (fileName, source) => this.emitFile({ type: "asset", fileName, source });
      emit(`${name}.d.ts`, star(`../types/targets/moddable/${name}.js`));
      emit(`names/${name}.js`, star(`m95-mqtt/dist/moddable/${name}`));
      emit(`names/${name}.d.ts`, star(`../${name}.js`));
    },
  };
}

/**
 * Beside the modules of the driver in parts: their declarations, and the modules that answer to the package's names. Of what the driver
 * exports only what is meant for users; its parts import the rest.
 */
function moddablePartNames() {
  return {
    name: "moddable-part-names",
    generateBundle() {
      const emit = (fileName, source) => this.emitFile({ type: "asset", fileName, source });
      const { exports } = this.getModuleInfo(path.resolve("build/targets/moddable/index.js"));
      emit("names/m95-mqtt.js", `export { ${exports.join(", ")} } from "m95-mqtt/dist/moddable/parts/core";\n`);
      emit("names/client.js", 'export { Client, Client as default } from "m95-mqtt/dist/moddable/parts/core";\n');
      emit("names/m95-mqtt.d.ts", 'export * from "../../index.js";\n');
      emit("names/client.d.ts", 'export { Client, default } from "../../client.js";\n');
      emit("core.d.ts", 'export * from "../index.js";\n');
      for (const part of Object.keys(PARTS)) emit(`${part}.d.ts`, "export {};\n");
    },
  };
}

/** A copy of Node's declarations for programs in CommonJS: how a declaration's imports are resolved, its folder says. */
function commonJsTypes(...folders) {
  return {
    name: "commonjs-types",
    writeBundle({ format }) {
      if (format !== "cjs") return;
      const to = "dist/types/commonjs";
      for (const folder of folders) cpSync(`dist/types/${folder}`, `${to}/${folder}`, { recursive: true });
      writeFileSync(`${to}/package.json`, '{ "type": "commonjs" }\n');
    },
  };
}

/** Puts the declarations of mqtt-packet beside those of the virtual modem, which holds its code: users have no such package. */
function ownTypes() {
  const folder = "dist/types/virtual-m95";
  return {
    name: "own-types",
    writeBundle() {
      copyFileSync("node_modules/mqtt-packet/types/index.d.ts", `${folder}/mqtt-packet.d.ts`);
      for (const name of readdirSync(folder, { recursive: true })) {
        if (!name.endsWith(".d.ts")) continue;
        const file = path.join(folder, name);
        const up = "../".repeat(name.split(path.sep).length - 1) || "./";
        writeFileSync(file, readFileSync(file, "utf8").replace('from "mqtt-packet"', `from "${up}mqtt-packet.js"`));
      }
    },
  };
}

/** Tells Node that the folder's modules are CommonJS, so that `require("m95-mqtt/espruino")` works in tests on a host. */
function commonJsFolder() {
  return {
    name: "commonjs-folder",
    generateBundle() {
      this.emitFile({ type: "asset", fileName: "package.json", source: '{ "type": "commonjs" }\n' });
    },
  };
}

/** Makes one output file a program. */
function executable(name) {
  return {
    name: "executable",
    renderChunk: (code, chunk) =>
      chunk.fileName === name && !code.startsWith("#!") ? { code: `#!/usr/bin/env node\n${code}`, map: null } : null,
    writeBundle: ({ dir }) => chmodSync(path.join(dir, name), 0o755),
  };
}

export default configs.map((config) => ({ ...config, onwarn }));

// `npm run size`: bytes of the bundles, with and without their optional parts, and of XS byte code. Counts
// only; needs a build.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { rollup } from "rollup";
import configs from "../rollup.config.js";
import { BOARD, LINUX, loadedVars } from "../scripts/espruino/vars.mjs";
import { engine, lack } from "../scripts/testing/needs.mjs";
import { boards } from "./boards.mjs";
import { report } from "./report.mjs";

/**
 * Optional parts of the Espruino bundle: how a row calls them, their module in build/, and what stands in for it when it is left
 * out; with `added`, it is not in the bundle and is put in.
 */
const parts = [
  { title: "the texts of errors", file: "core/m95/texts.js", stub: 'export function explain() { return ""; }' },
  {
    title: "diagnostics (identity, signal, battery, operator, time)",
    file: "core/m95/info.js",
    stub: ["identity", "signal", "battery", "operator", "time", "isSet"]
      .map((name) => `export function ${name}() {}`)
      .join("\n"),
  },
  {
    title: "the power switch",
    file: "board-wiring/power-switch.js",
    stub: "export function powerSwitch() {}",
  },
  {
    title: "TLS",
    file: "core/m95/tls.js",
    stub: 'import { M95 } from "../m95.js"; export const secure = M95.prototype.secure;',
  },
  { title: "the promise forms", file: "core/mqtt/async.js", added: true },
];

const config = configs.find(({ input }) => input === "build/targets/espruino/index.js");
const minified = config.output.find(({ file }) => file.endsWith(".min.js"));

/** The minified Espruino bundle without or with some optional parts. */
async function espruino(left, added = []) {
  const change = {
    name: "parts",
    load: (id) => left.find(({ file }) => id.endsWith(`build/${file}`))?.stub ?? null,
    transform: (code, id) =>
      id.endsWith(config.input)
        ? {
            code: code + added.map(({ file }) => `\nexport * from "${path.resolve("build", file)}";`).join(""),
            map: null,
          }
        : null,
  };
  const bundle = await rollup({ ...config, plugins: [change, ...(config.plugins ?? [])] });
  const { output } = await bundle.generate(minified);
  await bundle.close();
  return output[0].code;
}

/** Bytes of byte code that XS has of a module, as a release build of an application compiles it. */
function byteCode(xsc, file) {
  const folder = mkdtempSync(path.join(tmpdir(), "m95-size-"));
  try {
    execFileSync(xsc, ["-e", file, "-o", folder, "-r", "module"]);
    return statSync(path.join(folder, "module.xsb")).size;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const bytes = (code) => [Buffer.byteLength(code), gzipSync(code, { level: 9 }).length];

async function size() {
  const everything = bytes(await espruino([]));
  const rows = [
    ["minified Espruino bundle", "bytes", "gzip", "difference"],
    ["everything", ...everything, ""],
  ];
  const add = (title, code) => {
    const [plain, zipped] = bytes(code);
    const difference = plain - everything[0];
    rows.push([title, plain, zipped, difference > 0 ? `+${difference}` : difference]);
    return plain;
  };
  for (const part of parts)
    if (part.added) add(`with ${part.title}`, await espruino([], [part]));
    else add(`without ${part.title}`, await espruino([part]));
  const optional = parts.filter(({ added }) => !added);
  const mqtt = add("the MQTT path alone, without any of them", await espruino(optional));
  return { rows, figures: { "espruino.min.bytes": everything[0], "espruino.mqtt.bytes": mqtt } };
}

/** What the files for Storage take there, header and padding included, for each example and all of it, and the jsVars of what is loaded. */
function stored() {
  const folder = path.resolve("dist/espruino");
  const { files, sets } = JSON.parse(readFileSync(path.join(folder, "parts.json"), "utf8"));
  const room = (bytes) => 32 + 4 * Math.ceil(bytes / 4);
  const sizeOf = (names, form) =>
    files
      .filter(({ name }) => names.includes(name))
      .reduce((sum, one) => sum + room(statSync(path.join(folder, one[form])).size), 0);
  const code = readFileSync(path.join(folder, files[0].plain), "latin1");
  const vars = [LINUX, BOARD].map((size) => loadedVars(code, size));
  return {
    rows: [
      ["files in Espruino's Storage", "bytes", "not tokenised"],
      ...Object.entries(sets).map(([set, names]) => [set, sizeOf(names, "file"), sizeOf(names, "plain")]),
      ...files.map(({ name }) => [`\`${name}\``, sizeOf([name], "file"), sizeOf([name], "plain")]),
    ],
    figures: {
      "espruino.sensor.bytes": sizeOf(sets.sensor, "file"),
      "espruino.all.bytes": sizeOf(sets.all, "file"),
      "espruino.vars.model": vars[0],
    },
    notes: [`Loaded from there the driver takes ${vars[0]} jsVars on Linux and ${vars[1]} on an STM32F4, computed.`],
  };
}

function others() {
  const files = ["dist/node/index.js", "dist/moddable/readable/index.js"];
  return {
    rows: [
      ["other bundles, not minified", "bytes", "gzip"],
      ...files.map((file) => [`\`${file}\``, ...bytes(readFileSync(file))]),
    ],
  };
}

function bytecode() {
  const sdk = engine("MODDABLE");
  if (!sdk) return { lack: lack("MODDABLE").why };
  const tools = path.join(sdk, "build/bin");
  const xsc = readdirSync(tools)
    .map((system) => path.join(tools, system, "release/xsc"))
    .find(existsSync);
  if (!xsc) throw new Error("MODDABLE names no SDK with a built xsc");
  const names = ["index", "client", ...["core", "tls", "info", "texts", "store"].map((part) => `parts/${part}`)];
  const sizes = names.map((name) => byteCode(xsc, path.resolve(`dist/moddable/${name}.js`)));
  return {
    rows: [["XS byte code", "bytes"], ...names.map((name, i) => [`\`dist/moddable/${name}.js\``, sizes[i]])],
    figures: { "xs.bytecode.bytes": sizes[0] },
  };
}

await report({ size, stored, boards, others, bytecode });

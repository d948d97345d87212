// `npm run size`: bytes of the bundles, with and without their optional parts, and of XS byte code. Counts
// only; needs a build.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { rollup } from "rollup";
import configs from "../rollup.config.js";
import { hold, table, write } from "./report.mjs";

/**
 * Optional parts of the Espruino bundle: how a row calls them, their module in build/, and what stands in for it when it is left
 * out. A part whose module is not there yet has no row; with `added`, it is not in the bundle and is put in.
 */
const parts = [
  { title: "the texts of errors", file: "core/m95/texts.js", stub: 'export function explain() { return ""; }' },
  {
    title: "diagnostics (identity, signal, battery, operator, time)",
    file: "core/m95/info.js",
    stub: ["identity", "signal", "battery", "operator", "time"]
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
].filter(({ file }) => existsSync(`build/${file}`));

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
function byteCode(file) {
  const folder = mkdtempSync(path.join(tmpdir(), "m95-size-"));
  const tools = path.join(process.env.MODDABLE, "build/bin");
  const xsc = readdirSync(tools)
    .map((system) => path.join(tools, system, "release/xsc"))
    .find(existsSync);
  if (!xsc) throw new Error("MODDABLE names no SDK with a built xsc");
  try {
    execFileSync(xsc, ["-e", file, "-o", folder, "-r", "module"]);
    return statSync(path.join(folder, "module.xsb")).size;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const bytes = (code) => [Buffer.byteLength(code), gzipSync(code, { level: 9 }).length];
const figures = {};

const optional = parts.filter(({ added }) => !added);
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
figures["espruino.min.bytes"] = everything[0];
for (const part of parts)
  if (part.added) add(`with ${part.title}`, await espruino([], [part]));
  else add(`without ${part.title}`, await espruino([part]));
figures["espruino.mqtt.bytes"] = add("the MQTT path alone, without any of them", await espruino(optional));

const others = [
  ["other bundles, not minified", "bytes", "gzip"],
  ...["dist/node/index.js", "dist/moddable/index.js", "dist/moddable/client.js"].map((file) => [
    `\`${file}\``,
    ...bytes(readFileSync(file)),
  ]),
];
let text = `${table(rows)}\n\n${table(others)}`;
console.log(text);
write("size", text);

if (process.env.MODDABLE) {
  const names = ["index", "client"];
  const sizes = names.map((name) => byteCode(path.resolve(`dist/moddable/${name}.js`)));
  figures["xs.bytecode.bytes"] = sizes[0];
  text = table([["XS byte code", "bytes"], ...names.map((name, i) => [`\`dist/moddable/${name}.js\``, sizes[i]])]);
  console.log(`\n${text}`);
  write("bytecode", text);
} else console.log("\nXS byte code was not measured: set MODDABLE to a Moddable SDK with its tools built.");

process.exit(hold(figures) ? 0 : 1);

// `npm run size`: bytes of the bundles, with and without their optional parts. Counts only; needs a build.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { rollup } from "rollup";
import configs from "../rollup.config.js";
import { hold, table, write } from "./report.mjs";

/** Optional parts and what stands in for them when they are left out. */
const parts = {
  texts: { file: "core/m95/texts.js", stub: 'export function explain() { return ""; }' },
  info: {
    file: "core/m95/info.js",
    stub: ["identity", "signal", "battery", "operator", "time"]
      .map((name) => `export function ${name}() {}`)
      .join("\n"),
  },
  power: { file: "board-wiring/power-switch.js", stub: "export function powerSwitch() {}" },
};

function without(names) {
  const left = names.map((name) => parts[name]);
  return {
    name: "without",
    load: (id) => left.find(({ file }) => id.endsWith(`build/${file}`))?.stub ?? null,
  };
}

/** The minified Espruino bundle without some parts. */
async function espruino(names) {
  const config = configs.find(({ input }) => input === "build/targets/espruino/index.js");
  const output = config.output.find(({ file }) => file.endsWith(".min.js"));
  const bundle = await rollup({ ...config, plugins: [without(names), ...(config.plugins ?? [])] });
  const { output: chunks } = await bundle.generate(output);
  return chunks[0].code;
}

const bytes = (code) => [Buffer.byteLength(code), gzipSync(code, { level: 9 }).length];

const variants = [
  ["everything", []],
  ["without the texts of errors", ["texts"]],
  ["without identity, signal, battery, operator, time", ["info"]],
  ["without power switch", ["power"]],
  ["the MQTT path alone", ["texts", "info", "power"]],
];
const rows = [["minified Espruino bundle", "bytes", "gzip"]];
const figures = {};
for (const [title, names] of variants) {
  const [plain, zipped] = bytes(await espruino(names));
  rows.push([title, plain, zipped]);
  if (names.length === 0) figures["espruino.min.bytes"] = plain;
  if (names.length === 3) figures["espruino.mqtt.bytes"] = plain;
}
for (const [title, file] of [
  ["`dist/node/index.js`, not minified", "dist/node/index.js"],
  ["`dist/moddable/index.js`, not minified", "dist/moddable/index.js"],
])
  rows.push([title, ...bytes(readFileSync(file))]);
const text = table(rows);
console.log(text);
write("size", text);
process.exit(hold(figures) ? 0 : 1);

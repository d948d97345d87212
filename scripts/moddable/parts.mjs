// Makes modules of the driver's parts that a Moddable application may leave out: in the rest, functions stand for them that look for the
// part when they are called, and name the manifest that brings it. The sources know nothing of this.

import { readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "acorn";

/**
 * What may be left out: the modules of each part. What is `silent` is done without when it is not there.
 * Manifests: `manifest_<part>.json`.
 */
export const PARTS = {
  tls: { modules: ["core/m95/tls.js"], code: "ETLS" },
  info: { modules: ["core/m95/info.js"] },
  texts: { modules: ["core/m95/texts.js"], silent: '""' },
  sleep: { modules: ["core/m95/sleep.js", "core/cycle.js"] },
  store: { modules: ["core/mqtt/durable.js", "targets/moddable/store.js"] },
};

const REGISTRY = "\0parts";

/** A part's name in the registry: none that is made short. */
const keyOf = (part) => `"m95-${part}"`;

const REGISTRY_CODE = (errors) => `
import { M95Error } from ${JSON.stringify(errors)};
export const parts = {};
export function part(name, code) {
  const found = parts["m95-" + name];
  if (!found) throw new M95Error(code, name + ": not in this program; include m95-mqtt/manifest_" + name + ".json");
  return found;
}`;

/** The functions and classes that a module exports, with their parameters. */
function exportsOf(code) {
  const found = [];
  for (const { type, declaration } of parse(code, { ecmaVersion: "latest", sourceType: "module" }).body) {
    if (type !== "ExportNamedDeclaration" || !declaration?.id) continue;
    const isClass = declaration.type === "ClassDeclaration";
    const made = isClass ? declaration.body.body.find(({ kind }) => kind === "constructor")?.value : declaration;
    found.push({ name: declaration.id.name, isClass, count: made?.params.length ?? 0 });
  }
  return found;
}

/**
 * @param {{ build: string, core: string }} where folder of the compiled modules, and the entry that stands for all of them
 */
export function moddableParts({ build, core }) {
  const file = (name) => path.resolve(build, name);
  const partOf = (id) =>
    Object.keys(PARTS).find((name) =>
      PARTS[name].modules.some((module) => file(module) === id || `\0part:${name}` === id),
    );

  /** What stands for a module outside of its part. */
  const stub = (part, id) => {
    const { code = "EPARAM", silent } = PARTS[part];
    const lines = exportsOf(readFileSync(id, "utf8")).map(({ name, isClass, count }) => {
      const args = Array.from({ length: count }, (_, i) => `a${i}`).join(", ");
      if (silent)
        return `export function ${name}(${args}) { const found = parts[${keyOf(part)}]; return found ? found.${name}(${args}) : ${silent}; }`;
      const get = `part("${part}", "${code}").${name}`;
      // Nothing extends a class of a part by this name; its own module has it.
      const call = isClass ? `new (${get})(${args})` : `${get}.call(${["this", args].filter(Boolean).join(", ")})`;
      return `export function ${name}(${args}) { return ${call}; }`;
    });
    return `import { ${silent ? "parts" : "part"} } from "${REGISTRY}";\n${lines.join("\n")}`;
  };

  /** The module of a part: tells the registry what it has. */
  const entry = (part) => {
    const lines = [`import { parts } from "${REGISTRY}";`];
    const names = [];
    for (const module of PARTS[part].modules) {
      const exported = exportsOf(readFileSync(file(module), "utf8")).map(({ name }) => name);
      lines.push(`import { ${exported.join(", ")} } from ${JSON.stringify(file(module))};`);
      names.push(...exported);
    }
    lines.push(`parts[${keyOf(part)}] = { ${names.join(", ")} };`);
    return lines.join("\n");
  };

  return {
    name: "moddable-parts",
    options: (options) => ({
      ...options,
      input: { core, ...Object.fromEntries(Object.keys(PARTS).map((part) => [part, `\0part:${part}`])) },
    }),
    resolveId(id, importer) {
      if (id.startsWith("\0")) return { id, moduleSideEffects: id.startsWith("\0part:") };
      if (!importer || !/^[./]/.test(id)) return null;
      const target = path.resolve(path.dirname(importer.replace("\0stub:", "")), id);
      const part = partOf(target);
      return part && partOf(importer) !== part ? `\0stub:${target}` : null;
    },
    load(id) {
      if (id === REGISTRY) return REGISTRY_CODE(file("core/errors.js"));
      if (id.startsWith("\0stub:")) return stub(partOf(id.slice(6)), id.slice(6));
      if (id.startsWith("\0part:")) return entry(id.slice(6));
      return null;
    },
    outputOptions: (options) => ({
      ...options,
      manualChunks: (id) => partOf(id) ?? "core",
    }),
  };
}

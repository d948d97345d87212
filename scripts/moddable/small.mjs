// Makes the modules that Moddable applications bundle out of the plain ones: short internal names, single-use functions in their place,
// statements in the forms that XS writes shortest. It changes nothing that a user can see but stack traces.

import { minify } from "terser";
import { flatten } from "../espruino/flatten.mjs";
import { INTERNAL_NAME, shortNames, weightsOf } from "../espruino/minify.mjs";
import { bindInPlace } from "./binds.mjs";
import { coldTexts } from "./cold.mjs";
import { forms, plainForms } from "./forms.mjs";
import { mergeHeirs } from "./heirs.mjs";
import { Inliner } from "./inline.mjs";
import { literalsInPlace } from "./literals.mjs";
import { coldMethods, withOwnNames, withoutMarks } from "./marks.mjs";
import { dropReplaced } from "./unused.mjs";

/**
 * Internal names that others know: the SDK (a pin of `device.io.Serial` and in the table of boards, a method of its `timer`), and who gives
 * `powerSwitch` a clock.
 */
const KNOWN = ["receive", "clear", "after", "cancel"];

const INTERNAL = new RegExp(`^(?!(${KNOWN.join("|")})$)${INTERNAL_NAME.source.slice(1)}`);

/** What nothing mentions any more goes, and marks of what stays as it is. */
const UNUSED = { defaults: false, toplevel: true, unused: true, dead_code: true, drop_debugger: true };

/** `shortNames` reads scripts, and knows a class by the name that stands behind `class`: two targets' classes have that of the core's. */
const asScript = (code) =>
  code.replace(/^(import|export) [^;]*;$/gm, "").replace(/^let (\S+) = class \w+/gm, "let $1 = class $1");

/** A module with classes that have one heir made one with it. */
function flattened(code) {
  const head = /^(import [^;]*;\n)*/.exec(code)[0];
  const tail = /(\nexport \{[^}]*\};\s*)?$/.exec(code)[0];
  return head + flatten(code.slice(head.length, code.length - tail.length), new Map()) + tail;
}

/**
 * @param {{ [file: string]: string }} modules plain modules that belong together, the one that the others import first
 * @returns {Promise<{ [file: string]: string }>}
 */
export async function shrink(modules) {
  const files = Object.keys(modules);
  // What another module calls is called from more than one place.
  const mentions = (name, file) => files.some((one) => one !== file && new RegExp(`\\b${name}\\b`).test(modules[one]));
  const plain = {};
  const inlined = {};
  for (const file of files) {
    const isInternal = (name) => INTERNAL.test(name) && !mentions(name, file);
    plain[file] = withOwnNames(mergeHeirs(flattened(dropReplaced(modules[file]))));
    inlined[file] = bindInPlace(new Inliner(isInternal).run(plain[file]), isInternal);
  }
  const all = (some) =>
    Object.values(some)
      .map((code) => `{ ${asScript(code)} }`)
      .join("\n");
  // A method that moved into another class mentions there what is still its own class's.
  const names = shortNames(
    all(plain) + all(inlined),
    files.flatMap((file) => coldMethods(inlined[file])).filter((name) => INTERNAL.test(name)),
    weightsOf(all(inlined), () => true),
  );
  const props = Object.fromEntries(
    Object.entries(names)
      .filter(([name]) => INTERNAL.test(name))
      .map(([name, short]) => [`$${name}`, short]),
  );
  const small = {};
  for (const file of files) {
    const { code } = await minify(literalsInPlace(inlined[file]), {
      ecma: 2020,
      module: true,
      toplevel: true,
      // No getter of the driver does more than to get. Sequences and `&&` in place of `if` are shorter as text only.
      compress: {
        ecma: 2020,
        passes: 3,
        pure_getters: true,
        sequences: false,
        conditionals: false,
        drop_debugger: false,
      },
      // Names of the module's own are not those of locals: what is a text is known by them.
      mangle: { module: false, toplevel: false, properties: { regex: INTERNAL, builtins: true } },
      nameCache: { props: { props } },
      format: { comments: false },
    });
    small[file] = await plainForms(code);
  }
  const shorts = new Set(Object.values(props));
  const cold = coldTexts(small, (name) => shorts.has(name));
  for (const file of files) {
    // What only texts mentioned is in them now.
    const { code } = await minify(cold[file], { ecma: 2020, module: true, compress: UNUSED, mangle: false });
    small[file] = await forms(code);
  }
  return small;
}

/** The plugin: all modules of an output, and those that they replace in a folder of their own when it is named. */
export function moddableSmall({ readable } = {}) {
  return {
    name: "moddable-small",
    async generateBundle(_options, bundle) {
      const chunks = Object.values(bundle).filter(({ type }) => type === "chunk");
      const plain = Object.fromEntries(chunks.map(({ fileName, code }) => [fileName, code]));
      const small = await shrink(plain);
      for (const chunk of chunks) {
        if (readable)
          this.emitFile({ type: "asset", fileName: `${readable}/${chunk.fileName}`, source: withoutMarks(chunk.code) });
        chunk.code = small[chunk.fileName];
      }
    },
  };
}

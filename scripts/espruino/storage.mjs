// Makes the files that go into Espruino's Storage: the driver, what of it is evaluated when it is called, and its parts, tokenised and
// not. The bundles in one piece are minify.mjs's.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "acorn";
import { captureThis } from "./arrows.mjs";
import { COLD, DISPATCH, moveOut, PARAMETERS, PLAIN_CLASS, STUB } from "./cold.mjs";
import { moveConstants } from "./constants.mjs";
import { flatten } from "./flatten.mjs";
import { inlineMethods } from "./inline.mjs";
import { unmark } from "./marks.mjs";
import { INTERNAL_NAME, shortNames, shrink } from "./minify.mjs";
import { ownExports, withoutOwn } from "./own.mjs";
import { BETWEEN, MOST, pagesOf } from "./pages.mjs";
import { namePrivates, publicName } from "./privates.mjs";
import { dropScopes } from "./scopes.mjs";
import { makeDictionary, pack, packDictionary, packPage } from "./squeeze.mjs";
import { tokenise, tokeniseBody } from "./tokenise.mjs";
import { toolFiles } from "./tools.mjs";
import { children, edited, isFunction } from "./tree.mjs";

/** Name of the driver in Storage; those of parts have a dash and their own behind it. */
const NAME = "M95";

// Variables of the module's runtime: the dispatcher, the text of the file, the function that finds a text, the class of objects
// without one, and the number or address of what is called.
const DISPATCHER = "$";
const FILE = "_";
const FIND = "Y";
const CLASS = "K";
const WHICH = "W";
/** What stands in a program for names of the runtime. */
const RUNTIME = [DISPATCHER, DISPATCH, PLAIN_CLASS, STUB];
const RESERVED = [DISPATCHER, FILE, FIND, CLASS, WHICH, ...PARAMETERS, COLD, DISPATCH, PLAIN_CLASS];

/** Bytes of the dictionary; more pack better, and cost time at each call. */
const DICTIONARY = 200;

/**
 * A page begins with the length of what makes its first text: below SHORT in bytes, above it in steps of STEP bytes, and what is read
 * too much makes characters behind the end. Without a length it is not packed. In front of a page of several texts stands the length of
 * all of it. An address is that of a page, a multiple of ALIGNED, and the text's place in the page.
 */
const SHORT = 224;
const STEP = 64;
/** What SHORT stands for itself, less the steps that it has. */
const BASE = STEP * (SHORT - 4);

const ALIGNED = MOST;

/** The byte that stands for a length. */
function lengthByte(length) {
  const byte = length < SHORT ? length : Math.ceil((length + BASE) / STEP);
  if (byte > 255) throw new Error(`a page of ${length} bytes is longer than a byte can say`);
  return String.fromCharCode(byte);
}

/** A text that packing makes shorter by fewer bytes is not packed: it takes a fifth of the time from flash. */
const WORTH = 4;

/** Behind it Espruino's parser reads no more. */
const END = "\0";

/**
 * Code that stops firmware which cannot read the rest. Strings and numbers are tokenised in a way that old firmware does not know, so
 * it has none: `.source` is the text of a regular expression.
 */
export const GUARD =
  "{let w=process.version.split(/v/.source),h=w.shift(),v=w.pop().split((/./).source),m=+(h+v.shift()),n=+(/225/.source);" +
  "if(m<n||m==n&&!(v.pop()>=+(/396/.source)))throw new Error(/M95 in Storage is tokenised for firmware 2v25.396 and later; " +
  "write the plain form, as npm run flash does/.source)}";

const parsed = (code) => parse(code, { ecmaVersion: 2022, sourceType: "script" });

/**
 * @typedef {object} Program a minified bundle taken apart
 * @property {string} main what is loaded, with numbers for what is not
 * @property {string[]} texts what is evaluated, by number
 * @property {string} dispatch the method of all classes by which that is done
 * @property {import("./cold.mjs").Cold[]} cold the same functions' names, parts and stubs
 */

/** @returns {Promise<Program>} */
export async function takeApart(bundle) {
  const { code: unmarked, places } = unmark(withoutOwn(bundle));
  const plain = flatten(unmarked, places);
  const placeOf = (name) => places.get(name) ?? "";
  const inlined = inlineMethods(plain, (one, other) => placeOf(one) === placeOf(other));
  const named = namePrivates(captureThis(inlined));
  const code = moveConstants(named, (name) => placeOf(publicName(name)) === "resident");
  const { code: moved, cold } = moveOut(
    code,
    (name) => placeOf(publicName(name)),
    (name) => INTERNAL_NAME.test(name),
  );
  refuseEarlyCalls(moved, cold);
  // Methods that were left have to differ from all fields of all classes that share their prototype.
  const names = shortNames(code, [DISPATCH, ...methodsOf(moved)]);
  const small = words(await shrink(moved, names, RESERVED));
  const { main, texts } = withoutCold(small);
  const lost = cold.filter((_, i) => texts[i] === undefined);
  if (lost.length) throw new Error(`the minifier dropped ${lost.map(({ name }) => name).join(", ")}`);
  const dispatch = names[DISPATCH];
  return { main: dropScopes(withDispatcher(main, dispatch), RUNTIME), texts, cold, dispatch };
}

/** While the module is loaded nothing is called that is not: half of what such a function uses may not be there yet. */
function refuseEarlyCalls(code, cold) {
  const visit = (node) => {
    const { type, callee } = node;
    if (type === "CallExpression" && (callee.name ?? callee.property?.name) === DISPATCH) {
      const { name } = cold[node.arguments[0].arguments[0].value];
      throw new Error(`${name} is called while the driver is loaded; it has to be resident, or the call in a function`);
    }
    for (const child of children(node)) if (!isFunction(child)) visit(child);
  };
  visit(parsed(code));
}

/** Internal names of the methods that are loaded, the most used ones first. */
function methodsOf(code) {
  const counts = new Map();
  const visit = (node) => {
    if (node.type === "MethodDefinition" && INTERNAL_NAME.test(node.key.name)) counts.set(node.key.name, 0);
    for (const child of children(node)) visit(child);
  };
  visit(parsed(code));
  for (const [, name] of code.matchAll(/\.([\w$]+)/g)) if (counts.has(name)) counts.set(name, counts.get(name) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]).map(([name]) => name);
}

/** What the minifier writes short is longer in tokens: true, false and undefined are one byte each. */
function words(code) {
  const edits = [];
  const visit = (node) => {
    const { type, operator, argument, start, end } = node;
    const value = type === "UnaryExpression" && argument.type === "Literal" ? `${operator}${argument.raw}` : "";
    const word = { "!0": "true", "!1": "false", void0: "undefined" }[value];
    if (word) {
      const apart = (at) => (/[\w$]/.test(code[at] ?? "") ? " " : "");
      edits.push({ start, end, text: apart(start - 1) + word + apart(end) });
    } else for (const child of children(node)) visit(child);
  };
  visit(parsed(code));
  return edited(code, edits);
}

/** Takes the functions that were moved out of the program, and leaves their bodies. */
function withoutCold(code) {
  const texts = [];
  const edits = [];
  for (const node of parsed(code).body) {
    if (node.type !== "ExpressionStatement") continue;
    const all = node.expression.type === "SequenceExpression" ? node.expression.expressions : [node.expression];
    const moved = all.filter(({ left }) => left?.object?.name === COLD);
    if (!moved.length) continue;
    for (const { left, right } of moved) {
      const { start, end } = right.body;
      texts[left.property.value] = code.slice(start + 1, end - 1).replace(/;$/, "");
    }
    const rest = all.filter((one) => !moved.includes(one)).map(({ start, end }) => code.slice(start, end));
    edits.push({ start: node.start, end: node.end, text: rest.length ? `${rest.join(",")};` : "" });
  }
  return { main: edited(code, edits), texts };
}

/** Every class gets the dispatcher as a method. As a class field it costs nothing but its name: those are the prototype's. */
function withDispatcher(main, method) {
  const edits = [];
  const visit = (node) => {
    if (node.type === "ClassDeclaration" || node.type === "ClassExpression")
      if (!node.superClass)
        edits.push({ start: node.body.start + 1, end: node.body.start + 1, text: `${method}=${DISPATCHER};` });
    for (const child of children(node)) visit(child);
  };
  visit(parsed(main));
  return edited(main, edits);
}

/** The names of the parts that a function is in: of one, of several, or of the driver's own file. */
function partsOf(place) {
  return place.split(" ").map((name) => name.replace("?", ""));
}

/** How often functions run while a connection is made: a list that mark-resident.ts writes. */
const FIRST = new Map(
  readFileSync(new URL("first.txt", import.meta.url), "utf8")
    .trim()
    .split("\n")
    .map((line) => line.split(" ")),
);

/** Characters that are not unpacked then, for each byte that a text takes more when it is not packed. */
const WORTH_IT = 46;

/**
 * How often the functions of a program run then, by number. A method may have come from another class, which is no more then.
 * @param {string[]} names
 */
function firstRuns(names) {
  const parts = names.map((name) => publicName(name).replace("get ", "").split("."));
  const owners = new Set(parts.map(([owner]) => owner));
  const inherited = new Map(
    [...FIRST]
      .map(([name, count]) => [...name.split("."), count])
      .filter(([owner, , count]) => count && !owners.has(owner))
      .map(([, method, count]) => [method, count]),
  );
  return parts.map(([owner, method]) => {
    const base = method?.startsWith("_as") ? `${method.slice(3)}.constructor` : undefined;
    return Number(FIRST.get(base ?? (method ? `${owner}.${method}` : owner)) ?? inherited.get(method) ?? 0);
  });
}

/** Stands for addresses and lengths that are not known yet, and is as long as most of them. */
const UNKNOWN = 10000;

/** One way to write the files. */
class Form {
  /**
   * @param {Program} program
   * @param {boolean} isTokenised
   */
  constructor(program, isTokenised) {
    this.program = program;
    this.isTokenised = isTokenised;
    /** Parts by name, each with the numbers of its texts; "" is the driver's own file. */
    this.parts = new Map([["", []]]);
    /** Addresses by number, and by part for functions that several parts have. */
    this.addresses = program.cold.map(({ part }) => new Map(partsOf(part).map((name) => [name, UNKNOWN])));
    this.addresses.forEach((places, number) => {
      for (const name of places.keys()) {
        if (!this.parts.has(name)) this.parts.set(name, []);
        this.parts.get(name).push(number);
      }
    });
    const optional = program.cold.flatMap(({ part }) => part.split(" ").filter((name) => name.endsWith("?")));
    this.optional = [...new Set(optional.flatMap(partsOf))];
    this.finder = program.cold.findIndex(({ name }) => name === "partText");
    this.checker = program.cold.findIndex(({ name }) => name === "checkParts");
    this.slots = new Map();
    this.lengths = new Map([...this.parts.keys()].map((name) => [name, UNKNOWN]));
    this.start = UNKNOWN;
    this.runs = firstRuns(program.cold.map(({ name }) => name));
    /** Numbers of the texts that are not packed, because they run often. */
    this.often = new Set();
    /** By part, the numbers of the texts of each page. */
    this.pages = new Map([...this.parts].map(([name, numbers]) => [name, numbers.map((number) => [number])]));
    if (isTokenised) this.#makePages();
  }

  #makePages() {
    const { texts } = this.program;
    // Addresses that look like those to come.
    this.addresses.forEach((places, i) => {
      for (const name of places.keys()) places.set(name, 101 * i * (name ? -1 : 1));
    });
    const sample = texts.map((text) => tokeniseBody(this.filled(text)));
    Object.assign(this, packDictionary(makeDictionary(sample, DICTIONARY)));
    sample.forEach(({ length }, number) => {
      const unpacked = this.runs[number] * (this.dictionary.length + length);
      if (unpacked > WORTH_IT * (length - pack(this.dictionary, sample[number]).length)) this.often.add(number);
    });
    for (const [name, numbers] of this.parts) {
      const packed = numbers.filter((number) => !this.often.has(number));
      const pages = pagesOf(
        this.dictionary,
        packed.map((number) => ({ text: sample[number], first: this.runs[number] > 0 })),
      );
      const others = numbers.filter((number) => !packed.includes(number)).map((number) => [number]);
      this.pages.set(name, [...pages.map((page) => page.map((at) => packed[at])), ...others]);
    }
  }

  /** Where a function is called from code of a part: there, if the part has it. */
  #address(number, part) {
    const places = this.addresses[number];
    return places.get(part) ?? [...places.values()][0];
  }

  /** Code with addresses in place of numbers, and the runtime's own names. */
  filled(code, part = "") {
    const parts = [...this.lengths].filter(([name]) => name).flat();
    const text = (value) => JSON.stringify(value);
    return code
      .replace(/__stub\((\d+)\)/g, (_, number) => `eval(${FIND}(${this.#address(number, part)}))`)
      .replace(/__id\((\d+)\)/g, (_, number) => this.#address(number, part))
      .replace(/\b__c\b/g, DISPATCHER)
      .replace(/\b__K\b/g, CLASS)
      .replace(/\b__PARTS\b/g, text(parts.join(" ")))
      .replace(/\b__OPTIONAL\b/g, text(this.optional.join(" ")))
      .replace(/\b__BUILD\b/g, text(this.id));
  }

  /** Names the build, so that parts of different builds or forms are never mixed. */
  get id() {
    const { main, texts } = this.program;
    const hash = createHash("sha256")
      .update([main, ...texts].join("\0"))
      .digest("hex")
      .slice(0, 8);
    return hash + (this.isTokenised ? "t" : "p");
  }

  /** What every file begins with: the driver's is code. */
  #head() {
    const file = `require("Storage").read("${NAME}")`;
    const length = this.lengths.get("");
    // A file has its length from the first byte that is written; flash that was not written yet reads 255.
    const check = `if(!${FILE}||${FILE}.length!=${length}||${FILE}.charCodeAt(${length - 1}))throw new Error("${NAME} in Storage is not whole; write it anew: npm run flash");`;
    const place = `${WHICH}<0?${DISPATCHER}(${this.#address(this.finder)},${WHICH}):${FILE}.substr(${WHICH}+${this.#base})`;
    const dictionary = `${FILE}.substr(${this.start},${this.packed?.length})`;
    const unpack =
      `let k=${WHICH}&${ALIGNED - 1};${WHICH}-=k&&k+1;let s=${place},n=s.charCodeAt();if(!n)return s.substr(1);` +
      `s=E.toString(require("heatshrink").decompress(${dictionary}+s.substr(k?2:1,n<${SHORT}?n:${STEP}*n-${BASE})));` +
      `return k?s.split("${BETWEEN}")[k]:s`;
    const find = this.isTokenised ? unpack : `return ${place}`;
    return (
      `const ${FILE}=${file};${check}const ${FIND}=function(${WHICH}){${find}},` +
      `${DISPATCHER}=function(${[WHICH, ...PARAMETERS]}){eval(${FIND}(${WHICH}))};`
    );
  }

  /** A page as it stands in a file, but for what is in front of it. */
  #page(numbers, part) {
    const codes = numbers.map((number) => this.filled(this.program.texts[number], part));
    if (!this.isTokenised) return { before: "", text: codes[0] + END };
    const texts = codes.map(tokeniseBody);
    const all = texts.join(BETWEEN);
    const exact = packPage(this.dictionary, all, texts[0].length);
    const several = numbers.length > 1;
    const isOften = this.often.has(numbers[0]);
    if (!several && (isOften || exact.packed.length > all.length - WORTH)) return { before: "", text: END + all + END };
    if (several && texts.some((text) => text.includes(BETWEEN)))
      throw new Error("a text has what stands between texts");
    const { packed, first } =
      exact.packed.length < SHORT ? exact : packPage(this.dictionary, all + END, texts[0].length);
    return {
      before: several ? lengthByte(packed.length) : "",
      text: lengthByte(several ? first : packed.length) + packed,
    };
  }

  /** Where texts begin in the driver's own file: addresses count from there, so that they are short. */
  get #base() {
    return this.start + (this.packed?.length ?? 0);
  }

  /** The files by part, with the addresses as they are known so far; what they turn out to be is noted. */
  #once() {
    const files = new Map();
    const next = this.addresses.map((places) => new Map(places));
    let before = 0;
    const total = [...this.lengths].reduce((sum, [name, length]) => sum + (name ? length : 0), 0);
    for (const name of this.parts.keys()) {
      const own = ownExports(this.program, name, (number) => this.#address(number, name));
      let out = (own && (this.isTokenised ? tokenise(own) : own) + END) + this.id;
      if (!name) {
        const code = `${this.filled(this.#head() + this.program.main)};${DISPATCHER}(${this.#address(this.checker)})`;
        out = (this.isTokenised ? tokenise(GUARD) + tokenise(code) : code) + END;
        this.start = out.length;
        out += this.packed ?? "";
      }
      const origin = name ? 0 : this.#base;
      // Nothing at 0, because an address below it is one in a part.
      if (!name) out += END;
      for (const [i, page] of this.pages.get(name).entries()) {
        const { before: length, text } = this.#page(page, name);
        const aligned = this.isTokenised ? ALIGNED : 1;
        while ((out.length + length.length - origin) % aligned) out += END;
        out += length;
        const address = out.length - origin + (name ? before - total : 0);
        for (const [place, number] of page.entries()) next[number].set(name, address + place);
        // A page never gets shorter from one try to the next, or addresses would never settle.
        const slot = `${i} ${name}`;
        this.slots.set(slot, Math.max(this.slots.get(slot) ?? 0, text.length));
        out += text.padEnd(this.slots.get(slot), END);
      }
      do out += END;
      while (out.length % ALIGNED);
      if (name) before += out.length;
      this.lengths.set(name, out.length);
      files.set(name, out);
    }
    this.addresses = next;
    return files;
  }

  /** @returns {Map<string, string>} the files by part */
  files() {
    for (let last = "", tries = 0; tries < 20; tries++) {
      const files = this.#once();
      const now = JSON.stringify([this.addresses.map((places) => [...places]), this.start, [...this.lengths]]);
      if (now === last) return files;
      last = now;
    }
    throw new Error("the files' layout does not settle");
  }
}

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

// Lays a program out as files for Storage: finds room for its texts, packs them, and writes their numbers into the calls. What a program
// is, program.mjs says.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { PARAMETERS } from "./cold.mjs";
import { ownExports } from "./own.mjs";
import { BETWEEN, MOST, pagesOf } from "./pages.mjs";
import { publicName } from "./privates.mjs";
import { CLASS, DISPATCHER, FILE, FIND, TABLE, UNPACK, WHICH } from "./program.mjs";
import { makeDictionary, pack, packDictionary, packPage } from "./squeeze.mjs";
import { tokenise, tokeniseBody } from "./tokenise.mjs";

/** Name of the driver in Storage; those of parts have a dash and their own behind it. */
export const NAME = "M95";

/** Bytes of the dictionary; more pack better, and cost time at each call. */
const DICTIONARY = 190;

/**
 * A file has a table of where its texts are, two bytes each: the place of a page, a multiple of ALIGNED, times two, and the text's place
 * in the page. Places are counted from the table, or from the dictionary in front of it. A page begins with the length of what makes its
 * first text: below SHORT in bytes, above it in steps of STEP bytes, and what is read too much makes characters behind the end. Without a
 * length it is not packed. In front of a page of several texts stands the length of all of it.
 */
const SHORT = 224;
const STEP = 64;
/** What SHORT stands for itself, less the steps that it has. */
const BASE = STEP * (SHORT - 4);

const ALIGNED = 2;

// Numbers of texts in calls, as few bytes as tokens can make of them: the ten that are called most in the driver's own file have a digit,
// BYTE are below 0, and those of parts below these, OF_A_PART for each part.
const DIGITS = 10;
const BYTE = 128;
const PART_BITS = 6;
const OF_A_PART = 1 << PART_BITS;

/** The byte that stands for a length. */
function lengthByte(length) {
  const byte = length < SHORT ? length : Math.ceil((length + BASE) / STEP);
  if (byte > 255) throw new Error(`a page of ${length} bytes is longer than a byte can say`);
  return String.fromCharCode(byte);
}

/** Two bytes of a table. */
function word(value) {
  if (value > 65535) throw new Error(`a text at ${value} is further than two bytes can say`);
  return String.fromCharCode(value & 255, value >> 8);
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
const WORTH_IT = 80;

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

/** Stands for lengths that are not known yet, and is as long as most of them. */
const UNKNOWN = 10000;

/** One way to write the files. */
export class Form {
  /**
   * @param {import("./program.mjs").Program} program
   * @param {boolean} isTokenised
   */
  constructor(program, isTokenised) {
    this.program = program;
    this.isTokenised = isTokenised;
    /** Parts by name, each with the numbers of its texts; "" is the driver's own file. */
    this.parts = new Map([["", []]]);
    program.cold.forEach(({ part }, number) => {
      for (const name of partsOf(part)) {
        if (!this.parts.has(name)) this.parts.set(name, []);
        this.parts.get(name).push(number);
      }
    });
    this.#countCalls();
    const optional = program.cold.flatMap(({ part }) => part.split(" ").filter((name) => name.endsWith("?")));
    this.optional = [...new Set(optional.flatMap(partsOf))];
    this.finder = program.cold.findIndex(({ name }) => name === "partText");
    this.checker = program.cold.findIndex(({ name }) => name === "checkParts");
    /** The dictionary of the tokenised form, packed. */
    this.packed = "";
    this.lengths = new Map([...this.parts.keys()].map((name) => [name, UNKNOWN]));
    this.start = 0;
    this.runs = firstRuns(program.cold.map(({ name }) => name));
    /** Numbers of the texts that are not packed, because they run often. */
    this.often = new Set();
    /** By part, the numbers of the texts of each page. */
    this.pages = new Map([...this.parts].map(([name, numbers]) => [name, numbers.map((number) => [number])]));
    if (isTokenised) this.#makePages();
  }

  /** Orders the texts of each file, which gives them their numbers in calls. */
  #countCalls() {
    const { main, texts, cold } = this.program;
    const calls = cold.map(() => 0);
    for (const [, number] of [main, ...texts].join("\n").matchAll(/__(?:id|stub)\((\d+)\)/g)) calls[number]++;
    /** How the driver and its parts call a text, by its number in the program: one name for each file that has it. */
    this.names = cold.map(() => new Map());
    [...this.parts].forEach(([part, numbers], i) => {
      numbers.sort((a, b) => calls[b] - calls[a]);
      if (part && numbers.length > OF_A_PART) throw new Error(`part ${part} has more than ${OF_A_PART} functions`);
      if (!part) this.below = Math.min(BYTE, Math.max(0, numbers.length - DIGITS));
      // The digits first, then what is below 0, then the rest.
      const { below } = this;
      const ofDriver = (rank) => (rank < DIGITS ? rank : rank < DIGITS + below ? DIGITS - 1 - rank : rank - below);
      const first = -1 - this.below - OF_A_PART * (i - 1);
      for (const [rank, number] of numbers.entries())
        this.names[number].set(part, part ? first - rank : ofDriver(rank));
      const order = (number) => this.names[number].get(part) * (part ? -1 : 1);
      numbers.sort((a, b) => order(a) - order(b));
    });
  }

  #makePages() {
    const { texts } = this.program;
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

  /** How a function is called from code of a part: by its text there, if the part has it, or in the part that its mark names first. */
  #called(number, part) {
    const names = this.names[number];
    return names.get(part) ?? names.get(partsOf(this.program.cold[number].part)[0]);
  }

  /** Code with the numbers of this form, and the runtime's own names. */
  filled(code, part = "") {
    const parts = [...this.lengths].filter(([name]) => name).flat();
    const text = (value) => JSON.stringify(value);
    return code
      .replace(/__stub\((\d+)\)/g, (_, number) => `eval(${FIND}(${this.#called(number, part)}))`)
      .replace(/__id\((\d+)\)/g, (_, number) => this.#called(number, part))
      .replace(/\b__c\b/g, DISPATCHER)
      .replace(/\b__K\b/g, CLASS)
      .replace(/\b__PARTS\b/g, text(parts.join(" ")))
      .replace(/\b__OPTIONAL\b/g, text(this.optional.join(" ")))
      .replace(/\b__BUILD\b/g, text(this.id))
      .replace(/\b__PART_BITS\b/g, PART_BITS);
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
    const length = this.lengths.get("");
    // A file has its length from the first byte that is written; flash that was not written yet reads 255.
    const check = `if(!${FILE}||${FILE}.length!=${length}||${FILE}.charCodeAt(${length - 1}))throw new Error("${NAME} in Storage is not whole; write it anew: npm run flash");`;
    const dictionary = this.packed.length;
    const texts = 2 * this.parts.get("").length;
    const place =
      `let f=${FILE},i=${WHICH}+${this.below};if(i<0){f=${DISPATCHER}(${this.#called(this.finder)},~i);` +
      `i=2*(~i&${OF_A_PART - 1});i=f.charCodeAt(i)+256*f.charCodeAt(i+1)}else i=${TABLE}[i];`;
    const unpack =
      `${place}let k=i&${MOST - 1},s=f.substr((i>>2<<1)-(k&&1)),n=s.charCodeAt();if(!n)return s.substr(1);` +
      `s=E.toString(${UNPACK}(${FILE}.substr(0,${dictionary})+` +
      `s.substr(k?2:1,n<${SHORT}?n:${STEP}*n-${BASE})));return k?s.split("${BETWEEN}")[k]:s`;
    const find = this.isTokenised ? unpack : `${place}return f.substr(i)`;
    return (
      `let ${FILE}=require("Storage").read("${NAME}");${check}${FILE}=${FILE}.substr(${this.start});` +
      `const ${this.isTokenised ? `${UNPACK}=require("heatshrink").decompress,` : ""}${TABLE}=new Uint16Array(E.toArrayBuffer(${FILE}.substr(${dictionary},${texts}))),` +
      `${FIND}=function(${WHICH}){${find}},${DISPATCHER}=function(${[WHICH, ...PARAMETERS]}){eval(${FIND}(${WHICH}))};`
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

  /** The files by part, with the lengths as they are known so far; what they turn out to be is noted. */
  #once() {
    const files = new Map();
    for (const [name, numbers] of this.parts) {
      const own = ownExports(this.program, name, (number) => this.#called(number, name));
      let out = (own && (this.isTokenised ? tokenise(own) : own) + END) + this.id;
      if (!name) {
        const code = `${this.filled(this.#head() + this.program.main)};${DISPATCHER}(${this.#called(this.checker)})`;
        out = (this.isTokenised ? tokenise(GUARD) + tokenise(code) : code) + END;
        // What was long once stays so, or the lengths that stand in the code would never settle.
        out = out.padEnd(this.start, END);
        this.start = out.length;
        out += this.packed;
      }
      const table = new Map();
      let texts = "";
      const origin = (name ? 0 : this.packed.length) + 2 * numbers.length;
      for (const page of this.pages.get(name)) {
        const { before: length, text } = this.#page(page, name);
        while ((origin + texts.length + length.length) % (this.isTokenised ? ALIGNED : 1)) texts += END;
        texts += length;
        const at = origin + texts.length;
        for (const [place, number] of page.entries()) table.set(number, this.isTokenised ? 2 * at + place : at);
        texts += text;
      }
      out += numbers.map((number) => word(table.get(number))).join("");
      out += texts + END;
      this.lengths.set(name, out.length);
      files.set(name, out);
    }
    return files;
  }

  /** @returns {Map<string, string>} the files by part */
  files() {
    for (let last = "", tries = 0; tries < 20; tries++) {
      const files = this.#once();
      const now = JSON.stringify([this.start, [...this.lengths]]);
      if (now === last) return files;
      last = now;
    }
    throw new Error("the files' layout does not settle");
  }
}

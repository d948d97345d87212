// Lays a program out as files for Storage: finds room for its texts, packs them, and writes their numbers into the calls. What a program
// is, program.mjs says.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { PARAMETERS, SELF } from "./cold.mjs";
import { ownExports } from "./own.mjs";
import { BETWEEN, pagesOf } from "./pages.mjs";
import { Codes } from "./pairs.mjs";
import { publicName } from "./privates.mjs";
import { CLASS, DISPATCHER, ENTRY, FILE, FIND, PAIRS, TABLE, UNPACK, WHICH } from "./program.mjs";
import { makeDictionary, pack, packDictionary } from "./squeeze.mjs";
import { tokenise, tokeniseBody, tokeniseWords } from "./tokenise.mjs";

/** Name of the driver in Storage; those of parts have a dash and their own behind it. */
export const NAME = "M95";

/** Bytes of the dictionary. */
const DICTIONARY = 190;

// A file has a table, two bytes each: where the places of pages are; an entry for each text; those places, and where the last page ends.
// Places are counted from the table. In the plain form an entry is the place of the text. Else an even one is twice the place of a text that
// stands by itself, behind a byte: 0 if it is not packed, or the length of what is, below SHORT in bytes, above it in steps of STEP bytes, and
// what is read too much makes characters behind the end. An odd one is a place in a page: texts that are packed together behind the dictionary.
// A call of one of these takes some four times as long.

const SHORT = 224;
const STEP = 32;
/** What SHORT stands for itself, less the steps that it has. */
const BASE = STEP * (SHORT - 4);

// How a text of no page is written, in this order: as it is; in codes (pairs.mjs) that are packed, as those of pages are; packed as it is, in
// the driver's own file only, which takes less time and more bytes.
const RAW = 0;
const CODED = 1;
const PACKED = 2;

// An odd entry: its lowest bit, bits of the text's place in the page, the number of the page.
const PAGE = 1;
const PLACE_BITS = 3;

// Numbers of texts in calls, as few bytes as tokens can make of them: the ten that are called most in the driver's own file have a digit,
// BYTE are below 0, and those of parts below these, OF_A_PART for each part.
const DIGITS = 10;
const BYTE = 128;
const PART_BITS = 6;
const OF_A_PART = 1 << PART_BITS;

/** The byte that stands for a length. */
function lengthByte(length) {
  const byte = length < SHORT ? length : Math.ceil((length + BASE) / STEP);
  if (byte > 255) throw new Error(`a text of ${length} bytes is longer than a byte can say`);
  return String.fromCharCode(byte);
}

/** Two bytes of a table. */
function word(value) {
  if (value > 65535) throw new Error(`a text at ${value} is further than two bytes can say`);
  return String.fromCharCode(value & 255, value >> 8);
}

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

// What it costs then to unpack a text, in thousands of instructions of the Linux build: beside what any call costs, for each byte that is
// packed, for each code; and what may be spent on a byte.
const UNPACKING = 250;
const A_BYTE = 1.5;
const A_CODE = 2.8;
const WORTH_IT = 200;
/** So often a part is looked for then: that of the power switch. */
const CALLS_OF_PARTS = 5;

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
    const base = /^_as[A-Z]/.test(method) ? `${method.slice(3)}.constructor` : undefined;
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
    const numberOf = (called) => program.cold.findIndex(({ name }) => name === called);
    this.finder = numberOf("partText");
    this.pager = numberOf("pageText");
    this.checker = numberOf("checkParts");
    this.lengths = new Map([...this.parts.keys()].map((name) => [name, UNKNOWN]));
    this.start = 0;
    /** Entries above this are those of texts that are not in codes. */
    this.uncoded = 2 * UNKNOWN;
    this.runs = firstRuns(program.cold.map(({ name }) => name));
    // The list is of the driver in one piece, which has none of these. What finds a page must not be in one.
    this.runs[this.pager] = this.runs[this.checker] = 1;
    this.runs[this.finder] = CALLS_OF_PARTS;
    /** By part, the numbers of the texts of each page, and how those of no page are written. */
    this.pages = new Map();
    this.ways = new Map();
    /** The dictionary, packed, and the table of the codes; the plain form has neither. */
    this.packed = this.meanings = "";
    if (isTokenised) this.#choose();
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

  /** What is packed, and how. */
  #choose() {
    const { texts } = this.program;
    const words = texts.map((text) => tokeniseWords(this.filled(text)));
    this.codes = new Codes(words, BETWEEN);
    this.meanings = this.codes.table;
    const sample = words.map((text) => this.codes.encode(text));
    Object.assign(this, packDictionary(makeDictionary(sample, DICTIONARY), BETWEEN));
    for (const [name, numbers] of this.parts) {
      const never = numbers.filter((number) => !this.runs[number]);
      const pages = pagesOf(
        this.dictionary,
        never.map((number) => sample[number]),
      );
      this.pages.set(
        name,
        pages.map((page) => page.map((at) => never[at])),
      );
      for (const number of numbers.filter((one) => this.runs[one])) {
        const runs = this.runs[number];
        const tokens = tokeniseBody(this.filled(texts[number]));
        // Bytes, and what calls cost in bytes.
        const price = ({ length }, codes) =>
          length + 1 + (runs * (UNPACKING + A_BYTE * length + A_CODE * codes)) / WORTH_IT;
        const ways = [
          [RAW, tokens.length + 2],
          [CODED, price(pack("", sample[number]), sample[number].length)],
        ];
        if (!name) ways.push([PACKED, price(pack("", tokens), 0)]);
        this.ways.set(number, ways.sort((one, other) => one[1] - other[1])[0][0]);
      }
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
      .replace(/\b__FILE\b/g, FILE)
      .replace(/\b__UNPACK\b/g, UNPACK)
      .replace(/\b__ENTRY\b/g, ENTRY)
      .replace(/\b__DICTIONARY_AT\b/g, this.#dictionaryAt)
      .replace(/\b__DICTIONARY_BYTES\b/g, this.packed.length)
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
    const called = (number) => this.#called(number);
    const table = `${TABLE}=new Uint16Array(E.toArrayBuffer(${FILE}.substr(2,${2 * this.parts.get("").length})))`;
    // Where flash is no memory, as on ESP32 and Linux, it is copied into RAM: it is looked into for each code.
    const pairs =
      `,${UNPACK}=require("heatshrink").decompress,${PAIRS}=(f=>new Uint16Array(E.getAddressOf(f,1)?E.toArrayBuffer(f):` +
      `E.toUint8Array(f).buffer))(${FILE}.substr(${this.#pairsAt},${this.meanings.length}))`;
    const place =
      `let f=${FILE},k=${WHICH}+${this.below};` +
      `if(k<0){f=${DISPATCHER}(${called(this.finder)},~k);k=${ENTRY}}else k=${TABLE}[k];`;
    const unpack =
      `let s;if(k&${PAGE})s=${DISPATCHER}(${called(this.pager)},f,k);else{s=f.substr(k>>1);let n=s.charCodeAt();` +
      `if(!n)return s.substr(1);s=E.toString(${UNPACK}(s.substr(1,n<${SHORT}?n:${STEP}*n-${BASE})));if(k>${this.uncoded})return s}` +
      `k=s+s;E.mapInPlace(E.toArrayBuffer(s),new Uint16Array(E.toArrayBuffer(k)),${PAIRS});return E.decodeUTF8(k)`;
    return (
      `let ${FILE}=require("Storage").read("${NAME}"),${ENTRY};${check}${FILE}=${FILE}.substr(${this.start});` +
      `const ${table}${this.isTokenised ? pairs : ""},` +
      `${FIND}=function(${WHICH}){${place}${this.isTokenised ? unpack : "return f.substr(k)"}},` +
      `${DISPATCHER}=function(${[WHICH, ...PARAMETERS]}){let ${SELF}=this;eval(${FIND}(${WHICH}))};`
    );
  }

  /** Where the dictionary is in the driver's file: behind the table. The table of pairs follows. */
  get #dictionaryAt() {
    return 2 + 2 * this.parts.get("").length + 2 * ((this.pages.get("")?.length ?? 0) + 1);
  }
  get #pairsAt() {
    return this.#dictionaryAt + this.packed.length;
  }

  /** A text in codes. */
  #encoded(number, part) {
    return this.codes.encode(tokeniseWords(this.filled(this.program.texts[number], part)));
  }

  /** A text as it stands in a file, but for those of pages. */
  #text(number, part) {
    const code = this.filled(this.program.texts[number], part);
    if (!this.isTokenised) return code + END;
    const way = this.ways.get(number);
    if (part && 2 * this.lengths.get(part) > this.uncoded)
      throw new Error(`part ${part} reaches to the entries of other texts`);
    if (way === RAW) return END + tokeniseBody(code) + END;
    const text = way === PACKED ? tokeniseBody(code) : this.#encoded(number, part);
    const exact = pack("", text);
    const packed = exact.length < SHORT ? exact : pack("", text + BETWEEN);
    return lengthByte(packed.length) + packed;
  }

  /** A page as it stands in a file. */
  #page(numbers, part) {
    const texts = numbers.map((number) => this.#encoded(number, part));
    if (texts.some((text) => text.includes(BETWEEN))) throw new Error("a text has what stands between texts");
    return pack(this.dictionary, texts.join(BETWEEN));
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
      }
      const pages = this.pages.get(name) ?? [];
      const entries = new Map();
      for (const [page, all] of pages.entries())
        for (const [place, number] of all.entries()) entries.set(number, PAGE + 2 * place + (page << (1 + PLACE_BITS)));
      let rest = name ? "" : this.packed + this.meanings;
      const origin = 2 + 2 * numbers.length + 2 * (pages.length + 1);
      const others = numbers.filter((one) => !entries.has(one));
      for (const number of others.sort((a, b) => this.ways.get(a) - this.ways.get(b))) {
        if (!name && this.ways.get(number) < PACKED) this.uncoded = 2 * (origin + rest.length);
        entries.set(number, (origin + rest.length) * (this.isTokenised ? 2 : 1));
        rest += this.#text(number, name);
      }
      const places = pages.map((page) => {
        const place = origin + rest.length;
        rest += this.#page(page, name);
        return place;
      });
      const table = [
        2 + 2 * numbers.length,
        ...numbers.map((number) => entries.get(number)),
        ...places,
        origin + rest.length,
      ];
      out += table.map(word).join("") + rest + END;
      this.lengths.set(name, out.length);
      files.set(name, out);
    }
    return files;
  }

  /** @returns {Map<string, string>} the files by part */
  files() {
    for (let last = "", tries = 0; tries < 20; tries++) {
      const files = this.#once();
      const now = JSON.stringify([this.start, this.uncoded, [...this.lengths]]);
      if (now === last) return files;
      last = now;
    }
    throw new Error("the files' layout does not settle");
  }
}

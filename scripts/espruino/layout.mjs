// Lays a program out as files for Storage: finds room for its texts, puts them into codes, and writes their numbers into the calls. What a program
// is, program.mjs says.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { BITS, Codes, LENGTH_BITS } from "./codes.mjs";
import { PARAMETERS, SELF } from "./cold.mjs";
import { ownExports } from "./own.mjs";
import { publicName } from "./privates.mjs";
import { CLASS, CODES, DISPATCHER, EVAL, FILE, FIND, KEPT, NATIVE, PIECE, TABLE, WHICH } from "./program.mjs";
import { tokenise, tokeniseWords } from "./tokenise.mjs";

/** Name of the driver in Storage; those of parts have a dash and their own behind it. */
export const NAME = "M95";

// A file has a table, two bytes each: the places of its texts, counted from the table, and where the last one ends. In the tokenised form
// texts are in codes (codes.mjs), and places in the driver's own file are counted from its beginning.

// Numbers of texts in calls: those of the driver's own file from 0 on, the ones that are called most first; below 0 those of it that are kept,
// and below these those of parts, OF_A_PART for each part.
const PART_BITS = 6;
const OF_A_PART = 1 << PART_BITS;

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

// Texts that run more than once while a connection is made are kept in RAM meanwhile: from loading or one of the first of these functions on,
// until one of the others runs. One of those ends whatever the first begin: a start, ready or failed, and an attempt to connect.
const KEEPS = ["Lifecycle._sync", "Link.dial"];
const LETS_GO = ["Lifecycle._tellStarting", "Lifecycle._tellStopping", "MqttClient._greet", "MqttClient.linkOver"];

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
    this.runs = firstRuns(program.cold.map(({ name }) => name));
    this.kept = new Set(this.parts.get("").filter((number) => this.runs[number] > 1));
    this.#countCalls();
    const optional = program.cold.flatMap(({ part }) => part.split(" ").filter((name) => name.endsWith("?")));
    this.optional = [...new Set(optional.flatMap(partsOf))];
    const numberOf = (called) => program.cold.findIndex(({ name }) => name === called);
    this.finder = numberOf("partText");
    this.checker = numberOf("checkParts");
    this.lengths = new Map([...this.parts.keys()].map((name) => [name, UNKNOWN]));
    this.start = this.codesAt = 0;
    if (!isTokenised) return;
    this.code = tokenise(this.filled(program.main));
    this.codes = new Codes(
      program.texts.map((_, number) => tokeniseWords(this.#body(number))),
      this.code,
    );
  }

  /** Orders the texts of each file, which gives them their numbers in calls. */
  #countCalls() {
    const { main, texts, cold } = this.program;
    const calls = cold.map(() => 0);
    for (const [, number] of [main, ...texts].join("\n").matchAll(/__(?:id|stub)\((\d+)\)/g)) calls[number]++;
    /** How the driver and its parts call a text, by its number in the program: one name for each file that has it. */
    this.names = cold.map(() => new Map());
    [...this.parts].forEach(([part, numbers], i) => {
      const isKept = (number) => Number(!part && this.kept.has(number));
      numbers.sort((a, b) => isKept(b) - isKept(a) || calls[b] - calls[a]);
      if (part && numbers.length > OF_A_PART) throw new Error(`part ${part} has more than ${OF_A_PART} functions`);
      const kept = this.kept.size;
      const ofDriver = (rank) => (rank < kept ? -1 - rank : rank - kept);
      const first = -1 - kept - OF_A_PART * (i - 1);
      for (const [rank, number] of numbers.entries())
        this.names[number].set(part, part ? first - rank : ofDriver(rank));
      const order = (number) => this.names[number].get(part) * (part ? -1 : 1);
      numbers.sort((a, b) => order(a) - order(b));
    });
  }

  /** How a function is called from code of a part: by its text there, if the part has it, or in the part that its mark names first. */
  #called(number, part) {
    const names = this.names[number];
    return names.get(part) ?? names.get(partsOf(this.program.cold[number].part)[0]);
  }

  /** Code that evaluates a text; in the plain form with the name that makes others see it as one of the function around it. */
  #evaluated(number, mayBeKept) {
    return `${this.isTokenised ? EVAL : "eval"}(${mayBeKept ? `${KEPT}&&${KEPT}[${number}]||` : ""}${FIND}(${number}))`;
  }

  /** Code with the numbers of this form, and the runtime's own names. */
  filled(code, part = "") {
    const parts = [...this.lengths].filter(([name]) => name).flat();
    const text = (value) => JSON.stringify(value);
    return code
      .replace(/__stub\((\d+)\)/g, (_, number) => {
        const mayBeKept = this.isTokenised && this.kept.has(+number);
        return this.#evaluated(this.#called(number, part), mayBeKept);
      })
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

  /** What the driver's file begins with. */
  #head() {
    const length = this.lengths.get("");
    // A file has its length from the first byte that is written; flash that was not written yet reads 255.
    const check = `if(!${FILE}||${FILE}.length!=${length}||${FILE}.charCodeAt(${length - 1}))throw new Error("${NAME} in Storage is not whole; write it anew: npm run flash");`;
    const words = (at, count) => `${FILE}.substr(${at},${2 * count})`;
    const table = `${TABLE}=new Uint16Array(E.toArrayBuffer(${words(this.#origin, this.parts.get("").length + 1)}))`;
    const place = `let k=${WHICH}+${this.kept.size};if(k<0)s=${DISPATCHER}(${this.#called(this.finder)},~k);`;
    const from = `else s=${FILE}.slice(${TABLE}[k],${TABLE}[k+1]);`;
    let codes = "";
    let begins = `${check}${FILE}=${FILE}.substr(${this.start});`;
    let find = `let s;${place}${from}return s`;
    if (this.isTokenised) {
      begins = `${check}let ${KEPT}=[];`;
      const natives = Object.entries(NATIVE).map(([name, short]) => `${short}=E.${name},`);
      // Where flash is no memory, as on ESP32 and Linux, it is copied into RAM: it is looked into for each unit.
      codes =
        `${EVAL}=eval,${natives.join("")}` +
        `${CODES}=(f=>new Uint16Array(E.getAddressOf(f,1)?E.toArrayBuffer(f):E.toUint8Array(f).buffer))(${words(this.codesAt, this.codes.table.length / 2)}),` +
        `${PIECE}=c=>${FILE}.substr(${CODES}[c%${this.codes.modulus}],c>>${LENGTH_BITS}),`;
      find =
        `let s;${place}${from}` +
        `k=new Uint16Array(s.length*8/${BITS});${NATIVE.mapInPlace}(${NATIVE.toArrayBuffer}(s),k,${CODES},${BITS});s=${NATIVE.decodeUTF8}(${NATIVE.toString}(k.buffer),0,${PIECE});` +
        `return ${KEPT}&&${WHICH}<0&&${WHICH}>=-${this.kept.size}?${KEPT}[${WHICH}]=s:s`;
    }
    return (
      `let ${FILE}=require("Storage").read("${NAME}");${begins}const ${table},${codes}` +
      `${FIND}=function(${WHICH}){${find}},` +
      `${DISPATCHER}=function(${[WHICH, ...PARAMETERS]}){let ${SELF}=this;${this.#evaluated(WHICH, this.isTokenised)}};`
    );
  }

  /** Where the places of the driver's texts are counted from: in the plain form its file may be too long for two bytes. */
  get #origin() {
    return this.isTokenised ? this.start : 0;
  }

  /** The driver's file in front of its table. */
  #front() {
    const tail = `;${DISPATCHER}(${this.#called(this.checker)})`;
    if (!this.isTokenised) return this.filled(this.#head() + this.program.main) + tail + END + this.id;
    const { codes, code } = this;
    const head = tokenise(GUARD) + tokenise(this.#head());
    const book = head + code + tokenise(tail) + END + codes.extra;
    // What was long once stays so, here and where the texts begin, or the places that stand in the code would never settle.
    const before = (book + this.id).padEnd(this.codesAt, END);
    this.codesAt = before.length;
    const front = before + codes.table;
    // In the code first, whose places are known whatever stands in the table.
    const placeOf = (piece) => {
      const place = code.indexOf(piece);
      if (place >= 0) return head.length + place;
      const behind = front.indexOf(piece, head.length + code.length);
      if (behind < 0) throw new Error(`${JSON.stringify(piece)} stands nowhere in the file`);
      return behind;
    };
    return before + codes.tableWith(placeOf);
  }

  /** What is evaluated. */
  #body(number, part) {
    const name = publicName(this.program.cold[number].name);
    const value = KEEPS.includes(name) ? "[]" : LETS_GO.includes(name) && "0";
    const first = this.isTokenised && value ? `${KEPT}=${value};` : "";
    return first + this.filled(this.program.texts[number], part);
  }

  /** A text as it stands in a file. */
  #text(number, part) {
    const code = this.#body(number, part);
    return this.isTokenised
      ? this.codes.encode(tokeniseWords(code), this.kept.has(number) ? 1 : this.runs[number])
      : code;
  }

  /** The files by part, with the lengths as they are known so far; what they turn out to be is noted. */
  #once() {
    const files = new Map();
    for (const [name, numbers] of this.parts) {
      const own = ownExports(this.program, name, (number) => this.#called(number, name));
      let out = (own && (this.isTokenised ? tokenise(own) : own) + END) + this.id;
      if (!name) {
        out = this.#front().padEnd(this.start, END);
        this.start = out.length;
      }
      const texts = numbers.map((number) => this.#text(number, name));
      let place = (name ? 0 : this.#origin) + 2 * (numbers.length + 1);
      const table = [place, ...texts.map((text) => (place += text.length))];
      out += table.map(word).join("") + texts.join("") + END;
      this.lengths.set(name, out.length);
      files.set(name, out);
    }
    return files;
  }

  /** @returns {Map<string, string>} the files by part */
  files() {
    for (let last = "", tries = 0; tries < 20; tries++) {
      const files = this.#once();
      const now = JSON.stringify([this.start, this.codesAt, [...this.lengths]]);
      if (now === last) return files;
      last = now;
    }
    throw new Error("the files' layout does not settle");
  }
}

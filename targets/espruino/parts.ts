// The driver as files in Espruino's Storage: finds what is evaluated from a part or a page, and refuses parts that do not belong to this driver.
// Only the build that writes those files uses it (scripts/espruino/storage.mjs); in one piece the driver has no parts.
import { M95Error } from "../../core/index.js";

export { connect, cycle, store } from "./index.js";

// Put in by the build: names and lengths of the parts' files, those that may be missing without a word, what each file begins with,
// and how many bits of a text's number are its place in its part.
declare const __PARTS: string;
declare const __OPTIONAL: string;
declare const __BUILD: string;
declare const __PART_BITS: number;
/** The driver's own file from its table on, and where in it the dictionary of pages is. */
declare const __FILE: string;
declare const __DICTIONARY_AT: number;
declare const __DICTIONARY_BYTES: number;
/** What the table says of a text. */
declare let __ENTRY: number;
declare const __UNPACK: (packed: string) => ArrayBuffer;
declare const E: { toString(bytes: ArrayBuffer): string };
declare function require(name: "Storage"): { read(name: string): string | undefined };

/** With the remedy: a set of files is written as a whole, by the program that knows the application. */
function partError(name: string, what: string): M95Error {
  const remedy = "; write it: npm run flash -- --with " + name;
  return new M95Error(name === "tls" ? "ETLS" : "EPARAM", "part M95-" + name + what + remedy);
}

/**
 * The part that has a text, from its table on, with the text's entry there; "" for a part that may be missing, and is.
 * @throws M95Error naming the part that is not there
 */
export function partText(number: number): string {
  const name = __PARTS.split(" ")[2 * (number >> __PART_BITS)]!;
  const text = require("Storage").read("M95-" + name);
  if (text !== undefined) {
    const file = text.substr(text.indexOf(__BUILD) + __BUILD.length);
    const at = 2 + 2 * (number & ((1 << __PART_BITS) - 1));
    __ENTRY = file.charCodeAt(at) + 256 * file.charCodeAt(at + 1);
    return file;
  }
  if (__OPTIONAL.split(" ").indexOf(name) >= 0) return "";
  throw partError(name, " is not on the board");
}

/**
 * A text of a page, in codes.
 * @param file - a file from its table on
 * @param entry - of the text: the page, and the text's place there
 */
export function pageText(file: string, entry: number): string {
  // No function of its own, which could be in a page.
  const word = (at: number): number => file.charCodeAt(at) + 256 * file.charCodeAt(at + 1);
  const place = word(0) + 2 * (entry >> 4);
  const from = word(place);
  const packed = __FILE.substr(__DICTIONARY_AT, __DICTIONARY_BYTES) + file.substr(from, word(place + 2) - from);
  return E.toString(__UNPACK(packed)).split("\0")[1 + ((entry >> 1) & 7)]!;
}

/** Run when the driver is loaded. @throws M95Error for a part of another build, of the other form, or one that is not whole */
export function checkParts(): void {
  const parts = __PARTS.split(" ");
  for (let i = 0; i < parts.length; i += 2) {
    const name = parts[i]!;
    const text = require("Storage").read("M95-" + name);
    if (text === undefined) continue;
    const length = +parts[i + 1]!;
    // The last byte is 0, unless writing was cut off: flash that was not written yet reads 255.
    const torn = text.length !== length || text.charCodeAt(length - 1);
    if (torn || text.indexOf(__BUILD) < 0) throw partError(name, torn ? " is not whole" : " is not of this M95");
  }
}

// The driver as files in Espruino's Storage: finds what is evaluated from a part, and refuses parts that do not belong to this driver.
// Only the build that writes those files uses it (scripts/espruino/storage.mjs); in one piece the driver has no parts.
import { M95Error } from "../../core/index.js";

export { connect, cycle, store } from "./index.js";

// Put in by the build: names and lengths of the parts' files, those that may be missing without a word, what each file begins with,
// and how many bits of a text's number are its place in its part.
declare const __PARTS: string;
declare const __OPTIONAL: string;
declare const __BUILD: string;
declare const __PART_BITS: number;
declare function require(name: "Storage"): { read(name: string): string | undefined };

/** With the remedy: a set of files is written as a whole, by the program that knows the application. */
function partError(name: string, what: string): M95Error {
  const remedy = "; write it: npm run flash -- --with " + name;
  return new M95Error(name === "tls" ? "ETLS" : "EPARAM", "part M95-" + name + what + remedy);
}

/**
 * A text of a part, as it stands there; "" for a part that may be missing, and is.
 * @throws M95Error naming the part that is not there
 */
export function partText(number: number): string {
  const name = __PARTS.split(" ")[2 * (number >> __PART_BITS)]!;
  const text = require("Storage").read("M95-" + name);
  if (text !== undefined) {
    const file = text.substr(text.indexOf(__BUILD) + __BUILD.length);
    const at = 2 * (number & ((1 << __PART_BITS) - 1));
    // No function of the module, which could be in a part.
    const word = (place: number): number => file.charCodeAt(place) + 256 * file.charCodeAt(place + 1);
    return file.substr(word(at), word(at + 2) - word(at));
  }
  if (__OPTIONAL.split(" ").indexOf(name) >= 0) return "";
  throw partError(name, " is not on the board");
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

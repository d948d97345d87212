// A run of many inputs and the corpus on disk, for the test and for the command line. It prints nothing.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { Grammar } from "./grammar.js";
import { type Input, readInput, writeInput } from "./input.js";
import { check, Failure } from "./oracle.js";
import { shrink } from "./shrink.js";

/** Where past failures are kept, in the sources. */
export const CORPUS = fileURLToPath(new URL("../../../test/fuzz/corpus/", import.meta.url));

export function readCorpus(folder = CORPUS): { name: string; input: Input }[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".txt"))
    .sort()
    .map((name) => ({ name, input: readInput(readFileSync(path.join(folder, name), "utf8")) }));
}

/** Input number `index` of a seed, whoever makes it. */
export function makeInput(seed: number, index: number, corpus: Input[]): Input {
  return new Grammar(Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b)).input(corpus);
}

/** The oracle that an input breaks, and how. */
export function failureOf(input: Input): Failure | undefined {
  try {
    check(input);
    return undefined;
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}

/** The smallest input that breaks the same oracle. */
export function shrunk(input: Input, oracle: string): Input {
  return shrink(input, (one) => failureOf(one)?.oracle === oracle);
}

/** Writes a found failure into the corpus and tells its file. */
export function keep(input: Input, failure: Failure, origin: string, folder = CORPUS): string {
  let sum = 0;
  const text = writeInput(input, "");
  for (let i = 0; i < text.length; i++) sum = (Math.imul(sum, 31) + text.charCodeAt(i)) >>> 0;
  const name = `found-${failure.oracle.replace(/[^a-z]+/g, "-")}-${sum.toString(16)}.txt`;
  const file = path.join(folder, name);
  writeFileSync(file, writeInput(input, `${failure.message}\nFound with ${origin}.`));
  return file;
}

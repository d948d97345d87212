// Which files of the driver a board gets: read from parts.json, from what an application says, and from the board's firmware. It
// reads no file and asks no board.
import { FlashError } from "./errors.js";

/** The driver's name in Storage, for `require`; those of its parts have a dash and their own behind it. */
export const MODULE = "M95";

/** One file of parts.json. Paths are relative to its folder. */
export interface PartFile {
  /** Name in Storage. */
  name: string;
  /** The file to write, tokenised. */
  file: string;
  /** The same, not tokenised. */
  plain: string;
  /** The part it belongs to; the driver's own is "core". */
  part: string;
  /** Length of `file`. */
  bytes: number;
  /** No application needs it: it is there for who looks on, and written only when somebody asks for it. */
  tool?: true;
}

/** parts.json. */
export interface PartsList {
  files: PartFile[];
  sets: { [example: string]: string[] };
}

/** The driver in parts, and which of them are asked for. */
export interface Parts {
  list: PartsList;
  /** The bytes of a file beside parts.json. */
  load(path: string): string | Promise<string>;
  /** Parts to write whatever the application says. */
  with?: string[];
  /** Parts not to write. */
  without?: string[];
}

/** A part that is needed, and why, for people. */
export interface Need {
  part: string;
  why: string;
}

const CORE = "core";

/** Options and calls of an application that need a part. A name with a bracket is a method, with a colon an option: the word alone is too common. */
const WORDS: { [part: string]: string[] } = {
  power: ["board", "pwrkey"],
  tls: ["tls", "mqtts"],
  store: ["store"],
  info: ["identity(", "signal(", "battery(", "operator(", "time(", "command(", "M95-workbench"],
  base64: ["encoding"],
  sleep: ["sleep:", "cycle("],
  workbench: ["M95-workbench"],
};

/** What a part that was asked for uses of another. */
const USES: { [part: string]: string } = { workbench: "info" };

/** Comments, texts and names of a program; a text that is a name can be one in brackets. */
const TOKEN =
  /\/\/.*|\/\*[\s\S]*?\*\/|"((?:[^"\\\n]|\\.)*)"|'((?:[^'\\\n]|\\.)*)'|`((?:[^`\\]|\\[\s\S])*)`|(\.?)\s*([A-Za-z_$][\w$]*)(?:\s*([(:]))?/g;

/** Names that a program has as options, properties and methods, and the modules that it asks for, with `module` in front. */
function namesIn(code: string): Set<string> {
  const names = new Set<string>();
  let before = "";
  for (const [, one, other, template, dot, name, mark] of code.matchAll(TOKEN)) {
    const text = one ?? other ?? name;
    if (text) names.add(text);
    if (mark && (dot || mark === ":")) names.add(name + mark);
    if (before === "require(" && text) names.add(`module ${text}`);
    before = `${name ?? ""}${mark ?? ""}`;
    // What is put into a template is code again.
    for (const [, inner] of (template ?? "").matchAll(/\$\{([^}]*)\}/g))
      for (const it of namesIn(inner!)) names.add(it);
  }
  return names;
}

/**
 * The parts that an application and its settings need. Without an application nobody knows, so it is all of them.
 * @param app - its code, also tokenised: names stay what they are
 * @param board - a board that m95.json names
 */
export function needsOf(list: PartsList, app: string | undefined, board: string | undefined): Need[] {
  const parts = partNames(list);
  if (app === undefined)
    return parts
      .filter((part) => !list.files.some((one) => one.part === part && one.tool))
      .map((part) => ({ part, why: "there is no application that says what it needs" }));
  const names = namesIn(app);
  const needs: Need[] = [];
  for (const part of parts) {
    const word = [...(WORDS[part] ?? []), `module ${MODULE}-${part}`].find((one) => names.has(one));
    if (word) needs.push({ part, why: `the application has "${word.replace(/^module |[(:]/, "")}"` });
    else if (part === "power" && board) needs.push({ part, why: `m95.json says board "${board}"` });
  }
  return needs;
}

/** The names of all parts that can be left away. */
export function partNames(list: PartsList): string[] {
  return list.files.map(({ part }) => part).filter((part) => part !== CORE);
}

/**
 * The names of parts in a list like "tls,store".
 * @throws FlashError for a name that no part has
 */
export function partsGiven(list: PartsList, text: string): string[] {
  const known = partNames(list);
  const given = text.split(/[\s,]+/).filter(Boolean);
  for (const part of given)
    if (!known.includes(part)) throw new FlashError(`There is no part "${part}"`, `There are ${known.join(", ")}.`);
  return given;
}

/** What is needed, with what is asked for and without what is not wanted. */
export function wanted(parts: Parts, needs: Need[]): Need[] {
  const asked = (parts.with ?? []).map((part) => ({ part, why: "it was asked for" }));
  const all = [...needs.filter(({ part }) => !parts.with?.includes(part)), ...asked];
  for (const { part } of asked) {
    const other = USES[part];
    if (other && !all.some((one) => one.part === other)) all.push({ part: other, why: `${part} uses it` });
  }
  return all.filter(({ part }) => !parts.without?.includes(part));
}

/** Firmware reads the tokens from 2v25.396 on; what does not tell its version gets what every firmware reads. */
export function readsTokens(version: string): boolean {
  const [, major, minor, build] = /^(\d+)v(\d+)(?:\.(\d+))?/.exec(version) ?? [];
  if (Number(major) !== 2) return false;
  return Number(minor) > 25 || (Number(minor) === 25 && Number(build ?? 0) >= 396);
}

/** The files of some parts and the driver itself, which comes last: while it is missing, its parts are no driver. */
export async function filesOf(parts: Parts, needs: Need[], tokens: boolean): Promise<{ name: string; data: string }[]> {
  const files = [];
  for (const { name, part, file, plain } of parts.list.files)
    if (part === CORE || needs.some((need) => need.part === part))
      files.push({ name, data: await parts.load(tokens ? file : plain) });
  return [...files.filter(({ name }) => name !== MODULE), ...files.filter(({ name }) => name === MODULE)];
}

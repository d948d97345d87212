// Options as the documentation shows them: names, ranges and defaults out of the tables of the core, what they mean out of the
// comments of their types. It holds no facts of its own but what differs on Node.
import { readFileSync } from "node:fs";
import { MODEM_OPTIONS, RECOVERY_OPTIONS } from "../../core/m95/options.js";
import { TLS_OPTIONS } from "../../core/m95/tls.js";
import { CLIENT_OPTIONS } from "../../core/mqtt/options.js";
import { table } from "./markdown.js";

/** A member of an interface, with what its comment says. */
export interface Member {
  name: string;
  needed: boolean;
  /** The comment without its last sentence, if that is about range and default. */
  meaning: string;
  /** `min..max`, "" if there is none. */
  range: string;
  unit: string;
  /** In the words of the comment, "" if there is none. */
  fallback: string;
}

/** A row of a table of options. */
export interface OptionRow {
  name: string;
  /** `min..max`, "" for what is no number. */
  range: string;
  /** The words that can be given; none for what is no word. */
  words: string[];
  /** As JSON; "" if there is none. */
  fallback: string;
}

const root = new URL("../../../", import.meta.url);

/** The types of options: where they stand, their rows, and the names of those that have none, each checked by code of its own. */
export const OPTIONS: { [type: string]: { file: string; rows: string; others: string } } = {
  M95Options: {
    file: "core/m95/options.ts",
    rows: MODEM_OPTIONS,
    others: "uart clock power apn pin baud tls recovery codec",
  },
  RecoveryOptions: { file: "core/m95/options.ts", rows: RECOVERY_OPTIONS, others: "" },
  TlsOptions: { file: "core/m95/options.ts", rows: TLS_OPTIONS, others: "ca cert key" },
  ConnectOptions: {
    file: "core/mqtt/options.ts",
    rows: CLIENT_OPTIONS,
    others: "host clientId username password will tls store encoding",
  },
};

/** Defaults that are otherwise on Node. */
const ON_NODE: { [option: string]: string } = {
  clock: "the system's",
  codec: "UTF-8, Buffers",
  wallClock: "`Date.now`",
  recovery: "see below",
};

/** The rows of a type, and the names that no row is about. */
export function rowsOf(type: string): { rows: OptionRow[]; others: string[] } {
  const { rows, others } = OPTIONS[type]!;
  return {
    others: others.split(" ").filter(Boolean),
    rows: rows
      .trim()
      .split("\n")
      .map((line) => {
        const [name, limits, fallback = ""] = line.split("|") as [string, string, string?];
        const number = /^(\d+)-(\d+)$/.exec(limits === "ms" ? "1-86400000" : limits);
        return {
          name,
          range: number ? `${number[1]}..${number[2]}` : "",
          words: limits.includes("/") ? limits.split("/") : [],
          fallback,
        };
      }),
  };
}

/** The members of a type with their comments, in the order of the source. */
export function membersOf(type: string, file = OPTIONS[type]!.file): Member[] {
  const source = readFileSync(new URL(file, root), "utf8");
  const body = new RegExp(`^export (?:interface|type) ${type}\\b[^{\\n]*\\{\\n([\\s\\S]*?)^\\}`, "m").exec(source)![1]!;
  return [...body.matchAll(/(?: {2}\/\*\*([\s\S]*?)\*\/\n)? {2}(\w+)(\??): /g)].map(
    ([, comment = "", name, optional]) => {
      const text = comment.replaceAll(/\s*\n\s*\* ?/g, " ").trim();
      const at = text.lastIndexOf(". ") + 1;
      const last =
        /^(?:(\d+\.\.\d+)(?: (ms|s))?)?(?:(?:^|, )default:? (.+))?\.$/i.exec(text.slice(at).trim()) ??
        ([] as (string | undefined)[]);
      return {
        name: name!,
        needed: !optional,
        meaning: (last[0] ? text.slice(0, at) : text).trim().replace(/\.$/, ""),
        range: last[1] ?? "",
        unit: last[2] ?? "",
        fallback: last[3] ?? "",
      };
    },
  );
}

/** Words in quotes and values as code, pages as links. */
function inMarkdown(text: string): string {
  return text
    .split(/(`[^`]*`)/)
    .map((part) =>
      part.startsWith("`")
        ? part
        : part.replaceAll(/"[\w-]+"|\btrue\b|\bfalse\b/g, "`$&`").replaceAll(/docs\/(\w+\.md)/g, "[$1]($1)"),
    )
    .join("");
}

function row(member: Member): string[] {
  const { name, needed, range, unit, meaning, fallback } = member;
  const small = /^(A |[A-Z][a-z])/.test(meaning) ? meaning.slice(0, 1).toLowerCase() + meaning.slice(1) : meaning;
  // A list of numbers needs no range in front.
  const text = range && !/^\d/.test(small) ? `${range}${unit && ` ${unit}`}: ${small}` : small;
  const otherwise = fallback ? inMarkdown(fallback) : needed ? "required" : "none";
  return [`\`${name}\``, otherwise, inMarkdown(text)];
}

/** The table of a type. */
export function optionsTable(type: string): string[] {
  return table(["option", "default", "limits and meaning"], membersOf(type).map(row));
}

/** The options of `openM95`. */
function nodeTable(): string[] {
  const members = [...membersOf("OpenOptions", "targets/node/types.ts"), ...membersOf("M95Options")];
  return table(
    ["option", "default", "limits and meaning"],
    members
      // What is opened is the port.
      .filter((one) => one.name !== "uart")
      .map((one) => row({ ...one, fallback: ON_NODE[one.name] ?? one.fallback })),
  );
}

/** A page with its tables of options made anew: what stands between `<!-- options: Type -->` and `<!-- end -->`. */
export function withOptions(page: string): string {
  return page.replaceAll(
    /(<!-- options: (\w+) -->\n\n)[\s\S]*?(<!-- end -->)/g,
    (_all, start: string, type: string, end: string) => {
      const lines = type === "OpenOptions" ? nodeTable() : optionsTable(type);
      return `${start}${lines.join("\n")}\n${end}`;
    },
  );
}

// Reads transcripts out of Markdown: headings, AT exchanges, API calls, expected events. It plays nothing.
import { readdirSync, readFileSync } from "node:fs";
import MarkdownIt from "markdown-it";

/** One step of a transcript, in the order of the page. */
export type Step =
  | { kind: "call"; code: string }
  | { kind: "host"; bytes: string }
  | { kind: "modem"; bytes: string }
  | { kind: "wait"; ms: number };

export interface Transcript {
  file: string;
  title: string;
  /** Title of the transcript whose end this one begins at. */
  continues: string | undefined;
  steps: Step[];
  events: string[];
}

/** Control pictures of the notation (README.md), with their bytes. */
const PICTURES = new Map([
  ["␍", "\r"],
  ["␊", "\n"],
  ["␚", "\x1a"],
  ["␛", "\x1b"],
  ["␀", "\0"],
  ["␠", " "],
]);

/** Text of an exchange as bytes: a control picture is its byte, `\xHH` any other, everything else is UTF-8. */
export function bytesOf(text: string): string {
  let out = "";
  for (const part of text.split(/(\\x[0-9a-f]{2}|[␍␊␚␛␀␠])/i)) {
    if (/^\\x/i.test(part)) out += String.fromCharCode(Number.parseInt(part.slice(2), 16));
    else out += PICTURES.get(part) ?? Buffer.from(part, "utf8").toString("latin1");
  }
  return out;
}

/** Bytes in the notation, for messages. */
export function pictureOf(bytes: string): string {
  let out = "";
  for (const byte of bytes) {
    const picture = byte === " " ? undefined : [...PICTURES].find(([, value]) => value === byte)?.[0];
    const code = byte.charCodeAt(0);
    out += picture ?? (code < 32 || code > 126 ? `\\x${code.toString(16).padStart(2, "0")}` : byte);
  }
  return out;
}

/** The steps of an exchange; lines of one side that follow each other are one step. */
function readExchange(text: string, where: string): Step[] {
  const steps: Step[] = [];
  for (const line of text.split("\n")) {
    if (line === "" || line.startsWith("//")) continue;
    const [, times = "1", text = ""] = /^(?:(\d+) × )?(.*)$/.exec(line.slice(2))!;
    const body = text.repeat(Number(times));
    const last = steps.at(-1);
    const kind = line.startsWith("> ") ? "host" : line.startsWith("< ") ? "modem" : undefined;
    if (kind) {
      if (body.endsWith(" ")) throw new Error(`${where}: write a blank at the end of a line as ␠: ${line}`);
      if (last?.kind === kind) last.bytes += bytesOf(body);
      else steps.push({ kind, bytes: bytesOf(body) });
    } else {
      const wait = /^~ (\d+) ms$/.exec(line);
      if (!wait) throw new Error(`${where}: neither ">", "<", "~" nor "//": ${line}`);
      steps.push({ kind: "wait", ms: Number(wait[1]) });
    }
  }
  return steps;
}

/** The transcripts of a page. */
export function readPage(file: string, markdown: string): Transcript[] {
  const transcripts: Transcript[] = [];
  let title = "";
  let current: Transcript | undefined;
  const tokens = new MarkdownIt().parse(markdown, {});
  for (const [i, token] of tokens.entries()) {
    if (token.type === "heading_open") {
      title = tokens[i + 1]!.content.replaceAll("`", "");
      current = undefined;
    } else if (token.type === "inline" || token.type === "fence") {
      const continues = token.children?.[0]?.content === "Continues " ? token.children[2]?.content : undefined;
      if (token.type === "inline" && continues === undefined) continue;
      if (!current) {
        current = { file, title, continues: undefined, steps: [], events: [] };
        transcripts.push(current);
      }
      const where = `${file} › ${title}`;
      if (continues !== undefined) current.continues = continues;
      else if (token.info === "at") current.steps.push(...readExchange(token.content, where));
      else if (token.info === "js") current.steps.push({ kind: "call", code: token.content });
      else if (token.info === "events") current.events.push(...token.content.split("\n").filter(Boolean));
      else throw new Error(`${where}: a block is "at", "js" or "events", not "${token.info}"`);
    }
  }
  return transcripts;
}

/** All transcripts of a folder, in the order of their pages' names. */
export function readFolder(folder: URL): Transcript[] {
  const names = readdirSync(folder).filter((name) => name.endsWith(".md") && name !== "README.md");
  return names.sort().flatMap((name) => readPage(name, readFileSync(new URL(name, folder), "utf8")));
}

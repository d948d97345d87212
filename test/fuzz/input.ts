// One input of the fuzzers, bytes, silences and calls in order, and its form as text in the corpus. It runs nothing.
import type { Request } from "../../core/at/types.js";

export type Step =
  /** The modem says something; bytes in one chunk. */
  | { do: "feed"; text: string }
  /** Silence, ms. */
  | { do: "wait"; ms: number }
  /** A command, by its text in COMMANDS. */
  | { do: "send"; text: string; first: boolean }
  /** What the modem says to the next write that has no answer yet, `ms` later; -1: inside the write. */
  | { do: "answer"; ms: number; text: string }
  /** A synchronisation with so many tries. */
  | { do: "sync"; tries: number }
  /** To the framer alone: a prompt is awaited from here on; lines are framed; payloads have a length in front. */
  | { do: "expect" | "strict" | "lengths" }
  | { do: "open" | "close" | "overrun" | "reset" };

export type Input = Step[];

/** What the fuzzed sessions send: one of each kind that the command table has. */
export const COMMANDS: { [text: string]: Partial<Request> } = {
  AT: {},
  "AT+CSQ": { info: "+CSQ:" },
  "AT+CREG?": { info: "+CREG:" },
  "AT+QMTCONN?": { info: "+QMTCONN:" },
  "AT+GSN": { info: "" },
  "AT+QIDEACT": { final: "DEACT OK" },
  "AT+QILOCIP": { final: "#.#.#.#" },
  'AT+QMTPUB=0,1,1,0,"t"': { prompt: ">", data: "hello\r\nOK\r\n\x1a" },
  'AT+QSECWRITE="RAM:ca",8': { prompt: "CONNECT", data: "ABCDEFGH", info: "+QSECWRITE:" },
};

/** JSON's escapes, and \u00.. for what is no printable ASCII. */
function escaped(text: string): string {
  return JSON.stringify(text).replace(/[^ -~]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function writeStep(step: Step): string {
  switch (step.do) {
    case "feed":
      return `feed ${escaped(step.text)}`;
    case "wait":
      return `wait ${step.ms}`;
    case "send":
      return `${step.first ? "send first" : "send"} ${step.text}`;
    case "answer":
      return `answer ${step.ms} ${escaped(step.text)}`;
    case "sync":
      return `sync ${step.tries}`;
    default:
      return step.do;
  }
}

/** The file of an input. @param comment - what it was, one or more lines */
export function writeInput(input: Input, comment: string): string {
  const head = comment.split("\n").map((line) => `# ${line}`.trimEnd());
  return `${[...head, ...input.map(writeStep)].join("\n")}\n`;
}

function readStep(line: string): Step {
  const blank = line.indexOf(" ");
  const name = blank < 0 ? line : line.slice(0, blank);
  const rest = blank < 0 ? "" : line.slice(blank + 1);
  switch (name) {
    case "feed":
      return { do: name, text: JSON.parse(rest) };
    case "wait":
      return { do: name, ms: Number(rest) };
    case "send": {
      const first = rest.startsWith("first ");
      return { do: name, text: first ? rest.slice(6) : rest, first };
    }
    case "answer": {
      const at = rest.indexOf(" ");
      return { do: name, ms: Number(rest.slice(0, at)), text: JSON.parse(rest.slice(at + 1)) };
    }
    case "sync":
      return { do: name, tries: Number(rest) };
    case "expect":
    case "strict":
    case "lengths":
    case "open":
    case "close":
    case "overrun":
    case "reset":
      return { do: name };
    default:
      throw new Error(`no such step: ${line}`);
  }
}

export function readInput(file: string): Input {
  return file
    .split("\n")
    .filter((line) => line && !line.startsWith("#"))
    .map(readStep);
}

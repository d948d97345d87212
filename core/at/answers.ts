// What the session knows of commands and their answers without any state: what ends a command, what an error says, what is an
// echo, what may be asked once more. It keeps and sends nothing.
// @resident isError isFinal
import { M95Error } from "../errors.js";
import { trimLine } from "./lines.js";
import { isAddress, number } from "./params.js";
import type { Request, SessionHost } from "./types.js";

/** ms in which a final result that came glued to a message may be followed by the real one, if no silence comes before. */
const HOLD = 300;
/** The same for a command that may take longer than `FAST` ms, unless it reads a value: no network needs longer. */
const SLOW_HOLD = 20000;
export const FAST = 8000;
/** What may be repeated is sent so often in all when its answer may be part of a message. */
const ASKS = 8;

/** Whether a line is a final result that is an error. */
export function isError(line: string): boolean {
  return line === "ERROR" || (line.startsWith("+CM") && line.substring(4, 10) === " ERROR");
}

/** ms in which the real final result would follow one that may be part of a message. */
export function holdOf(run: Request): number {
  // A prompt that counts bytes is waited for: out of it there is no way that does no harm.
  if (!run.sent && (run.counted || run.prompt === "CONNECT")) return run.timeout;
  return run.timeout > FAST && (!run.text.endsWith("?") || run.text.endsWith("=?")) ? SLOW_HOLD : HOLD;
}

/** Whether a command may be sent once more: it says so, or it only asks. */
export function repeats(run: Request): boolean {
  const text = run.text;
  return (
    (run.asked || 0) + 1 < ASKS &&
    (run.repeats ||
      ((text[2] === "+" || text.length < 4) &&
        (text.endsWith("?") || text.indexOf("=") < 0) &&
        run.prompt === undefined))
  );
}

/** Whether a line ends a command, or is its prompt. An OK before its data, if it has one, or instead of an address is one of an older command. */
export function isFinal(line: string, run: Request): boolean | undefined {
  const address = run.final === "#.#.#.#";
  if (line === "OK") return run.sent && !address;
  return line === run.final || isError(line) || (address && isAddress(line)) || (line === run.prompt && !run.sent);
}

/** The error of a command that ended with this line. */
export function refusal(line: string, run: Request, host: SessionHost): M95Error {
  const code = number(line.substring(line.indexOf(":") + 1));
  const meaning = host.explain(line.startsWith("+CMS") ? "cms" : "cme", code);
  const error = new M95Error("ECME", run.text + ": " + line + (meaning && " (" + meaning + ")"), run.text);
  error.raw = line;
  if (!isNaN(code)) error.cme = code;
  return error;
}

/** Whether a line is the next one of the echo that a command expects; then what is left of that is. */
export function isEcho(line: string, run: Request): boolean {
  let rest = run._echo!;
  let first = "";
  while (rest && !first) {
    const end = rest.indexOf("\n") + 1 || rest.length;
    first = trimLine(rest.substring(0, end));
    rest = rest.substring(end);
  }
  if (line !== first) return false;
  run._echo = rest;
  return true;
}

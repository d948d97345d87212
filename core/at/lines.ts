// What is line end and noise around a line, and what is the line; where in it something stands. It knows no meaning.
// @resident trimLine placeOf isBlank
import type { FramerSink } from "./types.js";

/** The line without line ends, and without the control characters and line noise in front of it. */
export function trimLine(line: string): string {
  let end = line.length;
  while (end && line.charCodeAt(end - 1) <= 32) end--;
  let start = 0;
  let code: number;
  while (start < end && ((code = line.charCodeAt(start)) <= 32 || code > 126)) start++;
  return line.substring(start, end);
}

/** Where `what`, of several characters, is in a text, or -1. Espruino's `indexOf` also takes a text's end that is only the beginning of it. */
export function placeOf(text: string, what: string, from: number): number {
  const at = text.indexOf(what, from);
  return at + what.length > text.length ? -1 : at;
}

/** Whether nothing but line ends and blanks is in it. A line of other bytes may be payload. */
export function isBlank(line: string): boolean {
  return !(line.charCodeAt(0) > 32 || trimLine(line));
}

/** Hands over the lines inside a message that nobody but the modem can have said, or who guesses: they count wherever they stand. */
export function handProven(text: string, sink: FramerSink): void {
  const lines = text.split("\n");
  for (let i = 1; i < lines.length; i++) {
    const line = trimLine(lines[i]!);
    if (sink.proves(line, true)) sink.line(line, true);
  }
}

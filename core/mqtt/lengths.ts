// The ways in which a +QMTRECV can be read that tells the length of its payload: a topic may hold what looks like a length, and so may
// a payload. It decides nothing by silence and sends nothing.
import { number } from "../at/params.js";
import { covers } from "./topics.js";

/** Where the parts of a message begin and end. */
export interface Reading {
  /** Of the topic. */
  start: number;
  end: number;
  /** Of the payload, or of the quote in front of it. */
  from: number;
  /** Bytes of the payload. */
  length: number;
}

function ends(text: string, at: number): boolean {
  return at >= text.length || text[at] === "\r" || text[at] === "\n";
}

/**
 * The ways to read, as far as it has come, `+QMTRECV: <id>,<msgID>,<topic>,<length>,<payload>` whose topic is subscribed to, or all there are when none is,
 * shorter topics first. Undefined when the topic is not over yet.
 * @param behind - where `<topic>` starts, blank and quote included
 * @param mark - what stands behind the topic, if the text does not tell
 */
export function readings(text: string, behind: number, filters: string[], mark?: string): Reading[] | undefined {
  let start = behind + (text[behind] === " " ? 1 : 0);
  if (text[start] === '"') start++;
  const over = mark || (text[start - 1] === '"' ? '",' : ",");
  let all: Reading[] = [];
  let end = text.indexOf(over, start);
  if (end < 0) return undefined;
  for (; end >= 0; end = text.indexOf(over, end + 1)) {
    const from = text.indexOf(",", end + over.length) + 1;
    const length = number(text.substring(end + over.length, from - 1));
    if (from && length >= 0) all.push({ start, end, from, length });
  }
  // Each test leaves what passes it, if anything does: behind the payload, or the quotes around it, is a line end, or what has not
  // come yet; a topic has no line end; it is subscribed to.
  const tests = [
    (one: Reading) =>
      ends(text, one.from + one.length) || (text[one.from] === '"' && ends(text, one.from + one.length + 2)),
    (one: Reading) => text.substring(one.start, one.end).indexOf("\n") < 0,
    (one: Reading) => filters.some((filter) => covers(filter, text.substring(one.start, one.end))),
  ];
  for (let i = 0; i < tests.length; i++) {
    const right = all.filter(tests[i]!);
    if (right.length) all = right;
  }
  return all;
}

/** Whether a longer topic with this one at its beginning could not have been subscribed to. */
export function exact(topic: string, filters: string[]): boolean {
  return filters.indexOf(topic) >= 0 && !filters.some((filter) => filter !== topic && covers(filter, topic));
}

// The ways in which a +QMTRECV can be read that tells the length of its payload: a topic may hold what looks like a length, and so may
// a payload. It decides nothing by silence and sends nothing.
import { placeOf } from "../at/lines.js";
import { number } from "../at/params.js";
import { covers, isCovered } from "./topics.js";

// Whether the modem sets quotes around topics; 0: nothing was seen of it.

/** It sets none. */
export const PLAIN = 1;
/** It seems to: a topic that was subscribed to may be in quotes itself. */
export const QUOTED = 2;
/** It does. */
export const CERTAIN = 3;

/** Where the parts of a message begin and end. */
export interface Reading {
  /** Where the topic begins. */
  start: number;
  topic: string;
  /** Where the payload begins, or the quote in front of it. */
  from: number;
  /** So many bytes further as the payload has. */
  end: number;
}

function ends(text: string, at: number, whole?: boolean): boolean {
  return at < text.length ? text[at] === "\r" && (at + 1 >= text.length || text[at + 1] === "\n") : !whole;
}

/**
 * Whether a message may end where this way to read it does: behind the payload, or the quotes around it, is a line end, or what has
 * not come yet.
 * @param whole - that end has to be there
 */
export function fits(text: string, way: Reading, whole?: boolean): boolean {
  return ends(text, way.end, whole) || (mayWrap(text, way) && ends(text, way.end + 2, whole));
}

/** Whether the modem may have set quotes around the payload: it sets none there without some around the topic. */
export function mayWrap(text: string, way: Reading): boolean {
  return text[way.from] === '"' && text[way.start - 1] === '"';
}

/** All places where a topic may end and a length follow. @param over - what stands behind the topic */
export function places(text: string, start: number, over: string): Reading[] {
  const all: Reading[] = [];
  for (let end = text.indexOf(over, start); end >= 0; end = text.indexOf(over, end + 1)) {
    const from = text.indexOf(",", end + over.length) + 1;
    const length = number(text.substring(end + over.length, from - 1));
    if (from && length >= 0) all.push({ start, topic: text.substring(start, end), from, end: from + length });
  }
  return all;
}

/**
 * The ways to read, as far as it has come, `+QMTRECV: <id>,<msgID>,<topic>,<length>,<payload>` whose topic is subscribed to, or all there are when none is,
 * shorter topics first. Undefined when the topic is not over yet.
 * @param behind - where `<topic>` starts, blank and quote included
 * @param style - one of the numbers above
 */
export function readings(text: string, behind: number, filters: string[], style: number): Reading[] | undefined {
  const start = behind + (text[behind] === " " ? 1 : 0);
  const quoted = text[start] === '"';
  const first = quoted ? start + 1 : start;
  const over = quoted ? '",' : ",";
  let all = places(text, first, over);
  // Each test leaves what passes it, if anything does. A topic has no line end; it is subscribed to.
  const tests = [
    (one: Reading) => fits(text, one),
    (one: Reading) => one.topic.indexOf("\n") < 0,
    (one: Reading) => !filters.length || isCovered(one.topic, filters),
  ];
  const pass = (one: Reading): boolean => tests.every((test) => test(one));
  if (quoted && start === behind && (style < QUOTED || !all.some(pass))) {
    // A quote may be the first byte of a topic around which there are none.
    const bare = places(text, start, ",").filter(
      (one) => pass(one) && !(one.topic.endsWith('"') && one.topic.length > 1),
    );
    if (bare.length) all = style === PLAIN ? bare : all.concat(bare);
  }
  tests.forEach((test) => {
    const right = all.filter(test);
    if (right.length) all = right;
  });
  return all.length || placeOf(text, over, first) >= 0 ? all : undefined;
}

/** Whether a longer topic with this one at its beginning could not have been subscribed to. */
export function exact(topic: string, filters: string[]): boolean {
  return filters.indexOf(topic) >= 0 && !filters.some((filter) => filter !== topic && covers(filter, topic));
}

// Takes a +QMTRECV apart, in all the shapes that firmware gives it (application note 4.1.2, 5.1, 5.2). It sends nothing.
import { covers } from "./topics.js";

/** A received message, still in the modem's bytes. */
export interface Inbound {
  id: number;
  msgid: number;
  topic: string;
  payload: string;
  ambiguous: boolean;
}

/** What was learned of the firmware's habits; one a modem. */
export interface Shape {
  /** A payload came bare behind a quoted topic: quotes around a payload belong to it. */
  bare: boolean;
}

/** The topic's end when it is not quoted: the comma in front of which a filter covers it, else the first one; -1: none. */
function bareEnd(text: string, start: number, filters: string[]): { end: number; hits: number } {
  let end = text.indexOf(",", start);
  let hits = 0;
  let at = end;
  while (at >= 0) {
    const topic = text.substring(start, at);
    if (filters.some((filter) => covers(filter, topic)) && !hits++) end = at;
    at = text.indexOf(",", at + 1);
  }
  return { end, hits };
}

/**
 * Reads `+QMTRECV: <id>,<msgID>,<topic>,<payload>`. The topic may be quoted or not, the payload as well, blanks may stand
 * behind the commas; nothing is escaped.
 * @param filters - of an unquoted topic with commas, the part that one of these covers is taken
 * @returns undefined when it is no such thing
 */
export function readInbound(
  text: string,
  ambiguous: boolean,
  shape: Shape,
  filters: (id: number) => string[],
): Inbound | undefined {
  const colon = text.indexOf(":");
  const first = text.indexOf(",", colon);
  const second = text.indexOf(",", first + 1);
  const id = +text.substring(colon + 1, first);
  const msgid = +text.substring(first + 1, second);
  if (first < 0 || second < first || !(id >= 0 && id <= 5 && msgid >= 0 && msgid <= 65535)) return undefined;
  const spaced = text[second + 1] === " ";
  let start = second + (spaced ? 2 : 1);
  if (text[start] !== '"') {
    const found = bareEnd(text, start, filters(id));
    const end = found.end;
    if (end < 0) return undefined;
    // More than one hit: two ways to cut it, and each gives a topic that was subscribed to.
    ambiguous = ambiguous || found.hits > 1;
    return { id, msgid, topic: text.substring(start, end), payload: text.substring(end + 1), ambiguous };
  }
  const end = text.indexOf('",', ++start);
  if (end < 0) return undefined;
  let from = end + 2;
  if (spaced && text[from] === " ") from++;
  let last = text.length;
  if (text[from] !== '"') {
    // With blanks behind the commas, the quotes are the modem's; without, they are unless it was seen to set none.
    if (!spaced) shape.bare = true;
  } else if (last > from + 1 && text[last - 1] === '"' && (spaced || !shape.bare)) {
    from++;
    last--;
  }
  return { id, msgid, topic: text.substring(start, end), payload: text.substring(from, last), ambiguous };
}

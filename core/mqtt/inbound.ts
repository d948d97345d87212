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
  const second = first < 0 ? -1 : text.indexOf(",", first + 1);
  if (second < 0) return undefined;
  const id = +text.substring(colon + 1, first);
  const msgid = +text.substring(first + 1, second);
  if (!(id >= 0 && id <= 5 && msgid >= 0 && msgid <= 65535)) return undefined;
  const spaced = text[second + 1] === " ";
  let start = second + (spaced ? 2 : 1);
  let end: number;
  let next: number;
  if (text[start] === '"') {
    end = text.indexOf('",', ++start);
    next = end + 2;
    if (end < 0) return undefined;
  } else {
    end = text.indexOf(",", start);
    if (end < 0) return undefined;
    const known = filters(id);
    let hits = 0;
    let at = end;
    while (at >= 0) {
      const topic = text.substring(start, at);
      if (known.some((filter) => covers(filter, topic)) && !hits++) end = at;
      at = text.indexOf(",", at + 1);
    }
    // Two ways to cut it, and each gives a topic that was subscribed to.
    if (hits > 1) ambiguous = true;
    next = end + 1;
    return { id, msgid, topic: text.substring(start, end), payload: text.substring(next), ambiguous };
  }
  const from = spaced && text[next] === " " ? next + 1 : next;
  const last = text.length - 1;
  const opened = text[from] === '"';
  if (!opened && !spaced) shape.bare = true;
  // With blanks behind the commas, the quotes are the modem's; without, they are unless it was seen to set none.
  const strip = opened && last > from && text[last] === '"' && (spaced || !shape.bare);
  return {
    id,
    msgid,
    topic: text.substring(start, end),
    payload: strip ? text.substring(from + 1, last) : text.substring(from),
    ambiguous,
  };
}

// Takes a +QMTRECV apart, in all the shapes that firmware gives it (application note 4.1.2, 5.1, 5.2), and hands the message
// to its client. It sends nothing.
import type { Counter, Framer } from "../at/framer.js";
import { number } from "../at/params.js";
import { covers } from "./topics.js";

/** Who gets messages: the client of a tcpconnectID. */
export interface Receiver {
  /** The filters subscribed to, in bytes. */
  readonly subscriptions: { filters(): string[] };
  /** Must not throw. */
  received(topic: string, payload: string, msgid: number, ambiguous: boolean): void;
}

// Where firmware has the lengths of payloads.

/** It was not asked since it booted. */
export const NOT_ASKED = -1;
/** Nowhere, as in the application note. */
export const NO_LENGTHS = 0;
/** In +QMTRECV. */
export const IN_RECEIVED = 1;
/** In +QMTRECV and AT+QMTPUB. */
export const IN_PUBLISH = 2;

/** Where the tcpconnectID starts in `+QMTRECV: <id>,…`. */
const ID = 9;

/** Where the parts of a message begin and end that tells the length of its payload. */
interface Cut {
  /** Of the topic. */
  start: number;
  end: number;
  /** Of the payload, or of the quote in front of it. */
  from: number;
  /** Bytes of the payload. */
  length: number;
}

/** A topic that ends at `at` or behind it, and a number between two commas behind that. */
function head(text: string, start: number, at: number, quoted: boolean): Cut | undefined {
  const mark = quoted ? '",' : ",";
  for (let end = text.indexOf(mark, at); end >= 0; end = text.indexOf(mark, end + 1)) {
    const from = text.indexOf(",", end + mark.length) + 1;
    const length = number(text.substring(end + mark.length, from - 1));
    if (from && length >= 0) return { start, end, from, length };
  }
  return undefined;
}

function covered(filters: string[], topic: string): boolean {
  return filters.some((filter) => covers(filter, topic));
}

export class Inbox implements Counter {
  /** Where the firmware has lengths of payloads: one of the numbers above. */
  offers: number;
  private _clients: (Receiver | undefined)[];
  /** A payload came bare behind a quoted topic: quotes around a payload belong to it. */
  private _bare: boolean;
  private _stats: { orphans: number };
  readonly framer: Framer;
  /** A bit for each tcpconnectID whose messages tell their length. */
  private _counted: number;
  /** The message under way, if it does. */
  private _cut: Cut | undefined;

  /** @param stats - where messages are counted that have no client or are of unreadable shape */
  constructor(clients: (Receiver | undefined)[], stats: { orphans: number }, framer: Framer) {
    this._clients = clients;
    this._bare = false;
    this._stats = stats;
    this._cut = undefined;
    this._counted = 0;
    this.offers = NOT_ASKED;
    this.framer = framer;
    framer.inbox = this;
  }

  /** The modem has booted: it tells no lengths, and is to be asked whether it can. */
  booted(): void {
    this.offers = NOT_ASKED;
    this._counted = 0;
    this.framer.counter = undefined;
  }

  /** Messages of a tcpconnectID tell their length from now on, or do not. */
  count(id: number, on: boolean): void {
    this._counted = on ? this._counted | (1 << id) : this._counted & ~(1 << id);
    this.framer.counter = this._counted ? this : undefined;
  }

  /** Reads the head of `+QMTRECV: <id>,<msgID>,<topic>,<length>,<payload>`. */
  measure(text: string): number {
    const first = text.indexOf(",");
    const second = text.indexOf(",", first + 1);
    this._cut = undefined;
    if (second < 0 || !((this._counted >> +text.substring(ID, first)) & 1)) return 0;
    const spaced = text[second + 1] === " ";
    let start = second + (spaced ? 2 : 1);
    if (text[start] === '"') start++;
    const quoted = text[start - 1] === '"';
    // A topic that holds a line end.
    if (text.indexOf(quoted ? '",' : ",", start) < 0) return -1;
    let cut = head(text, start, start, quoted);
    let next = cut;
    // Of an unquoted topic with commas and numbers, what a filter covers.
    if (!quoted) {
      const filters = this._filters(text, first);
      while (next && !covered(filters, text.substring(start, next.end))) next = head(text, start, next.end + 1, false);
      cut = next || cut;
    }
    this._cut = cut;
    if (!cut) return 0;
    // A quote in front of the payload is the modem's, or the first byte: then the last byte stands where the modem's other
    // quote would be followed by the line end.
    return cut.from + cut.length + (this._wraps(text, cut) ? 1 : 0);
  }

  private _filters(text: string, first: number): string[] {
    const client = this._clients[+text.substring(ID, first)];
    return client ? client.subscriptions.filters() : [];
  }

  /** Whether the quote in front of the payload is the modem's, as far as that is known. */
  private _wraps(text: string, cut: Cut): boolean {
    return text[cut.from] === '"' && (text[cut.start - 2] === " " || !this._bare);
  }

  private _known(client: Receiver, text: string, msgid: number, ambiguous: boolean, cut: Cut): void {
    let from = cut.from;
    let end = from + cut.length;
    const wrapped = this._wraps(text, cut) && text[end + 1] === '"' ? 1 : 0;
    from += wrapped;
    end += wrapped;
    if (text.substring(end + wrapped).trim() || end > text.length) {
      // The length is not that of the payload: it is handed over with all that came.
      ambiguous = true;
      end = text.length;
      from = cut.from;
    } else if (text[cut.start - 1] === '"') {
      if (!wrapped && text[cut.start - 2] !== " ") this._bare = true;
    } else {
      // Another topic that is subscribed to, with another number behind it, may fit as well.
      const filters = this._filters(text, text.indexOf(","));
      let next = head(text, cut.start, cut.end + 1, false);
      for (; next; next = head(text, cut.start, next.end + 1, false))
        if (next.from + next.length === end && covered(filters, text.substring(cut.start, next.end))) ambiguous = true;
    }
    client.received(text.substring(cut.start, cut.end), text.substring(from, end), msgid, ambiguous);
  }

  /**
   * Reads `+QMTRECV: <id>,<msgID>,<topic>,<payload>`. The topic may be quoted or not, the payload as well, blanks may stand
   * behind the commas; nothing is escaped.
   */
  received(text: string, ambiguous: boolean): void {
    const first = text.indexOf(",");
    const second = text.indexOf(",", first + 1);
    const client = this._clients[+text.substring(ID, first)];
    const msgid = +text.substring(first + 1, second);
    const quoted = text[second + 1] === '"';
    const start = second + (quoted ? 2 : 1);
    const end = text.indexOf(quoted ? '",' : ",", start);
    const from = end + (quoted ? 2 : 1);
    // A number of 16 bits, which is also how a comma that is missing shows.
    if (!client || end < 0 || (msgid & 65535) !== msgid) {
      this._stats.orphans++;
      this._cut = undefined;
    }
    // The common shapes right here: each statement counts on an interpreter.
    else if (
      !this._counted &&
      (quoted ? this._bare || (ambiguous && text[from] !== '"') : text[start] !== " " && text.indexOf(",", from) < 0) &&
      text.endsWith("\r")
    )
      client.received(text.substring(start, end), text.substring(from, text.length - 1), msgid, ambiguous);
    else this._other(client, text, second + 1, msgid, ambiguous);
  }

  private _other(client: Receiver, text: string, start: number, msgid: number, ambiguous: boolean): void {
    const cut = this._cut;
    const spaced = text[start] === " ";
    let last = text.length;
    this._cut = undefined;
    if (text.endsWith("\r")) last--;
    if (spaced) start++;
    const end = text.indexOf('",', start + 1);
    if (cut) this._known(client, text, msgid, ambiguous, cut);
    else if (text[start] !== '"') this._unquoted(client, text.substring(start, last), msgid, ambiguous);
    else if (end < 0) this._stats.orphans++;
    else {
      let from = end + 2;
      if (spaced && text[from] === " ") from++;
      if (text[from] !== '"') {
        // With blanks behind the commas, the quotes are the modem's; without, they are unless it was seen to set none.
        if (!spaced && !ambiguous && text[last - 1] !== '"') this._bare = true;
      } else if (last > from + 1 && text[last - 1] === '"' && (spaced || !this._bare)) {
        from++;
        last--;
      }
      client.received(text.substring(start + 1, end), text.substring(from, last), msgid, ambiguous);
    }
  }

  // The topic ends at the comma in front of which a filter covers it, else at the first one. More than one such comma: two
  // ways to cut it, and each gives a topic that was subscribed to.
  private _unquoted(client: Receiver, text: string, msgid: number, ambiguous: boolean): void {
    let end = text.indexOf(",");
    let at = text.indexOf(",", end + 1);
    if (at >= 0) {
      const filters = client.subscriptions.filters();
      let hits = 0;
      at = end;
      while (at >= 0) {
        const topic = text.substring(0, at);
        if (filters.some((filter) => covers(filter, topic)) && !hits++) end = at;
        at = text.indexOf(",", at + 1);
      }
      if (hits > 1) ambiguous = true;
    }
    client.received(text.substring(0, end), text.substring(end + 1), msgid, ambiguous);
  }
}

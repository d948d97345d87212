// Takes a +QMTRECV apart, in all the shapes that firmware gives it (application note 4.1.2, 5.1, 5.2), and hands the message
// to its client. It sends nothing.
// @resident received _uncommon
import type { Framer } from "../at/framer.js";
import { placeOf } from "../at/lines.js";
import type { Counter, MessageSink } from "../at/types.js";
import { type Counters, ORPHANS } from "../counters.js";
import { CERTAIN, exact, fits, mayWrap, PLAIN, places, QUOTED, type Reading, readings } from "./lengths.js";
import { isCovered } from "./topics.js";

/** Who gets messages: the client of a tcpconnectID. */
export interface Receiver {
  /** Knows the filters subscribed to, in bytes. */
  readonly outbox: { topicFilters(): string[] };
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

export class Inbox implements Counter, MessageSink {
  /** The message under way may be one with a longer topic. */
  unsure: boolean;
  /** Where the firmware has lengths of payloads: one of the numbers above. */
  offers: number;
  private _clients: (Receiver | undefined)[];
  /** A payload came bare behind a quoted topic: quotes around a payload belong to it. */
  private _bare: boolean;
  private _counters: Counters;
  readonly framer: Framer;
  /** Whether the modem sets quotes around topics: one of the numbers of lengths.ts. */
  private _style: number;
  /** A bit for each tcpconnectID whose messages tell their length. */
  private _counted: number;

  /** @param counters - where messages are counted that have no client or are of unreadable shape */
  constructor(clients: (Receiver | undefined)[], counters: Counters, framer: Framer) {
    this._clients = clients;
    this._bare = false;
    this._counters = counters;
    this._counted = this._style = 0;
    this.unsure = false;
    this.offers = NOT_ASKED;
    this.framer = framer;
  }

  /** The modem has booted: it tells no lengths, and is to be asked whether it can. */
  modemBooted(): void {
    this.offers = NOT_ASKED;
    this._counted = 0;
    this.framer.counter = undefined;
  }

  /** Messages of a tcpconnectID tell their length from now on, or do not. */
  count(id: number, on: boolean): void {
    this._counted = (this._counted & ~(1 << id)) | (+on << id);
    this.framer.counter = this._counted ? this : undefined;
  }

  /** Reads the head of `+QMTRECV: <id>,<msgID>,<topic>,<length>,<payload>`. */
  measure(text: string): number {
    const first = text.indexOf(",");
    const second = text.indexOf(",", first + 1);
    const id = +text.substring(ID, first);
    if (second < 0 || !((this._counted >> id) & 1)) return 0;
    const client = this._clients[id];
    const filters = client ? client.outbox.topicFilters() : [];
    const ways = readings(text, second + 1, filters, this._style);
    if (!ways) return -1;
    const way = ways[0];
    if (!way) return 0;
    // If one of them may be right, the silence behind it will tell; until then it goes on.
    if (ways.length > 1) return ways.some((one) => fits(text, one, true)) ? 0 : text.length + 1;
    const topic = way.topic;
    if (text[way.start - 1] === '"')
      this._style =
        isCovered(topic, filters) && !isCovered('"' + topic + '"', filters) ? CERTAIN : this._style || QUOTED;
    else if (text[way.start] !== '"') this._style = PLAIN;
    this.unsure = !exact(topic, filters);
    // A quote in front of the payload is the modem's, or the first byte: then the last byte stands where the modem's other
    // quote would be followed by the line end.
    return way.end + (this._wraps(text, way) ? 1 : 0);
  }

  continues(line: string): boolean {
    return places(line, 0, this._style === CERTAIN ? '",' : ",").some((way) => way.end >= line.length);
  }

  /** Whether the quote in front of the payload is the modem's, as far as that is known. */
  private _wraps(text: string, way: Reading): boolean {
    return mayWrap(text, way) && (text[way.start - 2] === " " || !this._bare);
  }

  /** How many bytes of quotes stand around the payload on each side, or -1 when the length is not that of what came. */
  private _quotes(text: string, way: Reading): number {
    const last = text.endsWith("\r") ? text.length - 1 : text.length;
    const quotes = this._wraps(text, way) && text[way.end + 1] === '"' ? 1 : 0;
    const end = way.end + 2 * quotes;
    return end > last || text.substring(end).trim() ? -1 : quotes;
  }

  // From two bytes in front of `<topic>` on, which are looked at: Espruino has no byte in front of a text. False: it does not tell its length.
  private _measured(client: Receiver, text: string, msgid: number, ambiguous: boolean): boolean {
    const ways = readings(text, 2, client.outbox.topicFilters(), this._style);
    if (!ways || !ways.length) return false;
    const right = ways.filter((one) => this._quotes(text, one) >= 0);
    const known = right.length;
    const way = right[0] || ways[0]!;
    const quotes = known ? this._quotes(text, way) : 0;
    // No length is that of the payload: it is handed over with all that came.
    const end = known ? way.end + quotes : text.length;
    const doubtful = ambiguous || known !== 1;
    if (!quotes && !doubtful && ways.length === 1 && text[way.start - 1] === '"' && text[way.start - 2] !== " ")
      this._bare = true;
    client.received(way.topic, text.substring(way.from + quotes, end), msgid, doubtful);
    return true;
  }

  /**
   * Reads `+QMTRECV: <id>,<msgID>,<topic>,<payload>`. The topic may be quoted or not, the payload as well, blanks may stand
   * behind the commas; nothing is escaped.
   */
  received(text: string, ambiguous: boolean): void {
    // Each statement counts on an interpreter: the common shape, `+QMTRECV: 0,0,"topic",payload`, right here.
    const client = this._clients[+text[ID + 1]!];
    const second = text.indexOf(',"', ID + 3);
    const end = text.indexOf('",', second + 2);
    // A number of 16 bits, which is also how a comma that is missing shows.
    const msgid = +text.substring(ID + 3, second);
    if (
      client &&
      end > 0 &&
      // With a line end behind it, what was found is there in whole on Espruino too.
      text.endsWith("\r") &&
      (msgid & 65535) === msgid &&
      !this._counted &&
      (this._bare || (ambiguous && text[end + 2] !== '"')) &&
      text[ID + 2] === ","
    )
      client.received(text.substring(second + 2, end), text.slice(end + 2, -1), msgid, ambiguous);
    else this._uncommon(text, ambiguous);
  }

  private _uncommon(text: string, ambiguous: boolean): void {
    const first = text.indexOf(",");
    const second = text.indexOf(",", first + 1);
    const id = +text.substring(ID, first);
    const client = this._clients[id];
    const msgid = +text.substring(first + 1, second);
    const good = client && (msgid & 65535) === msgid;
    if (good && (this._counted >> id) & 1 && this._measured(client, text.substring(second - 1), msgid, ambiguous))
      return;
    const blank = text[second + 1] === " ";
    let start = second + (blank ? 2 : 1);
    const quoted = text[start] === '"';
    const end = quoted ? placeOf(text, '",', start + 1) : text.indexOf(",", start);
    let from = end + 1;
    let last = text.length;
    if (text.endsWith("\r")) last--;
    if (!good || end < 0) {
      this._counters[ORPHANS]!++;
      return;
    }
    if (quoted) {
      start++;
      from++;
      if (blank && text[from] === " ") from++;
      if (text[from] !== '"') {
        // With blanks behind the commas, the quotes are the modem's; without, they are unless it was seen to set none.
        if (!blank && !ambiguous && text[last - 1] !== '"') this._bare = true;
      } else if (last > from + 1 && text[last - 1] === '"' && (blank || !this._bare)) {
        from++;
        last--;
      } else if (blank)
        // The modem's other quote is still to come.
        ambiguous = true;
    } else if (text.indexOf(",", from) >= 0) {
      this._unquoted(client, text.substring(start, last), msgid, ambiguous);
      return;
    }
    client.received(text.substring(start, end), text.substring(from, last), msgid, ambiguous);
  }

  // The topic ends at the comma in front of which a filter covers it, else at the first one. More than one such comma: two
  // ways to cut it, and each gives a topic that was subscribed to.
  private _unquoted(client: Receiver, text: string, msgid: number, ambiguous: boolean): void {
    const filters = client.outbox.topicFilters();
    let end = text.indexOf(",");
    let hits = 0;
    for (let at = end; at >= 0; at = text.indexOf(",", at + 1)) {
      if (isCovered(text.substring(0, at), filters) && !hits++) end = at;
    }
    client.received(text.substring(0, end), text.substring(end + 1), msgid, ambiguous || hits > 1);
  }
}

// Takes a +QMTRECV apart, in all the shapes that firmware gives it (application note 4.1.2, 5.1, 5.2), and hands the message
// to its client. It sends nothing.
import { covers } from "./topics.js";

/** Who gets messages: the client of a tcpconnectID. */
export interface Receiver {
  /** The filters subscribed to, in bytes. */
  filters(): string[];
  /** Must not throw. */
  received(topic: string, payload: string, msgid: number, ambiguous: boolean): void;
}

/** Where the tcpconnectID starts in `+QMTRECV: <id>,…`. */
const ID = 9;

export class Inbox {
  private _clients: (Receiver | undefined)[];
  /** A payload came bare behind a quoted topic: quotes around a payload belong to it. */
  private _bare: boolean;
  private _stats: { orphans: number };

  /** @param stats - where messages are counted that have no client or are of unreadable shape */
  constructor(clients: (Receiver | undefined)[], stats: { orphans: number }) {
    this._clients = clients;
    this._bare = false;
    this._stats = stats;
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
    let start = second + 1;
    let last = text.length;
    const spaced = text[start] === " ";
    if (spaced) start++;
    const quoted = text[start] === '"';
    const end = text.indexOf(quoted ? '",' : ",", start + 1);
    if (text.endsWith("\r")) last--;
    // A number of 16 bits, which is also how a comma that is missing shows.
    if (!client || end < 0 || (msgid & 65535) !== msgid) this._stats.orphans++;
    else if (quoted) {
      start++;
      let from = end + 2;
      if (spaced && text[from] === " ") from++;
      if (text[from] !== '"') {
        // With blanks behind the commas, the quotes are the modem's; without, they are unless it was seen to set none.
        if (!spaced) this._bare = true;
      } else if (last > from + 1 && text[last - 1] === '"' && (spaced || !this._bare)) {
        from++;
        last--;
      }
      client.received(text.substring(start, end), text.substring(from, last), msgid, ambiguous);
    } else this._unquoted(client, text.substring(start, last), msgid, ambiguous);
  }

  // The topic ends at the comma in front of which a filter covers it, else at the first one. More than one such comma: two
  // ways to cut it, and each gives a topic that was subscribed to.
  private _unquoted(client: Receiver, text: string, msgid: number, ambiguous: boolean): void {
    let end = text.indexOf(",");
    let at = text.indexOf(",", end + 1);
    if (at >= 0) {
      const filters = client.filters();
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

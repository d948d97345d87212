// The topic filters of one client: remembered, packed into SUBSCRIBE and UNSUBSCRIBE commands, made anew on connect.
import { integer } from "../arguments.js";
import { checkLine, LINE, number, quote } from "../at/params.js";
import { M95Error } from "../errors.js";
import type { Outbox } from "./outbox.js";
import type { Filter, Packet } from "./packet.js";
import { checkFilter } from "./topics.js";

/** Topic filters a client may have; more are refused with `ELIMIT`. */
export const SUBSCRIPTION_LIMIT = 32;

/** Granted QoS of a topic filter that the broker refuses (MQTT 3.1.1, 3.9.3). */
const REFUSED = 128;

type Granted = (error: M95Error | null, granted: Filter[]) => void;

/** The filters that the broker refused. */
export function refused(granted: Filter[]): Filter[] {
  return granted.filter((one) => one.qos === REFUSED);
}

/** Those of a list whose topics are not in the other one. */
function without(list: Filter[], gone: Filter[]): Filter[] {
  return list.filter((one) => !gone.some((other) => other.topic === one.topic));
}

export class Subscriptions {
  private _outbox: Outbox;
  private _list: Filter[];

  constructor(outbox: Outbox) {
    this._outbox = outbox;
    this._list = [];
  }

  /** What messages may come for: also what is being unsubscribed from. */
  topicFilters(): string[] {
    const leaving = this._outbox.packetsOf("QMTUNS", true);
    return leaving.reduce((all, packet) => all.concat(packet.filters!), this._list).map((one) => one.topic);
  }

  /**
   * Subscribes to filters or unsubscribes from them, at once or when connected.
   * @param renew - subscribes to all anew that are not waiting to be, in front of everything that waits; `wanted` does not matter
   * @throws M95Error `EPARAM`, `ETOOBIG`, `ELIMIT` for too many filters, `EQUEUE` when too much waits
   */
  changeFilters(name: "QMTSUB" | "QMTUNS", wanted: Filter[], done: Granted, renew: boolean): void {
    const outbox = this._outbox;
    let list = this._list;
    let filters = wanted;
    if (renew) {
      const waiting = outbox.packetsOf(name, false).reduce((all: Filter[], one) => all.concat(one.filters!), []);
      filters = without(list, waiting);
      if (!filters.length) return;
    } else if (!filters.length) throw new M95Error("EPARAM", "topic must be at least one topic filter, not none");
    const packets = this._packets(name, filters);
    if (!renew) {
      list = without(list, filters);
      // One asked for twice counts once.
      if (name === "QMTSUB")
        filters.forEach((filter) => {
          if (without([filter], list).length) list.push(filter);
        });
      const full = list.length > SUBSCRIPTION_LIMIT;
      if (full || outbox.waiting(false) >= SUBSCRIPTION_LIMIT)
        throw new M95Error(
          full ? "ELIMIT" : "EQUEUE",
          full
            ? "a client has at most " + SUBSCRIPTION_LIMIT + " subscriptions"
            : SUBSCRIPTION_LIMIT + " SUBSCRIBE and UNSUBSCRIBE wait already, more are not taken",
        );
      this._list = list;
    }
    const answers: Filter[][] = [];
    let left = packets.length;
    let failed: M95Error | null = null;
    packets.forEach((one, at) => {
      one.done = (error: M95Error | null, values: string[]) => {
        failed = failed || error;
        answers[at] = one.filters!.map((filter, i) => ({
          topic: filter.topic,
          qos: values[i] === undefined ? undefined : number(values[i]),
        }));
        // Refused once, a filter is not asked for again on each connect.
        if (!error) this._list = without(this._list, refused(answers[at]!));
        if (!--left)
          done(
            failed,
            answers.reduce((all, other) => all.concat(other), []),
          );
      };
    });
    // Put in front one by one, the last one has to be put first.
    if (renew) packets.reverse();
    for (let i = 0; i < packets.length; i++) outbox.add(packets[i]!, renew);
  }

  /** Packets for the filters, as many a command as fit. */
  private _packets(name: "QMTSUB" | "QMTUNS", filters: Filter[]): Packet[] {
    const packets: Packet[] = [];
    let last: Packet | undefined;
    for (let i = 0; i < filters.length; i++) {
      const one = filters[i]!;
      checkFilter(one.topic);
      let text = "," + quote("topic", one.topic, 0);
      const qos = integer("qos", one.qos, 0, 2);
      if (name === "QMTSUB") text += "," + qos;
      if (last && last.text.length + text.length <= LINE) {
        last.text += text;
        last.filters!.push(one);
      } else {
        const msgid = this._outbox.nextId();
        text = checkLine("topic", "AT+" + name + "=" + this._outbox.connection() + "," + msgid + text);
        last = { text, msgid, filters: [one], again: 1, done: undefined };
        packets.push(last);
      }
    }
    return packets;
  }
}

// The topic filters of one client: remembered, packed into SUBSCRIBE and UNSUBSCRIBE commands, made anew on connect. They are a part of
// the outbox as publishing is, which sends them.
import { integer } from "../arguments.js";
import { checkLine, LINE, number, quote } from "../at/params.js";
import { M95Error } from "../errors.js";
import { nameOf } from "../m95/commands.js";
import type { Filter, Packet } from "./packet.js";
import { Publisher } from "./publisher.js";
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

export class Subscriber extends Publisher {
  /** What messages may come for: also what is being unsubscribed from. */
  topicFilters(): string[] {
    return this._topics.concat(this._filtersOf("QMTUNS", this._flight)).map((one) => one.topic);
  }

  /**
   * Subscribes to filters or unsubscribes from them, at once or when connected.
   * @param wanted - undefined: subscribes to all anew that are not waiting to be, in front of everything that waits
   * @throws M95Error `EPARAM`, `ETOOBIG`, `ELIMIT` for too many filters, `EQUEUE` when too much waits
   */
  changeFilters(name: "QMTSUB" | "QMTUNS", wanted: Filter[] | undefined, done: Granted): void {
    let list = this._topics;
    const filters = wanted || without(list, this._filtersOf(name, []));
    if (!filters.length) {
      if (wanted) throw new M95Error("EPARAM", "topic must be at least one topic filter, not none");
      return;
    }
    // Those of the packets: what is granted will take the place of what is asked for.
    const asked: Filter[] = filters.map((one) => ({ topic: one.topic, qos: one.qos }));
    const packets = this._packed(name, asked);
    if (wanted) {
      list = without(list, filters);
      // One asked for twice counts once.
      if (name === "QMTSUB")
        filters.forEach((filter) => {
          if (without([filter], list).length) list.push(filter);
        });
      if (list.length > SUBSCRIPTION_LIMIT)
        throw new M95Error("ELIMIT", "a client has at most " + SUBSCRIPTION_LIMIT + " subscriptions");
      if (this.waiting(false) >= SUBSCRIPTION_LIMIT)
        throw new M95Error(
          "EQUEUE",
          SUBSCRIPTION_LIMIT + " SUBSCRIBE and UNSUBSCRIBE wait already, more are not taken",
        );
      this._topics = list;
    }
    // Put in front one by one, the last one has to be put first.
    if (!wanted) packets.reverse();
    let left = packets.length;
    let failed: M95Error | null = null;
    packets.forEach((one) => {
      one.done = (error: M95Error | null, values: string[]) => {
        failed = failed || error;
        one.filters!.forEach((filter, i) => {
          filter.qos = values[i] ? number(values[i]) : undefined;
        });
        // Refused once, a filter is not asked for again on each connect.
        if (!error) this._topics = without(this._topics, refused(one.filters!));
        if (!--left) done(failed, asked);
      };
      this.add(one, !wanted);
    });
  }

  /** The filters of all packets of a kind that wait, behind those of other ones. */
  private _filtersOf(name: string, others: Packet[]): Filter[] {
    return others
      .concat(this._wait)
      .reduce((all: Filter[], one) => (nameOf(one.text) === name ? all.concat(one.filters!) : all), []);
  }

  /** Packets for the filters, as many a command as fit. */
  private _packed(name: "QMTSUB" | "QMTUNS", filters: Filter[]): Packet[] {
    const packets: Packet[] = [];
    let last: Packet | undefined;
    // No forEach: a hole in a list is no filter, and must not pass unseen.
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
        const msgid = this.nextId();
        text = checkLine("topic", "AT+" + name + "=" + this._owner.connectionId + "," + msgid + text);
        last = { text, msgid, filters: [one], again: 1 };
        packets.push(last);
      }
    }
    return packets;
  }
}

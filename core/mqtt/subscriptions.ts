// The topic filters of one client: remembered, packed into SUBSCRIBE and UNSUBSCRIBE commands, made anew on connect.
import { number } from "../at/params.js";
import { M95Error } from "../errors.js";
import { build } from "../m95/commands.js";
import { type Outbox, type Packet, packet } from "./outbox.js";
import { checkFilter } from "./topics.js";

/** Topic filters a client may have; more are refused with `EQUEUE`. */
export const SUBSCRIPTION_LIMIT = 32;

/** Granted QoS of a topic filter that the broker refuses (MQTT 3.1.1, 3.9.3). */
const REFUSED = 128;

/** Longest command line for several topics; the real limit of the modem is not documented. */
const LINE = 256;

/** A topic filter, in bytes, with the wished or the granted QoS. */
export interface Filter {
  topic: string;
  /** Undefined when the modem gave fewer values than there were topics. */
  qos: number | undefined;
}

/** One command of several topic filters. */
interface Batch {
  text: string;
  msgid: number;
  filters: Filter[];
}

type Granted = (error: M95Error | null, granted: Filter[]) => void;

/** The filters that the broker refused. */
export function refused(granted: Filter[]): Filter[] {
  return granted.filter((one) => one.qos === REFUSED);
}

export class Subscriptions {
  private _id: number;
  private _outbox: Outbox;
  private _list: Filter[];

  constructor(id: number, outbox: Outbox) {
    this._id = id;
    this._outbox = outbox;
    this._list = [];
  }

  filters(): string[] {
    return this._list.map((one) => one.topic);
  }

  /**
   * Subscribes, at once or when connected.
   * @throws M95Error `EPARAM`, `ETOOBIG`, or `EQUEUE` when there are too many
   */
  subscribe(wanted: Filter[], done: Granted): void {
    const batches = this._batches("QMTSUB", wanted);
    const list = this._without(wanted);
    // One asked for twice counts once.
    wanted.forEach((filter) => {
      if (!list.some((one) => one.topic === filter.topic)) list.push(filter);
    });
    if (list.length > SUBSCRIPTION_LIMIT)
      throw new M95Error("EQUEUE", "a client has at most " + SUBSCRIPTION_LIMIT + " subscriptions");
    this._room();
    this._list = list;
    this._send("QMTSUB", batches, done, false);
  }

  /** Unsubscribes. @throws M95Error `EPARAM`, `ETOOBIG` */
  unsubscribe(topics: Filter[], done: Granted): void {
    const batches = this._batches("QMTUNS", topics);
    this._room();
    this._list = this._without(topics);
    this._send("QMTUNS", batches, done, false);
  }

  /** Makes all subscriptions anew that are not waiting to be made, in front of everything that waits. */
  renew(done: Granted): void {
    const list = this._list.filter((one) => !this._outbox.holds(one.topic));
    if (list.length) this._send("QMTSUB", this._batches("QMTSUB", list), done, true);
  }

  private _room(): void {
    if (this._outbox.waiting(false) >= SUBSCRIPTION_LIMIT)
      throw new M95Error("EQUEUE", SUBSCRIPTION_LIMIT + " SUBSCRIBE and UNSUBSCRIBE wait already, more are not taken");
  }

  private _without(gone: Filter[]): Filter[] {
    return this._list.filter((one) => !gone.some((other) => other.topic === one.topic));
  }

  /** Commands for the filters, as many a line as fit. */
  private _batches(name: Packet["name"], list: Filter[]): Batch[] {
    if (!list.length) throw new M95Error("EPARAM", "topic must be at least one topic filter, not none");
    const batches: Batch[] = [];
    let values: (string | number)[] = [];
    let batch: Batch | undefined;
    for (let i = 0; i < list.length; i++) {
      const one = list[i]!;
      checkFilter(one.topic);
      // Types are checked when the command is built.
      const more = name === "QMTSUB" ? [one.topic, one.qos!] : [one.topic];
      let text = batch ? build(name, values.concat(more)) : "";
      if (!batch || text.length > LINE) {
        const msgid = this._outbox.nextId();
        values = [this._id, msgid];
        text = build(name, values.concat(more));
        batch = { text, msgid, filters: [] };
        batches.push(batch);
      }
      values = values.concat(more);
      batch.text = text;
      batch.filters.push(one);
    }
    return batches;
  }

  private _send(name: Packet["name"], batches: Batch[], done: Granted, first: boolean): void {
    let left = batches.length;
    let failed: M95Error | null = null;
    const one = (batch: Batch): void => {
      const topics = batch.filters.map((filter) => filter.topic);
      const settle: Packet["done"] = (error, values) => {
        failed = failed || error;
        batch.filters = topics.map((topic, i) => {
          const value = values[i];
          return { topic, qos: value === undefined ? undefined : number(value) };
        });
        // Refused once, a filter is not asked for again on each connect.
        if (!error) this._list = this._without(refused(batch.filters));
        if (!--left)
          done(
            failed,
            batches.reduce((all: Filter[], other) => all.concat(other.filters), []),
          );
      };
      this._outbox.add(packet(name, batch.text, undefined, batch.msgid, topics, true, settle), first);
    };
    // Put in front one by one, the last one has to be put first.
    for (let i = 0; i < batches.length; i++) one(batches[first ? batches.length - 1 - i : i]!);
  }
}

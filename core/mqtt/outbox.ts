// The outbox of one client: packets that wait, packets in flight (window of 5), message IDs and overdue verdicts. It
// sends packets; what they mean, and when the link is there, the client knows.
// @resident waiting idle nextId command add result _conclude _uses _pump _handed _insert _advance _startTimer
import { number } from "../at/params.js";
import type { Request } from "../at/types.js";
import { RETRANSMISSIONS } from "../counters.js";
import { M95Error } from "../errors.js";
import { waitOf } from "../m95/commands.js";
import { RETRY } from "../m95/recovery.js";
import type { Clock, TimerHandle } from "../ports.js";
import { callOff, later } from "../timer.js";
import { IN_PUBLISH } from "./inbox.js";
import { forbidden, wrongBytes } from "./options.js";
import { ACKNOWLEDGED, commandOf, type Filter, type Packet, RETRANSMITTED } from "./packet.js";
import type { ClientHost } from "./types.js";

/** Packets the modem takes before it wants a verdict for one (application note 3.2.8, note 1). */
export const WINDOW = 5;

/** Packets that have no verdict, or one that may be part of a message. */
const HELD = 16;

/** `+CME ERROR` of a modem whose window is full (3.2.8, note 1). */
const WINDOW_FULL = 8512;

/** `+CME ERROR` of a modem that has no connection for the client (6.2). */
const LINK_ERROR = 8503;

/** A packet that the modem does not take is offered this often. */
const TRIES = 3;

/** ms for which a wrong message ID where a payload may be takes the proof from the right ones. */
const SUSPICION = 60000;

/** Ends the data behind the prompt of a modem that does not count it (3.2.8). */
const END = "\x1a";

/** What an outbox needs of its client. */
export interface OutboxOwner {
  readonly connectionId: number;
  readonly link: { check(): void };
  /** A packet is handed to the modem. */
  sending(packet: Packet): void;
  /** Nothing is in flight any more. */
  drained(): void;
}

/** What it needs of the modem. */
export type OutboxHost = Pick<
  ClientHost,
  "clock" | "session" | "inbox" | "random" | "counters" | "explain" | "stepBegins"
>;

export class Outbox {
  /** Where it is noted that a packet of which the store is to know is handed over. */
  durable: { noteHandover(key: number): void } | undefined;
  private _owner: OutboxOwner;
  private _host: OutboxHost;
  private _wait: Packet[];
  private _flight: Packet[];
  /** The packet whose command runs. */
  private _hand: Packet | undefined;
  private _open: boolean;
  /** The modem takes nothing now; nothing is sent until a verdict or a second has passed. */
  private _full: boolean;
  /** Why nothing is taken any more. */
  private _closed: M95Error | undefined;
  /** When somebody last guessed a message ID, ms of the clock. */
  private _guessed: number;
  /** Places given away at both ends of the queue. */
  private _front: number;
  private _back: number;
  _clock: Clock;
  _timer: TimerHandle;
  /** ms for the command, and seconds until a verdict is overdue. */
  private _timeout: number;
  private _seconds: number;
  /** Seconds in which the modem has to report on a packet that it has: a verdict or a retransmission. */
  private _notice: number;

  /**
   * @param wait - ms until the verdict behind it
   * @param notice - ms until the verdict or the report of a retransmission
   */
  constructor(owner: OutboxOwner, host: OutboxHost, wait: number, notice: number) {
    this._owner = owner;
    this._host = host;
    this._clock = host.clock;
    this._wait = [];
    this._flight = [];
    this._hand = this._timer = this._closed = this.durable = undefined;
    this._open = this._full = false;
    this._front = this._back = 0;
    this._guessed = -Infinity;
    // A modem that takes time for a PUBLISH takes it for the others as well.
    this._timeout = waitOf("QMTPUB");
    this._seconds = Math.ceil(wait / 1000) + 1;
    this._notice = Math.ceil(notice / 1000) + 1;
  }

  /** Packets that wait to be sent: publishes, or the others. */
  waiting(publishes: boolean): number {
    let count = 0;
    for (let i = 0; i < this._wait.length; i++) if ((this._wait[i]!.name === "QMTPUB") === publishes) count++;
    return count;
  }

  /** Whether nothing is in flight or being handed over. */
  get idle(): boolean {
    return !this._flight.length && !this._hand;
  }

  /** Whether a SUBSCRIBE for this filter waits. */
  holds(filter: string): boolean {
    return this._wait.some((packet) => packet.name === "QMTSUB" && packet.filters.some((one) => one.topic === filter));
  }

  /** The filters that are being unsubscribed from. */
  leaving(): Filter[] {
    return this._flight
      .concat(this._wait)
      .reduce((all: Filter[], packet) => (packet.name === "QMTUNS" ? all.concat(packet.filters) : all), []);
  }

  /** A message ID that no packet uses, 1..65535, drawn at random: nobody who sends us messages can know it. */
  nextId(): number {
    let id = Math.floor(this._host.random() * 65536) || 1;
    while (this._uses(this._flight, id) || this._uses(this._wait, id)) id = (id % 65535) + 1;
    return id;
  }

  /** Whether a packet of this kind with this message ID, which nobody else has seen, waits for its verdict. */
  expects(name: string, msgid: number): boolean {
    return msgid > 0 && this._flight.some((packet) => packet.name === name && packet.msgid === msgid);
  }

  /** The command that hands a packet over. */
  command(packet: Packet): string {
    return commandOf(this._owner.connectionId, packet);
  }

  add(packet: Packet, first?: boolean): void {
    packet.order = first ? --this._front : ++this._back;
    this._insert(packet);
    this._pump();
  }

  /** The publish that has waited longest. @param plain - of those with QoS 0 */
  oldest(plain: boolean): Packet | undefined {
    for (let i = 0; i < this._wait.length; i++) {
      const packet = this._wait[i]!;
      if (packet.name === "QMTPUB" && !(plain && packet.msgid)) return packet;
    }
    return undefined;
  }

  /** Takes a packet that waits out of the queue. */
  withdraw(packet: Packet): void {
    this._wait.splice(this._wait.indexOf(packet), 1);
    packet.again = false;
  }

  /** Ends a packet that is not sent any more. */
  fail(packet: Packet, error: M95Error): void {
    packet.done(packet.sent ? this._unknown(packet) : error, []);
  }

  /** Bytes were lost, a verdict may have been among them: one that may be part of a message does not count any more. */
  verdictsLost(): void {
    for (let i = 0; i < this._flight.length; i++) this._discredit(this._flight[i]!);
  }

  /** The link is there: sending begins. */
  linkThere(): void {
    this._open = true;
    this._full = false;
    this._pump();
  }

  /** The link is gone: what was sent without a verdict is unknown, or waits again if it may be sent twice. */
  linkGone(): void {
    const flight = this._flight;
    this._open = this._full = false;
    this._flight = [];
    callOff(this);
    for (let i = 0; i < flight.length; i++) {
      const packet = flight[i]!;
      if (packet === this._hand) packet.lost = true;
      else if (packet.again) this._requeue(packet);
    }
    for (let i = 0; i < flight.length; i++) {
      const packet = flight[i]!;
      if (!packet.lost && !packet.again) packet.done(this._unknown(packet), []);
    }
  }

  /** Fails what waits. @param forGood - and whatever would have to wait from now on */
  refuse(error: M95Error, forGood: boolean): void {
    const wait = this._wait.splice(0, this._wait.length);
    if (forGood) this._closed = error;
    for (let i = 0; i < wait.length; i++) this.fail(wait[i]!, error);
  }

  /**
   * A `+QMTPUB`, `+QMTSUB` or `+QMTUNS`: `<id>,<msgID>,<result>[,<value>…]`. True if it proves that the broker is there.
   *
   * Message IDs are drawn at random and seen by nobody but the modem: one of them proves the line, wherever it stands. A wrong one
   * where a payload may be is a guess; behind it an ID alone proves nothing for a minute, and what it says is unproven. Were that
   * forged, the modem would still have the packet, and would have to report on it within a packet time-out: a clean verdict beats
   * the unproven one, a retransmission refutes it. If there is neither, with the link there and no byte lost, that was the verdict.
   * Until then the packet takes no room in the window, or messages that stand before verdicts would slow everything down; a modem
   * whose window is full says so by itself. QoS 0 has no ID, and the modem reports on it once: its success is proven as long as
   * nobody guesses, its failure never.
   */
  result(name: string, fields: string[], line: string, mayBePayload: boolean): boolean {
    const msgid = number(fields[1]);
    const result = number(fields[2]);
    const flight = this._flight;
    let found: Packet | undefined;
    for (let i = 0; i < flight.length && !found; i++)
      if (flight[i]!.name === name && flight[i]!.msgid === msgid) found = flight[i];
    // A line that lost its end is no verdict.
    if (!(result >= ACKNOWLEDGED)) return false;
    if (mayBePayload) {
      const now = this._clock.now();
      if (!found) this._guessed = now;
      else if (now - this._guessed < SUSPICION) {
        if (msgid) this._unproven(found, fields, line);
        return false;
      } else if (!msgid && result !== ACKNOWLEDGED) return false;
    }
    if (!found) return false;
    if (result === RETRANSMITTED) {
      this._host.counters[RETRANSMISSIONS]!++;
      // Whatever was said of it before was not so.
      found.unprovenVerdict = undefined;
      found.discredited = false;
      if (found.left) found.left = this._seconds;
    } else {
      this._full = false;
      flight.splice(flight.indexOf(found), 1);
      this._conclude(found, fields, line);
      this._advance();
    }
    return result === ACKNOWLEDGED;
  }

  // What is said of a packet where a payload may be, while somebody guesses message IDs.
  private _unproven(packet: Packet, fields: string[], line: string): void {
    if (+fields[2]! === RETRANSMITTED || (packet.unprovenVerdict && packet.unprovenLine !== line))
      this._discredit(packet);
    else if (!packet.unprovenVerdict) {
      packet.unprovenVerdict = fields;
      packet.unprovenLine = line;
      if (packet.left && !packet.discredited) packet.left = this._notice;
    }
    this._advance();
  }

  /** The unproven verdict does not count any more; a clean one may still come. */
  private _discredit(packet: Packet): void {
    // Once, or a message a second would keep it waiting for ever.
    if (!packet.discredited && packet.unprovenVerdict && packet.left) packet.left = this._seconds;
    packet.discredited = true;
  }

  private _conclude(packet: Packet, fields: string[], line: string): void {
    const result = +fields[2]!;
    let error: M95Error | null = null;
    if (result !== ACKNOWLEDGED) {
      error = new M95Error("ETIMEOUT", line + " (" + this._host.explain("packet", result) + ")", this.command(packet));
      error.result = result;
      error.messageId = packet.msgid;
      error.raw = line;
    }
    packet.done(error, fields.slice(3));
  }

  private _uses(packets: Packet[], msgid: number): boolean {
    for (let i = 0; i < packets.length; i++) if (packets[i]!.msgid === msgid) return true;
    return false;
  }

  private _pump(): void {
    const flight = this._flight;
    if (!this._open || this._hand || this._full || flight.length >= HELD || !this._wait.length) return;
    let room = WINDOW;
    for (let i = 0; i < flight.length; i++) if (!flight[i]!.unprovenVerdict) room--;
    if (room <= 0) return;
    const packet = this._wait.shift()!;
    this._hand = packet;
    flight.push(packet);
    packet.left = 0;
    packet.unprovenVerdict = undefined;
    packet.lost = packet.discredited = false;
    if (packet.handoverKey) this.durable!.noteHandover(packet.handoverKey);
    packet.handoverKey = 0;
    this._owner.sending(packet);
    const data = packet.payload;
    const one: Request = {
      text: this.command(packet),
      timeout: this._timeout,
      prompt: data === undefined ? undefined : ">",
      data,
      done: (error, _lines, sent) => this._handed(packet, error, sent),
    };
    if (data && this._host.inbox.offers === IN_PUBLISH && (data.indexOf("\r") < 0 || forbidden(data) < data.length)) {
      // The modem counts the bytes, so any may be among them, and there is no end mark. Nothing leads out of such a prompt but its
      // data, which must not hold a line end then, since it may be none.
      one.counted = true;
      one.text += "," + data.length;
    } else if (data !== undefined) {
      const at = forbidden(data);
      if (at < data.length) {
        // Accepted when the firmware took lengths, which it does not any more.
        this._clock.after(0, () => this._handed(packet, wrongBytes(at), false));
        return;
      }
      one.data = data + END;
    }
    this._host.session.send(one);
  }

  private _handed(packet: Packet, error: M95Error | null, sent: boolean): void {
    this._hand = undefined;
    const at = this._flight.indexOf(packet);
    const refusal = !!error && error.code === "ECME";
    packet.sent = packet.sent || (sent && !refusal);
    if (packet.lost) {
      packet.lost = false;
      if (packet.again || !packet.sent) this._requeue(packet);
      else packet.done(this._unknown(packet), []);
    } else if (at >= 0) {
      const unproven = !!error && error.code === "EUNKNOWN";
      // With its data in the modem, a verdict may come although the OK did not.
      if (!error || (sent && (unproven || error.code === "ETIMEOUT"))) {
        packet.left = !packet.unprovenVerdict || packet.discredited ? this._seconds : this._notice;
        if (packet.payload !== undefined) packet.tries = 0;
        this._startTimer();
      } else {
        this._flight.splice(at, 1);
        // A link that is gone: +QMTSTAT is on its way, and the packet waits for the next link. ERROR without a number is the
        // word of a modem that has started anew and knows of nothing.
        const gone = error.cme === LINK_ERROR || (refusal && error.cme === undefined);
        const full = error.cme === WINDOW_FULL;
        if (gone) this._owner.link.check();
        // A prompt that may have been part of a message says nothing of the modem.
        if (full || unproven || ((gone || error.code === "ETIMEOUT") && ++packet.tries < TRIES)) {
          if (!full) this._host.stepBegins(error, RETRY, packet.tries, 0);
          this._full = full || gone;
          if (this._full) this._startTimer();
          this._requeue(packet);
        } else {
          if (packet.msgid) error.messageId = packet.msgid;
          packet.again = false;
          this.fail(packet, error);
        }
      }
    }
    this._advance();
  }

  private _requeue(packet: Packet): void {
    packet.left = 0;
    if (this._closed) this.fail(packet, this._closed);
    else this._insert(packet);
  }

  private _insert(packet: Packet): void {
    let at = this._wait.length;
    while (at && this._wait[at - 1]!.order > packet.order) at--;
    this._wait.splice(at, 0, packet);
  }

  private _advance(): void {
    if (this.idle) {
      callOff(this);
      if (this._full) this._startTimer();
      this._owner.drained();
    }
    this._pump();
  }

  private _tick(): void {
    this._full = false;
    const overdue = this._flight.filter((packet) => packet.left > 0 && --packet.left === 0);
    this._flight = this._flight.filter((packet) => overdue.indexOf(packet) < 0);
    if (this._flight.length) this._startTimer();
    for (let i = 0; i < overdue.length; i++) {
      const packet = overdue[i]!;
      if (packet.unprovenVerdict && !packet.discredited)
        this._conclude(packet, packet.unprovenVerdict, packet.unprovenLine);
      // A SUBSCRIBE does no harm twice, and a subscription that is missing shows nowhere.
      else if (packet.payload === undefined && ++packet.tries < TRIES) this._requeue(packet);
      else {
        packet.again = false;
        packet.done(this._unknown(packet), []);
      }
    }
    this._advance();
  }

  private _unknown(packet: Packet): M95Error {
    const error = new M95Error(
      "EUNKNOWN",
      packet.name + " " + packet.msgid + " was sent, no verdict came",
      this.command(packet),
    );
    error.messageId = packet.msgid;
    return error;
  }

  private _startTimer(): void {
    if (this._timer === undefined) later(this, 1000, () => this._tick());
  }
}

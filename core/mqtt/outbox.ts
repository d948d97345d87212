// The outbox of one client: packets that wait, packets in flight (window of 5), message IDs and overdue verdicts. It
// sends packets; what they mean, and when the link is there, the client knows.
import type { Request } from "../at/session.js";
import { M95Error } from "../errors.js";
import type { Clock, TimerHandle } from "../ports.js";

/** Packets the modem takes before it wants a verdict for one (application note 3.2.8, note 1). */
export const WINDOW = 5;

/** `+CME ERROR` of a modem whose window is full (3.2.8, note 1). */
const WINDOW_FULL = 8512;

/** `+CME ERROR` of a modem that has no connection for the client (6.2). */
const LINK_ERROR = 8503;

/** A packet that the modem does not take is offered this often. */
const TRIES = 3;

/** `<result>` of +QMTPUB, +QMTSUB and +QMTUNS (3.2.6 to 3.2.8). */
const ACKNOWLEDGED = 0;
const RETRANSMITTED = 1;

/** A PUBLISH, SUBSCRIBE or UNSUBSCRIBE on its way. */
export interface Packet {
  name: "QMTPUB" | "QMTSUB" | "QMTUNS";
  text: string;
  /** Payload and end mark, of a PUBLISH. */
  data: string | undefined;
  /** Message ID; 0 for QoS 0. */
  msgid: number;
  topics: string[];
  /** Sent again when the link is lost before its verdict. */
  again: boolean;
  /** Seconds until its verdict is overdue; 0: it is not in the modem's hands yet. */
  left: number;
  tries: number;
  /** It was sent at least once, so what became of it is unknown. */
  sent: boolean;
  /** The link went while it was being handed over. */
  lost: boolean;
  /** Called once. @param values - the granted QoS vector of a SUBSCRIBE */
  done(error: M95Error | null, values: string[]): void;
}

/** A packet that was not sent yet. */
export function packet(
  name: Packet["name"],
  text: string,
  data: string | undefined,
  msgid: number,
  topics: string[],
  again: boolean,
  done: Packet["done"],
): Packet {
  return { name, text, data, msgid, topics, again, left: 0, tries: 0, sent: false, lost: false, done };
}

export interface OutboxHost {
  clock: Clock;
  send(request: Request): void;
  explain(family: string, code: number): string;
  /** A packet was not taken and is offered again. */
  retried(error: M95Error, attempt: number): void;
  /** A packet is about to be sent. */
  sending(packet: Packet): void;
  /** The modem sent a packet once more. */
  retransmitted(): void;
  /** The modem refused a packet in a way that says, or may say, that the link is gone. */
  doubt(): void;
  /** Nothing is in flight any more. */
  drained(): void;
}

export class Outbox {
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
  private _last: number;
  private _timer: TimerHandle;
  /** ms for the command, and seconds until a verdict is overdue. */
  private _timeout: number;
  private _seconds: number;
  private _onTick: () => void;

  /**
   * @param timeout - ms until the final result of a command
   * @param wait - ms until the verdict behind it
   */
  constructor(host: OutboxHost, timeout: number, wait: number) {
    this._host = host;
    this._wait = [];
    this._flight = [];
    this._hand = this._timer = this._closed = undefined;
    this._open = this._full = false;
    this._last = 0;
    this._timeout = timeout;
    this._seconds = Math.ceil(wait / 1000) + 1;
    this._onTick = () => this._tick();
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
    return this._wait.some((packet) => packet.name === "QMTSUB" && packet.topics.indexOf(filter) >= 0);
  }

  /** A message ID that no packet uses, 1..65535. */
  nextId(): number {
    do this._last = (this._last % 65535) + 1;
    while (this._uses(this._flight, this._last) || this._uses(this._wait, this._last));
    return this._last;
  }

  add(packet: Packet, first?: boolean): void {
    if (first) this._wait.unshift(packet);
    else this._wait.push(packet);
    this._pump();
  }

  /** The link is there: sending begins. */
  open(): void {
    this._open = true;
    this._full = false;
    this._pump();
  }

  /** The link is gone: what was sent without a verdict is unknown, or waits again if it may be sent twice. */
  lost(): void {
    const flight = this._flight;
    this._open = this._full = false;
    this._flight = [];
    this._stopTimer();
    for (let i = flight.length - 1; i >= 0; i--) {
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
    for (let i = 0; i < wait.length; i++) this._refuse(wait[i]!, error);
  }

  /** A `+QMTPUB`, `+QMTSUB` or `+QMTUNS`: `<id>,<msgID>,<result>[,<value>…]`. False if no packet waited for it. */
  result(name: string, fields: string[], line: string): boolean {
    const msgid = +fields[1]!;
    const result = +fields[2]!;
    const flight = this._flight;
    for (let i = 0; i < flight.length; i++) {
      const packet = flight[i]!;
      if (packet.name !== name || packet.msgid !== msgid) continue;
      if (result === RETRANSMITTED) {
        this._host.retransmitted();
        if (packet.left) packet.left = this._seconds;
        return true;
      }
      flight.splice(i, 1);
      this._full = false;
      let error: M95Error | null = null;
      if (result !== ACKNOWLEDGED) {
        error = new M95Error("ETIMEOUT", line + " (" + this._host.explain("packet", result) + ")", packet.text);
        error.result = result;
        error.messageId = msgid;
        error.raw = line;
      }
      packet.done(error, fields.slice(3));
      this._settled();
      return true;
    }
    return false;
  }

  private _uses(packets: Packet[], msgid: number): boolean {
    for (let i = 0; i < packets.length; i++) if (packets[i]!.msgid === msgid) return true;
    return false;
  }

  private _pump(): void {
    if (!this._open || this._hand || this._full || this._flight.length >= WINDOW || !this._wait.length) return;
    const packet = this._wait.shift()!;
    this._hand = packet;
    this._flight.push(packet);
    packet.left = 0;
    packet.lost = false;
    this._host.sending(packet);
    this._host.send({
      text: packet.text,
      timeout: this._timeout,
      prompt: packet.data === undefined ? undefined : ">",
      data: packet.data,
      done: (error, _lines, sent) => this._handed(packet, error, sent),
    });
  }

  private _handed(packet: Packet, error: M95Error | null, sent: boolean): void {
    this._hand = undefined;
    const at = this._flight.indexOf(packet);
    const refusal = error && error.code === "ECME";
    packet.sent = packet.sent || (sent && !refusal);
    if (packet.lost) {
      packet.lost = false;
      if (packet.again || !packet.sent) this._requeue(packet);
      else packet.done(this._unknown(packet), []);
    } else if (at >= 0) {
      // With its data in the modem, a verdict may come although the OK did not.
      if (!error || (sent && error.code === "ETIMEOUT")) {
        packet.left = this._seconds;
        this._startTimer();
      } else {
        this._flight.splice(at, 1);
        // A link that is gone: +QMTSTAT is on its way, and the packet waits for the next link.
        const gone = error.cme === LINK_ERROR;
        const full = error.cme === WINDOW_FULL;
        if (gone || (refusal && error.cme === undefined)) this._host.doubt();
        if (full || ((gone || error.code === "ETIMEOUT") && ++packet.tries < TRIES)) {
          if (!full) this._host.retried(error, packet.tries);
          this._full = full || gone;
          if (this._full) this._startTimer();
          this._requeue(packet);
        } else {
          if (packet.msgid) error.messageId = packet.msgid;
          packet.done(error, []);
        }
      }
    }
    this._settled();
  }

  private _requeue(packet: Packet): void {
    packet.left = 0;
    if (this._closed) this._refuse(packet, this._closed);
    else this._wait.unshift(packet);
  }

  private _refuse(packet: Packet, error: M95Error): void {
    packet.done(packet.sent ? this._unknown(packet) : error, []);
  }

  private _settled(): void {
    if (this.idle) {
      this._stopTimer();
      if (this._full) this._startTimer();
      this._host.drained();
    }
    this._pump();
  }

  private _tick(): void {
    this._timer = undefined;
    this._full = false;
    const overdue = this._flight.filter((packet) => packet.left > 0 && --packet.left === 0);
    this._flight = this._flight.filter((packet) => overdue.indexOf(packet) < 0);
    if (this._flight.length) this._startTimer();
    for (let i = 0; i < overdue.length; i++) {
      const packet = overdue[i]!;
      // A SUBSCRIBE does no harm twice, and a subscription that is missing shows nowhere.
      if (packet.data === undefined && ++packet.tries < TRIES) this._requeue(packet);
      else packet.done(this._unknown(packet), []);
    }
    this._settled();
  }

  private _unknown(packet: Packet): M95Error {
    const error = new M95Error(
      "EUNKNOWN",
      packet.name + " " + packet.msgid + " was sent, no verdict came",
      packet.text,
    );
    error.messageId = packet.msgid;
    return error;
  }

  private _startTimer(): void {
    if (this._timer === undefined) this._timer = this._host.clock.after(1000, this._onTick);
  }

  private _stopTimer(): void {
    if (this._timer !== undefined) this._host.clock.cancel(this._timer);
    this._timer = undefined;
  }
}

// The outbox of one client: packets that wait, packets in flight (window of 5), message IDs and overdue verdicts. It
// sends packets; what they mean, and when the link is there, the client knows.
// @resident isBusy result _decide _settle _pump _handed _advance
import { number, split } from "../at/params.js";
import type { Request } from "../at/types.js";
import { PUBLISHED, RETRANSMISSIONS } from "../counters.js";
import { M95Error } from "../errors.js";
import { nameOf, PUBLISHING, SLACK } from "../m95/commands.js";
import { RETRY } from "../m95/recovery.js";
import type { Clock, TimerHandle } from "../ports.js";
import { callOff } from "../timer.js";
import type { Durable } from "./durable.js";
import { IN_PUBLISH } from "./inbox.js";
import { byLength, forbidden, type Profile, wrongBytes } from "./options.js";
import { ACKNOWLEDGED, type Filter, givenUp, type Packet, RETRANSMITTED, unknownFate } from "./packet.js";
import type { OutboxHost, OutboxOwner } from "./types.js";

/** Packets the modem takes before it wants a verdict for one (application note 3.2.8, note 1). */
export const WINDOW = 5;

/** Packets that have no verdict, or one that may be part of a message. */
const HELD = 16;

/** `+CME ERROR` of a modem whose window is full (3.2.8, note 1). */
const WINDOW_FULL = 8512;

/** `+CME ERROR` about the packet itself, first and last: another one may go through (6.2). */
const ILLEGAL = 8504;
const TOO_LARGE = 8508;

/** Packets in a row that may fail. */
const FAILURES = 3;
/** Added for each of those that the broker answers: a QoS 0 publish that went out says nothing of it. */
const ANSWERED = 16;

/** `+CME ERROR` of a modem that has no connection for the client (6.2). */
const LINK_ERROR = 8503;

/** A packet that the modem does not take is offered this often. */
const TRIES = 3;

/** And so often one whose prompt may be part of a message. */
const OFFERS = 50;

/** ms for which a wrong message ID where a payload may be takes the proof from the right ones. */
const SUSPICION = 60000;

/** Seconds more for what was sent while messages come, whose bytes may hold its verdict up. */
const EXTRA = 8;

/** Ends the data behind the prompt of a modem that does not count it (3.2.8). */
const END = "\x1a";

/** Seconds until what takes so many ms is overdue. */
function secondsOf(ms: number): number {
  return Math.ceil((ms + SLACK) / 1000) + 1 + EXTRA;
}

/** What a call ends with that comes too late. */
export function ended(): M95Error {
  return new M95Error("ECLOSED", "the client was ended");
}

export class Outbox {
  protected _owner: OutboxOwner;
  protected _host: OutboxHost;
  protected _profile: Profile;
  protected _durable: Durable | undefined;
  protected _wait: Packet[];
  protected _flight: Packet[];
  /** What is subscribed to. */
  protected _topics: Filter[];
  /** The packet whose command runs. */
  private _hand: Packet | undefined;
  /** That command. */
  private _offer: Request | undefined;
  /** 1: the link is there. */
  private _open: number;
  /** 1: the modem takes nothing now; nothing is sent until a verdict or a second has passed. */
  private _full: number;
  /** Packets that failed since one worked, and ANSWERED times those of QoS 1 and 2; when the first of them did, ms of the clock. */
  trouble: number;
  private _failedAt?: number;
  /** Why nothing is taken any more. */
  protected _closed: M95Error | undefined;
  /** When somebody last guessed a message ID, ms of the clock. */
  private _guessed: number;
  /** Places given away at both ends of the queue. */
  private _front: number;
  protected _back: number;
  _clock: Clock;
  _timer: TimerHandle;
  /** Seconds until a verdict is overdue. */
  private _seconds: number;

  constructor(owner: OutboxOwner, host: OutboxHost, profile: Profile) {
    this._owner = owner;
    this._host = host;
    this._profile = profile;
    this._clock = host.clock;
    this._wait = [];
    this._flight = [];
    this._topics = [];
    this._hand = this._offer = this._timer = this._closed = this._durable = undefined;
    this._open = this._full = this.trouble = this._front = this._back = 0;
    this._guessed = -SUSPICION;
    this._seconds = secondsOf(profile.packets);
  }

  /** Packets that wait to be sent: publishes, or the others. */
  waiting(publishes: boolean): number {
    return this._wait.filter((packet) => (packet.data !== undefined) === publishes).length;
  }

  /** Whether anything waits, is in flight or being handed over. */
  isBusy(): boolean {
    return !!(this._flight.length || this._wait.length || this._hand);
  }

  /** A message ID that no packet uses, 1..65535, drawn at random: nobody who sends us messages can know it. */
  nextId(): number {
    const ids = this._flight.concat(this._wait).map((packet) => packet.msgid);
    let id = Math.floor(this._host.random() * 65536) || 1;
    while (ids.indexOf(id) >= 0) id = (id % 65535) + 1;
    return id;
  }

  /**
   * Whether a packet of this kind with this message ID, which nobody else has seen, waits for its verdict, and nobody guesses.
   * @param guessed - or somebody does
   */
  expects(name: string, msgid: number, guessed?: boolean): boolean {
    return (
      (guessed || Math.abs(this._clock.now() - this._guessed) >= SUSPICION) &&
      msgid > 0 &&
      this._flight.some((packet) => nameOf(packet.text) === name && packet.msgid === msgid)
    );
  }

  /** Queues a packet that was made elsewhere. */
  add(packet: Packet, first?: boolean): void {
    packet.order = first ? --this._front : ++this._back;
    this._requeue(packet);
    this._advance();
  }

  /** Ends a packet that is not sent any more. @param error - of one that never was */
  protected _fail(packet: Packet, error?: M95Error): void {
    this._settle(packet, packet.sent ? unknownFate(packet) : error!);
  }

  /** Bytes were lost, a verdict may have been among them: one that may be part of a message does not count any more. */
  verdictsLost(): void {
    this._flight.forEach(this._discredit, this);
  }

  /** The link is there: sending begins. */
  linkThere(): void {
    this._open = 1;
    this._full = this.trouble = 0;
    if (this._wait.length) this._advance();
  }

  /** The link is gone: what was sent without a verdict is unknown, or waits again if it may be sent twice. */
  linkGone(): void {
    const flight = this._flight;
    this._open = this._full = this.trouble = 0;
    this._flight = [];
    callOff(this);
    flight.forEach((packet) => {
      if (packet === this._hand) packet.lost = 1;
      else if (packet.again) this._requeue(packet);
      else this._fail(packet);
    });
  }

  /** Fails what waits, and whatever would have to wait from now on: the client was ended. */
  refuse(): void {
    const error = ended();
    const wait = this._wait.splice(0, this._wait.length);
    this._closed = error;
    wait.forEach((packet) => {
      this._fail(packet, error);
    });
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
    let at = 0;
    while (at < flight.length && !(flight[at]!.msgid === msgid && flight[at]!.text.startsWith("AT+" + name))) at++;
    let found: Packet | undefined = flight[at];
    // A line that lost its end is no verdict.
    if (!(result >= ACKNOWLEDGED)) return false;
    // Nor is one of a packet that has never gone to the modem.
    if (found && found === this._hand && !found.sent && !this._offer!.sent) found = undefined;
    if (mayBePayload) {
      const now = this._clock.now();
      if (!found) this._guessed = now;
      else if (Math.abs(now - this._guessed) < SUSPICION) {
        if (msgid) this._unsettled(found, result, line);
        return false;
      } else if (!msgid && result !== ACKNOWLEDGED) return false;
    }
    if (!found) return false;
    if (result === RETRANSMITTED) {
      // It was sent once more, and whatever was said of it before was not so.
      this._host.counters[RETRANSMISSIONS]!++;
      found.unproven = undefined;
      found.discredited = 0;
      if (found.left) found.left = this._seconds;
      this._advance();
      return false;
    }
    this._full = 0;
    flight.splice(at, 1);
    // QoS 0 has no ID, and no word of the broker either: it ends no trouble but its own.
    if (result !== ACKNOWLEDGED) this._failing(msgid);
    else if (msgid || this.trouble < ANSWERED) this.trouble = 0;
    this._decide(found, fields, line);
    this._advance();
    return result === ACKNOWLEDGED;
  }

  // What stands where a payload may be, while somebody guesses message IDs.
  private _unsettled(packet: Packet, result: number, line: string): void {
    if (packet.unproven) {
      if (packet.unproven !== line) this._discredit(packet);
      // In front of a verdict a retransmission is nothing unusual.
    } else if (result !== RETRANSMITTED) {
      packet.unproven = line;
      if (packet.left && !packet.discredited) packet.left = secondsOf(this._profile.notice);
    }
    this._advance();
  }

  /** The unproven verdict does not count any more; a clean one may still come. */
  private _discredit(packet: Packet): void {
    // Once, or a message a second would keep it waiting for ever.
    if (!packet.discredited && packet.unproven && packet.left) packet.left = this._seconds;
    packet.discredited = 1;
  }

  /** Tells what the modem has said of a packet. */
  private _decide(packet: Packet, fields: string[], line: string): void {
    const result = +fields[2]!;
    this._settle(packet, result ? this._lost(packet, result, line) : null, fields.slice(3));
  }

  private _lost(packet: Packet, result: number, line: string): M95Error {
    // What was sent before may have arrived, whatever became of this time.
    return packet.data !== undefined && packet.sent! > (packet === this._hand ? 0 : 1)
      ? unknownFate(packet)
      : givenUp(packet, result, line, this._host.explain("packet", result));
  }

  // Tells what became of a packet.
  private _settle(packet: Packet, error: M95Error | null, values?: string[]): void {
    if (packet.data === undefined) packet.done!(error, values || []);
    else {
      if (packet.key) this._durable!.forgetPacket(packet, error);
      if (!error) this._host.counters[PUBLISHED]!++;
      this._owner._answer(error, packet.done);
    }
  }

  private _pump(): void {
    const flight = this._flight;
    if (!this._open || this._hand || this._full || flight.length >= HELD || !this._wait.length) return;
    if (flight.filter((one) => !one.unproven).length >= WINDOW) return;
    const packet = this._wait[0]!;
    const data = packet.data;
    // Behind an UNSUBSCRIBE, the SUBSCRIBE before it must not be sent once more, nor the other way round.
    if (data === undefined && flight.some((one) => one.data === undefined && one.text[6] !== packet.text[6])) return;
    this._wait.shift();
    this._hand = packet;
    flight.push(packet);
    if (packet.handoverKey) {
      this._durable!.noteHandover(packet.handoverKey);
      packet.handoverKey = 0;
    }
    this._owner.sending(packet);
    // A modem that takes time for a PUBLISH takes it for the others as well.
    const one: Request = { text: packet.text, timeout: PUBLISHING + SLACK, done: this._handed.bind(this) };
    this._offer = one;
    if (data !== undefined) {
      one.prompt = ">";
      one.data = data + END;
      const counted = this._host.inbox.offers === IN_PUBLISH;
      if ((counted || forbidden(data) >= 0) && !byLength(one, data, counted)) {
        this._refusePayload(one, data);
        return;
      }
    }
    this._host.session.send(one);
  }

  private _refusePayload(one: Request, data: string): void {
    this._clock.after(0, () => one.done(wrongBytes(data), [], false));
  }

  private _handed(error: M95Error | null, _lines: string[], sent: boolean): void {
    const packet = this._hand!;
    const code = error ? error.code : "";
    this._hand = this._offer = undefined;
    if (sent && code !== "ECME") packet.sent = (packet.sent || 0) + 1;
    // With its data in the modem, a verdict may come although the OK did not.
    if (packet.lost || (error && !(sent && (code === "EUNKNOWN" || code === "ETIMEOUT"))))
      this._rejected(packet, error);
    else {
      packet.left = packet.unproven && !packet.discredited ? secondsOf(this._profile.notice) : this._seconds;
      if (packet.data !== undefined && packet.tries) packet.tries = 0;
    }
    this._advance();
  }

  // A packet was handed over in vain, or its link went meanwhile.
  private _rejected(packet: Packet, error: M95Error | null): void {
    if (packet.lost) {
      packet.lost = 0;
      if (packet.again || !packet.sent) this._requeue(packet);
      else this._fail(packet);
      return;
    }
    const at = this._flight.indexOf(packet);
    // Its verdict came first.
    if (!error || at < 0) return;
    this._flight.splice(at, 1);
    // A link that is gone: +QMTSTAT is on its way, and the packet waits for the next link. ERROR without a number is the
    // word of a modem that has started anew and knows of nothing.
    const code = error.code;
    const cme = error.cme;
    const gone = cme === LINK_ERROR || (code === "ECME" && cme === undefined);
    const full = cme === WINDOW_FULL;
    const tries = gone || code === "ETIMEOUT" ? (packet.tries || 0) + 1 : TRIES;
    // A window that is full with less than it holds is a failure; what is wrong with the packet itself is none.
    if (
      full
        ? this._flight.length < WINDOW
        : tries >= TRIES && code !== "EUNKNOWN" && !(cme! >= ILLEGAL && cme! <= TOO_LARGE)
    )
      this._failing(packet.msgid);
    if (gone) this._owner.link.check();
    if (tries < TRIES) packet.tries = tries;
    // A prompt that may have been part of a message says nothing of the modem.
    const unclear = code === "EUNKNOWN" && (packet.offers = (packet.offers || 0) + 1) < OFFERS;
    if (full || unclear || tries < TRIES) {
      if (!full) this._host.stepBegins(error, RETRY, packet.tries || 0, 0);
      if (full || gone) this._full = 1;
      if (packet.data !== undefined && packet.msgid && code !== "ECME" && this._host.inbox.offers === IN_PUBLISH) {
        // The modem may have been at a prompt that counts its bytes, and report on what filled that under the ID it was given.
        const parts = packet.text.split(",");
        packet.msgid = this.nextId();
        parts[1] = "" + packet.msgid;
        packet.text = parts.join();
      }
      this._requeue(packet);
    } else {
      if (packet.msgid) error.messageId = packet.msgid;
      packet.again = 0;
      this._fail(packet, error);
    }
  }

  private _requeue(packet: Packet): void {
    packet.left = packet.discredited = 0;
    packet.unproven = undefined;
    if (this._closed) {
      this._fail(packet, this._closed);
      return;
    }
    let at = this._wait.length;
    while (at && this._wait[at - 1]!.order! > packet.order!) at--;
    this._wait.splice(at, 0, packet);
  }

  protected _advance(): void {
    if (this.trouble % ANSWERED >= FAILURES) this._owner.link.stall();
    // Once a second as long as there is something to wait for.
    if (!this._flight.length && !this._full) callOff(this);
    else if (this._timer === undefined && (this._full || this._flight.length > (this._hand ? 1 : 0)))
      this._timer = this._clock.after(1000, this._tick.bind(this));
    if (!this.isBusy()) this._owner.drained();
    this._pump();
  }

  // A packet has failed that should not have. That is too many, too, when none has worked for as long as the modem tries to deliver one.
  private _failing(msgid: number): void {
    const now = this._clock.now();
    if (!this.trouble) this._failedAt = now;
    this.trouble += msgid ? ANSWERED + 1 : 1;
    if (Math.abs(now - this._failedAt!) >= this._profile.packets) this.trouble |= FAILURES;
  }

  private _tick(): void {
    this._timer = undefined;
    this._full = 0;
    const busy = this._clock.now() - this._host.session.framer.stamp < 1000;
    // A claim is none that somebody else can make, unless he has guessed its ID: it needs no more time.
    const overdue: Packet[] = [];
    this._flight = this._flight.filter((packet) => {
      const waits = !packet.left || --packet.left > (busy && !packet.unproven ? 0 : EXTRA);
      if (!waits) overdue.push(packet);
      return waits;
    });
    overdue.forEach((packet) => {
      const line = packet.unproven;
      if (line && !packet.discredited) this._decide(packet, split(line), line);
      // A SUBSCRIBE does no harm twice, and a subscription that is missing shows nowhere.
      else if (packet.data === undefined && (packet.tries = (packet.tries || 0) + 1) < TRIES) this._requeue(packet);
      else {
        // A message may have swallowed its verdict. A clock that was set back has none to tell of for sure.
        if (Math.abs(this._clock.now() - this._host.seen) > (this._seconds - EXTRA) * 1000 + SLACK)
          this._failing(packet.msgid);
        packet.again = 0;
        this._fail(packet);
      }
    });
    this._advance();
  }
}

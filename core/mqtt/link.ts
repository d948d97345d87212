// One connection of one tcpconnectID, from AT+QMTCFG to AT+QMTCLOSE. It tries once; trying again is the client's.
import { placeOf } from "../at/lines.js";
import { number, split } from "../at/params.js";
import type { Request } from "../at/types.js";
import { M95Error } from "../errors.js";
import { nameOf, OPENING as OPEN_WAIT, QUICK, SLACK } from "../m95/commands.js";
import { RETRY } from "../m95/recovery.js";
import type { Clock, TimerHandle } from "../ports.js";
import { callOff, later } from "../timer.js";
import { IN_PUBLISH, IN_RECEIVED, NO_LENGTHS, NOT_ASKED } from "./inbox.js";
import type { Profile } from "./options.js";
import { ACKNOWLEDGED, RETRANSMITTED } from "./packet.js";
import type { ClientHost, LinkState } from "./types.js";

/** Who is told about a link. */
export interface LinkOwner {
  /** Connected. */
  linkUp(): void;
  /** It is gone; without an error it was hung up. @param failed - the attempt did */
  linkOver(error?: M95Error, failed?: boolean): void;
}

// How far a link is.
export const CLOSED = 0;
/** Commands go before AT+QMTOPEN: a +QMTSTAT is about the connection before. */
const CONFIGURING = 1;
const OPENING = 2;
export const CONNECTING = 3;
export const CONNECTED = 4;
/** DISCONNECT was sent, and its result or the end of the link is waited for. */
export const LEAVING = 5;
const CLOSING = 6;

/** The same by name. In a function, because on Espruino its text then stays in flash. */
export function linkState(phase: number): LinkState {
  const names: LinkState[] = ["closed", "opening", "opening", "connecting", "connected"];
  return names[phase] || "disconnecting";
}

/** `<result>` of +QMTOPEN (application note 3.2.2). */
const OPENED = 0;
const OCCUPIED = 2;

/** `<state>` of +QMTCONN as an answer (3.2.4); 0 stands for none. */
const STATE_NONE = 0;
const STATE_CONNECTING = 2;
const STATE_CONNECTED = 3;

/** Without keepalive, a link of which nothing was heard for this long is looked after, ms. */
const LOOK = 120000;

/** ms from a loss of bytes to the look after the link; another loss begins them anew. */
const SOON = 1000;

/** Tells the state of all clients. */
const QUERY = "AT+QMTCONN?";

/** Questions about lines that may be part of a message, at a time. */
const QUESTIONS = 2;

// Steps of an attempt. Those before ask about lengths, which this one turns on.
const COUNTING = 2;
/** Behind those that configure: the last of them stands before AT+QMTOPEN. */
const OPENS = 8;
const CONNECTS = 9;

export class Link {
  /** How far it is; a number of the list above. */
  phase: number;
  /** When the modem last confirmed something of this connection, ms of the clock. */
  seen: number;
  private _owner: LinkOwner;
  private _host: ClientHost;
  private _id: number;
  private _profile: Profile;
  /** Commands of the attempt under way, AT+QMTOPEN and AT+QMTCONN at the end. */
  private _steps: string[] | undefined;
  /** Changes with each attempt and each loss, so that late answers fall on deaf ears. */
  private _generation: number;
  _clock: Clock;
  _timer: TimerHandle;
  /** 1: an occupied identifier was closed in this attempt. */
  private _reopened: number;
  /** Queries under way about lines that may be part of a message. */
  private _questions: number;

  constructor(owner: LinkOwner, host: ClientHost, id: number, profile: Profile) {
    this._owner = owner;
    this._host = host;
    this._clock = host.clock;
    this._id = id;
    this._profile = profile;
    this.seen = -Infinity;
    this._steps = undefined;
    this.phase = this._generation = this._reopened = this._questions = 0;
    this._timer = undefined;
  }

  /** Configures, opens the network and sends CONNECT. */
  dial(): void {
    this.forget();
    this.phase = CONFIGURING;
    const generation = this._generation;
    const secure = this._profile.secure;
    this._steps = ["AT+QMTCFG=?", "AT+QMTPUB=?", 'AT+QMTCFG="SHOWRECVLEN",' + this._id + ",1"].concat(
      this._profile.composed(),
    );
    if (secure)
      secure.prepare((error) => {
        if (generation !== this._generation) return;
        if (error) this._fail(error);
        else this._run(0);
      });
    else this._run(0);
  }

  /**
   * Closes the network; `linkOver` follows in any case but after `forget`.
   * @param force - even if connected, without DISCONNECT before
   */
  hangUp(force: boolean): void {
    if (force || this.phase !== CONNECTED) {
      this._close();
      return;
    }
    this.forget();
    this.phase = LEAVING;
    this._ask("AT+QMTDISC=" + this._id, (error) => {
      if (error) this._close();
      else later(this, QUICK + SLACK, () => this._close());
    });
  }

  /** The connection is gone without the modem's doing; nothing is sent. */
  forget(): void {
    this._generation++;
    this.phase = this._questions = this._reopened = 0;
    this._steps = undefined;
    callOff(this);
  }

  /** Something may have gone unheard: the modem is asked as soon as the line has had time to calm down. The usual look is not put off. */
  checkSoon(): void {
    if (this.phase === CONNECTED && Math.abs(this._clock.now() - this.seen) < this._period())
      later(this, SOON, () => this.check());
  }

  /** Nothing gets through, whatever the modem says of the connection. */
  stall(): void {
    if (this.phase === CONNECTED) this._fail(new M95Error("ESTALLED", "packets fail one after the other"));
  }

  /** Asks the modem whether it still holds the connection. @param due - what `seen` was when this was made due: not if it has changed */
  check(due?: number): void {
    if (this.phase !== CONNECTED) return;
    if (due !== undefined) this._timer = undefined;
    this._watch();
    if (due === undefined || due === this.seen)
      this._verify(QUERY, (actual) => {
        if (actual === STATE_CONNECTED) this._watch();
        else this._fail(new M95Error("ECLOSED", "the modem no longer holds the connection", QUERY));
      });
  }

  /** A result URC or +QMTSTAT: fields from `<tcpconnectID>` on. */
  heard(name: string, fields: string[], line: string, mayBePayload: boolean): void {
    const phase = this.phase;
    const opens = name === "QMTOPEN";
    const connects = name === "QMTCONN";
    const ends = name === "QMTSTAT";
    const wanted = opens ? OPENING : connects ? CONNECTING : name === "QMTDISC" ? LEAVING : -1;
    const result = number(fields[1]);
    // What was taken for the result of AT+QMTOPEN was that of an attempt before, and so is the network that stands.
    const occupied = opens && result === OCCUPIED;
    if (ends ? phase < OPENING : phase !== wanted && (phase !== CONNECTING || !occupied || mayBePayload)) return;
    if (mayBePayload) {
      // That DISCONNECT is done needs no proof: if it was the modem's, the time for it is short. That nothing was opened has none: what is
      // being opened need not be listed. The time for that is limited, too, and nobody's end is one of what is not open yet.
      if (wanted === LEAVING || (phase === OPENING && (ends || result !== OPENED))) return;
      this._verify(opens ? "AT+QMTOPEN?" : QUERY, (actual) => {
        // Whatever line it was, there may have been more of them than questions.
        const accepted = phase === CONNECTING && actual === STATE_CONNECTED;
        // The line was part of a message: it is on its way still, or stands, or another state was reached before the answer came.
        if (
          this.phase !== phase ||
          (!accepted &&
            (opens
              ? actual === STATE_NONE
              : actual === (connects ? STATE_CONNECTING : STATE_CONNECTED) || (phase === CONNECTING && ends && actual)))
        )
          return;
        // What the modem says now counts. That a link is gone is true then, but not why: no step of recovery rests on the number.
        this.heard(accepted ? "QMTCONN" : name, accepted ? ["", "0"] : ends ? ["", "1"] : fields, line, false);
      });
      return;
    }
    if (phase >= LEAVING) {
      if (phase === LEAVING) this._close();
      return;
    }
    const answered = connects && result === ACKNOWLEDGED;
    const code = answered ? number(fields[2] || "0") : result;
    if (!ends) callOff(this);
    if (opens && code === OPENED) {
      this.phase = CONNECTING;
      this._ask(this._steps![CONNECTS]!, (error) => {
        if (error && error.code !== "EUNKNOWN") this._fail(error);
        else if (this.phase === CONNECTING && this._timer === undefined) this._overdue();
      });
      return;
    }
    if (answered && !code) {
      this.phase = CONNECTED;
      this._steps = undefined;
      this.seen = this._clock.now();
      this._watch();
      this._owner.linkUp();
      return;
    }
    if (connects && result === RETRANSMITTED) {
      this._overdue();
      return;
    }
    const meaning = this._host.explain(opens ? "open" : ends ? "stat" : answered ? "ret" : "packet", code);
    const secure = this._profile.secure;
    const error = new M95Error(
      opens ? "EOPEN" : ends ? "ECLOSED" : answered ? "EREFUSED" : "ETIMEOUT",
      line + (meaning && " (" + meaning + ")") + (opens && secure && code < 0 ? secure.causes() : ""),
    );
    error.result = result;
    error.raw = line;
    if (answered) error.returnCode = code;
    if (occupied && !this._reopened) {
      // Left over from something else: it is closed and opened once more.
      this._reopened = 1;
      this._host.stepBegins(error, RETRY, 1, 0);
      this._steps![OPENS - 1] = "AT+QMTCLOSE=" + this._id;
      this._run(OPENS - 1);
    } else this._fail(error);
  }

  // Sends the commands of an attempt one by one, from the given one on. The first ones see to it that the modem tells the lengths of
  // payloads, if it can: later firmware than that of the note. What it can is asked once a boot.
  private _run(from: number): void {
    const inbox = this._host.inbox;
    const secure = this._profile.secure;
    const steps = this._steps!;
    // One function for all steps: on Espruino this one is read from flash each time it is called.
    const step = (at: number): void => {
      // Asked once a boot; where there are none, the second question is not asked either.
      if (at ? at < COUNTING && !inbox.offers : inbox.offers !== NOT_ASKED) at = COUNTING;
      if (at === COUNTING && inbox.offers < IN_RECEIVED) at++;
      this.phase = at === OPENS ? OPENING : CONFIGURING;
      this._ask(steps[at]!, (error, lines) => {
        const code = error ? error.code : "";
        const form = lines.join().toLowerCase();
        if (!at) inbox.offers = error || placeOf(form, "showrecvlen", 0) < 0 ? NO_LENGTHS : IN_RECEIVED;
        else if (at === COUNTING) inbox.count(this._id, !error);
        // A length behind the topic: by name, or as a range.
        else if (at < COUNTING && !error && (placeOf(form, "len", 0) >= 0 || form.endsWith(")")))
          inbox.offers = IN_PUBLISH;
        // Firmware without TLS does not know that it is switched off; an identifier that is closed need not be open. AT+QMTOPEN with
        // an end that proves nothing: its result will tell.
        const optional =
          at <= COUNTING || (at === OPENS - 1 && (!secure || this._reopened)) || (at === OPENS && code === "EUNKNOWN");
        // On the way to a secure connection a time-out ends the attempt: a modem that rebooted meanwhile verifies nobody.
        if (error && (!optional || (secure && code === "ETIMEOUT"))) this._fail(error);
        else if (at < OPENS) step(at + 1);
        else if (this.phase === OPENING) this._overdue();
      });
    };
    step(from);
  }

  // A +QMTSTAT that got lost would leave a dead link standing for ever.
  private _watch(): void {
    const period = this._period();
    const left = this.seen + period - this._clock.now();
    callOff(this);
    // A clock that was set back must not make it longer.
    this._timer = this._clock.after(left > 0 && left < period ? left : period, this.check.bind(this, this.seen));
  }

  private _period(): number {
    return this._profile.settled.keepalive * 1000 || LOOK;
  }

  /** Asks the modem for this client's state, before a line is believed that may be part of a message. */
  private _verify(query: string, then: (actual: number) => void, refused?: boolean): void {
    // A message full of such lines must not fill the queue; whether the last of them was the modem's shows soon.
    if (this._questions >= QUESTIONS) {
      this.checkSoon();
      return;
    }
    this._questions++;
    const asked = this._clock.now();
    this._ask(query, (error, lines) => {
      this._questions--;
      if (error) {
        // No answer that proves anything: nothing changes, and it is asked again. But twice refused, or not answered, is no yes.
        const generation = this._generation;
        if (this.phase === CONNECTED && (error.code === "ECME" || error.code === "ETIMEOUT")) {
          if (refused) this._fail(error);
          else
            later(this, SOON, () => {
              this._watch();
              this._verify(query, then, true);
            });
        } else if (error.code !== "ECME")
          this._clock.after(SOON, () => {
            if (generation === this._generation) this._verify(query, then);
          });
        return;
      }
      let actual: number = STATE_NONE;
      for (let i = 0; i < lines.length; i++) {
        const fields = split(lines[i]!);
        if (number(fields[0]) === this._id) actual = number(fields[1]);
      }
      if (actual === STATE_CONNECTED) this.seen = asked;
      then(actual);
    });
  }

  private _fail(error: M95Error): void {
    const attempt = this.phase !== CONNECTED;
    this.forget();
    // In case the network is open: the next attempt starts afresh. With `ECLOSED` the modem has closed it by itself.
    if (error.code !== "ECLOSED") this._ask("AT+QMTCLOSE=" + this._id, () => undefined);
    this._owner.linkOver(error, attempt);
  }

  private _close(): void {
    this.forget();
    this.phase = CLOSING;
    this._ask("AT+QMTCLOSE=" + this._id, () => {
      this.forget();
      this._owner.linkOver();
    });
  }

  /** Sends a command whose answer counts only while the attempt lasts. */
  private _ask(text: string, done: (error: M95Error | null, lines: string[]) => void): void {
    const generation = this._generation;
    const phase = this.phase;
    const name = nameOf(text);
    const one: Request = {
      text,
      // The lists of the test forms are long, and firmware prints them line by line.
      timeout: (QUICK + SLACK) * (text.endsWith("=?") ? 3 : 1),
      info: text.endsWith("?") ? "+" + name : undefined,
      repeats: name !== "QMTOPEN" && name !== "QMTCONN",
      done: (error, lines) => {
        if (generation === this._generation) done(error, lines);
      },
    };
    this._host.session.send(one, (phase === CONFIGURING || phase === OPENING) && !!this._profile.secure);
  }

  // The result URC of AT+QMTOPEN or AT+QMTCONN is waited for.
  private _overdue(): void {
    const opens = this.phase === OPENING;
    const command = opens ? "AT+QMTOPEN" : "AT+QMTCONN";
    later(this, (opens ? OPEN_WAIT : this._profile.packets) + SLACK, () =>
      this._fail(new M95Error("ETIMEOUT", command + ": no result in time", command)),
    );
  }
}

// One connection of one tcpconnectID, from AT+QMTCFG to AT+QMTCLOSE. It tries once; trying again is the client's.
// @resident check _watch _verify _send
import { number, split } from "../at/params.js";
import type { Request } from "../at/types.js";
import { M95Error } from "../errors.js";
import { build, nameOf, request, resultWait } from "../m95/commands.js";
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
  /** The attempt failed. */
  linkFailed(error: M95Error): void;
  /** The modem reports that an established connection is gone. */
  linkLost(error: M95Error): void;
}

/** `<result>` of +QMTOPEN (application note 3.2.2). */
const OPENED = 0;
const OCCUPIED = 2;

/** `<err_code>` of +QMTSTAT (3.3): closed or reset by the broker. */
const CLOSED = 1;

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

/** Whether the test form of AT+QMTPUB has a length behind the topic: by name, or as a range. */
function takesLength(form: string): boolean {
  return form.toLowerCase().indexOf("len") >= 0 || form.endsWith(")");
}

export class Link {
  state: LinkState;
  /** When the modem last confirmed something of this connection, ms of the clock. */
  seen: number;
  private _owner: LinkOwner;
  private _host: ClientHost;
  private _id: number;
  private _profile: Profile;
  /** Changes with each attempt and each loss, so that late answers fall on deaf ears. */
  private _generation: number;
  _clock: Clock;
  _timer: TimerHandle;
  /** An occupied identifier was closed in this attempt. */
  private _reopened: boolean;
  /** AT+QMTOPEN is on its way: a +QMTSTAT before it is about the connection before. */
  private _asked: boolean;
  /** DISCONNECT was sent, and its result or the end of the link is waited for. */
  private _leaving: boolean;
  private _whenClosed: (() => void) | undefined;
  /** Queries under way about lines that may be part of a message. */
  private _questions: number;
  /** ms that such a query may take. */
  private _patience: number;

  constructor(owner: LinkOwner, host: ClientHost, id: number, profile: Profile) {
    this._owner = owner;
    this._host = host;
    this._clock = host.clock;
    this._id = id;
    this._profile = profile;
    this.state = "closed";
    this.seen = -Infinity;
    this._generation = this._questions = 0;
    this._timer = this._whenClosed = undefined;
    this._reopened = this._leaving = this._asked = false;
    this._patience = request(QUERY, () => undefined).timeout;
  }

  /** Configures, opens the network and sends CONNECT. */
  dial(): void {
    this.forget();
    this.state = "opening";
    this._reopened = this._asked = false;
    const generation = this._generation;
    const secure = this._profile.secure;
    const begin = (error: M95Error | null): void => {
      if (generation !== this._generation) return;
      if (error) this._fail(error);
      else this._lengths(() => this._configure(this._profile.opening(), 0));
    };
    if (secure) secure.prepare(begin);
    else begin(null);
  }

  /** Sends DISCONNECT if connected, and closes the network; `done` comes in any case but after `forget`. */
  hangUp(done: () => void): void {
    const connected = this.state === "connected";
    this.forget();
    this.state = "disconnecting";
    this._whenClosed = done;
    if (!connected) {
      this._close();
      return;
    }
    this._leaving = true;
    this._ask(build("QMTDISC", [this._id]), (error) => {
      if (error) this._close();
      else later(this, resultWait("QMTDISC", 0), () => this._close());
    });
  }

  /** The connection is gone without the modem's doing; nothing is sent. */
  forget(): void {
    this._generation++;
    this._questions = 0;
    callOff(this);
    this._leaving = false;
    this.state = "closed";
  }

  /** Something may have gone unheard: the modem is asked as soon as the line has had time to calm down. */
  checkSoon(): void {
    if (this.state === "connected") later(this, SOON, () => this.check());
  }

  /** Asks the modem whether it still holds the connection. */
  check(): void {
    if (this.state !== "connected") return;
    this._watch();
    this._verify(QUERY, (actual) => {
      if (actual === STATE_CONNECTED) return;
      this.forget();
      this._owner.linkLost(new M95Error("ECLOSED", "the modem no longer holds the connection", QUERY));
    });
  }

  /** A result URC or +QMTSTAT: fields from `<tcpconnectID>` on. */
  heard(name: string, fields: string[], line: string, mayBePayload: boolean): void {
    const result = number(fields[1]);
    const state = this.state;
    if (name === "QMTOPEN" && state === "opening" && this._asked) {
      const opened = result === OPENED;
      if (mayBePayload)
        this._verify(opened ? "AT+QMTOPEN?" : QUERY, (actual) => {
          // What is listed by the one is open; what is not listed by the other is not even on its way there.
          if (opened === (actual !== STATE_NONE) && this.state === state) this._opened(result, line);
        });
      else this._opened(result, line);
    } else if (name === "QMTCONN" && state === "connecting") {
      const code = number(fields[2] || "0");
      if (mayBePayload)
        this._verify(QUERY, (actual) => {
          // What the modem says now counts; still connecting, the line was part of a message.
          if (actual === STATE_CONNECTED) this._conn(ACKNOWLEDGED, 0, line);
          else if (actual !== STATE_CONNECTING) this._conn(result, code, line);
        });
      else this._conn(result, code, line);
    } else if (name === "QMTDISC" && this._leaving) {
      // If it was the modem's, the time for it is short.
      if (!mayBePayload) this._close();
    } else if (name === "QMTSTAT" && state !== "closed" && (this._asked || state !== "opening")) {
      if (mayBePayload)
        this._verify(QUERY, (actual) => {
          // Answered before the next state, or still on its way there: the line was part of a message.
          if (
            this.state !== state ||
            actual === STATE_CONNECTED ||
            state === "opening" ||
            (state === "connecting" && actual)
          )
            return;
          // That it is gone is true then, but not why: no step of recovery rests on the number.
          this._stat(CLOSED, line);
        });
      else this._stat(result, line);
    }
  }

  // Has the modem tell the lengths of payloads, if it can: later firmware than that of the note. Asked once a boot.
  private _lengths(then: () => void): void {
    const inbox = this._host.inbox;
    const show = (): void => {
      if (inbox.offers >= IN_RECEIVED)
        this._ask('AT+QMTCFG="SHOWRECVLEN",' + this._id + ",1", (error) => {
          inbox.count(this._id, !error);
          if (!this._unanswered(error)) then();
        });
      else then();
    };
    if (inbox.offers !== NOT_ASKED) show();
    else
      this._ask("AT+QMTCFG=?", (error, lines) => {
        inbox.offers = error || lines.join().indexOf("SHOWRECVLEN") < 0 ? NO_LENGTHS : IN_RECEIVED;
        if (this._unanswered(error)) return;
        if (!inbox.offers) then();
        else
          this._ask("AT+QMTPUB=?", (refused, forms) => {
            if (!refused && takesLength(forms.join())) inbox.offers = IN_PUBLISH;
            if (!this._unanswered(refused)) show();
          });
      });
  }

  // On the way to a secure connection a time-out ends the attempt: a modem that rebooted meanwhile verifies nobody.
  private _unanswered(error: M95Error | null): boolean {
    const late = !!this._profile.secure && error !== null && error.code === "ETIMEOUT";
    if (late) this._fail(error);
    return late;
  }

  private _configure(commands: string[], at: number): void {
    this._asked = at + 1 === commands.length;
    this._ask(commands[at]!, (error) => {
      // Firmware without TLS does not know that it is switched off.
      const optional = !this._profile.secure && at === commands.length - 2;
      const last = at + 1 === commands.length;
      // AT+QMTOPEN with an end that proves nothing: its result will tell.
      if (error && !optional && !(last && error.code === "EUNKNOWN")) this._fail(error);
      else if (!last) this._configure(commands, at + 1);
      else if (this.state === "opening") this._overdue("QMTOPEN");
    });
  }

  private _opened(result: number, line: string): void {
    callOff(this);
    if (result === OPENED) {
      this._connect();
      return;
    }
    const secure = this._profile.secure;
    const error = this._error("EOPEN", "open", result, line, secure && result < 0 ? secure.causes() : "");
    if (result === OCCUPIED && !this._reopened) {
      // Left over from something else: it is closed and opened once more.
      this._reopened = true;
      this._host.stepBegins(error, RETRY, 1, 0);
      const commands = this._profile.opening();
      this._ask(build("QMTCLOSE", [this._id]), (lost) => {
        if (!this._unanswered(lost)) this._configure(commands, commands.length - 1);
      });
    } else this._fail(error);
  }

  private _connect(): void {
    this.state = "connecting";
    this._ask(this._profile.connecting(), (error) => {
      if (error && error.code !== "EUNKNOWN") this._fail(error);
      else if (this.state === "connecting" && this._timer === undefined) this._overdue("QMTCONN");
    });
  }

  private _conn(result: number, code: number, line: string): void {
    if (this.state !== "connecting") return;
    callOff(this);
    if (result === RETRANSMITTED) this._overdue("QMTCONN");
    else if (result !== ACKNOWLEDGED) this._fail(this._error("ETIMEOUT", "packet", result, line, ""));
    else if (code) {
      const error = this._error("EREFUSED", "ret", code, line, "");
      error.result = result;
      error.returnCode = code;
      this._fail(error);
    } else {
      this.state = "connected";
      this.seen = this._clock.now();
      this._watch();
      this._owner.linkUp();
    }
  }

  // A +QMTSTAT that got lost would leave a dead link standing for ever.
  private _watch(): void {
    const period = this._profile.keepalive * 1000 || LOOK;
    const left = (): number => this.seen + period - this._clock.now();
    later(this, left() > 0 ? left() : period, () => {
      if (left() > 0) this._watch();
      else this.check();
    });
  }

  private _stat(code: number, line: string): void {
    const state = this.state;
    if (state === "disconnecting") {
      if (this._leaving) this._close();
      return;
    }
    const error = this._error("ECLOSED", "stat", code, line, "");
    // The modem has closed the network by itself.
    this.forget();
    if (state === "connected") this._owner.linkLost(error);
    else this._owner.linkFailed(error);
  }

  /** Asks the modem for this client's state, before a line is believed that may be part of a message. */
  private _verify(query: string, then: (actual: number) => void): void {
    // A message full of such lines must not fill the queue; whether the last of them was the modem's shows soon.
    if (this._questions >= QUESTIONS) {
      this.checkSoon();
      return;
    }
    this._questions++;
    const asked = this._clock.now();
    const generation = this._generation;
    // Not by the command table, which need not be loaded for this.
    const one: Request = {
      text: query,
      timeout: this._patience,
      info: query.substring(2, query.length - 1),
      done: (error, lines) => {
        if (generation !== this._generation) return;
        this._questions--;
        if (error) {
          // No answer that proves anything: nothing changes, and it is asked again.
          if (error.code !== "ECME")
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
        if (actual === STATE_CONNECTED) this.seen = Math.max(this.seen, asked);
        then(actual);
      },
    };
    this._send(one);
  }

  // On the way to a secure connection, before all that waits: no other run gets in between.
  private _send(one: Request): void {
    this._host.session.send(one, this.state === "opening" && !!this._profile.secure);
  }

  private _fail(error: M95Error): void {
    this.forget();
    // In case the network is open: the next attempt starts afresh.
    if (error.code !== "ECLOSED") this._ask(build("QMTCLOSE", [this._id]), () => undefined);
    this._owner.linkFailed(error);
  }

  private _close(): void {
    callOff(this);
    this._leaving = false;
    this._generation++;
    this._ask(build("QMTCLOSE", [this._id]), () => {
      const done = this._whenClosed!;
      this.forget();
      done();
    });
  }

  private _error(
    code: "EOPEN" | "ETIMEOUT" | "EREFUSED" | "ECLOSED",
    family: string,
    value: number,
    line: string,
    more: string,
  ): M95Error {
    const meaning = this._host.explain(family, value);
    const error = new M95Error(code, line + (meaning && " (" + meaning + ")") + more);
    error.result = value;
    error.raw = line;
    return error;
  }

  /** Sends a command whose answer counts only while the attempt lasts. */
  private _ask(text: string, done: (error: M95Error | null, lines: string[]) => void): void {
    const generation = this._generation;
    const name = nameOf(text);
    const one = request(text, (error, lines) => {
      if (generation === this._generation) done(error, lines);
    });
    // The lists of the test forms are long, and firmware prints them line by line.
    if (text.endsWith("=?")) one.timeout *= 3;
    one.repeats = name !== "QMTOPEN" && name !== "QMTCONN";
    this._send(one);
  }

  // The result URC of a command is waited for.
  private _overdue(name: string): void {
    later(this, resultWait(name, this._profile.packets), () =>
      this._fail(new M95Error("ETIMEOUT", "AT+" + name + ": no result in time", "AT+" + name)),
    );
  }
}

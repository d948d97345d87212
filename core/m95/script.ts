// Runs the bring-up script: sends its commands, judges the answers, waits for SIM and network. It powers nothing and never
// starts over by itself; lifecycle.ts, which is built on it, does.
import { number, split } from "../at/params.js";
import type { Session } from "../at/session.js";
import { M95Error } from "../errors.js";
import type { Clock, TimerHandle } from "../ports.js";
import { later } from "../timer.js";
import {
  ADDRESS,
  ATTACHED,
  DENIED,
  FOLLOW,
  MAY,
  type ModemState,
  MUST,
  NETWORK,
  pdpScript,
  RATE,
  SIM,
  STALE,
} from "./bringup.js";
import { build } from "./commands.js";
import { type LifecycleSetup, limitOf } from "./options.js";

/** ms between two looks at the SIM or the network. */
const POLL = 1000;

/** Times a PDP context is opened before the attempt counts as failed. */
const PDP_TRIES = 3;

/** `+CME ERROR`: SIM PIN required; SIM busy. */
const PIN_REQUIRED = 11;
const SIM_BUSY = 14;

/** A script on its way. */
interface Run {
  /** The row that is at work, and those behind it. */
  row: string;
  rows: string;
  /** Until when the present state may last. */
  deadline: number;
  pdpTries: number;
  /** The PIN was sent in this run and may still take effect. */
  entered: boolean;
}

export abstract class Script {
  state!: ModemState;
  session!: Session;
  _clock!: Clock;
  _timer: TimerHandle;
  protected _setup: LifecycleSetup;
  /** The modem has booted since the last bring-up, as far as is known: its echo is as it is stored. */
  protected _booted?: boolean;
  private _script?: Run | undefined;
  /** The PIN was sent and not confirmed: it is never sent again. */
  private _pinSpent?: boolean;

  constructor(setup: LifecycleSetup) {
    this._setup = setup;
  }

  /** Enters a state. False: whoever was told has called the script off. */
  abstract enter(state: ModemState): boolean;
  /** Follows a new rate of the modem. */
  abstract setRate(baud: number): void;
  /** Sends a command; the answer is dropped once the script was called off. */
  abstract ask(text: string, done: (error: M95Error | null, lines: string[]) => void): void;
  abstract scriptDone(): void;
  /** @param final - 0: trying again may help; 1: only a modem that ran before; 2: never */
  abstract scriptFailed(error: M95Error, final: number): void;
  /** The modem fell silent when its rate was changed. */
  abstract scriptSilent(error: M95Error): void;

  runScript(rows: string): void {
    this._script = { row: "", rows, deadline: 0, pdpTries: 0, entered: false };
    this._next();
  }

  private _next(): void {
    const run = this._script!;
    do {
      const end = run.rows.indexOf("\n");
      run.row = run.rows.substring(0, end);
      run.rows = run.rows.substring(end + 1);
      const state = run.row.substring(1) as ModemState;
      if (run.row[0] === ":" && state !== this.state) {
        const limit = state === "sim" ? "simTimeout" : "registrationTimeout";
        run.deadline = this._clock.now() + limitOf(this._setup.recovery, limit);
        if (!this.enter(state)) return;
      }
    } while (run.row[0] === ":");
    if (run.row) this._send();
    else {
      this._script = undefined;
      this.scriptDone();
    }
  }

  private _send(): void {
    this.ask(this._script!.row.substring(1), (error, lines) => this._answer(error, lines));
  }

  private _answer(error: M95Error | null, lines: string[]): void {
    const run = this._script!;
    const rule = run.row[0]!;
    const fields = lines.length ? split(lines[0]!) : [];
    const baud = this._setup.baud;
    /** Why it does not go on, and whether that may still change until the deadline. */
    let failure: M95Error | undefined;
    let final = 0;
    let waits = false;
    if (error && rule !== MAY && (error.code !== "ECME" || rule === MUST)) {
      // What was answered may be part of a message: the step is taken again.
      failure = error;
      waits = error.code === "EUNKNOWN";
    } else if (rule === SIM) {
      const answer = fields[0];
      const pin = this._setup.pin;
      const cme = error ? error.cme : undefined;
      // Some firmware answers with the error instead of SIM PIN or SIM BUSY.
      const locked = answer === "SIM PIN" || cme === PIN_REQUIRED;
      let message = "";
      final = 2;
      if (answer === "READY") this._pinSpent = false;
      else if (locked && pin === undefined) message = "the SIM wants a PIN; give option pin";
      else if (locked && !this._pinSpent) {
        // Spent before it is sent: if its answer is lost, a second try could be the one that locks the card.
        this._pinSpent = run.entered = true;
        this.ask(build("CPIN", [pin!]), (refused) => {
          if (refused && refused.code === "ECME") this.scriptFailed(simError("the SIM refuses the PIN", refused), 2);
          else later(this, POLL, () => this._send());
        });
        return;
      } else if (locked && !run.entered) message = "the PIN was sent once and is not sent again";
      else {
        final = 1;
        waits =
          locked ||
          (error
            ? cme === SIM_BUSY || cme === undefined
            : answer === undefined || answer === "NOT READY" || answer === "SIM BUSY");
        message = waits ? "the SIM stays busy" : "SIM: " + (error ? error.message : answer);
      }
      if (message) failure = simError(message, error);
    } else if (rule === NETWORK || rule === DENIED) {
      const status = number(fields[1]);
      if (status !== 1 && status !== 5 && (rule === NETWORK || status === 3)) {
        final = 1;
        waits = status !== 3;
        failure = new M95Error("EREG", waits ? "no network found in time" : "the network denies registration");
      }
    } else if (rule === ADDRESS && error) {
      const apn = this._setup.apn!;
      if (++run.pdpTries < PDP_TRIES) run.rows = pdpScript(apn, true);
      else failure = new M95Error("EPDP", "no PDP context with APN " + apn.split('"')[1], "AT+QILOCIP");
    } else if (rule === RATE) {
      const muted = this._booted && !this.session.echoed;
      this._booted = false;
      // An earlier run may have switched the echo off.
      if (muted || number(fields[0]) !== baud) run.rows = "-ATE1\nfAT+IPR=" + baud + "&W\n" + run.rows;
    } else if (rule === FOLLOW && !error) {
      this.setRate(baud);
      this.session.sync(10, "", (lost) => {
        if (!lost) this._next();
        // Called off: the modem was stopped or lost meanwhile.
        else if (lost.code !== "ECLOSED") this.scriptSilent(lost);
      });
      return;
    } else if (rule === ATTACHED && fields[0] !== "1") run.rows = "-AT+CGATT=1\n" + run.rows;
    else if (rule === STALE)
      // An earlier run of this driver left these open; the broker would see them as ours.
      for (let i = 0; i < lines.length; i++) {
        const id = number(split(lines[i]!)[0]);
        if (id >= 0 && id <= 5)
          run.rows = "-AT+QMT" + (run.row.indexOf("OPEN") > 0 ? "CLOSE=" : "DISC=") + id + "\n" + run.rows;
      }
    if (waits && this._clock.now() < run.deadline) later(this, POLL, () => this._send());
    else if (failure) this.scriptFailed(failure, final);
    else this._next();
  }
}

function simError(message: string, cause: M95Error | null): M95Error {
  const error = new M95Error("ESIM", message, "AT+CPIN?");
  if (cause && cause.cme !== undefined) error.cme = cause.cme;
  return error;
}

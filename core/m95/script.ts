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
import { build, timed } from "./commands.js";
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
  protected _script?: Run | undefined;
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
    this._script = { row: "", rows: timed(rows), deadline: 0, pdpTries: 0, entered: false };
    this.proceed();
  }

  // On Espruino what is called often is worth being short: each call unpacks the text of the function.

  /** Takes the next step. @param again - the same one once more */
  proceed(again?: boolean): void {
    const run = this._script!;
    if (!again) {
      const end = run.rows.indexOf("\n");
      run.row = run.rows.substring(0, end);
      run.rows = run.rows.substring(end + 1);
    }
    const row = run.row;
    const parts = row.split("|");
    const text = parts.slice(2).join("|");
    const rule = row[0];
    if (!text) this.enterStep(row.substring(1) as ModemState);
    else
      this.session.send(
        {
          text,
          timeout: +parts[0]!.substring(1),
          info: text[2] === "+" && text.indexOf("=") < 0 ? text.substring(2).split("?")[0] : undefined,
          final: parts[1] || undefined,
          done: (error, lines) => {
            if (run !== this._script) return;
            if (rule === MAY || (rule === MUST && !error)) this.proceed();
            else this.judge(rule!, error, lines);
          },
        },
        true,
      );
  }

  /** Goes on to the next state; "": it is done. */
  enterStep(state: ModemState | ""): void {
    const run = this._script!;
    if (!state) {
      this._script = undefined;
      this.scriptDone();
      return;
    }
    if (state !== this.state) {
      const limit = state === "sim" ? "simTimeout" : "registrationTimeout";
      run.deadline = this._clock.now() + limitOf(this._setup.recovery, limit);
      if (!this.enter(state)) return;
    }
    this.proceed();
  }

  /** Whether an answer lets the script go on. */
  judge(rule: string, error: M95Error | null, lines: string[]): void {
    const run = this._script!;
    const fields = lines.length ? split(lines[0]!) : [];
    let more = "";
    // What was answered may be part of a message: the step is taken again.
    if (error && (error.code !== "ECME" || rule === MUST)) {
      this.pollOrFail(error, 0, error.code === "EUNKNOWN");
      return;
    }
    if (rule === NETWORK || rule === DENIED) {
      const status = number(fields[1]);
      if (status !== 1 && status !== 5 && (rule === NETWORK || status === 3)) {
        const message = status === 3 ? "the network denies registration" : "no network found in time";
        this.pollOrFail(new M95Error("EREG", message), 1, status !== 3);
        return;
      }
    } else if (rule === ATTACHED) {
      if (fields[0] !== "1") more = "-AT+CGATT=1\n";
    } else if (rule === STALE) {
      // An earlier run of this driver left these open; the broker would see them as ours.
      for (let i = 0; i < lines.length; i++) {
        const id = number(split(lines[i]!)[0]);
        if (id >= 0 && id <= 5)
          more = "-AT+QMT" + (run.row.indexOf("OPEN") > 0 ? "CLOSE=" : "DISC=") + id + "\n" + more;
      }
    } else if (rule !== ADDRESS || error) {
      this.judgeMore(rule, error, fields);
      return;
    }
    if (more) run.rows = timed(more) + run.rows;
    this.proceed();
  }

  /** The same for answers that are seldom judged, or not as they should be. */
  judgeMore(rule: string, error: M95Error | null, fields: string[]): void {
    const run = this._script!;
    const setup = this._setup;
    const baud = setup.baud;
    const answer = fields[0];
    if (rule === SIM) {
      const pin = setup.pin;
      const cme = error ? error.cme : undefined;
      // Some firmware answers with the error instead of SIM PIN or SIM BUSY.
      const locked = answer === "SIM PIN" || cme === PIN_REQUIRED;
      const fail = (message: string, cause: M95Error | null, final: number, waits: boolean): void => {
        const failure = new M95Error("ESIM", message, "AT+CPIN?");
        if (cause && cause.cme !== undefined) failure.cme = cause.cme;
        this.pollOrFail(failure, final, waits);
      };
      if (answer === "READY") {
        this._pinSpent = false;
        this.proceed();
      } else if (locked && pin === undefined) fail("the SIM wants a PIN; give option pin", error, 2, false);
      else if (locked && !this._pinSpent) {
        // Spent before it is sent: if its answer is lost, a second try could be the one that locks the card.
        this._pinSpent = run.entered = true;
        this.ask(build([["CPIN", pin!]])[0]!, (refused) => {
          if (refused && refused.code === "ECME") fail("the SIM refuses the PIN", refused, 2, false);
          else later(this, POLL, () => this.proceed(true));
        });
      } else if (locked && !run.entered) fail("the PIN was sent once and is not sent again", error, 2, false);
      else if (
        locked ||
        (error
          ? cme === SIM_BUSY || cme === undefined
          : answer === undefined || answer === "NOT READY" || answer === "SIM BUSY")
      )
        fail("the SIM stays busy", error, 1, true);
      else fail("SIM: " + (error ? error.message : answer), error, 1, false);
    } else if (rule === FOLLOW && !error) {
      this.setRate(baud);
      this.session.sync(10, "", (lost) => {
        if (!lost) this.proceed();
        // Called off: the modem was stopped or lost meanwhile.
        else if (lost.code !== "ECLOSED") this.scriptSilent(lost);
      });
    } else if (rule === ADDRESS && ++run.pdpTries >= PDP_TRIES)
      this.scriptFailed(new M95Error("EPDP", "no PDP context with APN " + setup.apn!.split('"')[1], "AT+QILOCIP"), 0);
    else {
      if (rule === ADDRESS) run.rows = timed(pdpScript(setup.apn, true));
      if (rule === RATE) {
        const muted = this._booted && !this.session.echoed;
        this._booted = false;
        // An earlier run may have switched the echo off.
        if (muted || number(answer) !== baud) run.rows = timed("-ATE1\nfAT+IPR=" + baud + "&W\n") + run.rows;
      }
      this.proceed();
    }
  }

  /** Takes the same step again a little later, if it `waits` and there is time, or gives up. @param final - see `scriptFailed` */
  pollOrFail(error: M95Error, final: number, waits: boolean): void {
    if (waits && this._clock.now() < this._script!.deadline) later(this, POLL, () => this.proceed(true));
    else this.scriptFailed(error, final);
  }
}

// Runs the bring-up script: sends its commands, judges the answers, waits for SIM and network. It powers nothing and never
// starts over by itself; lifecycle.ts, which is built on it, does.
import { placeOf } from "../at/lines.js";
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
  SLEEPS,
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
  /** Its rows, and where the one begins that is at work, and the one behind it. */
  rows: string;
  at: number;
  next: number;
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
  /** Something of the modem was found otherwise than it should be, and is mended. */
  abstract scriptReports(what: string): void;
  /** @param final - 0: trying again may help; 1: only a modem that ran before; 2: never */
  abstract scriptFailed(error: M95Error, final: number): void;
  /** The modem fell silent when its rate was changed. */
  abstract scriptSilent(error: M95Error): void;

  runScript(rows: string): void {
    this._script = { rows: timed(rows), at: 0, next: 0, deadline: 0, pdpTries: 0, entered: false };
    this.proceed();
  }

  // On Espruino what is called often is short: each call unpacks the text of the function.

  /** Takes the next step. @param again - the same one once more */
  proceed(again?: boolean): void {
    const run = this._script!;
    const rows = run.rows;
    if (!again) run.at = run.next;
    const end = rows.indexOf("\n", run.at);
    const parts = rows.substring(run.at, end).split("|");
    const rule = parts[0]!;
    run.next = end + 1;
    if (!parts[1]) this.enterStep(rule.substring(1) as ModemState);
    else
      this.session.send(
        {
          text: parts.slice(4).join("|"),
          timeout: +parts[1],
          info: parts[2] || undefined,
          final: parts[3] || undefined,
          done: (error, lines) => {
            if (run !== this._script) return;
            if (rule === MAY || (rule === MUST && !error)) this.proceed();
            else this.judge(rule, error, lines);
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

  /** Whether an answer lets the script go on: it does, if it is as it should be. */
  judge(rule: string, error: M95Error | null, lines: string[]): void {
    const fields = lines.length ? split(lines[0]!) : [];
    const status = number(fields[1]);
    if (
      !error &&
      (rule === NETWORK || rule === DENIED
        ? status === 1 || status === 5
        : rule === ATTACHED
          ? fields[0] === "1"
          : rule === ADDRESS || (rule === STALE && !lines.length))
    )
      this.proceed();
    // What was answered may be part of a message: the step is taken again.
    else if (error && (error.code !== "ECME" || rule === MUST)) this.pollOrFail(error, 0, error.code === "EUNKNOWN");
    else if (rule === SIM) this.judgeSim(error, fields[0]);
    else this.judgeMore(rule, error, lines, fields);
  }

  judgeSim(error: M95Error | null, answer: string | undefined): void {
    const run = this._script!;
    const pin = this._setup.pin;
    const cme = error ? error.cme : undefined;
    // Some firmware answers with the error instead of SIM PIN or SIM BUSY.
    const locked = answer === "SIM PIN" || cme === PIN_REQUIRED;
    const fail = (message: string, number: number | undefined, final: number, waits: boolean): void => {
      const failure = new M95Error("ESIM", message, "AT+CPIN?");
      if (number !== undefined) failure.cme = number;
      this.pollOrFail(failure, final, waits);
    };
    if (answer === "READY") {
      this._pinSpent = false;
      this.proceed();
    } else if (locked && pin === undefined) fail("the SIM wants a PIN; give option pin", cme, 2, false);
    else if (locked && !this._pinSpent) {
      // Spent before it is sent: if its answer is lost, a second try could be the one that locks the card.
      this._pinSpent = run.entered = true;
      this.ask(build([["CPIN", pin!]])[0]!, (refused) => {
        if (refused && refused.code === "ECME") fail("the SIM refuses the PIN", refused.cme, 2, false);
        else later(this, POLL, () => this.proceed(true));
      });
    } else if (locked && !run.entered) fail("the PIN was sent once and is not sent again", cme, 2, false);
    else {
      const waits =
        locked ||
        (error
          ? cme === SIM_BUSY || cme === undefined
          : answer === undefined || answer === "NOT READY" || answer === "SIM BUSY");
      fail(waits ? "the SIM stays busy" : "SIM: " + (error ? error.message : answer), cme, 1, waits);
    }
  }

  /** Whether any other answer lets it go on, and by which steps. */
  judgeMore(rule: string, error: M95Error | null, lines: string[], fields: string[]): void {
    const run = this._script!;
    const setup = this._setup;
    const baud = setup.baud;
    let more = "";
    if (rule === NETWORK || (rule === DENIED && number(fields[1]) === 3)) {
      const denied = number(fields[1]) === 3;
      const failure = new M95Error("EREG", denied ? "the network denies registration" : "no network found in time");
      this.pollOrFail(failure, 1, !denied);
      return;
    }
    if (rule === FOLLOW && !error) {
      this.setRate(baud);
      this.session.sync(10, "", (lost) => {
        if (!lost) this.proceed();
        // Called off: the modem was stopped or lost meanwhile.
        else if (lost.code !== "ECLOSED") this.scriptSilent(lost);
      });
      return;
    }
    if (rule === ATTACHED) more = "-AT+CGATT=1\n";
    else if (rule === SLEEPS) {
      if (number(fields[0]) > 0) {
        this.scriptReports("AT+QSCLK is stored as " + fields[0] + ": with DTR high the modem sleeps");
        more = "-AT+QSCLK=0\n";
      }
    } else if (rule === STALE)
      // An earlier run of this driver left these open; the broker would see them as ours.
      for (let i = 0; i < lines.length; i++) {
        const id = number(split(lines[i]!)[0]);
        if (id >= 0 && id <= 5)
          more = (placeOf(lines[i]!, "OPEN", 0) > 0 ? "-AT+QMTCLOSE=" : "-AT+QMTDISC=") + id + "\n" + more;
      }
    else if (rule === ADDRESS) {
      if (++run.pdpTries >= PDP_TRIES) {
        const name = setup.apn!.split('"')[1];
        this.scriptFailed(new M95Error("EPDP", "no PDP context with APN " + name, "AT+QILOCIP"), 0);
        return;
      }
      run.next = run.rows.length;
      more = pdpScript(setup.apn, true);
    } else if (rule === RATE) {
      // An earlier run may have switched the echo off.
      if ((this._booted && !this.session.echoed) || number(fields[0]) !== baud)
        more = "-ATE1\nfAT+IPR=" + baud + "&W\n";
      this._booted = false;
    }
    if (more) {
      run.rows = timed(more) + run.rows.substring(run.next);
      run.next = 0;
    }
    this.proceed();
  }

  /** Takes the same step again a little later, if it `waits` and there is time, or gives up. @param final - see `scriptFailed` */
  pollOrFail(error: M95Error, final: number, waits: boolean): void {
    if (waits && this._clock.now() < this._script!.deadline) later(this, POLL, () => this.proceed(true));
    else this.scriptFailed(error, final);
  }
}

// Runs the bring-up script: sends its steps, judges the answers, waits for SIM and network. It powers nothing and never
// starts over by itself; lifecycle.ts does.
import { number, split } from "../at/params.js";
import type { Session } from "../at/session.js";
import { M95Error } from "../errors.js";
import type { Clock } from "../ports.js";
import { later, type Timed } from "../timer.js";
import {
  ADDRESS,
  ALLOWED,
  ATTACHED,
  FOLLOW,
  GPRS,
  MAY,
  type ModemState,
  MUST,
  pdpSteps,
  RATE,
  REGISTERED,
  type Settings,
  SIM,
  STALE,
  type Step,
} from "./bringup.js";
import { build } from "./commands.js";

/** What the script runs on, and who is told how it ended. */
export interface ScriptHost extends Timed {
  readonly state: ModemState;
  readonly session: Session;
  /** False: whoever was told has called the script off. */
  enter(state: ModemState): boolean;
  /** Follows a new rate of the modem. */
  setRate(baud: number): void;
  /** Sends a command; the answer is dropped once the script was called off. */
  ask(text: string, done: (error: M95Error | null, lines: string[]) => void): void;
  scriptDone(): void;
  /** @param final - 0: trying again may help; 1: only a modem that ran before; 2: never */
  scriptFailed(error: M95Error, final: number): void;
  /** The modem fell silent when its rate was changed. */
  scriptSilent(error: M95Error): void;
}

export interface ScriptSetup {
  clock: Clock;
  pin: string | undefined;
  settings: Settings;
  /** ms that a SIM may be busy, and that a network is searched. */
  recovery: { simTimeout: number; registrationTimeout: number };
}

/** ms between two looks at the SIM or the network. */
const POLL = 1000;

/** Times a PDP context is opened before the attempt counts as failed. */
const PDP_TRIES = 3;

/** `+CME ERROR`: SIM PIN required; SIM busy. */
const PIN_REQUIRED = 11;
const SIM_BUSY = 14;

export class Script {
  /** The modem has booted since the last bring-up, as far as is known: its echo is as it is stored. */
  booted: boolean;
  private _host: ScriptHost;
  private _setup: ScriptSetup;
  private _steps: Step[];
  private _at: number;
  /** Until when the present state may last. */
  private _deadline: number;
  private _pdpTries: number;
  /** The PIN was sent and not confirmed: it is never sent again. */
  private _pinSpent: boolean;
  /** It was sent in this run and may still take effect. */
  private _pinWorks: boolean;

  constructor(host: ScriptHost, setup: ScriptSetup) {
    this._host = host;
    this._setup = setup;
    this._steps = [];
    this._at = this._deadline = this._pdpTries = 0;
    this._pinSpent = this._pinWorks = this.booted = false;
  }

  run(steps: Step[]): void {
    this._pdpTries = 0;
    this._pinWorks = false;
    this._go(steps);
  }

  private _go(steps: Step[]): void {
    this._steps = steps;
    this._at = 0;
    this._do();
  }

  private _do(): void {
    const step = this._steps[this._at];
    if (!step) {
      this._steps = [];
      this._host.scriptDone();
      return;
    }
    if (this._host.state !== step.state) {
      const limits = this._setup.recovery;
      this._deadline =
        this._setup.clock.now() + (step.state === "sim" ? limits.simTimeout : limits.registrationTimeout);
      if (!this._host.enter(step.state)) return;
    }
    this._host.ask(step.text, (error, lines) => this._answer(step, error, lines));
  }

  private _next(): void {
    this._at++;
    this._do();
  }

  private _again(): void {
    later(this._host, POLL, () => this._do());
  }

  private _insert(text: string, rule: number): void {
    this._steps.splice(this._at + 1, 0, { state: this._host.state, text, rule });
  }

  private _answer(step: Step, error: M95Error | null, lines: string[]): void {
    const fields = lines.length ? split(lines[0]!) : [];
    const rule = step.rule;
    // What was answered may be part of a message: the step is taken again, if it matters.
    if (error && error.code === "EUNKNOWN" && rule !== MAY) {
      if (this._setup.clock.now() < this._deadline) this._again();
      else this._host.scriptFailed(error, 0);
    } else if (error && error.code !== "ECME" && rule !== MAY) this._host.scriptFailed(error, 0);
    else if (rule === SIM) this._sim(error, fields[0]);
    else if (rule === ADDRESS) {
      if (!error) this._next();
      else if (++this._pdpTries < PDP_TRIES) this._go(pdpSteps(this._setup.settings, true));
      else
        this._host.scriptFailed(
          new M95Error("EPDP", "no PDP context with APN " + this._setup.settings.apn!.name, step.text),
          0,
        );
    } else if (rule === MUST && error) this._host.scriptFailed(error, 0);
    else if (rule === REGISTERED || rule === GPRS || rule === ALLOWED) this._registration(rule, number(fields[1]));
    else {
      const muted = this.booted && !this._host.session.echoed;
      if (rule === RATE) this.booted = false;
      if (rule === RATE && (muted || number(fields[0]) !== this._setup.settings.baud)) {
        // In reverse. An earlier run may have switched the echo off.
        this._insert("AT+IPR=" + this._setup.settings.baud + "&W", FOLLOW);
        this._insert("ATE1", MAY);
      } else if (rule === ATTACHED && fields[0] !== "1") this._insert("AT+CGATT=1", MAY);
      else if (rule === STALE) this._stale(step.text, lines);
      else if (rule === FOLLOW && !error) {
        this._follow();
        return;
      }
      this._next();
    }
  }

  private _follow(): void {
    this._host.setRate(this._setup.settings.baud);
    this._host.session.sync(10, "", (error) => {
      if (!error) this._next();
      // Called off: the modem was stopped or lost meanwhile.
      else if (error.code !== "ECLOSED") this._host.scriptSilent(error);
    });
  }

  private _sim(error: M95Error | null, answer: string | undefined): void {
    const pin = this._setup.pin;
    // Some firmware answers with the error instead of SIM PIN or SIM BUSY.
    const locked = answer === "SIM PIN" || (error !== null && error.cme === PIN_REQUIRED);
    const busy = error
      ? error.cme === SIM_BUSY || error.cme === undefined
      : answer === undefined || answer === "NOT READY" || answer === "SIM BUSY";
    if (answer === "READY") {
      this._pinSpent = false;
      this._next();
    } else if (locked && pin !== undefined && !this._pinSpent) {
      // Spent before it is sent: if its answer is lost, a second try could be the one that locks the card.
      this._pinSpent = this._pinWorks = true;
      this._host.ask(build("CPIN", [pin]), (refused) => {
        if (refused && refused.code === "ECME")
          this._host.scriptFailed(this._simError("the SIM refuses the PIN", refused), 2);
        else this._again();
      });
    } else if (locked && pin === undefined)
      this._host.scriptFailed(this._simError("the SIM wants a PIN; give option pin", error), 2);
    else if (locked && !this._pinWorks)
      this._host.scriptFailed(this._simError("the PIN was sent once and is not sent again", error), 2);
    else if (!locked && !busy)
      this._host.scriptFailed(this._simError("SIM: " + (error ? error.message : answer), error), 1);
    else if (this._setup.clock.now() >= this._deadline)
      this._host.scriptFailed(this._simError("the SIM stays busy", error), 1);
    else this._again();
  }

  private _simError(message: string, cause: M95Error | null): M95Error {
    const error = new M95Error("ESIM", message, "AT+CPIN?");
    if (cause && cause.cme !== undefined) error.cme = cause.cme;
    return error;
  }

  private _registration(rule: number, status: number): void {
    if (status === 1 || status === 5 || (rule === ALLOWED && status !== 3)) this._next();
    else if (status === 3) this._host.scriptFailed(new M95Error("EREG", "the network denies registration"), 1);
    else if (this._setup.clock.now() >= this._deadline)
      this._host.scriptFailed(new M95Error("EREG", "no network found in time"), 1);
    else this._again();
  }

  // An earlier run of this driver left these open; the broker would see them as ours.
  private _stale(text: string, lines: string[]): void {
    for (let i = 0; i < lines.length; i++) {
      const id = number(split(lines[i]!)[0]);
      if (!(id >= 0 && id <= 5)) continue;
      this._insert(build(text === "AT+QMTOPEN?" ? "QMTCLOSE" : "QMTDISC", [id]), MAY);
    }
  }
}

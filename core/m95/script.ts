// Runs the bring-up script: sends its commands, judges the answers, waits for SIM and network. It powers nothing and never
// starts over by itself; lifecycle.ts, which is built on it, does.
import { wrong } from "../arguments.js";
import { placeOf } from "../at/lines.js";
import { number, split } from "../at/params.js";
import type { Session } from "../at/session.js";
import { M95Error } from "../errors.js";
import type { Clock, TimerHandle } from "../ports.js";
import { callOff, later, type Timed } from "../timer.js";
import {
  ADDRESS,
  AGAIN,
  ASK_ATTACHED,
  ATTACH,
  ATTACH_NOW,
  ATTACHED,
  CLOSE_LEFT,
  FOLLOW,
  MAY,
  type ModemState,
  MUST,
  NETWORK,
  PACKET,
  pdpScript,
  RATE,
  SEARCH,
  SERVED,
  SIM,
  SLEEPS,
  STALE,
  STAY_AWAKE,
  STORE_RATE,
} from "./bringup.js";
import { type LifecycleSetup, REGISTRATION_TIMEOUT, SIM_TIMEOUT } from "./options.js";
import type { Ladder } from "./recovery.js";

/** ms between two looks at the SIM or the network. */
const POLL = 1000;

/** Times a PDP context is opened before the attempt counts as failed. */
const PDP_TRIES = 3;

/** Rate of a port that says nothing else, baud. */
export const USUAL_RATE = 115200;

/** ms that a network gets at least to be found once a step was taken in vain; each further one adds as much. */
const SEARCHING = 120000;

/** Bring-ups that may fail once one has not: what once ran is brought back for as long as it takes. */
export const ENDLESS = 0;

/** `+CME ERROR`: SIM PIN required. */
const PIN_REQUIRED = 11;

/** What a SIM answers that is waking up, an error by its number. The dot: see `commands`. */
const WAKING = "||undefined|3|10|13|14|3513|3515|3517|NOT READY|NOT INSERTED|SIM BUSY|.";

/** A PIN that was taken is sent again at most so often without READY; a SIM has as many tries. */
const PINS = 3;

/** Looks in which a network may take a modem that was told to attach. */
const ATTACHING = 30;

/** Looks at the SIM in which a PIN that was taken may take effect. */
const TAKING = 5;

// What is known of the network.

/** Nothing was found; GSM is registered; GPRS is. */
const NOWHERE = 0;
const VOICE = 1;
const DATA = 2;

/** A script on its way. */
interface Run {
  /** The row that is at work, and those behind it. */
  row: string;
  rows: string;
  pdpTries: number;
  /** Looks in which a PIN that was sent may still take effect. */
  taking: number;
  /** A number of the list above, and what the modem said. */
  network: number;
  registration: string;
  /** Looks until it is told to attach again; below 0: it is attached. */
  attached: number;
}

export abstract class Script {
  state!: ModemState;
  session!: Session;
  _clock!: Clock;
  _timer: TimerHandle;
  /** Its timer runs as long as the present state may last. It does not ask the clock, which may be set meanwhile. */
  protected _period!: Timed;
  protected _setup: LifecycleSetup;
  /** The modem has booted since the last bring-up, as far as is known: its echo is as it is stored. */
  protected _booted?: boolean;
  protected _script?: Run | undefined;
  /** The place on the ladder; undefined while all is well. */
  protected _ladder?: Ladder | undefined;
  /** Bring-ups that may still fail until `start` gives up. */
  protected _left!: number;
  /** Times in a row that the SIM has taken the PIN and asked anew; `PINS` when it did not answer, more for good when it refused it. */
  private _pins: number;

  constructor(setup: LifecycleSetup) {
    this._setup = setup;
    this._pins = 0;
  }

  /** Enters a state. False: whoever was told has called the script off. */
  abstract enter(state: ModemState): boolean;
  /** Follows a new rate of the modem. */
  abstract setRate(baud: number): void;
  /** Sends a command; the answer is dropped once the script was called off. */
  abstract ask(text: string, done: (error: M95Error | null, lines: string[]) => void): void;
  abstract scriptDone(): void;
  /** Something of the modem was found otherwise than it should be, and is mended. */
  abstract _reports(what: string): void;
  /** @param final - 0: trying again may help; 1: only a modem that ran before; 2: never */
  abstract scriptFailed(error: M95Error, final: number): void;
  /** The modem fell silent when its rate was changed. */
  abstract scriptSilent(error: M95Error): void;

  runScript(rows: string): void {
    this._script = {
      row: "",
      rows,
      pdpTries: 0,
      taking: 0,
      network: NOWHERE,
      registration: "",
      attached: 0,
    };
    this.proceed();
  }

  // On Espruino what is called often is short: each call unpacks the text of the function.

  /** Takes the next step. @param more - rows in front of those that are left */
  proceed(more?: string): void {
    const run = this._script!;
    if (more) run.rows = more + run.rows;
    const end = run.rows.indexOf("\n") + 1;
    run.row = run.rows.substring(0, end);
    run.rows = run.rows.substring(end);
    const parts = run.row.trim().split("\t");
    const head = parts[0]!;
    const rule = head[0]!;
    if (rule === ":") this.enterStep(head.substring(1) as ModemState);
    else {
      const text = parts[1]!;
      this.session.send(
        {
          text: "AT" + text,
          timeout: +head.substring(1) * 1000,
          info: text[0] === "+" && text.indexOf("=") < 0 ? text.split("?")[0] : undefined,
          final: parts[2],
          done: (error, lines) => {
            if (run !== this._script) return;
            if (rule === MAY || (rule === MUST && !error)) this.proceed();
            else this.judge(rule, error, lines);
          },
        },
        true,
      );
    }
  }

  /** Goes on to the next state; "": it is done. */
  enterStep(state: ModemState | ""): void {
    if (!state) {
      this._script = undefined;
      callOff(this._period);
      this.scriptDone();
      return;
    }
    const sim = state === "sim";
    const limit = this._setup.limits[sim ? SIM_TIMEOUT : REGISTRATION_TIMEOUT]!;
    const ladder = this._ladder;
    const least = ladder && !sim && this._left === ENDLESS ? SEARCHING * ladder.waits : 0;
    later(this._period, Math.max(limit, least));
    if (this.enter(state)) this.proceed();
  }

  /** Whether an answer lets the script go on: it does, if it is as it should be. */
  judge(rule: string, error: M95Error | null, lines: string[]): void {
    const line = lines[0] || "";
    const fields = split(line);
    if (!error && (rule === ADDRESS || (rule === STALE && !lines.length))) this.proceed();
    // What was answered may be part of a message: the step is taken again.
    else if (error && (error.code !== "ECME" || rule === MUST)) this.pollOrFail(error, 0, error.code === "EUNKNOWN");
    else if (rule === SIM) this.judgeSim(error, fields[0]);
    else if ((NETWORK + PACKET + ATTACHED + SERVED).indexOf(rule) >= 0) this.judgeNetwork(rule, line, fields);
    else this.judgeMore(rule, error, lines, fields);
  }

  judgeSim(error: M95Error | null, answer: string | undefined): void {
    const run = this._script!;
    const pin = this._setup.pin;
    const cme = error ? error.cme : undefined;
    // Some firmware answers with the error instead of SIM PIN or SIM BUSY.
    const locked = answer === "SIM PIN" || cme === PIN_REQUIRED;
    const fail = (message: string, known: number | undefined, waits?: boolean): void => {
      const failure = new M95Error("ESIM", message, "AT+CPIN?");
      if (known !== undefined) failure.cme = known;
      this.pollOrFail(failure, waits === undefined ? 2 : 1, waits);
    };
    if (answer === "READY") {
      if (this._pins <= PINS) this._pins = 0;
      this.proceed();
    } else if (locked && pin === undefined) fail("the SIM wants a PIN; give option pin", cme);
    else if (locked && run.taking-- <= 0) {
      if (this._pins < PINS) this.enterPin('AT+CPIN="' + pin + '"', fail);
      else fail("the PIN was refused or taken in vain; it is not sent again", cme);
    } else {
      const waits = locked || WAKING.indexOf("|" + (error ? cme : answer) + "|") >= 0;
      fail("SIM: " + (error ? error.message : answer || "no answer"), cme, waits);
    }
  }

  /** Sends the PIN, unless the card is close to being locked. */
  enterPin(command: string, fail: (message: string, known: number | undefined) => void): void {
    this.ask("AT+QTRPIN", (error, lines) => {
      const tries = number(split(lines[0] || "")[0]);
      if (error && error.code !== "ECME") this.pollOrFail(error, 0, true);
      else if (tries < PINS && !this._setup.pinRetry)
        fail(tries + " tries of the PIN left, so it is not sent without pinRetry", undefined);
      else {
        const before = this._pins;
        // Spent before it is sent: if its answer is lost, a second try could be the one that locks the card.
        this._pins = PINS;
        this.ask(command, (refused) => {
          if (refused && refused.code === "ECME") {
            this._pins++;
            fail("the SIM refuses the PIN", refused.cme);
            return;
          }
          if (!refused) this._pins = before + 1;
          const run = this._script!;
          run.taking = TAKING;
          this.lookAgain(run.row);
        });
      }
    });
  }

  /** Whether there is a network to go on with. */
  judgeNetwork(rule: string, line: string, fields: string[]): void {
    const run = this._script!;
    const status = number(fields[1]);
    const there = status === 1 || status === 5;
    let more = "";
    let waits = "";
    if (rule === ATTACHED) {
      if (fields[0] === "1") run.attached = -1;
      else if (!run.network) waits = SEARCH;
      else if (run.attached-- < 1 || run.network === DATA) {
        run.attached = ATTACHING;
        more = ATTACH_NOW;
      }
    } else {
      run.registration = rule === NETWORK ? line : run.registration.split(", ")[0] + ", " + line;
      if (rule === NETWORK) run.network = there ? VOICE : NOWHERE;
      else if (there) run.network = DATA;
      else if (rule === SERVED) waits = run.attached < 0 ? "" : ATTACH;
      else if (!run.network)
        if (status && this._period._timer !== undefined) waits = SEARCH;
        else more = ASK_ATTACHED;
    }
    if (!waits) this.proceed(more);
    else if (this._period._timer !== undefined) this.lookAgain(waits);
    else
      this.ask("AT+CEER", (_refused, causes) => {
        // Not place or technology.
        const denied = run.registration.split(":").some((part) => number(part.split(",")[1]) === 3);
        const text = denied ? "the network denies registration" : "no network found in time";
        this.scriptFailed(
          new M95Error("EREG", [text + ": " + run.registration].concat(causes).join(", "), "AT+CREG?"),
          1,
        );
      });
  }

  /** Whether any other answer lets it go on, and by which steps. */
  judgeMore(rule: string, error: M95Error | null, lines: string[], fields: string[]): void {
    const run = this._script!;
    const setup = this._setup;
    const baud = setup.baud;
    let more = "";
    if (rule === FOLLOW && !error) {
      this.setRate(baud);
      this.session.sync(10, "", (lost) => {
        if (!lost) this.proceed();
        // Called off: the modem was stopped or lost meanwhile.
        else if (lost.code !== "ECLOSED") this.scriptSilent(lost);
      });
      return;
    }
    if (rule === SLEEPS) {
      if (number(fields[0]) > 0) {
        this._reports("AT+QSCLK is stored as " + fields[0] + ": with DTR high the modem sleeps");
        more = STAY_AWAKE;
      }
    } else if (rule === STALE)
      // An earlier run of this driver left these open; the broker would see them as ours.
      for (let i = 0; i < lines.length; i++) {
        const id = number(split(lines[i]!)[0]);
        if (id >= 0 && id <= 5)
          more = CLOSE_LEFT + (placeOf(lines[i]!, "OPEN", 0) > 0 ? "CLOSE=" : "DISC=") + id + "\n" + more;
      }
    else if (rule === ADDRESS) {
      if (++run.pdpTries >= PDP_TRIES) {
        const name = setup.apn!.split('"')[1];
        this.scriptFailed(new M95Error("EPDP", "no PDP context with APN " + name, "AT+QILOCIP"), 0);
        return;
      }
      run.rows = "";
      more = pdpScript(setup.apn, AGAIN);
    } else if (rule === RATE) {
      const rate = number(fields[0]);
      const uart = setup.uart;
      // A port that cannot change its rate would be deaf from then on, and the modem locked out for good. Where the modem does not tell
      // its own, that stays as it is.
      const stays = rate !== baud && !uart.setBaud && (rate || baud !== USUAL_RATE);
      if (stays && rate >= 0) {
        this.scriptFailed(wrong("baud", "the modem's, as the port cannot change its rate", baud), 2);
        return;
      }
      // An earlier run may have switched the echo off.
      if (!stays && ((this._booted && !this.session.echoed) || rate !== baud)) more = STORE_RATE + baud + "&W\n";
      this._booted = false;
    }
    this.proceed(more);
  }

  /** Takes the same step again a little later, if it `waits` and there is time, or gives up. @param final - see `scriptFailed` */
  pollOrFail(error: M95Error, final: number, waits: boolean | undefined): void {
    if (waits && this._period._timer !== undefined) this.lookAgain(this._script!.row);
    else this.scriptFailed(error, final);
  }

  /** Takes these rows, which stand for the same step, a little later. */
  lookAgain(rows: string): void {
    later(this, POLL, () => this.proceed(rows));
  }
}

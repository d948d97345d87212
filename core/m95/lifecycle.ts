// The modem's lifecycle: power, synchronisation, bring-up, the steps of recovery that concern it, power-off. It knows its
// clients only through a listener, and nothing of MQTT but that an earlier run may have left something open.
// @resident urc
import { Session } from "../at/session.js";
import { ESCAPE } from "../at/sync.js";
import type { Request, SessionSink } from "../at/types.js";
import { M95Error } from "../errors.js";
import type { Done } from "../ports.js";
import { callOff, later } from "../timer.js";
import { AGAIN, bringUpScript, FRESH, type ModemState, pdpScript, THERE } from "./bringup.js";
import { request } from "./commands.js";
import { ANSWERING, CLOSED, CYCLING, DOUBTED, ESC, FIRST_TRIES, MORE_TRIES, PROBE, SILENT } from "./contact.js";
import { ATTEMPTS, type LifecycleSetup, QUESTION, STABLE, SYNC_TIMEOUT } from "./options.js";
import { DOWN_POLL, DOWN_POLLS, runs, turn, WAYS } from "./power.js";
import {
  attemptsOf,
  CFUN,
  climb,
  GONE,
  helpFor,
  NEVER_THERE,
  NO_PROMPT,
  newLadder,
  PDP,
  POWER,
  REOPEN,
  REST,
  RESTART,
  RESYNC,
  RETRY,
  stepsOf,
} from "./recovery.js";
import { ENDLESS, Script, USUAL_RATE } from "./script.js";
import type { LifecycleListener } from "./types.js";
import { isUrc, RECEIVED } from "./urcs.js";

function tell(list: Done[] | undefined, error: Error | null): void {
  if (list) for (const done of list) done(error);
}

export class Lifecycle extends Script implements SessionSink {
  /** What is known of the other end of the line; a number of the list above. */
  private _contact: number;
  private _listener: LifecycleListener;
  /** When it was last ready. */
  private _since?: number;
  /** When a command last stayed without an answer, and how many did in a row. */
  private _unansweredAt?: number;
  private _unanswered?: number;
  /** Changes whenever what runs is called off, so that answers to it fall on deaf ears. */
  private _generation: number;
  private _starting?: Done[] | undefined;
  private _stopping?: Done[] | undefined;

  /** `guard`: ms of silence before a command is sent; `limit`: bytes that a line, a message or an answer may have. */
  constructor(setup: LifecycleSetup, listener: LifecycleListener, guard: number, limit: number) {
    super(setup);
    const uart = setup.uart;
    const clock = listener.clock;
    this._listener = listener;
    this._clock = clock;
    this._period = { _clock: clock, _timer: undefined };
    this.state = "off";
    this._contact = SILENT;
    this._generation = this._left = 0;
    const counters = listener.counters;
    const parts = { uart, clock, sink: this, host: listener, isUrc, counters, guard, limit, prefix: RECEIVED };
    this.session = new Session(parts);
    if (setup.baud) this.session.framer.rate(setup.baud);
    uart.onClose = this._portGone.bind(this);
  }

  /** See `M95.start`. */
  startUp(done: Done): void {
    const state = this.state;
    if (state === "ready") {
      done();
      return;
    }
    this._starting = (this._starting || []).concat([done]);
    const resting = state === "recovering" && !!this._ladder && this._ladder.step === REST;
    if (resting) this._ladder = undefined;
    else if (state !== "off" && state !== "failed") return;
    if (!resting || this._left !== ENDLESS) this._left = this._setup.limits[ATTEMPTS]!;
    this._begin();
  }

  /** See `M95.stop`. */
  shutDown(done: Done): void {
    const error = new M95Error("ECLOSED", "the modem was stopped");
    const state = this.state;
    this._stopping = (this._stopping || []).concat([done]);
    this._tellStarting(error);
    if (state === "off" || state === "stopping") {
      this._listener.endAll(() => {
        // Started meanwhile, it was off in between all the same.
        if (this.state !== "stopping") this._tellStopping(null);
      });
      return;
    }
    this._left = this._setup.limits[ATTEMPTS]!;
    // While it is ready the clients say goodbye to their brokers first.
    if (state !== "ready") this._drop(error, false);
    this.enter("stopping");
    this._listener.endAll(() => {
      const power = this._setup.power;
      this._callOff();
      // Without STATUS, a press behind AT+QPOWD could switch the modem on again: there the key does it alone.
      if (this._contact < ANSWERING || (power && !runs(power))) this._powerOff(0);
      else {
        this.ask("AT+QPOWD=1", (refused) => this._goingDown(refused ? 0 : DOWN_POLLS));
      }
    });
  }

  /** Sends a command of the driver's own; its answer is dropped once the modem is lost or stopped. */
  ask(text: string, done: (error: M95Error | null, lines: string[]) => void): void {
    this.session.allow(true);
    this.session.send(request(text, this._live(done)), true);
  }

  /**
   * Something has gone wrong that the modem has to recover from. It begins with the next tick: a receive call is deep in
   * the stack already, and the rest of its chunk is still to come.
   * @param steps - see `stepsOf`, if not those of the error
   */
  recover(error: M95Error, steps?: number): void {
    // On its way down nothing is mended, and nobody waits for what it still was to send.
    if (this.state === "stopping") this._listener.allLost(error, false);
    if (this.idles()) return;
    this._generation++;
    this._script = undefined;
    later(this, 0, () => this._climb(error, steps || helpFor(error)));
  }

  /** Takes over from a client that could not help itself by opening again. False: it can, or no other step may help. */
  stepsIn(error: M95Error, failures: number): boolean {
    const steps = helpFor(error);
    if (steps >> 4 <= REOPEN && ((steps & 15) <= REOPEN || failures < attemptsOf(REOPEN))) return false;
    this.recover(error);
    return true;
  }

  // ---- what the session hands over

  mute(error: M95Error): void {
    const off = runs(this._setup.power) === false;
    this.recover(off ? new M95Error("EPOWER", "STATUS has fallen") : error, GONE);
  }

  late(run: Request): void {
    const now = this._clock.now();
    const lasting = Math.abs(now - this._unansweredAt!) <= this._setup.limits[STABLE]!;
    this._unansweredAt = now;
    this._unanswered = lasting ? this._unanswered! + 1 : 1;
    const error = new M95Error("ETIMEOUT", run.text.split("=")[0] + ": no answer in time");
    this._listener.stepBegins(error, RESYNC, this._unanswered, 0);
    if (run.prompt && this._unanswered > attemptsOf(RESYNC)) this.recover(error, NO_PROMPT);
  }

  echoed(): void {
    this._askWhetherGone(new M95Error("EPOWER", "the modem echoes again: it has lost its settings"), GONE);
  }

  urc(line: string, mayBePayload: boolean): void {
    if (!this._listener.urc(line, mayBePayload)) this.modemSays(line, mayBePayload);
  }

  /** A line that is about the modem itself. */
  modemSays(line: string, mayBePayload: boolean): void {
    if (line === "RDY" && !mayBePayload) {
      this._booted = true;
      this.session.owed = undefined;
    }
    const state = this.state;
    // Otherwise it boots, goes down or is down, and these are as expected.
    if ("sim registering attaching ready".indexOf(state) < 0) return;
    // What a modem says that still runs, a bring-up hears from the answers to its own steps.
    const steps = stepsOf(line);
    if (steps >> 4 < PDP || (line[0] === "+" && state !== "ready")) return;
    const code = line[0] !== "+" ? "EPOWER" : line[1] === "P" ? "EPDP" : "ESIM";
    const error = new M95Error(code, "the modem says " + line);
    error.raw = line;
    if (mayBePayload) this._askWhetherGone(error, steps);
    else this.recover(error, steps);
  }

  // It may be part of a message. If it is true there is no address any more.
  private _askWhetherGone(error: M95Error, steps: number): void {
    if (this._contact === DOUBTED) return;
    this._contact = DOUBTED;
    this.ask("AT+QILOCIP", (refused) => {
      this._trust();
      if (refused && refused.code === "ECME") this.recover(error, steps);
      // No answer that proves anything: asked again, and nothing is done on less.
      else if (refused && this.state === "ready") later(this, QUESTION, () => this._askWhetherGone(error, steps));
    });
  }

  private _trust(): void {
    if (this._contact === DOUBTED) this._contact = ANSWERING;
  }

  // ---- power and synchronisation

  private _begin(): void {
    const power = this._setup.power;
    if (!this._callOff() || !this.enter("starting")) return;
    const on = power ? runs(power) : true;
    if (this._contact === CLOSED) this._fail(new M95Error("ECLOSED", "the port is closed"));
    else if (on === false) this._powerOn();
    else this._sync(!on);
  }

  private _powerOn(): void {
    if (!this.enter("starting")) return;
    this.session.owed = undefined;
    this._booted = true;
    this._switch("on", () => this._sync(false));
  }

  /** @param probing - when nothing answers it is not on, and is switched on */
  private _sync(probing: boolean): void {
    if (!this.enter("syncing")) return;
    const setup = this._setup;
    const baud = setup.baud;
    let usual = false;
    let leadOut = ESCAPE;
    if (this._contact > CYCLING) this._contact = SILENT;
    this.session.allow(true);
    later(this._period, probing ? PROBE : setup.limits[SYNC_TIMEOUT]!);
    const answer = (error: M95Error | null): void => {
      if (!error) {
        const cycle = this._contact === CYCLING;
        this._contact = ANSWERING;
        // One that does not echo has not booted since it was set up.
        this.runScript(bringUpScript(setup, cycle, this.session.echoed ? FRESH : THERE));
      } else if (error.code === "ECLOSED") return;
      else if (this._period._timer !== undefined) {
        // Set to the wanted rate by an earlier run, or reset since: it is at the one or at the other.
        if (baud && baud !== USUAL_RATE) {
          this.setRate(usual ? baud : USUAL_RATE);
          usual = !usual;
        }
        leadOut = leadOut === ESC ? ESCAPE : ESC;
        this.session.sync(MORE_TRIES, leadOut, answer);
      } else if (probing) this._powerOn();
      else this.scriptSilent(error);
    };
    this.session.sync(FIRST_TRIES, "", answer);
  }

  // It said NORMAL POWER DOWN: a press before STATUS has fallen would be one too many.
  private _goingDown(polls: number): void {
    if (polls && runs(this._setup.power)) later(this, DOWN_POLL, () => this._goingDown(polls - 1));
    else this._powerOff(polls);
  }

  /** @param said - not 0: that it goes down */
  private _powerOff(said: number): void {
    const power = this._setup.power;
    const down = (error: M95Error | null): void => {
      if (this._contact !== CLOSED) this._contact = SILENT;
      this.enter(error && power ? "failed" : "off");
      this._tellStopping(error);
      // Started again in the meantime.
      if (this._starting && (this.state === "off" || this.state === "failed")) this._begin();
    };
    this._callOff();
    if (power) turn(power, WAYS, down);
    else down(said ? null : new M95Error("EPOWER", "may still be on"));
  }

  private _portGone(): void {
    const error = new M95Error("ECLOSED", "the port was closed");
    this._contact = CLOSED;
    if (this.state === "stopping") {
      this._listener.allLost(error, false);
      this.session.abort(error);
    } else if (this.state !== "off") this._fail(error);
  }

  // ---- what the script hands over

  enter(state: ModemState): boolean {
    const generation = this._generation;
    if (this.state === state) return true;
    this.state = state;
    this._listener.changed(state);
    return generation === this._generation && this.state === state;
  }

  setRate(baud: number): void {
    const uart = this._setup.uart;
    if (!uart.setBaud) return;
    try {
      uart.setBaud(baud);
    } catch (error) {
      this._listener.listenerThrew(error);
    }
    this.session.framer.rate(baud);
  }

  scriptDone(): void {
    this._left = ENDLESS;
    this.session.unechoed = true;
    this._since = this._clock.now();
    if (this.enter("ready")) this._tellStarting(null);
  }

  _reports(what: string): void {
    this._listener.stepBegins(new M95Error("EPOWER", what), RETRY, 1, 0);
  }

  scriptFailed(error: M95Error, final: number): void {
    if (final > (this._left === ENDLESS ? 1 : 0)) this._fail(error);
    else this.recover(error);
  }

  scriptSilent(error: M95Error): void {
    this._contact = SILENT;
    this.recover(error, NEVER_THERE);
  }

  // ---- when something goes wrong

  private _climb(error: M95Error, steps: number): void {
    const setup = this._setup;
    const power = setup.power;
    const ready = this.state === "ready";
    if (this.idles()) return;
    // Not when it was ready or connected, but when that has lasted.
    const lasted = ready && Math.abs(this._clock.now() - this._since!) >= setup.limits[STABLE]!;
    if (lasted && this._listener.steady()) this._ladder = undefined;
    // What start() was called for ends after some tries.
    if (this._left !== ENDLESS && !--this._left) {
      this._fail(error);
      return;
    }
    const ladder = this._ladder || newLadder(setup.limits);
    this._ladder = ladder;
    const can = (step: number): boolean =>
      step < POWER
        ? step !== CFUN || this._contact >= ANSWERING
        : !!power && !!power[WAYS.split(" ")[step - POWER] as "off"];
    const next = climb(ladder, steps, ready ? PDP : RESTART, this._listener.random(), can);
    const step = ladder.step;
    if (!this._drop(error, step === REST) || !this.enter("recovering")) return;
    const generation = this._generation;
    this._listener.stepBegins(error, step, ladder.attempt, next);
    if (generation !== this._generation) return;
    // It has booted, or is off.
    if (error.code === "EPOWER") this.session.owed = undefined;
    if (step !== REST) later(this, next, () => this._take(step));
    else {
      this.saveBattery(
        this._live(() => {
          if (!this._callOff()) return;
          later(this, next, () => {
            this._ladder = undefined;
            this._begin();
          });
        }),
      );
    }
  }

  /** Off, or at least without radio, if it answers. */
  saveBattery(done: (error: M95Error | null) => void): void {
    const power = this._setup.power;
    if (power) turn(power, WAYS, done);
    else if (this._contact >= ANSWERING) this.ask("AT+CFUN=0", done);
    else done(null);
  }

  private _switch(way: string, then: () => void): void {
    turn(
      this._setup.power!,
      way,
      this._live((error) => {
        if (error) this.recover(error);
        else then();
      }),
    );
  }

  private _take(step: number): void {
    if (step === CFUN) this._contact = CYCLING;
    else if (this._contact === CYCLING) this._contact = SILENT;
    if (step === PDP) {
      this.session.allow(true);
      // One that has booted meanwhile echoes: it has no PIN.
      this.session.unechoed = true;
      this.runScript(pdpScript(this._setup.apn, AGAIN));
    } else if (step < POWER) this._begin();
    else this._switch(WAYS.split(" ")[step - POWER]!, () => this._begin());
  }

  /** Nobody wants it to run. */
  idles(): boolean {
    return "off failed stopping".indexOf(this.state) >= 0;
  }

  private _fail(error: M95Error): void {
    if (!this._drop(error, false) || !this.enter("failed")) return;
    const heard = !!this._starting;
    this._tellStarting(error);
    this._listener.failed(error, heard);
  }

  /** Tells the clients and calls off what runs. False: one of those told has done something else since. */
  private _drop(error: M95Error, rest: boolean): boolean {
    const generation = this._generation;
    this._listener.allLost(error, rest);
    return generation === this._generation && this._callOff();
  }

  /** False: something else was begun by those whose commands were called off. */
  private _callOff(): boolean {
    const generation = ++this._generation;
    this._script = undefined;
    callOff(this._period);
    callOff(this);
    this._trust();
    this.session.allow(false);
    this.session.abort(new M95Error("ECLOSED", "the modem was stopped or lost"));
    return generation === this._generation;
  }

  /** A callback that falls on deaf ears once what runs now is called off. */
  private _live<T>(fn: (error: M95Error | null, value: T) => void): (error: M95Error | null, value?: any) => void {
    const generation = this._generation;
    return (error, value) => {
      if (generation === this._generation) fn(error, value);
    };
  }

  private _tellStarting(error: Error | null): void {
    const list = this._starting;
    this._starting = undefined;
    tell(list, error);
  }

  private _tellStopping(error: Error | null): void {
    const list = this._stopping;
    this._stopping = undefined;
    tell(list, error);
  }
}

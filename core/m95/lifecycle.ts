// The modem's lifecycle: power, synchronisation, bring-up, the steps of recovery that concern it, power-off. It knows its
// clients only through a listener, and nothing of MQTT but that an earlier run may have left something open.
// @resident urc
import { Session } from "../at/session.js";
import { ESCAPE } from "../at/sync.js";
import type { Request, SessionSink, SessionStats } from "../at/types.js";
import { M95Error } from "../errors.js";
import type { Clock, Done, TimerHandle } from "../ports.js";
import { callOff, later } from "../timer.js";
import { bringUp, type ModemState, pdpSteps } from "./bringup.js";
import { request } from "./commands.js";
import { ANSWERING, CLOSED, CYCLING, DOUBTED, SILENT } from "./contact.js";
import { Power, WAYS } from "./power.js";
import { attemptsOf, CFUN, causeOf, Ladder, PDP, POWER, REOPEN, REST, RESTART, RESYNC, stepsOf } from "./recovery.js";
import { Script, type ScriptHost } from "./script.js";
import type { LifecycleListener, LifecycleSetup } from "./types.js";
import { isUrc, RECEIVED } from "./urcs.js";

/** A modem without STATUS is asked this often whether it runs already; 500 ms each. */
const PROBES = 4;
/** AT is sent this often before the way out of a data prompt is tried, and between two such tries; 500 ms each. */
const FIRST_TRIES = 4;
const MORE_TRIES = 9;
/** They lead out of a data prompt (application note 3.2.8) and an upload, in which an earlier run of the host may have left the modem. */
const ESC = "\x1b";
/** Rate to look for the modem at, besides the wanted one, baud. */
const USUAL_RATE = 115200;
/** STATUS is looked at this often, this many ms apart, behind NORMAL POWER DOWN. */
const DOWN_POLLS = 50;
const DOWN_POLL = 100;
/** ms until a question is asked again whose answer proved nothing. */
const QUESTION = 1000;

/** Bring-ups that may fail once one has not: what once ran is brought back for as long as it takes. */
const ENDLESS = Infinity;

export class Lifecycle implements SessionSink, ScriptHost {
  state: ModemState;
  /** What is known of the other end of the line; a number of the list above. */
  private _contact: number;
  readonly session: Session;
  private _setup: LifecycleSetup;
  private _listener: LifecycleListener;
  _clock: Clock;
  private _script: Script;
  private _power: Power | undefined;
  private _ladder: Ladder;
  /** When it was last ready. */
  private _since: number;
  /** When a command last stayed without an answer, and how many did in a row. */
  private _unansweredAt: number;
  private _unanswered: number;
  /** Changes whenever what runs is called off, so that answers to it fall on deaf ears. */
  private _generation: number;
  _timer: TimerHandle;
  /** Bring-ups that may still fail until `start` gives up. */
  private _left: number;
  private _starting: Done[];
  private _stopping: Done[];

  constructor(setup: LifecycleSetup, listener: LifecycleListener, stats: SessionStats) {
    this._setup = setup;
    this._listener = listener;
    this._clock = setup.clock;
    this.state = "off";
    this._generation = this._left = this._since = this._unansweredAt = this._unanswered = 0;
    this._contact = SILENT;
    this._timer = undefined;
    this._starting = [];
    this._stopping = [];
    // Built once here, so that a bad APN is refused at once.
    bringUp(setup.settings, false);
    this._script = new Script(this, setup);
    const power = setup.power && new Power(setup.power);
    this._power = power;
    this._ladder = new Ladder(setup.recovery, (step) =>
      step < POWER ? step !== CFUN || this._contact >= ANSWERING : !!power && power.can(WAYS[step - POWER]!),
    );
    const uart = setup.uart;
    this.session = new Session({
      uart,
      clock: setup.clock,
      sink: this,
      host: listener,
      isUrc,
      stats,
      guard: setup.guardTime,
      limit: setup.receiveLimit,
      prefix: RECEIVED,
    });
    if (setup.settings.baud) this.session.framer.rate(setup.settings.baud);
    uart.onClose = this._portGone.bind(this);
  }

  /** See `M95.start`. */
  startUp(done: Done): void {
    if (this.state === "ready") {
      done();
      return;
    }
    this._starting.push(done);
    const resting = this.state === "recovering" && this._ladder.step === REST;
    if (resting) this._ladder.descend();
    else if (this.state !== "off" && this.state !== "failed") return;
    if (!resting || this._left !== ENDLESS) this._left = this._setup.recovery.attempts;
    this._begin();
  }

  /** See `M95.stop`. */
  shutDown(done: Done): void {
    const error = new M95Error("ECLOSED", "the modem was stopped");
    const state = this.state;
    this._stopping.push(done);
    this._callAll(this._starting, error);
    if (state === "off" || state === "stopping") {
      this._listener.endAll(() => {
        // Started meanwhile, it was off in between all the same.
        if (this.state !== "stopping") this._callAll(this._stopping, null);
      });
      return;
    }
    this._left = this._setup.recovery.attempts;
    // While it is ready the clients say goodbye to their brokers first.
    if (state !== "ready") this._drop(error, false);
    this.enter("stopping");
    this._listener.endAll(() => this._switchOff());
  }

  /** Sends a command of the driver's own; its answer is dropped once the modem is lost or stopped. */
  ask(text: string, done: (error: M95Error | null, lines: string[]) => void): void {
    const generation = this._generation;
    const answer: Request["done"] = (error, lines) => {
      if (generation === this._generation) done(error, lines);
    };
    this.session.send(request(text, answer), true);
  }

  /**
   * Something has gone wrong that the modem has to recover from. It begins with the next tick: a receive call is deep in
   * the stack already, and the rest of its chunk is still to come.
   * @param cause - the row of the table, if not that of the error
   */
  recover(error: M95Error, cause?: string): void {
    const state = this.state;
    if (state === "off" || state === "failed" || state === "stopping") return;
    this._generation++;
    later(this, 0, () => this._climb(error, cause || causeOf(error)));
  }

  /** Takes over from a client that could not help itself by opening again. False: it can, or no other step may help. */
  stepsIn(error: M95Error, failures: number): boolean {
    const steps = stepsOf(causeOf(error));
    if (steps >> 4 <= REOPEN && ((steps & 15) <= REOPEN || failures < attemptsOf(REOPEN))) return false;
    this.recover(error);
    return true;
  }

  // ---- what the session hands over

  mute(error: M95Error): void {
    const off = this._power && this._power.running() === false;
    this.recover(off ? new M95Error("EPOWER", "STATUS has fallen") : error, off ? "status" : "mute");
  }

  late(run: Request): void {
    const now = this._clock.now();
    if (now - this._unansweredAt > this._setup.recovery.stable) this._unanswered = 0;
    this._unansweredAt = now;
    const error = new M95Error("ETIMEOUT", run.text.split("=")[0] + ": no answer in time");
    this._listener.stepBegins(error, RESYNC, ++this._unanswered, 0);
    if (run.prompt && this._unanswered > attemptsOf(RESYNC)) this.recover(error, "prompt");
  }

  echoed(): void {
    this._askWhetherGone(new M95Error("EPOWER", "the modem echoes again: it has lost its settings"), "echo");
  }

  urc(line: string, mayBePayload: boolean): void {
    if (this._listener.urc(line, mayBePayload)) return;
    if (line === "RDY" && !mayBePayload) this._script.booted = true;
    const state = this.state;
    // While it boots and while it goes down these are as expected.
    if (state === "starting" || state === "syncing" || state === "stopping" || state === "recovering") return;
    // What a modem says that still runs, a bring-up hears from the answers to its own steps.
    if (stepsOf(line) >> 4 < PDP || (line[0] === "+" && state !== "ready")) return;
    const code = line[0] !== "+" ? "EPOWER" : line[1] === "P" ? "EPDP" : "ESIM";
    const error = new M95Error(code, "the modem says " + line);
    error.raw = line;
    if (mayBePayload) this._askWhetherGone(error, line);
    else this.recover(error, line);
  }

  // It may be part of a message. If it is true there is no address any more.
  private _askWhetherGone(error: M95Error, cause: string): void {
    if (this._contact === DOUBTED) return;
    this._contact = DOUBTED;
    this.ask("AT+QILOCIP", (refused) => {
      this._trust();
      if (refused && refused.code === "ECME") this.recover(error, cause);
      // No answer that proves anything: asked again, and nothing is done on less.
      else if (refused && this.state === "ready") later(this, QUESTION, () => this._askWhetherGone(error, cause));
    });
  }

  private _trust(): void {
    if (this._contact === DOUBTED) this._contact = ANSWERING;
  }

  // ---- power and synchronisation

  private _begin(): void {
    if (!this._callOff() || !this.enter("starting")) return;
    if (this._contact === CLOSED) {
      this._fail(new M95Error("ECLOSED", "the port is closed"));
      return;
    }
    const power = this._power;
    const on = power ? power.running() : true;
    if (on) this._sync(this._setup.recovery.syncTimeout);
    else if (on === false) this._powerOn();
    else this._sync(PROBES * 500, () => this._powerOn());
  }

  private _powerOn(): void {
    const generation = this._generation;
    if (!this.enter("starting")) return;
    this._power!.to("on", (error) => {
      if (generation !== this._generation) return;
      this._script.booted = true;
      if (error) this.recover(error);
      else this._sync(this._setup.recovery.syncTimeout);
    });
  }

  /** @param otherwise - what to do when nothing answers, instead of failing the attempt */
  private _sync(ms: number, otherwise?: () => void): void {
    if (!this.enter("syncing")) return;
    const uart = this._setup.uart;
    const baud = this._setup.settings.baud;
    const deadline = this._clock.now() + ms;
    let usual = false;
    let leadOut = ESCAPE;
    if (this._contact > CYCLING) this._contact = SILENT;
    this.session.allow(true);
    const answer = (error: M95Error | null): void => {
      if (error && error.code === "ECLOSED") return;
      if (!error) {
        const cycle = this._contact === CYCLING;
        this._contact = ANSWERING;
        this._script.run(bringUp(this._setup.settings, cycle));
      } else if (this._clock.now() < deadline) {
        // Set to the wanted rate by an earlier run, or reset since: it is at the one or at the other.
        if (baud && baud !== USUAL_RATE && uart.setBaud) {
          this.setRate(usual ? baud : USUAL_RATE);
          usual = !usual;
        }
        leadOut = leadOut === ESC ? ESCAPE : ESC;
        this.session.sync(MORE_TRIES, leadOut, answer);
      } else if (otherwise) otherwise();
      else this.scriptSilent(error);
    };
    this.session.sync(FIRST_TRIES, "", answer);
  }

  // It said NORMAL POWER DOWN: a press before STATUS has fallen would be one too many.
  private _goingDown(polls: number): void {
    if (polls && this._power && this._power.running()) later(this, DOWN_POLL, () => this._goingDown(polls - 1));
    else this._powerOff();
  }

  private _switchOff(): void {
    const power = this._power;
    this._callOff();
    // Without STATUS, a press behind AT+QPOWD could switch the modem on again: there the key does it alone.
    if (this._contact < ANSWERING || (power && !power.running())) this._powerOff();
    else {
      this.session.allow(true);
      this.ask("AT+QPOWD=1", (error) => this._goingDown(error ? 0 : DOWN_POLLS));
    }
  }

  private _powerOff(): void {
    const power = this._power;
    this._callOff();
    if (power) power.switchOff(0, (error) => this._down(error));
    else this._down(null);
  }

  private _down(error: M95Error | null): void {
    if (this._contact !== CLOSED) this._contact = SILENT;
    this.enter(error ? "failed" : "off");
    this._callAll(this._stopping, error);
    // Started again in the meantime.
    if (this._starting.length && (this.state === "off" || this.state === "failed")) this._begin();
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
    if (this.enter("ready")) this._callAll(this._starting, null);
  }

  scriptFailed(error: M95Error, final: number): void {
    if (final > (this._left === ENDLESS ? 1 : 0)) this._fail(error);
    else this.recover(error);
  }

  scriptSilent(error: M95Error): void {
    this._contact = SILENT;
    this.recover(error, "silent");
  }

  // ---- when something goes wrong

  private _climb(error: M95Error, cause: string): void {
    const options = this._setup.recovery;
    const ladder = this._ladder;
    const state = this.state;
    if (state === "off" || state === "failed" || state === "stopping") return;
    const ready = state === "ready";
    // Not when it was ready or connected, but when that has lasted.
    if (ready && this._clock.now() - this._since >= options.stable && this._listener.steady()) ladder.descend();
    // What start() was called for ends after some tries.
    if (!--this._left) {
      this._fail(error);
      return;
    }
    const next = ladder.climb(cause, ready ? PDP : RESTART, this._setup.random());
    const step = ladder.step;
    if (!this._drop(error, step === REST) || !this.enter("recovering")) return;
    const generation = this._generation;
    this._listener.stepBegins(error, step, ladder.attempt, next);
    if (generation !== this._generation) return;
    if (step === REST) this._rest(next);
    else later(this, next, () => this._take(step));
  }

  private _take(step: number): void {
    const generation = this._generation;
    if (step === CFUN) this._contact = CYCLING;
    else if (this._contact === CYCLING) this._contact = SILENT;
    if (step === PDP) {
      this.session.allow(true);
      this._script.run(pdpSteps(this._setup.settings, true));
    } else if (step < POWER) this._begin();
    else
      this._power!.to(WAYS[step - POWER]!, (error) => {
        if (generation !== this._generation) return;
        if (error) this.recover(error);
        else this._begin();
      });
  }

  // To spare the battery: off, or at least without radio.
  private _rest(ms: number): void {
    const generation = this._generation;
    const rest = (): void => {
      if (generation !== this._generation || !this._callOff()) return;
      later(this, ms, () => {
        this._ladder.descend();
        this._begin();
      });
    };
    if (this._power) this._power.switchOff(0, rest);
    else if (this._contact >= ANSWERING) {
      this.session.allow(true);
      this.ask("AT+CFUN=0", rest);
    } else rest();
  }

  private _fail(error: M95Error): void {
    if (!this._drop(error, false) || !this.enter("failed")) return;
    const heard = this._starting.length > 0;
    this._callAll(this._starting, error);
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
    callOff(this);
    this._trust();
    this.session.allow(false);
    this.session.abort(new M95Error("ECLOSED", "the modem was stopped or lost"));
    return generation === this._generation;
  }

  private _callAll(list: Done[], error: Error | null | undefined): void {
    for (const done of list.splice(0, list.length)) done(error || undefined);
  }
}

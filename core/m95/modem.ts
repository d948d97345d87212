// The modem's lifecycle: power, synchronisation, bring-up, plain recovery, power-off. It knows its clients only through
// a listener, and nothing of MQTT but what is left open by an earlier run.
import { split } from "../at/params.js";
import { Session, type SessionSink, type SessionStats } from "../at/session.js";
import { M95Error } from "../errors.js";
import type { Clock, Done, PowerSwitch, TimerHandle, Uart } from "../ports.js";
import { bringUp, type ModemState, pdpSteps, type Settings, type Step } from "./bringup.js";
import { traits } from "./commands.js";
import type { RecoveryOptions } from "./options.js";
import { Power } from "./power.js";
import { Script, type ScriptHost } from "./script.js";
import { GONE, isUrc, RECEIVED } from "./urcs.js";

/** What the driver does about a disturbance. */
export interface Recovery {
  /** What was noticed. */
  cause: string;
  /** What is done about it. */
  step: string;
  /** Counted from 1 since the modem was last ready. */
  attempt: number;
  /** ms until the step begins. */
  next: number;
}

/** Who is told about the modem. None of these may throw. */
export interface ModemListener {
  changed(state: ModemState): void;
  /** Everything the modem held for its clients is gone, or out of reach. */
  lost(error: M95Error): void;
  /** It could not be started. @param heard - a callback of `start` was told */
  failed(error: M95Error, heard: boolean): void;
  /** Clients are to end; `then` is called when all of them have. */
  endAll(then: () => void): void;
  /** A `+QMT…` URC but a message. */
  result(name: string, fields: string[], line: string, suspect: boolean): void;
  /** Received bytes were lost: what the modem reported may not have been heard. */
  lossy(): void;
  urc(line: string): void;
  recovery(what: Recovery): void;
  explain(family: string, code: number): string;
}

export interface ModemSetup {
  uart: Uart;
  clock: Clock;
  random: () => number;
  power: PowerSwitch | undefined;
  pin: string | undefined;
  settings: Settings;
  guardTime: number;
  receiveLimit: number;
  recovery: Required<RecoveryOptions>;
}

export interface ModemStats extends SessionStats {
  /** Bring-ups begun because the modem was lost. */
  restarts: number;
}

/** A modem without STATUS is asked this often whether it runs already; 500 ms each. */
const PROBES = 4;
/** AT is sent this often before the way out of a data prompt is tried, and between two such tries; 500 ms each. */
const FIRST_TRIES = 4;
const MORE_TRIES = 9;
/** They lead out of a data prompt (application note 3.2.8) and an upload, in which an earlier run of the host may have left the modem. */
const ESC = "\x1b";
const ESCAPE = "+++";
/** Rate to look for the modem at, besides the wanted one, baud. */
const USUAL_RATE = 115200;
/** STATUS is looked at this often, this many ms apart, behind NORMAL POWER DOWN. */
const DOWN_POLLS = 50;
const DOWN_POLL = 100;

export class Modem implements SessionSink, ScriptHost {
  state: ModemState;
  readonly session: Session;
  private _setup: ModemSetup;
  private _listener: ModemListener;
  private _stats: ModemStats;
  private _clock: Clock;
  private _script: Script;
  private _power: Power | undefined;
  /** Changes whenever what runs is called off, so that answers to it fall on deaf ears. */
  private _era: number;
  private _timer: TimerHandle;
  private _attempt: number;
  private _wasReady: boolean;
  /** It has answered since it was last switched on. */
  private _heard: boolean;
  private _starting: Done[];
  private _stopping: Done[];
  private _closed: boolean;
  /** A line that may be part of a message claims that the modem or its PDP context is gone; that is being looked into. */
  private _claimed: boolean;

  constructor(setup: ModemSetup, listener: ModemListener, stats: ModemStats) {
    this._setup = setup;
    this._listener = listener;
    this._stats = stats;
    this._clock = setup.clock;
    this.state = "off";
    this._era = this._attempt = 0;
    this._wasReady = this._closed = this._heard = this._claimed = false;
    this._timer = undefined;
    this._starting = [];
    this._stopping = [];
    // Built once here, so that a bad APN is refused at once.
    bringUp(setup.settings);
    this._script = new Script(this, setup);
    this._power = setup.power && new Power(setup.power);
    const uart = setup.uart;
    this.session = new Session(uart, setup.clock, this, stats, setup.guardTime, setup.receiveLimit, RECEIVED);
    if (setup.settings.baud) this.session.rate(setup.settings.baud);
    uart.onClose = () => this._portGone();
  }

  /** See `M95.start`. */
  start(done: Done): void {
    if (this.state === "ready") {
      done();
      return;
    }
    this._starting.push(done);
    if (this.state !== "off" && this.state !== "failed") return;
    this._attempt = 0;
    this._wasReady = false;
    this._begin();
  }

  /** See `M95.stop`. */
  stop(done: Done): void {
    const error = new M95Error("ECLOSED", "the modem was stopped");
    const state = this.state;
    this._stopping.push(done);
    this._settle(this._starting, error);
    if (state === "off" || state === "stopping") {
      this._listener.endAll(() => {
        // Started meanwhile, it was off in between all the same.
        if (this.state !== "stopping") this._settle(this._stopping, null);
      });
      return;
    }
    this._attempt = 0;
    this._wasReady = false;
    // While it is ready the clients say goodbye to their brokers first.
    if (state !== "ready") this._drop(error);
    this.enter("stopping");
    this._listener.endAll(() => this._switchOff());
  }

  /** Sends a command of the driver's own; its answer is dropped once the modem is lost or stopped. */
  ask(text: string, done: (error: M95Error | null, lines: string[]) => void): void {
    const era = this._era;
    const trait = traits(text);
    this.session.send(
      {
        text,
        timeout: trait.timeout,
        final: trait.final,
        info: text.startsWith("AT+") ? "+" : undefined,
        done: (error, lines) => {
          if (era === this._era) done(error, lines);
        },
      },
      true,
    );
  }

  /**
   * Takes the modem for lost: clients are told, and it is brought up again.
   * @param steps - what to run instead of the whole bring-up
   */
  lose(error: M95Error, steps?: Step[]): void {
    if (this.state === "off" || this.state === "failed" || this.state === "stopping") return;
    this._stats.restarts++;
    this._retry(error, steps);
  }

  /** Closes the PDP context and opens it anew, as the note advises for `+QMTSTAT` 2 (4.1.1). */
  cyclePdp(error: M95Error): void {
    if (this.state === "ready") this.lose(error, pdpSteps(this._setup.settings, true));
  }

  // ---- what the session hands over

  isUrc(line: string, running: string): boolean {
    return isUrc(line, running);
  }

  explain(family: string, code: number): string {
    return this._listener.explain(family, code);
  }

  lossy(): void {
    this._listener.lossy();
  }

  mute(error: M95Error): void {
    this.lose(error);
  }

  urc(line: string, suspect: boolean): void {
    this._listener.urc(line);
    if (line.startsWith("+QMT")) {
      const colon = line.indexOf(":");
      if (colon > 0) this._listener.result(line.substring(1, colon).trim(), split(line), line, suspect);
      return;
    }
    const gone = GONE.indexOf("|" + line + "|") >= 0;
    if (!gone && line !== "+PDP DEACT") return;
    const state = this.state;
    // While it boots and while it goes down these are as expected.
    if (state === "starting" || state === "syncing" || state === "stopping" || state === "recovering") return;
    const error = new M95Error(gone ? "EPOWER" : "EPDP", "the modem says " + line);
    error.raw = line;
    const steps = gone ? undefined : pdpSteps(this._setup.settings, true);
    if (!suspect) this.lose(error, steps);
    // The line may be part of a message: without a context there is no address.
    else if (!this._claimed) {
      this._claimed = true;
      this.ask("AT+QILOCIP", (refused) => {
        this._claimed = false;
        if (refused) this.lose(error, steps);
      });
    }
  }

  // ---- power and synchronisation

  private _begin(): void {
    if (!this._callOff() || !this.enter("starting")) return;
    if (this._closed) {
      this._fail(new M95Error("ECLOSED", "the port is closed"));
      return;
    }
    const power = this._power;
    const on = power ? power.isOn() : true;
    if (on) this._sync(this._setup.recovery.syncTimeout);
    else if (on === false) this._powerOn();
    else this._sync(PROBES * 500, () => this._powerOn());
  }

  private _powerOn(): void {
    const era = this._era;
    if (!this.enter("starting")) return;
    this._power!.to("on", (error) => {
      if (era !== this._era) return;
      if (error) this._retry(error);
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
    let wayOut = ESCAPE;
    this._heard = false;
    this.session.open = true;
    const answer = (error: M95Error | null): void => {
      if (error && error.code === "ECLOSED") return;
      this._heard = !error;
      if (!error) this._script.run(bringUp(this._setup.settings));
      else if (this._clock.now() < deadline) {
        // Set to the wanted rate by an earlier run, or reset since: it is at the one or at the other.
        if (baud && baud !== USUAL_RATE && uart.setBaud) {
          this._rate(usual ? baud : USUAL_RATE);
          usual = !usual;
        }
        wayOut = wayOut === ESC ? ESCAPE : ESC;
        this.session.sync(MORE_TRIES, wayOut, answer);
      } else if (otherwise) otherwise();
      else this.scriptSilent(error);
    };
    this.session.sync(FIRST_TRIES, "", answer);
  }

  private _rate(baud: number): void {
    this._setup.uart.setBaud!(baud);
    this.session.rate(baud);
  }

  // It said NORMAL POWER DOWN: a press before STATUS has fallen would be one too many.
  private _goingDown(polls: number): void {
    if (polls && this._power && this._power.isOn()) this.later(DOWN_POLL, () => this._goingDown(polls - 1));
    else this._powerOff();
  }

  private _switchOff(): void {
    const power = this._power;
    this._callOff();
    // Without STATUS, a press behind AT+QPOWD could switch the modem on again: there the key does it alone.
    if (!this._heard || this._closed || (power && !power.isOn())) this._powerOff();
    else {
      this.session.open = true;
      this.ask("AT+QPOWD=1", (error) => this._goingDown(error ? 0 : DOWN_POLLS));
    }
  }

  private _powerOff(): void {
    const power = this._power;
    this._callOff();
    if (!power) this._down(null);
    else
      power.to("off", (error) => {
        if (error && power.kills) power.to("kill", (e) => this._down(e));
        else this._down(error);
      });
  }

  private _down(error: M95Error | null): void {
    this._heard = false;
    this.enter(error ? "failed" : "off");
    this._settle(this._stopping, error);
    // Started again in the meantime.
    if (this._starting.length && (this.state === "off" || this.state === "failed")) this._begin();
  }

  private _portGone(): void {
    const error = new M95Error("ECLOSED", "the port was closed");
    this._closed = true;
    if (this.state === "stopping") {
      this._listener.lost(error);
      this.session.reset(error);
    } else if (this.state !== "off") this._fail(error);
  }

  // ---- what the script hands over

  enter(state: ModemState): boolean {
    const era = this._era;
    if (this.state === state) return true;
    this.state = state;
    this._listener.changed(state);
    return era === this._era && this.state === state;
  }

  setRate(baud: number): void {
    if (this._setup.uart.setBaud) this._rate(baud);
  }

  scriptDone(): void {
    this._attempt = 0;
    this._wasReady = true;
    if (this.enter("ready")) this._settle(this._starting, null);
  }

  scriptFailed(error: M95Error, final: boolean): void {
    // What once ran is brought back for as long as it takes; a SIM that is locked or gone does not come back by itself.
    if (final && !(this._wasReady && error.code === "EREG")) this._fail(error);
    else this._retry(error);
  }

  // Nothing answers: the next try needs fresh power.
  scriptSilent(error: M95Error): void {
    const power = this._power;
    const era = this._era;
    this._heard = false;
    if (!power) this._retry(error);
    else
      power.to(power.kills ? "kill" : "off", () => {
        if (era === this._era) this._retry(error);
      });
  }

  // ---- when something goes wrong

  private _retry(error: M95Error, steps?: Step[]): void {
    const options = this._setup.recovery;
    const keep = steps && this._attempt === 0;
    this._attempt++;
    // What start() was called for ends after some tries; what once ran is brought back for as long as it takes.
    if (!this._wasReady && this._attempt >= options.attempts) {
      this._fail(error);
      return;
    }
    if (!this._drop(error) || !this.enter("recovering")) return;
    const cap = Math.min(options.maxPeriod, options.period * Math.pow(2, this._attempt - 1));
    const next = Math.round(this._setup.random() * cap);
    this._listener.recovery({
      cause: error.raw || error.message,
      step: keep ? "pdp" : "restart",
      attempt: this._attempt,
      next,
    });
    this.later(next, () => {
      if (!keep) this._begin();
      else {
        this.session.open = true;
        this._script.run(steps!);
      }
    });
  }

  private _fail(error: M95Error): void {
    if (!this._drop(error) || !this.enter("failed")) return;
    const heard = this._starting.length > 0;
    this._settle(this._starting, error);
    this._listener.failed(error, heard);
  }

  /** Tells the clients and calls off what runs. False: one of those told has done something else since. */
  private _drop(error: M95Error): boolean {
    const era = this._era;
    this._listener.lost(error);
    return era === this._era && this._callOff();
  }

  /** False: something else was begun by those whose commands were called off. */
  private _callOff(): boolean {
    const era = ++this._era;
    if (this._timer !== undefined) this._clock.cancel(this._timer);
    this._timer = undefined;
    this._claimed = false;
    this.session.open = false;
    this.session.reset(new M95Error("ECLOSED", "the modem was stopped or lost"));
    return era === this._era;
  }

  later(ms: number, fn: () => void): void {
    this._timer = this._clock.after(ms, () => {
      this._timer = undefined;
      fn();
    });
  }

  private _settle(list: Done[], error: Error | null | undefined): void {
    const all = list.splice(0, list.length);
    for (let i = 0; i < all.length; i++) all[i]!(error || undefined);
  }
}

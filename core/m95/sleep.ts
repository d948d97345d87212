// Lets the modem sleep when nothing is under way, and wakes it before a command: by DTR where it is wired (AT+QSCLK=1), else by bytes
// that it throws away (AT+QSCLK=2). One that cannot be started rests. It knows nothing of connections but when they were last heard of.
// @part sleep
import type { Session } from "../at/session.js";
import type { Request } from "../at/types.js";
import { COMMANDS, type Counters, SLEEPS, WAKES } from "../counters.js";
import { M95Error } from "../errors.js";
import type { Clock, Done, TimerHandle } from "../ports.js";
import { callOff, later } from "../timer.js";
import type { ModemState } from "./bringup.js";
import { request } from "./commands.js";
import { type LifecycleSetup, REST_PERIOD, ROUNDS } from "./options.js";
import { REST } from "./recovery.js";

/** AT is sent this often, 150 ms apart and at last 500, before a modem that was woken counts as mute. */
const TRIES = 11;
/** Times in a row that it may fail to wake: then DTR is not what wakes it, and it is not let sleep any more. */
const MISSES = 2;
/** Looks without a change that make the quiet time. */
const LOOKS = 5;
/** ms between two looks whether a modem that is told to sleep can. */
const SOON = 100;

const AWAKE = 0;
const WAKING = 1;
const ASLEEP = 2;

/** Who sleeps. */
export interface SleepHost {
  readonly clock: Clock;
  readonly session: Session;
  readonly counters: Counters;
  readonly state: ModemState;
  asleep?: boolean;
  sleep?: (done?: Done) => void;
  wake?: (done?: Done) => void;
  /** Whether something is under way but commands. What was not heard of since `since` is asked after. */
  isRestless(since: number): boolean;
  /** Starts it, for its clients. */
  rouse(): boolean;
  stepBegins(error: M95Error, step: number, attempt: number, next: number): void;
  _answer(error: M95Error | undefined, done: Done | undefined): void;
  emit(event: "sleep" | "wake"): void;
  emit(event: "error", error: M95Error): void;
  listenerThrew(error: unknown): void;
}

/** Who is told that a modem which was woken does not answer, and switches one off that rests. */
export interface SleepSink {
  mute(error: M95Error): void;
  saveBattery(done: () => void): void;
}

export class Sleeper {
  _clock: Clock;
  _timer: TimerHandle;
  private _host: SleepHost;
  private _sink: SleepSink;
  private _setup: LifecycleSetup;
  /** ms of quiet before it sleeps by itself; 0: it does not. */
  private _after: number;
  private _phase: number;
  /** AT+QSCLK as it was set since the modem booted; 0: not yet, or it cannot. */
  private _level: number;
  /** Bytes received and commands sent at the last look, and how often they had not changed. */
  private _mark: number;
  private _calm: number;
  private _wokenAt: number;
  /** Times in a row that it did not wake, and that it could not be started. */
  private _misses: number;
  private _vain: number;
  /** Who waits for it to sleep, or to be awake. */
  private _falling: (Done | undefined)[];
  private _rising: (Done | undefined)[];
  private _sends: (one: Request, first?: boolean) => void;

  /** @param after - ms of quiet before it sleeps by itself; 0: only when it is told to */
  constructor(host: SleepHost, sink: SleepSink, setup: LifecycleSetup, after: number) {
    const session = host.session;
    const power = setup.power;
    this._host = host;
    this._sink = sink;
    this._clock = host.clock;
    this._timer = undefined;
    this._setup = setup;
    this._after = after;
    this._phase = this._level = this._mark = this._calm = this._wokenAt = this._misses = this._vain = 0;
    this._falling = [];
    this._rising = [];
    // In front of the session's own: who does not sleep has nothing of it. Assigning fails on XS, where prototypes are frozen.
    this._sends = session.send;
    Object.defineProperty(session, "send", { value: this._send.bind(this) });
    host.sleep = this._sleepOnce.bind(this);
    host.wake = this.arouse.bind(this);
    if (power) power.onRing = this._ring.bind(this);
    this._dtr(0);
  }

  /** The modem is in another state: whatever it is, DTR is low then. */
  stateIs(state: ModemState): void {
    this._level = 0;
    this._dtr(0);
    this._wakeUp(new M95Error("ECLOSED", "the modem was stopped or lost"));
    if (state === "failed") this._vain++;
    if (state !== "ready") return;
    this._vain = 0;
    const power = this._setup.power;
    const level = this._misses >= MISSES ? 0 : power && power.dtr ? 1 : 2;
    const one = request("AT+QSCLK=" + level, (error) => {
      if (!error && !level) this._refuse("the modem does not wake; is DTR wired?");
      else if (!error) {
        this._level = level;
        this._watch();
      } else if (error.code === "ECME")
        this._refuse("the modem refuses AT+QSCLK=" + level + "; without a pin dtr it stays awake");
    });
    one.repeats = true;
    this._host.session.send(one, true);
  }

  private _refuse(why: string): void {
    this._host.emit("error", new M95Error("EPOWER", "sleep: " + why));
  }

  /**
   * Whether the modem is not to be started for its clients now: starts that fail again and again cost what a search costs, so it is off
   * in between, or at least without radio.
   */
  spares(): boolean {
    const host = this._host;
    const setup = this._setup;
    if (this._timer !== undefined) return true;
    if (host.state !== "failed" || this._vain < setup.limits[ROUNDS]!) return false;
    const rest = setup.limits[REST_PERIOD]!;
    later(this, rest, () => {
      // One start, and if that fails, too, another rest.
      this._vain--;
      host.rouse();
    });
    host.stepBegins(new M95Error("ECLOSED", "the modem could not be started"), REST, 1, rest);
    this._sink.saveBattery(() => undefined);
    return true;
  }

  /** See `M95.wake`. */
  arouse(done?: Done): void {
    this._rising.push(done);
    if (this._phase === AWAKE) this._tell(this._rising);
    else this._wake();
  }

  /** See `M95.sleep`. */
  private _sleepOnce(done?: Done): void {
    this._falling.push(done);
    if (this._phase === ASLEEP) this._tell(this._falling);
    else if (!this._level)
      this._tell(this._falling, new M95Error("ECLOSED", "the modem is not ready to sleep: " + this._host.state));
    else this._watch();
  }

  private _send(one: Request, first?: boolean): void {
    this._wake();
    this._sends.call(this._host.session, one, first);
  }

  private _ring(): void {
    this._calm = 0;
    this._wake();
  }

  // Looks some times in the quiet time, so that it sleeps when that is over, or little later.
  private _watch(): void {
    const wait = this._falling.length ? SOON : this._after / LOOKS;
    if (wait) later(this, wait, () => this._look());
  }

  private _look(): void {
    const host = this._host;
    const session = host.session;
    const mark = session.framer.bytes + host.counters[COMMANDS]!;
    // A clock that was set back must not make everything older than that.
    this._wokenAt = Math.min(this._wokenAt, this._clock.now());
    const busy = !session.isFree() || host.isRestless(this._wokenAt);
    this._calm = busy || mark !== this._mark ? 0 : this._calm + 1;
    this._mark = mark;
    if (busy || !(this._calm >= LOOKS || this._falling.length)) {
      this._watch();
      return;
    }
    this._calm = 0;
    this._phase = ASLEEP;
    session.allow(false);
    this._dtr(1);
    host.asleep = true;
    host.counters[SLEEPS]!++;
    host.emit("sleep");
    this._tell(this._falling);
  }

  private _wake(): void {
    if (this._phase !== ASLEEP) return;
    const session = this._host.session;
    this._phase = WAKING;
    this._wokenAt = this._clock.now();
    this._dtr(0);
    session.sync(
      TRIES,
      "",
      (error) => {
        // Else it was called off, as the modem is lost or looked for anew.
        if (error && error.code === "ECLOSED") return;
        this._misses = error ? this._misses + 1 : 0;
        if (error) this._sink.mute(error);
        else this._wakeUp(null);
      },
      true,
    );
    session.allow(true);
  }

  /** @param error - why those who wait for it to sleep do so in vain */
  private _wakeUp(error: M95Error | null): void {
    const host = this._host;
    const slept = this._phase;
    callOff(this);
    this._phase = AWAKE;
    this._calm = 0;
    if (error) this._tell(this._falling, error);
    if (slept) {
      host.asleep = false;
      host.counters[WAKES]!++;
      host.emit("wake");
    }
    this._tell(this._rising);
    if (!error) this._watch();
  }

  // From a timer, as everything that is told.
  private _tell(all: (Done | undefined)[], error?: M95Error): void {
    all.splice(0).forEach((done) => {
      this._clock.after(0, () => this._host._answer(error, done));
    });
  }

  private _dtr(level: 0 | 1): void {
    const power = this._setup.power;
    try {
      if (power && power.dtr) power.dtr(level);
    } catch (error) {
      this._host.listenerThrew(error);
    }
  }
}

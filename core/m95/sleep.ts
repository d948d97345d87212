// Lets the modem sleep when nothing is under way, and wakes it before a command: by DTR where it is wired (AT+QSCLK=1), else by bytes
// that it throws away (AT+QSCLK=2). It switches nothing off and knows nothing of connections but when they were last heard of.
// @part sleep
import type { Session } from "../at/session.js";
import type { Request } from "../at/types.js";
import { COMMANDS, type Counters, SLEEPS, WAKES } from "../counters.js";
import { M95Error } from "../errors.js";
import type { Clock, Done, PowerSwitch, TimerHandle } from "../ports.js";
import { callOff, later } from "../timer.js";
import type { ModemState } from "./bringup.js";
import { request } from "./commands.js";

/** AT is sent this often, 150 ms apart, before a modem that was woken counts as mute. */
const TRIES = 7;
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
  emit(event: "sleep" | "wake"): void;
  emit(event: "error", error: M95Error): void;
  listenerThrew(error: unknown): void;
}

/** Who is told that a modem which was woken does not answer. */
export interface SleepSink {
  mute(error: M95Error): void;
}

export class Sleeper {
  _clock: Clock;
  _timer: TimerHandle;
  private _host: SleepHost;
  private _sink: SleepSink;
  private _power: PowerSwitch | undefined;
  /** ms of quiet before it sleeps by itself; 0: it does not. */
  private _after: number;
  private _phase: number;
  /** AT+QSCLK as it was set since the modem booted; 0: not yet, or it cannot. */
  private _level: number;
  /** Bytes received and commands sent at the last look, and how often they had not changed. */
  private _mark: number;
  private _calm: number;
  private _wokenAt: number;
  /** Times in a row that it did not wake. */
  private _misses: number;
  /** Who waits for it to sleep, or to be awake. */
  private _falling: Done[];
  private _rising: Done[];
  private _sends: (one: Request, first?: boolean) => void;

  /** @param after - ms of quiet before it sleeps by itself; 0: only when it is told to */
  constructor(host: SleepHost, sink: SleepSink, power: PowerSwitch | undefined, after: number) {
    const session = host.session;
    this._host = host;
    this._sink = sink;
    this._clock = host.clock;
    this._timer = undefined;
    this._power = power;
    this._after = after;
    this._phase = this._level = this._mark = this._calm = this._wokenAt = this._misses = 0;
    this._falling = [];
    this._rising = [];
    // In front of the session's own: who does not sleep has nothing of it.
    this._sends = session.send;
    session.send = this._send.bind(this);
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
    if (state !== "ready") return;
    const level = this._misses >= MISSES ? 0 : this._power && this._power.dtr ? 1 : 2;
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

  /** See `M95.wake`. */
  arouse(done?: Done): void {
    this._rising.push(done || (() => undefined));
    if (this._phase === AWAKE) this._tellRisen();
    else this._wake();
  }

  /** See `M95.sleep`. */
  private _sleepOnce(done?: Done): void {
    this._falling.push(done || (() => undefined));
    if (this._phase === ASLEEP) this._tellFallen(undefined);
    else if (!this._level)
      this._tellFallen(new M95Error("ECLOSED", "the modem is not ready to sleep: " + this._host.state));
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
    this._tellFallen(undefined);
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
    if (error) this._tellFallen(error);
    if (slept) {
      host.asleep = false;
      host.counters[WAKES]!++;
      host.emit("wake");
    }
    this._tellRisen();
    if (!error) this._watch();
  }

  private _tellFallen(error: M95Error | undefined): void {
    const all = this._falling;
    this._falling = [];
    this._tellAll(all, error);
  }

  private _tellRisen(): void {
    const all = this._rising;
    this._rising = [];
    this._tellAll(all, undefined);
  }

  // From a timer, as everything that is told.
  private _tellAll(all: Done[], error: M95Error | undefined): void {
    if (all.length)
      this._clock.after(0, () => {
        for (const done of all) this._call(done, error);
      });
  }

  private _call(done: Done, error: M95Error | undefined): void {
    try {
      done(error);
    } catch (thrown) {
      this._host.listenerThrew(thrown);
    }
  }

  private _dtr(level: 0 | 1): void {
    const power = this._power;
    try {
      if (power && power.dtr) power.dtr(level);
    } catch (error) {
      this._host.listenerThrew(error);
    }
  }
}

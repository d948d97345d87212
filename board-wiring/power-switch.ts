// Switches an M95 on and off over PWRKEY, STATUS, EMERG_OFF and the supply: the order and length of the pulses.
// It sends no AT command, knows no engine's pins, and cannot tell a hung modem from a working one.
// @part power
// @part sleep: dtr _rang _awaitRing

import { callable, integer, refusal } from "../core/arguments.js";
import { M95Error } from "../core/errors.js";
import type { Clock, Done, PowerSwitch } from "../core/ports.js";

/** A pin that is written. Espruino's `Pin` and Moddable's `Digital` (mode `Output`) have this shape themselves. */
export interface OutputPin {
  /** Sets its level. */
  write(level: 0 | 1): void;
}

/** A pin that is read. Espruino's `Pin` and Moddable's `Digital` (mode `Input`) have this shape themselves. */
export interface InputPin {
  /** Its level. */
  read(): 0 | 1;
}

/** The pins between microcontroller and modem. Only `pwrkey` is needed; each further one makes switching surer. */
export interface PowerPins {
  /** PWRKEY, usually through a transistor; see `pwrkeyPressed`. */
  pwrkey: OutputPin;
  /** STATUS: 1 while the modem runs. Needs a pull-down, so that it reads 0 when the modem has no supply. */
  status?: InputPin;
  /** EMERG_OFF through a transistor: writing 1 asserts it. */
  emergOff?: OutputPin;
  /** The modem's supply: writing 1 turns it on. */
  supply?: OutputPin;
  /** DTR: 1 lets the modem sleep, 0 wakes it. */
  dtr?: OutputPin;
  /** RI, high at rest: a pulse of 50 to 120 ms says that a sleeping modem has something to tell. */
  ri?: RingPin;
}

/** An input that may tell of falling edges. One that cannot is read every 40 ms while the modem sleeps. */
export interface RingPin extends InputPin {
  /** Calls `fell` each time that the level falls; left out, the pin is read every 40 ms. */
  watch?(fell: () => void): void;
}

/** Levels and times. Every time is in milliseconds. */
export interface PowerSwitchOptions {
  /** The level that presses the key. 1 when a transistor inverts, 0 when the pin drives PWRKEY itself. Default 1. */
  pwrkeyPressed?: 0 | 1;
  /** Longest press to switch on; it ends as soon as STATUS rises. Default 2100. */
  onPulse?: number;
  /** Press to switch off, 700..950. Default 750. */
  offPulse?: number;
  /** How long STATUS may take to rise after the press. Without STATUS all of it is waited. Default 2000. */
  bootTime?: number;
  /** How long the modem may take to log off after the press. Without STATUS all of it is waited. Default 15000. */
  offTime?: number;
  /** Rest of the key before every press, and time from supply on to the press; more than 500. Default 600. */
  gap?: number;
  /** Length of EMERG_OFF, at least 20. Default 100. */
  killPulse?: number;
  /** From the end of EMERG_OFF to the end of `kill`, when STATUS has to be low. Default 1500. */
  killTime?: number;
  /** How long `cut` leaves the modem without supply, so that its capacitors discharge. Default 5000. */
  cutTime?: number;
}

/** STATUS is looked at every so many ms while it is waited for. */
const POLL = 50;
/** And RI while the modem sleeps: its shortest pulse is 50 ms. */
const RING_POLL = 40;

type Want = 0 | 1 | 2 | 3;
const OFF = 0;
const ON = 1;
const KILL = 2;
const CUT = 3;

interface Operation {
  _want: Want;
  _calls: Done[];
}

function write(pin: OutputPin | undefined, level: 0 | 1): void {
  if (pin) pin.write(level);
}

function kill(this: Switch, done: Done): void {
  this._add(KILL, done);
}

function cut(this: Switch, done: Done): void {
  this._add(CUT, done);
}

function dtr(this: Switch, level: 0 | 1): void {
  this._pins.dtr!.write(level);
  const before = this._sleeps;
  this._sleeps = level;
  const ri = this._pins.ri;
  if (ri && !ri.watch && level > before) this._awaitRing();
}

/** One operation at a time: each step writes a pin and names the step that follows after a wait. */
class Switch implements PowerSwitch {
  kill?: (done: Done) => void;
  cut?: (done: Done) => void;
  dtr?: (level: 0 | 1) => void;
  onRing?: () => void;
  _pins: PowerPins;
  _clock: Clock;
  _options: PowerSwitchOptions;
  /** The running operation first, then those that wait. */
  _queue: Operation[];
  /** What the running operation is to reach. */
  _want!: Want;
  /** Without STATUS: what the last operation left behind. */
  _known: boolean | undefined;
  /** The level of DTR. */
  _sleeps!: number;

  constructor(pins: PowerPins, clock: Clock, options: PowerSwitchOptions) {
    this._pins = pins;
    this._clock = clock;
    this._options = options;
    this._queue = [];
    this._key(0);
    write(pins.emergOff, 0);
    // An own property and only where it can work: callers ask for it, and a frozen prototype cannot be overridden.
    if (pins.emergOff || pins.supply) this.kill = kill;
    if (pins.emergOff && pins.supply) this.cut = cut;
    if (pins.dtr) {
      this._sleeps = 0;
      this.dtr = dtr;
      pins.dtr.write(0);
    }
    if (pins.ri && pins.ri.watch) pins.ri.watch(() => this._rang());
  }

  on(done: Done): void {
    this._add(ON, done);
  }

  off(done: Done): void {
    this._add(OFF, done);
  }

  _rang(): void {
    if (this.onRing) this.onRing();
  }

  _awaitRing(): void {
    this._clock.after(RING_POLL, () => {
      if (!this._sleeps) return;
      if (!this._pins.ri!.read()) this._rang();
      // It has not rung, or nobody woke the modem.
      if (this._sleeps) this._awaitRing();
    });
  }

  isOn(): boolean | undefined {
    const status = this._pins.status;
    return status ? !!status.read() : undefined;
  }

  _add(want: Want, done: Done): void {
    callable("done", done);
    const queue = this._queue;
    const last = queue[queue.length - 1];
    if (last && last._want === want) last._calls.push(done);
    else if (queue.push({ _want: want, _calls: [done] }) === 1) this._wait(0, this._begin);
  }

  /** Goes on with `next` after `ms`, or with `polls` as soon as STATUS has the wanted level; always from a timer. */
  _wait(ms: number, next: () => void, polls?: unknown): void {
    const looks = polls && this._pins.status && ms > POLL;
    this._clock.after(looks ? POLL : ms, () => {
      if (looks && !this._reached()) this._wait(ms - POLL, next, 1);
      else next.call(this);
    });
  }

  _reached(): boolean {
    return (this.isOn() ?? this._known) === (this._want === ON);
  }

  _key(down: 0 | 1): void {
    this._pins.pwrkey.write(down === (this._options.pwrkeyPressed ?? 1) ? 1 : 0);
  }

  _begin(): void {
    const pins = this._pins;
    const options = this._options;
    this._want = this._queue[0]!._want;
    if (this._want === KILL) {
      write(pins.emergOff || pins.supply, pins.emergOff ? 1 : 0);
      this._wait(options.killPulse ?? 100, this._release); // at least 20 (M85 hardware design); ZER uses 100
    } else if (this._want === CUT) {
      write(pins.supply, 0);
      this._wait(options.cutTime ?? 5000, this._end);
    } else if (this._reached()) this._end();
    else {
      if (this._want) write(pins.supply, 1);
      // Before every press, as nobody knows since when modem and key are at rest. M95: over 500 after STATUS low (MKU,
      // ZER). It covers the time from supply to PWRKEY: 30 (M95 hardware design p. 31), 100 on the M85.
      this._wait(options.gap ?? 600, this._press);
    }
  }

  _press(): void {
    const options = this._options;
    // The modem may have switched itself meanwhile; a press now would undo it.
    if (this._reached()) {
      this._end();
      return;
    }
    this._key(1);
    this._wait(
      this._want
        ? (options.onPulse ?? 2100) // over 1000 by the M95 hardware design 1.0 p. 31, over 2000 by a later one (oFono)
        : (options.offPulse ?? 750), // 700..950 fits all siblings (p. 32); 750 (ZER, oFono) is below the 800 that switch on
      this._release,
      // Off is one timer: polled, a busy processor could stretch the pulse step by step.
      this._want,
    );
  }

  /** The pulse ends, whichever it was; now the modem has to follow. */
  _release(): void {
    const options = this._options;
    this._key(0);
    write(this._pins.emergOff, 0);
    this._wait(
      [
        options.offTime ?? 15000, // 2..12 s (M95 hardware design p. 32); M66U waits 15 s
        options.bootTime ?? 2000, // ZER waits 2 s; blind, 2..3 s before the first AT (M95 hardware design p. 41)
        options.killTime ?? 1500, // ZER
      ][this._want]!,
      this._end,
      // A kill takes its full time: only a supply that stays away for a while resets a hung modem.
      this._want < KILL,
    );
  }

  _end(): void {
    const on = this._want === ON;
    let error: Error | undefined;
    // Without STATUS it is neither.
    if (this.isOn() === !on) error = new M95Error("EPOWER", "STATUS stays " + (on ? "low" : "high"));
    else this._known = on;
    // Whatever STATUS says, a kill ends without supply.
    if (!error || this._want === KILL) write(this._pins.supply, on ? 1 : 0);
    const calls = this._queue.shift()!._calls;
    // Before the calls: one of them may add an operation or throw.
    if (this._queue.length) this._wait(0, this._begin);
    calls.forEach((done) => {
      done(error);
    });
  }
}

/**
 * Makes a power switch out of pins.
 *
 * At creation the key is released and EMERG_OFF let go; the supply is not touched, as the modem may be running.
 *
 * - `on` turns the supply on, rests for `gap`, presses until STATUS rises (without STATUS: for `onPulse`) and ends when
 *   STATUS is high (without STATUS: after `bootTime`). The modem listens 2 to 5 s later; repeating `AT` until it answers
 *   is the driver's part. `EPOWER` when STATUS has not risen within `onPulse` and `bootTime`; the supply stays on.
 * - `off` rests for `gap`, presses for `offPulse`, waits until STATUS falls (without STATUS: for `offTime`), then turns
 *   the supply off. `EPOWER` when STATUS stays high; the supply stays on then, and `kill` is what is left.
 * - `kill` is there with EMERG_OFF or a supply pin. It asserts EMERG_OFF for `killPulse`, or turns the supply off when there
 *   is no EMERG_OFF, ends `killTime` later, and turns the supply off. `EPOWER` when STATUS was high then.
 * - `cut` is there with both pins, as what is left when EMERG_OFF has not helped: it turns the supply off and ends `cutTime`
 *   later. `EPOWER` when STATUS is high then.
 *
 * With STATUS, `on` and `off` read it before they begin and again before they press, and press nothing when the modem is
 * where it should be. A modem that is logging off still has STATUS high: after `AT+QPOWD` wait for `isOn()` to be false.
 *
 * Without STATUS `isOn()` is `undefined`, always. The switch then goes by what it did itself, and at the start by nothing:
 * both `on` and `off` press. `off` is safe then, its press is too short to switch a modem on. `on` is not: its press may
 * switch a running modem off, or off and on. Call `on` only when the modem has not answered `AT`. What it does not see
 * (`AT+QPOWD`, under-voltage, somebody else's key) leaves it with a wrong idea; `off` and then `on` always ends with a
 * running modem, unless the modem was started by others after an `off`.
 *
 * `dtr` is there with a DTR pin, and low at first. `onRing` is called when RI falls; a pin that cannot tell of that itself is read
 * every 40 ms while DTR is high.
 *
 * Operations run one after another, in the order of the calls; a call that follows one of its own kind joins it and
 * shares its result. A press that has begun always ends, by the switch's own timer. Every `done` is called once, never
 * before the call that brought it returns. All errors are `EPOWER`.
 *
 * @throws M95Error `EPARAM` without a pin for PWRKEY, for what is no pin or no clock, and for a time that is none
 */
export function powerSwitch(pins: PowerPins, clock: Clock, options?: PowerSwitchOptions): PowerSwitch {
  const o: any = options || {};
  try {
    "pwrkey status emergOff supply dtr ri".split(" ").forEach((name, i) => {
      const reads = i === 1 || i === 5;
      const pin = pins && (pins as any)[name];
      // By their names: on Espruino reading a number's property by a computed one throws.
      if ((pin || !i) && !(pin && typeof (reads ? pin.read : pin.write) === "function"))
        throw new M95Error("EPARAM", name + " must be a pin, with " + (reads ? "read" : "write"));
    });
    callable("clock.after", clock && clock.after);
    "pwrkeyPressed onPulse offPulse bootTime offTime gap killPulse killTime cutTime".split(" ").forEach((name, i) => {
      if (o[name] !== undefined) integer(name, o[name], 0, i ? 86400000 : 1);
    });
  } catch (error) {
    throw refusal(error);
  }
  return new Switch(pins, clock, o);
}

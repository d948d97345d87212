// Supply, PWRKEY, EMERG_OFF and STATUS (Hardware Design chapter 3): which press does what. It boots nothing itself.

import type { Timing, ViolationKind } from "../options.js";
import type { Timers } from "../time/timers.js";

export type Level = 0 | 1;

export interface PowerHooks {
  /** STATUS has risen; the module begins to boot. */
  started(): void;
  /** The module begins to log off. */
  leaving(): void;
  /** The module says goodbye; returns the ms its last bytes need. */
  farewell(): number;
  /** The module is off. */
  stopped(): void;
  /** A crashed firmware does not see PWRKEY. */
  hung(): boolean;
  violation(kind: ViolationKind, detail: string): void;
  trace(text: string): void;
}

type State = "off" | "on" | "stopping";

export class Power {
  readonly #timers: Timers;
  readonly #timing: Timing;
  readonly #hooks: PowerHooks;
  #state: State;
  #supply: Level;
  #supplyAt = Number.NEGATIVE_INFINITY;
  #offAt = Number.NEGATIVE_INFINITY;
  #pressedAt: number | undefined;
  /** The press under way is the one that switched the module on. */
  #starting = false;
  #statusSeen = false;
  #ignorePress = false;
  #startTimer: unknown;
  #offTimer: unknown;
  #emergTimer: unknown;
  #emergAsserted = false;
  #restart = false;

  constructor(timers: Timers, timing: Timing, hooks: PowerHooks, initial: { on: boolean; supply: boolean }) {
    this.#timers = timers;
    this.#timing = timing;
    this.#hooks = hooks;
    this.#state = initial.on ? "on" : "off";
    this.#supply = initial.supply ? 1 : 0;
  }

  get status(): Level {
    return this.#state === "off" ? 0 : 1;
  }

  /** On, and not logging off. */
  get alive(): boolean {
    return this.#state === "on";
  }

  /** The host looks at STATUS; a press may end as soon as it saw the level high. */
  readStatus(): Level {
    if (this.#starting && this.status === 1) this.#statusSeen = true;
    return this.status;
  }

  supply(level: Level): void {
    if (level === this.#supply) return;
    this.#supply = level;
    this.#hooks.trace(`supply ${level}`);
    if (level === 1) {
      this.#supplyAt = this.#timers.now();
      if (this.#pressedAt !== undefined) this.#press();
      return;
    }
    if (this.#state === "on") this.#hooks.trace("killed: supply removed while running");
    this.cut();
    this.#offAt = Number.NEGATIVE_INFINITY;
  }

  pwrkey(level: Level): void {
    const pressed = this.#pressedAt !== undefined;
    if (pressed === (level === 1)) return;
    this.#hooks.trace(`pwrkey ${level}`);
    if (level === 1) this.#press();
    else this.#release();
  }

  emergOff(level: Level): void {
    if (this.#emergAsserted === (level === 1)) return;
    this.#emergAsserted = level === 1;
    this.#hooks.trace(`emergoff ${level}`);
    if (this.#emergAsserted) {
      this.#emergTimer = this.#timers.after(this.#timing.emergOff, () => {
        this.#emergTimer = undefined;
        this.cut();
      });
    } else if (this.#emergTimer !== undefined) {
      this.#timers.cancel(this.#emergTimer);
      this.#emergTimer = undefined;
      this.#hooks.violation("emergoff-pulse", `EMERG_OFF released before ${this.#timing.emergOff} ms`);
    }
  }

  /** AT+QPOWD=1 or an off press: logs off, says goodbye; STATUS falls when the last byte has left the UART. */
  logOff(thenRestart = false): void {
    if (this.#state !== "on") return;
    this.#state = "stopping";
    this.#restart = thenRestart;
    this.#hooks.leaving();
    this.#offTimer = this.#timers.after(this.#timing.logOff, () => {
      this.#offTimer = this.#timers.after(this.#hooks.farewell(), () => {
        const restart = this.#restart;
        this.cut();
        if (restart) this.#startTimer = this.#timers.after(this.#timing.statusAfter, () => this.#on());
      });
    });
  }

  /** Off at once. */
  cut(): void {
    this.#timers.cancel(this.#startTimer);
    this.#timers.cancel(this.#offTimer);
    this.#starting = false;
    this.#restart = false;
    if (this.#state === "off") return;
    this.#state = "off";
    this.#offAt = this.#timers.now();
    this.#hooks.trace("status 0");
    this.#hooks.stopped();
  }

  #on(): void {
    if (this.#supply === 0 || this.#emergAsserted || this.#state !== "off") return;
    this.#state = "on";
    this.#hooks.trace("status 1");
    this.#hooks.started();
  }

  #press(): void {
    const now = this.#timers.now();
    const t = this.#timing;
    this.#pressedAt = now;
    this.#ignorePress = false;
    if (this.#supply === 0) return;
    if (this.#state === "stopping" || this.#emergAsserted) {
      this.#ignorePress = true;
      const why = this.#emergAsserted ? "EMERG_OFF is asserted" : "the module logs off";
      this.#hooks.violation("pwrkey-ignored", `press while ${why}`);
      return;
    }
    if (this.#state === "on") return;
    if (now - this.#supplyAt < t.supplySettle) {
      this.#hooks.violation("pwrkey-early", `press ${now - this.#supplyAt} ms after VBAT, ${t.supplySettle} ms needed`);
    }
    if (now - this.#offAt < t.pwrkeyGap) {
      this.#ignorePress = true;
      this.#hooks.violation("pwrkey-gap", `press ${now - this.#offAt} ms after STATUS fell, ${t.pwrkeyGap} ms needed`);
      return;
    }
    this.#starting = true;
    this.#statusSeen = false;
    this.#startTimer = this.#timers.after(t.statusAfter, () => this.#on());
  }

  #release(): void {
    const held = this.#timers.now() - this.#pressedAt!;
    this.#pressedAt = undefined;
    if (this.#ignorePress || this.#supply === 0) return;
    if (this.#starting) this.#endOfOnPress(held);
    else if (this.#state === "on" && !this.#hooks.hung()) this.#endOfOffPress(held);
  }

  #endOfOnPress(held: number): void {
    this.#starting = false;
    if (held >= this.#timing.onPulse || (this.#state === "on" && this.#statusSeen)) return;
    // The module latches only when the key is held long enough or the host waited for STATUS.
    this.#hooks.violation("pwrkey-pulse", `on press of ${held} ms without STATUS, ${this.#timing.onPulse} ms needed`);
    this.cut();
  }

  #endOfOffPress(held: number): void {
    const { offPulseMin, offPulseMax } = this.#timing;
    if (held < offPulseMin) {
      this.#hooks.violation("pwrkey-pulse", `off press of ${held} ms, ${offPulseMin}–${offPulseMax} ms needed`);
      return;
    }
    const restart = held > offPulseMax;
    if (restart) this.#hooks.violation("pwrkey-restart", `press of ${held} ms while on: off and on again`);
    this.logOff(restart);
  }
}

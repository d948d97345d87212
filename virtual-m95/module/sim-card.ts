// SIM card and its commands: CPIN, QINISTAT, CCID, QCCID, CIMI. No files, no SMS, no SIM toolkit.

import { CmeError, cme } from "../at/errors.js";
import type { Call, CommandTable } from "../at/interpreter.js";
import type { Device } from "../device.js";

type SimState = "ready" | "pin" | "puk" | "absent" | "busy";

/** Answers to AT+CPIN? (facts sheet 3). */
const cpin: Record<SimState, string | CmeError> = {
  ready: "READY",
  pin: "SIM PIN",
  puk: "SIM PUK",
  absent: new CmeError(cme.simNotInserted),
  busy: new CmeError(cme.simBusy),
};

/** ms from the OK of a PIN to the reset of a module that resets then. */
const pinReset = 300;

export interface SimHooks {
  /** The card can be used from now on. */
  ready(): void;
  gone(): void;
  /** The module resets. */
  reset(): void;
  /** AT+QIURC: whether Call Ready and SMS Ready are printed. */
  startUrcs(): boolean;
}

export class SimCard {
  readonly #device: Device;
  readonly #hooks: SimHooks;
  readonly #pin: string;
  /** The card itself: outlives the power. */
  #card: SimState;
  #tries: number;
  #refused = false;
  #resets: number;
  /** A SIM that wakes up says this for so long after each start. */
  #waking: { ms: number; answer: number } | undefined;
  #state: SimState = "busy";
  #initialised = 0;

  constructor(device: Device, hooks: SimHooks) {
    this.#device = device;
    this.#hooks = hooks;
    const sim = device.options.sim ?? {};
    this.#card = sim.state ?? "ready";
    this.#pin = sim.pin ?? "1234";
    this.#tries = sim.pinTries ?? 3;
    this.#resets = sim.pinResets ?? 0;
  }

  get ready(): boolean {
    return this.#state === "ready";
  }

  reset(): void {
    this.#state = "busy";
    this.#initialised = 0;
  }

  /** The card asks for its PIN, and the module resets `count` times behind it. */
  lock(count: number): void {
    this.#card = "pin";
    this.#resets = count;
  }

  /** The card asks for no PIN any more. */
  unlock(): void {
    this.#resets = 0;
    if (this.#card === "pin") this.#card = "ready";
  }

  /** From now on the card needs `ms` after each start; 0: none. */
  wakes(ms: number, answer: number): void {
    this.#waking = ms ? { ms, answer } : undefined;
  }

  /** The module has begun to talk to the card. */
  start(): void {
    if (this.#waking && this.#card === "ready") {
      this.#state = "busy";
      this.#device.timers.after(this.#waking.ms, () => this.#awake());
      return;
    }
    this.#awake();
  }

  #awake(): void {
    if (this.#card === "busy") {
      this.#device.timers.after(this.#device.timing.simBusy, () => {
        this.#card = "ready";
        this.#awake();
      });
      return;
    }
    this.#state = this.#card;
    const texts = { ready: "READY", pin: "SIM PIN", puk: "SIM PUK", absent: "NOT INSERTED" };
    this.#device.urc(`+CPIN: ${texts[this.#card]}`);
    if (this.#card === "ready") this.#begin();
  }

  /** As if it had been running for long. */
  startReady(): void {
    this.#state = this.#card;
    if (this.#card === "ready") this.#initialised = 3;
  }

  remove(): void {
    this.#card = this.#state = "absent";
    this.#initialised = 0;
    this.#device.urc("+CPIN: NOT READY");
    this.#hooks.gone();
  }

  insert(): void {
    this.#card = this.#device.options.sim?.state === "pin" ? "pin" : "ready";
  }

  /** AT+CFUN=0. */
  stop(): void {
    this.#state = "busy";
    this.#initialised = 0;
  }

  commands(): CommandTable {
    const { options, quirks, timing } = this.#device;
    const iccid = options.sim?.iccid ?? "89490200001234567890";
    return {
      "+CPIN": {
        test: () => {},
        read: (call) => {
          const busy = this.#waking?.answer ?? options.sim?.busyAnswer ?? cme.simBusy;
          const wakes = typeof busy === "number" ? new CmeError(busy) : busy;
          const answer = this.#state === "busy" ? wakes : cpin[this.#state];
          if (typeof answer !== "string") throw answer;
          call.info(`+CPIN: ${answer}`);
        },
        write: (call, params) => {
          params.expect(1, 2);
          const pin = params.list[0]!.text;
          call.defer(timing.pinCheck, () => this.#enter(call, pin));
        },
      },
      ...(quirks.pinTries && {
        "+QTRPIN": { exec: (call: Call) => call.info(`+QTRPIN: ${Math.max(0, this.#tries)},3,10,10`) },
      }),
      "+QINISTAT": { exec: (call) => call.info(`+QINISTAT: ${this.#initialised}`) },
      "+CCID": { exec: (call) => this.#whenReadable(() => call.info(`+CCID: "${iccid}"`)) },
      "+QCCID": {
        exec: (call) => this.#whenReadable(() => call.info(quirks.qccidPrefix ? `+QCCID: ${iccid}` : iccid)),
      },
      "+CIMI": {
        exec: (call) => {
          this.require();
          call.info(options.sim?.imsi ?? "262011234567890");
        },
      },
    };
  }

  /** Fails the command when the card is not ready. */
  require(): void {
    const codes = { pin: cme.simPin, puk: cme.simPuk, absent: cme.simNotInserted, busy: cme.simBusy };
    if (this.#state !== "ready") throw new CmeError(codes[this.#state]);
  }

  #whenReadable(fn: () => void): void {
    if (this.#state === "absent" || this.#state === "busy") this.require();
    fn();
  }

  #enter(call: Call, pin: string): void {
    const { options, timers } = this.#device;
    if (this.#state === "absent" || this.#state === "busy") this.require();
    if (this.#state === "ready") throw new CmeError(cme.notAllowed);
    if (this.#refused) this.#device.violation("pin-retry", "PIN entered again after the SIM refused one");
    if (this.#state === "puk") throw new CmeError(cme.simPuk);
    if (pin !== this.#pin) {
      this.#refused = true;
      this.#tries--;
      if (this.#tries <= 0) this.#card = this.#state = "puk";
      throw new CmeError(this.#state === "puk" ? cme.simPuk : cme.badPassword);
    }
    call.ok();
    this.#refused = false;
    this.#tries = options.sim?.pinTries ?? 3;
    if (this.#resets > 0) {
      this.#resets--;
      timers.after(pinReset, () => this.#hooks.reset());
      return;
    }
    this.#state = "ready";
    this.#device.urc("+CPIN: READY");
    this.#begin();
  }

  #begin(): void {
    const { timers, timing, quirks } = this.#device;
    this.#initialised = 1;
    const whileReady = (fn: () => void) => () => {
      if (this.#state === "ready") fn();
    };
    timers.after(
      timing.callReady,
      whileReady(() => {
        this.#initialised = quirks.smsReady ? 2 : 3;
        if (this.#hooks.startUrcs()) this.#device.urc("Call Ready");
      }),
    );
    timers.after(
      timing.smsReady,
      whileReady(() => {
        this.#initialised = 3;
        if (quirks.smsReady && this.#hooks.startUrcs()) this.#device.urc("SMS Ready");
      }),
    );
    this.#hooks.ready();
  }
}

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

export interface SimHooks {
  /** The card can be used from now on. */
  ready(): void;
  gone(): void;
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
  #state: SimState = "busy";
  #initialised = 0;

  constructor(device: Device, hooks: SimHooks) {
    this.#device = device;
    this.#hooks = hooks;
    const sim = device.options.sim ?? {};
    this.#card = sim.state ?? "ready";
    this.#pin = sim.pin ?? "1234";
    this.#tries = sim.pinTries ?? 3;
  }

  get ready(): boolean {
    return this.#state === "ready";
  }

  reset(): void {
    this.#state = "busy";
    this.#initialised = 0;
  }

  /** The module has begun to talk to the card. */
  start(): void {
    if (this.#card === "busy") {
      this.#device.timers.after(this.#device.timing.simBusy, () => {
        this.#card = "ready";
        this.start();
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
          const answer = cpin[this.#state];
          if (typeof answer !== "string") throw answer;
          call.info(`+CPIN: ${answer}`);
        },
        write: (call, params) => {
          params.expect(1, 2);
          const pin = params.list[0]!.text;
          call.defer(timing.pinCheck, () => this.#enter(call, pin));
        },
      },
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

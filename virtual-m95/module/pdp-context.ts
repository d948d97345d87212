// The GPRS context as M95 sees it: QICSGP, QIREGAPP, QIACT, QIDEACT, QILOCIP, QISTAT (facts sheet 4). No raw sockets.

import { CmeError, cme } from "../at/errors.js";
import type { Call, CommandRow, CommandTable } from "../at/interpreter.js";
import type { Device } from "../device.js";
import type { CellNetwork } from "./cell-network.js";

type PdpState = "IP INITIAL" | "IP START" | "IP CONFIG" | "IP GPRSACT" | "IP STATUS" | "PDP DEACT";

export class PdpContext {
  readonly #device: Device;
  readonly #cell: CellNetwork;
  /** The context is gone and every connection with it. */
  readonly #onLost: () => void;
  #state: PdpState = "IP INITIAL";
  #apn = "";
  #user = "";
  #password = "";
  #numbers: Record<string, number> = {};
  #activation = 0;
  /** Why the last activation failed, as AT+CEER says it. */
  cause: string | undefined;

  constructor(device: Device, cell: CellNetwork, onLost: () => void) {
    this.#device = device;
    this.#cell = cell;
    this.#onLost = onLost;
    this.reset();
  }

  get active(): boolean {
    return this.#state === "IP GPRSACT" || this.#state === "IP STATUS";
  }

  get deactivatedByNetwork(): boolean {
    return this.#state === "PDP DEACT";
  }

  reset(): void {
    this.#state = "IP INITIAL";
    this.#apn = this.#user = this.#password = "";
    this.#numbers = { "+QIFGCNT": 0, "+QIMUX": 0, "+QIMODE": 0, "+QIDNSIP": 0 };
    this.#activation++;
  }

  /** The network drops the context. */
  drop(): void {
    if (!this.active && this.#state !== "IP CONFIG") return;
    this.#state = "PDP DEACT";
    this.#activation++;
    this.#device.urc("+PDP DEACT");
    this.#onLost();
  }

  /** For AT+QMTOPEN: whether there is a context, which it activates itself with the quirk `selfActivate`. */
  ensureActive(done: (ok: boolean) => void): void {
    if (this.active) {
      done(true);
      return;
    }
    if (!this.#device.quirks.selfActivate || this.#state === "PDP DEACT") {
      done(false);
      return;
    }
    this.#device.energy.signalling(this.#device.timing.pdpActivate);
    this.#device.timers.after(this.#device.timing.pdpActivate, () => {
      const ok = this.#accepted();
      if (ok) this.#state = "IP GPRSACT";
      done(ok);
    });
  }

  commands(): CommandTable {
    return {
      "+QIFGCNT": this.#setting("+QIFGCNT", 1),
      "+QIMUX": this.#setting("+QIMUX", 1),
      "+QIMODE": this.#setting("+QIMODE", 1),
      "+QIDNSIP": this.#setting("+QIDNSIP", 1),
      "+QICSGP": {
        test: '+QICSGP: (0,1),"<apn>","<username>","<password>"',
        read: (call) => call.info(`+QICSGP: 1,"${this.#apn}"`),
        write: (_call, params) => {
          params.expect(2, 4);
          params.int(0, 1, 1, "<mode>");
          const access = [1, 2, 3].map((i) => (params.has(i) ? params.string(i, "access parameter", 64) : ""));
          if (this.active) throw new CmeError(cme.notAllowed);
          [this.#apn, this.#user, this.#password] = access as [string, string, string];
        },
      },
      "+QIREGAPP": {
        exec: () => this.#register(),
        write: (_call, params) => {
          params.expect(1, 3);
          const access = [0, 1, 2].map((i) => (params.has(i) ? params.string(i, "access parameter", 64) : ""));
          this.#register();
          [this.#apn, this.#user, this.#password] = access as [string, string, string];
        },
      },
      "+QIACT": { exec: (call) => this.#activate(call) },
      "+QIDEACT": {
        exec: (call) => {
          this.#device.energy.signalling(this.#device.timing.pdpDeactivate);
          call.defer(this.#device.timing.pdpDeactivate, () => {
            const was = this.#state;
            this.#state = "IP INITIAL";
            this.#activation++;
            call.final("DEACT OK");
            if (was !== "IP INITIAL") this.#onLost();
          });
        },
      },
      "+QILOCIP": {
        exec: (call) => {
          if (!this.active) throw new CmeError(cme.notAllowed);
          this.#state = "IP STATUS";
          call.info("10.76.132.9");
          call.final("");
        },
      },
      "+QISTAT": {
        exec: (call) => {
          call.ok();
          this.#device.timers.after(this.#device.timing.istat, () => this.#device.urc(`STATE: ${this.#state}`));
        },
      },
    };
  }

  #setting(name: string, max: number): CommandRow {
    return {
      test: `${name}: (0-${max})`,
      read: (call) => call.info(`${name}: ${this.#numbers[name]}`),
      write: (_call, params) => {
        const value = params.int(0, 0, max, "value");
        if (name !== "+QIDNSIP" && this.#state !== "IP INITIAL") throw new CmeError(cme.notAllowed);
        this.#numbers[name] = value;
      },
    };
  }

  #register(): void {
    if (this.#state !== "IP INITIAL") throw new CmeError(cme.notAllowed);
    this.#state = "IP START";
  }

  #activate(call: Call): void {
    if (this.#state !== "IP START") throw new CmeError(cme.notAllowed);
    this.#state = "IP CONFIG";
    const activation = ++this.#activation;
    this.#device.energy.signalling(this.#device.timing.pdpActivate);
    call.defer(this.#device.timing.pdpActivate, () => {
      if (activation !== this.#activation) throw new CmeError(cme.pdpUnspecified);
      const ok = this.#accepted();
      // A failed activation leaves a context that only AT+QIDEACT clears away.
      this.#state = ok ? "IP GPRSACT" : "PDP DEACT";
      if (!ok) throw new CmeError(cme.pdpUnspecified);
    });
  }

  #accepted(): boolean {
    const { apn, apnUser, apnPassword } = this.#device.options;
    if (!this.#cell.attached) return false;
    const login =
      (apnUser === undefined || this.#user === apnUser) &&
      (apnPassword === undefined || this.#password === apnPassword);
    const known = apn === undefined || this.#apn === apn;
    this.cause = known ? (login ? undefined : "1,3101") : "1,3099";
    return known && login;
  }
}

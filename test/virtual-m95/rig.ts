// A host by hand for the virtual modem's tests: types bytes, collects bytes. It knows no AT commands.

import type { ExecutionContext } from "ava";
import {
  MemoryBroker,
  type MemoryBrokerOptions,
  SimClock,
  VirtualM95,
  type VirtualM95Options,
} from "../../virtual-m95/index.js";

export class Rig {
  readonly clock = new SimClock();
  readonly broker: MemoryBroker;
  readonly modem: VirtualM95;
  #received = "";

  constructor(options: Partial<VirtualM95Options> = {}, broker: Partial<MemoryBrokerOptions> = {}) {
    this.broker = new MemoryBroker({ clock: this.clock, latency: 50, ...broker });
    this.modem = new VirtualM95({ clock: this.clock, network: this.broker.network, ...options });
    this.modem.uart.onReceive = (chunk) => {
      this.#received += chunk;
    };
  }

  /** Writes `text` and returns what came in the following `ms`. */
  say(text: string, ms = 300): string {
    this.modem.uart.write(text);
    return this.hear(ms);
  }

  /** What comes in the next `ms`. */
  hear(ms = 0): string {
    this.clock.advance(ms);
    const received = this.#received;
    this.#received = "";
    return received;
  }

  /** PWRKEY pressed for `ms`. */
  press(ms: number): void {
    this.modem.pins.pwrkey.write(1);
    this.clock.advance(ms);
    this.modem.pins.pwrkey.write(0);
  }

  get kinds(): string[] {
    return this.modem.violations.map(({ kind }) => kind);
  }

  /** Echo off, numeric errors, PDP context active. */
  online(t: ExecutionContext): this {
    for (const command of ["ATE0", "AT+CMEE=1", 'AT+QICSGP=1,"internet"', "AT+QIREGAPP"]) {
      t.true(this.say(`${command}\r`).endsWith(ok), command);
    }
    t.is(this.say("AT+QIACT\r", 3000), ok);
    t.is(this.say("AT+QILOCIP\r"), "\r\n10.76.132.9\r\n");
    return this;
  }

  /** The same, and client 0 connected to the broker. */
  connected(t: ExecutionContext, id = 0): this {
    if (this.say("AT+QILOCIP\r").includes("ERROR")) this.online(t);
    t.is(this.say(`AT+QMTOPEN=${id},"broker.example",1883\r`), `${ok}\r\n+QMTOPEN: ${id},0\r\n`);
    t.is(this.say(`AT+QMTCONN=${id},"m95-${id}"\r`), `${ok}\r\n+QMTCONN: ${id},0,0\r\n`);
    return this;
  }

  /** Publishes and returns everything heard in the following `ms`. */
  publish(head: string, payload: string, ms = 300): string {
    const prompt = this.say(`AT+QMTPUB=${head}\r`, 100);
    return prompt + this.say(`${payload}\x1a`, ms);
  }
}

export const ok = "\r\nOK\r\n";

/** A running modem, switched on and registered. */
export function running(options: Partial<VirtualM95Options> = {}, broker: Partial<MemoryBrokerOptions> = {}): Rig {
  return new Rig({ poweredOn: true, ...options }, broker);
}

export function cmeError(code: number): string {
  return `\r\n+CME ERROR: ${code}\r\n`;
}

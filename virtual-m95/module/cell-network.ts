// Registration, signal, operator, GPRS attach and the network's clock. No calls, no SMS, no cells to choose from.

import { CmeError, cme } from "../at/errors.js";
import type { CommandRow, CommandTable } from "../at/interpreter.js";
import type { Device } from "../device.js";
import type { Registration } from "../options.js";
import type { SimCard } from "./sim-card.js";

export const defaultSignal = { rssi: 21, ber: 0 };
const cell = '"1A2B","3C4D"';

export class CellNetwork {
  readonly #device: Device;
  readonly #sim: SimCard;
  /** Packet service may have come or gone. */
  readonly #onChange: () => void;
  /** AT+CREG=n, AT+CGREG=n. */
  #report = { creg: 0, cgreg: 0 };
  #stat: { creg: Registration; cgreg: Registration } = { creg: 0, cgreg: 0 };
  #final: { creg: Registration; cgreg: Registration };
  #signal: { rssi: number; ber: number };
  /** A search is denied at first, and finds a network so many ms after its begin; 0: it is not. */
  #denied = 0;
  /** Numbers searches, so that none ends another one. */
  #search = 0;
  #attached = false;
  #detachedByHost = false;
  #ctzu = 0;
  #qnitz = 0;
  /** What AT+CCLK? shows minus the clock's time, ms; and quarters of an hour. */
  #clock: { offset: number; zone: number };
  /** The same for the time that the network tells. */
  readonly #network: { offset: number; zone: number } | undefined;

  constructor(device: Device, sim: SimCard, onChange: () => void) {
    this.#device = device;
    this.#sim = sim;
    this.#onChange = onChange;
    const { options } = device;
    this.#final = { creg: options.creg ?? 1, cgreg: options.cgreg ?? options.creg ?? 1 };
    this.#signal = options.signal ?? defaultSignal;
    this.#clock = this.#setTo(options.clockTime ?? "04/01/01,00:00:00+00");
    if (options.networkTime !== undefined) this.#network = this.#setTo(options.networkTime);
  }

  /** The module's clock, ms UTC. */
  get utc(): number {
    return this.#device.options.clock.now() + this.#clock.offset - this.#clock.zone * 900_000;
  }

  get signal(): { rssi: number; ber: number } {
    return this.#sim.ready ? this.#signal : { rssi: 99, ber: 99 };
  }

  get registered(): boolean {
    return isRegistered(this.#stat.creg);
  }

  get searching(): boolean {
    return this.#stat.creg === 2 || this.#stat.cgreg === 2;
  }

  /** Attached to GPRS: packets can flow. */
  get attached(): boolean {
    return this.#attached;
  }

  reset(): void {
    this.#report = { creg: 0, cgreg: 0 };
    this.#stat = { creg: 0, cgreg: 0 };
    this.#attached = this.#detachedByHost = false;
    this.#ctzu = this.#qnitz = 0;
  }

  /** From now on searches are denied by one network before another one takes the SIM, `ms` after their begin. */
  deny(ms: number): void {
    this.#denied = ms;
    if (this.#sim.ready) this.start(0);
  }

  /** The SIM is ready: search, then reach the final registration after `ms`. */
  start(ms: number): void {
    const search = ++this.#search;
    const denied = this.#denied;
    const found =
      this.#device.options.search ??
      (denied
        ? ([
            [0, 2],
            [denied * 0.2, 3],
            [denied * 0.4, 2],
            [denied, this.#final.creg, this.#final.cgreg],
          ] as const)
        : []);
    for (const [after, creg, cgreg] of found)
      this.#device.timers.after(after, () => {
        if (this.#sim.ready && search === this.#search) this.#become(creg, cgreg ?? creg);
      });
    if (found.length > 0) return;
    if (ms <= 0) {
      this.#become(this.#final.creg, this.#final.cgreg);
      return;
    }
    this.#become(2, 2);
    this.#device.timers.after(ms, () => {
      if (!this.#sim.ready || search !== this.#search) return;
      this.#become(this.#final.creg, this.#final.cgreg);
      if (!this.registered) return;
      if (this.#ctzu > 0 && this.#network) this.#clock = this.#network;
      if (this.#qnitz) this.#device.urc(`+QNITZ: "${this.#time(this.#network)},0"`);
    });
  }

  stop(): void {
    this.#search++;
    this.#become(0, 0);
  }

  setSignal(rssi: number, ber: number): void {
    this.#signal = { rssi, ber };
    this.#device.energy.signal(rssi);
  }

  setRegistration(creg: Registration, cgreg: Registration): void {
    this.#final = { creg, cgreg };
    this.#search++;
    if (this.#sim.ready) this.#become(creg, cgreg);
  }

  /** AT+CCLK? begins to show this time. */
  setClock(time: string): void {
    this.#clock = this.#setTo(time);
  }

  commands(): CommandTable {
    const { options, timing } = this.#device;
    const operator = options.operator ?? "Testnet";
    return {
      "+CSQ": {
        test: "+CSQ: (0-31,99),(0-7,99)",
        exec: (call) => call.info(`+CSQ: ${this.signal.rssi},${this.signal.ber}`),
      },
      "+COPS": {
        test: (call) => call.defer(timing.networkScan, () => call.info(`+COPS: (2,"${operator}","","26201")`)),
        read: (call) => call.info(this.registered ? `+COPS: 0,0,"${operator}"` : "+COPS: 0"),
        write: (_call, params) => {
          params.int(0, 0, 4, "<mode>");
        },
      },
      "+CREG": this.#registrationRow("creg"),
      "+CGREG": this.#registrationRow("cgreg"),
      "+CGATT": {
        test: "+CGATT: (0,1)",
        read: (call) => call.info(`+CGATT: ${this.#attached ? 1 : 0}`),
        write: (call, params) => {
          const on = params.int(0, 0, 1, "<state>") === 1;
          this.#sim.require();
          this.#device.energy.signalling(timing.attach);
          call.defer(timing.attach, () => this.#attach(on));
        },
      },
      "+CCLK": {
        read: (call) => call.info(`+CCLK: "${this.#time()}"`),
        write: (_call, params) => {
          const time = params.string(0, "<time>");
          if (!timePattern.test(time)) params.fail("<time> is no yy/MM/dd,hh:mm:ss+zz");
          this.#clock = this.#setTo(time);
        },
      },
      "+QLTS": { exec: (call) => call.info(`+QLTS: "${this.registered ? `${this.#time(this.#network)},0` : ""}"`) },
      "+CTZU": {
        test: "+CTZU: (0-3)",
        read: (call) => call.info(`+CTZU: ${this.#ctzu}`),
        write: (_call, params) => {
          this.#ctzu = params.int(0, 0, 3, "<onoff>");
        },
      },
      "+QNITZ": {
        test: "+QNITZ: (0,1)",
        read: (call) => call.info(`+QNITZ: ${this.#qnitz}`),
        write: (_call, params) => {
          this.#qnitz = params.int(0, 0, 1, "<enable>");
        },
      },
    };
  }

  #registrationRow(kind: "creg" | "cgreg"): CommandRow {
    const name = `+${kind.toUpperCase()}`;
    return {
      test: `${name}: (0-2)`,
      read: (call) => {
        call.info(`${name}: ${this.#report[kind]},${this.#stat[kind]}${this.#place(kind)}`);
      },
      write: (_call, params) => {
        this.#report[kind] = params.int(0, 0, 2, "<n>");
      },
    };
  }

  #become(creg: Registration, cgreg: Registration): void {
    this.#change("creg", creg);
    this.#change("cgreg", cgreg);
    this.#attached =
      (isRegistered(cgreg) || (this.#device.options.alwaysAttached === true && this.#sim.ready)) &&
      !this.#detachedByHost;
    this.#onChange();
  }

  #change(kind: "creg" | "cgreg", stat: Registration): void {
    if (this.#stat[kind] === stat) return;
    this.#stat[kind] = stat;
    if (this.#report[kind] > 0) this.#device.urc(`+${kind.toUpperCase()}: ${stat}${this.#place(kind)}`);
  }

  /** Location area and cell, with n = 2 only. */
  #place(kind: "creg" | "cgreg"): string {
    if (this.#report[kind] < 2 || !isRegistered(this.#stat[kind])) return "";
    return `,${cell}${this.#device.quirks.registrationTechnology ? ",0" : ""}`;
  }

  #attach(on: boolean): void {
    this.#detachedByHost = !on;
    if (on && !isRegistered(this.#stat.cgreg)) throw new CmeError(cme.noNetwork);
    this.#attached = on;
    this.#onChange();
  }

  #setTo(text: string): { offset: number; zone: number } {
    const { ms, zone } = parseTime(text);
    return { offset: ms - this.#device.options.clock.now(), zone };
  }

  #time({ offset, zone } = this.#clock): string {
    return formatTime(this.#device.options.clock.now() + offset, zone);
  }
}

function isRegistered(stat: Registration): boolean {
  return stat === 1 || stat === 5;
}

const timePattern = /^(\d\d)\/(\d\d)\/(\d\d),(\d\d):(\d\d):(\d\d)([+-]\d\d)?$/;

/** Local time as printed, its quarters of an hour apart. */
function parseTime(text: string): { ms: number; zone: number } {
  const parts = timePattern.exec(text);
  if (!parts) throw new TypeError(`clockTime must be yy/MM/dd,hh:mm:ss+zz, not ${text}`);
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number) as [number, ...number[]];
  const ms = Date.UTC(2000 + year, month! - 1, day, hour, minute, second);
  return { ms, zone: Number(parts[7] ?? 0) };
}

function formatTime(ms: number, zone: number): string {
  const iso = new Date(ms).toISOString();
  const quarters = `${zone < 0 ? "-" : "+"}${String(Math.abs(zone)).padStart(2, "0")}`;
  return `${iso.slice(2, 10).replaceAll("-", "/")},${iso.slice(11, 19)}${quarters}`;
}

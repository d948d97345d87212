// Adds up what the module draws, by state, on its own clock: states as they change, the radio by its packets. No timers, and no
// influence on what it watches.

import { airTime, type EnergyOptions, type FactValues, factValues, multislot, transmitting } from "./facts.js";

/** What the module does as a whole; its radio comes on top. */
export type Rest = "off" | "boot" | "registration" | "idle" | "sleep";
export type PowerState = Rest | "receiving" | "transmitting";

export function restOf(on: boolean, uart: boolean, asleep: boolean, searching: boolean): Rest {
  if (!on) return "off";
  if (!uart) return "boot";
  if (asleep) return "sleep";
  return searching ? "registration" : "idle";
}

export const powerStates: readonly PowerState[] = [
  "off",
  "boot",
  "registration",
  "idle",
  "sleep",
  "receiving",
  "transmitting",
];

export interface EnergyReport {
  /** Time since the start or `reset()`, ms. */
  ms: number;
  mAh: number;
  states: Record<PowerState, { ms: number; mAh: number }>;
}

const msPerHour = 3_600_000;

export class EnergyMeter {
  readonly #now: () => number;
  readonly #facts: FactValues;
  readonly #slots: { up: number; down: number };
  readonly #sleep: number;
  #rssi: number;
  #rest: Rest = "off";
  #time: Record<PowerState, number> = none();
  #charge: Record<PowerState, number> = none();
  #since: number;
  #last: number;
  #signalUntil = 0;
  #sendUntil = 0;
  #openUntil = 0;

  constructor(now: () => number, rssi: number, options: EnergyOptions = {}) {
    this.#now = now;
    this.#facts = factValues(options.facts);
    this.#slots = multislot[options.gprsClass ?? 12];
    this.#sleep = options.drx === 9 ? this.#facts.sleepDrx9 : this.#facts.sleepDrx5;
    this.#rssi = rssi;
    this.#since = this.#last = now();
  }

  /** The radio has a packet channel, or asks for one. */
  get radioBusy(): boolean {
    const now = this.#now();
    return now < this.#openUntil || now < this.#signalUntil;
  }

  become(rest: Rest): void {
    if (rest === this.#rest) return;
    this.#settle();
    this.#rest = rest;
    if (rest === "off" || rest === "boot") this.#signalUntil = this.#sendUntil = this.#openUntil = 0;
  }

  /** As AT+CSQ prints it. */
  signal(rssi: number): void {
    this.#settle();
    this.#rssi = rssi;
  }

  /** The network is talked to for `ms`: attach, PDP context, log off. */
  signalling(ms: number): void {
    this.#settle();
    this.#signalUntil = Math.max(this.#signalUntil, this.#now() + ms);
  }

  /** A packet to the network, which acknowledges it. */
  up(bytes: number): void {
    this.#settle();
    const begin = this.#begin();
    const { roundTrip, tail } = this.#facts;
    this.#send(bytes);
    this.#openUntil = Math.max(this.#openUntil, this.#sendUntil + begin + roundTrip + tail);
  }

  /** A packet from the network, which is acknowledged. */
  down(bytes: number): void {
    this.#settle();
    const begin = this.#begin() + airTime(this.#facts, this.#slots.down, bytes);
    this.#send(0);
    this.#openUntil = Math.max(this.#openUntil, this.#now() + begin + this.#facts.tail);
  }

  /** A TLS handshake, of which the bytes are not seen. */
  handshake(): void {
    this.up(this.#facts.tlsUp);
    this.down(this.#facts.tlsDown);
  }

  report(): EnergyReport {
    this.#settle();
    const states = none() as unknown as EnergyReport["states"];
    let mAh = 0;
    for (const state of powerStates) {
      mAh += this.#charge[state];
      states[state] = { ms: this.#time[state], mAh: this.#charge[state] };
    }
    return { ms: this.#last - this.#since, mAh, states };
  }

  /** Begins anew from now on. */
  reset(): void {
    this.#settle();
    this.#since = this.#last;
    this.#time = none();
    this.#charge = none();
  }

  /** ms until a packet channel is there. */
  #begin(): number {
    return this.#now() < this.#openUntil ? 0 : this.#facts.access;
  }

  #send(bytes: number): void {
    this.#sendUntil = Math.max(this.#sendUntil, this.#now()) + airTime(this.#facts, this.#slots.up, bytes);
  }

  #settle(): void {
    const now = this.#now();
    while (this.#last < now) {
      const [state, until] = this.#stretch();
      const end = Math.min(now, until);
      this.#time[state] += end - this.#last;
      this.#charge[state] += ((end - this.#last) * this.#current(state)) / msPerHour;
      this.#last = end;
    }
  }

  /** What is drawn from the last settled moment on, and until when that holds. */
  #stretch(): [PowerState, number] {
    const at = this.#last;
    if (at < this.#signalUntil) return ["registration", this.#signalUntil];
    if (at < this.#sendUntil) return ["transmitting", this.#sendUntil];
    if (at < this.#openUntil) return ["receiving", this.#openUntil];
    return [this.#rest, Number.POSITIVE_INFINITY];
  }

  #current(state: PowerState): number {
    if (state === "sleep") return this.#sleep;
    return state === "transmitting" ? transmitting(this.#facts, this.#slots.up, this.#rssi) : this.#facts[state];
  }
}

function none(): Record<PowerState, number> {
  return Object.fromEntries(powerStates.map((state) => [state, 0])) as Record<PowerState, number>;
}

/** One row for each state that was drawn in, with its time and its share, and the sum. */
export function energyRows({ ms, mAh, states }: EnergyReport): string[] {
  const row = (name: string, time: number, charge: number): string =>
    `${name.padEnd(14)}${(time / 1000).toFixed(1).padStart(12)} s${charge.toFixed(4).padStart(12)} mAh`;
  const drawn = powerStates.filter((state) => states[state].ms > 0);
  return [...drawn.map((state) => row(state, states[state].ms, states[state].mAh)), row("all", ms, mAh)];
}

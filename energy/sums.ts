// The sums of a battery: what one way of keeping in touch draws in a day, part by part, each with the figures it rests on. It
// prints nothing; the currents are those of virtual-m95/energy.

import {
  type EnergyOptions,
  type FactName,
  type FactValues,
  factValues,
  multislot,
  transmitting,
} from "../virtual-m95/energy/facts.js";
import { EnergyMeter } from "../virtual-m95/energy/meter.js";

export const minute = 60_000;
export const hour = 60 * minute;
export const day = 24 * hour;

/** What the device does, and its world. Times are ms, sizes bytes. */
export interface Use {
  /** From one message to the next. */
  every: number;
  payload: number;
  topic: number;
  qos: 0 | 1 | 2;
  /** Seconds, 0: none. */
  keepalive: number;
  tls: boolean;
  /** As AT+CSQ prints it. */
  rssi: number;
  drx: 5 | 9;
  gprsClass: 8 | 10 | 12;
  /** How long the driver's `sleepAfter` is. */
  sleepAfter: number;
  /** From the search for a network to registered. */
  registration: number;
  /** How long a cycle's `window` is: connected behind the message, for what the broker kept. */
  window: number;
  facts: Partial<FactValues>;
}

/** What m95-energy takes when it is told nothing. */
export const usual: Use = {
  every: 15 * minute,
  payload: 64,
  topic: 20,
  qos: 1,
  keepalive: 1200,
  tls: false,
  rssi: 15,
  drx: 5,
  gprsClass: 12,
  sleepAfter: 5000,
  registration: 20_000,
  window: 3000,
  facts: {},
};

/** What is not the modem's hardware but the habit of module, driver and network; D throughout. */
export const habits = {
  bootTime: { value: 1700, what: "STATUS high until the UART answers" },
  startTime: { value: 700, what: "from there until the SIM is ready and the search begins" },
  bringUpTime: { value: 1100, what: "the driver's commands around registration" },
  contextTime: { value: 1500, what: "activating the PDP context" },
  logOffTime: { value: 3000, what: "logging off before STATUS falls; 2 to 12 s" },
  wakeTime: { value: 100, what: "DTR low until the first command" },
  settleTime: { value: 1000, what: "DTR high and all quiet until the module is asleep" },
  stepTime: { value: 60, what: "from one answer of the modem to what the driver does next" },
} as const;

export type HabitName = keyof typeof habits;

export interface Part {
  what: string;
  /** ms of a day. */
  time: number;
  mAh: number;
  /** What the current comes from. */
  current: FactName[];
  /** What the time comes from; nothing: what is left of the day. */
  duration: (FactName | HabitName | "registrationTime" | "sleepAfter" | "window")[];
}

export const ways = ["asleep", "connected", "off"] as const;
export type Way = (typeof ways)[number];

/** A moment of an exchange in which a packet passes, ms; bytes of MQTT. */
type Packet = { at: number; up: number } | { at: number; down: number } | { at: number; handshake: true };

interface Radio {
  sending: number;
  receiving: number;
  /** From the first packet until the channel closes. */
  open: number;
  /** Neither. */
  quiet: number;
}

/** Bytes of the packets (MQTT 3.1). */
const size = { acknowledgement: 4, ping: 2, connect: 14 + 12, disconnect: 2 };

export class Sums {
  readonly use: Use;
  readonly facts: FactValues;
  readonly #energy: EnergyOptions;
  readonly #publish: Radio;

  constructor(use: Use) {
    this.use = use;
    this.facts = factValues(use.facts);
    this.#energy = { drx: use.drx, gprsClass: use.gprsClass, facts: use.facts };
    this.#publish = this.#radio(this.#publishing(0));
  }

  /** PINGREQs between two messages: the modem sends one when nothing went out for the keepalive. */
  get pings(): number {
    const period = this.use.keepalive * 1000;
    return period === 0 ? 0 : Math.max(0, Math.ceil(this.use.every / period) - 1);
  }

  /** mAh that the radio draws for one message of a module that is connected. */
  get message(): number {
    return this.#radioParts("messages", this.#publish, 1).reduce((all, { mAh }) => all + mAh, 0);
  }

  /** Everything drawn in a day. */
  day(way: Way): Part[] {
    return way === "off" ? this.#off() : this.#on(way);
  }

  mAhPerDay(way: Way): number {
    return this.day(way).reduce((sum, { mAh }) => sum + mAh, 0);
  }

  /** ms from the press to off again, without what the press takes. */
  get cycle(): number {
    const on = this.#off().slice(1);
    return on.reduce((sum, { time }) => sum + time, 0) / (day / this.use.every);
  }

  #on(way: "asleep" | "connected"): Part[] {
    const { use } = this;
    const messages = day / use.every;
    const pings = messages * this.pings;
    const ping = this.#radio([
      { at: 0, up: size.ping },
      { at: this.facts.roundTrip, down: size.ping },
    ]);
    const radio = [
      ...this.#radioParts("messages", this.#publish, messages),
      ...this.#radioParts("keepalive", ping, pings),
    ];
    const rest = day - radio.reduce((sum, { time }) => sum + time, 0);
    if (way === "connected") return [this.#part("awake", rest, "idle", []), ...radio];
    const awake = messages * Math.max(0, this.#awake() - this.#publish.open);
    const sleep = use.drx === 9 ? "sleepDrx9" : "sleepDrx5";
    const looking = pings * this.#look();
    return [
      this.#part("asleep", rest - awake - looking, sleep, []),
      this.#part("awake around messages", awake, "idle", ["wakeTime", "sleepAfter", "settleTime"]),
      this.#part("awake to ask after the link", looking, "idle", ["wakeTime", "sleepAfter", "settleTime"]),
      ...radio,
    ];
  }

  /** ms that a message keeps the modem awake. */
  #awake(): number {
    const { wakeTime, settleTime, stepTime } = habits;
    const answered = this.use.qos * this.facts.roundTrip;
    // The driver looks five times in `sleepAfter`, so it is over that by a tenth in the mean.
    const quiet = answered + this.use.sleepAfter * 1.1 + settleTime.value;
    const closed = this.#publish.open + settleTime.value / 2;
    return wakeTime.value + stepTime.value + Math.max(quiet, closed);
  }

  /** ms that the driver keeps the modem awake to ask whether a link that was idle for the keepalive is still there. */
  #look(): number {
    return habits.wakeTime.value + 1.1 * this.use.sleepAfter + habits.settleTime.value;
  }

  #off(): Part[] {
    const { use, facts } = this;
    const times = day / use.every;
    const { bootTime, startTime, bringUpTime, contextTime, logOffTime, stepTime } = habits;
    const { roundTrip } = facts;
    const opened = roundTrip + (use.tls ? 2 * roundTrip : 0);
    const connect = opened + stepTime.value;
    const publish = connect + roundTrip + stepTime.value;
    const goodbye = publish + use.qos * roundTrip + use.window + stepTime.value;
    const packets: Packet[] = [
      { at: 0, up: 0 },
      { at: roundTrip, down: 0 },
      ...(use.tls ? [{ at: roundTrip, handshake: true } as const] : []),
      { at: connect, up: size.connect },
      { at: connect + roundTrip, down: size.acknowledgement },
      ...this.#publishing(publish),
      { at: goodbye, up: size.disconnect },
    ];
    // Logging off ends the channel before it has stayed open for its time.
    const session = this.#radio(packets, goodbye + stepTime.value);
    const parts = [
      this.#part("boot", times * bootTime.value, "boot", ["bootTime"]),
      this.#part("search and registration", times * use.registration, "registration", ["registrationTime"]),
      this.#part("PDP context, log off", times * (contextTime.value + logOffTime.value), "registration", [
        "contextTime",
        "logOffTime",
      ]),
      this.#part("the driver's commands", times * (startTime.value + bringUpTime.value), "idle", [
        "startTime",
        "bringUpTime",
      ]),
      this.#part("window, channel closed", times * session.quiet, "idle", ["window", "tail"]),
      ...this.#radioParts("connect and message", session, times),
    ];
    const on = parts.reduce((sum, { time }) => sum + time, 0);
    return [this.#part("off", Math.max(0, day - on), "off", []), ...parts];
  }

  #publishing(at: number): Packet[] {
    const { use } = this;
    const { roundTrip } = this.facts;
    const packets: Packet[] = [{ at, up: 4 + use.topic + (use.qos > 0 ? 2 : 0) + use.payload }];
    if (use.qos > 0) packets.push({ at: at + roundTrip, down: size.acknowledgement });
    if (use.qos === 2) {
      packets.push({ at: at + roundTrip, up: size.acknowledgement });
      packets.push({ at: at + 2 * roundTrip, down: size.acknowledgement });
    }
    return packets;
  }

  /** How long the radio sends and listens for these packets. */
  /** @param end - when the module logs off; without it the channel closes by itself */
  #radio(packets: Packet[], end?: number): Radio {
    let now = 0;
    const meter = new EnergyMeter(() => now, this.use.rssi, this.#energy);
    meter.become("idle");
    for (const packet of packets) {
      now = packet.at;
      if ("up" in packet) meter.up(packet.up);
      else if ("down" in packet) meter.down(packet.down);
      else meter.handshake();
    }
    now = end ?? now + hour;
    const { states } = meter.report();
    const [sending, receiving] = [states.transmitting.ms, states.receiving.ms];
    return { sending, receiving, open: sending + receiving, quiet: states.idle.ms };
  }

  #radioParts(what: string, { sending, receiving }: Radio, times: number): Part[] {
    const { use, facts } = this;
    const slots = multislot[use.gprsClass].up;
    const current = transmitting(facts, slots, use.rssi);
    return [
      {
        what: `${what}: sending`,
        time: times * sending,
        mAh: (times * sending * current) / hour,
        current: slots === 1 ? ["transmitFull", "transmitLow"] : ["transmitFull", "transmitLow", "slotFull", "slotLow"],
        duration: ["slotRate", "header"],
      },
      {
        what: `${what}: channel open`,
        time: times * receiving,
        mAh: (times * receiving * facts.receiving) / hour,
        current: ["receiving"],
        duration: ["access", "roundTrip", "tail"],
      },
    ];
  }

  #part(what: string, time: number, fact: FactName, duration: Part["duration"]): Part {
    return { what, time, mAh: (time * this.facts[fact]) / hour, current: [fact], duration };
  }
}

/** ms between messages from which on `rare` draws less than `often`; undefined if it never does, or always. */
export function breakEven(use: Use, often: Way, rare: Way): number | undefined {
  const less = (every: number): boolean => {
    const sums = new Sums({ ...use, every });
    return sums.mAhPerDay(rare) < sums.mAhPerDay(often);
  };
  let low = shortest;
  let high = longest;
  if (less(low) || !less(high)) return undefined;
  while (high - low > 1000) {
    const middle = Math.sqrt(low * high);
    if (less(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** Intervals that are compared, ms. A switching cycle takes the better part of a minute. */
export const shortest = minute;
export const longest = 7 * day;

export interface Battery {
  mAh: number;
  /** Of it, what can be drawn, %. */
  usable: number;
  /** What it loses by itself, % a year. */
  loss: number;
  /** The rest of the device, mA in the mean. */
  host: number;
}

/** Days that a battery lasts. */
export function life(battery: Battery, mAhPerDay: number): number {
  const { mAh, usable, loss, host } = battery;
  return (mAh * usable) / 100 / (mAhPerDay + host * 24 + (mAh * loss) / 100 / 365);
}

// What m95-energy says: the ways compared, where the charge goes, and beside each figure what it rests on. It calculates nothing.

import { type Confidence, energyFacts, type FactName, type FactValues } from "../virtual-m95/energy/facts.js";
import { type Curve, plot } from "./plot.js";
import {
  type Battery,
  day,
  habits,
  hour,
  life,
  longest,
  type Part,
  Sums,
  shortest,
  type Use,
  type Way,
  ways,
} from "./sums.js";

export const titles: Record<Way, string> = {
  asleep: "stay asleep",
  connected: "stay connected",
  off: "switch off",
};

const colours: Record<Way, string> = { asleep: "#1f77b4", connected: "#d62728", off: "#2ca02c" };

export interface Compared {
  way: Way;
  /** Undefined: a cycle takes longer than there is from one message to the next. */
  mAhPerDay: number | undefined;
  days: number | undefined;
  parts: Part[];
}

export interface Comparison {
  use: Use;
  battery: Battery;
  facts: FactValues;
  pings: number;
  rows: Compared[];
  /** ms between messages from which on switching off draws less. */
  breakEven: { asleep: number | undefined; connected: number | undefined };
}

/** `switching`: whether a cycle fits between two messages. */
export function compare(use: Use, battery: Battery, breakEven: Comparison["breakEven"]): Comparison {
  const sums = new Sums(use);
  const rows = ways.map((way) => {
    const parts = sums.day(way);
    const mAhPerDay = parts.reduce((sum, { mAh }) => sum + mAh, 0);
    if (way === "off" && sums.cycle > use.every) return { way, parts: [], mAhPerDay: undefined, days: undefined };
    return { way, parts, mAhPerDay, days: life(battery, mAhPerDay) };
  });
  return { use, battery, facts: sums.facts, pings: sums.pings, rows, breakEven };
}

export function text(comparison: Comparison): string {
  const { use, battery, rows, facts, pings } = comparison;
  const messages = day / use.every;
  const lines = [
    `One message of ${use.payload} bytes (topic ${use.topic}) at QoS ${use.qos} every ${span(use.every)}, keepalive ${use.keepalive === 0 ? "none" : span(use.keepalive * 1000)}${use.tls ? ", TLS" : ""}.`,
    `Battery ${battery.mAh} mAh, ${battery.usable} % of it usable, losing ${battery.loss} % a year; the rest of the device draws ${battery.host} mA.`,
    "",
    "                  mAh a day   mAh a message   inferred (D)   the battery lasts",
    ...rows.map(({ way, mAhPerDay, days, parts }) =>
      mAhPerDay === undefined || days === undefined
        ? `${titles[way].padEnd(16)}  not possible: a cycle takes longer than ${span(use.every)}`
        : `${titles[way].padEnd(16)}${number(mAhPerDay, 11)}${number(mAhPerDay / messages, 16)}${inferred(parts, facts).padStart(15)}   ${duration(days)}`,
    ),
    "",
    breakEvenText(comparison),
    "",
    "Where it goes, mAh a day, and what that rests on:",
  ];
  for (const { way, parts } of rows) {
    if (parts.length === 0) continue;
    lines.push(`  ${titles[way]}`);
    for (const part of parts) {
      if (part.time === 0) continue;
      const share = `${number((part.time / day) * 100, 7)} % of the day`;
      lines.push(`  ${number(part.mAh, 9)}  ${part.what.padEnd(32)}${share}  ${currentOf(part, facts)}`);
    }
  }
  if (use.keepalive > 0) {
    const between = pings === 0 ? "none: messages come more often than that" : `${pings}`;
    lines.push("", `PINGREQ between two messages: ${between}.`);
  }
  return [...lines, "", ...assumptions(comparison)].join("\n");
}

/** The figures behind all of it. */
function assumptions({ use, facts }: Comparison): string[] {
  const rows = (Object.keys(energyFacts) as FactName[]).map((name) => {
    const { what } = energyFacts[name];
    return `  ${basis(name, facts).padEnd(22)}${name.padEnd(18)}${what}; ${source(name, facts)}`;
  });
  const own = Object.entries(habits).map(
    ([name, { value, what }]) => `  ${`${value} ms (D)`.padEnd(22)}${name.padEnd(18)}${what}`,
  );
  return [
    "Assumptions. A: a document of the maker; B: one good source; C: a sibling module; D: inferred.",
    ...rows,
    ...own,
    `  ${`${use.registration} ms (D)`.padEnd(22)}${"registrationTime".padEnd(18)}search until registered (--registration); a bad cell takes minutes`,
    `  ${`${use.sleepAfter} ms`.padEnd(22)}${"sleepAfter".padEnd(18)}the driver's option (--sleep-after)`,
    `  ${`${use.window} ms`.padEnd(22)}${"window".padEnd(18)}option of the driver's cycle (--window)`,
    `  Signal ${use.rssi}, DRX ${use.drx}, multislot class ${use.gprsClass}. No packet is lost and repeated, no cell changes, no message comes in.`,
  ];
}

function breakEvenText({ breakEven }: Comparison): string {
  const { asleep, connected } = breakEven;
  const than = (ms: number | undefined, way: string): string =>
    ms === undefined ? `Switching off never beats ${way} here.` : `Break-even with ${way}: ${span(ms)}.`;
  return [
    than(asleep, titles.asleep).replace(".", asleep === undefined ? "." : "; with rarer messages switch off."),
    than(connected, titles.connected),
  ].join(" ");
}

function basis(name: FactName, facts: FactValues): string {
  const { unit } = energyFacts[name];
  return `${facts[name]} ${unit} (${sure(name, facts)})`;
}

/** The mean current, how sure it is and whence; and the same for its time. */
function currentOf({ mAh, time, current, duration }: Part, facts: FactValues): string {
  const mean = `${number((mAh * hour) / time, 6)} mA (${worst(current, facts)})`;
  return duration.length === 0 ? mean : `${mean}  time (${worst(duration, facts)}): ${duration.join(", ")}`;
}

/** How much of the charge rests on an inferred current or time. */
function inferred(parts: readonly Part[], facts: FactValues): string {
  const sum = (some: readonly Part[]): number => some.reduce((all, { mAh }) => all + mAh, 0);
  const unsure = parts.filter(({ current, duration }) => worst([...current, ...duration], facts) === "D");
  return `${((100 * sum(unsure)) / sum(parts)).toFixed(0)} %`;
}

/** What the least sure of them is; what the user gave is no inference. */
function worst(names: readonly string[], facts: FactValues): string {
  const known = (name: string): name is FactName => Object.hasOwn(energyFacts, name);
  const all = names.map((name) =>
    known(name) ? sure(name, facts) : name === "sleepAfter" || name === "window" ? "yours" : "D",
  );
  return (
    all
      .filter((one) => one !== "yours")
      .sort()
      .at(-1) ?? "yours"
  );
}

function sure(name: FactName, facts: FactValues): Confidence | "yours" {
  return facts[name] === energyFacts[name].value ? energyFacts[name].confidence : "yours";
}

function source(name: FactName, facts: FactValues): string {
  return facts[name] === energyFacts[name].value ? energyFacts[name].source : "--set";
}

/** The life of the battery over the interval, for each way. */
export function picture(comparison: Comparison): string {
  const { use, battery, breakEven } = comparison;
  const steps = 80;
  const curves: Curve[] = ways.map((way) => ({
    name: titles[way],
    colour: colours[way],
    points: Array.from({ length: steps + 1 }, (_, at) => {
      const every = shortest * (longest / shortest) ** (at / steps);
      return { every, sums: new Sums({ ...use, every }) };
    })
      .filter(({ sums, every }) => way !== "off" || sums.cycle <= every)
      .map(({ every, sums }) => ({ every, days: life(battery, sums.mAhPerDay(way)) })),
  }));
  const marks = [{ every: use.every, text: `every ${span(use.every)}` }];
  if (breakEven.asleep !== undefined) {
    marks.push({ every: breakEven.asleep, text: `break-even: ${span(breakEven.asleep)}` });
  }
  const { facts } = comparison;
  const sleep = use.drx === 9 ? "sleepDrx9" : "sleepDrx5";
  return plot(
    `${battery.mAh} mAh, ${use.payload} bytes at QoS ${use.qos}, keepalive ${use.keepalive} s`,
    curves,
    marks,
    [
      `Asleep ${basis(sleep, facts)}, awake ${basis("idle", facts)}, off ${basis("off", facts)}, searching ${basis("registration", facts)} for ${span(use.registration)}; ${battery.usable} % of the battery usable, ${battery.loss} % lost a year.`,
      "A: the maker's document, C: a sibling module, D: inferred. m95-energy lists every figure.",
    ],
  );
}

/** 15 min, 1 h 30 min, 45 s. */
export function span(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const units: [number, string][] = [
    [86_400, "d"],
    [3600, "h"],
    [60, "min"],
    [1, "s"],
  ];
  const words: string[] = [];
  let rest = seconds;
  for (const [length, name] of units) {
    const count = Math.floor(rest / length);
    rest -= count * length;
    if (count > 0 && words.length < 2) words.push(`${count} ${name}`);
  }
  return words.join(" ") || "0 s";
}

function duration(days: number): string {
  if (days < 90) return `${days.toFixed(days < 10 ? 1 : 0)} days`;
  return days < 730 ? `${(days / 30.44).toFixed(0)} months` : `${(days / 365.25).toFixed(1)} years`;
}

/** Three digits that count. */
function number(value: number, width: number): string {
  const digits = value === 0 ? 0 : Math.min(3, Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value)))));
  return value.toFixed(digits).padStart(width);
}

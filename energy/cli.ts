#!/usr/bin/env node
// Command line of the battery sums (`npx m95-energy`): options, files, exit codes. The sums are in sums.ts, the words in report.ts.

import { writeFileSync } from "node:fs";
import { InvalidArgumentError, Option } from "commander";
import { exit, oneOf, program, run } from "../terminal/cli.js";
import { harmless } from "../terminal/harmless.js";
import { energyFacts, type FactName, type FactValues } from "../virtual-m95/energy/facts.js";
import { compare, picture, text } from "./report.js";
import { breakEven, longest, shortest, type Use } from "./sums.js";

const NAME = "m95-energy";

const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

const help = `
Examples:
  m95-energy --every 15m --payload 64 --qos 1 --keepalive 20m --battery 19000
      a meter on a lithium D cell: asleep all day, or off between its messages?
  m95-energy --every 4h --battery 2600 --self-discharge 20 --plot life.svg
      a tracker on a lithium-ion cell, and the life over the interval as a picture
  m95-energy --every 1h --set registration=80 --set idle=12.4 --json
      with currents that you have measured, for another program

Times are 500ms, 20s, 15m, 4h or 2d. Figures for --set: ${Object.keys(energyFacts).join(", ")}.

Exit codes: 0 done, 1 the picture cannot be written, 2 wrong usage. See docs/battery.md.`;

interface Options {
  every: number;
  payload: number;
  topic: number;
  qos: 0 | 1 | 2;
  keepalive: number;
  tls?: true;
  signal: number;
  drx: 5 | 9;
  gprsClass: 8 | 10 | 12;
  sleepAfter: number;
  registration: number;
  window: number;
  battery: number;
  usable: number;
  selfDischarge: number;
  host: number;
  set?: Partial<FactValues>;
  plot?: string;
  json?: true;
}

const command = program(
  NAME,
  "What a Quectel M95 draws from a battery: asleep, connected, or off in between.",
  import.meta.url,
)
  .addOption(option("--every <time>", "from one message to the next", time(shortest, longest), "15m"))
  .addOption(option("--payload <bytes>", "bytes of a message", number(0, 1548), "64"))
  .addOption(option("--topic <bytes>", "bytes of its topic", number(1, 200), "20"))
  .addOption(option("--qos <0|1|2>", "quality of service", oneOf([0, 1, 2]), "1"))
  .addOption(option("--keepalive <time>", "MQTT keepalive, 0s = none", time(0, 3_600_000), "20m"))
  .option("--tls", "with a TLS handshake whenever it connects")
  .addOption(option("--signal <rssi>", "signal as AT+CSQ prints it", number(0, 31), "15"))
  .addOption(option("--drx <5|9>", "paging period of the network, 51-frame multiframes", oneOf([5, 9]), "5"))
  .addOption(option("--gprs-class <8|10|12>", "multislot class", oneOf([8, 10, 12]), "12"))
  .addOption(option("--sleep-after <time>", "the driver's sleepAfter", time(1, 86_400_000), "5s"))
  .addOption(
    option("--window <time>", "connected behind the message when it is switched off after it", time(0, 600_000), "3s"),
  )
  .addOption(option("--registration <time>", "search until registered", time(0, 3_600_000), "20s"))
  .addOption(option("--battery <mAh>", "what the battery holds", number(1, 1e7), "19000"))
  .addOption(option("--usable <percent>", "what of it can be drawn", number(1, 100), "80"))
  .addOption(option("--self-discharge <percent>", "what it loses by itself in a year", number(0, 100), "1"))
  .addOption(option("--host <mA>", "what the rest of the device draws in the mean", number(0, 10_000, true), "0"))
  .option("--set <figure=value>", "a figure of your own, may be repeated", own)
  .option("--plot <file>", "write the life over the interval as an SVG")
  .option("--json", "print the comparison as JSON")
  .addHelpText("after", help);

function option<T>(flags: string, description: string, read: (text: string) => T, byDefault: string): Option {
  return new Option(flags, description).argParser(read).default(read(byDefault), byDefault);
}

function number(min: number, max: number, fraction = false): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+(\.\d+)?$/.test(text) || value < min || value > max || !(fraction || Number.isInteger(value))) {
      throw new InvalidArgumentError(`Expected ${fraction ? "a number" : "a whole number"} from ${min} to ${max}.`);
    }
    return value;
  };
}

function time(min: number, max: number): (text: string) => number {
  return (text) => {
    const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text);
    const value = match ? Number(match[1]) * units[match[2]!]! : Number.NaN;
    if (!(value >= min && value <= max)) {
      throw new InvalidArgumentError(`Expected a time such as 15m, from ${min / 1000} s to ${max / 1000} s.`);
    }
    return value;
  };
}

function own(text: string, previous: Partial<FactValues> = {}): Partial<FactValues> {
  const [name = "", value = ""] = text.split("=");
  if (!Object.hasOwn(energyFacts, name)) {
    throw new InvalidArgumentError(`Expected figure=value with one of ${Object.keys(energyFacts).join(", ")}.`);
  }
  const { unit } = energyFacts[name as FactName];
  if (!/^\d+(\.\d+)?$/.test(value) || !(Number(value) > 0)) {
    throw new InvalidArgumentError(`${name} takes a number of ${unit} above 0.`);
  }
  return { ...previous, [name]: Number(value) };
}

function main(options: Options): void {
  const use: Use = {
    every: options.every,
    payload: options.payload,
    topic: options.topic,
    qos: options.qos,
    keepalive: Math.round(options.keepalive / 1000),
    tls: options.tls ?? false,
    rssi: options.signal,
    drx: options.drx,
    gprsClass: options.gprsClass,
    sleepAfter: options.sleepAfter,
    registration: options.registration,
    window: options.window,
    facts: options.set ?? {},
  };
  const battery = {
    mAh: options.battery,
    usable: options.usable,
    loss: options.selfDischarge,
    host: options.host,
  };
  const comparison = compare(use, battery, {
    asleep: breakEven(use, "asleep", "off"),
    connected: breakEven(use, "connected", "off"),
  });
  if (options.plot !== undefined) writeFileSync(options.plot, picture(comparison));
  console.log(options.json ? JSON.stringify(comparison, null, 2) : text(comparison));
  if (options.plot !== undefined && !options.json) console.log(`\nThe picture: ${harmless(options.plot)}`);
}

await run(NAME, async () => {
  main(command.parse().opts<Options>());
  return exit.ok;
});

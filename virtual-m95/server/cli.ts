#!/usr/bin/env node
// Command line of the virtual M95 (`npx m95-virtual`): options, messages, exit codes. The server is in server.ts.

import { readFile } from "node:fs/promises";
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { oneOf } from "../../terminal/cli.js";
import { harmless } from "../../terminal/harmless.js";
import { endWithReader } from "../../terminal/pipe.js";
import { versionOf } from "../../terminal/version.js";
import { recorder } from "../../trace/file.js";
import { parseTrace } from "../../trace/format.js";
import type { Recorder } from "../../trace/recorder.js";
import { baudRates } from "../at/serial-line.js";
import { energyRows } from "../energy/meter.js";
import { type Clock, defaultQuirks, type Quirks, type VirtualM95Options } from "../options.js";
import { Replay } from "../replay/replay.js";
import { ScaledClock } from "../time/scaled-clock.js";
import type { VirtualM95 } from "../virtual-m95.js";
import { runControlLine, runReplayLine } from "./control.js";
import { type Pty, startPty } from "./pty.js";
import { type Address, type Listening, listen, startVirtualM95Server } from "./server.js";
import { formatTrace } from "./trace-format.js";

/** Exit codes. */
const exit = { ok: 0, failure: 1, usage: 2 } as const;

interface CliOptions {
  listen: Address;
  control?: Address;
  broker: Address;
  pty?: string | true;
  speed: number;
  poweredOn?: true;
  baud: number;
  recvShape?: 1 | 2 | 3 | 4;
  quirk?: Partial<Quirks>;
  apn?: string;
  pin?: string;
  mqtt?: 3 | 4;
  sleep?: 0 | 1 | 2;
  wake?: number;
  networkTime?: true;
  script?: string;
  replay?: string;
  record?: string;
  trace?: true;
}

const examples = `
Examples:
  m95-virtual --powered-on --listen 5600 --trace
      a modem that is already on, its UART on TCP port 5600, in front of the broker on this machine
  m95-virtual --pty /tmp/m95 --control 5601 --broker test.mosquitto.org:1883
      a modem that is off, its UART at /tmp/m95; switch it on with: echo "press 1200" | nc 127.0.0.1 5601
  m95-virtual --powered-on --listen 0 --speed 20 --quirk promptBlank=true --recv-shape 3
      a free port (printed), twenty times real time, another firmware's habits
  m95-virtual --replay field.jsonl --pty /tmp/m95
      the modem of a recording (see docs/trace.md)

Exit codes: 0 ended normally, 1 failure at run time, 2 wrong usage.
Lines of a --script are those of the control port (see help there), with "wait MS" in between.`;

function parse(argv: string[]): CliOptions {
  const command = new Command("m95-virtual")
    .version(versionOf(import.meta.url), "--version", "print the version")
    .description("A Quectel M95 GSM modem in software: UART on a TCP port or pty, MQTT to a real broker.")
    .addOption(
      new Option("--listen <[host:]port>", "TCP port carrying the UART's bytes, 0 = a free one")
        .argParser(address)
        .default(local(0), "127.0.0.1:0"),
    )
    .option("--pty [link]", "also offer the UART as a pseudo terminal, through socat")
    .option("--control <[host:]port>", "TCP port for pins and mishaps, 0 = a free one", address)
    .addOption(
      new Option("--broker <[host:]port>", "MQTT broker that every connection leads to")
        .argParser(address)
        .default(local(1883), "127.0.0.1:1883"),
    )
    .option("--speed <factor>", "simulated per real time", factor, 1)
    .option("--powered-on", "start switched on and registered; otherwise press PWRKEY over the control port")
    .option("--baud <rate>", "rate saved in the modem, 0 = autobaud", oneOf(baudRates), 0)
    .option("--recv-shape <1-4>", "form of +QMTRECV", oneOf([1, 2, 3, 4]))
    .option("--quirk <name=value>", "another firmware's habit, may be repeated", quirk)
    .option("--apn <name>", "the only access point name the network accepts")
    .option("--pin <digits>", "the SIM asks for this PIN", pin)
    .option("--mqtt <3|4>", "MQTT protocol version: 3 = 3.1, 4 = 3.1.1", oneOf([3, 4]), 3)
    .option(
      "--sleep <0-2>",
      "AT+QSCLK as an earlier run left it; DTR (control port) is high at first",
      oneOf([0, 1, 2]),
    )
    .option("--wake <ms>", "DTR low until the UART hears: 20, or 600 as other sources say", milliseconds)
    .option(
      "--network-time",
      "the network tells this machine's time (AT+QLTS, AT+CTZU); the modem's clock begins in 2004",
    )
    .option("--script <file>", "control commands to play")
    .addOption(
      new Option(
        "--replay <file>",
        "answer as the modem did in this recording, and say where the host does not do the same",
      ).conflicts([
        "broker",
        "poweredOn",
        "baud",
        "recvShape",
        "quirk",
        "apn",
        "pin",
        "mqtt",
        "sleep",
        "wake",
        "networkTime",
        "script",
      ]),
    )
    .option("--record <file>", "write what passes to a file, see docs/trace.md")
    .option("--trace", "print the traffic")
    .allowExcessArguments(false)
    .addHelpText("after", examples)
    .exitOverride();
  command.configureOutput({ outputError: (text, write) => write(`${text.trimEnd()}\nSee m95-virtual --help\n`) });
  return command.parse(argv, { from: "user" }).opts<CliOptions>();
}

function local(port: number): Address {
  return { host: "127.0.0.1", port };
}

function address(text: string): Address {
  const match = /^(?:(.+):)?(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (!match || port > 65_535) throw new InvalidArgumentError("Expected [host:]port.");
  return { host: match[1]?.replace(/^\[(.*)\]$/, "$1") ?? "127.0.0.1", port };
}

function factor(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 1000)) throw new InvalidArgumentError("Expected a number above 0, at most 1000.");
  return value;
}

function milliseconds(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > 10_000) throw new InvalidArgumentError("Expected 0 to 10000 ms.");
  return value;
}

function pin(text: string): string {
  if (!/^\d{4,8}$/.test(text)) throw new InvalidArgumentError("A PIN has 4 to 8 digits.");
  return text;
}

/** What the quirks that are neither numbers nor true or false may be; numbers are 0 or more. */
const CHOICES: { [name: string]: unknown[] } = {
  recvShape: [1, 2, 3, 4],
  lineEnding: ["\r\n", "\n", "\r"],
  escAnswer: ["OK", ""],
  urcInPrompt: ["hold", "mix"],
  busyInput: ["lose", "buffer"],
  urcAsleep: ["print", "hold", "lose"],
} satisfies { [name in keyof Quirks]?: Quirks[name][] };

function quirk(text: string, previous: Partial<Quirks> = {}): Partial<Quirks> {
  const equals = text.indexOf("=");
  const name = text.slice(0, equals);
  if (equals < 0 || !Object.hasOwn(defaultQuirks, name)) {
    throw new InvalidArgumentError(`Expected name=value with one of ${Object.keys(defaultQuirks).join(", ")}.`);
  }
  const raw = text.slice(equals + 1);
  const kind = typeof defaultQuirks[name as keyof Quirks];
  const value = kind === "boolean" ? { true: true, false: false }[raw] : kind === "number" ? Number(raw) : raw;
  if (value === undefined || Number.isNaN(value)) throw new InvalidArgumentError(`${name} takes a ${kind}.`);
  const choice = CHOICES[name];
  if (choice ? !choice.includes(value) : Number(value) < 0)
    throw new InvalidArgumentError(
      `${name} takes ${choice ? choice.map((one) => JSON.stringify(one)).join(", ") : "0 or more"}.`,
    );
  return { ...previous, [name]: value };
}

function modemOptions(options: CliOptions): Partial<VirtualM95Options> {
  return {
    poweredOn: options.poweredOn ?? false,
    baud: options.baud,
    quirks: { ...options.quirk, ...(options.recvShape && { recvShape: options.recvShape }) },
    ...(options.apn !== undefined && { apn: options.apn }),
    ...(options.pin !== undefined && { sim: { state: "pin" as const, pin: options.pin } }),
    ...(options.networkTime && { networkTime: networkTime(new Date()) }),
    ...(options.sleep !== undefined && { sleep: options.sleep }),
    ...(options.wake !== undefined && { timing: { wake: options.wake } }),
    ...(options.mqtt && { protocolVersion: options.mqtt }),
  };
}

/** UTC, as the modem prints times. */
function networkTime(now: Date): string {
  const iso = now.toISOString();
  return `${iso.slice(2, 10).replaceAll("-", "/")},${iso.slice(11, 19)}+00`;
}

interface Running extends Listening {
  script?: (file: string) => Promise<void>;
  /** What there is to say at the end. */
  summary?: () => void;
  recorded: Recorder | undefined;
}

/** The virtual modem, or that of a recording; how its traffic is shown. */
async function start(options: CliOptions): Promise<Running> {
  const { listen: at, control } = options;
  const where = { listen: at, ...(control && { control }) };
  let now = (): number => 0;
  const trace: VirtualM95Options["trace"] = (direction, text) => console.log(formatTrace(now(), direction, text));
  if (options.replay !== undefined) {
    const clock = new ScaledClock(options.speed);
    const modem = new Replay(parseTrace(await readFile(options.replay, "utf8")), clock, ({ at: ms, sent, detail }) =>
      console.log(`${(ms / 1000).toFixed(3)} deviation: ${harmless(sent)}: ${harmless(detail)}`),
    );
    if (options.trace) modem.onWire = trace;
    now = () => clock.now();
    const served = await listen(modem, where, (line) => runReplayLine(modem, line));
    return { ...served, recorded: recorded(modem, clock, options) };
  }
  const { modem, ...server } = await startVirtualM95Server({
    ...where,
    broker: options.broker,
    speed: options.speed,
    modem: { ...modemOptions(options), ...(options.trace && { trace }) },
  });
  now = () => modem.options.clock.now();
  const script = (file: string): Promise<void> => play(modem, file);
  const summary = (): void => console.log(["Drawn by the modem:", ...energyRows(modem.energy.report())].join("\n"));
  return { ...server, script, summary, recorded: recorded(modem, modem.options.clock, options) };
}

/** Records what passes at the modem's side, if that is wanted. */
function recorded(
  modem: Pick<VirtualM95, "uart"> & { pins: object },
  clock: Clock,
  { record }: CliOptions,
): Recorder | undefined {
  if (record === undefined) return undefined;
  const made = recorder(record);
  made.begin({}, clock);
  made.attach({ uart: modem.uart, options: {} });
  Object.assign(modem.pins, made.pins(modem.pins));
  return made;
}

async function main(argv: string[]): Promise<number> {
  endWithReader();
  const options = parse(argv);
  let pty: Pty | undefined;
  let code: number = exit.ok;
  const running = await start(options);
  const end = (): void => void running.close();
  process.once("SIGINT", end);
  process.once("SIGTERM", end);
  try {
    console.log(`UART on ${options.listen.host}:${running.port}`);
    if (running.controlPort !== undefined) console.log(`control on ${options.control!.host}:${running.controlPort}`);
    if (options.pty !== undefined) {
      const link = options.pty === true ? undefined : options.pty;
      pty = await startPty(running.port, link, (path) => console.log(`UART at ${path}`), fail);
    }
    if (options.script !== undefined) await running.script!(options.script);
    await running.closed;
    running.summary?.();
  } finally {
    await pty?.close();
    await running.close();
    running.recorded?.close();
  }
  return code;

  function fail(error: Error): void {
    console.error(`m95-virtual: ${harmless(error.message)}`);
    code = exit.failure;
    end();
  }
}

async function play(modem: VirtualM95, file: string): Promise<void> {
  for (const line of (await readFile(file, "utf8")).split(/\r?\n/)) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const answer = await runControlLine(modem, line);
    // The answer has lines of its own.
    console.log(
      `${harmless(line)}: ${answer
        .split("\n")
        .map((one) => harmless(one))
        .join("\n")}`,
    );
    if (answer.startsWith("error")) throw new Error(`${file}: ${line}: ${answer}`);
  }
}

main(process.argv.slice(2)).then(
  // A `wait` under way must not keep the program alive.
  (code) => process.exit(code),
  (error: unknown) => {
    if (error instanceof CommanderError) {
      process.exit(error.exitCode === 0 ? exit.ok : exit.usage);
    }
    console.error(`m95-virtual: ${harmless((error as Error).message)}`);
    process.exit(exit.failure);
  },
);

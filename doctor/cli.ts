#!/usr/bin/env node
// Command line of the check-up (`npx m95-doctor`): options, progress, report, exit codes. What is found is found elsewhere.
import { accessSync, constants, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { InvalidArgumentError } from "commander";
import { exit, program, run, UsageError } from "../terminal/cli.js";
import { harmlessJson } from "../terminal/harmless.js";
import { recorder } from "../trace/file.js";
import type { Recorder } from "../trace/recorder.js";
import type { Port } from "./conversation.js";
import type { ExamineOptions } from "./examination.js";
import { examine } from "./examine.js";
import { type OpenKey, type OpenPort, openKey, openPort, SERVER } from "./ports.js";
import { markdown, reportOf } from "./report.js";
import { Screen } from "./screen.js";

const NAME = "m95-doctor";

interface Options {
  port?: string;
  baud: number;
  apn?: string;
  apnUser?: string;
  apnPassword?: string;
  pin?: string;
  broker?: { host: string; port?: number };
  user?: string;
  password?: string;
  clientId?: string;
  topic?: string;
  tls?: string;
  powerKey?: string;
  quick?: true;
  json?: true;
  report?: string;
  record?: string;
}

const quotable = (what: string, limit: number) => (text: string) => {
  if (text === "" || text.length > limit || /[^\x20\x21\x23-\x7e]/.test(text))
    throw new InvalidArgumentError(`${what}: 1 to ${limit} printable characters without quotes.`);
  return text;
};

function pin(text: string): string {
  if (!/^\d{4,8}$/.test(text)) throw new InvalidArgumentError("A PIN has 4 to 8 digits.");
  return text;
}

function rate(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 300 || value > 115_200) throw new InvalidArgumentError("300 to 115200 baud.");
  return value;
}

function broker(text: string): { host: string; port?: number } {
  const match = /^([\w.-]{1,100})(?::(\d{1,5}))?$/.exec(text);
  const port = match?.[2] === undefined ? undefined : Number(match[2]);
  if (!match || port === 0 || (port ?? 0) > 65_535) throw new InvalidArgumentError("Expected host[:port].");
  return { host: match[1]!, ...(port !== undefined && { port }) };
}

function powerKey(text: string): string {
  if (text !== "rts" && text !== "dtr" && !SERVER.test(text))
    throw new InvalidArgumentError("It must be rts, dtr, or host:port of a virtual M95's control port.");
  return text;
}

/** Before anything else, so that minutes of work do not end in nothing. @throws UsageError for a file that cannot be written */
function checkWritable(option: string, file: string): void {
  const isThere = existsSync(file);
  const written = isThere ? file : path.dirname(file);
  try {
    accessSync(written, constants.W_OK);
    if (statSync(written).isDirectory() === isThere)
      throw new Error(isThere ? "it is a folder" : "it would stand in no folder");
  } catch (error) {
    throw new UsageError(`${option} ${file} cannot be written: ${(error as Error).message}`);
  }
}

const command = program(
  NAME,
  "Examines a Quectel M95 and what is around it, from the wire to the last message.",
  import.meta.url,
)
  .option("--port <path>", "serial port (/dev/ttyUSB0, COM3), or host:port of a serial server or a virtual M95")
  .option("--baud <rate>", "rate at which the port is opened", rate, 115_200)
  .option("--apn <name>", "access point of the SIM's operator; without it no packet side", quotable("APN", 100))
  .option("--apn-user <name>", "its user", quotable("user", 50))
  .option("--apn-password <text>", "and password", quotable("password", 50))
  .option("--pin <digits>", "PIN of the SIM: tried once, and only where no wrong one was tried before", pin)
  .option("--broker <host[:port]>", "MQTT broker; without it nothing is sent over the air", broker)
  .option("--user <name>", "user for it", quotable("user", 100))
  .option("--password <text>", "and password", quotable("password", 100))
  .option("--client-id <id>", "client ID", quotable("client ID", 60), "m95-doctor")
  .option("--topic <name>", "where messages go: this topic and those below it", quotable("topic", 60), "m95-doctor")
  .option("--tls <file>", "look at the broker through TLS, with this CA (PEM)")
  .option(
    "--power-key <line>",
    "what presses PWRKEY: rts or dtr of the adapter, or host:port of a virtual M95's control port",
    powerKey,
  )
  .option("--quick", "leave out what takes long: seconds of signal, distributions, payloads, power-off")
  .option("--json", "print the report as JSON, and nothing else")
  .option("--report <file>", "write the report; Markdown, or JSON when the file ends in .json")
  .option("--record <file>", "write the traffic, see docs/trace.md")
  .addHelpText(
    "after",
    `
Examples:
  ${NAME} --port /dev/ttyUSB0
  ${NAME} --port /dev/ttyUSB0 --apn internet --pin 1234 --broker test.example.org --report report.md
  ${NAME} --port 127.0.0.1:5600 --apn internet --broker broker.example      (a virtual M95)

It stores nothing in the modem, sends no SMS and tries no PIN twice. Secrets are veiled before anything is written.
Exit codes: 0 nothing was found, 1 something does not work (or the port cannot be opened), 2 wrong usage, 3 it works, but
something should be looked at. See docs/doctor.md.`,
  );

const clock: ExamineOptions["clock"] = {
  now: () => performance.now(),
  after: (ms, fn) => setTimeout(fn, ms),
  cancel: (handle) => clearTimeout(handle as NodeJS.Timeout),
};

async function main(): Promise<number> {
  const given = command.parse().opts<Options>();
  if (given.port === undefined) throw new UsageError("say which port: --port <path>");
  let ca: string | undefined;
  if (given.tls !== undefined) {
    try {
      ca = readFileSync(given.tls, "latin1").replaceAll("\r\n", "\n");
    } catch (error) {
      throw new UsageError(`--tls ${given.tls} cannot be read: ${(error as Error).message}`);
    }
  }
  if (given.report !== undefined) checkWritable("--report", given.report);
  if (given.record !== undefined) checkWritable("--record", given.record);
  const recording = given.record === undefined ? undefined : recorder(given.record);
  const port = await openPort(given.port, given.baud);
  let key: OpenKey | undefined;
  try {
    key = given.powerKey === undefined ? undefined : await openKey(given.powerKey, port);
    return await check(given, port, { ca, key }, recording);
  } finally {
    recording?.close();
    key?.close();
    await port.close();
  }
}

async function check(
  given: Options,
  port: OpenPort,
  besides: { ca: string | undefined; key: OpenKey | undefined },
  recording: Recorder | undefined,
): Promise<number> {
  const tty = process.stdout.isTTY === true && !process.env.NO_COLOR;
  const screen = new Screen((text) => void process.stdout.write(text), tty);
  const { baud, apn, apnUser, apnPassword, pin: code, user, password, clientId, topic } = given;
  const options: ExamineOptions = {
    clock,
    ...definite({ baud, apn, apnUser, apnPassword, pin: code, user, password, clientId, topic, ...besides }),
    ...(given.broker && { broker: { port: besides.ca === undefined ? 1883 : 8883, ...given.broker } }),
    ...(given.quick && { quick: true }),
    ...(!given.json && { onRow: (row) => screen.row(row) }),
  };
  const examined: Port = { ...port, write: (data) => port.write(data), onReceive: () => {} };
  port.onReceive = (chunk) => examined.onReceive(chunk);
  recording?.begin({}, clock);
  recording?.attach({ uart: port, options: definite({ apn }) });
  const report = reportOf(await examine(examined, options));
  const date = new Date().toISOString();
  if (given.json) console.log(harmlessJson({ date, ...report }));
  else screen.end(report);
  if (given.report !== undefined)
    writeFileSync(
      given.report,
      given.report.endsWith(".json") ? `${harmlessJson({ date, ...report })}\n` : markdown(report, date.slice(0, 10)),
      { mode: 0o600 },
    );
  return { ok: exit.ok, warning: 3, fault: exit.failure }[report.verdict];
}

/** Without what is undefined. */
function definite<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}

await run(NAME, main);

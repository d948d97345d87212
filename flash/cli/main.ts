#!/usr/bin/env node
// `npm run flash`: puts the driver, a configuration and an application onto an Espruino board over a serial port.
// It reads the arguments and shows what happens; flash/board does the work.
import { readFileSync } from "node:fs";
import path from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import pc from "picocolors";
import { harmless } from "../../terminal/harmless.js";
import { endWithReader } from "../../terminal/pipe.js";
import { versionOf } from "../../terminal/version.js";
import { boardNames, type Choices, configOf } from "../board/config.js";
import { FlashError } from "../board/errors.js";
import { install, type Plan } from "../board/install.js";
import { type Parts, type PartsList, partsGiven } from "../board/parts.js";
import { Session } from "../board/session.js";
import { findPorts, openPort } from "./port.js";
import { Screen } from "./progress.js";

/** The driver in parts; what its paths are relative to is its folder. */
const PARTS = "dist/espruino/parts.json";

interface Options extends Choices {
  port?: string;
  baud: number;
  list?: boolean;
  bundle?: string;
  with: string;
  without: string;
  app?: string;
  start: boolean;
}

/** A call that cannot be meant; it ends with exit code 2. */
class UsageError extends Error {}

const program = new Command("npm run flash --")
  .version(versionOf(import.meta.url), "--version", "print the version")
  .description("Writes the M95 module to the Storage of an Espruino board, and your application to its boot code.")
  .option("--port <path>", "serial port of the board, as /dev/ttyACM0 or COM3")
  .option("--baud <rate>", "its rate, when it is not a USB port of the chip itself", wholeNumber, 115200)
  .option("--list", "show the ports there are, and do nothing else")
  .addOption(new Option("--board <name>", "write a known board, and so its pins, to m95.json").choices(boardNames))
  .option("--apn <name>", "write the operator's access point name to m95.json")
  .option("--broker <host[:port]>", "write the broker's address to m95.json")
  .option("--client-id <id>", "write the MQTT client id to m95.json")
  .option("--pin <digits>", "write the SIM's PIN to m95.json")
  .option("--user <name>", "write the broker's user to m95.json")
  .option("--password <text>", "write the broker's password to m95.json")
  .option("--app <file>", "application, to be run at each start; without it the board's stays")
  .option(
    "--with <parts>",
    "write these parts of the driver besides those that the application needs, as tls,store",
    "",
  )
  .option("--without <parts>", "do not write these parts", "")
  .option("--bundle <file>", "write this file as M95, and no parts")
  .option("--no-start", "do not start the application afterwards")
  .addHelpText("after", "\nExit codes: 0 done, 1 it failed (the last lines say why), 2 the call was wrong.")
  .addHelpText("after", "\nSee docs/flashing.md for m95.json and for what to do when it does not work.")
  .exitOverride();

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{1,6}$/.test(text)) throw new InvalidArgumentError("It must be a number, as 115200.");
  return Number(text);
}

/** The bytes of a file, whatever they are. */
function bytesOf(file: string, advice: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch (error) {
    throw new FlashError(`${file} cannot be read: ${(error as Error).message}`, advice);
  }
}

/** The driver in parts, with those that are asked for. */
function partsOf(options: Options): Parts {
  const advice = "Build it with npm run build, or give a file with --bundle.";
  const list = JSON.parse(bytesOf(PARTS, advice)) as PartsList;
  const given = (text: string) => {
    try {
      return partsGiven(list, text);
    } catch (error) {
      throw new UsageError(`${(error as FlashError).message}. ${(error as FlashError).advice}`);
    }
  };
  const load = (file: string) => bytesOf(path.join(path.dirname(PARTS), file), advice);
  return { list, load, with: given(options.with), without: given(options.without) };
}

async function list(): Promise<void> {
  const ports = await findPorts();
  if (ports.length === 0) process.stdout.write("No serial port found. Plug the board in; some cables only charge.\n");
  for (const { path, description } of ports)
    process.stdout.write(`${harmless(path)}${description && `  ${harmless(description)}`}\n`);
}

async function flash(options: Options): Promise<void> {
  if (!options.port) throw new UsageError("Say which port: --port <path>. --list shows the ports there are.");
  const plan: Plan = {
    module: options.bundle
      ? bytesOf(options.bundle, "Build it with npm run build, or give another file with --bundle.")
      : partsOf(options),
    config: configOf(options),
    compare: "bytes",
    start: options.start,
  };
  if (options.app) plan.app = bytesOf(options.app, "Give the application's file with --app, or leave --app out.");
  const link = await openPort(options.port, options.baud);
  try {
    const screen = new Screen(process.stdout);
    const session = new Session(link);
    await session.prompt();
    const files = await install(session, plan, screen);
    screen.line(pc.green(`Done: ${files.map(({ name, data }) => `${name} (${data.length} bytes)`).join(", ")}`));
  } finally {
    await link.close();
  }
}

/** Shows an error; the exit code for it. */
function failed(error: unknown): number {
  const { code, exitCode } = error as { code?: string; exitCode?: number };
  // Commander has already shown its own, and the help.
  if (code?.startsWith("commander.")) return exitCode === 0 ? 0 : 2;
  process.stdout.isTTY && process.stdout.write("\n");
  process.stderr.write(pc.red(`${harmless((error as Error).message)}\n`));
  if (error instanceof FlashError) process.stderr.write(`${harmless(error.advice)}\n`);
  return error instanceof UsageError ? 2 : 1;
}

endWithReader();
try {
  const options = program.parse().opts<Options>();
  await (options.list ? list() : flash(options));
} catch (error) {
  process.exitCode = failed(error);
}

#!/usr/bin/env node
// Command line of the certificate tool (`npx m95-certs`): options, output, exit codes. What it says is found elsewhere.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { harmless, harmlessJson } from "../terminal/harmless.js";
import { endWithReader } from "../terminal/pipe.js";
import { versionOf } from "../terminal/version.js";
import { type BrokerAddress, tryBroker } from "./broker.js";
import { bundle, type Runtime, runtimes } from "./bundle.js";
import type { Finding } from "./inspect.js";
import { Report } from "./report.js";
import { type CheckedSet, checkSet, type Files, roles, type SetOptions } from "./set.js";

/** Exit codes. */
const exit = { ok: 0, problems: 1, usage: 2 } as const;

/** A call that cannot be meant. */
class UsageError extends Error {}

interface SharedOptions {
  ca?: string;
  cert?: string;
  key?: string;
  server?: string;
  host?: string;
  at: Date;
  storage: "RAM" | "NVRAM";
  json?: true;
}

interface CheckOptions extends SharedOptions {
  broker?: BrokerAddress;
}

interface BundleOptions extends SharedOptions {
  for: Runtime;
  out: string;
  prefix: string;
  force?: true;
}

const help = `
Examples:
  m95-certs check --ca AmazonRootCA1.pem --cert device.pem.crt --key private.pem.key
  m95-certs check --ca ca.pem --server broker-chain.pem --host broker.example.org
  m95-certs check --ca ca.pem --cert meter.pem --key meter.key --broker broker.example.org:8883
  m95-certs bundle --for espruino --out certificates --ca ca.pem --cert meter.pem --key meter.key

Exit codes: 0 no problem was found, 1 something will not work, 2 wrong usage.`;

let code: number = exit.ok;

function program(): Command {
  const command = new Command("m95-certs")
    .version(versionOf(import.meta.url), "--version", "print the version")
    .description("Looks at certificates and keys for TLS on a Quectel M95, and packs them for the microcontroller.")
    .addHelpText("after", help)
    .exitOverride();
  command.configureOutput({ outputError: (text, write) => write(`${text.trimEnd()}\nSee m95-certs --help\n`) });
  const sub = (name: string, description: string): Command =>
    command
      .command(name)
      .description(description)
      .option("--ca <file>", "certificate of the CA that issued the broker's")
      .option("--cert <file>", "certificate of the device")
      .option("--key <file>", "private key of the device")
      .option("--server <file>", "what the broker sends: its certificate, then those between it and the CA")
      .option("--host <name>", "the name that the modem will dial")
      .addOption(new Option("--at <date>", "judge dates as of this day").argParser(date).default(new Date(), "now"))
      .addOption(
        new Option("--storage <where>", "where in the modem the files will be")
          .choices(["RAM", "NVRAM"])
          .default("RAM"),
      )
      .option("--json", "print the findings as JSON")
      .allowExcessArguments(false)
      .copyInheritedSettings(command);
  sub("check", "check files against each other and against what an M95 can do")
    .option("--broker <host[:port]>", "also try a handshake with this broker as an M95 makes it", address)
    .action(check);
  sub("bundle", "check, then write the files as a runtime wants them")
    .addOption(new Option("--for <runtime>", "what they are for").choices(runtimes).makeOptionMandatory())
    .requiredOption("--out <folder>", "where to; it is made if need be, files in it are overwritten")
    .option("--prefix <text>", "begins the files' names", prefix, "m95-")
    .option("--force", "write them whatever the check says")
    .action(pack);
  return command;
}

function date(text: string): Date {
  const value = new Date(text);
  if (Number.isNaN(value.getTime())) throw new InvalidArgumentError("Expected a date such as 2030-01-31.");
  return value;
}

function address(text: string): BrokerAddress {
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text);
  const port = Number(match?.[3] ?? 8883);
  if (!match || port < 1 || port > 65_535) throw new InvalidArgumentError("Expected host[:port].");
  return { host: (match[1] ?? match[2])!, port };
}

/** What Espruino's Storage, Moddable and file systems all take. */
function prefix(text: string): string {
  if (!/^[\w.-]{0,15}$/.test(text)) throw new InvalidArgumentError("Expected at most 15 of A-Z a-z 0-9 . _ -");
  return text;
}

function filesOf(options: SharedOptions): Files {
  const files: Files = {};
  for (const role of roles) {
    const file = options[role];
    if (file === undefined) continue;
    try {
      files[role] = { file, data: readFileSync(file) };
    } catch (error) {
      throw new UsageError(`--${role} ${file} cannot be read: ${(error as Error).message}`);
    }
  }
  if (Object.keys(files).length === 0) throw new UsageError("Give at least one file: --ca, --cert, --key or --server.");
  return files;
}

/** The same files as they go into the modem. */
function normalOf({ parts }: CheckedSet): Files {
  const files: Files = {};
  for (const role of roles) {
    const part = parts[role];
    if (part) files[role] = { file: part.facts.file, data: Buffer.from(part.normal!, "latin1") };
  }
  return files;
}

function setOptions({ host, at, storage }: SharedOptions): SetOptions {
  return { time: at.getTime(), storage, ...(host !== undefined && { host }) };
}

async function check(options: CheckOptions): Promise<void> {
  const set = checkSet(filesOf(options), setOptions(options));
  if (options.broker) {
    const { host = options.broker.host } = options;
    set.findings.push(...(await tryBroker(options.broker, host, set, options.at.getTime())));
  }
  conclude(set, options, {});
}

function pack(options: BundleOptions): void {
  const given = checkSet(filesOf(options), setOptions(options));
  const { ca, cert, key } = given.parts;
  if (!ca && !cert && !key) throw new UsageError("Give what to pack: --ca, --cert, --key.");
  if (Object.values(given.parts).some(({ normal }) => normal === undefined)) {
    conclude(given, options, { written: [] });
    return;
  }
  // What packing puts right is no problem here.
  const set = checkSet(normalOf(given), setOptions(options));
  if (!set.ok && !options.force) {
    conclude(set, options, { written: [] });
    return;
  }
  const { files, usage } = bundle(set, options.for, options.prefix);
  for (const { path: name, text } of files) {
    const target = path.join(options.out, name);
    mkdirSync(path.dirname(target), { recursive: true });
    // A key is nobody else's business.
    writeFileSync(target, text, { encoding: "latin1", mode: 0o600 });
  }
  const written = files.map(({ path: name, bytes, checksum }) => ({
    file: path.join(options.out, name),
    bytes,
    ...(checksum !== undefined && { checksum }),
  }));
  conclude(set, options, { written, usage });
}

function isProblem({ level }: Finding): boolean {
  return level === "problem";
}

function conclude(
  { findings, files, securityLevel }: CheckedSet,
  { json }: SharedOptions,
  packed: { written?: { file: string; bytes: number; checksum?: string }[]; usage?: string },
): void {
  const ok = !findings.some(isProblem);
  if (!ok) code = exit.problems;
  if (json) {
    console.log(harmlessJson({ ok, securityLevel, files, findings, ...packed }));
    return;
  }
  const report = new Report();
  report.files(files);
  report.findings(findings);
  if (packed.written) report.written(packed.written, packed.usage);
  report.verdict(findings, securityLevel);
}

endWithReader();
try {
  await program().parseAsync();
} catch (error) {
  if (error instanceof CommanderError) code = error.exitCode === 0 ? exit.ok : exit.usage;
  else if (error instanceof UsageError) {
    console.error(`m95-certs: ${harmless(error.message)}\nSee m95-certs --help`);
    code = exit.usage;
  } else {
    console.error(`m95-certs: ${harmless((error as Error).message)}`);
    code = exit.problems;
  }
}
process.exitCode = code;

// What the command lines here have in common: name, version, wrong usage, exit codes. It knows no option of any of them.
import { Command, CommanderError, InvalidArgumentError } from "commander";
import { harmless } from "./harmless.js";
import { endWithReader } from "./pipe.js";
import { versionOf } from "./version.js";

/** Exit codes: it went well, it did not, the call was wrong. */
export const exit = { ok: 0, failure: 1, usage: 2 } as const;

/** A call that cannot be meant. */
export class UsageError extends Error {}

/** A command with `--version` and the usual complaint; `from` is the module's own URL. */
export function program(name: string, description: string, from: string): Command {
  const command = new Command(name)
    .description(description)
    .version(versionOf(from), "--version", "print the version")
    .helpOption("--help", "show this")
    .allowExcessArguments(false)
    .exitOverride();
  command.configureOutput({ outputError: (text, write) => write(`${text.trimEnd()}\nSee ${name} --help\n`) });
  return command;
}

/** For an option that takes one of some numbers. */
export function oneOf<T extends number>(values: readonly T[]): (text: string) => T {
  return (text) => {
    const value = values.find((candidate) => String(candidate) === text);
    if (value === undefined) throw new InvalidArgumentError(`Expected one of ${values.join(", ")}.`);
    return value;
  };
}

/** Runs a program to its exit code; what it throws is told in a line. */
export async function run(name: string, main: () => Promise<number>): Promise<void> {
  endWithReader();
  try {
    process.exitCode = await main();
  } catch (error) {
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? exit.ok : exit.usage;
    else {
      const usage = error instanceof UsageError;
      process.stderr.write(`${name}: ${harmless((error as Error).message)}\n${usage ? `See ${name} --help\n` : ""}`);
      process.exitCode = usage ? exit.usage : exit.failure;
    }
  }
}

#!/usr/bin/env node
// Command line of traces (`npx m95-trace`): makes a page of one. What is in the page is view.ts's.
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { exit, program, run, UsageError } from "../terminal/cli.js";
import { harmless } from "../terminal/harmless.js";
import { type Entry, parseTrace } from "./format.js";
import { viewOf } from "./view.js";

const NAME = "m95-trace";

/** The file, and what was put aside of the same recording before it. */
function entriesOf(file: string): Entry[] {
  const older = `${file}.1`;
  const files = existsSync(older) ? [older, file] : [file];
  return files.flatMap((one) => {
    let text: string;
    try {
      text = readFileSync(one, "utf8");
    } catch (error) {
      throw new UsageError(`${one} cannot be read: ${(error as Error).message}`);
    }
    try {
      return parseTrace(text);
    } catch (error) {
      throw new Error(`${one}: ${(error as Error).message}`);
    }
  });
}

/** Whether two names are of one file, by whatever links. */
function same(one: string, other: string): boolean {
  try {
    const [a, b] = [statSync(one), statSync(other)];
    return a.ino === b.ino && a.dev === b.dev;
  } catch {
    return false;
  }
}

function view(file: string, { out = `${file.replace(/\.jsonl$/, "")}.html` }: { out?: string }): void {
  const entries = entriesOf(file);
  for (const one of [file, `${file}.1`])
    if (same(one, out)) throw new UsageError(`--out ${out} is the recording itself, which is not written over`);
  writeFileSync(out, viewOf(entries, path.basename(file)));
  console.log(harmless(out));
}

const command = program(
  NAME,
  "Looks at recordings of the traffic with an M95 (--record FILE of each program).",
  import.meta.url,
).addHelpText(
  "after",
  "\nExit codes: 0 done, 1 it is no trace or cannot be written, 2 wrong usage. See docs/trace.md.",
);
command
  .command("view")
  .description("make one HTML page of a trace, to be opened in any browser; it needs no network")
  .argument("<file>", "the trace; what was put aside of it as FILE.1 is taken with it")
  .option("--out <file>", "the page; default: the trace's name with .html")
  .copyInheritedSettings(command)
  .action(view);

await run(NAME, async () => {
  await command.parseAsync();
  return exit.ok;
});

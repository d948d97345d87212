// What the demo prints: steps as they go, AT traffic on demand, a summary. Colour on a terminal, plain text in a pipe.
import picocolors from "picocolors";
import { harmless, visible } from "../../terminal/harmless.js";

export interface Check {
  what: string;
  ok: boolean;
}

/** Longest line of traffic that is shown whole. */
const WIDTH = 120;

export class Screen {
  readonly checks: Check[] = [];
  #trace: boolean;
  #start = performance.now();
  #colours = picocolors.createColors(coloured());

  constructor(trace: boolean) {
    this.#trace = trace;
  }

  /** A heading. */
  step(title: string): void {
    console.log(`\n${this.#colours.bold(title)}`);
  }

  /** Something that happened, for information. */
  note(text: string): void {
    console.log(`${this.#time()}    ${this.#colours.dim(harmless(text))}`);
  }

  /** Something that has to be so; what is not makes the demo fail. */
  check(what: string, ok: boolean, detail = ""): void {
    this.checks.push({ what, ok });
    const { green, red, dim } = this.#colours;
    console.log(
      `${this.#time()}  ${ok ? green("✔") : red("✘")} ${harmless(what)}${detail && dim(`  ${harmless(detail)}`)}`,
    );
  }

  /** A check without which it makes no sense to go on. @throws Error */
  need(what: string, ok: boolean): void {
    this.check(what, ok);
    if (!ok) throw new Error("the rest depends on it");
  }

  /** The demo did not get to its end. */
  stopped(why: string): void {
    this.check(`the demo runs to its end; it stopped because: ${why}`, false);
  }

  /** A line of AT traffic, ">" from the host. */
  traffic(direction: string, text: string): void {
    if (!this.#trace) return;
    const { cyan, yellow, magenta } = this.#colours;
    const line = visible(text.replaceAll("\r", ""));
    const shown = line.length > WIDTH ? `${line.slice(0, WIDTH - 1)}…` : line;
    if (direction === ">") console.log(`               ${cyan(`→ ${shown}`)}`);
    else if (direction === "<") console.log(`               ${yellow(`← ${shown}`)}`);
    else console.log(`               ${magenta(`  ${shown}`)}`);
  }

  /** The last lines; says whether all checks held. */
  summary(rows: [string, string | number][]): boolean {
    const { green, red } = this.#colours;
    this.step("Summary");
    const width = Math.max(...rows.map(([name]) => name.length));
    for (const [name, value] of rows) console.log(`  ${name.padEnd(width)}  ${harmless(value)}`);
    const failed = this.checks.filter((one) => !one.ok);
    console.log("");
    for (const one of failed) console.log(red(`  ✘ ${harmless(one.what)}`));
    if (failed.length > 0) console.log(red(`${failed.length} of ${this.checks.length} checks failed`));
    else console.log(green(`All ${this.checks.length} checks passed`));
    return failed.length === 0;
  }

  #time(): string {
    return this.#colours.dim(`${((performance.now() - this.#start) / 1000).toFixed(2).padStart(7)} s`);
  }
}

/** Unlike picocolors itself, this takes a pipe for a pipe also where the environment says CI. */
function coloured(): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  if (NO_COLOR) return false;
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== "0" && FORCE_COLOR !== "false";
  return process.stdout.isTTY === true && TERM !== "dumb";
}

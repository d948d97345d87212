// What the demo prints: steps as they go, AT traffic on demand, a summary. Colour on a terminal, plain text in a pipe.
import pc from "picocolors";

export interface Check {
  what: string;
  ok: boolean;
}

export class Screen {
  readonly checks: Check[] = [];
  #trace: boolean;
  #start = performance.now();

  constructor(trace: boolean) {
    this.#trace = trace;
  }

  /** A heading. */
  step(title: string): void {
    console.log(`\n${pc.bold(title)}`);
  }

  /** Something that happened, for information. */
  note(text: string): void {
    console.log(`${this.#time()}  ${pc.dim(text)}`);
  }

  /** Something that has to be so; what is not makes the demo fail. */
  check(what: string, ok: boolean, detail = ""): void {
    this.checks.push({ what, ok });
    const mark = ok ? pc.green("✔") : pc.red("✘");
    console.log(`${this.#time()} ${mark} ${what}${detail && pc.dim(`  ${detail}`)}`);
  }

  /** A line of AT traffic, ">" from the host. */
  traffic(direction: string, text: string): void {
    if (!this.#trace) return;
    const shown = printable(text.length > 120 ? `${text.slice(0, 117)}…` : text);
    if (direction === ">") console.log(`            ${pc.cyan(`→ ${shown}`)}`);
    else if (direction === "<") console.log(`            ${pc.yellow(`← ${shown}`)}`);
    else console.log(`            ${pc.magenta(`  ${shown}`)}`);
  }

  /** The last lines; says whether all checks held. */
  summary(rows: [string, string | number][]): boolean {
    this.step("Summary");
    const width = Math.max(...rows.map(([name]) => name.length));
    for (const [name, value] of rows) console.log(`  ${name.padEnd(width)}  ${value}`);
    const failed = this.checks.filter((one) => !one.ok);
    console.log("");
    for (const one of failed) console.log(pc.red(`  ✘ ${one.what}`));
    if (failed.length > 0) console.log(pc.red(`${failed.length} of ${this.checks.length} checks failed`));
    else console.log(pc.green(`All ${this.checks.length} checks passed`));
    return failed.length === 0;
  }

  #time(): string {
    return pc.dim(`${((performance.now() - this.#start) / 1000).toFixed(2).padStart(7)} s`);
  }
}

/** Control characters as a person writes them. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, (char) => {
    if (char === "\r") return "";
    if (char === "\x1a") return "<Ctrl+Z>";
    if (char === "\x1b") return "<ESC>";
    return char > "\x7e" || char < " " ? "." : char;
  });
}

// What the command line shows: one line with a bar that redraws itself on a terminal, plain lines in a pipe. It has no
// opinion on what is shown.
import pc from "picocolors";
import { harmless } from "../../terminal/harmless.js";
import type { BoardInfo, Show } from "../board/install.js";
import type { Progress } from "../board/storage.js";

/** What is written to: standard output, as a rule. */
export interface Out {
  isTTY?: boolean;
  write(text: string): unknown;
}

const WIDTH = 24;
/** What a board says of itself is cut to so many characters. */
const NAME = 60;
/** In a pipe a line is worth it only so often, in percent. */
const STEP = 25;
/** Files below this many bytes are done before anybody asks. */
const SMALL = 4096;

/** Shows a run of `install`. */
export class Screen implements Show {
  #open = false;

  constructor(private readonly out: Out) {}

  found({ board, version }: BoardInfo): void {
    this.line(`Espruino ${harmless(version, NAME)} on ${harmless(board, NAME)}`);
  }

  say(text: string): void {
    this.line(harmless(text));
  }

  step(text: string): Progress {
    this.#end();
    if (!this.out.isTTY) return this.#plain(text);
    this.out.write(text);
    this.#open = true;
    return (done, total) => this.out.write(`\r\x1b[K${text.padEnd(22)} ${bar(done, total)} ${done} of ${total} bytes`);
  }

  #plain(text: string): Progress {
    this.out.write(`${text}\n`);
    let shown = 0;
    return (done, total) => {
      const percent = Math.floor((100 * done) / Math.max(total, 1));
      if (total < SMALL || percent < shown + STEP) return;
      shown = percent - (percent % STEP);
      this.out.write(`${text}: ${shown} % of ${total} bytes\n`);
    };
  }

  /** A line of its own. */
  line(text: string): void {
    this.#end();
    this.out.write(`${text}\n`);
  }

  #end(): void {
    if (this.#open) this.out.write("\n");
    this.#open = false;
  }
}

function bar(done: number, total: number): string {
  const full = Math.round((WIDTH * done) / Math.max(total, 1));
  return pc.green("█".repeat(full)) + pc.dim("░".repeat(WIDTH - full));
}

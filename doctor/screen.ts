// What the check-up shows as it goes: rows on a terminal or in a pipe, then the findings. Text only; it judges nothing.
import pc from "picocolors";
import { harmless } from "../terminal/harmless.js";
import type { Row } from "./examination.js";
import type { Verdict } from "./findings.js";
import type { Report } from "./report.js";

const marks: Record<Verdict, string> = { ok: "✔", note: "·", warning: "!", fault: "✘", skipped: "-" };

export class Screen {
  #stage = "";
  readonly #colours: ReturnType<typeof pc.createColors>;

  constructor(
    private readonly write: (text: string) => void,
    coloured: boolean,
  ) {
    this.#colours = pc.createColors(coloured);
  }

  row({ stage, asked, seen, verdict }: Row): void {
    if (stage !== this.#stage) this.write(`${this.#colours.bold(stage)}\n`);
    this.#stage = stage;
    this.write(`  ${this.#mark(verdict)} ${asked === "" ? "" : `${harmless(asked)}: `}${harmless(seen)}\n`);
  }

  end({ findings, differences, questions, masked }: Report): void {
    const { bold, dim } = this.#colours;
    this.write(`\n${bold("Findings")}\n`);
    if (findings.length === 0) this.write("  None.\n");
    for (const { verdict, says, detail, todo, place } of findings) {
      this.write(`${this.#mark(verdict)} ${bold(harmless(says))} (${harmless(detail)})\n`);
      this.write(`    ${harmless(todo)}\n    ${dim(place)}\n`);
    }
    if (differences.length > 0) this.write(`\n${bold("Other than the driver assumes")}\n`);
    for (const { what, assumed, seen } of differences)
      this.write(`  ${harmless(what)}: assumed ${harmless(assumed)}, seen ${harmless(seen)}\n`);
    const answered = questions.filter(({ answer }) => !answer.startsWith("not seen"));
    this.write(
      `\n${answered.length} of ${questions.length} open questions answered; --report FILE writes them down.\n`,
    );
    if (masked.length > 0) this.write(`Veiled: ${masked.join(", ")}.\n`);
  }

  #mark(verdict: Verdict): string {
    const { green, yellow, red, dim } = this.#colours;
    const colour = { ok: green, note: dim, warning: yellow, fault: red, skipped: dim }[verdict];
    return colour(marks[verdict]);
  }
}

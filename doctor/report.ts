// The report of a check-up, as Markdown and as JSON. Whatever is secret is veiled before it leaves here.

import { Mask, type Secret } from "../trace/mask.js";
import type { Examination, Row } from "./examination.js";
import { findingTexts, type Verdict } from "./findings.js";
import { questions } from "./questions.js";

export interface ReportFinding {
  id: string;
  verdict: Verdict;
  says: string;
  detail: string;
  todo: string;
  place: string;
}

export interface Report {
  verdict: "ok" | "warning" | "fault";
  facts: Record<string, string>;
  findings: ReportFinding[];
  rows: Row[];
  differences: Examination["differences"];
  questions: { number: number; question: string; answer: string }[];
  /** Kinds of secrets that were veiled. */
  masked: Secret[];
  /** Commands that were sent, without their values. */
  commands: string[];
}

/** Everything that was found, veiled. */
export function reportOf(of: Examination): Report {
  const masked = new Set<Secret>();
  const mask = new Mask((kind) => masked.add(kind));
  const { options } = of;
  // The user's own words may come back in an error of the modem.
  const own: [string | undefined, Secret][] = [
    [options.pin, "PIN"],
    [options.apnUser, "APN login"],
    [options.apnPassword, "APN login"],
    [options.user, "MQTT login"],
    [options.password, "MQTT login"],
  ];
  const clean = (text: string): string => {
    let shown = mask.text(text);
    for (const [secret, kind] of own)
      if (secret !== undefined && secret.length > 2 && shown.includes(secret)) {
        masked.add(kind);
        shown = shown.replaceAll(secret, "x".repeat(secret.length));
      }
    return shown.replace(/\d{14,20}/g, (digits) => {
      masked.add("IMEI, IMSI or ICCID");
      return "0".repeat(digits.length);
    });
  };
  const findings = of.findings.map(({ id, detail }) => ({ id, ...findingTexts[id], detail: clean(detail) }));
  const worst = findings.some(({ verdict }) => verdict === "fault") ? "fault" : findings.length > 0 ? "warning" : "ok";
  return {
    verdict: worst,
    facts: Object.fromEntries(Object.entries(of.facts).map(([name, value]) => [name, clean(value)])),
    findings,
    rows: of.rows.map((row) => ({ ...row, asked: clean(row.asked), seen: clean(row.seen) })),
    differences: of.differences.map((one) => ({ ...one, seen: clean(one.seen) })),
    questions: Object.entries(questions).map(([number, question]) => ({
      number: Number(number),
      question,
      answer: clean(of.answers.get(Number(number)) ?? "not seen in this check-up"),
    })),
    masked: [...masked],
    commands: [...of.line.asked].sort(),
  };
}

/** Nothing in a cell makes another column, a line or markup. */
function cell(text: string): string {
  return text
    .replace(/[\0-\x1f\x7f-\x9f]/g, " ")
    .replace(/[\\|<>`*_[\]]/g, (char) => `\\${char}`)
    .trim();
}

const words: Record<Report["verdict"], string> = {
  ok: "Nothing was found.",
  warning: "It works; something should be looked at.",
  fault: "Something does not work.",
};

function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map((cells) => line(cells.map(cell)))].join("\n");
}

export function markdown(report: Report, date?: string): string {
  const parts = [`# Check-up of an M95${date ? `, ${date}` : ""}`, words[report.verdict]];
  if (Object.keys(report.facts).length > 0) parts.push(table(["fact", ""], Object.entries(report.facts)));
  parts.push("## Findings");
  if (report.findings.length === 0) parts.push("None.");
  for (const [i, { verdict, says, detail, todo, place }] of report.findings.entries())
    parts.push(`${i + 1}. **${verdict}: ${cell(says)}** (${cell(detail)})\n   ${cell(todo)} See \`${place}\`.`);
  parts.push(
    "## What was asked",
    table(
      ["stage", "asked", "seen", "verdict"],
      report.rows.map(({ stage, asked, seen, verdict }) => [stage, asked, seen, verdict]),
    ),
    "## What this modem does differently from what the driver assumes",
    report.differences.length === 0
      ? "Nothing that was seen."
      : table(
          ["what", "assumed", "seen"],
          report.differences.map(({ what, assumed, seen }) => [what, assumed, seen]),
        ),
    "## Open questions",
    table(
      ["number", "question", "answer"],
      report.questions.map(({ number, question, answer }) => [String(number), question, answer]),
    ),
    "## Veiled",
    report.masked.length === 0 ? "Nothing." : `${report.masked.join(", ")}.`,
  );
  return `${parts.join("\n\n")}\n`;
}

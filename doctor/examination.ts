// What the stages of a check-up share: the line, the options, and what was seen so far. It asks nothing by itself.

import type { Clock, Conversation, Key } from "./conversation.js";
import { type FindingId, findingTexts, rank, type Verdict } from "./findings.js";

export interface ExamineOptions {
  clock: Clock;
  /** Rate at which the port was opened, baud. Default 115200. */
  baud?: number;
  apn?: string;
  apnUser?: string;
  apnPassword?: string;
  pin?: string;
  broker?: { host: string; port: number };
  user?: string;
  password?: string;
  clientId?: string;
  /** Messages go to this topic and the ones below it. */
  topic?: string;
  /** PEM of the CA: the broker is looked at through TLS. */
  ca?: string;
  key?: Key;
  /** Leaves out what takes long: seconds of signal, distributions, the window, power-off. */
  quick?: boolean;
  /** Called with each row as it is there. */
  onRow?: (row: Row) => void;
}

/** What was asked, what was seen, and what follows. */
export interface Row {
  stage: Stage;
  asked: string;
  seen: string;
  verdict: Verdict;
  /** Its finding, if it is one. */
  finding?: FindingId;
}

export interface Finding {
  id: FindingId;
  detail: string;
}

/** Something that the driver takes for granted and that is otherwise here. */
export interface Difference {
  what: string;
  assumed: string;
  seen: string;
}

export const stages = [
  "port and wire",
  "power and supply",
  "firmware",
  "settings",
  "SIM",
  "radio",
  "packet side",
  "name and route",
  "broker",
  "messages",
  "retransmission",
  "goodbye",
  "end",
] as const;

export type Stage = (typeof stages)[number];

export class Examination {
  readonly rows: Row[] = [];
  readonly findings: Finding[] = [];
  readonly differences: Difference[] = [];
  /** Open questions by number, and what was seen. */
  readonly answers = new Map<number, string>();
  /** Identity, version and the like, for the report. */
  readonly facts: Record<string, string> = {};
  stage: Stage = "port and wire";
  /** When the last RDY was expected: one that comes later was not. */
  booted = 0;
  /** Messages go there and back. */
  passing = false;
  /** What has to be undone at the end: commands. */
  readonly undo: string[] = [];

  constructor(
    readonly line: Conversation,
    readonly options: ExamineOptions,
  ) {}

  get quick(): boolean {
    return this.options.quick ?? false;
  }

  row(asked: string, seen: string, verdict: Verdict = "ok"): void {
    this.#add({ stage: this.stage, asked, seen, verdict });
  }

  /** Notes a finding with its row. */
  find(id: FindingId, asked: string, seen: string): void {
    if (!this.findings.some((one) => one.id === id)) this.findings.push({ id, detail: seen });
    this.findings.sort((a, b) => rank(a.id) - rank(b.id));
    this.#add({ stage: this.stage, asked, seen, verdict: findingTexts[id].verdict, finding: id });
  }

  differs(what: string, assumed: string, seen: string): void {
    if (assumed !== seen) this.differences.push({ what, assumed, seen });
  }

  #add(row: Row): void {
    this.rows.push(row);
    this.options.onRow?.(row);
  }
}

// What a board prints that has the part M95-workbench: its lines told from all others, and turned into entries of a trace and into
// what the view Modem shows. It asks no board; what a line says is a text, whatever it is.

import type { Entry } from "../trace/format.js";
import { Mask } from "../trace/mask.js";

/** What one line says. */
export interface Told {
  entries: Entry[];
  /** ms since the first line. */
  t: number;
  state?: string;
  recovery?: string;
  error?: string;
  /** Counters that are not 0. */
  stats?: Record<string, number>;
  /** dBm; null: unknown. */
  signal?: number | null;
  /** mV. */
  supply?: number;
  /** Operator, address, revision. */
  facts?: Record<string, string>;
}

/** ms; a clock that jumps by more was set. */
const DAY = 86_400_000;

const LINE = /^(M95#\d{1,7})(\[\d.*\])$/;

/** The key of a line that looks like one of the part's. */
export function keyOf(line: string): string | undefined {
  return LINE.exec(line)?.[1];
}

const FACTS: [string, string, RegExp][] = [
  ["AT+COPS?", "operator", /^\+COPS: ?\d,\d,"(.*)"$/],
  ["AT+QILOCIP", "address", /^(\d{1,3}(?:\.\d{1,3}){3})$/],
  ["AT+GMR", "revision", /^(?:Revision: ?)?(M95\S*)$/],
];

/** The lines of one board, one after the other. */
export class BoardLines {
  #last: number | undefined;
  #shift = 0;
  #began = 0;
  #command = "";
  #state = "";
  #masks = { "<": new Mask(() => {}), ">": new Mask(() => {}) };

  /** @param key what the part says that its lines begin with, another one after each start; others are none of it */
  constructor(public key: string) {}

  /** What a line says; undefined: it is not the part's. */
  add(line: string): Told | undefined {
    const [, key, json] = LINE.exec(line) ?? [];
    if (key !== this.key) return undefined;
    let list: unknown;
    try {
      list = JSON.parse(json!);
    } catch {
      // Damaged on its way; it is no line of the application for that.
      return { entries: [], t: this.#now(this.#last ?? 0) };
    }
    const [ms, kind, text] = list as unknown[];
    const t = this.#now(Number(ms) || 0);
    return this.#told(t, String(kind), String(text ?? ""));
  }

  #now(ms: number): number {
    const last = this.#last ?? ms;
    if (this.#last === undefined) this.#began = ms;
    if (ms < last || ms > last + DAY) this.#shift += last - ms;
    this.#last = ms;
    return ms + this.#shift - this.#began;
  }

  #told(t: number, kind: string, text: string): Told {
    if (kind === "<" || kind === ">") return this.#traffic(t, kind, text);
    const event = (args: unknown[]): Entry[] => [{ t, event: kind === "" ? "remark" : kind, of: "modem", args }];
    if (kind === "state") {
      // A look tells the same again.
      const entries = text === this.#state ? [] : event([text]);
      this.#state = text;
      return { t, state: text, entries };
    }
    if (kind === "recovery") return { t, recovery: text, entries: event([text]) };
    if (kind === "error") return { t, error: text, entries: event([{ error: text }]) };
    if (kind === "stats") {
      const pairs = [...text.matchAll(/(\w+) (\d+),/g)].map(([, name, count]) => [name!, Number(count)] as const);
      return { t, stats: Object.fromEntries(pairs), entries: [] };
    }
    return { t, entries: event(text === "" ? [] : [text]) };
  }

  #traffic(t: number, d: "<" | ">", text: string): Told {
    const line = text.replace(/[\r\n]+$/, "");
    const shown = this.#masks[d].line(line);
    const told: Told = { t, entries: [{ t, d, b: shown + (d === "<" ? "\r\n" : "\r") }] };
    if (d === ">") {
      if (line.startsWith("AT")) this.#command = line;
      return told;
    }
    const signal = /^\+CSQ: ?(\d+),/.exec(line);
    if (signal && this.#command === "AT+CSQ") told.signal = signal[1] === "99" ? null : 2 * Number(signal[1]) - 113;
    const supply = /^\+CBC: ?\d,\d+,(\d+)$/.exec(line);
    if (supply && this.#command === "AT+CBC") told.supply = Number(supply[1]);
    for (const [command, name, pattern] of FACTS) {
      const found = this.#command === command && pattern.exec(line);
      if (found) told.facts = { [name]: found[1]! };
    }
    return told;
  }
}

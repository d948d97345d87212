// A trace as rows that a person can read: lines instead of chunks, answers and URCs told apart, each with its time. No markup.

import type { Entry } from "./format.js";

/** What a row is; pages colour and filter by it. */
export type RowKind = "call" | "end" | "command" | "data" | "answer" | "urc" | "message" | "event" | "pin" | "note";

/** The columns: what the host's program did, what is on the wire, what the driver made of it. */
export type Lane = "host" | "out" | "in" | "driver";

export interface Row {
  /** ms. */
  t: number;
  kind: RowKind;
  lane: Lane;
  text: string;
}

/** In the order in which pages show them. */
export const rowKinds: Record<RowKind, string> = {
  call: "calls",
  end: "ends of calls",
  command: "commands",
  data: "data",
  answer: "answers",
  urc: "URCs",
  message: "messages",
  event: "events",
  pin: "pins",
  note: "notes",
};

/** Drawn numbers say nothing to anybody, and every line of the wire is there already. */
const SILENT = ["urc", "trace"];

const FINAL = /^(OK|ERROR|\+CM[ES] ERROR.*|DEACT OK|NORMAL POWER DOWN|\d{1,3}(\.\d{1,3}){3})$/;

/** Turns entries into rows, one after the other, so that a page can do it while it records. */
export class Rows {
  #lines = { "<": { text: "", t: 0 }, ">": { text: "", t: 0 } };
  #calls = new Map<number, string>();
  /** A command runs: what comes is its answer. */
  #running = false;
  #command = "";

  /** The rows that are complete with an entry. */
  add(entry: Entry): Row[] {
    const { t } = entry;
    if ("d" in entry) return this.#bytes(entry.d, entry.b, t);
    if ("call" in entry) {
      const shown = `${nameOf(entry.of)}${entry.call}(${entry.args.map(shownValue).join(", ")})`;
      if (entry.id !== undefined) this.#calls.set(entry.id, entry.call);
      return [{ t, kind: "call", lane: "host", text: shown }];
    }
    if ("done" in entry) {
      const call = this.#calls.get(entry.done) ?? "?";
      const { error, value } = entry;
      const text = error
        ? `${call} failed: ${shownValue(error)}`
        : `${call} done${value === undefined ? "" : `: ${shownValue(value)}`}`;
      return [{ t, kind: "end", lane: "host", text }];
    }
    if ("event" in entry) {
      if (SILENT.includes(entry.event)) return [];
      const text = `${nameOf(entry.of)}${entry.event}${entry.args.length > 0 ? `: ${entry.args.map(shownValue).join(", ")}` : ""}`;
      return [{ t, kind: "event", lane: "driver", text }];
    }
    if ("pin" in entry)
      return [
        {
          t,
          kind: "pin",
          lane: entry.pin === "status" || entry.pin === "ri" ? "in" : "out",
          text: `${entry.pin} ${entry.level}`,
        },
      ];
    if ("masked" in entry) return [{ t, kind: "note", lane: "driver", text: `veiled from here on: ${entry.masked}` }];
    return [];
  }

  /** What has no end yet. */
  end(): Row[] {
    return (["<", ">"] as const).flatMap((d) => this.#line(d));
  }

  #bytes(d: "<" | ">", bytes: string, t: number): Row[] {
    const line = this.#lines[d];
    const rows: Row[] = [];
    for (const char of bytes) {
      if (line.text === "") line.t = t;
      line.text += char;
      const prompt = d === "<" && line.text === ">";
      if (prompt || char === "\n" || (char === "\r" && d === ">") || char === "\x1a" || char === "\x1b")
        rows.push(...this.#line(d));
    }
    return rows;
  }

  #line(d: "<" | ">"): Row[] {
    const line = this.#lines[d];
    const { text, t } = line;
    line.text = "";
    const shown = text.replace(/[\r\n]+$/, "").replace(/^[\r\n ]+/, "");
    if (shown === "") return [];
    if (d === ">") {
      const command = /^\W*AT/i.test(shown);
      if (command) this.#command = shown;
      this.#running = true;
      return [{ t, kind: command ? "command" : "data", lane: "out", text: shown }];
    }
    if (shown.startsWith("+QMTRECV")) return [{ t, kind: "message", lane: "in", text: shown }];
    const name = /^AT(\+\w+)/i.exec(this.#command)?.[1]?.toUpperCase();
    const answer =
      this.#running &&
      (FINAL.test(shown) || shown === this.#command || !shown.startsWith("+") || shown.startsWith(`${name}:`));
    if (FINAL.test(shown)) this.#running = false;
    return [{ t, kind: answer ? "answer" : "urc", lane: "in", text: shown }];
  }
}

/** All rows of a trace, by time. */
export function rowsOf(entries: readonly Entry[]): Row[] {
  const rows = new Rows();
  const all = entries.flatMap((entry) => rows.add(entry));
  return [...all, ...rows.end()].sort((a, b) => a.t - b.t);
}

function nameOf(of: "modem" | number): string {
  return of === "modem" ? "" : `client ${of}: `;
}

function shownValue(value: unknown): string {
  const bytes = (value as { bytes?: unknown } | null)?.bytes;
  if (typeof bytes === "string") return JSON.stringify(bytes);
  const { error, code } = (value ?? {}) as { error?: unknown; code?: unknown };
  if (typeof error === "string") return code === undefined ? error : `${code}: ${error}`;
  return JSON.stringify(value);
}

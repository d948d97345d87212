// What a trace is: JSON lines, one entry each, times in milliseconds from its beginning. It records and plays nothing.

/** Names of the pins, levels as the host sees them. */
export type PinName = "pwrkey" | "emergOff" | "supply" | "dtr" | "status" | "ri";

/** Whom a call or an event concerns: the modem, or the client with that tcpconnectID. */
export type Party = "modem" | number;

/** One line of a trace. `t`: ms since it began, on the clock that the driver was given. */
export type Entry = { t: number } & (
  | Head
  /** Bytes, a character each: `>` to the modem, `<` from it. */
  | { d: "<" | ">"; b: string }
  | { pin: PinName; level: 0 | 1 }
  /** What was called. `id` is there when somebody waits for its end. */
  | { call: string; of: Party; args: unknown[]; id?: number }
  | { done: number; error?: unknown; value?: unknown }
  | { event: string; of: Party; args: unknown[] }
  /** A number that the driver drew. */
  | { random: number }
  /** From here on something of this kind is written veiled. */
  | { masked: string }
);

/** The first line. */
export interface Head {
  trace: typeof MARK;
  version: number;
  /** Options of the modem that say something without the rest, veiled. */
  options: Record<string, unknown>;
  /** When it was recorded, ISO 8601. */
  date?: string;
}

export const MARK = "m95";
export const VERSION = 1;

/** A text that is no trace, or a line of one that cannot be read. */
export class TraceError extends Error {}

function lineOf(text: string, number: number): Entry {
  let entry: Partial<Entry & Head> | undefined;
  try {
    entry = JSON.parse(text);
  } catch {
    // Said below.
  }
  if (typeof entry !== "object" || entry === null || typeof entry.t !== "number")
    throw new TraceError(`line ${number} is no entry of a trace: ${JSON.stringify(text.slice(0, 60))}`);
  if (entry.trace !== undefined && entry.version !== VERSION)
    throw new TraceError(
      `line ${number}: this is version ${entry.version} of the format, and only ${VERSION} is known`,
    );
  return entry as Entry;
}

/**
 * Reads a trace. Its last line may be torn: what wrote it may have been killed.
 * @throws TraceError that names the line
 */
export function parseTrace(text: string): Entry[] {
  const lines = text.split("\n");
  const last = lines.pop()!;
  const entries = lines.flatMap((line, i) => (line.trim() === "" ? [] : [lineOf(line, i + 1)]));
  try {
    if (last.trim() !== "") entries.push(lineOf(last, lines.length + 1));
  } catch (error) {
    if (entries.length === 0) throw error;
  }
  if ((entries[0] as Partial<Head> | undefined)?.trace !== MARK)
    throw new TraceError('this is no trace: its first line does not say {"trace":"m95"}');
  return entries;
}

/** The head of a trace. */
export function headOf(entries: readonly Entry[]): Head {
  return entries[0] as Entry & Head;
}

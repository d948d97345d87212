// Plays a trace whole: the modem's side by `replay`, the host's calls as they were made, and the driver in between. What comes
// of it is recorded again; it judges nothing.

import { powerSwitch } from "../../board-wiring/index.js";
import { type ConnectOptions, M95, type MqttClient } from "../../targets/node/index.js";
import type { Entry } from "../../trace/format.js";
import { Recorder } from "../../trace/recorder.js";
import { type Replay, replay } from "../../virtual-m95/replay/replay.js";

/** How the modem's bytes are cut: as recorded, one by one, or once more behind so many bytes. */
export type Cut = "whole" | "bytes" | number;

export interface Played {
  entries: Entry[];
  replay: Replay;
}

/** ms between single bytes, and between the parts of what was cut. */
const PAUSE = 0.1;
/** Simulated ms behind the last entry in which it has to come to its end. */
const SLACK = 600_000;

type Call = Extract<Entry, { call: string }>;

/** Events that say how it goes; a later driver may have more of them, and hand out more with each. */
const EVENTS = "state ready recovery connect reconnect close offline end error message".split(" ");

const isOutcome = (entry: Entry): boolean => ("event" in entry ? EVENTS.includes(entry.event) : "done" in entry);

/** Calls of the host, each with how many events and ends it came behind, and how long behind the last of them. */
function callsOf(entries: readonly Entry[]): { call: Call; behind: number; wait: number }[] {
  let behind = 0;
  let last = 0;
  return entries.flatMap((entry) => {
    if (isOutcome(entry)) {
      behind++;
      last = entry.t;
    }
    return "call" in entry && !entry.call.startsWith("power.") ? [{ call: entry, behind, wait: entry.t - last }] : [];
  });
}

/** Bytes as they were given. */
function given(value: unknown): unknown {
  const bytes = (value as { bytes?: string } | null)?.bytes;
  return typeof bytes === "string" ? Buffer.from(bytes, "latin1") : value;
}

/** Plays a trace to its end, or until nothing of it can happen any more. */
export function playTrace(recorded: readonly Entry[], cut: Cut = "whole"): Played {
  const modemSide = replay(recorded);
  const { clock } = modemSide;
  const entries: Entry[] = [];
  const recorder = new Recorder((line) => entries.push(JSON.parse(line)));
  const uart = { write: (data: string) => modemSide.uart.write(data), onReceive: (_chunk: string) => {} };
  modemSide.uart.onReceive = cutter(cut, clock, (chunk) => uart.onReceive(chunk));
  const pins = recorded.some((entry) => "pin" in entry) ? recorder.pins(modemSide.pins) : undefined;
  const modem = new M95({
    ...modemSide.options,
    uart,
    clock,
    random: modemSide.random,
    trace: recorder,
    ...(pins && { power: powerSwitch(pins, clock) }),
  });
  const clients = new Map<number, MqttClient>();
  // The driver's own errors are what is looked at.
  modem.on("error", () => {});
  const calls = callsOf(recorded);
  const wanted = recorded.filter(isOutcome).length;
  const tail = (recorded.at(-1)?.t ?? 0) - (recorded.filter(isOutcome).at(-1)?.t ?? 0);
  let made = 0;
  const make = ({ of, call, args, id }: Call): void => {
    if (call === "connect") {
      const client = modem.connect(args[0] as ConnectOptions);
      client.on("error", () => {});
      clients.set(client.connectionId, client);
      return;
    }
    const target = (of === "modem" ? modem : clients.get(of)) as unknown as Record<string, (...all: unknown[]) => void>;
    target[call]!(...args.map(given), ...(id === undefined ? [] : [() => {}]));
  };
  const end = (recorded.at(-1)?.t ?? 0) + SLACK;
  let until = end;
  while (clock.now() < until) {
    const seen = entries.filter(isOutcome).length;
    const next = calls[made];
    if (next && seen >= next.behind) {
      made++;
      clock.advance(next.wait);
      make(next.call);
    } else if (!clock.step(until)) break;
    // What would be one too many has as long to show as the recording went on.
    if (until === end && seen >= wanted && made === calls.length) until = Math.min(end, clock.now() + tail);
  }
  recorder.close();
  modemSide.dispose();
  return { entries, replay: modemSide };
}

/** Hands chunks on in order, cut as wanted. */
function cutter(cut: Cut, clock: Replay["clock"], out: (chunk: string) => void): (chunk: string) => void {
  if (cut === "whole") return out;
  let position = 0;
  const queue: string[] = [];
  const next = (): void => {
    out(queue.shift()!);
    if (queue.length > 0) clock.after(PAUSE, next);
  };
  return (chunk) => {
    const at = typeof cut === "number" ? cut - position : 0;
    position += chunk.length;
    const pieces =
      cut === "bytes" ? [...chunk] : at > 0 && at < chunk.length ? [chunk.slice(0, at), chunk.slice(at)] : [chunk];
    const idle = queue.length === 0;
    queue.push(...pieces);
    if (idle) next();
  };
}

/** What of an event's arguments is compared: of messages topic, payload and marks, of errors the code. */
function told(event: string, args: readonly unknown[]): unknown[] {
  if (event === "close" || event === "error") return [(args[0] as { code?: string } | null)?.code];
  if (event !== "message") return args.slice(0, 1);
  const { msgid, ambiguous } = (args[2] ?? {}) as { msgid?: number; ambiguous?: boolean };
  // Bytes are of another form on each runtime.
  return [args[0], (args[1] as { bytes?: string }).bytes ?? args[1], msgid, ambiguous];
}

/**
 * What happened, party by party, without times: events and how calls ended.
 * @param exact - false: of what was recorded in a hurry. Whether a silence was long enough to tell where a message ends is chance
 */
export function outcomes(entries: readonly Entry[], exact = true): Record<string, string[]> {
  const calls = new Map(entries.flatMap((one) => ("call" in one && one.id !== undefined ? [[one.id, one]] : [])));
  const lists: Record<string, string[]> = {};
  const add = (list: string, text: string): void => {
    lists[list] = [...(lists[list] ?? []), text];
  };
  for (const entry of entries.filter(isOutcome)) {
    if ("event" in entry) {
      const { event, of } = entry;
      const args = told(event, entry.args).slice(0, exact ? undefined : 3);
      if (exact) add(`events of ${of}`, `${event} ${JSON.stringify(args)}`);
      else add(`${event} of ${of}`, JSON.stringify(args));
    } else if ("done" in entry) {
      const call = calls.get(entry.done);
      if (!call || call.call.startsWith("power.")) continue;
      const end = (entry.error as { code?: string } | undefined)?.code ?? "well";
      add(`calls of ${call.of}`, `${call.call} ${JSON.stringify(call.args)}: ${end}`);
    }
  }
  for (const [name, list] of Object.entries(lists)) if (name.startsWith("calls")) list.sort();
  return lists;
}

/** Bytes of the modem in a trace. */
export function modemBytes(entries: readonly Entry[]): number {
  return entries.reduce((sum, entry) => sum + ("d" in entry && entry.d === "<" ? entry.b.length : 0), 0);
}

// Explores a machine: replays every sequence of events up to a depth on the real classes and notes what happens. What
// may happen stands in tables.ts, how the classes are driven in the worlds beside it.
import type { SimClock } from "../../virtual-m95/time/sim-clock.js";

/** The real thing behind one machine, and all that stands around it. */
export interface World {
  readonly clock: SimClock;
  /** The state that it is in, of each table. */
  states(): string[];
  /** Whether an event can happen here. */
  can(event: string): boolean;
  perform(event: string): void;
  /** All that decides about what it does next; worlds with the same key are explored once. */
  key(): string;
  /** What must not be, now; empty if all is well. */
  problems(): string[];
  /** All goes well from here on; what is wrong at the end. */
  benign(): string[];
}

export interface Findings {
  /** Different keys. */
  worlds: number;
  /** Events performed on a world that was new. */
  steps: number;
  /** For each table, `state event` to the states that followed, each with the shortest way there. */
  seen: Map<string, Map<string, string[]>>[];
  problems: string[];
}

/** Problems that are told; more would not be read. */
const ENOUGH = 5;

/**
 * @param roots - sequences of events from which exploration begins, each `depth` deep
 * @param events - the events of the table
 */
export function explore(make: () => World, roots: string[][], events: string[], depth: number): Findings {
  const known = new Set<string>();
  const findings: Findings = { worlds: 0, steps: 0, seen: [], problems: [] };
  const replay = (way: string[]): World => {
    const world = make();
    for (const event of way) world.perform(event);
    return world;
  };
  const judge = (way: string[], what: string[]): void => {
    for (const one of what) if (findings.problems.length < ENOUGH) findings.problems.push(`${way.join(", ")}: ${one}`);
  };
  const arrived = (world: World, way: string[]): boolean => {
    const key = world.key();
    if (known.has(key)) return false;
    known.add(key);
    findings.worlds++;
    judge(way, world.problems());
    // The last use of this world: it is led to its end.
    judge([...way, "benign"], world.benign());
    return true;
  };
  let border = roots.filter((way) => arrived(replay(way), way));
  for (let level = 0; level < depth && findings.problems.length < ENOUGH; level++) {
    const next: string[][] = [];
    for (const way of border) {
      const able = replay(way);
      for (const event of events) {
        if (!able.can(event)) continue;
        const world = replay(way);
        const before = world.states();
        world.perform(event);
        findings.steps++;
        const longer = [...way, event];
        world.states().forEach((state, table) => {
          findings.seen[table] ??= new Map();
          const key = `${before[table]} ${event}`;
          const row = findings.seen[table].get(key) ?? new Map<string, string[]>();
          findings.seen[table].set(key, row);
          if (!row.has(state)) row.set(state, longer);
        });
        if (arrived(world, longer)) next.push(longer);
      }
    }
    border = next;
  }
  return findings;
}

/** Moments in the past, of which only counts how long ago they were, and no longer than this, ms. */
const PAST: { [name: string]: number } = { _sentAt: 1000, stamp: 1001, _quietAt: 1000, _guessed: 60_000 };

/** Counters, and times that are no more than a mark: they decide about nothing, once it is known how long the host gathers. */
const IDLE = new Set(["bytes", "lines", "_stats", "_generation", "_deadline", "_last", "order", "trace", "_counts"]);

/**
 * A text of all that an object keeps; two with the same text behave the same from now on.
 * @param others - objects that are not its own
 * @param received - bytes received so far; a mark only counts as "silent since" or not
 */
export function fingerprint(owner: object, clock: SimClock, others: object[], received = -1): string {
  const seen = new Set<object>([...others, clock]);
  const visit = (name: string, value: unknown): string => {
    if (IDLE.has(name) || typeof value === "function") return "";
    if (PAST[name]) return `${Math.min(PAST[name], clock.now() - (value as number))} ago`;
    // A bound of what was received, drawn anew at times.
    if (name === "_end" && (value as number) > 0) return "far";
    // Which of three it was, and whether all of them were asked for before.
    if (name === "which") return `${(value as number) % 3} ${(value as number) > 3}`;
    if (name === "_mark") return value === received ? "silent" : "heard";
    if (typeof value !== "object" || !value) return String(value);
    if (value instanceof Error) return value.name;
    if (seen.has(value)) return "";
    const timer = value as { at?: number; live?: boolean };
    if (timer.live !== undefined) return timer.live ? `in ${timer.at! - clock.now()}` : "over";
    seen.add(value);
    const parts: string[] = [];
    for (const [key, one] of Object.entries(value)) parts.push(`${key}=${visit(key, one)}`);
    return `{${parts.join(" ")}}`;
  };
  return visit("", owner);
}

/** What differs between a table and the findings. */
export function compare(
  rows: { [state: string]: { [event: string]: string } },
  seen: Findings["seen"][number],
): { unknown: string[]; dead: string[] } {
  const unknown: string[] = [];
  const dead: string[] = [];
  for (const [key, nexts] of seen) {
    const blank = key.indexOf(" ");
    const allowed = rows[key.slice(0, blank)]?.[key.slice(blank + 1)]?.split(" ") ?? [];
    for (const [next, way] of nexts)
      if (!allowed.includes(next)) unknown.push(`${key} -> ${next}, by ${way.join(", ")}`);
  }
  for (const [state, events] of Object.entries(rows))
    for (const [event, nexts] of Object.entries(events))
      for (const next of nexts.split(" "))
        if (!seen.get(`${state} ${event}`)?.has(next)) dead.push(`${state} ${event} -> ${next}`);
  return { unknown, dead };
}

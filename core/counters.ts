// The driver's counters, all in one typed array: as fields, their names would take more memory than the numbers. What they
// count, `Stats` says; who counts is in the files that do.

/** One number for each name below, at its place. */
export type Counters = Uint32Array;

// Places.
export const COMMANDS = 2;
export const OVERRUNS = 3;
export const TIMEOUTS = 4;
export const STRAYS = 5;
/** What is added to a step of recovery. */
export const STEPS = 4;
export const RESYNCS = 7;
export const CONNECTS = 16;
export const RECONNECTS = 17;
export const PUBLISHED = 18;
export const DROPPED = 19;
export const RECEIVED = 20;
export const RETRANSMISSIONS = 21;
export const ORPHANS = 22;
export const UNHEARD_ERRORS = 23;
export const LISTENER_ERRORS = 24;
export const SLEEPS = 25;
export const WAKES = 26;

/** Their names in `Stats`. */
export const COUNTER_NAMES =
  "bytes lines commands overruns timeouts strays retries resyncs reopens pdpCycles restarts cfunCycles powerCycles kills " +
  "cuts rests connects reconnects published dropped received retransmissions orphans unheardErrors listenerErrors sleeps wakes";

export function newCounters(): Counters {
  return new Uint32Array(27);
}

/** The counters by name. */
export function statsOf(counters: Counters): { [name: string]: number } {
  const stats: { [name: string]: number } = {};
  COUNTER_NAMES.split(" ").forEach((name, place) => {
    stats[name] = counters[place]!;
  });
  return stats;
}

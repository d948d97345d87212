// Faults by name, several at a time: parses their arguments and chains their hooks in front of those of the user.

import { Timers } from "../time/timers.js";
import { byteFaults } from "./bytes.js";
import type { FaultArgs, FaultEffect, FaultRow, FaultWorld } from "./fault.js";
import { lineFaults } from "./lines.js";
import type { FaultTarget } from "./target.js";
import { worldFaults } from "./world.js";

export type { FaultArg, FaultEffect, FaultRow, FaultWorld } from "./fault.js";
export type { FaultTarget } from "./target.js";

/** Every fault there is; docs/virtual-m95.md shows the same table. */
export const faultTable: Readonly<Record<string, FaultRow>> = { ...lineFaults, ...byteFaults, ...worldFaults };

/** `late-ok [SECONDS] [COUNT]`. */
export function faultUsage(name: string): string {
  return [name, ...faultTable[name]!.args.map((arg) => `[${arg.name}]`)].join(" ");
}

/** A fault that was started. */
export interface ActiveFault {
  /** Name and arguments, as given. */
  readonly text: string;
  /** It has done what it does and touches nothing any more. */
  readonly over: boolean;
  /** Calls it off; what it holds back is let go. */
  end(): void;
}

interface Running extends ActiveFault {
  over: boolean;
  effect: FaultEffect;
}

/** The faults of one modem: `modem.faults`. */
export class Faults {
  readonly #modem: FaultTarget;
  readonly #running: Running[] = [];
  readonly #groups = new Set<Timers>();
  #seed = 1;

  constructor(modem: FaultTarget) {
    this.#modem = modem;
  }

  /** Faults that are not over. */
  get active(): readonly ActiveFault[] {
    return this.#running;
  }

  /** Start of the numbers that faults draw, 0 to 2^32 - 1; default 1. */
  set seed(seed: number) {
    this.#seed = seed >>> 0;
  }

  /**
   * Starts a fault.
   * @param text - its name, then its arguments: `"late-ok 3 2"`; missing ones have their defaults
   * @throws RangeError for an unknown name or a bad argument
   */
  start(text: string): ActiveFault {
    const [name = "", ...words] = text.trim().split(/\s+/);
    const row = Object.hasOwn(faultTable, name) ? faultTable[name] : undefined;
    if (!row) throw new RangeError(`no fault ${name}; there are ${Object.keys(faultTable).join(", ")}`);
    const args = parse(name, row, words);
    const timers = new Timers(this.#modem.options.clock);
    this.#groups.add(timers);
    const fault: Running = { text: text.trim(), over: false, effect: {}, end: () => finish() };
    const finish = (): void => {
      if (fault.over) return;
      fault.over = true;
      timers.cancelAll();
      this.#groups.delete(timers);
      const at = this.#running.indexOf(fault);
      if (at >= 0) this.#running.splice(at, 1);
      this.#modem.trace("pin", `fault over: ${fault.text}`);
      fault.effect.end?.();
    };
    this.#modem.trace("pin", `fault: ${fault.text}`);
    this.#running.push(fault);
    // What ends at once has its effect before it is known here.
    fault.effect = row.start(this.#world(timers, finish), args);
    return fault;
  }

  /** Calls off all of them. */
  endAll(): void {
    for (const fault of [...this.#running]) fault.end();
  }

  /** For the modem: as `onSend`, all faults in the order of their start. */
  send(text: string, kind: "line" | "echo" | "prompt" | "urc"): string[] {
    let pieces = [text];
    if (this.#running.length === 0) return pieces;
    for (const { effect } of [...this.#running]) {
      if (!effect.send) continue;
      pieces = pieces.flatMap((piece) => effect.send!(piece, kind) ?? []);
    }
    return pieces;
  }

  /** For the modem: as `onWire`. */
  wire(data: string, direction: "rx" | "tx"): string {
    let bytes = data;
    if (this.#running.length === 0) return bytes;
    for (const { effect } of [...this.#running]) if (effect.wire && bytes !== "") bytes = effect.wire(bytes, direction);
    return bytes;
  }

  /** For the modem: it was reset. */
  reset(): void {
    for (const { effect } of [...this.#running]) effect.reset?.();
  }

  /** Ends timers, and nothing else. */
  dispose(): void {
    this.#running.length = 0;
    for (const timers of this.#groups) timers.cancelAll();
  }

  #world(timers: Timers, over: () => void): FaultWorld {
    const modem = this.#modem;
    const random = (): number => {
      this.#seed = (Math.imul(this.#seed, 1664525) + 1013904223) >>> 0;
      return this.#seed / 0x100000000;
    };
    return {
      modem,
      random,
      below: (limit) => Math.floor(random() * limit),
      inModem: (ms, fn) => void modem.timers.after(ms, fn),
      outside: (ms, fn) => timers.after(ms, fn),
      release: (text) => {
        modem.trace("tx", text);
        modem.inject(text);
      },
      over,
    };
  }
}

function parse(name: string, row: FaultRow, words: string[]): FaultArgs {
  if (words.length > row.args.length) throw new RangeError(`too many arguments; usage: ${faultUsage(name)}`);
  const args: Record<string, number> = {};
  for (const [i, arg] of row.args.entries()) {
    const word = words[i];
    const key = arg.name.toLowerCase();
    if ("choices" in arg) {
      const choice = arg.choices.indexOf(word ?? arg.default);
      if (choice < 0) throw new RangeError(`${arg.name} is none of ${arg.choices.join(", ")}: ${word}`);
      args[key] = choice;
    } else if (word === undefined) args[key] = arg.default;
    else {
      const value = Number(word);
      if (!/^\d+(\.\d+)?$/.test(word) || value < arg.min || value > arg.max)
        throw new RangeError(`${arg.name} is not in ${arg.min}-${arg.max}: ${word}`);
      args[key] = value;
    }
  }
  return args;
}

// What a fault is made of: a row of data that says how it is called, what it takes and what it does. No fault is here.

import type { ViolationKind } from "../options.js";
import type { FaultTarget } from "./target.js";

/** An argument behind the name of a fault; all of them have a default. */
export type FaultArg =
  | { name: string; min: number; max: number; default: number }
  | { name: string; choices: readonly string[]; default: string };

/** One fault: its name is the key in the table. */
export interface FaultRow {
  help: string;
  args: readonly FaultArg[];
  /** Violations that show up however well the host behaves, and why. */
  causes?: Partial<Record<ViolationKind, string>>;
  start(world: FaultWorld, args: FaultArgs): FaultEffect;
}

/** Values of the arguments, by name in lower case; of a choice, its number. */
export type FaultArgs = Readonly<Record<string, number>>;

/** What a running fault hooks into; all of it is optional. */
export interface FaultEffect {
  /** As `VirtualM95.onSend`. */
  send?(text: string, kind: "line" | "echo" | "prompt" | "urc"): string | string[] | null;
  /** As `VirtualM95.onWire`. */
  wire?(data: string, direction: "rx" | "tx"): string;
  /** The module was reset or switched off. */
  reset?(): void;
  /** The fault is called off: what it holds back is let go. */
  end?(): void;
}

/** What a fault works with. */
export interface FaultWorld {
  readonly modem: FaultTarget;
  /** 0 up to 1, repeatable. */
  random(): number;
  /** A whole number from 0 to below `limit`. */
  below(limit: number): number;
  /** Timer that the module's resets cancel. */
  inModem(ms: number, fn: () => void): void;
  /** Timer of the world around it, cancelled with the fault. */
  outside(ms: number, fn: () => void): unknown;
  /** Prints bytes that were held back, past all hooks but `onWire`. */
  release(text: string): void;
  /** The fault has run its course. */
  over(): void;
}

export const seconds = (byDefault: number): FaultArg => ({ name: "SECONDS", min: 0, max: 1e6, default: byDefault });
export const count = (byDefault: number): FaultArg => ({ name: "COUNT", min: 1, max: 1e6, default: byDefault });

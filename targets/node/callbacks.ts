// Looks at what stands in a callback's place before a call is made. What is no function is an "error" that names it, and the call is not
// made: it would be known at its end only, with an error that says nothing of where. It knows no method's other arguments.
import { wrong } from "../../core/arguments.js";
import type { Clock } from "../../core/ports.js";

/** What the methods are of. */
interface Target {
  /** Of a modem. */
  readonly clock?: Clock;
  /** Of a client, whose methods return it. */
  readonly _clock?: Clock;
  emit(event: "error", error: Error): boolean;
}

/** Whoever wants an end gets it. */
const ENDS = ["end", "stop", "close"];

/**
 * Puts the check around methods.
 * @param places - of each method, where its callback may stand; in all but the last one options may, too
 */
export function checkCallbacks(prototype: object, places: { [method: string]: number[] }): void {
  for (const [name, all] of Object.entries(places)) {
    const method = (prototype as { [name: string]: (...args: unknown[]) => unknown })[name]!;
    const last = all.at(-1);
    const value = function (this: Target, ...args: unknown[]): unknown {
      const at = all.find((place) => {
        const one = args[place];
        return one !== undefined && one !== null && (place === last || typeof one !== "object");
      });
      if (at === undefined || args.slice(0, at + 1).some((one) => typeof one === "function"))
        return method.apply(this, args);
      const error = wrong("callback", "a function", args[at]);
      (this.clock ?? this._clock!).after(0, () => this.emit("error", error));
      args[at] = undefined;
      if (ENDS.includes(name)) return method.apply(this, args);
      return this._clock && this;
    };
    Object.defineProperty(prototype, name, { value, writable: true, configurable: true });
  }
}

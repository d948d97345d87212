// Makes the core's classes EventEmitters of Node: its methods and lists in place of the core's own. Listeners still cannot
// stop the driver, and an "error" that nobody hears is a warning, not an exception.
import { EventEmitter, errorMonitor } from "node:events";
import { callable } from "../../core/arguments.js";
import { LISTENER_ERRORS, UNHEARD_ERRORS } from "../../core/counters.js";
import { Emitter } from "../../core/index.js";
import { inWords, warnOnce } from "./warn.js";

type Listener = (...args: unknown[]) => void;

/** What the methods below are given to. */
interface Target extends EventEmitter {
  counters: Uint32Array;
  listenerThrew(error: unknown, quiet?: boolean, event?: string): void;
  _call(fn: Listener, a?: unknown, b?: unknown): void;
  /** Somebody begins to listen. */
  _heard?(event: string): void;
}

const own = {
  on(this: Target, event: string, listener: Listener): Target {
    callable("listener", listener);
    this._heard?.(event);
    return EventEmitter.prototype.on.call(this, event, listener) as Target;
  },

  prependListener(this: Target, event: string, listener: Listener): Target {
    callable("listener", listener);
    this._heard?.(event);
    return EventEmitter.prototype.prependListener.call(this, event, listener) as Target;
  },

  once(this: Target, event: string, listener: Listener): Target {
    callable("listener", listener);
    this._heard?.(event);
    return EventEmitter.prototype.once.call(this, event, listener) as Target;
  },

  prependOnceListener(this: Target, event: string, listener: Listener): Target {
    callable("listener", listener);
    this._heard?.(event);
    return EventEmitter.prototype.prependOnceListener.call(this, event, listener) as Target;
  },

  emit(this: Target, event: string, ...args: unknown[]): boolean {
    const list = this.rawListeners(event);
    // Who only watches hears it first, and does not count.
    if (event === "error") this.emit(errorMonitor as unknown as string, ...args);
    if (list.length === 0 && event === "error") {
      const { code } = (args[0] ?? {}) as { code?: unknown };
      this.counters[UNHEARD_ERRORS]!++;
      warnOnce(`unheard ${code}`, `an "error" that nobody listens to: ${inWords(args[0])}`);
    }
    for (const one of list) {
      try {
        one.apply(this, args);
      } catch (error) {
        this.listenerThrew(error, event === "error" || typeof event === "symbol", event);
      }
    }
    return list.length > 0;
  },

  listenerThrew(this: Target, error: unknown, quiet?: boolean, event?: string): void {
    this.counters[LISTENER_ERRORS]!++;
    warnOnce(`threw ${String(event)}`, `a listener or callback threw: ${inWords(error)}`);
    if (!quiet && this.listenerCount("error") > 0) this.emit("error", error);
    else if (!quiet) this.counters[UNHEARD_ERRORS]!++;
  },

  // As programs for Node expect it, null is no error.
  _call(this: Target, fn: Listener | undefined, a?: unknown, b?: unknown): void {
    try {
      fn?.(a ?? null, b);
    } catch (error) {
      this.listenerThrew(error);
    }
  },
};

/** Gives a class of the core, or one that extends it, the methods of Node's EventEmitter; `instanceof EventEmitter` holds. */
export function makeEmitter<T extends { prototype: object }>(type: T): T {
  const { prototype } = type;
  const native = EventEmitter.prototype;
  // The methods of the core's emitter hide those of this one until they are replaced.
  Object.setPrototypeOf(Emitter.prototype, native);
  for (const name of Object.getOwnPropertyNames(native))
    if (name !== "constructor") Object.defineProperty(prototype, name, Object.getOwnPropertyDescriptor(native, name)!);
  for (const [name, value] of Object.entries({ ...own, addListener: own.on }))
    Object.defineProperty(prototype, name, { value, writable: true, configurable: true });
  return type;
}

// A small synchronous event emitter whose listeners cannot stop the driver. It does not know what the events mean; events.ts
// has those of modem and client.
// @resident emit _call _answer
import { callable } from "./arguments.js";
import { type Counters, LISTENER_ERRORS, UNHEARD_ERRORS } from "./counters.js";

export type Listener = (...args: any[]) => void;

/** What `once` puts in a listener's place. */
type Once = Listener & { _of?: Listener };

/** Counts of what listeners did wrong; part of `Stats`. */
export interface EmitterStats {
  /** `"error"` events that nobody listened to. */
  unheardErrors: number;
  /** Listeners and callbacks that threw. */
  listenerErrors: number;
}

/** `Events`: each event and its arguments. */
export class Emitter<Events extends { [E in keyof Events]: any[] } = any> {
  protected _on: { [event: string]: Listener[] | undefined };
  readonly counters: Counters;

  constructor(counters: Counters) {
    this._on = {};
    this.counters = counters;
  }

  /** @param listener - `this` in it is who emits. @throws M95Error `EPARAM` for what is no listener */
  on<E extends keyof Events>(event: E, listener: (...args: Events[E]) => void): this;
  on(event: any, listener: Listener): this {
    callable("listener", listener);
    // Copied, so that a list that is being walked through does not change under the walk.
    this._on[event] = (this._on[event] || []).concat([listener]);
    return this;
  }

  /** Takes a listener away, one that was added twice once. */
  off<E extends keyof Events>(event: E, listener: (...args: Events[E]) => void): this;
  off(event: any, listener: Listener): this {
    let found = 0;
    this._on[event] = (this._on[event] || []).filter(
      (one) => (one !== listener && (one as Once)._of !== listener) || found++,
    );
    return this;
  }

  once<E extends keyof Events>(event: E, listener: (...args: Events[E]) => void): this;
  once(event: any, listener: Listener): this {
    callable("listener", listener);
    // No event has more; and what is evaluated from Storage finds the arguments of `once` itself in an inner function's `arguments`.
    const first: Once = (a, b, c) => {
      this.off(event, first);
      listener.apply(
        this,
        [a, b, c].filter((one) => one !== undefined),
      );
    };
    first._of = listener;
    return this.on(event, first);
  }

  /** Calls the listeners in order and says whether there were any. */
  emit<E extends keyof Events>(event: E, a?: Events[E][0], b?: Events[E][1], c?: Events[E][2]): boolean;
  emit(event: any): boolean {
    const list = this._on[event];
    if (!list || !list.length) {
      if (event === "error") this.counters[UNHEARD_ERRORS]!++;
      return false;
    }
    const args = [].slice.call(arguments, 1);
    for (let i = 0; i < list.length; i++) {
      try {
        list[i]!.apply(this, args);
      } catch (error) {
        this.listenerThrew(error, event === "error");
      }
    }
    return true;
  }

  /** Calls a user's callback, if there is one. */
  protected _call(fn: ((a?: any, b?: any) => void) | undefined, a?: unknown, b?: unknown): void {
    if (!fn) return;
    try {
      fn(a, b);
    } catch (error) {
      this.listenerThrew(error);
    }
  }

  /** For the driver's own parts: tells the outcome to a user's callback; without one, an error becomes an event. */
  _answer(
    error: Error | null | undefined,
    done: ((error?: any, value?: any) => void) | undefined,
    value?: unknown,
  ): void {
    if (done) this._call(done, error || undefined, value);
    else if (error) (this as Emitter).emit("error", error);
  }

  /** For the driver's own parts: counts what a listener, a callback or a port threw, and tells it unless it is to be quiet. */
  listenerThrew(error: unknown, quiet?: boolean): void {
    this.counters[LISTENER_ERRORS]!++;
    if (!quiet) (this as Emitter).emit("error", error);
  }
}

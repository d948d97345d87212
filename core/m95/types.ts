// Whom the modem's lifecycle tells. It holds no code.
import type { SessionHost } from "../at/types.js";
import type { Counters } from "../counters.js";
import type { M95Error } from "../errors.js";
import type { Clock } from "../ports.js";
import type { ModemState } from "./bringup.js";

/** Who is told about the modem. None of these may throw. */
export interface LifecycleListener extends SessionHost {
  readonly clock: Clock;
  readonly random: () => number;
  readonly counters: Counters;
  changed(state: ModemState): void;
  /** Everything the modem held for its clients is gone, or out of reach. @param rest - for a long time */
  allLost(error: M95Error, rest: boolean): void;
  /** Whether every client has been connected for the stable time, or has not failed. */
  steady(): boolean;
  /** It could not be started. @param heard - a callback of `start` was told */
  failed(error: M95Error, heard: boolean): void;
  /** Clients are to end; `then` is called when all of them have. */
  endAll(then: () => void): void;
  /** A line that answers no command. True: it is about a client, and none of the lifecycle's business. */
  urc(line: string, mayBePayload: boolean): boolean;
  /** A step of recovery begins in `next` ms. */
  stepBegins(error: M95Error, step: number, attempt: number, next: number): void;
}

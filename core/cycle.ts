// A duty cycle for batteries: modem on, connect, work, take what the broker kept, modem off, and a pause. It uses what users of M95 have,
// and keeps nothing but what could not be sent.
// @part sleep
import { callable, integer, readable, readOptions, wrong } from "./arguments.js";
import { M95Error } from "./errors.js";
import type { MqttClient } from "./mqtt/client.js";
import type { ConnectOptions } from "./mqtt/options.js";
import type { OutboxStore } from "./mqtt/types.js";
import type { Clock, Done, TimerHandle } from "./ports.js";

/** What a round came to. */
export interface Round {
  /** How long it took, ms. */
  took: number;
  /** Rounds in a row that have failed. */
  failures: number;
  /** ms until the next one. */
  next: number;
}

/** Options of `cycle`. */
export interface CycleOptions<Client = MqttClient> {
  /** From the beginning of a round to that of the next. 1000..2147483647 ms. */
  every: number;
  /** How long to stay connected behind the work, for messages that the broker kept. 0..600000 ms, default 3000. */
  window?: number;
  /** How long a round may take before it is broken off: what a bad cell may cost. 1000..3600000 ms, default 120000. */
  timeout?: number;
  /** Longest pause behind rounds that failed; it doubles with each of them. `every`..2147483647 ms, default 8 × `every`. */
  longest?: number;
  /** Percent of `every` by which rounds are spread at random, so that a fleet does not come in step. 0..100, default 10. */
  spread?: number;
  /**
   * The client's options. `clean` is false unless it is given, so that the broker keeps messages for it: that needs a `clientId`. Without a
   * `store`, what could not be sent is kept in memory for the next round.
   */
  connect: ConnectOptions;
  /**
   * Called at the beginning of each round with a client that is about to connect: attach listeners, publish, subscribe. When `done` was
   * called and the client is connected, the window begins; what was published until then is sent before the modem goes off.
   */
  work: (client: Client, done: () => void) => void;
  /** Called behind each round. */
  round?: (error: Error | null, round: Round) => void;
  /** Waits between rounds; for hosts that sleep in another way than by having nothing to do. Default: a timer. */
  wait?: (ms: number, then: () => void) => void;
}

/** What a cycle needs of a modem: an `M95` has it. */
export interface Cyclic<Client> {
  readonly clock: Clock;
  readonly random: () => number;
  start(done?: Done): void;
  stop(done?: Done): void;
  connect(options: ConnectOptions): Client;
}

/** What a cycle needs of a client. */
interface Cycled {
  readonly connected: boolean;
  on(event: string, listener: (value?: any) => void): unknown;
}

// On Espruino a method that users call is loaded for everybody, whoever uses it: so here there are none, but functions.

/** Records in memory: they last for as long as the program does. */
function memoryStore(): OutboxStore {
  let records: { key: number; record: string }[] = [];
  return {
    load: () => records.slice(),
    append: (key, record) => {
      records.push({ key, record });
    },
    remove: (key) => {
      records = records.filter((one) => one.key !== key);
    },
  };
}

/** A duty cycle that runs until it is ended. */
export class Cycle<Client> {
  /** Ends the cycle: a round under way is broken off, the modem switched off. @param done - called when it is */
  readonly end: (done?: Done) => void;
  private _modem: Cyclic<Client>;
  private _options: CycleOptions<Client>;
  private _connect: ConnectOptions;
  /** ms by which rounds are spread. */
  private _spread: number;
  private _failures: number;
  private _began: number;
  private _timer: TimerHandle;
  /** Of the round under way; 0: none is. Changes when it ends, so that what comes late falls on deaf ears. */
  private _round: number;
  private _rounds: number;
  private _ended: boolean;
  private _ends: Done[];

  /** Use `cycle`. */
  constructor(modem: Cyclic<Client>, options: CycleOptions<Client>) {
    const o = readable(options);
    const every = integer("every", o.every, 1000, 2147483647);
    if (!o.connect || typeof o.connect !== "object") throw wrong("connect", "the options of a client", o.connect);
    callable("work", o.work);
    const rows =
      "\nround|()\nwait|()\nwindow|0-600000|3000\ntimeout|1000-3600000|120000\nspread|0-100|10\nlongest|" +
      every +
      "-2147483647|" +
      Math.min(2147483647, 8 * every);
    Object.assign(o, readOptions(rows, "", o));
    this.end = this._end.bind(this);
    this._modem = modem;
    this._options = o;
    this._connect = Object.assign({ clean: false, store: memoryStore() }, o.connect);
    if (this._connect.clean === false && !this._connect.clientId)
      throw wrong("connect.clientId", "given when clean is false", this._connect.clientId);
    this._spread = (o.spread! * every) / 100;
    this._failures = this._began = this._round = this._rounds = 0;
    this._ended = false;
    this._ends = [];
    // The first one at random as well: a fleet that got its power back together is in step.
    this._waitFor(modem.random() * this._spread);
  }

  private _end(done?: Done): void {
    this._ended = true;
    if (done) this._ends.push(done);
    if (this._round > 0) this._finish(this._round, new M95Error("ECLOSED", "the cycle was ended"));
    else if (!this._round) {
      this._modem.clock.cancel(this._timer);
      this._modem.stop((error) => this._tellEnds(error));
    }
  }

  private _waitFor(ms: number): void {
    const wait = this._options.wait;
    const begin = (): void => this._begin();
    if (wait) wait(Math.round(ms), begin);
    else this._timer = this._modem.clock.after(Math.round(ms), begin);
  }

  private _begin(): void {
    if (this._ended || this._round) return;
    const clock = this._modem.clock;
    const round = ++this._rounds;
    this._round = round;
    this._began = clock.now();
    const timeout = this._options.timeout!;
    this._timer = clock.after(timeout, () =>
      this._finish(round, new M95Error("ETIMEOUT", "the round took longer than timeout, " + timeout + " ms")),
    );
    this._modem.start((error) => {
      if (this._round !== round) return;
      if (error) this._finish(round, error);
      else this._work(round);
    });
  }

  private _work(round: number): void {
    // 1: the connection, 2: the work; each counts once.
    let missing = 3;
    const have = (what: number): void => {
      if (missing && !(missing &= ~what))
        this._modem.clock.after(this._options.window!, () => this._finish(round, null));
    };
    let last: Error | null = null;
    try {
      const client = this._modem.connect(this._connect) as Client & Cycled;
      client.on("connect", () => have(1));
      client.on("error", (error: Error) => {
        last = error;
      });
      client.on("end", () => this._finish(round, last || new M95Error("ECLOSED", "the client was ended")));
      this._options.work(client, () => have(2));
    } catch (error) {
      this._finish(round, error as Error);
    }
  }

  private _finish(round: number, error: Error | null): void {
    if (this._round !== round) return;
    // Over for everybody but the modem, which still has to go off.
    this._round = -round;
    const clock = this._modem.clock;
    clock.cancel(this._timer);
    this._modem.stop((failed) => {
      const outcome = error || failed || null;
      const o = this._options;
      this._round = 0;
      this._failures = outcome ? this._failures + 1 : 0;
      const period = Math.min(o.longest!, o.every * Math.pow(2, this._failures));
      // A clock that was set back must not make the wait longer.
      const took = Math.max(0, clock.now() - this._began);
      const next = Math.max(0, period - took + Math.round((this._modem.random() - 0.5) * this._spread));
      if (!this._ended) this._waitFor(next);
      const told = o.round;
      try {
        if (told) told(outcome, { took, failures: this._failures, next });
      } finally {
        this._tellEnds(failed);
      }
    });
  }

  private _tellEnds(error: Error | null | undefined): void {
    const ends = this._ends;
    this._ends = [];
    for (const done of ends) done(error);
  }
}

/**
 * Runs a duty cycle on a modem that is otherwise left alone: power on, bring-up, connect, `work`, the window, power off.
 * @returns the cycle, to be ended
 * @throws M95Error `EPARAM`, naming the option, its limit and the value
 */
export function cycle<Client = MqttClient>(modem: Cyclic<Client>, options: CycleOptions<Client>): Cycle<Client> {
  return new Cycle(modem, options);
}

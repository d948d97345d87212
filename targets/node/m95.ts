// The modem as Node users see it: an EventEmitter, Buffers, promises, the system clock, texts for the modem's numbers. What it does
// is the core's.
import { readable, refusal } from "../../core/arguments.js";
import {
  type Battery,
  type CommandOptions,
  type ConnectOptions,
  M95 as CoreM95,
  type Done,
  explain,
  type Identity,
  M95Error,
  type ModemState,
  type Operator,
  type Secure,
  type Signal,
  secure,
  type Time,
  type TimerHandle,
  type TlsOptions,
  type Uart,
} from "../../core/index.js";
import { checkCallbacks } from "./callbacks.js";
import { NodeClient } from "./client.js";
import { systemClock } from "./clock.js";
import { codec } from "./codec.js";
import { makeEmitter } from "./emitter.js";
import { readFiles } from "./files.js";
import { checkCommandOptions, checkModemOptions, checkObject, checkTrace, connectOptions } from "./options.js";
import type { M95Constructor, M95Options, M95 as Modem, MqttClientConstructor, MqttJsOptions } from "./types.js";
import { warnOnce } from "./warn.js";

/** States in which something is asked of the modem at least once a second. */
const ASKED: ModemState[] = ["starting", "syncing", "sim", "registering", "attaching"];
/** Seconds of silence in them until there is a word about it. */
const PATIENCE = 12;

/** See `M95` in types.ts. */
class NodeM95 extends CoreM95 {
  #uart: Uart;
  #closing = false;
  #closed = false;
  #dones: Done[] | undefined;
  #silence: TimerHandle;
  /** Seconds in which no line has come, the bytes before them, and what was told of it. */
  #looks = 0;
  #bytes = 0;
  readonly #told = new Set<string>();

  constructor(options: M95Options) {
    const { trace, ...given } = readable(options);
    try {
      checkObject(options, '{ uart, apn: "internet" }');
      checkModemOptions(given);
      checkTrace(trace);
    } catch (error) {
      throw refusal(error);
    }
    const clock = given.clock ?? systemClock;
    const all = { codec, wallClock: Date.now, ...given, clock };
    super(trace ? trace.begin(all, clock) : all);
    this.asleep = false;
    if (!this.sleep)
      this.sleep = this.wake = (done) => {
        const error = new M95Error(
          "EPARAM",
          'sleep must be "auto" or "manual" in the options of the modem, before it can sleep',
        );
        this.clock.after(0, () => this._answer(error, done));
      };
    checkCallbacks(this, { sleep: [0], wake: [0] });
    this.#uart = given.uart;
    trace?.attach({ modem: this, uart: given.uart, options: given });
  }

  override get state(): ModemState {
    const state = super.state;
    return this.#closed && state === "failed" ? "off" : state;
  }

  override connect(first: MqttJsOptions | string, second?: MqttJsOptions): NodeClient {
    return super.connect(this.optionsOf(first, second)) as NodeClient;
  }

  /** Options of `connect`, however they were given. @throws M95Error `EPARAM` */
  optionsOf(first: MqttJsOptions | string, second?: MqttJsOptions): ConnectOptions {
    try {
      return connectOptions(first, second, this.tls);
    } catch (error) {
      throw refusal(error);
    }
  }

  override command(
    text: string,
    options?: CommandOptions | ((error?: Error | null, lines?: string[]) => void),
    done?: (error?: Error | null, lines?: string[]) => void,
  ): void {
    try {
      checkCommandOptions(options);
    } catch (error) {
      this.clock.after(0, () => this._answer(refusal(error), done));
      return;
    }
    super.command(text, options, done);
  }

  override explain(family: string, code: number): string {
    return explain(family, code);
  }

  override secured(id: number, tls: boolean | TlsOptions | undefined): Secure | undefined {
    return secure.call(this as never, id, typeof tls === "object" && tls ? readFiles(tls) : tls);
  }

  close(done?: Done): void {
    if (!this.#closed) {
      this.#closed = true;
      this.#dones = [];
      for (const client of [...this.clients]) client?.end(true);
      this.#closing = true;
      // Whatever runs hears that there is no line any more; that it was meant so is nobody's error.
      this.#uart.onClose?.();
      this.#closing = false;
      let over = false;
      const told = () => {
        if (over) return;
        over = true;
        const dones = this.#dones ?? [];
        this.#dones = undefined;
        for (const one of dones) this._call(one, null);
      };
      const { close } = this.#uart;
      if (close) close.call(this.#uart, told);
      // A port that takes no callback is closed when its `close` returns.
      if (!close || close.length === 0) setImmediate(told);
    }
    if (!done) return;
    if (this.#dones) this.#dones.push(done);
    else setImmediate(() => this._call(done, null));
  }

  closeAsync(): Promise<void> {
    return promise((done) => this.close(done));
  }

  startAsync(): Promise<void> {
    return promise((done) => this.start(done));
  }

  sleepAsync(): Promise<void> {
    return promise((done) => this.sleep!(done));
  }

  wakeAsync(): Promise<void> {
    return promise((done) => this.wake!(done));
  }

  stopAsync(): Promise<void> {
    return promise((done) => this.stop(done));
  }

  commandAsync(text: string, options?: CommandOptions): Promise<string[]> {
    return promise((done) => this.command(text, options, done));
  }

  identityAsync(): Promise<Identity> {
    return promise((done) => this.identity(done));
  }

  signalAsync(): Promise<Signal> {
    return promise((done) => this.signal(done));
  }

  batteryAsync(): Promise<Battery> {
    return promise((done) => this.battery(done));
  }

  operatorAsync(): Promise<Operator> {
    return promise((done) => this.operator(done));
  }

  timeAsync(): Promise<Time> {
    return promise((done) => this.time(done));
  }

  protected override createClient(id: number, options: ConnectOptions): NodeClient {
    return new NodeClient(this, id, options);
  }

  /** Tracing costs at every line, so it is switched on by its first listener only. */
  protected _heard(event: string): void {
    const session = this.session;
    if (event === "trace" && !session.trace) session.trace = (direction, text) => this.emit("trace", direction, text);
  }

  // ---- what the core calls

  override changed(state: ModemState): void {
    // Between two tries it goes on.
    if (state !== "recovering") this.#watch(ASKED.includes(state));
    // What `close` has brought about is no failure.
    if (this.#closing && state === "failed") this.emit("state", "off");
    else super.changed(state);
  }

  override failed(error: M95Error, heard: boolean): void {
    if (!this.#closing) super.failed(error, heard);
  }

  // A modem that does not answer is given much time; whoever waits for it is told sooner.
  #watch(on: boolean): void {
    if (on && this.#silence === undefined) {
      this.#looks = 0;
      this.#bytes = this.stats.bytes;
      this.#look();
    } else if (!on && this.#silence !== undefined) {
      this.clock.cancel(this.#silence);
      this.#silence = undefined;
    }
  }

  #look(): void {
    const { lines } = this.stats;
    this.#silence = this.clock.after(1000, () => {
      const stats = this.stats;
      if (stats.lines !== lines) {
        this.#looks = 0;
        this.#bytes = stats.bytes;
      } else if (ASKED.includes(this.state) && ++this.#looks >= PATIENCE)
        this.#tellSilence(stats.bytes !== this.#bytes);
      this.#look();
    });
  }

  #tellSilence(unreadable: boolean): void {
    const { state } = this;
    const first = state === "starting" || state === "syncing";
    const hint = first
      ? "is it powered, are RXD and TXD crossed, is this its port?"
      : `it is ${state}, which it may be busy with, or it hangs`;
    // Of each modem: it may not be the only one.
    if (unreadable)
      warnOnce(
        "unreadable",
        "what comes from the modem is unreadable: another rate than the port's, or another device?",
        this.#told,
      );
    else warnOnce(first ? "" : state, `no answer from the modem in ${PATIENCE} s: ${hint}`, this.#told);
  }
}

function complete(type: typeof NodeM95): M95Constructor {
  const { prototype } = makeEmitter(type);
  const first = "identity signal battery operator time start stop close".split(" ");
  checkCallbacks(prototype, { command: [2], ...Object.fromEntries(first.map((name) => [name, [0]])) });
  // Not every Node has it.
  if (Symbol.asyncDispose)
    Object.defineProperty(prototype, Symbol.asyncDispose, { value: prototype.closeAsync, configurable: true });
  return type as unknown as M95Constructor;
}

/** One modem on one port: `new M95({ uart, … })`; `openM95` makes the port as well. */
export const M95: M95Constructor = /* @__PURE__ */ complete(NodeM95);
/** See there. */
export type M95 = Modem;

/** The class of clients, for `instanceof`; `M95.connect` makes them. */
export const MqttClient = NodeClient as unknown as MqttClientConstructor;
/** See there. */
export type MqttClient = import("./types.js").MqttClient;

function promise<T>(run: (done: (error?: Error | null, value?: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => run((error, value) => (error ? reject(error) : resolve(value as T))));
}

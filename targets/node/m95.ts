// The M95 and its client as Node users see them: Buffers, promises, the system clock, texts for the modem's numbers.
import { readable } from "../../core/arguments.js";
import {
  type Battery,
  type Clock,
  type CommandOptions,
  type ConnectOptions,
  M95 as CoreM95,
  type M95Options as CoreOptions,
  explain,
  type Identity,
  type Operator,
  type Secure,
  type Signal,
  secure,
  type Time,
  type TlsOptions,
  type Uart,
} from "../../core/index.js";
import { AsyncMqttClient } from "../../core/mqtt/async.js";
import type { Recorder } from "../../trace/recorder.js";
import { systemClock } from "./clock.js";
import { codec } from "./codec.js";
import { readFiles } from "./files.js";

/** As the core's, with `clock` optional: the system's. */
export type M95Options = Omit<CoreOptions, "clock"> & {
  clock?: Clock;
  /** Writes down what passes, see `recorder`. */
  trace?: Recorder;
};

/** An MQTT client; payloads of messages are Buffers. */
export class MqttClient extends AsyncMqttClient<Buffer> {}

/** One modem on one UART. */
export class M95 extends CoreM95 {
  #uart: Uart;

  /** @throws M95Error `EPARAM` or `ETOOBIG`, naming option, limit and value */
  constructor(options: M95Options) {
    const { trace, ...given } = readable(options);
    const clock = given.clock ?? systemClock;
    const all = { codec, wallClock: Date.now, ...given, clock };
    super(trace ? trace.begin(all, clock) : all);
    this.#uart = given.uart;
    trace?.attach({ modem: this, uart: given.uart, options: given });
  }

  override connect(options: ConnectOptions): MqttClient {
    return super.connect(options) as MqttClient;
  }

  override explain(family: string, code: number): string {
    return explain(family, code);
  }

  override secured(id: number, tls: boolean | TlsOptions | undefined): Secure | undefined {
    return secure.call(this as never, id, typeof tls === "object" && tls ? readFiles(tls) : tls);
  }

  /** Closes the port, which else keeps the process alive. It does not switch the modem off: that is `stop`, before. */
  close(): void {
    this.#uart.close?.();
  }

  /** `start` as a promise. */
  startAsync(): Promise<void> {
    return promise((done) => this.start(done));
  }

  /** `stop` as a promise. */
  stopAsync(): Promise<void> {
    return promise((done) => this.stop(done));
  }

  /** `command` as a promise of the information lines. */
  commandAsync(text: string, options?: CommandOptions): Promise<string[]> {
    return promise((done) => this.command(text, options, done));
  }

  /** `identity` as a promise. */
  identityAsync(): Promise<Identity> {
    return promise((done) => this.identity(done));
  }

  /** `signal` as a promise. */
  signalAsync(): Promise<Signal> {
    return promise((done) => this.signal(done));
  }

  /** `battery` as a promise. */
  batteryAsync(): Promise<Battery> {
    return promise((done) => this.battery(done));
  }

  /** `operator` as a promise. */
  operatorAsync(): Promise<Operator> {
    return promise((done) => this.operator(done));
  }

  /** `time` as a promise. */
  timeAsync(): Promise<Time> {
    return promise((done) => this.time(done));
  }

  protected override createClient(id: number, options: ConnectOptions): MqttClient {
    return new MqttClient(this, id, options);
  }
}

function promise<T>(run: (done: (error?: Error | null, value?: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => run((error, value) => (error ? reject(error) : resolve(value as T))));
}

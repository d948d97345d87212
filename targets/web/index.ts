// The driver in a page: Web Serial and timers as ports, payloads as Uint8Arrays, promises, texts for the modem's numbers.
import { readable } from "../../core/arguments.js";
import {
  type Clock,
  type ConnectOptions,
  M95 as CoreM95,
  type M95Options as CoreOptions,
  explain,
  type Secure,
  secure,
  type TlsOptions,
} from "../../core/index.js";
import { AsyncMqttClient } from "../../core/mqtt/async.js";
import type { Recorder } from "../../trace/recorder.js";
import { webClock } from "./clock.js";
import { codec } from "./codec.js";

/** As the core's, with `clock` optional: the page's. */
export type M95Options = Omit<CoreOptions, "clock"> & {
  clock?: Clock;
  /** Writes down what passes. */
  trace?: Recorder;
};

/** An MQTT client; payloads of messages are Uint8Arrays. */
export class MqttClient extends AsyncMqttClient<Uint8Array> {}

/** One modem on one UART. */
export class M95 extends CoreM95 {
  /** @throws M95Error `EPARAM` or `ETOOBIG`, naming option, limit and value */
  constructor(options: M95Options) {
    const { trace, ...given } = readable(options);
    const clock = given.clock ?? webClock;
    const all = { codec, wallClock: Date.now, ...given, clock };
    super(trace ? trace.begin(all, clock) : all);
    trace?.attach({ modem: this, uart: given.uart, options: given });
  }

  override connect(options: ConnectOptions): MqttClient {
    return super.connect(options) as MqttClient;
  }

  override explain(family: string, code: number): string {
    return explain(family, code);
  }

  override secured(id: number, tls: boolean | TlsOptions | undefined): Secure | undefined {
    return secure.call(this as never, id, tls);
  }

  protected override createClient(id: number, options: ConnectOptions): MqttClient {
    return new MqttClient(this, id, options);
  }
}

export { type ConnectOptions, M95Error } from "../../core/index.js";
export { webClock } from "./clock.js";
export { openSerial, type SerialPortLike, type WebUart } from "./serial.js";

// The M95 and its client as Node users see them: Buffers, promises, the system clock, texts for the modem's numbers.
import {
  type Clock,
  type ConnectOptions,
  M95 as CoreM95,
  type M95Options as CoreOptions,
  type Done,
  explain,
  type ModemState,
  type PacketInfo,
  type Recovery,
} from "../../core/index.js";
import { AsyncMqttClient } from "../../core/mqtt/async.js";
import { systemClock } from "./clock.js";
import { codec } from "./codec.js";

/** As the core's, with `clock` optional: the system's. */
export type M95Options = Omit<CoreOptions, "clock"> & { clock?: Clock };

/** An MQTT client; payloads of messages are Buffers. */
export class MqttClient extends AsyncMqttClient {}

export interface MqttClient {
  on(event: "message", listener: (topic: string, payload: Buffer, packet: PacketInfo) => void): this;
  on(event: "error", listener: (error: Error) => void): this;
  on(event: "close", listener: (reason?: Error) => void): this;
  on(event: "connect" | "reconnect" | "offline" | "end", listener: () => void): this;
  // biome-ignore lint/suspicious/noExplicitAny: whatever else the core emits
  on(event: string, listener: (...args: any[]) => void): this;
}

/** One modem on one UART. */
export class M95 extends CoreM95 {
  /** @throws M95Error `EPARAM` or `ETOOBIG`, naming option, limit and value */
  constructor(options: M95Options) {
    super({ codec, clock: systemClock, ...options });
  }

  override connect(options: ConnectOptions): MqttClient {
    return super.connect(options) as MqttClient;
  }

  override explain(family: string, code: number): string {
    return explain(family, code);
  }

  /** `start` as a promise. */
  startAsync(): Promise<void> {
    return promise((done) => this.start(done));
  }

  /** `stop` as a promise. */
  stopAsync(): Promise<void> {
    return promise((done) => this.stop(done));
  }

  protected override createClient(id: number, options: ConnectOptions): MqttClient {
    return new MqttClient(this, id, options);
  }
}

export interface M95 {
  on(event: "state", listener: (state: ModemState) => void): this;
  on(event: "ready", listener: () => void): this;
  on(event: "error", listener: (error: Error) => void): this;
  on(event: "urc", listener: (line: string) => void): this;
  on(event: "recovery", listener: (what: Recovery) => void): this;
  on(event: "trace", listener: (direction: "<" | ">" | "", text: string) => void): this;
  // biome-ignore lint/suspicious/noExplicitAny: whatever else the core emits
  on(event: string, listener: (...args: any[]) => void): this;
}

function promise(run: (done: Done) => void): Promise<void> {
  return new Promise((resolve, reject) => run((error) => (error ? reject(error) : resolve())));
}

// A client with the surface of the SDK's classic `mqtt` module, over an M95. What that module lacks (QoS verdicts, queue,
// promises) is left to `M95.connect`.
import { refusal, wrong } from "../../core/arguments.js";
import type { ConnectOptions, PublishOptions } from "../../core/index.js";
import type { M95 } from "./m95.js";

/** A will as the classic module has it. */
export interface ClientWill {
  topic: string;
  message: string | ArrayBuffer;
  quality?: 0 | 1 | 2;
  retain?: boolean;
}

/** Options as the classic module has them, the modem, and what else `M95.connect` takes. */
export interface ClientOptions extends Omit<ConnectOptions, "clientId" | "username" | "keepalive" | "will"> {
  modem: M95;
  id?: string;
  user?: string;
  will?: ClientWill;
  /** Keepalive, ms. Default: none. */
  timeout?: number;
}

/** Flags of a PUBLISH as the classic module has them. */
export interface PublishFlags {
  quality?: 0 | 1 | 2;
  retain?: boolean;
}

/** Connected, or not yet. */
const OPEN = 0;
/** `onClose` was called. */
const LOST = 1;
/** By `close`: nothing is called any more. */
const CLOSED = 2;

/**
 * One connection, as in the classic module: when it is lost, or was never made, `onClose` is called once and the client is
 * over. With a `reconnectPeriod` it connects again by itself, subscribes as before, and `onReady` and `onClose` are called
 * each time. `this` is the client in all callbacks.
 */
export class Client {
  /** Connected. */
  declare onReady?: (this: Client) => void;
  declare onMessage?: (this: Client, topic: string, data: ArrayBuffer) => void;
  /** The connection is gone. Not called for `close()`. */
  declare onClose?: (this: Client) => void;
  /** Why something failed; without it the error is traced. */
  declare onError?: (this: Client, error: Error) => void;
  private _client: ReturnType<M95["connect"]>;
  /** How far it is: OPEN, LOST or CLOSED. */
  private _stage: number;

  /** @throws M95Error `EPARAM` or `ETOOBIG` for bad options */
  constructor(options: ClientOptions) {
    const client = connect(options);
    this._client = client;
    this._stage = OPEN;
    const over = (): void => {
      if (this._stage !== OPEN) return;
      this._stage = LOST;
      this.onClose?.();
    };
    client.on("connect", () => {
      if (this._stage === CLOSED) return;
      this._stage = OPEN;
      this.onReady?.();
    });
    client.on("message", (topic, data) => {
      if (this._stage !== CLOSED) this.onMessage?.(topic, data);
    });
    client.on("close", over);
    client.on("end", over);
    client.on("error", (error) => {
      if (this.onError) this.onError(error);
      else options.modem.emit("error", error);
    });
  }

  /** @param data - an ArrayBuffer or a view of one; anything else is sent as its text */
  publish(topic: string, data: unknown, flags?: PublishFlags): void {
    const client = this._client;
    try {
      const bytes = data instanceof ArrayBuffer || ArrayBuffer.isView(data);
      client.publish(topic, bytes ? data : String(data), {
        qos: flags?.quality ?? 0,
        retain: flags?.retain ?? false,
      } as PublishOptions);
    } catch (thrown) {
      // What data or flags say of themselves; the client itself throws nothing.
      client.emit("error", refusal(thrown));
    }
  }

  subscribe(topic: string): void {
    this._client.subscribe(topic);
  }

  unsubscribe(topic: string): void {
    this._client.unsubscribe(topic);
  }

  /**
   * Nothing is called any more. What was published before is sent first.
   * @param immediate - true: without that, and without DISCONNECT, so that the will happens
   */
  close(immediate?: boolean): void {
    this._stage = CLOSED;
    this._client.end(immediate === true);
  }
}

export default Client;

/** @throws M95Error `EPARAM` or `ETOOBIG` for bad options */
function connect(options: ClientOptions): ReturnType<M95["connect"]> {
  try {
    const wanted = Object.assign({ reconnectPeriod: 0 }, options) as unknown as {
      modem?: M95;
      [option: string]: unknown;
    };
    const modem = wanted.modem;
    const timeout = wanted.timeout;
    const will = wanted.will as ClientWill | undefined;
    if (typeof modem?.connect !== "function") throw wrong("modem", "an M95", modem);
    if (timeout !== undefined && typeof timeout !== "number") throw wrong("timeout", "milliseconds", timeout);
    wanted.clientId = wanted.id;
    wanted.username = wanted.user;
    wanted.keepalive = Math.ceil((timeout ?? 0) / 1000);
    wanted.will = will
      ? { topic: will.topic, payload: will.message, qos: will.quality ?? 0, retain: will.retain ?? false }
      : undefined;
    return modem.connect(wanted as unknown as ConnectOptions);
  } catch (error) {
    throw refusal(error);
  }
}

// A client with the surface of the SDK's classic `mqtt` module, over an M95. QoS 0 only, as there.
import type { MqttClient, Will } from "../../core/index.js";
import type { M95 } from "./m95.js";

/** Options as the classic module has them, and the modem. */
export interface ClientOptions {
  modem: M95;
  host: string;
  port?: number;
  id?: string;
  user?: string;
  password?: string;
  will?: { topic: string; message: string; qos?: 0 | 1 | 2; retain?: boolean };
  /** Keepalive, ms. */
  timeout?: number;
}

/** Set `onReady`, `onMessage` and `onClose`; `this` is the client in them. */
export class Client {
  onReady: (() => void) | undefined;
  onMessage: ((topic: string, data: ArrayBuffer) => void) | undefined;
  onClose: (() => void) | undefined;
  private _client: MqttClient;

  /** @throws M95Error `EPARAM` or `ETOOBIG` for bad options */
  constructor(options: ClientOptions) {
    const { modem, host, port, id, user, password, will, timeout } = options;
    const wanted: Parameters<M95["connect"]>[0] = { host };
    if (port !== undefined) wanted.port = port;
    if (id !== undefined) wanted.clientId = id;
    if (user !== undefined) wanted.username = user;
    if (password !== undefined) wanted.password = password;
    if (timeout !== undefined) wanted.keepalive = Math.ceil(timeout / 1000);
    if (will) {
      const { message, ...rest } = will;
      wanted.will = { ...rest, payload: message } as Will;
    }
    const client = modem.connect(wanted);
    client.on("connect", () => this.onReady?.());
    client.on("message", (topic: string, data: ArrayBuffer) => this.onMessage?.(topic, data));
    client.on("close", () => this.onClose?.());
    this._client = client;
  }

  publish(topic: string, data: string | ArrayBuffer): void {
    this._client.publish(topic, data);
  }

  subscribe(topic: string): void {
    this._client.subscribe(topic);
  }

  unsubscribe(topic: string): void {
    this._client.unsubscribe(topic);
  }

  close(): void {
    this._client.end();
  }
}

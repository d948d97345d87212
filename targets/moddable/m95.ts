// The M95 on Moddable: ports made of ECMA-419 IO classes that the application injects. It includes no IO module itself.
import { readable, reason, wrong } from "../../core/arguments.js";
import {
  type ClientEvents,
  type ConnectOptions,
  M95 as CoreM95,
  type M95Options as CoreOptions,
  explain,
  type M95Events,
  type Secure,
  secure,
  type TlsOptions,
} from "../../core/index.js";
import { AsyncMqttClient } from "../../core/mqtt/async.js";
import { TicksClock } from "./clock.js";
import { codec } from "./codec.js";
import { boardOf, Pins, type PowerOptions } from "./pins.js";
import { type SerialOptions, SerialUart } from "./uart.js";

/** Options of an `M95`: the core's without its ports, and the IO classes in their place. */
export interface M95Options extends Omit<CoreOptions, "uart" | "clock" | "power" | "codec" | "flowControl"> {
  serial: SerialOptions;
  /** Without it, the modem is taken as powered. */
  power?: PowerOptions;
  /** A known board, such as `"esp32-devkitc"`: stands for all pins that are not given here. */
  board?: string;
  /** Microcontrollers' serial ports have no flow control; "none" tells the modem so. Default: left as it is. */
  flowControl?: "none";
}

/** Errors that nobody listens to are traced, so that they are seen in the debugger's console. */
function traceUnheard(heard: boolean, event: unknown, error: unknown): boolean {
  if (!heard && event === "error") {
    const { code } = (error || {}) as { code?: unknown };
    trace(`m95-mqtt: ${typeof code === "string" ? code : "error"}: ${reason(error)}\n`);
  }
  return heard;
}

/** An MQTT client; payloads of messages are ArrayBuffers. */
export class MqttClient extends AsyncMqttClient<ArrayBuffer> {
  override emit<E extends keyof ClientEvents<ArrayBuffer>>(
    event: E,
    ...args: [
      a?: ClientEvents<ArrayBuffer>[E][0],
      b?: ClientEvents<ArrayBuffer>[E][1],
      c?: ClientEvents<ArrayBuffer>[E][2],
    ]
  ): boolean {
    return traceUnheard(super.emit(event, ...args), event, args[0]);
  }
}

/** One modem on one serial port. */
export class M95 extends CoreM95 {
  private _uart: SerialUart;
  private _pins: Pins;

  /** @throws M95Error `EPARAM` or `ETOOBIG` for bad options; what the IO classes throw. Nothing stays open then. */
  constructor(options: M95Options) {
    const { serial, power, board, ...rest } = readable(options);
    if (rest.flowControl !== undefined && rest.flowControl !== "none")
      throw wrong("flowControl", '"none": the serial port has no other', rest.flowControl);
    const known =
      board === undefined ? { serial: {}, pins: {} } : boardOf(board, rest.sleep !== undefined && rest.sleep !== "off");
    const clock = new TicksClock();
    const pins = new Pins();
    // A modem that keeps a rate hears no other one.
    const baud = typeof rest.baud === "number" ? rest.baud : 115200;
    const uart = new SerialUart({ baud, ...known.serial, ...readable(serial) }, clock);
    try {
      const own = power ? { power: pins.powerSwitch({ ...known.pins, ...readable(power) }, clock) } : {};
      super({ wallClock: Date.now, ...rest, ...own, uart, clock, codec });
    } catch (error) {
      uart.close();
      pins.close();
      throw error;
    }
    this._uart = uart;
    this._pins = pins;
    uart.onError = clock.onError = (error) => this.emit("error", error as Error);
  }

  override connect(options: ConnectOptions): MqttClient {
    return super.connect(options) as MqttClient;
  }

  override emit<E extends keyof M95Events>(
    event: E,
    ...args: [a?: M95Events[E][0], b?: M95Events[E][1], c?: M95Events[E][2]]
  ): boolean {
    return traceUnheard(super.emit(event, ...args), event, args[0]);
  }

  /** Gives port and pins back; clients end. The modem is not switched off by this: that is `stop`, before. */
  close(): void {
    this._uart.close();
    this._pins.close();
  }

  override explain(family: string, code: number): string {
    return explain(family, code);
  }

  override secured(id: number, tls: boolean | TlsOptions | undefined): Secure | undefined {
    // A program without TLS need not have its code.
    if (tls === false || (tls === undefined && !this.tls)) return undefined;
    return secure.call(this as never, id, tls);
  }

  protected override createClient(id: number, options: ConnectOptions): MqttClient {
    return new MqttClient(this, id, options);
  }
}

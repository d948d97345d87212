// The M95 on Moddable: ports made of ECMA-419 IO classes that the application injects. It includes no IO module itself.
import { readable, reason, wrong } from "../../core/arguments.js";
import { Emitter } from "../../core/emitter.js";
import {
  type ConnectOptions,
  M95 as CoreM95,
  type M95Options as CoreOptions,
  explain,
  type Secure,
  secure,
  type TlsOptions,
} from "../../core/index.js";
import { AsyncMqttClient } from "../../core/mqtt/async.js";
import { TicksClock } from "./clock.js";
import { codec } from "./codec.js";
import { boardOf, type Pin, type PowerOptions, powerOf } from "./pins.js";
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
function emit(this: Emitter, event: string, error?: { code?: unknown }): boolean {
  // biome-ignore lint/complexity/noArguments: all there are go on; an array of them is long code in XS.
  const heard = Emitter.prototype.emit.apply(this, arguments as never);
  if (!heard && event === "error")
    trace(`m95-mqtt: ${typeof error?.code === "string" ? error.code : "error"}: ${reason(error)}\n`);
  return heard;
}

/** An MQTT client; payloads of messages are ArrayBuffers. */
export class MqttClient extends AsyncMqttClient<ArrayBuffer> {}

/** One modem on one serial port. */
export class M95 extends CoreM95 {
  /** Closes port and pins. */
  private _release: () => void;

  /** @throws M95Error `EPARAM` or `ETOOBIG` for bad options; what the IO classes throw. Nothing stays open then. */
  constructor(options: M95Options) {
    const all: Omit<M95Options, "power"> & Partial<Omit<CoreOptions, keyof M95Options>> & { power?: unknown } =
      Object.assign({ wallClock: Date.now }, readable(options));
    if (all.flowControl !== undefined && all.flowControl !== "none")
      throw wrong("flowControl", '"none": the serial port has no other', all.flowControl);
    const known = boardOf(all.board, all.sleep !== undefined && all.sleep !== "off");
    const clock = new TicksClock();
    const pins: Pin[] = [];
    // A modem that keeps a rate hears no other one.
    const baud = typeof all.baud === "number" ? all.baud : 115200;
    const uart = new SerialUart(Object.assign({ baud }, known.serial, readable(all.serial)), clock);
    const release = (): void => {
      uart.close();
      pins.splice(0).forEach((pin) => {
        pin.close();
      });
    };
    try {
      all.power = all.power
        ? powerOf(Object.assign({}, known.pins, readable(all.power as PowerOptions)), clock, pins)
        : undefined;
      all.uart = uart;
      all.clock = clock;
      all.codec = codec;
      super(all as CoreOptions);
    } catch (error) {
      release();
      throw error;
    }
    this._release = release;
    uart.onError = clock.onError = (error) => this.emit("error", error as Error);
  }

  override connect(options: ConnectOptions): MqttClient {
    return super.connect(options) as MqttClient;
  }

  /** Gives port and pins back; clients end. The modem is not switched off by this: that is `stop`, before. */
  close(): void {
    this._release();
  }

  override explain(family: string, code: number): string {
    return explain(family, code);
  }

  override secured(id: number, tls: boolean | TlsOptions | undefined): Secure | undefined {
    // Not called without TLS: a program that has none need not have its code.
    return secure.call(this as never, id, tls);
  }

  protected override createClient(id: number, options: ConnectOptions): MqttClient {
    return new MqttClient(this, id, options);
  }
}

MqttClient.prototype.emit = M95.prototype.emit = emit as never;

// The Espruino module: require("M95").connect(serial, options, callback), in the manner of Espruino's own modem modules.
// Strings in, strings out; pins and ports are Espruino's.
import { powerSwitch } from "../../board-wiring/power-switch.js";
import {
  type ConnectOptions,
  explain,
  M95,
  type M95Options,
  type MqttClient,
  type PacketInfo,
} from "../../core/index.js";

/** What the target uses of Espruino. */
interface Serial {
  write(data: string): void;
  on(event: "data", listener: (data: string) => void): void;
  setup(baud: number, options: object): void;
}

interface Pin {
  write(level: 0 | 1): void;
  read(): 0 | 1;
}

declare const E: {
  on(event: "errorFlag", listener: (flags: string[]) => void): void;
  toString(value: unknown): string | undefined;
};
declare function getTime(): number;
declare function setTimeout(fn: () => void, ms: number): unknown;
declare function clearTimeout(handle: unknown): void;

/** Options of `connect`: those of the core without its ports, and the pins. */
export interface EspruinoOptions extends Omit<M95Options, "uart" | "clock" | "power" | "codec"> {
  /** PWRKEY; without it the modem is taken as powered. */
  pwrkey?: Pin;
  status?: Pin;
  emergOff?: Pin;
  supply?: Pin;
  /** The level that presses the key, default 1: a transistor inverts. */
  pwrkeyPressed?: 0 | 1;
  /** Pins of the serial port, as for `Serial.setup`; needed only when `baud` is to be changed by the driver. */
  serial?: object;
}

type Modem = M95 & {
  /** An MQTT client; it connects by itself. */
  mqtt(options: ConnectOptions): MqttClient;
};

const clock = {
  now() {
    return getTime() * 1000;
  },
  after(ms: number, fn: () => void) {
    return setTimeout(fn, ms);
  },
  cancel(handle: unknown) {
    clearTimeout(handle);
  },
};

const codec = {
  // Strings are bytes here; E.toString takes the typed arrays.
  toBytes(value: unknown) {
    return typeof value === "string" ? value : E.toString(value);
  },
  toText(bytes: string) {
    return bytes;
  },
  toPayload(bytes: string) {
    return bytes;
  },
};

M95.prototype.explain = explain;

/** A client whose events have the names of Espruino's MQTT module too: `connected`, `publish`, `disconnected`. */
function mqtt(this: M95, options: ConnectOptions): MqttClient {
  const client = this.connect(options);
  client.on("connect", () => client.emit("connected"));
  client.on("close", () => client.emit("disconnected"));
  client.on("message", (topic: string, message: string, packet: PacketInfo) =>
    client.emit("publish", { topic, message, qos: packet.qos, msgid: packet.msgid, ambiguous: packet.ambiguous }),
  );
  return client;
}

/**
 * Starts the modem on a serial port that is set up already.
 * @param callback - called with an error, or without one and with the modem when it is ready
 * @returns the modem
 * @throws M95Error `EPARAM` or `ETOOBIG` for bad options
 */
export function connect(
  serial: Serial,
  options: EspruinoOptions,
  callback?: (error: Error | null, modem: Modem) => void,
): Modem {
  const o = options;
  const uart = {
    write(data: string) {
      serial.write(data);
    },
    onReceive(_chunk: string) {},
    onOverrun() {},
    setBaud(baud: number) {
      if (o.serial) serial.setup(baud, o.serial);
    },
  };
  const power = o.pwrkey
    ? powerSwitch(
        { pwrkey: o.pwrkey, status: o.status, emergOff: o.emergOff, supply: o.supply } as Parameters<
          typeof powerSwitch
        >[0],
        clock,
        { pwrkeyPressed: o.pwrkeyPressed === 0 ? 0 : 1 },
      )
    : undefined;
  const modem = new M95(Object.assign({}, o, { uart, clock, codec, power }) as M95Options) as Modem;
  modem.mqtt = mqtt;
  serial.on("data", (data) => uart.onReceive(data));
  E.on("errorFlag", (flags) => {
    if (flags.indexOf("FIFO_FULL") >= 0) uart.onOverrun();
  });
  modem.start((error) => {
    if (callback) callback(error || null, modem);
  });
  return modem;
}

export { M95Error } from "../../core/index.js";

// Opens a modem by the path of its serial port, or on any Duplex stream. The package serialport is loaded only for a path.
import type { Duplex } from "node:stream";
import { M95Error } from "../../core/index.js";
import { M95, type M95Options } from "./m95.js";
import { streamUart } from "./uart.js";

export type OpenOptions = Omit<M95Options, "uart"> & {
  /** Rate at which a path is opened, baud; default: option `baud`, else 115200. */
  baudRate?: number;
};

/**
 * A modem on a serial port or stream. The port is open then; nothing was sent and the modem not started.
 * @param port - such as `/dev/ttyUSB0` or `COM3`, or a Duplex stream
 * @returns rejects with an M95Error `EPARAM` when `serialport` is not installed or an option is bad, and with the system's
 * error when the port cannot be opened
 */
export async function openM95(port: string | Duplex, options: OpenOptions = {}): Promise<M95> {
  const { baudRate = options.baud ?? 115200, ...rest } = options;
  const opened = typeof port === "string";
  const stream = opened ? await openPort(port, baudRate, options.flowControl) : port;
  if (!stream || typeof stream.write !== "function" || typeof stream.on !== "function")
    throw new M95Error("EPARAM", `port must be a path or a Duplex stream, not ${typeof port}`);
  try {
    return new M95({ ...rest, uart: streamUart(stream) });
  } catch (error) {
    if (opened) stream.destroy();
    throw error;
  }
}

async function openPort(path: string, baudRate: number, flow: OpenOptions["flowControl"]): Promise<Duplex> {
  let serialport: typeof import("serialport");
  try {
    serialport = await import("serialport");
  } catch (cause) {
    const error = new M95Error(
      "EPARAM",
      `port ${path} is a path, and opening one needs the package serialport, which cannot be loaded: npm install serialport`,
    );
    throw Object.assign(error, { cause });
  }
  const { SerialPort } = serialport;
  return new Promise((resolve, reject) => {
    const software = flow === "software";
    const port: InstanceType<typeof SerialPort> = new SerialPort(
      { path, baudRate, rtscts: flow === "hardware", xon: software, xoff: software },
      (error) => (error ? reject(error) : resolve(port)),
    );
  });
}

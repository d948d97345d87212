// Opens a modem by the path of its serial port, or on any Duplex stream. The package serialport is loaded only for a path.
import { once } from "node:events";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { integer, readable } from "../../core/arguments.js";
import { M95Error } from "../../core/index.js";
import { M95 } from "./m95.js";
import { checkObject, checkTrace } from "./options.js";
import type { OpenOptions } from "./types.js";
import { checkStream, streamUart } from "./uart.js";

/**
 * A modem on a serial port or stream. The port is open then; nothing was sent and the modem not started. Errors of the
 * port later on are `"error"` events of the modem.
 * @param port - such as `/dev/ttyUSB0` or `COM3`, or a Duplex stream; a socket may still be connecting
 * @returns rejects with an M95Error `EPARAM` when `serialport` is not installed or an argument is bad, and with the system's
 * error when the port cannot be opened
 */
export async function openM95(port: string | Duplex, options: OpenOptions = {}): Promise<M95> {
  checkObject(options, '{ apn: "internet" }');
  const { baudRate, ...rest } = readable(options);
  const { trace, ...checked } = rest;
  // Bad options are refused before a port is touched: opening one moves its control lines.
  new M95({ ...checked, uart: { write() {}, onReceive() {} } });
  checkTrace(trace);
  const rate = baudRate ?? rest.baud ?? 115200;
  const stream = typeof port === "string" ? await openPort(port, rate, rest.flowControl) : await openStream(port);
  const uart = streamUart(stream, (error) => modem?.emit("error", error));
  let modem: M95 | undefined;
  try {
    modem = new M95({ ...rest, uart });
    return modem;
  } catch (error) {
    // What was opened here is closed here: it would keep the port, and the process alive.
    if (typeof port === "string") await new Promise<void>((done) => uart.close!(done));
    throw error;
  }
}

async function openStream(stream: Duplex): Promise<Duplex> {
  checkStream("port", stream);
  const { readableEncoding: encoding } = stream;
  if (encoding && encoding !== "latin1" && encoding !== "binary")
    throw new M95Error("EPARAM", `port must be a stream of bytes, not of text in ${encoding}`);
  if ((stream as Socket).connecting) await once(stream, "connect");
  if (!stream.readable || !stream.writable)
    throw new M95Error("EPARAM", "port must be an open stream, not a closed one");
  return stream;
}

async function openPort(path: string, baudRate: number, flow: OpenOptions["flowControl"]): Promise<Duplex> {
  if (path === "") throw new M95Error("EPARAM", "port must be a path or a Duplex stream, not an empty string");
  integer("baudRate", baudRate, 1, 4_000_000);
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
      (error) => (error ? reject(explained(path, error)) : resolve(port)),
    );
  });
}

/** The system's error, with the port and what to do where that is known. */
function explained(path: string, error: Error): Error {
  const { message } = error;
  const known: [RegExp, string][] = [
    [
      /lock|busy|temporarily unavailable|EBUSY|access denied/i,
      "it is in use by another program, or by another modem of this one: close that first",
    ],
    [/permission|EACCES/i, "this user may not open it: on Linux, join the group that owns it (dialout)"],
    [/no such file|ENOENT|file not found/i, "there is no such port: is the adapter plugged in, and this its name?"],
  ];
  const hint = known.find(([pattern]) => pattern.test(message))?.[1];
  error.message = `port ${path} cannot be opened: ${message}${hint === undefined ? "" : ` (${hint})`}`;
  return error;
}

// A Duplex stream as the core's Uart port. Opening devices is open.ts's.
import type { Duplex } from "node:stream";
import type { Uart } from "../../core/index.js";

/** The part of `serialport`'s SerialPort that a plain Duplex does not have. */
interface RateSetter {
  update?(options: { baudRate: number }): void;
}

/**
 * Carries a modem's bytes over any Duplex stream: a serial port, a TCP socket to a serial server, a pty. Writing is not
 * paced here: the driver has one command on its way at a time, so what a stream holds back stays small.
 * @param onError - gets the stream's errors, which the Uart port has no words for; it can only say that the line is gone
 */
export function streamUart(stream: Duplex & RateSetter, onError?: (error: Error) => void): Uart {
  let closed = false;
  const uart: Uart = {
    write(data) {
      if (!closed) stream.write(Buffer.from(data, "latin1"));
    },
    onReceive() {},
    close() {
      stream.destroy();
    },
  };
  if (typeof stream.update === "function") uart.setBaud = (baud) => stream.update?.({ baudRate: baud });
  const over = () => {
    if (closed) return;
    closed = true;
    uart.onClose?.();
  };
  stream.on("data", (chunk: Buffer | string) => {
    uart.onReceive(typeof chunk === "string" ? chunk : chunk.toString("latin1"));
  });
  stream.on("error", (error) => {
    onError?.(error);
    over();
  });
  stream.on("end", over);
  stream.on("close", over);
  return uart;
}

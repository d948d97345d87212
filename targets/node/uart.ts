// A Duplex stream as the core's Uart port. Opening devices is open.ts's.
import type { Duplex } from "node:stream";
import { refusal } from "../../core/arguments.js";
import { M95Error, type Uart } from "../../core/index.js";

/** The part of `serialport`'s SerialPort that a plain Duplex does not have. */
interface SerialPortLike {
  update?(options: { baudRate: number }): void;
  readonly isOpen?: boolean;
  close?(done?: (error?: Error | null) => void): void;
}

/** @throws M95Error `EPARAM` for what is no Duplex stream */
export function checkStream(field: string, stream: unknown): asserts stream is Duplex {
  let good: boolean;
  try {
    const { write, read } = (stream ?? {}) as Partial<Duplex>;
    good = typeof write === "function" && typeof read === "function";
  } catch (error) {
    throw refusal(error);
  }
  if (good) return;
  const wanted = field === "port" ? "a path or a Duplex stream" : "a Duplex stream";
  throw new M95Error("EPARAM", `${field} must be ${wanted}, not ${stream === null ? "null" : typeof stream}`);
}

/**
 * Carries a modem's bytes over any Duplex stream: a serial port, a TCP socket to a serial server, a pty. Writing is not
 * paced here: the driver has one command on its way at a time, so what a stream holds back stays small.
 * @param onError - gets the stream's errors, which the Uart port has no words for; it can only say that the line is gone
 * @throws M95Error `EPARAM` for what is no stream
 */
export function streamUart(stream: Duplex & SerialPortLike, onError?: (error: Error) => void): Uart {
  checkStream("stream", stream);
  let closed = false;
  const uart: Uart = {
    write(data) {
      if (!closed) stream.write(Buffer.from(data, "latin1"));
    },
    onReceive() {},
    close(done) {
      closed = true;
      closeStream(stream, done ?? (() => {}));
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

/** `destroy()` of a serial port keeps its descriptor, and with it process and port; it has a `close` of its own. */
function closeStream(stream: Duplex & SerialPortLike, done: () => void): void {
  const { isOpen } = stream;
  if (typeof stream.close === "function" && typeof isOpen === "boolean") {
    if (isOpen) stream.close(() => done());
    else setImmediate(done);
  } else if (typeof stream.destroy !== "function") {
    // It reads and writes, and that is all that is known of it.
    stream.end?.();
    setImmediate(done);
  } else {
    stream.destroy();
    // Not every stream says when it is closed.
    const look = (): void => {
      if (stream.closed ?? stream.destroyed) done();
      else setTimeout(look, 10);
    };
    setImmediate(look);
  }
}

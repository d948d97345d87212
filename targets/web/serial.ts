// A port of Web Serial as the core's Uart. It chooses no port: browsers let only a click do that.
import type { Uart } from "../../core/index.js";
import { fromBytes, toBytes } from "./codec.js";

/** The part of Web Serial's SerialPort that is used; it has no types of its own yet. */
export interface SerialPortLike {
  readonly readable: ReadableStream<Uint8Array> | null | undefined;
  readonly writable: WritableStream<Uint8Array<ArrayBuffer>> | null | undefined;
  open(options: { baudRate: number; bufferSize?: number; flowControl?: "none" | "hardware" }): Promise<void>;
  close(): Promise<void>;
  setSignals?(signals: { dataTerminalReady?: boolean; requestToSend?: boolean }): Promise<void>;
}

/** A Uart whose other end is a port of Web Serial. */
export interface WebUart extends Uart {
  setBaud(baud: number): void;
  /** DTR of the adapter: its output is low when it is asserted. */
  dtr(level: 0 | 1): void;
  close(): Promise<void>;
}

/** Bytes that the browser keeps for a page that is busy. */
const BUFFER = 16_384;

/**
 * Opens a port that the user has chosen.
 * @throws the browser's error when it cannot be opened
 */
export async function openSerial(port: SerialPortLike, baudRate: number): Promise<WebUart> {
  let closed = false;
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  let reading: Promise<void> = Promise.resolve();
  /** Whatever is done to the port is done in order. */
  let last: Promise<void> = Promise.resolve();
  const lost = (): void => {
    if (closed) return;
    closed = true;
    uart.onClose?.();
  };
  const then = (what: () => Promise<void>): Promise<void> => {
    last = last.then(what).catch(lost);
    return last;
  };
  const read = async (): Promise<void> => {
    // A framing or overrun error ends one stream, and the port has another.
    while (port.readable && reader === undefined) {
      reader = port.readable.getReader();
      try {
        for (;;) {
          const { value, done } = await reader.read();
          if (done) return;
          uart.onReceive(fromBytes(value));
        }
      } catch {
        uart.onOverrun?.();
      } finally {
        reader.releaseLock();
        reader = undefined;
      }
    }
    lost();
  };
  const begin = async (baud: number): Promise<void> => {
    await port.open({ baudRate: baud, bufferSize: BUFFER });
    reading = read();
  };
  const end = async (): Promise<void> => {
    await reader?.cancel().catch(() => {});
    await reading;
    await port.close();
  };
  const uart: WebUart = {
    write(data) {
      if (closed) return;
      void then(async () => {
        const writer = port.writable!.getWriter();
        try {
          await writer.write(toBytes(data));
        } finally {
          writer.releaseLock();
        }
      });
    },
    onReceive() {},
    // Web Serial cannot change the rate of an open port.
    setBaud(baud) {
      void then(async () => {
        await end();
        await begin(baud);
      });
    },
    dtr(level) {
      void then(async () => port.setSignals?.({ dataTerminalReady: level === 0 }));
    },
    async close() {
      await last;
      if (closed) return;
      closed = true;
      await end().catch(() => {});
    },
  };
  await begin(baudRate);
  return uart;
}

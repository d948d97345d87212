// A serial port of ECMA-419 (`embedded:io/serial`) as the core's Uart port: writes paced by onWritable, nothing after close.
import type { Uart } from "../../core/index.js";
import { fromBuffer, toBuffer } from "./codec.js";

/** The portable part of an ECMA-419 Serial. */
export interface Serial {
  read(): ArrayBuffer | undefined;
  write(data: ArrayBuffer): void;
  close(): void;
}

/** Options as the IO classes take them: the class in `io`, what it needs beside it. */
export interface SerialOptions {
  io: new (options: object) => Serial;
  baud?: number;
  [option: string]: unknown;
}

/** Bytes that may wait for room in the port; the driver has one command of at most about 2 kB on its way. */
const QUEUE = 4096;

export class SerialUart implements Uart {
  onReceive: (chunk: string) => void;
  onOverrun: (() => void) | undefined;
  private _serial: Serial | undefined;
  private _waiting: string;
  /** Bytes that the port takes now. */
  private _room: number;

  constructor(options: SerialOptions) {
    this.onReceive = () => undefined;
    this.onOverrun = undefined;
    this._waiting = "";
    this._room = 0;
    const Io = options.io;
    this._serial = new Io({
      ...options,
      format: "buffer",
      onReadable: () => this._readable(),
      onWritable: (count: number) => this._writable(count),
    });
  }

  write(data: string): void {
    if (this._waiting.length + data.length > QUEUE) {
      this.onOverrun?.();
      return;
    }
    this._waiting += data;
    this._flush();
  }

  close(): void {
    const serial = this._serial;
    this._serial = undefined;
    this._waiting = "";
    serial?.close();
  }

  private _readable(): void {
    // Drained at once: the hardware's FIFO holds 11 ms at 115200 baud.
    for (;;) {
      const data = this._serial?.read();
      if (!data?.byteLength) return;
      this.onReceive(fromBuffer(data));
    }
  }

  private _writable(count: number): void {
    this._room = count;
    this._flush();
  }

  private _flush(): void {
    const serial = this._serial;
    const count = Math.min(this._room, this._waiting.length);
    if (!serial || !count) return;
    const piece = toBuffer(this._waiting.substring(0, count));
    this._waiting = this._waiting.substring(count);
    this._room -= count;
    serial.write(piece);
  }
}

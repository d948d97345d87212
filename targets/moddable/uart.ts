// A serial port of ECMA-419 (`embedded:io/serial`) as the core's Uart port: writes paced by onWritable, nothing after
// close. It sets no pins and knows no modem; flow control is not there on any microcontroller's port.
import { wrong } from "../../core/arguments.js";
import { type Clock, M95Error, type TimerHandle, type Uart } from "../../core/index.js";
import { fromBuffer, toBuffer } from "./codec.js";

/** The portable part of an ECMA-419 Serial. */
export interface Serial {
  /** Numbers come only in a format that is not asked for. */
  read(): number | ArrayBuffer | undefined;
  write(data: ArrayBuffer): void;
  close(): void;
}

/** Options as the IO classes take them: the class in `io`, what it needs beside it. */
export interface SerialOptions {
  /** The IO class, `device.io.Serial`. */
  io: new (
    options: never,
  ) => Serial;
  /** Rate of the port; unless given, the `M95`'s option `baud` or else 115200. A modem without a fixed rate finds it out. */
  baud?: number;
  [option: string]: unknown;
}

/** Bytes that may wait for room in the port when more are written; what is written then may be long, such as a certificate. */
export const QUEUE_LIMIT = 4096;

/** ms until a refused write is tried again. */
const RETRY = 20;

export class SerialUart implements Uart {
  onReceive: (chunk: string) => void;
  onOverrun: (() => void) | undefined;
  onClose: (() => void) | undefined;
  /** Told of what goes wrong in the port; it has no caller to be thrown at. */
  onError: ((error: unknown) => void) | undefined;
  private _options: SerialOptions;
  private _clock: Clock;
  private _serial: Serial | undefined;
  private _closed: boolean;
  /** What waits for room, and how much of it is in the port already. */
  private _waiting: string;
  private _at: number;
  /** Bytes that the port takes now. */
  private _room: number;
  private _timer: TimerHandle;

  /** @throws M95Error `EPARAM` when there is no class; what the class throws */
  constructor(options: SerialOptions, clock: Clock) {
    if (!options || typeof options.io !== "function")
      throw wrong("serial.io", "an ECMA-419 Serial class, such as device.io.Serial", options?.io);
    this.onReceive = () => undefined;
    this._clock = clock;
    this._options = { ...options, format: "buffer" };
    this._closed = false;
    this._waiting = "";
    this._room = this._at = 0;
    this._open();
  }

  write(data: string): void {
    if (this._closed) return;
    const left = this._waiting.length - this._at;
    if (left && left + data.length > QUEUE_LIMIT) {
      this._tell(new M95Error("EQUEUE", `the serial port takes no data: ${left} bytes wait already`));
      return;
    }
    this._waiting = left ? this._waiting.substring(this._at) + data : data;
    this._at = 0;
    this._flush();
  }

  setBaud(baud: number): void {
    this._options.baud = baud;
    this._release();
  }

  close(): void {
    if (this._closed) return;
    this._closed = true;
    this._waiting = "";
    this._at = 0;
    this._release();
    this.onClose?.();
  }

  private _open(): void {
    const Io = this._options.io as new (options: object) => Serial;
    // What the port calls catches everything: an exception would reboot an ESP32 and get lost on Linux.
    const safely = (work: (count: number) => void) => (count: number) => {
      try {
        work(count);
      } catch (error) {
        this._tell(error);
      }
    };
    this._serial = new Io({
      ...this._options,
      onReadable: safely(() => {
        // All of it and at once: the hardware's FIFO holds 11 ms at 115200 baud. `read(n)` is not clamped on ESP32.
        for (;;) {
          const data = this._serial?.read() as ArrayBuffer | undefined;
          if (!data?.byteLength) return;
          this.onReceive(fromBuffer(data));
        }
      }),
      onWritable: safely((count) => this._writable(count)),
      // Only where there is an operating system: the adapter was unplugged, and the port closes itself after this.
      onError: safely(() => {
        this._serial = undefined;
        this.close();
      }),
    });
    // A port may have said what it takes while it was being made.
    this._flush();
  }

  /**
   * Lets the port go: from here on it is not touched. It is closed from a timer, because ESP32 and Linux go on using its
   * memory after a callback in which it was closed; then it is opened anew, unless the line is closed.
   */
  private _release(): void {
    const serial = this._serial;
    this._serial = undefined;
    this._room = 0;
    this._clock.after(0, () => {
      serial?.close();
      if (this._closed) return;
      try {
        this._open();
      } catch (error) {
        this._tell(error);
        this.close();
      }
    });
  }

  private _writable(count: number): void {
    this._room = count;
    this._flush();
  }

  private _flush(): void {
    while (this._serial && this._room > 0 && this._at < this._waiting.length) {
      // Only what fits is made a buffer: a certificate is not there twice.
      const piece = toBuffer(this._waiting.substring(this._at, this._at + this._room));
      try {
        this._serial.write(piece);
      } catch (_error) {
        // It has less room than it said; nothing was written.
        this._room = 0;
        this._tryAgain(Math.ceil(piece.byteLength / 2));
        return;
      }
      this._room -= piece.byteLength;
      this._at += piece.byteLength;
      if (this._at < this._waiting.length) continue;
      this._waiting = "";
      this._at = 0;
    }
  }

  /** An ESP32 that refused a write need not call onWritable. */
  private _tryAgain(count: number): void {
    if (this._timer === undefined)
      this._timer = this._clock.after(RETRY, () => {
        this._timer = undefined;
        if (!this._room) this._writable(count);
      });
  }

  private _tell(error: unknown): void {
    this.onError?.(error);
  }
}

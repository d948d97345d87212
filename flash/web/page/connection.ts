// The board's link in a browser, by way of @espruino-tools/core: its DeviceController and the UART in it. What the
// package leaves open is closed here: its dialogue cannot be used with keys, it tells nobody when no port was chosen,
// and it cannot let go of a serial port. It knows nothing of flashing.
import { DeviceController } from "@espruino-tools/core";
import { FlashError } from "../../board/errors.js";
import type { Link } from "../../board/session.js";

/** How a board can be reached; the package's own names. */
export type Way = "Web Serial" | "Web Bluetooth";

/** The package's connection, as far as it is used. */
interface Connection {
  isOpen: boolean;
  isOpening: boolean;
  received: string;
  hadData?: boolean;
  cb?: (data: string) => void;
  on(event: "data", listener: (data: string) => void): void;
  on(event: "close", listener: () => void): void;
  write(data: string, written: () => void): void;
  close(): void;
}

const XON = "\x11";
/**
 * While it may not send by Bluetooth, the package looks every 50 ms whether it may, also when it has nothing left to
 * send. Bytes given to it between XON and the next look are sent by both, the write and the look, at once.
 */
const AFTER_XON = 60;

/** Web Serial has no types yet. */
const serial = (navigator as { serial?: EventTarget }).serial;

/** What this browser can do. */
export const support = { usb: serial !== undefined, bluetooth: "bluetooth" in navigator };

/** A connected board. */
export class BoardLink implements Link {
  onData: (data: string) => void = () => {};
  onClose: () => void = () => {};

  #closing = false;
  #asking = false;
  #ready: Promise<void> = Promise.resolve();

  private constructor(
    private readonly device: DeviceController,
    private readonly connection: Connection,
  ) {
    connection.on("data", (data) => {
      // The package holds the port while it waits for bytes, and for this moment it does not.
      if (this.#closing) return connection.close();
      // Its own questions wait for these, which it sets only for connections that it opened unasked.
      connection.received += data;
      connection.hadData = true;
      connection.cb?.(data);
      if (data.includes(XON)) this.#ready = new Promise((resolve) => setTimeout(resolve, AFTER_XON));
      if (!this.#asking) this.onData(data);
    });
    connection.on("close", () => this.onClose());
    // An unplugged board ends the package's reading with an error that it does not look at.
    serial?.addEventListener("disconnect", () => this.onClose());
  }

  /**
   * Lets the user choose a board. To be called from a click: browsers allow it only then.
   * @throws FlashError when none was chosen, or it cannot be opened
   */
  static open(way: Way): Promise<BoardLink> {
    const device = new DeviceController();
    // The package fills in the object it returns here only after the user's choice.
    const connection = device.UART.connect(() => {}) as Connection;
    choose(way);
    return new Promise((resolve, reject) => {
      const timer = setInterval(() => {
        if (connection.isOpening) return;
        clearInterval(timer);
        if (connection.isOpen) resolve(new BoardLink(device, connection));
        else
          reject(
            new FlashError(
              "Not connected",
              "No board was chosen, or another program has it: close the Web IDE and terminals, then try again.",
            ),
          );
      }, 50);
    });
  }

  async write(data: string): Promise<void> {
    await this.#ready;
    return new Promise((resolve) => this.connection.write(data, resolve));
  }

  /** The board's own name for its kind. */
  async kind(): Promise<string> {
    this.#asking = true;
    // The package looks at what has come only when more comes; an answer that was quick it would overlook.
    const nudge = setInterval(() => this.connection.cb?.(""), 50);
    const { data } = (await this.device.getDeviceType()) as unknown as { data: string | null };
    clearInterval(nudge);
    this.#asking = false;
    return data ?? "an unknown board";
  }

  /** Lets go of the board, with its next byte: the line end makes it send one. */
  async close(): Promise<void> {
    this.#closing = true;
    // The package goes on to read from the port that it has let go, and looks at no error.
    addEventListener("unhandledrejection", (event) => event.preventDefault(), { once: true });
    await this.write("\n");
  }
}

/** Picks an entry of the package's dialogue, which is gone again before it is seen. */
function choose(way: Way): void {
  for (const name of document.querySelectorAll<HTMLElement>(".esp-tools-name"))
    if (name.textContent === way) name.click();
}

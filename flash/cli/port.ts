// Serial ports by way of the `espruino` package: finding them, and a link over one of them. The package is kept quiet
// and away from the network; it speaks to no board by itself.
import { existsSync, readdirSync } from "node:fs";
import { SerialPort } from "serialport";
import { FlashError } from "../board/errors.js";
import type { Link } from "../board/session.js";

/** A port that was found. */
export interface Found {
  path: string;
  /** What is known of it, for people. */
  description: string;
}

/** A link that can be closed. */
export interface PortLink extends Link {
  close(): Promise<void>;
}

let loading: Promise<typeof Espruino> | undefined;

/** Loads the package, once. It prints all it does with console.log, so that is silenced for as long as we run. */
function load(): Promise<typeof Espruino> {
  loading ??= (async () => {
    console.log = console.warn = console.error = () => {};
    const { default: espruino } = (await import("espruino")) as unknown as { default: typeof import("espruino") };
    await new Promise<void>((resolve) => espruino.init(resolve));
    // On connecting it would ask the board who it is, then the web about that board.
    Espruino.Config.set("ENV_ON_CONNECT", false);
    const { Serial } = Espruino.Core;
    // Bluetooth, sockets and audio need packages that are not installed, and none of them is a serial port.
    Serial.devices.splice(0, Infinity, ...Serial.devices.filter(({ name }) => name === "Node Serial"));
    return Espruino;
  })();
  return loading;
}

/** Serial ports that may have a board. */
export async function findPorts(): Promise<Found[]> {
  const { Serial } = (await load()).Core;
  const ports = await new Promise<EspruinoPort[]>((resolve) => Serial.getPorts(resolve));
  const found = ports.map(({ path, description, usb }) => ({
    path,
    description: [description, usb?.map((id) => id.toString(16).padStart(4, "0")).join(":")].filter(Boolean).join(", "),
  }));
  return found.length > 0 ? found : devices();
}

/** USB ports by their names, for machines without udev, where the package finds nothing. */
function devices(): Found[] {
  if (!existsSync("/dev")) return [];
  const names = readdirSync("/dev").filter((name) => /^tty(ACM|USB)\d+$/.test(name));
  return names.map((name) => ({ path: `/dev/${name}`, description: "" }));
}

/**
 * Opens a port.
 * @throws FlashError that says what to do
 */
export async function openPort(path: string, baud: number): Promise<PortLink> {
  const { Serial } = (await load()).Core;
  const link: PortLink = {
    onData: () => {},
    onClose: () => {},
    write: (data) => Serial.connection.write(data),
    close: () => new Promise((resolve) => (port.isOpen ? port.close(() => resolve()) : resolve())),
  };
  const port = new SerialPort({ path, baudRate: baud, autoOpen: false });
  Serial.devices.unshift(device(path, port));
  // Its default of 20 is Bluetooth's; the session sends short pieces by itself.
  Serial.connection.chunkSize = 512;
  Serial.connection.on("data", (data) => link.onData(data));
  let failure: Error | undefined;
  port.once("error", (error) => {
    failure = error;
  });
  await new Promise<void>((resolve, reject) => {
    Serial.open(
      path,
      (info) => (info === undefined ? reject(explained(path, failure)) : resolve()),
      () => link.onClose(),
    );
  });
  return link;
}

/**
 * The package's own way to a port knows only ports that it has listed (a pseudo terminal or a link by name is not among
 * them), and an error of the port ends the process.
 */
function device(path: string, port: SerialPort): EspruinoDevice {
  return {
    name: "Given port",
    getPorts: (callback) => callback([{ path }], true),
    open(_path, opened, received, disconnected) {
      port.on("data", (data: Buffer) => received(new Uint8Array(data).buffer));
      port.on("close", disconnected);
      port.on("error", () => opened(undefined));
      port.open((error) => {
        if (error) port.emit("error", error);
        else opened("Ok");
      });
    },
    write(data, written) {
      port.write(Buffer.from(data, "latin1"));
      port.drain(written);
    },
    close: () => port.close(),
  };
}

/** What the operating system's word means for the user. */
function explained(path: string, error: Error | undefined): FlashError {
  const text = error?.message ?? "it could not be opened";
  if (/No such|cannot find|ENOENT/i.test(text))
    return new FlashError(`There is no port ${path}`, "Is the board plugged in? --list shows the ports there are.");
  if (/lock|busy|EBUSY|temporarily/i.test(text))
    return new FlashError(
      `${path} is in use by another program`,
      "Close the Web IDE, the terminal or whatever has it open, and try again.",
    );
  if (/permission|denied|EACCES/i.test(text))
    return new FlashError(
      `You may not open ${path}`,
      "On Linux: sudo usermod -aG dialout $USER, then log out and in. Otherwise another program may have it.",
    );
  return new FlashError(`${path} cannot be opened: ${text}`, "Is it a serial port? --list shows the ports there are.");
}

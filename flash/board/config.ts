// The file m95.json, by which the flasher tells an application its board, APN and broker. It checks what was given; it
// reads no file and asks no board.
import { type Board, boards } from "../../board-wiring/boards.js";
import { FlashError } from "./errors.js";

/** The name of the file in Storage. */
export const CONFIG_FILE = "m95.json";

/** What can be given on the command line or in the page. */
export interface Choices {
  board?: string;
  apn?: string;
  /** `host` or `host:port`. */
  broker?: string;
  clientId?: string;
  pin?: string;
  user?: string;
  password?: string;
}

/** The content of m95.json. Everything may be missing. */
export interface Config {
  board?: string;
  /** The board's serial port for the modem, by name; the driver knows the pins from `board`. */
  serial?: string;
  apn?: string;
  host?: string;
  port?: number;
  clientId?: string;
  pin?: string;
  username?: string;
  password?: string;
}

/** Names that Espruino's firmware has for the boards that are known: `process.env.BOARD`. */
export const firmwareNames: Readonly<Record<string, string>> = {
  "esp32-devkitc": "ESP32",
  "esp32-c3": "ESP32C3_IDF4",
  "esp32-s3": "ESP32S3_IDF4",
  "espruino-pico": "PICO_R1_3",
  "espruino-wifi": "ESPRUINOWIFI",
  "stm32f4-discovery": "STM32F4DISCOVERY",
  "nucleo-f401re": "NUCLEOF401RE",
  "nucleo-f411re": "NUCLEOF411RE",
  "raspberry-pi-pico": "RP2040_PICO",
};
/** What the firmware's name may end in: its revision, or the SDK it was built with. */
const VARIANT = /_(IDF4|R\d+_\d+)$/;

/** The known board that a firmware is for, if there is one. */
export function boardOf(firmware: string): string | undefined {
  const plainName = (name: string): string => name.replace(VARIANT, "");
  return boardNames.find((name) => plainName(firmwareNames[name] ?? "") === plainName(firmware));
}

/** The choices that would lead to what a board's m95.json says: for a form. What is of another kind is left out. */
export function choicesOf(config: Config): Choices {
  const text = (value: unknown): value is string => typeof value === "string";
  const { board, apn, host, port, clientId, pin, username, password } = config;
  return Object.fromEntries(
    Object.entries({
      board,
      apn,
      broker: text(host) ? `${host}${port === undefined || port === 1883 ? "" : `:${port}`}` : undefined,
      clientId,
      pin,
      user: username,
      password,
    }).filter(([, value]) => text(value)),
  );
}

/** The modem's limit for a host name. */
const MAX_HOST = 100;

/** Names of the boards that are known. */
export const boardNames = Object.keys(boards);

/**
 * The part of the configuration that the choices settle.
 * @throws FlashError for a choice that cannot be right
 */
export function configOf(choices: Choices): Config {
  const config: Config = {};
  if (choices.board) Object.assign(config, wiring(choices.board));
  if (choices.apn) config.apn = plain("APN", choices.apn, "apn");
  if (choices.broker) Object.assign(config, address(choices.broker));
  if (choices.clientId) config.clientId = plain("client id", choices.clientId, "clientId");
  if (choices.pin) config.pin = pinOf(choices.pin);
  if (choices.user) config.username = plain("user", choices.user, "user");
  if (choices.password) {
    if (!choices.user) throw new FlashError("There is a password without a user", "Give the user, too.", "user");
    config.password = plain("password", choices.password, "password");
  }
  return config;
}

function wiring(name: string): Config {
  const board: Board | undefined = Object.hasOwn(boards, name) ? boards[name] : undefined;
  if (!board)
    throw new FlashError(
      `The board "${name}" is not known`,
      `Take one of ${boardNames.join(", ")}, or none at all.`,
      "board",
    );
  return { board: name, serial: board.port };
}

/** The modem can take neither quotes nor control characters in a parameter. */
function plain(what: string, value: string, field: string): string {
  if (/["\x00-\x1f\x7f]/.test(value))
    throw new FlashError(
      `The ${what} has a character that the modem cannot take`,
      "Leave out quotes and line ends.",
      field,
    );
  return value;
}

function pinOf(pin: string): string {
  if (!/^\d{4,8}$/.test(pin)) throw new FlashError("That is no PIN", "A PIN has 4 to 8 digits.", "pin");
  return pin;
}

function address(broker: string): Config {
  const found = /^([^\s"/:]+)(?::(\d{1,5}))?$/.exec(broker);
  const port = Number(found?.[2] ?? 1883);
  if (!found || port < 1 || port > 65535)
    throw new FlashError(
      `"${broker}" is no broker`,
      "Give host or host:port, as in broker.example.org:1883.",
      "broker",
    );
  const host = found[1] as string;
  if (host.length > MAX_HOST)
    throw new FlashError(`The broker's name has ${host.length} characters`, `The modem takes ${MAX_HOST}.`, "broker");
  return { host, port };
}

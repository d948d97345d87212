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
  if (choices.apn) config.apn = plain("APN", choices.apn);
  if (choices.broker) Object.assign(config, address(choices.broker));
  if (choices.clientId) config.clientId = plain("client id", choices.clientId);
  return config;
}

function wiring(name: string): Config {
  const board: Board | undefined = Object.hasOwn(boards, name) ? boards[name] : undefined;
  if (!board)
    throw new FlashError(`The board "${name}" is not known`, `Take one of ${boardNames.join(", ")}, or none at all.`);
  return { board: name, serial: board.port };
}

/** The modem can take neither quotes nor control characters in a parameter. */
function plain(what: string, value: string): string {
  if (/["\x00-\x1f\x7f]/.test(value))
    throw new FlashError(`The ${what} has a character that the modem cannot take`, "Leave out quotes and line ends.");
  return value;
}

function address(broker: string): Config {
  const found = /^([^\s"/:]+)(?::(\d{1,5}))?$/.exec(broker);
  const port = Number(found?.[2] ?? 1883);
  if (!found || port < 1 || port > 65535)
    throw new FlashError(`"${broker}" is no broker`, "Give host or host:port, as in broker.example.org:1883.");
  const host = found[1] as string;
  if (host.length > MAX_HOST)
    throw new FlashError(`The broker's name has ${host.length} characters`, `The modem takes ${MAX_HOST}.`);
  return { host, port };
}

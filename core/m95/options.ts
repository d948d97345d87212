// The options of the modem and their checks. It sends nothing; the options of a client are in mqtt/options.ts.
import { readOptions, wrong } from "../arguments.js";
import { bytesOf, type Codec } from "../codec.js";
import { M95Error } from "../errors.js";
import type { Clock, PowerSwitch, Uart } from "../ports.js";
import type { Apn } from "./bringup.js";

/** PEM text, or its bytes in one of the runtime's forms. It is read once for the check and again for each upload. */
export type PemSource = string | { readonly byteLength: number };

/** TLS of a client, or of all clients of an M95. docs/tls.md has what an M95 can do. */
export interface TlsOptions {
  /** Certificates the broker's must be signed by. Without them the broker is not verified, which `securityLevel: 0` must say. */
  ca?: PemSource;
  /** Certificate of this device, with `key`. */
  cert?: PemSource;
  /** Private key of this device, not encrypted. */
  key?: PemSource;
  /** 0: nobody is verified; 1: the broker is; 2: the device as well. Default: 2 with `cert` and `key`, else 1. */
  securityLevel?: 0 | 1 | 2;
  /** 0: SSL 3.0, 1: TLS 1.0, 2: TLS 1.1, 3: TLS 1.2 (default), 4: all of them. */
  version?: 0 | 1 | 2 | 3 | 4;
  /** One cipher suite by its number, such as "0X003D", or "0XFFFF" (default) for all that the modem has. */
  cipherSuites?: string;
  /** Whether certificates count as valid whatever the modem's clock says, default false. One setting for the whole modem. */
  ignoreTime?: boolean;
  /** SSL context of the modem, 0..5, default 0. Clients may share one if all their settings are the same. */
  context?: number;
  /** Where the files go: "RAM" (default) forgets them at power-off, "NVRAM" has room for one set of at most 2,017 bytes a file. */
  storage?: "RAM" | "NVRAM";
  /** The context was configured by other means: nothing is uploaded or set. Default false. */
  configured?: boolean;
}

/** Times and limits of starting and of recovering, all optional. Times are 1..86,400,000 ms. */
export interface RecoveryOptions {
  /** Tries of the whole bring-up before `start` gives up, 1..1000. Default 3. */
  attempts?: number;
  /** Cap of the first waiting time between steps, ms; it doubles up to `maxPeriod`, and what is waited is random. Default 2,000. */
  period?: number;
  /** Cap of the longest waiting time between steps, ms. Default 300,000. */
  maxPeriod?: number;
  /** How long modem and connections must last before steps and waiting times begin at the first ones again, ms. Default 60,000. */
  stable?: number;
  /** Full rounds of the ladder without such a time before the driver rests, 1..1000. Default 3. */
  rounds?: number;
  /** How long it rests, ms: the modem is switched off, or its radio is. `start` ends the rest. Default 3,600,000. */
  rest?: number;
  /** How long a modem that was switched on may stay silent, ms. Default 15,000. */
  syncTimeout?: number;
  /** How long a SIM may be busy, ms. Default 30,000. */
  simTimeout?: number;
  /** How long a network is searched, ms. Default 180,000. */
  registrationTimeout?: number;
}

export interface M95Options {
  uart: Uart;
  clock: Clock;
  /** Without one, the modem is taken as powered, and `stop` switches it off by command. */
  power?: PowerSwitch;
  /** Access point of the network operator; needed to connect. */
  apn?: string | Apn;
  /** PIN of the SIM, 4 to 8 digits. Sent once; a refused one is never tried again. */
  pin?: string;
  /**
   * Fixed rate to store in the modem (AT+IPR with &W), baud. Default: its rate stays as it is. The echo is stored as on, since
   * it tells of a reboot whose RDY is lost; written is only what is not stored like that already.
   */
  baud?: number;
  /** Default: left as it is in the modem. */
  flowControl?: "none" | "hardware" | "software";
  /** TLS for all clients that do not say otherwise. */
  tls?: TlsOptions;
  /** The time of day, ms since 1970 UTC, if the runtime knows it: TLS sets the modem's clock by it. */
  wallClock?: () => number;
  /** Bytes that a line, a message or an answer may have, 512..65536, default 4096. */
  receiveLimit?: number;
  /** Silence on the line before a command is sent, ms, 0..1000, default 20. On a line without messages a twentieth of it is enough. */
  guardTime?: number;
  recovery?: RecoveryOptions;
  /** How the runtime's texts and payloads become bytes; default: strings whose characters are bytes. */
  codec?: Codec;
  /** Numbers from 0 up to 1, for waiting times and client IDs; default `Math.random`. */
  random?: () => number;
}

// The same, for `readOptions`. In functions, because on Espruino their text then stays in flash.

export function modemOptions(): string {
  return (
    "uart clock power apn pin baud tls recovery codec" +
    "\nflowControl|none/hardware/software\nwallClock|()\nreceiveLimit|512-65536|4096\nguardTime|0-1000|20\nrandom|()"
  );
}

export function recoveryOptions(): string {
  return (
    "\nattempts|1-1000|3\nperiod|1-86400000|2000\nmaxPeriod|1-86400000|300000\nstable|1-86400000|60000\nrounds|1-1000|3" +
    "\nrest|1-86400000|3600000\nsyncTimeout|1-86400000|15000\nsimTimeout|1-86400000|30000\nregistrationTimeout|1-86400000|180000"
  );
}

export function apnOf(codec: Codec, apn: string | Apn | undefined): Apn | undefined {
  if (apn === undefined) return undefined;
  if (typeof apn === "string") return { name: bytesOf(codec, "apn", apn) };
  if (!apn) throw wrong("apn", "a string or an object with name", apn);
  const all: Apn = { name: bytesOf(codec, "apn.name", apn.name) };
  if (apn.password !== undefined && apn.username === undefined)
    throw wrong("apn.username", "given when there is a password", apn.username);
  if (apn.username !== undefined) all.username = bytesOf(codec, "apn.username", apn.username);
  if (apn.password !== undefined) all.password = bytesOf(codec, "apn.password", apn.password);
  return all;
}

export function pinOf(pin: unknown): string | undefined {
  if (pin === undefined) return undefined;
  let good = typeof pin === "string" && pin.length >= 4 && pin.length <= 8;
  for (let i = 0; good && i < (pin as string).length; i++) good = "0123456789".indexOf((pin as string)[i]!) >= 0;
  // Its value is a secret: it does not go into a message.
  if (!good) throw new M95Error("EPARAM", "pin must be a string of 4 to 8 digits");
  return pin as string;
}

/** The values of AT+IFC; "" leaves it as it is. */
export function flowOf(flow: M95Options["flowControl"]): string {
  const at = ["none", "software", "hardware"].indexOf(flow!);
  return at < 0 ? "" : at + "," + at;
}

export function rateOf(baud: unknown): number {
  if (baud === undefined) return 0;
  // What AT+IPR takes.
  const rates = "300 600 1200 2400 4800 9600 14400 19200 28800 38400 57600 115200";
  if (typeof baud !== "number" || rates.split(" ").indexOf("" + baud) < 0) throw wrong("baud", "one of " + rates, baud);
  return baud as number;
}

/** Options of `recovery` with their defaults. @throws M95Error `EPARAM` */
export function recoveryOf(options: RecoveryOptions | undefined): Required<RecoveryOptions> {
  return readOptions(recoveryOptions(), "recovery.", options || {}, {} as Required<RecoveryOptions>);
}

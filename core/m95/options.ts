// The options of the modem and their checks. It sends nothing; the options of a client are in mqtt/options.ts.
import { readOptions, wrong } from "../arguments.js";
import { quote } from "../at/params.js";
import { bytesOf, type Codec } from "../codec.js";
import { M95Error } from "../errors.js";
import type { Clock, PowerSwitch, Uart } from "../ports.js";
import type { Apn, Wanted } from "./bringup.js";

/** PEM text, or its bytes in one of the runtime's forms. It is read once for the check and again for each upload. */
export type PemSource =
  | string
  | {
      /** Of the bytes. */
      readonly byteLength: number;
    };

/** TLS of a client, or of all clients of an M95. docs/tls.md has what an M95 can do. */
export interface TlsOptions {
  /**
   * PEM text: the certificate that the broker's is signed by, or several. Without it the broker is not verified, which
   * `securityLevel: 0` must say.
   */
  ca?: PemSource;
  /** PEM text: the certificate of this device, always with `key`. */
  cert?: PemSource;
  /** PEM text: the private key of this device, not encrypted. */
  key?: PemSource;
  /**
   * 0: nobody is verified, no files are used; 1: the broker is; 2: the device as well. 0..2, default: 2 with `cert` and
   * `key`, else 1.
   */
  securityLevel?: 0 | 1 | 2;
  /** 0: SSL 3.0, 1: TLS 1.0, 2: TLS 1.1, 3: TLS 1.2, 4: all of them. 0..4, default 3. */
  version?: 0 | 1 | 2 | 3 | 4;
  /** One cipher suite by its number, such as "0X003D", or "0XFFFF" for all that the modem has. Default "0XFFFF". */
  cipherSuites?: string;
  /**
   * Whether certificates count as valid whatever the modem's clock says. The modem has one such setting, so all clients
   * want the same. Default false.
   */
  ignoreTime?: boolean;
  /** SSL context of the modem. Clients that want the same share one, others need one each. 0..5, default 0. */
  context?: number;
  /**
   * Where the files go: "RAM", at most 32768 bytes a file, gone at power-off; "NVRAM", at most 2017 bytes, one set for
   * the whole modem, flash that wears. Default "RAM".
   */
  storage?: "RAM" | "NVRAM";
  /**
   * Whether the context was set up by other means, such as your own `AT+QSSLCFG`: then nothing is uploaded, set or
   * checked. Default false.
   */
  configured?: boolean;
}

/** Times and limits of starting and of recovering, all optional. */
export interface RecoveryOptions {
  /** Tries of the whole bring-up before `start` gives up. What once ran is never given up. 1..1000, default 3. */
  attempts?: number;
  /**
   * Cap of the first waiting time between steps; it doubles with each, and what is waited is random. 1..86400000 ms,
   * default 2000.
   */
  period?: number;
  /** Longest cap of a waiting time between steps. 1..86400000 ms, default 300000. */
  maxPeriod?: number;
  /**
   * How long modem and connections must last before steps and waiting times begin at the first ones again. 1..86400000
   * ms, default 60000.
   */
  stable?: number;
  /** Full rounds of the ladder without such a time before the driver rests. 1..1000, default 3. */
  rounds?: number;
  /**
   * How long it rests: the modem is switched off, or its radio is. `start` ends the rest. 1..86400000 ms, default
   * 3600000.
   */
  rest?: number;
  /** How long a modem that was switched on may stay silent. 1..86400000 ms, default 15000. */
  syncTimeout?: number;
  /** How long a SIM may be busy. 1..86400000 ms, default 30000. */
  simTimeout?: number;
  /** How long a network is searched. 1..86400000 ms, default 180000. */
  registrationTimeout?: number;
}

export interface M95Options {
  /** The serial line to the modem. */
  uart: Uart;
  /** Anything with `now`, `after` and `cancel`. */
  clock: Clock;
  /** A `PowerSwitch`. Without one the modem is taken as powered, and `stop` switches it off by command. */
  power?: PowerSwitch;
  /** Access point of the network operator: a name, or `{ name, username?, password? }`; needed to connect. */
  apn?: string | Apn;
  /**
   * PIN of the SIM, a string of 4 to 8 digits. A refused one is never tried again, and none is sent when the card has fewer than
   * three tries left.
   */
  pin?: string;
  /** Whether the PIN is sent although the card has fewer than three tries left. Default false. */
  pinRetry?: boolean;
  /**
   * Fixed rate to store in the modem (AT+IPR with &W): 300, 600, 1200, 2400, 4800, 9600, 14400, 19200, 28800, 38400,
   * 57600 or 115200; makes the modem report its reboots. The echo is stored as on, since it tells of a reboot whose RDY
   * is lost; written is only what is not stored like that already. Default: as it is.
   */
  baud?: number;
  /**
   * Handshaking that the modem is told of (AT+IFC): "none", "hardware" or "software". Default: as it is in the modem.
   */
  flowControl?: "none" | "hardware" | "software";
  /**
   * Whether the modem may report SMS and calls; false: it is told not to (AT+CNMI, AT+CLIP, AT+CCWA, AT+CUSD). Default: as it is
   * in the modem.
   */
  reports?: boolean;
  /** TLS of all clients that do not say otherwise: `{ ca, … }`, see docs/tls.md. */
  tls?: TlsOptions;
  /**
   * The time of day, ms since 1970 UTC, if the runtime knows it: TLS sets the modem's clock by it when that was never
   * set.
   */
  wallClock?: () => number;
  /** Bytes that a line, a message or an answer may have. 512..65536, default 4096. */
  receiveLimit?: number;
  /**
   * Silence on the line before a command is sent. On a line without messages a twentieth of it is enough. 0..1000 ms,
   * default 20.
   */
  guardTime?: number;
  /**
   * Whether the modem sleeps between commands (AT+QSCLK): not at all ("off"), after `sleepAfter` of quiet ("auto"), or when `sleep`
   * is called ("manual"); any command wakes it. By DTR where `power` has it, else by the modem's own clock, if it can. Default "off".
   */
  sleep?: "off" | "auto" | "manual";
  /** Quiet before the modem sleeps by itself. 1..86400000 ms, default 5000. */
  sleepAfter?: number;
  /** Times and limits of starting and of recovering, see docs/recovery.md. */
  recovery?: RecoveryOptions;
  /** How the runtime's texts and payloads become bytes. Default: strings whose characters are bytes. */
  codec?: Codec;
  /** Numbers from 0 up to 1, for waiting times, client IDs and message IDs. Default `Math.random`. */
  random?: () => number;
}

// The same, for `readOptions`. Each is used in one function, where the build puts it, so that on Espruino it stays in flash.

export const MODEM_OPTIONS =
  "\npinRetry|?\nreports|?\nflowControl|none/hardware/software\nwallClock|()\nreceiveLimit|512-65536|4096\nguardTime|0-1000|20\nrandom|()" +
  '\nsleep|off/auto/manual|"off"\nsleepAfter|ms|5000';

export const RECOVERY_OPTIONS =
  "\nattempts|1-1000|3\nperiod|ms|2000\nmaxPeriod|ms|300000\nstable|ms|60000\nrounds|1-1000|3" +
  "\nrest|ms|3600000\nsyncTimeout|ms|15000\nsimTimeout|ms|30000\nregistrationTimeout|ms|180000";

/** What is kept of the options of an M95. */
export interface LifecycleSetup extends Wanted {
  readonly uart: Uart;
  readonly power: PowerSwitch | undefined;
  readonly pin: string | undefined;
  readonly pinRetry: boolean | undefined;
  /** Of recovery, by the places below. */
  readonly limits: Uint32Array;
}

// Places of the rows of `recoveryOptions` in the list of limits.
export const ATTEMPTS = 0;
export const PERIOD = 1;
export const MAX_PERIOD = 2;
export const STABLE = 3;
export const ROUNDS = 4;
export const REST_PERIOD = 5;
export const SYNC_TIMEOUT = 6;
export const SIM_TIMEOUT = 7;
export const REGISTRATION_TIMEOUT = 8;

/** ms until a question is asked again whose answer proved nothing. */
export const QUESTION = 1000;

/** All of `recovery`, by these places. @throws M95Error `EPARAM`, naming option, limit and value */
export function limitsOf(given: RecoveryOptions | undefined): Uint32Array {
  const all: any = readOptions(RECOVERY_OPTIONS, "recovery.", given || {});
  const limits = new Uint32Array(REGISTRATION_TIMEOUT + 1);
  // Each row has a default, so that they are read in the order of the rows.
  Object.keys(all).forEach((name, place) => {
    limits[place] = all[name];
  });
  return limits;
}

/**
 * What the modem's lifecycle needs of the options.
 * @throws M95Error `EPARAM` or `ETOOBIG`, naming option, limit and value
 */
export function setupOf(o: M95Options, codec: Codec): LifecycleSetup {
  const apn = o.apn as Apn | undefined;
  const pin = o.pin;
  const baud = o.baud;
  let text: string | undefined;
  if (apn !== undefined) {
    const whole = typeof apn === "string";
    if (!whole && (!apn || typeof apn !== "object")) throw wrong("apn", "a string or an object with name", apn);
    const part = (name: string, value: unknown, most: number): string =>
      "," + quote(name, bytesOf(codec, name, value), most);
    text = "+QICSGP=1" + part(whole ? "apn" : "apn.name", whole ? apn : apn.name, 100);
    if (!whole && apn.username !== undefined)
      text +=
        part("apn.username", apn.username, 50) +
        part("apn.password", apn.password === undefined ? "" : apn.password, 50);
    else if (!whole && apn.password !== undefined)
      throw wrong("apn.username", "given when there is a password", undefined);
  }
  if (
    pin !== undefined &&
    // Its value is a secret: it does not go into a message.
    (typeof pin !== "string" ||
      pin.length < 4 ||
      pin.length > 8 ||
      pin.split("").some((digit) => "0123456789".indexOf(digit) < 0))
  )
    throw new M95Error("EPARAM", "pin must be a string of 4 to 8 digits");
  // What AT+IPR takes.
  const rates = "300 600 1200 2400 4800 9600 14400 19200 28800 38400 57600 115200";
  if (baud !== undefined && (typeof baud !== "number" || rates.split(" ").indexOf("" + baud) < 0))
    throw wrong("baud", "one of " + rates, baud);
  return {
    uart: o.uart,
    power: o.power,
    apn: text,
    pin,
    pinRetry: o.pinRetry,
    reports: o.reports,
    baud: baud || 0,
    // The values of AT+IFC.
    flow: ["none", "software", "hardware"].indexOf(o.flowControl!),
    limits: limitsOf(o.recovery),
  };
}

// Pins of ECMA-419 (`embedded:io/digital`) as the power switch's pins, and the ports and pins of known boards. It presses
// no key by itself.
import { boards } from "../../board-wiring/boards.js";
import { type PowerPins, type PowerSwitchOptions, powerSwitch, type RingPin } from "../../board-wiring/power-switch.js";
import { wrong } from "../../core/arguments.js";
import type { Clock, PowerSwitch } from "../../core/index.js";

/** The portable part of an ECMA-419 Digital. */
export interface Digital {
  read(): 0 | 1;
  write(level: 0 | 1): void;
  close(): void;
}

/** Pins as the port's `Digital` numbers them, and the times and levels of `powerSwitch`. */
export interface PowerOptions extends PowerSwitchOptions {
  /** The IO class, `device.io.Digital`. */
  digital: (new (
    options: never,
  ) => Digital) & {
    readonly Input: number;
    readonly Output: number;
    /** The edge that `ri` is watched for; a class without it is read while the modem sleeps. */
    readonly Falling?: number;
  };
  /** PWRKEY, mostly through a transistor; see `pwrkeyPressed`. Needed unless a `board` names it. */
  pwrkey?: number | undefined;
  /** STATUS: 1 while the modem runs. */
  status?: number | undefined;
  /** EMERG_OFF through a transistor: 1 asserts it. */
  emergOff?: number | undefined;
  /** The modem's supply: 1 is on. */
  supply?: number | undefined;
  /** DTR: 1 lets the modem sleep. */
  dtr?: number | undefined;
  /** RI: falls when a modem that sleeps has something to tell. */
  ri?: number | undefined;
}

/** A pin that is left alone once it is closed: a press may still be under way then. */
export class Pin implements RingPin {
  /** Of a pin that tells of its edges. */
  declare watch?: NonNullable<RingPin["watch"]>;
  private _io: Digital | undefined;

  constructor(io: Digital) {
    this._io = io;
  }

  write(level: 0 | 1): void {
    this._io?.write(level);
  }

  read(): 0 | 1 {
    return this._io ? this._io.read() : 0;
  }

  close(): void {
    const io = this._io;
    this._io = undefined;
    io?.close();
  }
}

/**
 * The port and the pins of a board; nothing of either without its name.
 * @param sleeps - with the pins for sleep; without it the application may have them
 * @throws M95Error `EPARAM` for one that is not known, or not on Moddable
 */
export function boardOf(name: unknown, sleeps: boolean): { serial?: object; pins?: object } {
  if (name === undefined) return {};
  const names = Object.keys(boards).filter((one) => boards[one]!.moddable);
  if (typeof name !== "string" || names.indexOf(name) < 0) throw wrong("board", names.join(" or "), name);
  const row = boards[name]!.moddable!;
  return {
    serial: { port: row.port, transmit: row.transmit, receive: row.receive },
    // What else is in the row is nothing to the pins.
    pins: sleeps ? row : Object.assign({}, row, { dtr: undefined, ri: undefined }),
  };
}

/**
 * The power switch of one modem.
 * @param opened - gets the pins that were opened, to be closed
 * @throws M95Error `EPARAM` without class or PWRKEY; what the class throws
 */
export function powerOf(options: PowerOptions, clock: Clock, opened: Pin[]): PowerSwitch {
  const digital = options.digital;
  if (typeof digital !== "function")
    throw wrong("power.digital", "an ECMA-419 Digital class, such as device.io.Digital", digital);
  if (options.pwrkey === undefined) throw wrong("power.pwrkey", "the number of a pin", options.pwrkey);
  const Io: new (options: never) => Digital = digital;
  const wired: { [name: string]: Pin } = {};
  (["pwrkey", "status", "emergOff", "supply", "dtr", "ri"] as const).forEach((name) => {
    const pin = options[name];
    if (pin === undefined) return;
    const rings = name === "ri";
    const edge = rings ? digital.Falling : undefined;
    // The supply is off at first: a modem that ran with the program before starts afresh.
    const wanted: object =
      rings || name === "status"
        ? { pin, mode: digital.Input }
        : { pin, mode: digital.Output, initialValue: +(name === "pwrkey" && options.pwrkeyPressed === 0) };
    let heard: (() => void) | undefined;
    if (edge !== undefined) Object.assign(wanted, { edge, onReadable: () => heard?.() });
    const one = new Pin(new Io(wanted as never));
    if (edge !== undefined)
      one.watch = (fell) => {
        heard = fell;
      };
    opened.push(one);
    wired[name] = one;
  });
  return powerSwitch(wired as unknown as PowerPins, clock, options);
}

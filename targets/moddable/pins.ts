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
class Pin implements RingPin {
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

/** The pins of one modem. */
export class Pins {
  private _pins: Pin[];

  constructor() {
    this._pins = [];
  }

  /** @throws M95Error `EPARAM` without class or PWRKEY; what the class throws, and the pins made until then stay to be closed */
  powerSwitch(options: PowerOptions, clock: Clock): PowerSwitch {
    const digital = options.digital;
    if (typeof digital !== "function")
      throw wrong("power.digital", "an ECMA-419 Digital class, such as device.io.Digital", digital);
    if (options.pwrkey === undefined) throw wrong("power.pwrkey", "the number of a pin", options.pwrkey);
    const Io: new (options: never) => Digital = digital;
    const open = (wanted: object): Pin => {
      const one = new Pin(new Io(wanted as never));
      this._pins.push(one);
      return one;
    };
    const wired: Partial<PowerPins> = {};
    // The supply is off at first: a modem that ran with the program before starts afresh.
    (["pwrkey", "status", "emergOff", "supply", "dtr"] as const).forEach((name) => {
      const pin = options[name];
      if (pin !== undefined)
        wired[name] = open(
          name === "status"
            ? { pin, mode: digital.Input }
            : { pin, mode: digital.Output, initialValue: +(name === "pwrkey" && options.pwrkeyPressed === 0) },
        );
    });
    if (options.ri !== undefined) {
      const edge = digital.Falling;
      const wanted = { pin: options.ri, mode: digital.Input };
      let heard: (() => void) | undefined;
      const ring = open(edge === undefined ? wanted : Object.assign(wanted, { edge, onReadable: () => heard?.() }));
      if (edge !== undefined)
        ring.watch = (fell) => {
          heard = fell;
        };
      wired.ri = ring;
    }
    return powerSwitch(wired as PowerPins, clock, options);
  }

  close(): void {
    this._pins.splice(0).forEach((pin) => {
      pin.close();
    });
  }
}

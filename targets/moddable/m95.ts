// The M95 on Moddable: ports made of ECMA-419 IO classes that the application injects. It includes no IO module itself.
import Time from "time";
import Timer from "timer";
import { type PowerPins, powerSwitch } from "../../board-wiring/power-switch.js";
import {
  type Clock,
  type ConnectOptions,
  M95 as CoreM95,
  type M95Options as CoreOptions,
  explain,
} from "../../core/index.js";
import { AsyncMqttClient } from "../../core/mqtt/async.js";
import { codec } from "./codec.js";
import { type SerialOptions, SerialUart } from "./uart.js";

/** An ECMA-419 Digital. */
interface Digital {
  read(): 0 | 1;
  write(level: 0 | 1): void;
  close(): void;
}

/** Pins by number. */
export interface PowerOptions {
  /** The IO class, `device.io.Digital`. */
  digital: (new (options: object) => Digital) & { Input: number; Output: number };
  pwrkey: number;
  status?: number;
  emergOff?: number;
  supply?: number;
  /** The level that presses the key, default 1: a transistor inverts. */
  pwrkeyPressed?: 0 | 1;
}

export interface M95Options extends Omit<CoreOptions, "uart" | "clock" | "power" | "codec"> {
  serial: SerialOptions;
  power?: PowerOptions;
}

const clock: Clock = {
  now() {
    return Time.ticks;
  },
  after(ms, fn) {
    return Timer.set(fn, ms);
  },
  cancel(handle) {
    Timer.clear(handle);
  },
};

/** One modem on one serial port. */
export class M95 extends CoreM95 {
  private _uart: SerialUart;
  private _pins: Digital[];

  /** @throws M95Error `EPARAM` or `ETOOBIG` for bad options; what the IO classes throw */
  constructor(options: M95Options) {
    const { serial, power, ...rest } = options;
    const uart = new SerialUart(serial);
    const pins: Digital[] = [];
    const own = power ? { power: switchOf(power, pins) } : {};
    super({ ...rest, ...own, uart, clock, codec });
    this._uart = uart;
    this._pins = pins;
  }

  /** Gives port and pins back. The modem is not switched off by this: call `stop` first. */
  close(): void {
    this._uart.close();
    for (const pin of this._pins.splice(0)) pin.close();
  }

  override explain(family: string, code: number): string {
    return explain(family, code);
  }

  protected override createClient(id: number, options: ConnectOptions): AsyncMqttClient {
    return new AsyncMqttClient(this, id, options);
  }
}

function switchOf(options: PowerOptions, pins: Digital[]): ReturnType<typeof powerSwitch> {
  const Io = options.digital;
  const pressed = options.pwrkeyPressed ?? 1;
  const output = (pin: number, initialValue: 0 | 1): Digital => {
    const digital = new Io({ pin, mode: Io.Output, initialValue });
    pins.push(digital);
    return digital;
  };
  const wired: PowerPins = { pwrkey: output(options.pwrkey, pressed ? 0 : 1) };
  if (options.status !== undefined) {
    const digital = new Io({ pin: options.status, mode: Io.Input });
    pins.push(digital);
    wired.status = digital;
  }
  if (options.emergOff !== undefined) wired.emergOff = output(options.emergOff, 0);
  // Off at first: a modem that ran with the program before starts afresh.
  if (options.supply !== undefined) wired.supply = output(options.supply, 0);
  return powerSwitch(wired, clock, { pwrkeyPressed: pressed });
}

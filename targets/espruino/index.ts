// The Espruino module: require("M95").connect(serial, options, callback), in the manner of Espruino's own modem modules.
// Strings in, strings out. It holds no protocol; what Espruino's MQTT module calls differently is renamed here.
// @resident write
import { powerSwitch } from "../../board-wiring/power-switch.js";
import { readable, readOptions, wrong } from "../../core/arguments.js";
import type { Listener } from "../../core/emitter.js";
import {
  type ConnectOptions,
  Emitter,
  explain,
  M95,
  M95Error,
  type M95Options,
  MqttClient,
  secure,
  type Uart,
} from "../../core/index.js";
import { pinsOf } from "./boards.js";
import { ringOf } from "./sleep.js";

export { cycle } from "./sleep.js";
export { store } from "./store.js";

/** What the target uses of Espruino. */
export interface Serial {
  write(data: string): void;
  on(event: "data", listener: (data: string) => void): void;
  setup(baud: number, options?: object): void;
}

export interface Pin {
  write(level: 0 | 1): void;
  read(): 0 | 1;
}

declare const Pin: new (name: string) => Pin;
declare const E: {
  on(event: "errorFlag", listener: (flags: string[]) => void): void;
  getErrorFlags(): string[];
  toString(value: unknown): string;
};
declare function getTime(): number;
declare function btoa(bytes: string): string;
declare function atob(text: string): string;
declare function setTimeout(fn: () => void, ms: number): unknown;
declare function clearTimeout(handle: unknown): void;

/** Options of `connect`: those of the core without its ports, the times of `powerSwitch`, and these. */
export interface EspruinoOptions extends Omit<M95Options, "uart" | "clock" | "codec" | "flowControl"> {
  /** A known board: stands for all pins that are not given, and the port is set up for it. */
  board?: string;
  /** PWRKEY; without it the modem is taken as powered. */
  pwrkey?: Pin;
  status?: Pin;
  emergOff?: Pin;
  supply?: Pin;
  /** DTR and RI, for option `sleep`. */
  dtr?: Pin;
  ri?: Pin;
  /** The level that presses the key, default 1: a transistor inverts. */
  pwrkeyPressed?: 0 | 1;
  /** With `rx`, the port is set up by the driver; without, it is taken as set up already. */
  rx?: Pin;
  tx?: Pin;
  /** Wired to the modem's RTS: hardware handshaking, as with `flow: "hardware"` on a board. */
  cts?: Pin;
  /** Handshaking that the modem is told of (AT+IFC). Default: left as it is in the modem. */
  flow?: "none" | "xon" | "hardware";
  /** The serial device on Linux. */
  path?: string;
}

/** Options of `mqtt`: those of the core's `connect`, or their names in Espruino's `MQTT` module. */
export interface MqttOptions extends ConnectOptions {
  client_id?: string;
  keep_alive?: number;
  clean_session?: boolean;
}

/** A client that also has the methods and events of Espruino's `MQTT` module. */
export interface EspruinoClient extends MqttClient {
  /** Nothing: the client connects by itself, and again after a loss. Code for `MQTT` calls it. */
  connect(): void;
  /** Ends the client. */
  disconnect(): void;
}

export interface Modem extends M95 {
  /** An MQTT client; it connects by itself. @throws M95Error for bad options */
  mqtt(options: MqttOptions): EspruinoClient;
}

/** ms by which the time of day may be ahead of what it was when last looked at; more, or less than nothing, and it was set. */
const DAY = 86400000;
let last = 0;
let shift = 0;

const clock = {
  // It goes on whatever setTime does.
  now() {
    const time = getTime() * 1000;
    if (time < last || time > last + DAY) shift += last - time;
    last = time;
    return time + shift;
  },
  after(ms: number, fn: () => void) {
    return setTimeout(fn, ms);
  },
  // It refuses undefined, which the core never hands over.
  cancel: clearTimeout,
};

/** The bytes of a view, not its elements; of anything else E.toString makes bytes that nobody has meant. */
function bytesIn(value: any): string | undefined {
  const buffer = value && (value.buffer || value);
  if (!(buffer instanceof ArrayBuffer)) return undefined;
  // A length of 0 would be all of the buffer.
  return value.byteLength === 0 ? "" : E.toString(new Uint8Array(buffer, value.byteOffset, value.byteLength));
}

const codec = {
  // Strings are bytes here. Numbers are what people publish most.
  toBytes(value: any) {
    if (typeof value === "string") return value;
    if (typeof value === "number") return "" + value;
    return bytesIn(value);
  },
  // Builds for the smallest boards have neither.
  toBase64: typeof btoa === "function" ? btoa : undefined,
  fromBase64: typeof atob === "function" ? atob : undefined,
};

/** The serial port, its options and what listens to it. */
class Port implements Uart {
  onReceive!: (chunk: string) => void;
  onOverrun!: (more?: boolean) => void;
  _serial: Serial;
  _options: EspruinoOptions;

  constructor(serial: Serial, options: EspruinoOptions) {
    this._serial = serial;
    this._options = options;
  }

  write(data: string): void {
    this._serial.write(data);
  }

  setBaud(baud: number): void {
    const o = this._options;
    const port: any = {
      rx: o.rx,
      tx: o.tx,
      cts: o.flow === "hardware" ? o.cts : undefined,
      flow: o.flow === "xon" ? o.flow : "none",
    };
    // Boards refuse an option that they do not know, even undefined, and only Linux knows this one.
    if (o.path) port.path = o.path;
    // Without options, Espruino takes those of the last call.
    this._serial.setup(baud, o.rx || o.path ? port : undefined);
  }

  _hear(): void {
    this._serial.on("data", this.onReceive);
    E.on("errorFlag", this._flagged.bind(this));
  }

  _flagged(flags: string[]): void {
    if (!flags.some((flag) => flag === "FIFO_FULL")) return;
    // Reading the flags clears them; a flag that stays up is not told of a second time.
    E.getErrorFlags();
    // The gap is behind what the FIFO holds now, all of which is handed over in the round of the idle loop that comes
    // next; timers run at the end of a round, and this one may be under way. All of that is dropped, as two halves of
    // lines must not be taken for one.
    this.onOverrun(true);
    setTimeout(() => {
      setTimeout(() => this.onOverrun(), 0);
    }, 0);
  }
}

// Added to the classes, not subclassed: `super` fails at a third level. Every object of Espruino has methods of these names, which
// know nothing of our listeners.
const emitter = Emitter.prototype as any;
emitter.removeListener = emitter.off;
emitter.removeAllListeners = function (event?: string) {
  const lists = this._on;
  (event === undefined ? Object.keys(lists) : [event]).forEach((name) => {
    lists[name] = (lists[name] || []).filter((one: any) => one._feeds);
  });
  return this;
};
const on = Emitter.prototype.on;
const client = MqttClient.prototype as any;
client.on = function (event: string, listener: Listener) {
  // Events of Espruino's `MQTT` module, and what they are made of.
  const sources: { [event: string]: string } = { connected: "connect", disconnected: "close", publish: "message" };
  const source = sources[event];
  // Made by the first listener only: each costs memory, and time with each message.
  if (source && !this._on[event]) {
    const feed: any = (a: any, b: any, c: any) => {
      if (event === "publish") this.emit(event, Object.assign({ topic: a, message: b }, c));
      else if (a) this.emit(event, a);
      else this.emit(event);
    };
    feed._feeds = 1;
    on.call(this, source, feed);
  }
  return on.call(this, event, listener);
};
client.addListener = client.on;
client.connect = () => {};
client.disconnect = function () {
  this.end();
};

// The console prints what a call returns, and what nobody catches: a line, and not all that hangs on it.
const errors = M95Error.prototype;
errors.toString = function (this: any) {
  return this.state ? "M95: " + this.state : "M95Error " + this.code + ": " + this.message;
};
Emitter.prototype.toString = errors.toString;

/** A call into a part that may be missing gives undefined then. */
function meaning(family: string, code: number): string {
  return explain(family, code) || "";
}

const modem = M95.prototype as any;
modem.addListener = modem.on;
modem.explain = meaning;
modem.secured = secure;
modem.mqtt = function (options: MqttOptions) {
  const o = readable(options);
  return this.connect(Object.assign({ clientId: o.client_id, keepalive: o.keep_alive, clean: o.clean_session }, o));
};

/**
 * Starts the modem on a serial port. To be called once a port; when it failed, try again with `modem.start`.
 * @param callback - called with an error, or with null and the modem when it is ready
 * @returns the modem, whose `mqtt` can be called at once
 * @throws M95Error `EPARAM` or `ETOOBIG` for bad options
 */
export function connect(
  serial: Serial,
  options: EspruinoOptions,
  callback?: (error: Error | null, modem: Modem) => void,
): Modem {
  if (options && typeof options !== "object") throw wrong("options", "an object with apn", options);
  const given = readable(options);
  if (!serial || typeof serial.on !== "function" || typeof serial.write !== "function")
    throw wrong("serial", "an object with on, setup and write", serial);
  const pins = given.board ? pinsOf(given.board, (name) => new Pin(name), !!given.sleep && given.sleep !== "off") : {};
  if (!pins) throw wrong("board", "a known board", given.board);
  readOptions("\nflow|none/hardware/xon", "", given);
  const flow = given.flow || (given.cts && "hardware");
  // What is kept: the options are the pins and the times as well.
  const o: any = Object.assign(pins, given);
  if (flow) o.flow = flow;
  // What is no pin is left for the switch to refuse.
  if (o.ri && o.ri.read) o.ri = ringOf(o.ri);
  const port = new Port(serial, o);
  const made = new M95(
    Object.assign({ wallClock: Date.now }, o, {
      clock,
      codec,
      uart: port,
      flowControl: flow === "xon" ? "software" : flow,
      power: o.pwrkey ? powerSwitch(o, clock, o) : o.power,
    }),
  ) as Modem;
  if (o.rx || o.path) port.setBaud(o.baud || 115200);
  port._hear();
  made.start((error) => {
    if (callback) callback(error || null, made);
  });
  return made;
}

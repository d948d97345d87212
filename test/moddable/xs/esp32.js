// A small ESP32 inside XS: Timer, Time, Serial and Digital with the limits that the SDK's C code has, over the virtual M95 that
// runs beside the engine. It knows no MQTT.

/** Asks the process around the engine; binary data travels as strings of characters 0..255. */
export function outside(request) {
  const answer = issueCommand(ArrayBuffer.fromString(JSON.stringify(request)));
  return JSON.parse(String.fromArrayBuffer(answer));
}

/** FIFO of the UART, bytes each way. */
const FIFO = 128;
/** The receive interrupt comes at so many bytes, the transmit interrupt at so few. */
const FULL = 120;
const EMPTY = 10;

/** The device's state, and everything that would have gone wrong on a real one. */
export const device = {
  now: 0,
  status: 0,
  timers: [],
  order: 0,
  /** Exceptions that reached the runtime: each reboots or aborts. */
  crashes: [],
  /** Ports and pins in use. */
  ports: [],
  pins: [],
  traced: [],
  longestWrite: 0,
  refusedWrites: 0,
  closedCalls: 0,
  /** Bytes of room that the UART says it has too many, as when another writer shares it. */
  boast: 0,
};

function run(what, fn) {
  try {
    fn();
  } catch (error) {
    device.crashes.push(`${what}: ${error}`);
  }
}

export const Timer = {
  set(callback, ms) {
    if (typeof callback !== "function") throw new TypeError("invalid callback");
    // As a microcontroller's unsigned number: a negative time is a very long one.
    const timer = { at: device.now + (Math.trunc(ms ?? 0) >>> 0), order: device.order++, callback };
    device.timers.push(timer);
    return timer;
  },
  clear(timer) {
    const at = device.timers.indexOf(timer);
    if (at >= 0) device.timers.splice(at, 1);
  },
};

/** Seconds after the start the 32 bits become negative, later they start anew. */
const TICKS = 0x7fffffff - 30_000;

export const Time = {
  get ticks() {
    return (TICKS + Math.floor(device.now)) | 0;
  },
};

export class Serial {
  constructor(options) {
    const { port = 0, transmit, receive, baud, format = "buffer", onReadable, onWritable } = options;
    if (!(baud > 0)) throw new RangeError("invalid baud");
    if (format !== "buffer") throw new RangeError("invalid format");
    for (const pin of [transmit, receive]) if (device.pins.includes(pin)) throw new Error("in use");
    if (device.ports.includes(port)) throw new RangeError("port in use");
    device.ports.push(port);
    device.pins.push(transmit, receive);
    this.port = port;
    this.ownPins = [transmit, receive];
    this.baud = baud;
    this.received = "";
    this.sending = 0;
    this.asked = true;
    this.open = true;
    this.inside = false;
    this.onReadable = onReadable;
    this.onWritable = onWritable;
    device.serial = this;
    outside({ op: "baud", baud });
    this.interrupt();
  }

  /** Bytes of the wire reach the FIFO; what finds no room is lost in silence. */
  arrive(data) {
    this.received = (this.received + data).slice(0, FIFO);
    this.call(this.onReadable, this.received.length);
  }

  interrupt() {
    if (!this.asked || this.sending > EMPTY) return;
    this.asked = false;
    Timer.set(() => {
      if (this.open) this.call(this.onWritable, FIFO - this.sending + device.boast);
    }, 0);
  }

  call(callback, count) {
    this.inside = true;
    run("Serial callback", () => callback.call(this, count));
    this.inside = false;
  }

  check() {
    if (this.open) return;
    device.closedCalls++;
    throw new Error("invalid host data");
  }

  read(count) {
    this.check();
    if (!this.received) return undefined;
    const length = count ?? this.received.length;
    const bytes = new Uint8Array(length);
    // Past the end of the FIFO stands whatever stood there.
    for (let i = 0; i < length; i++) bytes[i] = i < this.received.length ? this.received.charCodeAt(i) : 0xa5;
    this.received = this.received.slice(length);
    return bytes.buffer;
  }

  write(data) {
    this.check();
    if (!(data instanceof ArrayBuffer)) throw new TypeError("ArrayBuffer only, on Linux");
    if (data.byteLength > FIFO - this.sending) {
      device.refusedWrites++;
      throw new Error("output full");
    }
    const bytes = new Uint8Array(data);
    device.longestWrite = Math.max(device.longestWrite, bytes.length);
    let text = "";
    for (const byte of bytes) text += String.fromCharCode(byte);
    this.sending += bytes.length;
    outside({ op: "write", data: text });
    this.asked = true;
    Timer.set(
      () => {
        this.sending -= bytes.length;
        this.interrupt();
      },
      Math.ceil((bytes.length * 10_000) / this.baud),
    );
    this.interrupt();
  }

  close() {
    if (!this.open) return;
    // The C code goes on with the freed record after the callback.
    if (this.inside) device.crashes.push("Serial closed inside its own callback");
    this.open = false;
    device.ports = device.ports.filter((port) => port !== this.port);
    device.pins = device.pins.filter((pin) => !this.ownPins.includes(pin));
    if (device.serial === this) device.serial = undefined;
  }
}

/** What is wired to which pin. */
const WIRED = { 25: "pwrkey", 34: "status", 26: "emergOff", 27: "supply", 32: "dtr", 35: "ri" };

export class Digital {
  constructor({ pin, mode, initialValue, onReadable, edge }) {
    if (!(pin in WIRED)) throw new RangeError("invalid pin");
    if (device.pins.includes(pin)) throw new Error("in use");
    if (onReadable && !edge) throw new Error("invalid edge");
    if (mode === Digital.Output && pin > 33) throw new RangeError("an input only");
    device.pins.push(pin);
    this.pin = pin;
    this.mode = mode;
    this.open = true;
    if (initialValue !== undefined) this.write(initialValue);
  }

  check(mode) {
    if (!this.open) {
      device.closedCalls++;
      throw new Error("invalid host data");
    }
    if (this.mode !== mode) throw new Error("wrong mode");
  }

  write(level) {
    this.check(Digital.Output);
    outside({ op: "pin", name: WIRED[this.pin], level });
  }

  read() {
    this.check(Digital.Input);
    return WIRED[this.pin] === "ri" ? outside({ op: "ri" }) : device.status;
  }

  close() {
    this.open = false;
    device.pins = device.pins.filter((pin) => pin !== this.pin);
  }
}
Digital.Input = 0;
Digital.Output = 8;

/** Goes on to the next thing that happens, at most `limit` ms. */
function step(limit) {
  let next;
  for (const timer of device.timers)
    if (!next || timer.at < next.at || (timer.at === next.at && timer.order < next.order)) next = timer;
  const until = Math.min(next ? next.at : Number.POSITIVE_INFINITY, device.now + limit);
  const { now, status, data } = outside({ op: "run", until });
  device.now = now;
  device.status = status;
  for (let at = 0; at < data.length; at += FULL) device.serial?.arrive(data.slice(at, at + FULL));
  if (!next || next.at > device.now || !device.timers.includes(next)) return;
  Timer.clear(next);
  run("Timer callback", next.callback);
}

/** Lets the device run until the condition holds; throws after `limit` ms of simulated time. */
export function until(what, condition, limit = 300_000) {
  const end = device.now + limit;
  while (!condition()) {
    if (device.now >= end) throw new Error(`${what}: not within ${limit} ms`);
    step(end - device.now);
  }
}

/** Lets so many ms pass. */
export function wait(ms) {
  const end = device.now + ms;
  while (device.now < end) step(end - device.now);
}

// A stand-in for Espruino's globals, on simulated time, in front of the virtual M95: runs the driver as it was built for Espruino, in
// one piece or as files in Storage, and the sources it was built of. It shows nothing of the engine itself.

import { readFileSync } from "node:fs";
import vm from "node:vm";
import { MemoryBroker, SimClock, VirtualM95, type VirtualM95Options } from "../../virtual-m95/index.js";

const root = new URL("../../../", import.meta.url);

type Listener = (...args: unknown[]) => void;

/** The bundle has no types; what the tests use of it is checked by using it. */
// biome-ignore lint/suspicious/noExplicitAny: see above
type Untyped = any;

interface Exports {
  store?: (name: string) => Untyped;
  connect?: (serial: unknown, options: object, callback?: Listener) => Untyped;
}

interface FileList {
  files: { name: string; file: string; plain: string; part: string; bytes: number; tool?: true }[];
  sets: { [example: string]: string[] };
}

/** The files for Storage that were built, and which examples need which of them. */
export const fileList: FileList = JSON.parse(readFileSync(new URL("dist/espruino/parts.json", root), "utf8"));

/** What belongs to a file in Storage, by its name there: the readable form, or the one that is sent to boards. */
export function fileOf(name: string, form: "file" | "plain" = "plain"): string {
  const one = fileList.files.find((other) => other.name === name)!;
  return readFileSync(new URL(`dist/espruino/${one[form]}`, root), "latin1");
}

const STORAGE = "M95 in Storage";
const WHOLE = `${STORAGE} with all its parts`;

/** The bundles in one piece, the driver in Storage with the parts that a test needs and with all, and for the coverage the sources. */
export const PROGRAMS = ["M95.js", "M95.min.js", STORAGE, WHOLE, "the sources"];

/**
 * What of the driver's file Espruino loads, for Node: Espruino evaluates the body of a function, its `return` included, inside of
 * another one, and reads up to a NUL.
 */
export function loadedCode(file: string): string {
  return file.split("\0")[0]!.replace(/eval\((\w\([-\w]+\))\)/g, 'return eval("(()=>{"+$1.split("\\0")[0]+"\\n})()")');
}

/** Espruino's `E.toArrayBuffer`: bytes of a string, one for each character. */
export const toArrayBuffer = (text: string) => new Uint8Array(Buffer.from(text, "latin1")).buffer;

type Globals = { [name: string]: unknown };

/** The globals of the Espruino whose test runs: modules are loaded once, and find them in this process's own. */
let running: Globals | undefined;

/** The target's sources as modules; tests are synchronous, so nobody else misses the timers meanwhile. */
const sources = (await (async () => {
  const own = globalThis as Globals;
  const here = (name: string) => {
    const otherwise = own[name];
    return function (this: unknown, ...args: unknown[]) {
      const target = (running?.[name] ?? otherwise) as Listener & (new (...args: unknown[]) => object);
      return new.target ? new target(...args) : target(...args);
    };
  };
  for (const name of ["getTime", "setTimeout", "clearTimeout", "btoa", "atob", "require", "Pin"])
    own[name] = here(name);
  own.E = { on: here("on"), getErrorFlags: here("getErrorFlags"), toString: here("toString") };
  return import(new URL("build/targets/espruino/index.js", root).href);
})()) as Exports;

/** To be called behind each test. */
export function stop(): void {
  running = undefined;
}

/**
 * What an Espruino has, as far as the driver uses it; the modem hangs on the serial port and on a Nucleo's pins.
 * @param program - one of `PROGRAMS`
 * @param parts - those that the driver in Storage needs for the test
 * @param more - options of the modem, what else is in Storage or is there instead, more globals, and a change to the driver's code
 */
export function espruino(
  program: string,
  parts: string[] = [],
  more: {
    modem?: Partial<VirtualM95Options>;
    files?: { [name: string]: string };
    globals?: Globals;
    change?: (code: string) => string;
  } = {},
) {
  const clock = new SimClock();
  const broker = new MemoryBroker({ clock, latency: 50 });
  const modem = new VirtualM95({ clock, network: broker.network, ...more.modem });
  const setups: unknown[] = [];
  const flags: Listener[] = [];
  const pins: { [name: string]: object } = {
    A8: modem.pins.pwrkey,
    C7: modem.pins.status,
    B10: modem.pins.emergOff,
    B6: modem.pins.supply,
  };
  const serial = {
    write: (data: string) => modem.uart.write(data),
    on: (_event: string, listener: (data: string) => void) => {
      modem.uart.onReceive = listener;
    },
    setup: (baud: number, options: object) => setups.push([baud, options]),
  };
  const files = new Map<string, string>();
  const wanted = program === WHOLE ? fileList.sets.all! : ["M95", ...parts.map((part) => `M95-${part}`)];
  const own = new Map(program.startsWith(STORAGE) ? wanted.map((name) => [name, fileOf(name)]) : []);
  for (const [name, text] of Object.entries(more.files ?? {})) own.set(name, text);
  const storage = {
    list: () => [...own.keys(), ...files.keys()],
    read: (name: string) => own.get(name) ?? files.get(name),
    write: (name: string, data: string) => !!files.set(name, data),
    erase: (name: string) => files.delete(name),
  };
  const E = {
    on: (_event: string, listener: Listener) => flags.push(listener),
    getErrorFlags: () => ["FIFO_FULL"],
    toString: (value: ArrayLike<number>) => {
      if (typeof value !== "object") throw new TypeError("Expecting Number or iterable");
      return String.fromCharCode(...Array.from(value));
    },
    toArrayBuffer,
  };
  const globals: Globals = {
    E,
    getTime: () => clock.now() / 1000,
    setTimeout: (fn: () => void, ms: number) => clock.after(ms, fn),
    clearTimeout: (handle: unknown) => clock.cancel(handle as never),
    btoa: (bytes: string) => Buffer.from(bytes, "latin1").toString("base64"),
    atob: (text: string) => Buffer.from(text, "base64").toString("latin1"),
    require: () => storage,
    // Those of the tests, or the driver would not know what they hand over.
    ArrayBuffer,
    Uint8Array,
    Pin: function Pin(name: string) {
      return pins[name] ?? { name };
    },
  };
  let exports: Exports = {};
  if (program !== "the sources") {
    const context = vm.createContext({ ...globals, ...more.globals, exports });
    const code = own.has("M95")
      ? loadedCode(own.get("M95")!)
      : readFileSync(new URL(`dist/espruino/${program}`, root), "utf8");
    vm.runInContext(more.change?.(code) ?? code, context);
  } else {
    running = { ...globals, ...E };
    exports = sources;
  }
  const until = (what: string, condition: () => boolean) => {
    if (!clock.run(condition, 600_000)) throw new Error(`${what}: never`);
  };
  return {
    clock,
    broker,
    modem,
    setups,
    flags,
    serial,
    files,
    store: exports.store!,
    connect: exports.connect!,
    until,
  };
}

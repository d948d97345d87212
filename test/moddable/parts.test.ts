// The driver in parts, for Moddable applications that leave some out: what is missing is named when it is asked for, with the manifest
// that brings it; with all parts everything is there. On Node, with the built modules; XS runs all of its tests on them (run.mjs).

import test from "ava";
import { file, resolveModules } from "./resolve.js";

resolveModules();

interface Failure {
  code: string;
  message: string;
}

interface Modem {
  connect(options: object): { state: string };
  identity(done: (error: Failure) => void): void;
}

interface Core {
  M95: new (options: object) => Modem;
  M95Error: new () => Error;
  preferenceStore(preference: object, domain: string): object;
  powerSwitch(pins: object, clock: object, options: object): { on(done: (error?: Error) => void): void };
}

const part = (name: string): Promise<unknown> => import(file(`dist/moddable/parts/${name}.js`));
const { M95, M95Error, powerSwitch, preferenceStore } = (await part("core")) as Core;

/** A port that takes everything. */
class Serial {
  write(_data: ArrayBuffer): void {}
  read(): void {}
  close(): void {}
}

const open = (options: object = {}): Modem => new M95({ serial: { io: Serial }, apn: "internet", ...options });

await import(file("test/moddable/xs/strings.js"));

const calls: { [name: string]: { part: string; code: string; call: () => void } } = {
  "option tls of the modem": { part: "tls", code: "ETLS", call: () => open({ tls: { securityLevel: 0 } }) },
  "option tls of a client": {
    part: "tls",
    code: "ETLS",
    call: () => open().connect({ host: "h", tls: { securityLevel: 0 } }),
  },
  "option sleep": { part: "sleep", code: "EPARAM", call: () => open({ sleep: "manual" }) },
  "a store for a client": {
    part: "store",
    code: "EPARAM",
    call: () => open().connect({ host: "h", store: { load: () => [], append() {}, remove() {} } }),
  },
  preferenceStore: {
    part: "store",
    code: "EPARAM",
    call: () => preferenceStore({ set() {}, get() {}, delete() {}, keys: () => [] }, "outbox"),
  },
};

function thrown(call: () => void): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return undefined;
}

test.serial("a power switch works with a clock of the program's own, under the names that the types have", (t) => {
  const waits: { ms: number; then: () => void }[] = [];
  const clock = {
    now: () => 0,
    after: (ms: number, then: () => void) => waits.push({ ms, then }),
    cancel: () => {},
  };
  const levels: number[] = [];
  let outcome: string | undefined;
  const power = powerSwitch({ pwrkey: { write: (level: number) => levels.push(level) } }, clock, { onPulse: 1200 });
  power.on((error) => {
    outcome = error ? error.message : "on";
  });
  const times: number[] = [];
  for (let one = waits.shift(); one; one = waits.shift()) {
    times.push(one.ms);
    one.then();
  }
  t.is(outcome, "on");
  t.true(times.includes(1200));
  t.deepEqual(levels.slice(-2), [1, 0]);
});

test.serial("without TLS, store and diagnostics a client is made as ever", (t) => {
  t.is(open().connect({ host: "h" }).state, "waiting");
  t.is(open().connect({ host: "h", tls: false }).state, "waiting");
});

for (const [name, { part, code, call }] of Object.entries(calls))
  test.serial(`${name}, without part ${part}: the error names the manifest`, (t) => {
    const error = thrown(call) as Failure;
    t.true(error instanceof M95Error);
    t.is(error.code, code);
    t.is(error.message, `${part}: not in this program; include m95-mqtt/manifest_${part}.json`);
  });

test.serial("what the modem knows of itself, without part info: done is told so", async (t) => {
  const { device } = (await import(file("test/moddable/xs/esp32.js"))) as {
    device: { timers: { callback: () => void }[] };
  };
  const errors: Failure[] = [];
  const earlier = device.timers.length;
  open().identity((error) => errors.push(error));
  for (const { callback } of device.timers.slice(earlier)) callback();
  t.deepEqual(
    errors.map(({ code, message }) => `${code} ${message}`),
    ["EPARAM info: not in this program; include m95-mqtt/manifest_info.json"],
  );
});

test.serial("with all parts, all of it is there", async (t) => {
  for (const name of ["tls", "info", "texts", "sleep", "store"]) await part(name);
  for (const { call } of Object.values(calls)) t.is(thrown(call), undefined);
});

// The structure of the sources: nothing imports in a circle, arrows point one way, no file is too long.

import { fileURLToPath } from "node:url";
import test from "ava";
import { circles, importsOf, reach, readTree, strays, tooLong, unfollowed } from "./imports.js";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const sources = readTree(root, [
  "core",
  "board-wiring",
  "targets",
  "tls",
  "terminal",
  "trace",
  "doctor",
  "workbench",
  "energy",
  "virtual-m95",
  "certs",
  "flash",
  "examples",
  "scripts",
]);
/** The demo and the documents borrow brokers, certificates and tables from tests. */
const everything = new Map([...sources, ...readTree(root, ["test"])]);
const imports = importsOf(everything);

/** What everything in core stands on. */
const ground = [
  "core/codec.ts",
  "core/emitter.ts",
  "core/counters.ts",
  "core/timer.ts",
  "core/arguments.ts",
  "core/errors.ts",
  "core/ports.ts",
];
/** From the top floor down; each may import those behind it. */
const core = ["core/index.ts", "core/cycle.ts", "core/m95.ts", "core/events.ts", "core/mqtt/", "core/m95/", "core/at/"];
const driver = [...core, ...ground];
/** What writes traces, from the top down. */
const recording = ["trace/file.ts", "trace/recorder.ts", "trace/mask.ts", "trace/format.ts"];
/** The same for the virtual modem. */
const simulator = [
  "virtual-m95/index.ts",
  "virtual-m95/server/",
  "virtual-m95/replay/",
  "virtual-m95/virtual-m95.ts",
  "virtual-m95/ports.ts",
  "virtual-m95/qmt/",
  "virtual-m95/module/",
  "virtual-m95/at/",
  "virtual-m95/faults/",
  "virtual-m95/broker/",
  "virtual-m95/network/",
  "virtual-m95/device.ts",
  "virtual-m95/time/",
  "virtual-m95/options.ts",
  "virtual-m95/energy/",
  "virtual-m95/network/network.ts",
  ...recording,
  "tls/",
  "terminal/",
];

/** Each room, and what it may import besides itself. */
const arrows: Record<string, readonly string[]> = {
  ...floors(driver),
  // What a client emits is typed by the events, and these by what a client holds.
  "core/mqtt/": [...driver.slice(driver.indexOf("core/mqtt/") + 1), "core/events.ts"],
  "board-wiring/": ground,
  "targets/espruino/": ["board-wiring/", ...driver, "packages"],
  "targets/web/": [...recording, ...driver],
  "targets/moddable/": ["board-wiring/", ...driver, "packages"],
  "targets/node/": ["board-wiring/", ...recording, ...driver, "packages"],
  ...floors(simulator, "packages"),
  ...floors(recording, "packages"),
  "energy/": ["virtual-m95/energy/", "terminal/", "packages"],
  "trace/": [...recording, "terminal/", "packages"],
  // The table of commands is what the modem is held against.
  "doctor/": ["core/m95/", ...recording, "terminal/", "packages"],
  // Its page holds all of them together.
  "workbench/": [
    "targets/web/",
    "doctor/",
    "core/mqtt/",
    ...recording,
    "trace/",
    ...simulator,
    "board-wiring/",
    "flash/",
    "terminal/",
    "packages",
  ],
  "certs/": ["tls/", "terminal/", "packages"],
  "flash/web/rollup.config.js": ["scripts/", "packages"],
  "flash/": ["board-wiring/", "terminal/", "packages"],
};
const users = ["examples/", "scripts/", "test/"];
for (const room of users) arrows[room] = [...Object.keys(arrows), ...users, "packages"];

function floors(rooms: readonly string[], ...besides: string[]): Record<string, readonly string[]> {
  return Object.fromEntries(rooms.map((room, at) => [room, [...rooms.slice(at + 1), ...besides]]));
}

test("no two sources import each other, types included", (t) => {
  t.deepEqual(circles(imports), []);
});

test("every import can be followed", (t) => {
  t.deepEqual(
    unfollowed(everything).filter((what) => !what.startsWith("test/")),
    [],
  );
});

test("arrows point one way", (t) => {
  t.deepEqual(strays(imports, arrows), []);
});

test("a virtual modem in memory needs no network of Node's", (t) => {
  for (const file of ["virtual-m95.ts", "broker/memory-broker.ts", "time/sim-clock.ts", "time/scaled-clock.ts"]) {
    const packages = [...reach(imports, `virtual-m95/${file}`)].filter((name) => name.startsWith("node:"));
    t.deepEqual(
      packages.filter((name) => name !== "node:crypto"),
      [],
      file,
    );
  }
});

test("no source is longer than 450 lines", (t) => {
  t.deepEqual(tooLong(sources, 450), []);
});

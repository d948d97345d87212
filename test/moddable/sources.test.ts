// The tests that XS runs on the built Moddable target (xs/tests.js), on Node against its sources: for their coverage, and where
// no XS can be built. What preloading forbids is seen in XS alone.

import test from "ava";
import { file, resolveModules } from "./resolve.js";

/** The package by its name. */
resolveModules({
  "m95-mqtt": file("build/targets/moddable/index.js"),
  "m95-mqtt/client": file("build/targets/moddable/client.js"),
});

interface Device {
  crashes: string[];
  closedCalls: number;
  traced: string[];
}

const { makeWorld } = (await import(file("test/moddable/world.mjs"))) as {
  makeWorld(on: object): Promise<(question: Buffer) => Buffer>;
};
const world = await makeWorld({});
Object.assign(globalThis, {
  issueCommand: (question: ArrayBuffer) => new Uint8Array(world(Buffer.from(question))).buffer,
  trace: (...values: unknown[]) => device.traced.push(values.join("")),
});
await import(file("test/moddable/xs/strings.js"));
const { device } = (await import(file("test/moddable/xs/esp32.js"))) as { device: Device };
const { tests } = (await import(file("test/moddable/xs/tests.js"))) as { tests: { [title: string]: () => void } };

/** Only where modules are preloaded. */
const FROZEN = "what is preloaded is frozen";
if (!(FROZEN in tests)) throw new Error(`there is no test "${FROZEN}" any more`);

for (const [title, run] of Object.entries(tests).filter(([title]) => title !== FROZEN))
  test.serial(title, (t) => {
    run();
    t.deepEqual(device.crashes.splice(0), []);
    t.is(device.closedCalls, 0, "calls after close");
    device.closedCalls = 0;
  });

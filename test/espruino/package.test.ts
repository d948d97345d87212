// The Espruino bundles as the package exports them: Node can load them too, for tests on a host.
import { createRequire } from "node:module";
import test from "ava";

const require = createRequire(import.meta.url);

for (const name of ["m95-mqtt/espruino", "m95-mqtt/espruino/min"])
  test(`require("${name}")`, (t) => {
    t.deepEqual(Object.keys(require(name)), ["connect", "cycle", "store"]);
  });

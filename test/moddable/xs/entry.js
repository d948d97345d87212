// The script that XS gets: the package as an application preloads it, frozen, and the tests one by one on demand.

import { top as indexTop } from "m95-mqtt?top";
import "./strings.js";
import { top as clientTop } from "m95-mqtt/client?top";
import { device, outside } from "./esp32.js";
import { freeze } from "./freeze.js";
import { tests } from "./tests.js";

globalThis.trace = (...values) => device.traced.push(values.join(""));

globalThis.engine = {
  titles: () => outside({ op: "titles", titles: Object.keys(tests) }),
  freeze: () => outside({ op: "frozen", count: freeze([...indexTop(), ...clientTop()]) }),
  run(title) {
    let failure = "";
    try {
      tests[title]();
    } catch (error) {
      failure = `${error.code ?? ""} ${error.message}\n${error.stack}`;
    }
    for (const crash of device.crashes) failure += `\n${crash}`;
    if (device.closedCalls) failure += `\n${device.closedCalls} calls after close`;
    device.crashes = [];
    device.closedCalls = 0;
    outside({ op: "told", title, failure });
    gc();
  },
};

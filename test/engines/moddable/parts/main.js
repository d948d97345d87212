// What an application sees of the driver when its manifest includes TLS and leaves the rest out. Its port is a class of its own.

import { M95, M95Error, preferenceStore } from "m95-mqtt";

class Serial {
  write() {}
  read() {}
  close() {}
}

const modem = () => new M95({ serial: { io: Serial }, apn: "internet" });

function check(title, run) {
  let ok = false;
  try {
    ok = run();
  } catch (error) {
    trace(`${error}\n`);
  }
  trace(`@${ok ? "passed" : "failed"} in parts: ${title}\n`);
}

check(
  "a client is made without the parts that are not there",
  () => modem().connect({ host: "h" }).state === "waiting",
);
check("the part that is included is there", () => {
  modem().connect({ host: "h", tls: { securityLevel: 0 } });
  return true;
});
check("what is missing names its manifest", () => {
  try {
    preferenceStore({ set() {}, get() {}, delete() {}, keys: () => [] }, "outbox");
  } catch (error) {
    return error instanceof M95Error && error.message.endsWith("include m95-mqtt/manifest_store.json");
  }
  return false;
});
trace("@done\n");

// Publishes the strength of the radio signal once a minute and traces what comes in on a topic. Made for an ESP32-DevKitC wired
// as docs/wiring.md says; for another board give the pins instead of `board`.

import device from "embedded:provider/builtin";
import { M95 } from "m95-mqtt";
import Timer from "timer";

const modem = new M95({
  board: "esp32-devkitc",
  serial: { io: device.io.Serial },
  power: { digital: device.io.Digital },
  apn: "internet",
  // Between two messages. It takes DTR; without, take it out.
  sleep: "auto",
});
modem.on("state", (state) => trace(`modem: ${state}\n`));
modem.on("error", (error) => trace(`modem: ${error.code ?? ""} ${error.message}\n`));

// Starts the modem, too.
const client = modem.connect({
  host: "test.mosquitto.org",
  will: { topic: "m95-mqtt/example/state", payload: "gone" },
});

client.subscribe("m95-mqtt/example/led", { qos: 1 });
client.on("connect", () => client.publish("m95-mqtt/example/state", "here", { retain: true }));
client.on("message", (topic, payload) => trace(`${topic}: ${String.fromArrayBuffer(payload)}\n`));
client.on("close", (reason) => trace(`connection lost: ${reason?.message ?? "closed"}\n`));
client.on("error", (error) => trace(`client: ${error.code ?? ""} ${error.message}\n`));

Timer.repeat(() => {
  if (!client.connected) return;
  modem.signal((error, signal) => {
    if (!error) client.publish("m95-mqtt/example/signal", `${signal.dbm ?? "unknown"}`, { qos: 1 });
  });
}, 60_000);

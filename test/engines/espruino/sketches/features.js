// Base64, recovery and age of a client, and what it makes of payloads that look like the modem's lines.

const modem = require("M95").connect(Serial1, { path: CONFIG.path, apn: "internet" });
const client = modem.mqtt({
  host: "broker.example",
  clientId: "features",
  keepalive: 0,
  reconnectPeriod: 200,
  encoding: { "bin/": "base64" }
});
const age = () => (client.age === Infinity ? "never" : client.age);
mark("age", age());
client.subscribe({ "down/#": { qos: 0 }, "bin/down": { qos: 1 } }, (error, granted) => {
  mark("subscribed", error ? error.message : granted);
});
client.on("connect", () => {
  mark("connect", "ok");
});
client.on("close", (reason) => {
  mark("close", reason ? reason.message : "");
});
client.on("message", (topic, message, packet) => {
  mark("message", { topic: topic, message: btoa(message), encoded: packet.encoded, ambiguous: packet.ambiguous });
});
modem.on("recovery", (what) => {
  mark("recovery", what);
});
modem.on("error", (error) => {
  mark("error", error.message);
});

function publish(topic, message) {
  client.publish(topic, message, { qos: 1 }, (error) => {
    mark("published", error ? error.code : "ok");
  });
}

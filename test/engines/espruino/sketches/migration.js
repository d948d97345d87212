// A program written for Espruino's MQTT module; only how the connection is made has changed.

let temperature = 20;
const mqtt = require("M95").connect(Serial1, { apn: "internet", path: CONFIG.path, flow: "xon" }).mqtt({
  host: "broker.example",
  client_id: "moved",
  keep_alive: 60,
  clean_session: true,
  username: "u",
  password: "p"
});

mqtt.on("connected", () => {
  mark("connected", mqtt.connected);
  mqtt.subscribe("test/in");
});

mqtt.on("publish", (pub) => {
  mark("publish", { topic: pub.topic, message: pub.message, qos: pub.qos });
  mqtt.publish("test/out", pub.message + "!", { retain: true, qos: 1 });
});

mqtt.on("disconnected", () => {
  mark("disconnected", mqtt.connected);
  setTimeout(() => {
    mqtt.connect();
  }, 500);
});

mqtt.connect();

function send() {
  mqtt.publish("test/temperature", temperature++);
}

// The application of the test on an emulated board: a client that the console asks for things. It runs from boot code, as any other.

var log = [];
var got = [];
var ready = 0;
var connects = 0;
var before = process.memory().usage;
var M95 = require("M95");
var loaded = process.memory().usage - before;
var config = require("Storage").readJSON("m95.json", 1);

var modem = M95.connect(global[config.serial], { board: config.board, apn: config.apn, baud: BAUD }, (error) => {
  log.push(error ? error.message : "ready");
});
var mqtt = modem.mqtt({
  host: config.host,
  clientId: config.clientId,
  keepalive: 60,
  reconnectPeriod: 1000,
  will: { topic: "gone", payload: "1" }
});
mqtt.on("connect", () => {
  connects++;
});
mqtt.on("error", (error) => {
  log.push(error.message);
});
mqtt.on("message", (topic, payload) => {
  got.push([topic, payload.length, E.CRC32(payload)]);
});
mqtt.subscribe("in/#", { qos: 1 }, (error) => {
  ready = error ? -1 : 1;
});

function say(topic, qos) {
  mqtt.publish(topic, "hello " + qos, { qos: qos }, (error) => {
    log.push(topic + " " + (error ? error.message : "sent"));
  });
}

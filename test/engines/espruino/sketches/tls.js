// Certificates from Storage, brought into the modem by the driver before each connection.

const usage = { start: memory() };
const read = (name) => require("Storage").read("m95-" + name + ".pem");
const tls = { ca: read("ca"), cert: read("cert"), key: read("key") };
usage.read = memory();
const modem = require("M95").connect(Serial1, { path: CONFIG.path, apn: "internet", baud: 115200, tls: tls });
usage.given = memory();
const client = modem.mqtt({ host: "broker.example", clientId: "meter-17", reconnectPeriod: 200 });
const sent = [];
modem.on("trace", (direction, text) => {
  if (direction === ">" && text.startsWith("AT+QSECWRITE")) sent.push(text.trim());
});
client.on("connect", () => {
  usage.connected = memory();
  mark("connect", [sent.splice(0, 9), usage]);
});
client.on("error", (error) => {
  mark("error", error.message);
});
client.on("message", (topic, message) => {
  mark("message", message);
});

function talk() {
  client.subscribe("meter/in");
  client.publish("meter/out", "through TLS", { qos: 1 }, (error) => {
    mark("published", error ? error.message : "ok");
  });
}

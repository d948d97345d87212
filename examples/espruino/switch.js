// A remote switch: obeys m95-example/lamp/set, keeps its state as a retained message, and the broker says "offline" for it
// when it is gone. The modem stays awake, as a lamp has mains and is to obey at once.
// Board: Nucleo F411RE with an M95 on the pins of docs/wiring.md.

// Written by the flasher (docs/flashing.md); without it, what stands here.
var config = Object.assign(
  { board: "nucleo-f411re", serial: "Serial1", apn: "internet", host: "test.mosquitto.org" },
  require("Storage").readJSON("m95.json", 1)
);

// With a file m95-ca.pem in Storage everything goes over TLS (docs/tls.md, docs/certs.md).
var ca = require("Storage").read("m95-ca.pem");

var TOPIC = "m95-example/lamp";
var LAMP = A5; // the Nucleo's LED

var mqtt = null;
var lit = 0;

function show() {
  digitalWrite(LAMP, lit);
  mqtt.publish(TOPIC + "/state", lit ? "on" : "off", { qos: 1, retain: true });
}

function obey(topic, message) {
  if (message === "on") lit = 1;
  else if (message === "off") lit = 0;
  else if (message === "toggle") lit = 1 - lit;
  else return;
  show();
}

function begin(modem) {
  mqtt = modem.mqtt({
    host: config.host,
    port: config.port,
    clientId: config.clientId || "m95-lamp-" + getSerial().substr(0, 8),
    keepalive: 120,
    // Said by the broker when this client is lost.
    will: { topic: TOPIC + "/online", payload: "0", qos: 1, retain: true }
  });
  mqtt.on("connect", function () {
    mqtt.publish(TOPIC + "/online", "1", { qos: 1, retain: true });
    show();
  });
  mqtt.on("message", obey);
  mqtt.on("error", function (error) {
    console.log(error.message);
  });
  // Once is enough: subscriptions are made again on each connect.
  mqtt.subscribe(TOPIC + "/set", { qos: 1 });
}

function ready(error, modem) {
  if (!error) {
    begin(modem);
    return;
  }
  console.log("no network: " + error.message);
  // Start it again; connect() is called once for a port.
  setTimeout(function () {
    modem.start(function (again) {
      ready(again, modem);
    });
  }, 60000);
}

require("M95").connect(
  global[config.serial],
  { board: config.board, apn: config.apn, baud: 115200, tls: ca ? { ca: ca } : undefined },
  ready
);

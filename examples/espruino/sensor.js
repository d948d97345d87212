// Publishes a measurement every PERIOD and sleeps deeply in between, with the modem switched off: for an hour that lasts longest, for less
// than 20 minutes a modem that sleeps does (docs/battery.md). It is done by hand here, without the part M95-sleep; meter.js uses it.
// Board: Nucleo F411RE with an M95 on the pins of docs/wiring.md. Install the driver first, see docs/espruino.md.

// Written by the flasher (docs/flashing.md); without it, what stands here.
var config = Object.assign(
  { board: "nucleo-f411re", serial: "Serial1", apn: "internet", host: "test.mosquitto.org" },
  require("Storage").readJSON("m95.json", 1)
);

var PERIOD = 60 * 60000; // ms from one measurement to the next
var LIMIT = 3 * 60000; // ms that a round may take: no network must not cost the battery
var TOPIC = "m95-example/sensor";

var modem = null;
var watchdog = null;

function measure() {
  return JSON.stringify({ celsius: E.getTemperature(), volts: E.getAnalogVRef() });
}

function sleep() {
  if (watchdog) clearTimeout(watchdog);
  watchdog = null;
  // Nothing may keep the processor awake until the timer of the next round.
  setDeepSleep(1);
}

function off() {
  modem.stop(function (error) {
    if (error) console.log("power-off: " + error.message);
    sleep();
  });
}

function send() {
  var mqtt = modem.mqtt({ host: config.host, port: config.port, clientId: config.clientId, keepalive: 60 });
  mqtt.on("error", function (error) {
    console.log(error.message);
  });
  mqtt.publish(TOPIC, measure(), { qos: 1, retain: true }, function (error) {
    console.log(error ? "not sent: " + error.message : "sent");
    // Switching off also disconnects.
    off();
  });
}

function round() {
  setDeepSleep(0);
  watchdog = setTimeout(function () {
    watchdog = null;
    off();
  }, LIMIT);
  if (!modem) {
    modem = require("M95").connect(
      global[config.serial],
      { board: config.board, apn: config.apn, baud: 115200 },
      ready
    );
  } else modem.start(ready);
}

function ready(error) {
  if (error) {
    console.log("no network: " + error.message);
    // The modem may have been left on.
    if (watchdog) off();
  } else send();
}

setInterval(round, PERIOD);
round();

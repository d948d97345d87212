// Publishes a measurement every PERIOD and sleeps deeply in between, with the modem switched off.
// Board: Nucleo F411RE with an M95 on the pins of docs/wiring.md. Install the driver first, see docs/espruino.md.

var PERIOD = 15 * 60000; // ms from one measurement to the next
var LIMIT = 3 * 60000; // ms that a round may take: no network must not cost the battery
var BROKER = "test.mosquitto.org";
var TOPIC = "m95-example/sensor";

// The port that the console took if no USB is connected is given back; the modem wants Serial1.
LoopbackA.setConsole();

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
  var mqtt = modem.mqtt({ host: BROKER, keepalive: 60 });
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
    modem = require("M95").connect(Serial1, { board: "nucleo-f411re", apn: "internet", baud: 115200 }, ready);
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

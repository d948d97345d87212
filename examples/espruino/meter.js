// Counts the pulses of a meter and reports the count every hour. In between the modem is off and the processor sleeps deeply, which at
// this interval lasts longest (docs/battery.md); the rounds of a fleet are spread at random, and one in a bad cell is broken off.
// Board: Nucleo F411RE with an M95 on the pins of docs/wiring.md, and the meter's contact between B4 and ground.

// Written by the flasher (docs/flashing.md); without it, what stands here.
var config = Object.assign(
  { board: "nucleo-f411re", serial: "Serial1", apn: "internet", host: "test.mosquitto.org" },
  require("Storage").readJSON("m95.json", 1)
);

var PERIOD = 60 * 60000; // ms from one report to the next
var TOPIC = "m95-example/meter";
var CONTACT = B4;

var count = 0;

// A watch wakes the processor.
pinMode(CONTACT, "input_pullup");
setWatch(
  function () {
    count++;
  },
  CONTACT,
  { repeat: true, edge: "falling", debounce: 20 }
);

var M95 = require("M95");
var modem = M95.connect(global[config.serial], { board: config.board, apn: config.apn, baud: 115200 });

// In one piece the driver has it itself.
var cycle = M95.cycle || require("M95-sleep").cycle;
cycle(modem, {
  every: PERIOD,
  connect: {
    host: config.host,
    port: config.port,
    clientId: config.clientId || "m95-meter-" + getSerial().substr(0, 8),
    // What could not be sent waits in flash for the next round, over power cuts as well.
    store: M95.store("meter"),
    queuePolicy: "drop-oldest"
  },
  work: function (mqtt, done) {
    mqtt.publish(TOPIC, JSON.stringify({ count: count }), { qos: 1 }, done);
  },
  round: function (error, round) {
    console.log((error ? error.message : "sent") + ", next in " + Math.round(round.next / 1000) + " s");
  }
});

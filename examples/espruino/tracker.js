// A tracker. Positions wait in flash while there is no network, over power cuts, too.
// Nucleo F411RE, an M95 as in docs/wiring.md, a GPS receiver (NMEA, 9600 baud) on Serial6.

// Written by the flasher (docs/flashing.md).
var config = Object.assign(
  { board: "nucleo-f411re", serial: "Serial1", apn: "internet", host: "test.mosquitto.org" },
  require("Storage").readJSON("m95.json", 1)
);

var PERIOD = 60000; // ms between reports
var KEEP = 32; // positions kept; the oldest go first
var TOPIC = "m95-example/tracker";
var GPS = Serial6;
var GPS_PINS = { tx: A11, rx: A12 }; // not C6 and C7: C7 is STATUS

var position = null;
var line = "";

// $GPRMC,time,A,latitude,N,longitude,E,... A: it is valid.
function parse(sentence) {
  var fields = sentence.split(",");
  if (fields[0].substr(3) !== "RMC" || fields[2] !== "A") return;
  position = { utc: fields[9] + " " + fields[1], lat: fields[3] + fields[4], lon: fields[5] + fields[6] };
}

function hear(data) {
  line += data;
  var end = line.indexOf("\n");
  while (end >= 0) {
    parse(line.substr(0, end).trim());
    line = line.substr(end + 1);
    end = line.indexOf("\n");
  }
  if (line.length > 200) line = "";
}

function report() {
  if (position) mqtt.publish(TOPIC, JSON.stringify(position), { qos: 1 });
  position = null;
}

GPS.setup(9600, GPS_PINS);
GPS.on("data", hear);

function started(error) {
  if (!error) return;
  console.log("no network: " + error.message);
  setTimeout(function () {
    modem.start(started);
  }, 60000);
}

var options = { board: config.board, apn: config.apn, baud: 115200 };
// With DTR wired it sleeps between reports (docs/battery.md).
if (require("Storage").read("M95-sleep")) options.sleep = "auto";

var modem = require("M95").connect(global[config.serial], options, started);
var mqtt = modem.mqtt({
  host: config.host,
  port: config.port,
  clientId: config.clientId,
  keepalive: 300,
  queueLimit: KEEP,
  queuePolicy: "drop-oldest",
  // Sent again if not acknowledged: better twice than never.
  store: require("M95").store("tracker")
});
mqtt.on("error", function (error) {
  console.log(error.message);
});
setInterval(report, PERIOD);

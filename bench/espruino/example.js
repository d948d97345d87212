// Runs inside Espruino behind scripted-modem.js: an example from Storage, on a board whose pins and sensors are stand-ins, until it is
// connected. The bench puts FILES in front; the result is jsVars in use, those of the example included.

// A publish gets its prompt at once and its verdict late: the example is looked at with one in flight.
const VERDICT = 2000;
const LOOK = 500;

FILES.forEach((one) => {
  require("Storage").write(one.name, require("fs").readFileSync(one.file));
});

let id;
const write = serial.write;
serial.write = (data) => {
  if (data.startsWith("AT+QMTPUB=")) {
    id = data.split(",")[1];
    setTimeout(() => feed("\r\n> "), 1);
  } else if (id && data.indexOf("\x1a") >= 0) {
    setTimeout(() => feed("\r\nOK\r\n"), 1);
    setTimeout((one) => feed("\r\n+QMTPUB: 0," + one + ",0\r\n"), VERDICT, id);
    id = undefined;
  } else if (!id) write(data);
};

const pin = { write: () => {}, read: () => 1 };
global.Pin = function () {
  return pin;
};
// Not Serial1: a variable of that name is not the one that is found.
global.PORT = serial;
require("Storage").writeJSON("m95.json", { serial: "PORT" });
global.Serial6 = { setup: () => {}, on: () => {} };
global.A5 = global.A11 = global.A12 = 0;
global.setDeepSleep = global.digitalWrite = () => {};

const vars = {};
let before = 0;

function look(name) {
  vars[name] = process.memory().usage - before;
  print("STAGE " + name);
  E.dumpVariables();
  print("END");
}

before = process.memory().usage;
look("nothing");
const M95 = require("M95");
const connect = M95.connect;
M95.connect = function (port, options, callback) {
  const modem = connect(port, options, callback);
  const mqtt = modem.mqtt;
  modem.mqtt = function (more) {
    const client = mqtt.call(modem, more);
    client.on("connect", () => {
      setTimeout(() => {
        look("connected");
        vars.version = process.version;
        // It is looked at before it ends.
        setTimeout(() => {}, 60000);
        print("RESULT " + JSON.stringify(vars));
      }, LOOK);
    });
    return client;
  };
  return modem;
};

eval(require("Storage").read("example"));

// Runs inside Espruino behind scripted-modem.js: what the driver takes from loading to a hundred reconnects. The bench puts FROM
// ("flash", "ram", or "count" for a run in which instructions are counted) and FILES in front; the result is jsVars in use, less what was
// in use before the module was there.

const MESSAGES = 1000;
const RECONNECTS = 100;

// To look takes a million instructions, which are not the driver's.
function inUse() {
  return FROM === "count" ? 0 : process.memory().usage;
}

if (FROM !== "ram")
  FILES.forEach((one) => {
    require("Storage").write(one.name, require("fs").readFileSync(one.file));
  });

// The most there is until connected is looked for where text is decoded and where commands are written: deep in the calls.
let most = 0;
const decode = E.decodeUTF8;
if (FROM === "flash")
  E.decodeUTF8 = (text, lookup, piece) => {
    seen();
    return decode(text, lookup, piece);
  };

const before = inUse();
const vars = {};

function seen() {
  const now = inUse();
  if (!vars.connected && now > most) most = now;
}

function look(name) {
  vars[name] = inUse() - before;
  if (FROM !== "flash") return;
  // All variables there are, for the bench to count anew in the size they have on boards.
  print("STAGE " + name);
  E.dumpVariables();
  print("END");
}

look("nothing");

if (FROM === "ram") Modules.addCached("M95", require("fs").readFileSync(FILES[0].file));
// Callgrind writes down what was executed up to here.
if (FROM === "count") E.kickWatchdog();
const M95 = require("M95");
look("loaded");

let got = 0;
let connects = 0;

const write = serial.write;
serial.write = (data) => {
  seen();
  write(data);
};

const pin = { write: () => {}, read: () => 1 };

function reconnect() {
  feed("\r\n+QMTSTAT: 0,1\r\n");
}

function finish() {
  look("reconnected");
  vars.most = most - before;
  // It is looked at before it ends.
  setTimeout(() => {}, 60000);
  print("RESULT " + JSON.stringify(vars));
}

function receive() {
  const one = '\r\n+QMTRECV: 0,0,"a/b/c",xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n';
  for (let i = 0; i < MESSAGES; i++) feed(one);
  setTimeout(() => {
    if (got !== MESSAGES) print("WRONG " + got + " messages");
    look("received");
    reconnect();
  }, 500);
}

// The options of the sensor example, its pins included.
M95.connect(serial, { apn: "internet", baud: 115200, pwrkey: pin, status: pin }, (error, modem) => {
  if (error) {
    print("WRONG " + error.message);
    return;
  }
  const client = modem.mqtt({ host: "h", keepalive: 60, reconnectPeriod: 1, maxReconnectPeriod: 1 });
  client.on("message", () => {
    got++;
  });
  client.on("connect", () => {
    if (connects++ === 0) {
      client.subscribe("#", undefined, () => {
        if (FROM === "count") {
          E.kickWatchdog();
          print("RESULT {}");
          return;
        }
        setTimeout(() => {
          look("connected");
          receive();
        }, 500);
      });
    } else if (connects > RECONNECTS) setTimeout(finish, 500);
    else setTimeout(reconnect, 10);
  });
});

// Runs inside Espruino behind driver.js: what the module takes from loading to a hundred reconnects. The bench puts FROM
// ("flash" or "ram") and FILE in front; the result is jsVars in use, less what was in use before the module was there.

const MESSAGES = 1000;
const RECONNECTS = 100;

function inUse() {
  return process.memory().usage;
}

let text = require("fs").readFileSync(FILE);
if (FROM === "flash") require("Storage").write("M95", text);
// The text itself is not kept.
text = undefined;

const before = inUse();
const vars = {};

function look(name) {
  vars[name] = inUse() - before;
  if (FROM !== "flash") return;
  // All variables there are, for the bench to count anew in the size they have on boards.
  print("STAGE " + name);
  E.dumpVariables();
  print("END");
}

look("nothing");

if (FROM === "ram") Modules.addCached("M95", require("fs").readFileSync(FILE));
const M95 = require("M95");
look("loaded");

let got = 0;
let connects = 0;

function reconnect() {
  feed("\r\n+QMTSTAT: 0,1\r\n");
}

function finish() {
  look("reconnected");
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

M95.connect(serial, { apn: "internet" }, (error, modem) => {
  if (error) {
    print("WRONG " + error.message);
    return;
  }
  const client = modem.mqtt({ host: "h", reconnectPeriod: 1, maxReconnectPeriod: 1 });
  client.on("message", () => {
    got++;
  });
  client.on("connect", () => {
    if (connects++ === 0) {
      client.subscribe("#", undefined, () => {
        setTimeout(() => {
          look("connected");
          receive();
        }, 500);
      });
    } else if (connects > RECONNECTS) setTimeout(finish, 500);
    else setTimeout(reconnect, 10);
  });
});

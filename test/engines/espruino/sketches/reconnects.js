// Reconnects behind a scripted modem, to see whether anything stays behind. scripted-modem.js of the bench stands in
// front, and this sketch does without the prelude, whose looking for orders would take most of the time.

function mark(name, value) {
  print("@@" + JSON.stringify([name, value]));
}

let connects = 0;
const client = require("M95")
  .connect(serial, { apn: "internet", guardTime: 0 })
  .mqtt({ host: "broker.example", clientId: "endurance", keepalive: 0, reconnectPeriod: 1, maxReconnectPeriod: 1 });
client.subscribe("down");
client.on("error", (e) => {
  mark("error", e.message);
});
client.on("connect", () => {
  connects++;
  // Later, when what led here is gone from the stack.
  setTimeout(drop, 10);
});

function drop() {
  if (connects % CONFIG.every === 0) measure(8, Infinity);
  else lose();
}

// The least of several looks: on a busy machine the subscription may still be under way.
function measure(looks, least) {
  const usage = process.memory().usage;
  if (usage < least) least = usage;
  if (looks > 1) {
    setTimeout(measure, 20, looks - 1, least);
    return;
  }
  mark("usage", least);
  lose();
}

function lose() {
  if (connects < CONFIG.reconnects) feed("\r\n+QMTSTAT: 0,1\r\n");
}

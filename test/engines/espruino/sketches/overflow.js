// A session whose FIFO is made to overflow by messages that arrive faster than a busy program takes them.

Serial1.setup(115200, { path: CONFIG.path });
let client;
const odd = [];
let whole = 0;
const modem = require("M95").connect(Serial1, { apn: "internet" }, (error) => {
  mark("ready", error ? error.message : "ok");
});
client = modem.mqtt({ host: "broker.example", clientId: "overflow", keepalive: 0 });
client.on("connect", () => {
  mark("connect", "ok");
});
client.on("message", (topic, message) => {
  const text = "number " + message.substr(7, 3);
  if (topic === "down/flood" && message === text + " " + "z".repeat(60)) whole++;
  else odd.push(topic + " " + message);
});

// Thirty messages at once, three times what the FIFO holds, while no JavaScript runs.
function flood() {
  let all = "";
  for (let i = 100; i < 130; i++) all += '\r\n+QMTRECV: 0,0,"down/flood",number ' + i + " " + "z".repeat(60) + "\r\n";
  whole = 0;
  Serial1.inject(all);
}

function report() {
  mark("report", { whole: whole, odd: odd, overruns: modem.stats.overruns });
}

function publish() {
  client.publish("up/after", "after", { qos: 1 }, (e) => {
    mark("published", e ? e.message : "ok");
  });
}

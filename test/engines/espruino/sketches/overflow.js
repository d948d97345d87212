// A session whose FIFO is made to overflow by messages that arrive faster than a busy program takes them.

Serial1.setup(115200, { path: CONFIG.path });
const modem = require("M95").connect(Serial1, { apn: "internet" }, (error) => {
  mark("ready", error ? error.message : "ok");
});
const client = modem.mqtt({ host: "broker.example", clientId: "overflow", keepalive: 0 });
let got = [];
client.on("connect", () => {
  mark("connect", "ok");
});
client.on("message", (topic, message) => {
  const number = parseInt(message.substr(7), 10);
  got.push(topic === "down/flood" && message === text(number) ? number : topic + " " + message);
});

function text(number) {
  return "number " + number + " " + "z".repeat(60);
}

function line(number) {
  return '\r\n+QMTRECV: 0,0,"down/flood",' + text(number) + "\r\n";
}

// Thirty messages at once, three times what the FIFO holds, while no JavaScript runs.
function flood() {
  let all = "";
  for (let i = 100; i < 130; i++) all += line(i);
  got = [];
  Serial1.inject(all);
}

// A message whose beginning was lost, and behind it whole ones.
function go(first) {
  Serial1.inject(line(200).substr(40));
  for (let i = first; i < first + 5; i++) Serial1.inject(line(i));
}

// Byte by byte, as an interrupt does it: with longer pieces this engine writes over its FIFO's own end when that is nearly full.
function arrive(text) {
  for (let i = 0; i < text.length; i++) Serial1.inject(text[i]);
}

// The line does not pause for the driver: every 20 ms comes a message, while twenty come while the program is busy.
function stream() {
  let i = 300;
  got = [];
  const timer = setInterval(() => {
    if (i === 301) while (i < 320) arrive(line(i++));
    arrive(line(i++));
    if (i <= 360) return;
    clearInterval(timer);
    setTimeout(report, 300);
  }, 20);
}

function report() {
  mark("report", { got: got, overruns: modem.stats.overruns });
}

function publish() {
  client.publish("up/after", "after", { qos: 1 }, (e) => {
    mark("published", e ? e.message : "ok");
  });
}

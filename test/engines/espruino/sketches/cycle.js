// The whole life of a client, step by step; the runner tells it which step comes next.

const usage = { start: memory() };
const M95 = require("M95");
usage.loaded = memory();

Serial1.setup(115200, { path: CONFIG.path });
let client;

function done(name) {
  return (error, value) => {
    mark(name, error ? { code: error.code, message: error.message } : value === undefined ? "ok" : value);
  };
}

function received(topic, message, packet) {
  mark("message", { topic: topic, message: btoa(message), qos: packet.qos, ambiguous: packet.ambiguous });
}

const options = {
  apn: "internet",
  pwrkey: wire("pwrkey"),
  status: wire("status"),
  emergOff: wire("emergOff"),
  supply: wire("supply"),
  pwrkeyPressed: 1
};

const modem = M95.connect(Serial1, options, (error, ready) => {
  usage.ready = memory();
  done("ready")(error, ready === modem ? ready.state : "another modem");
});
modem.on("error", done("modem error"));

function begin() {
  client = modem.mqtt({ host: "broker.example", clientId: "cycle", keepalive: 60, reconnectPeriod: 200 });
  client.on("connect", done("connect"));
  client.on("reconnect", done("reconnect"));
  client.on("close", done("close"));
  client.on("end", done("end"));
  client.on("error", done("error"));
  client.on("message", received);
}

function allBytes() {
  let text = "";
  for (let i = 0; i < 256; i++) if (i !== 0x1a && i !== 0x1b) text += String.fromCharCode(i);
  return text;
}

function measure(name) {
  usage[name] = memory();
  mark("usage", usage);
}

// A client whose modem sleeps between publishes, and a duty cycle; the runner tells it which step comes next.

const M95 = require("M95");

Serial1.setup(115200, { path: CONFIG.path });
let client;

function done(name) {
  return (error, value) => {
    mark(name, error ? { code: error.code, message: error.message } : value === undefined ? "ok" : value);
  };
}

const before = memory();
const modem = M95.connect(
  Serial1,
  {
    apn: "internet",
    pwrkey: wire("pwrkey"),
    status: wire("status"),
    dtr: CONFIG.sleep ? wire("dtr") : undefined,
    sleep: CONFIG.sleep,
    sleepAfter: 1000
  },
  (error, ready) => done("ready")(error, ready.state)
);
modem.on("error", done("modem error"));
modem.on("sleep", () => mark("sleep", "ok"));
modem.on("wake", () => mark("wake", "ok"));

function begin() {
  client = modem.mqtt({ host: "broker.example", clientId: "sleeper", keepalive: 600 });
  client.on("connect", done("connect"));
  client.on("error", done("error"));
  client.on("message", (topic, message) => mark("message", message));
}

function measure() {
  mark("usage", memory() - before);
}

function rounds() {
  let count = 0;
  // In one piece the driver has it itself.
  (M95.cycle || require("M95-sleep").cycle)(modem, {
    every: 1000,
    window: 500,
    spread: 0,
    connect: { host: "broker.example", clientId: "sleeper" },
    work: (one, over) => {
      one.publish("round", "" + ++count, { qos: 1 }, over);
    },
    round: (error, round) => done("round")(error, round.failures)
  });
}

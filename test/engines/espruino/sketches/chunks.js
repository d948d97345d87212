// A session whose received bytes arrive in chunks of CONFIG.size through Serial1's own FIFO.

let pending = "";
let silent = 0;
let sizes = {};
const serial = {
  write: (data) => {
    mark("tx", btoa(data));
  },
  on: (event, listener) => {
    Serial1.on(event, listener);
  }
};
Serial1.on("data", (chunk) => {
  sizes[chunk.length] = (sizes[chunk.length] || 0) + 1;
});

// What the modem says.
function rx(text) {
  pending += atob(text);
}

// One chunk for each turn of the idle loop: chunks that wait together would be joined.
setInterval(() => {
  // A chunk is full unless nothing more comes.
  if (!pending || (pending.length < CONFIG.size && ++silent < 10)) return;
  silent = 0;
  // As an array: a string is injected in the pieces that it is stored in.
  Serial1.inject(E.toUint8Array(pending.substr(0, CONFIG.size)));
  pending = pending.substr(CONFIG.size);
}, 1);

let client;
require("M95").connect(serial, { apn: "internet" }, (error, modem) => {
  mark("ready", error ? error.message : "ok");
  client = modem.mqtt({ host: "broker.example", clientId: "chunks", keepalive: 0 });
  client.on("error", (e) => {
    mark("error", e.message);
  });
  client.on("message", (topic, message) => {
    mark("message", { topic: topic, message: btoa(message) });
  });
  client.subscribe("down/#", { qos: 1 }, (e, granted) => {
    mark("subscribed", e ? e.message : granted);
  });
});

function publish(qos) {
  client.publish("up/" + qos, "at " + qos, { qos: qos }, (e) => {
    mark("published", e ? e.message : "ok");
  });
}

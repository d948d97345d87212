// Many messages and reconnects, to see whether anything stays behind.

Serial1.setup(115200, { path: CONFIG.path });
let received = 0;
let connects = 0;
let left = 0;
const client = require("M95")
  .connect(Serial1, { apn: "internet", guardTime: 0 })
  .mqtt({ host: "broker.example", clientId: "endurance", keepalive: 0, reconnectPeriod: 1, maxReconnectPeriod: 1 });
client.subscribe("down");
client.on("message", () => {
  received++;
});
client.on("connect", () => {
  mark("connect", ++connects);
});
client.on("error", (e) => {
  mark("error", e.message);
});

function publish() {
  if (!left--) {
    mark("published", "ok");
    return;
  }
  client.publish("up", "message " + left, { qos: left % 3 }, (e) => {
    if (e) mark("error", e.message);
    publish();
  });
}

function messages(count) {
  left = count;
  publish();
}

function announce(count) {
  if (received === count) mark("all", received);
  else
    setTimeout(() => {
      announce(count);
    }, 100);
}

// Later, when what led here is gone from the stack.
function measure() {
  setTimeout(() => {
    mark("usage", memory());
  }, 200);
}

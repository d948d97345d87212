// Runs first in every sketch of the engine tests: marks that the runner reads, pins that the runner moves. It loads no
// driver and must itself stay inside what Espruino can run.

/* global CONFIG */

function mark(name, value) {
  print("@@" + JSON.stringify([name, value]));
}

// The runner sets it.
let STATUS = 0;

// STATUS comes from the runner; what is written goes there.
function wire(name) {
  return {
    write: (level) => {
      mark("pin", [name, level]);
    },
    read: () => STATUS
  };
}

function memory() {
  return process.memory().usage;
}

// What the runner wants to be done comes in numbered files: this engine's input thread writes to the FIFO that the serial
// ports use, without a lock, so typing would spoil what is received. The timer also keeps the process alive.
let orders = 0;
setInterval(() => {
  const fs = require("fs");
  if (fs.readdirSync(".").indexOf("order" + orders) < 0) return;
  eval(fs.readFileSync("order" + orders++));
}, 3);

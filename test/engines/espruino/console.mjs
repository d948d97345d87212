// What people see who type at the console: a line for what a call returns, and the message of an error that nobody catches. The
// driver hangs on a port that never answers.

import assert from "node:assert/strict";
import { Engine } from "./engine.mjs";
import { install } from "./rig.mjs";

/** Characters that what a call returns may fill on a screen. */
const LIMIT = 2000;

const setup = `
const port = { on: () => {}, setup: () => {}, write: () => {} };
const modem = require("M95").connect(port, { apn: "internet" });
const client = modem.mqtt({ host: "broker.example" });
function noop() {}
let shown = "";
function typed(line) {
  shown = "";
  LoopbackA.setConsole(true);
  LoopbackB.write(line + "\\r");
  setTimeout(() => {
    // Marks go to the usual console.
    USB.setConsole(true);
    mark("shown", shown);
  }, 200);
}
// While something is typed, the console is one end of a loop, and this sketch types at the other.
LoopbackB.on("data", (text) => {
  shown += text;
});
mark("ready", true);
`;

const calls = {
  modem: /^=M95: syncing/,
  'client.publish("t", "x")': /^=M95: waiting/,
  'client.publish("t", "x", { qos: 1 })': /^=M95: waiting/,
  'client.subscribe("t")': /^=M95: waiting/,
  'client.on("message", noop)': /^=M95: waiting/,
  'modem.on("trace", noop)': /^=M95: /,
  'modem.mqtt({ host: "other.example" })': /^=M95: waiting/,
  "modem.start()": /^=undefined/,
  "modem.stats": /^=\{[\s\S]*commands: /,
  'require("M95")': /^=\{[\s\S]*connect/,
  "print(client)": /^M95: waiting/,
  "modem.mqtt({})": /^Uncaught M95Error EPARAM: host must be /,
  "modem.mqtt({ host: 5 })": /^Uncaught M95Error EPARAM: host must be a string, not 5/,
};

export const tests = [
  [
    "what calls return, and errors",
    async (log) => {
      const engine = new Engine(install() + setup);
      try {
        await engine.mark("ready");
        let most = 0;
        for (const [call, answer] of Object.entries(calls)) {
          engine.tell(`typed(${JSON.stringify(call)})`);
          // Behind the echo of the call.
          const [text] = (await engine.mark("shown")).split(`${call}\r\n`).slice(-1);
          assert.match(text, answer, `${call} shows ${JSON.stringify(text)}`);
          assert.ok(text.length < LIMIT, `${call} shows ${text.length} characters`);
          most = Math.max(most, text.length);
        }
        log(`at most ${most} characters`);
      } finally {
        await engine.stop();
      }
    },
  ],
];

// Parsing cost on Node: time per byte of the driver against mqtt-packet and, with ESPRUINO_DOCS, AT.js, in turns in one process.
// Times are for reading; only their ratios are figures.
import { readFileSync } from "node:fs";
import { generate, parser } from "mqtt-packet";
import { M95 } from "../build/core/index.js";
import { lack } from "../scripts/testing/needs.mjs";
import { atModuleFile } from "./at-module.mjs";
import { messages, scriptedModem } from "./scripted-modem.js";

const CHUNK = 64;
const COUNT = 4000;
const ROUNDS = 25;

const lines = messages(COUNT);
const chunks = Array.from({ length: Math.ceil(lines.length / CHUNK) }, (_, i) =>
  lines.slice(i * CHUNK, (i + 1) * CHUNK),
);

/** The driver with a connected client on a modem that agrees to everything. */
async function driver() {
  const uart = scriptedModem(setImmediate);
  const clock = { now: () => performance.now(), after: (_ms, fn) => setTimeout(fn, 0), cancel: clearTimeout };
  const modem = new M95({ uart, clock, apn: "x" });
  const client = modem.connect({ host: "h" });
  await new Promise((resolve) => client.once("connect", resolve));
  let got = 0;
  client.on("message", (_topic, payload) => {
    got += payload.length;
  });
  // The clock of the feeding stands still, as it does while a burst comes in.
  return { feed: (chunk) => uart.onReceive(chunk), got: () => got };
}

function atModule(file) {
  const exports = {};
  new Function("exports", readFileSync(file, "utf8"))(exports);
  let feed;
  const at = exports.connect({ on: (_event, listener) => (feed = listener), write() {} });
  for (const name of ["STAT", "OPEN", "CONN", "SUB", "UNS", "PUB", "DISC"]) at.registerLine(`+QMT${name}:`, () => {});
  let got = 0;
  at.registerLine("+QMTRECV:", (line) => (got += line.length));
  return { feed, got: () => got };
}

function packets() {
  const bytes = generate({
    cmd: "publish",
    topic: "a/b/c",
    payload: "x".repeat(36),
    qos: 0,
    retain: false,
    dup: false,
  });
  const all = Buffer.concat(Array.from({ length: COUNT }, () => bytes));
  const parts = Array.from({ length: Math.ceil(all.length / CHUNK) }, (_, i) =>
    all.subarray(i * CHUNK, (i + 1) * CHUNK),
  );
  const reader = parser();
  let got = 0;
  reader.on("packet", (packet) => (got += packet.payload.length));
  return { feed: (part) => reader.parse(part), got: () => got, parts, size: all.length };
}

/** Rows of a table and figures for the budgets. */
export async function node() {
  const file = atModuleFile();
  const all = { "m95-mqtt": await driver(), "mqtt-packet": packets(), ...(file ? { "AT.js": atModule(file) } : {}) };
  const times = Object.fromEntries(Object.keys(all).map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round++)
    for (const [name, { feed, parts = chunks, size = lines.length }] of Object.entries(all)) {
      const start = performance.now();
      for (const part of parts) feed(part);
      times[name].push(((performance.now() - start) * 1e6) / size);
    }
  for (const [name, { got }] of Object.entries(all)) if (!(got() > 0)) throw new Error(`${name} delivered nothing`);
  const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
  const rows = [["64-byte messages in 64-byte chunks", "ns per byte", "m95-mqtt to this"]];
  const own = median(times["m95-mqtt"]);
  for (const name of Object.keys(all))
    rows.push([name, median(times[name]).toFixed(1), (own / median(times[name])).toFixed(2)]);
  const figures = file ? { "node.parse.ratio": Number((own / median(times["AT.js"])).toFixed(3)) } : {};
  return { rows, figures, lack: lack("ESPRUINO_DOCS")?.why };
}

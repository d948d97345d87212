// `npm run test:board`: the driver on a Raspberry Pi Pico in an emulator, with the firmware of boards, from its own Storage, in front of the
// virtual M95, all on one clock. RP2040_FIRMWARE and RP2040_BOOTROM name what it runs; nothing is built or fetched here.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { boards } from "../../../build/board-wiring/index.js";
import { configOf } from "../../../build/flash/board/config.js";
import { install } from "../../../build/flash/board/install.js";
import { crc32 } from "../../../build/flash/board/quote.js";
import { Session } from "../../../build/flash/board/session.js";
import { MemoryBroker, VirtualM95 } from "../../../build/virtual-m95/index.js";
import { engine, lack } from "../../../scripts/testing/needs.mjs";
import { lastLine } from "../../../scripts/testing/summary.mjs";
import { Pico } from "./pico.mjs";

const BOARD = "raspberry-pi-pico";
/** The firmware looks at its UARTs between two statements only, and their FIFO has 32 bytes. */
const BAUD = 9600;
/** Most bytes of a payload. */
const LONGEST = 1548;
/** Simulated ms in which anything has to happen. */
const LIMIT = 120_000;

const dist = new URL("../../../dist/espruino/", import.meta.url);
const numberOf = (pin) => Number(pin.slice(1));
const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;

/** What happened, with the time that it took there and here. */
class Report {
  #since = performance.now();
  #then = 0;

  constructor(clock) {
    this.clock = clock;
  }

  line(text) {
    const [here, there] = [performance.now(), this.clock.now()];
    console.log(`  ✔ ${text} (${seconds(there - this.#then)} on the board, ${seconds(here - this.#since)} here)`);
    this.#since = here;
    this.#then = there;
  }
}

/** A board and its modem, which is off. */
function wire() {
  const pico = new Pico(engine("RP2040_FIRMWARE"), engine("RP2040_BOOTROM"));
  const { clock } = pico;
  const broker = new MemoryBroker({ clock, latency: 100 });
  const modem = new VirtualM95({ clock, network: broker.network, poweredOn: false });
  const { pwrkey, status, emergOff, supply, port } = boards[BOARD];
  modem.uart.onReceive = pico.line(Number(port.slice(-1)) - 1, (byte, baud) => {
    modem.uart.setBaud(baud);
    modem.uart.write(byte);
  });
  for (const [name, pin] of Object.entries({ pwrkey, emergOff, supply }))
    pico.watch(numberOf(pin), (level) => modem.pins[name].write(level));
  const look = () => {
    pico.drive(numberOf(status), modem.pins.status.read());
    clock.after(1, look);
  };
  look();
  return { pico, broker, modem };
}

/** The console, as the flashing code has it. */
function consoleOf(pico) {
  const link = {
    onData: () => {},
    onClose: () => {},
    write: async (data) => pico.send(data),
  };
  pico.onOutput = (data) => link.onData(data);
  const session = new Session(link);
  const printed = [];
  session.onOutput = (line) => printed.push(line);
  const ask = (expression) => pico.during(session.run(expression, { timeout: 30_000 }));
  return { session, ask, printed };
}

async function run() {
  const { pico, broker, modem } = wire();
  const report = new Report(pico.clock);
  const { session, ask, printed } = consoleOf(pico);
  const tell = async (what) => {
    const state = JSON.stringify(await ask("[log,modem.state,mqtt.state,E.getErrorFlags()]"));
    throw new Error(`${what}: not within ${seconds(LIMIT)}\n${state}\n${printed.slice(-20).join("\n")}`);
  };
  /** Waits with the console closed: the board sleeps then, which costs nothing here. */
  const until = async (what, condition) => {
    pico.open(false);
    const isSo = pico.run(LIMIT, condition);
    pico.open(true);
    if (!isSo) await tell(what);
  };
  /** Waits for what only the board can tell. */
  const untilThere = async (what, condition) => {
    for (const end = pico.clock.now() + LIMIT; !(await ask(condition)); ) {
      if (pico.clock.now() > end) await tell(what);
      pico.open(false);
      pico.run(500);
      pico.open(true);
    }
  };

  assert.ok(
    pico.run(5000, () => pico.isConnected),
    "the console is there",
  );
  pico.run(100);
  report.line("boots");

  const list = JSON.parse(readFileSync(new URL("parts.json", dist), "utf8"));
  const code = readFileSync(new URL("app.js", import.meta.url), "latin1").replace("BAUD", BAUD);
  const plan = {
    module: { list, load: (file) => readFileSync(new URL(file, dist), "latin1") },
    app: code,
    config: configOf({ board: BOARD, apn: "internet", broker: "broker.example", clientId: "pico" }),
    compare: "bytes",
    start: false,
  };
  const said = [];
  const flash = async () => {
    await session.prompt();
    await install(session, plan, {
      found: (info) => said.push(`${info.board} ${info.version}`),
      say: (text) => said.push(text),
      step: () => () => {},
    });
  };
  await pico.during(flash());
  const free = await ask('require("Storage").getFree()');
  report.line(`is flashed: ${said.join("; ")}; Storage left: ${free} bytes`);

  await pico.during(session.post("load()"));
  await until("connected", () => broker.clients.includes("pico"));
  await untilThere("subscribed", "ready");
  assert.equal(modem.pins.status.read(), 1);
  const loaded = await ask("loaded");
  const connected = await ask("process.memory().usage-before");
  const own = await ask(
    "[config,log,got,ready,connects,loaded,before].reduce(function(n,one){return n+1+E.getSizeOf(one)},0)",
  );
  report.line(
    `switches the modem on, connects and subscribes; jsVars: ${loaded} loaded, ${connected} connected, of which ${own} are the application's variables`,
  );

  for (const qos of [0, 1, 2]) await ask(`say("out/${qos}",${qos})`);
  await until("three publishes", () => broker.receivedCount >= 3);
  await untilThere("three verdicts", "log.filter(function(l){return l.endsWith(' sent')}).length==3");
  assert.deepEqual(
    broker.received.map(({ topic, payload, qos }) => [topic, String(payload), qos]).sort(),
    [0, 1, 2].map((qos) => [`out/${qos}`, `hello ${qos}`, qos]),
  );
  report.line("publishes at each QoS");

  const payload = Buffer.from(Array.from({ length: LONGEST }, (_, i) => 32 + ((i * 7) % 90)));
  broker.publish("in/long", payload, 1);
  await untilThere("a long message", "got.length");
  assert.deepEqual(await ask("got"), [["in/long", LONGEST, crc32(payload.toString("latin1"))]]);
  report.line(`receives ${LONGEST} bytes`);

  broker.kick("pico");
  await until("gone", () => !broker.clients.includes("pico"));
  await until("connected again", () => broker.clients.includes("pico"));
  await untilThere("told of it", "connects==2");
  await ask('say("out/again",1)');
  await until("a publish after it", () => broker.received.some(({ topic }) => topic === "out/again"));
  report.line(`reconnects; jsVars: ${await ask("process.memory().usage-before")}`);

  await ask("modem.stop(function(e){log.push(e?e.message:'stopped')}),1");
  await until("off", () => modem.pins.status.read() === 0);
  await untilThere("stopped", "log.indexOf('stopped')>=0");
  assert.deepEqual(modem.violations, []);
  assert.equal(pico.reset, false);
  const { total, usage } = await ask("process.memory()");
  report.line(`switches the modem off; ${usage} of ${total} jsVars in use`);
}

let lacking;
try {
  lacking = lack("RP2040_FIRMWARE", "RP2040_BOOTROM")?.why;
} catch (error) {
  console.log(`Board tests cannot run: ${error.message}.`);
  process.exit(1);
}
if (lacking) {
  console.log(`Board tests did not run (1 skipped): ${lacking}.`);
  // Part of a run of everything, or asked for by itself.
  process.exit(process.env.M95_VIA_NPM_TEST ? 0 : 1);
}
const counts = { passed: 0, failed: 0, skipped: 0 };
try {
  await run();
  counts.passed++;
} catch (error) {
  counts.failed++;
  console.log(`  ✘ [fail]: ${error.stack}`);
}
console.log(lastLine(counts));
process.exit(counts.failed > 0 ? 1 : 0);

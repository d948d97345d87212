// Programs written for the Moddable SDK's MQTT modules, unmodified but for their imports: its tests and examples, from the folder that
// MODDABLE names, and some of ours that make the same calls. Run on Node with what they use of XS stood in for; on XS itself
// test/engines/moddable runs one of them. What needs TLS sockets, WebSockets or Wi-Fi of the device is left out, by name.
import { readdirSync, readFileSync } from "node:fs";
import { register } from "node:module";
import path from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import test, { type ExecutionContext } from "ava";
import { M95 } from "../../core/index.js";
import { MemoryBroker, SimClock, VirtualM95 } from "../../virtual-m95/index.js";
import { engine } from "../support/needs.js";
import { testWith } from "../support/test-with.js";

const LEFT_OUT = [
  "mqtt-echo-secure.js (a TLS socket of the SDK)",
  "mqtt-echo-ws.js (WebSocket)",
  "mqtt-echo-wss.js (WebSocket)",
  "mqtt-expired-cert.js (a TLS socket of the SDK)",
];

ArrayBuffer.fromString = (text) => new TextEncoder().encode(text).buffer as ArrayBuffer;
String.fromArrayBuffer = (buffer) => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(buffer);

// Each test runs by itself, on its own clock.
let clock = new SimClock();
const Timer = {
  set(fn: () => void, ms = 0, repeat?: number): object {
    const handle: { timer?: unknown } = {};
    const fire = (): void => {
      if (repeat !== undefined) handle.timer = clock.after(repeat, fire);
      fn();
    };
    handle.timer = clock.after(ms, fire);
    return handle;
  },
  repeat: (fn: () => void, ms: number): object => Timer.set(fn, ms, ms),
  clear(handle?: { timer?: unknown }): void {
    if (handle) clock.cancel(handle.timer as never);
  },
};
(globalThis as { simulatedTimer?: unknown }).simulatedTimer = Timer;
register(
  `data:text/javascript,${encodeURIComponent(`export function resolve(name, context, next) {
    return name === "timer" ? { url: "data:text/javascript,export default globalThis.simulatedTimer", shortCircuit: true } : next(name, context);
  }`)}`,
  pathToFileURL("./"),
);
const { Client } = await import("../../targets/moddable/client.js");
const { codec } = await import("../../targets/moddable/codec.js");
const { MQTTClient } = await import("../../targets/moddable/mqttclient.js");

interface World {
  broker: MemoryBroker;
  said: string[];
  modem: M95;
}

/** Runs a program until it calls $DONE, or for so long. @param imports - what its imports lead to */
async function run(
  source: string,
  options: { before?: (broker: MemoryBroker) => void; until?: (world: World) => boolean; modules?: object } = {},
): Promise<World & { outcome: unknown }> {
  clock = new SimClock();
  const broker = new MemoryBroker({ clock, latency: 100 });
  const virtual = new VirtualM95({ clock, network: broker.network, poweredOn: true });
  const modem = new M95({ uart: virtual.uart, clock, apn: "internet", codec });
  const said: string[] = [];
  modem.on("error", (error) => said.push(`modem: ${error.message}`));
  options.before?.(broker);
  const world: World = { broker, said, modem };
  // The modem stands in the options of each client; the programs know nothing of it.
  class ClientOfModem extends Client {
    constructor(given: object) {
      super({ modem, ...given } as never);
    }
  }
  const device = { network: { mqtt: { io: MQTTClient, modem } } };
  const modules: { [name: string]: unknown } = { mqtt: ClientOfModem, timer: Timer, url: URL, ...options.modules };
  let over = false;
  let outcome: unknown;
  const $DONE = (what?: unknown): void => {
    if (!over) outcome = what;
    over = true;
  };
  const same = (a: unknown, b: unknown): void => {
    if (a !== b) throw new Error(`${a} is not ${b}`);
  };
  const parameters = {
    modules,
    $DONE,
    $DO: (fn: () => void) => (): void => {
      try {
        fn();
        $DONE();
      } catch (error) {
        $DONE(error);
      }
    },
    $NETWORK: { connected: Promise.resolve(), invalidDomain: "no.such.host.invalid" },
    $TESTMC: { timeout() {} },
    assert: { sameValue: same },
    trace: (...words: unknown[]) => said.push(words.join("").trimEnd()),
    device,
  };
  const body = source
    .replace(/^ *import \* as (\w+) from "([^"]+)";/gm, 'const $1 = modules["$2"];')
    .replace(/^ *import (\w+) from "([^"]+)";/gm, 'const $1 = modules["$2"];')
    .replace(/^export default /gm, "modules.default = ")
    .replace(/^export (class|function) (\w+)/gm, "modules.$2 = $2; $1 $2");
  const AsyncFunction = (async () => {}).constructor as new (
    ...args: string[]
  ) => (...args: unknown[]) => Promise<void>;
  // A class is not there before its line, so that what is exported is said behind all.
  const exported = [...source.matchAll(/^export (?:class|function) (\w+)/gm)].map(
    ([, name]) => `modules.${name} = ${name};`,
  );
  const text = `${body.replace(/^modules\.\w+ = \w+; (class|function)/gm, "$1")}\n${exported.join("\n")}`;
  const program = new AsyncFunction(...Object.keys(parameters), text);
  const running = program(...Object.values(parameters));
  running.catch($DONE);
  for (let i = 0; i < 600 && !over && !options.until?.(world); i++) {
    await turn();
    clock.advance(100);
  }
  await running;
  return { ...world, outcome: over ? outcome : options.until?.(world) ? undefined : "it has not come to an end" };
}

const sdk = engine("MODDABLE");
const tests = sdk && path.join(sdk, "tests/modules/network/mqtt");
const down = (broker: MemoryBroker): void => broker.stop();
const logins = (broker: MemoryBroker): void => {
  broker.connack = ({ password }) => (`${password}` === "readwrite" ? 0 : 4);
};

/** The SDK's tests of its classic client, and what the broker has to be like. */
const CLASSIC: { [name: string]: ((broker: MemoryBroker) => void) | undefined } = {
  "clientecho.js": undefined,
  "mqtt-auth-fail.js": logins,
  "mqtt-auth-success.js": logins,
  "mqtt-bad-endpoint.js": down,
  "mqtt-bad-host.js": down,
  "mqtt-close-immediate.js": undefined,
  "mqtt-close-message.js": undefined,
  "mqtt-close-ready.js": undefined,
  "mqtt-echo.js": undefined,
  "mqtt-unsubscribe.js": undefined,
  "mqtt-will.js": undefined,
};

const serially = (title: string, body: (t: ExecutionContext) => Promise<void>): void =>
  testWith("MODDABLE")(title, body);
let turnOf: Promise<unknown> = Promise.resolve();
/** One after the other: there is one clock. */
function alone<T>(what: () => Promise<T>): Promise<T> {
  const mine = turnOf.then(what);
  turnOf = mine.catch(() => {});
  return mine;
}

for (const [name, before] of Object.entries(CLASSIC))
  serially(`the SDK's test ${name}`, async (t) => {
    const source = readFileSync(path.join(tests!, name), "utf8");
    const { outcome, said } = await alone(() => run(source, before ? { before } : {}));
    t.is(outcome, undefined, said.join("\n"));
  });

serially(`every test of the SDK's classic client is run, but ${LEFT_OUT.join(", ")}`, async (t) => {
  const known = [...Object.keys(CLASSIC), ...LEFT_OUT.map((one) => one.replace(/ \(.*/, ""))];
  t.deepEqual(
    readdirSync(tests!).filter((name) => !known.includes(name)),
    [],
  );
});

serially("the SDK's example of its ECMA-419 MQTTClient, up to a payload that no modem takes", async (t) => {
  const source = readFileSync(path.join(sdk!, "examples/io/tcp/mqttclient/main.js"), "utf8");
  const { said, outcome, broker } = await alone(() =>
    run(source, {
      until: ({ said }) => said.some((one) => one.startsWith("PUBCOMP")) && said.includes("Ping response"),
    }),
  );
  t.is(outcome, undefined, said.join("\n"));
  t.is(said.filter((one) => one.startsWith("SUBACK")).length, 1);
  t.is(said.filter((one) => one.startsWith("UNSUBACK")).length, 1);
  t.true(said.includes("SMALL"), said.join("\n"));
  t.is(String(broker.received[0]!.payload), "SMALL\n");
  // Its next payload has 16 kB.
  t.true(
    said.some((one) => /^modem: byteLength must be at most 1548/.test(one)),
    said.join("\n"),
  );
});

serially("the SDK's wrapper mqtt/js and its example", async (t) => {
  const folder = path.join(sdk!, "examples/io/tcp/mqtt");
  const wrapper = readFileSync(path.join(folder, "mqtt.js"), "utf8");
  const main = readFileSync(path.join(folder, "main.js"), "utf8");
  // Both in one scope, as the wrapper is a module of the same program.
  const source = `${wrapper.replace(/^export /gm, "")}\nconst mqtt = { connect };\n${main.replace(/^import .*$/gm, "")}`;
  const data = ArrayBuffer.fromString("0123456789ABCDEF".repeat(64));
  const { said, outcome } = await alone(() =>
    run(`const data = modules.data;\n${source}`, {
      modules: { data },
      until: ({ said }) => said.filter((one) => one.startsWith("message")).length === 4,
    }),
  );
  t.is(outcome, undefined, said.join("\n"));
  for (const line of [
    "connect",
    "subscribed null xs/test 2",
    "published one null",
    "published two null",
    "published data null",
  ])
    t.true(said.includes(line), `${line}: ${said.join("\n")}`);
  t.deepEqual(
    said.filter((one) => one.startsWith("message")).map((one) => one.slice(0, 20)),
    ["message xs/test zero", "message xs/test one", "message xs/test two", "message xs/test 0123"],
  );
});

test("a program of ours for the classic Client: silence after close, the will with close(true), no keepalive unless asked for", async (t) => {
  const { outcome, broker } = await alone(() =>
    run(`import Client from "mqtt";
      import Timer from "timer";
      const first = new Client({ host: "a", id: "first", will: { topic: "w", message: "gone", retain: true } });
      first.onReady = function () {
        this.subscribe("t");
        this.publish("t", "1");
        this.publish("t", 2);
        this.publish("t", ArrayBuffer.fromString("3"), { quality: 1 });
      };
      first.onMessage = function (topic, body) {
        if (String.fromArrayBuffer(body) !== "1") $DONE("a message after close");
        this.close(true);
        Timer.set(() => $DONE(), 5000);
      };
      first.onClose = () => $DONE("closed");`),
  );
  t.is(outcome, undefined);
  t.is(String(broker.retained.get("w")?.payload), "gone");
});

test("a program of ours for the classic Client: flags that are null are none, as in the SDK", async (t) => {
  const { outcome, said, broker } = await alone(() =>
    run(`import Client from "mqtt";
      const none = { quality: null, retain: null };
      const client = new Client({ host: "a", id: "me", will: { topic: "w", message: "gone", ...none } });
      client.onError = (error) => trace(error.message);
      client.onReady = function () {
        this.subscribe("t");
        this.publish("t", "1", none);
        this.publish("t", "2", null);
      };
      let left = 2;
      client.onMessage = () => { if (!--left) $DONE(); };`),
  );
  t.is(outcome, undefined, said.join("\n"));
  t.deepEqual(said, []);
  t.deepEqual(
    broker.received.map(({ payload, qos, retain }) => [String(payload), qos, retain]),
    [
      ["1", 0, false],
      ["2", 0, false],
    ],
  );
});

test("a program of ours for MQTTClient: fragments, partial reads, acknowledgements, room, close", async (t) => {
  const { outcome, said, broker } = await alone(() =>
    run(
      `const MQTTClient = device.network.mqtt.io;
      let read = "";
      new MQTTClient({
        ...device.network.mqtt, host: "a", id: "me", keepAlive: 60_000, target: 5,
        onControl(msg) {
          trace("control ", msg.operation, " ", msg.id ?? "-", " ", msg.payload?.join() ?? "");
          if (msg.operation === MQTTClient.CONNACK)
            this.write(null, { operation: MQTTClient.SUBSCRIBE, id: 7, items: [{ topic: "t/#", QoS: 1 }, { topic: ArrayBuffer.fromString("u") }] });
          if (msg.operation === MQTTClient.SUBACK) {
            this.write(ArrayBuffer.fromString("ab"), { topic: "t/1", byteLength: 6, QoS: 2, id: 9 });
            this.write(new Uint8Array([99, 100]));
            this.write(ArrayBuffer.fromString("ef"));
          }
          if (msg.operation === MQTTClient.UNSUBACK) {
            this.write(ArrayBuffer.fromString("last"), { topic: "end", QoS: 1 });
            this.close();
            try { this.write(ArrayBuffer.fromString("x"), { topic: "x" }); } catch (e) { trace("closed"); }
          }
        },
        onReadable(count, options) {
          trace("readable ", count, " ", options.topic, " ", options.more);
          read += String.fromArrayBuffer(this.read(2));
          const into = new Uint8Array(10);
          read += "|" + String.fromArrayBuffer(this.read(into).slice().buffer);
          trace(read, " ", this.read() === undefined, " ", this.target);
          this.write(null, { operation: MQTTClient.UNSUBSCRIBE, id: 11, items: [{ topic: "u" }] });
        },
        onWritable(count) { trace("room ", count > 1548); },
        onError(e) { $DONE(e); },
      });`,
      { until: ({ broker }) => broker.received.length === 2 },
    ),
  );
  t.is(outcome, undefined, said.join("\n"));
  t.deepEqual(said.slice(0, 3), ["control 2 -", "room true", "control 9 7 1,0"]);
  t.true(said.includes("readable 6 t/1 false"), said.join("\n"));
  t.true(said.includes("ab|cdef true 5"), said.join("\n"));
  for (const line of ["control 5 9", "control 7 9", "control 11 11", "closed"])
    t.true(said.includes(line), `${line}: ${said.join("\n")}`);
  t.deepEqual(
    broker.received.map((one) => String(one.payload)),
    ["abcdef", "last"],
  );
});

test("MQTTClient tells once that a connection was lost or never made, and refuses what it cannot do", async (t) => {
  const { said, outcome } = await alone(() =>
    run(
      `const MQTTClient = device.network.mqtt.io;
      const make = (more) => new MQTTClient({ ...device.network.mqtt, host: "a", ...more });
      for (const more of [{ host: "" }, { modem: undefined }, { format: "number" }, { port: 0 }, { will: { topic: "", message: "" } }])
        try { make(more); trace("made"); } catch (e) { trace(e.message); }
      const one = make({ onError(e) { trace("error ", e !== undefined); $DONE(); }, onControl() { $DONE("up"); } });
      try { one.write(ArrayBuffer.fromString("x"), { topic: "x" }); } catch (e) { trace(e.message); }`,
      { before: down },
    ),
  );
  t.is(outcome, undefined);
  t.deepEqual(said.slice(0, 3), ["host required", "modem required", "format must be buffer"]);
  t.regex(said[3]!, /^port must be/);
  t.regex(said[4]!, /^will\.topic must be/);
  t.deepEqual(said.slice(5), ["not connected", "error true"]);
});

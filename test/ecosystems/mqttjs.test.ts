// Programs written for MQTT.js, unmodified but for `require` and `connect`: its own examples, from the folder that MQTTJS names, and
// some of ours that make the same calls. Those over WebSocket, through a proxy and in a browser are left out, by name.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import test, { type ExecutionContext } from "ava";
import { type ClientOptions, M95, type MqttClient, type MqttJsOptions } from "../../targets/node/index.js";
import { MemoryBroker, SimClock, VirtualM95 } from "../../virtual-m95/index.js";
import { engine } from "../support/needs.js";
import { testWith } from "../support/test-with.js";

const LEFT_OUT = [
  "vite-example (a browser)",
  "ws/aedes_server.js (a broker)",
  "ws/client.js (WebSocket)",
  "wss/client_with_proxy.js (WebSocket, a proxy)",
];

interface World {
  clock: SimClock;
  broker: MemoryBroker;
  /** What the program has written to the console. */
  said: string[];
  clients: MqttClient[];
  /** Lets time pass until something is so. */
  until(what: string, condition: () => boolean): void;
}

/** Runs a program for MQTT.js in front of a virtual modem. @param folder - where it lies */
function run(source: string, folder: string): World {
  const clock = new SimClock();
  const broker = new MemoryBroker({ clock, latency: 100 });
  const virtual = new VirtualM95({ clock, network: broker.network, poweredOn: true });
  const modem = new M95({ uart: virtual.uart, clock, apn: "internet", wallClock: () => Date.UTC(2026, 0) });
  const said: string[] = [];
  const clients: MqttClient[] = [];
  const mqtt = {
    // MQTT.js's own default is the broker on this machine.
    connect(first?: string | MqttJsOptions, options?: MqttJsOptions): MqttClient {
      const client =
        typeof first === "string"
          ? modem.connect(first, options)
          : modem.connect({ host: "localhost", ...first } as ClientOptions);
      // As MQTT.js does.
      client.on("error", () => {});
      clients.push(client);
      return client;
    },
  };
  const real = createRequire(path.join(folder, "program.js"));
  // One example names a folder that has moved since.
  const files = {
    readFileSync: (name: string) =>
      readFileSync(existsSync(name) ? name : name.replace("test/helpers", "test/node/helpers")),
  };
  const require = (name: string): unknown =>
    ["../..", "../../", "mqtt"].includes(name) ? mqtt : name === "fs" ? files : real(name);
  const say = (...words: unknown[]) =>
    said.push(words.map((word) => (word instanceof Error ? word.message : `${word}`)).join(" "));
  const every = (fn: () => void, ms: number): void => {
    clock.after(ms, () => {
      fn();
      every(fn, ms);
    });
  };
  const parameters = { require, console: { log: say, error: say }, __dirname: folder, setInterval: every };
  new Function(...Object.keys(parameters), source)(...Object.values(parameters));
  return {
    clock,
    broker,
    said,
    clients,
    until(what, condition) {
      if (!clock.run(condition, 600_000)) throw new Error(`${what}: never; it said ${said.join(" | ")}`);
    },
  };
}

/** A program that is to be found in MQTT.js's examples, and what it has to do. */
const EXAMPLES: { [name: string]: (t: ExecutionContext, world: World) => void } = {
  // The publish is asked for and the client ended before there is a connection: neither here nor there does it wait for one.
  "client/simple-publish.js": (t, { until, clients }) => {
    until("the end", () => clients[0]!.disconnected);
    t.pass();
  },
  "client/simple-both.js": (t, { until, clients }) => {
    until("the end", () => clients[0]!.disconnected);
    t.pass();
  },
  "client/simple-subscribe.js": (t, { until, clients, clock, broker, said }) => {
    until("a connection", () => clients[0]!.connected);
    clock.advance(3000);
    broker.publish("presence", "bin hier", 0);
    until("a message", () => said.length > 0);
    t.deepEqual(said, ["bin hier"]);
  },
  "client/secure-client.js": (t, { until, said }) => {
    until("its own message", () => said.length > 0);
    t.regex(said[0]!, /^Current time is: /);
  },
  "tls client/mqttclient.js": (t, { until, said }) => {
    until("its own message", () => said.length > 1);
    t.deepEqual(said.map((one) => one.replace(/: .*/, "")).sort(), ["Connected", "Current time is"]);
  },
  "../example.ts": (t, { until, said }) => {
    until("three messages", () => said.filter((one) => one.startsWith("received message")).length > 2);
    t.is(said.filter((one) => one === "connected").length, 1);
    t.true(said.includes("message published"));
    t.true(said.some((one) => one.startsWith("subscribed to presence_")));
  },
};

const sources = engine("MQTTJS");
const folder = sources && path.join(sources, "examples");

for (const [name, check] of Object.entries(EXAMPLES))
  testWith("MQTTJS")(`MQTT.js's example ${name}`, (t) => {
    const file = path.join(folder!, name);
    const source = readFileSync(file, "utf8").replace(/^import mqtt from .*$/m, "const mqtt = require('mqtt')");
    check(t, run(source, path.dirname(file)));
  });

testWith("MQTTJS")(`every example of MQTT.js is run, but ${LEFT_OUT.join(", ")}`, (t) => {
  const known = [...Object.keys(EXAMPLES), ...LEFT_OUT.map((one) => one.replace(/ \(.*/, ""))];
  const found = readdirSync(folder!, { recursive: true, encoding: "utf8" }).filter((name) => /\.[jt]s$/.test(name));
  t.deepEqual(
    found.filter((name) => !known.some((one) => name.startsWith(one))),
    [],
  );
});

test("a program as in MQTT.js's manual: subscribe in connect, publish in its callback, end in message", (t) => {
  const { until, clients, said } = run(
    `const mqtt = require("mqtt");
    const client = mqtt.connect("mqtt://test.mosquitto.org");
    client.on("connect", () => {
      client.subscribe("presence", (err) => {
        if (!err) client.publish("presence", "Hello mqtt");
      });
    });
    client.on("message", (topic, message) => {
      console.log(message.toString());
      client.end();
    });`,
    import.meta.dirname ?? ".",
  );
  until("the end", () => clients[0]!.disconnected);
  t.deepEqual(said, ["Hello mqtt"]);
});

test("a program that uses the rest: QoS 2, an object of filters, packets, end with callback, reconnect", (t) => {
  const { until, clients, said, broker } = run(
    `const mqtt = require("mqtt");
    const client = mqtt.connect({ hostname: "broker", protocolVersion: 4, clientId: "me", keepalive: 30,
      will: { topic: "gone", payload: Buffer.from("me"), qos: 1, retain: false } });
    client.once("connect", function (connack) {
      console.log(connack.cmd, this === client);
      client.subscribe({ a: { qos: 2 }, b: { qos: 0 } }, (err, granted) => {
        console.log(err, granted.map((one) => one.topic + one.qos).join());
        client.publish("a", Buffer.from("1"), { qos: 2, retain: true }, (err, packet) => {
          console.log(err, packet.topic);
          client.unsubscribe(["a", "b"], {}, (err) => {
            console.log(err);
            client.publish("c", "1", { qos: 1 });
            client.end(false, {}, () => {
              console.log("ended", client.disconnected);
              client.once("connect", () => console.log("again"));
              client.reconnect();
            });
          });
        });
      });
    });`,
    import.meta.dirname ?? ".",
  );
  until("all", () => said.includes("again"));
  t.deepEqual(said, ["connack true", "null a2,b0", "null a", "null", "ended true", "again"]);
  t.deepEqual(
    broker.received.map((one) => one.topic),
    ["a", "c"],
  );
  t.is(clients.length, 1);
});

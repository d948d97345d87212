// End to end: connecting. MQTT versions, sessions, logins, wills, keepalive, six clients. Messages are in messages.test.ts.
import test from "ava";
import { M95Error } from "../../targets/node/index.js";
import { startAedes } from "../support/aedes.js";
import { connect, openModem, until, withBrokers } from "./rig.js";

for (const [version, protocolVersion] of [
  ["3.1", 3],
  ["3.1.1", 4],
] as const)
  withBrokers(`MQTT ${version}: connect, subscribe, hear oneself, leave`, async ({ t, open }) => {
    const { modem } = await open({ virtual: { protocolVersion } });
    const { client, inbox } = await connect(modem);
    t.deepEqual(await client.subscribeAsync("a/b", { qos: 2 }), [{ topic: "a/b", qos: 2 }]);
    await client.publishAsync("a/b", "hello", { qos: 2 });
    await until("the message", () => inbox.length > 0);
    t.deepEqual(inbox, [{ topic: "a/b", payload: Buffer.from("hello") }]);
    await client.endAsync();
    t.is(client.state, "closed");
    t.is(modem.state, "ready");
    t.like(modem.stats, { connects: 1, reconnects: 0, published: 1, received: 1, timeouts: 0, orphans: 0 });
  });

test("the broker sees the MQTT version, the client ID and the keepalive that were asked for", async (t) => {
  for (const [protocolVersion, version] of [
    [3, 3],
    [4, 4],
  ] as const) {
    const broker = await startAedes();
    t.teardown(() => broker.stop());
    const seen: unknown[] = [];
    broker.broker.on("client", (client) => seen.push({ id: client.id, version: client.version, clean: client.clean }));
    const { modem, virtual } = await openModem(t, broker.port, { virtual: { protocolVersion } });
    const { client } = await connect(modem, { clientId: "sensor-7", keepalive: 60 });
    await client.endAsync();
    t.deepEqual(seen, [{ id: "sensor-7", version, clean: true }]);
    t.deepEqual(virtual.violations, []);
  }
});

withBrokers(
  "a persistent session keeps subscriptions and messages, a clean one does not",
  async ({ t, open, peer }) => {
    const { modem } = await open();
    const other = await peer();
    for (const clean of [false, true]) {
      const options = { clientId: `session-${clean}`, clean, resubscribe: false };
      const topic = `session/${clean}`;
      const first = await connect(modem, options);
      await first.client.subscribeAsync(topic, { qos: 1 });
      await first.client.endAsync();
      await other.publish(topic, "while away", { qos: 1 });
      const second = await connect(modem, options);
      await other.publish(topic, "while there", { qos: 1 });
      if (clean) {
        // Behind a round trip of its own nothing else can be on its way.
        await second.client.subscribeAsync("round/trip");
        t.deepEqual(second.inbox, []);
      } else {
        await until("both messages", () => second.inbox.length === 2);
        t.deepEqual(
          second.inbox.map(({ payload }) => String(payload)),
          ["while away", "while there"],
        );
      }
      await second.client.endAsync();
    }
  },
);

withBrokers(
  "a login is accepted, a wrong or missing one refused, for good after refusedRetries",
  async ({ t, open }) => {
    const { modem } = await open();
    const { client } = await connect(modem, { username: "gärtner", password: "Grün, 1=2;" });
    await client.publishAsync("a", "b", { qos: 1 });
    for (const login of [{ username: "gärtner", password: "grün" }, {}]) {
      const refused = modem.connect({ host: "broker.example", reconnectPeriod: 100, refusedRetries: 1, ...login });
      const errors: Error[] = [];
      // The broker's closing of the connection is an error of its own, which may come during the next attempt.
      refused.on("error", (error) => "returnCode" in error && errors.push(error));
      await new Promise<void>((resolve) => refused.on("end", resolve));
      t.is(errors.length, 2);
      for (const error of errors) {
        t.true(error instanceof M95Error);
        t.like(error, { code: "EREFUSED", returnCode: 5 });
        t.regex(error.message, /not authori[sz]ed/i);
      }
      t.is(refused.state, "closed");
      await t.throwsAsync(refused.publishAsync("a", "b"), { code: "ECLOSED" });
    }
    t.true(client.connected);
  },
  { users: { gärtner: "Grün, 1=2;" } },
);

withBrokers("a will is published when the connection is cut, and not after end()", async ({ t, open, peer }) => {
  const { modem, virtual } = await open();
  const other = await peer();
  await other.subscribe("will/#");
  const will = { topic: "will/device", payload: "gone, alas", qos: 1, retain: true } as const;
  const { client } = await connect(modem, { will, reconnectPeriod: 1 });
  virtual.dropLink(client.connectionId, 1);
  await until("the will", () => other.received.length > 0);
  t.like(other.received[0], { topic: "will/device", payload: Buffer.from("gone, alas"), qos: 1 });
  const late = await peer();
  await late.subscribe("will/#");
  await until("the retained will", () => late.received.length > 0);
  t.true(late.received[0]!.retain);
  await until("the reconnect", () => client.connected);
  await client.endAsync();
  await other.publish("will/mark", "");
  await until("the mark", () => other.received.at(-1)!.topic === "will/mark");
  t.deepEqual(
    other.received.map(({ topic }) => topic),
    ["will/device", "will/mark"],
  );
});

withBrokers("a short keepalive holds a quiet connection; silence ends it with the will", async ({ t, open, peer }) => {
  // Pings every second, while the broker, whose time does not run faster, allows for three.
  const { modem, virtual } = await open({ speed: 2 });
  const other = await peer();
  await other.subscribe("will");
  const { client } = await connect(modem, {
    keepalive: 2,
    packetTimeout: 1,
    retryTimes: 1,
    will: { topic: "will", payload: "silent" },
  });
  await new Promise((resolve) => setTimeout(resolve, 4000));
  t.true(client.connected);
  t.deepEqual(other.received, []);
  virtual.networkDown(true);
  await until("the will", () => other.received.length > 0);
  virtual.networkDown(false);
  t.is(String(other.received[0]!.payload), "silent");
  await until("the reconnect", () => client.connected && modem.stats.connects > 1);
});

withBrokers("six clients at once; a seventh is refused, and takes a place that became free", async ({ t, open }) => {
  const { modem } = await open();
  const clients = await Promise.all(Array.from({ length: 6 }, (_, i) => connect(modem, { clientId: `six-${i}` })));
  t.deepEqual(
    clients.map(({ client }) => client.connectionId),
    [0, 1, 2, 3, 4, 5],
  );
  t.throws(() => modem.connect({ host: "broker.example" }), { code: "EPARAM" });
  await Promise.all(clients.map(({ client }, i) => client.subscribeAsync(`to/${i}`, { qos: 1 })));
  await Promise.all(
    clients.map(({ client }, i) =>
      client.publishAsync(`to/${(i + 1) % 6}`, `from ${i}`, { qos: (i % 3) as 0 | 1 | 2 }),
    ),
  );
  await until("a message each", () => clients.every(({ inbox }) => inbox.length > 0));
  clients.forEach(({ inbox }, i) => {
    t.deepEqual(inbox, [{ topic: `to/${i}`, payload: Buffer.from(`from ${(i + 5) % 6}`) }]);
  });
  await clients[3]!.client.endAsync();
  const seventh = await connect(modem, { clientId: "seventh" });
  t.is(seventh.client.connectionId, 3);
  t.is(modem.stats.orphans, 0);
});

// End to end: from PWRKEY to power-off, and what goes wrong in between: broker, link, PDP context and modem lost.
import test from "ava";
import { startAedes } from "../support/aedes.js";
import { connect, openModem, until, withBrokers } from "./rig.js";

withBrokers("PWRKEY to message to power-off, twice", async ({ t, open }) => {
  const { modem, virtual } = await open({ off: true });
  for (const round of [1, 2]) {
    t.false(virtual.running);
    const { client, inbox } = await connect(modem);
    t.true(virtual.running);
    await client.subscribeAsync("round", { qos: 1 });
    await client.publishAsync("round", String(round), { qos: 1 });
    await until("the message", () => inbox.length === 1);
    await modem.stopAsync();
    t.is(client.state, "closed");
    t.is(modem.state, "off");
    t.false(virtual.running);
  }
});

withBrokers("a broker restart: both are back, what waited is sent, subscriptions hold", async (rig) => {
  const { t, broker } = rig;
  const { modem } = await rig.open();
  const events: string[] = [];
  const { client, inbox } = await connect(modem, { clientId: "steady" });
  for (const event of ["connect", "close", "reconnect", "offline", "error", "end"] as const)
    client.on(event, () => events.push(event));
  await client.subscribeAsync("down/#", { qos: 2 });
  await broker.stop();
  await until("the loss", () => !client.connected);
  const waiting = [1, 2, 3].map((n) => client.publishAsync("down/queued", String(n), { qos: 1 }));
  await broker.restart();
  await Promise.all(waiting);
  const other = await rig.peer();
  await other.publish("down/new", "after", { qos: 2 });
  await until("all messages", () => inbox.length === 4);
  t.deepEqual(
    inbox.map(({ payload }) => String(payload)),
    ["1", "2", "3", "after"],
  );
  t.is(events[0], "close");
  t.is(events.at(-1), "connect");
  t.true(events.includes("offline"));
  t.true(events.includes("reconnect"));
  t.is(events.filter((event) => event === "connect").length, 1);
  t.false(events.includes("end"));
});

withBrokers("a modem that reboots, and a PDP context that is taken away", async ({ t, open, peer }) => {
  // With a fixed rate the modem says what happens to it as soon as it runs.
  const { modem, virtual } = await open({ off: true, modem: { baud: 115200, recovery: { period: 500 } } });
  const other = await peer();
  const { client, inbox } = await connect(modem);
  await client.subscribeAsync("down", { qos: 1 });
  let connects = 0;
  client.on("connect", () => connects++);
  for (const [n, mishap] of [() => virtual.reboot(), () => virtual.dropPdp()].entries()) {
    mishap();
    await until("the reconnect", () => connects > n && client.connected);
    // Its own round trip comes behind the renewed subscription.
    await client.publishAsync("up", String(n), { qos: 1 });
    await other.publish("down", String(n), { qos: 1 });
    await until("the message", () => inbox.length > n);
  }
  t.deepEqual(
    inbox.map(({ payload }) => String(payload)),
    ["0", "1"],
  );
  t.is(modem.stats.restarts, 2);
});

test("a broker that is not there is an error, and found once it is", async (t) => {
  const broker = await startAedes();
  t.teardown(() => broker.stop());
  await broker.stop();
  const { modem, virtual } = await openModem(t, broker.port, {});
  const client = modem.connect({ host: "broker.example", reconnectPeriod: 200 });
  const errors: Error[] = [];
  client.on("error", (error) => errors.push(error));
  await until("two failed attempts", () => errors.length >= 2);
  t.like(errors[0], { code: "EOPEN" });
  t.false(client.connected);
  t.true(client.reconnecting);
  await broker.restart();
  await until("the connection", () => client.connected);
  await client.publishAsync("a", "b", { qos: 1 });
  t.is(broker.published.length, 1);
  t.deepEqual(virtual.violations, []);
});

test("the port is closed: clients end, calls fail, and nothing is left that keeps the process alive", async (t) => {
  const broker = await startAedes();
  t.teardown(() => broker.stop());
  const { modem } = await openModem(t, broker.port, {});
  const { client } = await connect(modem, { reconnectPeriod: 10 });
  const ended = new Promise<void>((resolve) => client.on("end", resolve));
  // Its command has not been sent yet: the line has to be silent for a moment first.
  const unsent = client.publishAsync("a", "b", { qos: 2 });
  modem.close();
  await t.throwsAsync(unsent, { code: "ECLOSED" });
  await ended;
  t.is(modem.state, "off");
  t.is(client.state, "closed");
  await t.throwsAsync(modem.startAsync(), { code: "ECLOSED" });
});

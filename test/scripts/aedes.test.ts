// Checks the in-process broker that other tests lean on. It does not test Aedes itself.

import { once } from "node:events";
import { connect, type Socket } from "node:net";
import test from "ava";
import { generate, type Packet, parser } from "mqtt-packet";
import { type RunningAedes, startAedes } from "../support/aedes.js";

async function client(broker: RunningAedes): Promise<{ socket: Socket; next(): Promise<Packet> }> {
  const socket = connect(broker.port, "127.0.0.1");
  const packets: Packet[] = [];
  const parse = parser();
  parse.on("packet", (packet) => packets.push(packet));
  socket.on("data", (data) => parse.parse(data));
  socket.write(generate({ cmd: "connect", clientId: "c1", clean: true, keepalive: 0 } as Packet));
  const next = async () => {
    while (packets.length === 0) await once(socket, "data");
    return packets.shift()!;
  };
  return { socket, next };
}

test("collects what clients publish, and comes back on the same port", async (t) => {
  const broker = await startAedes();
  t.teardown(() => broker.stop());
  const { port } = broker;
  const first = await client(broker);
  t.like(await first.next(), { cmd: "connack", returnCode: 0 });
  first.socket.write(
    generate({ cmd: "publish", topic: "a/b", payload: "21", qos: 1, messageId: 7, dup: false, retain: false }),
  );
  t.like(await first.next(), { cmd: "puback", messageId: 7 });
  const [message] = await broker.waitForPublished(1);
  t.like(message, { clientId: "c1", topic: "a/b", qos: 1, retain: false });
  t.is(String(message!.payload), "21");

  const cut = once(first.socket, "close");
  await broker.restart();
  await cut;
  t.is(broker.port, port);
  const second = await client(broker);
  t.like(await second.next(), { cmd: "connack", returnCode: 0 });
  t.is(broker.published.length, 1);
});

test("stops twice without harm, and says what it waited for in vain", async (t) => {
  const broker = await startAedes();
  await t.throwsAsync(broker.waitForPublished(1, 10), { message: "0 of 1 messages were published within 10 ms" });
  await broker.stop();
  await broker.stop();
});

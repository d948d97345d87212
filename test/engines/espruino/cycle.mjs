// One session from power-on to power-off, on a pty and in real time, with the pins moved by the driver.

import assert from "node:assert/strict";
import { install, sketch, startRig } from "./rig.mjs";

const decode = (text) => Buffer.from(text, "base64");
const allBytes = Buffer.from([...Array(256).keys()].filter((byte) => byte !== 0x1a && byte !== 0x1b));

async function cycle(log) {
  // The STATUS of a pin reaches the sketch some ms late, so a press may end late as well.
  const rig = await startRig({ modem: { tolerate: ["sent-while-off"] } });
  try {
    const { broker, modem } = rig;
    const engine = rig.run(install("power") + sketch("cycle"));
    const ok = async (name, limit) => assert.equal(await engine.mark(name, limit), "ok", name);

    assert.equal(await engine.mark("ready", 60_000), "ready");
    assert.equal(modem.pins.status.read(), 1);
    engine.tell("begin()");
    await ok("connect");
    engine.tell('client.subscribe({"down/#":{qos:1},"other":{qos:2}}, done("subscribed"))');
    assert.deepEqual(await engine.mark("subscribed"), [
      { topic: "down/#", qos: 1 },
      { topic: "other", qos: 2 },
    ]);
    engine.tell('measure("connected")');
    await engine.mark("usage");

    for (const qos of [0, 1, 2]) {
      engine.tell(`client.publish("up/${qos}", "at ${qos}", {qos:${qos}}, done("published"))`);
      await ok("published");
    }
    engine.tell('client.publish("up/bytes", allBytes(), {qos:1}, done("published"))');
    await ok("published");
    engine.tell('client.publish("up/number", 21.5, done("published"))');
    await ok("published");
    engine.tell('client.publish("up/array", new Uint8Array([0,200,65]), done("published"))');
    await ok("published");
    engine.tell('client.publish("up/long", "x".repeat(1548), {qos:1}, done("published"))');
    await ok("published");
    await rig.until("seven messages at the broker", () => broker.published.length === 7);
    const got = broker.published.map(({ topic, payload, qos }) => [topic, payload.toString("latin1"), qos]);
    assert.deepEqual(got, [
      ["up/0", "at 0", 0],
      ["up/1", "at 1", 1],
      ["up/2", "at 2", 2],
      ["up/bytes", allBytes.toString("latin1"), 1],
      ["up/number", "21.5", 0],
      ["up/array", "\0\xc8A", 0],
      ["up/long", "x".repeat(1548), 1],
    ]);
    engine.tell('client.publish("up/ctrl", "a\\x1ab", done("published"))');
    assert.equal((await engine.mark("published")).code, "EPAYLOAD");
    engine.tell('client.publish("up/big", "x".repeat(1549), done("published"))');
    assert.equal((await engine.mark("published")).code, "ETOOBIG");

    const payloads = [
      Buffer.from("hello"),
      allBytes,
      Buffer.alloc(1548, "y"),
      Buffer.from("two\r\nlines\r\nOK\r\n"),
      Buffer.from(""),
    ];
    for (const payload of payloads) {
      await rig.publish("down/it", payload);
      const message = await engine.mark("message");
      assert.equal(message.topic, "down/it");
      assert.deepEqual(decode(message.message), payload);
    }
    engine.tell('measure("messages")');
    await engine.mark("usage");

    for (let i = 0; i < 3; i++) {
      modem.dropLink(0, 1);
      assert.notEqual(await engine.mark("close"), undefined);
      await ok("reconnect");
      await ok("connect", 30_000);
    }
    await rig.until("subscribed again", () => modem.violations.length > 0 || broker.broker.connectedClients === 1);
    engine.tell('client.publish("up/again", "again", {qos:1}, done("published"))');
    await ok("published");
    await rig.publish("down/again", "still there");
    assert.equal(decode((await engine.mark("message")).message).toString(), "still there");
    engine.tell('measure("reconnects")');
    const usage = await engine.mark("usage");

    engine.tell('client.end(false, done("ended"))');
    await ok("end");
    await ok("ended");
    engine.tell('modem.stop(done("stopped"))');
    await ok("stopped", 30_000);
    assert.equal(modem.pins.status.read(), 0);
    // On a loaded machine the answer to an AT of the synchronisation may cross the next AT.
    const violations = modem.violations.filter(({ kind, detail }) => kind !== "busy" || !detail.endsWith('"AT\\r"'));
    assert.deepEqual(violations, []);
    engine.checkQuiet();
    log(
      `jsVars: ${Object.entries(usage)
        .map(([name, vars]) => `${name} ${vars}`)
        .join(", ")}`,
    );
  } finally {
    await rig.stop();
  }
}

export const tests = [["power-on, connect, subscribe, publish, receive, reconnect, power-off", cycle]];

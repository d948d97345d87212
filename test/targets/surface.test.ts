// The surface on Node that programs for MQTT.js and for EventEmitters use, against a virtual modem in process: emitters, closing,
// packets, options in MQTT.js's words, and what reaches the console.
import { execFile } from "node:child_process";
import { EventEmitter, errorMonitor, on, once } from "node:events";
import { Duplex, PassThrough } from "node:stream";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import test from "ava";
import {
  type ClientOptions,
  type M95,
  M95 as M95Class,
  type M95Error,
  MqttClient,
  type MqttJsOptions,
  openM95,
  streamUart,
} from "../../targets/node/index.js";
import { MemoryBroker, SimClock, VirtualM95 } from "../../virtual-m95/index.js";

interface Bench {
  clock: SimClock;
  broker: MemoryBroker;
  virtual: VirtualM95;
  modem: M95;
  sent: string[];
}

function bench(latency = 100): Bench {
  const clock = new SimClock();
  const broker = new MemoryBroker({ clock, latency });
  const virtual = new VirtualM95({ clock, network: broker.network, poweredOn: true });
  const modem = new M95Class({ uart: virtual.uart, clock, apn: "internet" });
  const sent: string[] = [];
  modem.on("trace", (direction, text) => {
    if (direction === ">") sent.push(text.trimEnd());
  });
  modem.on("error", () => {});
  return { clock, broker, virtual, modem, sent };
}

function connected(options: Partial<MqttJsOptions> = {}): Bench & { client: MqttClient } {
  const b = bench();
  const client = b.modem.connect({ host: "broker.example", ...options } as ClientOptions);
  b.clock.run(() => client.connected, 60_000);
  return { ...b, client };
}

/** Runs statements in a process of their own, with what `bench` needs, and gives what it writes to the console. */
async function run(code: string): Promise<{ stdout: string; stderr: string }> {
  const at = (file: string): string => JSON.stringify(new URL(file, import.meta.url).href);
  const program = `
    import { M95, openM95 } from ${at("../../targets/node/index.js")};
    import { MemoryBroker, SimClock, VirtualM95 } from ${at("../../virtual-m95/index.js")};
    const clock = new SimClock();
    const broker = new MemoryBroker({ clock, latency: 100 });
    const virtual = new VirtualM95({ clock, network: broker.network, poweredOn: true });
    const modem = new M95({ uart: virtual.uart, clock, apn: "internet" });
    ${code}`;
  return promisify(execFile)(process.execPath, ["--input-type=module", "-e", program], {
    cwd: fileURLToPath(new URL(".", import.meta.url)),
    timeout: 30_000,
  });
}

test("modem and client are EventEmitters, with all their methods", (t) => {
  const { modem, client } = connected();
  for (const one of [modem, client]) {
    t.true(one instanceof EventEmitter);
    const emitter = one as unknown as EventEmitter;
    let calls = 0;
    const listener = (): number => calls++;
    emitter.addListener("x", listener).on("x", listener).prependListener("x", listener);
    t.is(emitter.listenerCount("x"), 3);
    emitter.removeListener("x", listener).off("x", listener);
    t.true(emitter.emit("x", 1, 2, 3, 4, 5));
    t.is(calls, 1);
    t.deepEqual(emitter.listeners("x"), [listener]);
    t.is(emitter.removeAllListeners("x").listenerCount("x"), 0);
    t.is(emitter.setMaxListeners(20).getMaxListeners(), 20);
    emitter.once("x", (...args: unknown[]) => t.deepEqual(args, [1, 2, 3, 4, 5]));
    emitter.emit("x", 1, 2, 3, 4, 5);
    t.false(emitter.emit("x"));
    for (const method of ["on", "once", "addListener", "prependListener", "prependOnceListener"] as const)
      t.throws(
        () => emitter[method]("x", undefined as never),
        { code: "EPARAM", message: /^listener must be a/ },
        method,
      );
  }
  t.true(client instanceof MqttClient);
  t.true(modem instanceof M95Class);
});

test("events.once resolves with the arguments and rejects on error; for await over messages can be left", async (t) => {
  const b = bench();
  const client = b.modem.connect({ host: "broker.example" });
  const greeted = once(client as unknown as EventEmitter, "connect");
  b.clock.run(() => client.connected, 60_000);
  t.deepEqual((await greeted)[0].cmd, "connack");
  client.subscribe("t/#");
  b.clock.advance(3000);
  const messages = on(client as unknown as EventEmitter, "message");
  for (const n of [1, 2, 3]) {
    b.broker.publish(`t/${n}`, "x", 0);
    b.clock.advance(1000);
  }
  const topics: string[] = [];
  for await (const [topic] of messages) {
    topics.push(topic);
    if (topics.length === 2) break;
  }
  t.deepEqual(topics, ["t/1", "t/2"]);
  t.is(client.listenerCount("message"), 0);

  const refused = bench();
  refused.broker.connack = 5;
  const other = refused.modem.connect({ host: "broker.example" });
  const failed = once(other as unknown as EventEmitter, "connect");
  refused.clock.advance(20_000);
  await t.throwsAsync(failed, { code: "EREFUSED" });
});

test("what nobody hears and what listeners throw is a warning, once per kind, and stops nothing", async (t) => {
  const { stdout, stderr } = await run(`
    const client = modem.connect({ host: "broker.example" });
    clock.run(() => client.connected, 60_000);
    client.on("packetsend", () => { throw new Error("mine"); });
    client.publish("", "x").publish("", "x").publish("a", "1").publish("a", "2", { qos: 1 });
    clock.advance(20_000);
    console.log(broker.received.length, modem.stats.unheardErrors > 2, modem.stats.listenerErrors);`);
  t.is(stdout.trim(), "2 true 2");
  t.is(stderr.split("M95Warning:").length - 1, 2, stderr);
  t.true(stderr.includes("nobody listens to: EPARAM: topic must be"), stderr);
  t.true(stderr.includes("a listener or callback threw: mine"), stderr);
});

test("a modem that says nothing is a warning within 15 s", async (t) => {
  const { stderr } = await run(`
    virtual.hang();
    const began = clock.now();
    process.on("warning", () => console.error((clock.now() - began) / 1000));
    modem.on("error", () => {});
    modem.start(() => {});
    clock.advance(14_999);
    await new Promise((resolve) => setTimeout(resolve, 50));`);
  t.true(stderr.includes("no answer from the modem in 12 s"), stderr);
});

/** A stream with the ways of a SerialPort. */
class FakeSerialPort extends PassThrough {
  isOpen = true;
  calls: string[] = [];
  close(done: () => void): this {
    this.calls.push("close");
    this.isOpen = false;
    setTimeout(() => {
      this.emit("close");
      done();
    }, 10);
    return this;
  }
  override destroy(): this {
    this.calls.push("destroy");
    return this;
  }
}

test("close() closes a serial port as it wants it, once, is done then, and is no failure", async (t) => {
  const port = new FakeSerialPort();
  const modem = await openM95(port, { apn: "internet" });
  const heard: string[] = [];
  modem.on("state", (state) => heard.push(state));
  modem.on("error", (error) => heard.push(error.message));
  const client = modem.connect({ host: "broker.example" });
  client.on("error", (error) => heard.push(error.message)).on("end", () => heard.push("end"));
  const started = t.throwsAsync(modem.startAsync(), { code: "ECLOSED" });
  await new Promise((resolve) => setTimeout(resolve, 10));
  let calls = 0;
  modem.close(() => calls++);
  await modem.closeAsync();
  t.is(calls, 1);
  t.false(port.isOpen);
  await modem.closeAsync();
  t.deepEqual(port.calls, ["close"]);
  await started;
  t.deepEqual(heard, ["starting", "syncing", "off", "end"]);
  t.is(modem.state, "off");
  t.is(client.disconnected, true);
  await t.throwsAsync(modem.commandAsync("AT"), { code: "ECLOSED" });
});

test("close() of another stream destroys it, and is done when that is closed; await using does the same", async (t) => {
  const stream = new PassThrough();
  const modem = await openM95(stream);
  await modem.closeAsync();
  t.true(stream.closed);
  const second = new PassThrough();
  await (await openM95(second))[Symbol.asyncDispose]();
  t.true(second.closed);
  let closed = 0;
  const uart = { ...streamUart(new PassThrough()), close: () => closed++ };
  await new M95Class({ uart: uart as never }).closeAsync();
  t.is(closed, 1);
});

test("close() of a stream that never says when it is closed, or knows no destroy, is done all the same", async (t) => {
  const silent = new Duplex({
    emitClose: false,
    read() {},
    write(_chunk, _encoding, done) {
      done();
    },
  });
  await (await openM95(silent)).closeAsync();
  t.true(silent.closed);
  const plain = Object.assign(new EventEmitter(), { read() {}, write() {}, readable: true, writable: true });
  const modem = await openM95(plain as unknown as Duplex);
  t.notThrows(() => modem.close());
  await modem.closeAsync();
});

test("who only watches errors hears them too, first; it does not count as listening", (t) => {
  const { modem, client } = connected();
  modem.removeAllListeners("error");
  for (const one of [modem, client] as unknown as EventEmitter[]) {
    const heard: unknown[] = [];
    const unheard = modem.stats.unheardErrors;
    one.on(errorMonitor, (error) => heard.push("monitor", error));
    one.emit("error", 1);
    t.is(modem.stats.unheardErrors, unheard + 1);
    one.on("error", (error) => heard.push("listener", error));
    one.emit("error", 2);
    t.deepEqual(heard, ["monitor", 1, "monitor", 2, "listener", 2]);
  }
});

test("packets as in MQTT.js; null is no error", (t) => {
  const { client, clock, broker } = connected();
  const received: unknown[] = [];
  client.on("packetreceive", (packet) => received.push(packet));
  let empty = 0;
  client.on("outgoingEmpty", () => empty++);
  const outcomes: unknown[] = [];
  client.subscribe("t", { qos: 1 }, (error, granted) => outcomes.push(error, granted));
  clock.advance(5000);
  client.publish("t", "p", { qos: 1 }, (error, packet) => outcomes.push(error, packet));
  const id = client.getLastMessageId();
  const messages: unknown[][] = [];
  client.on("message", (...args) => messages.push(args));
  clock.advance(5000);
  client.publish("u", "p", { qos: 2, retain: true });
  clock.advance(5000);
  client.unsubscribe("t", (error) => outcomes.push(error));
  clock.advance(5000);
  t.deepEqual(outcomes, [
    null,
    [{ topic: "t", qos: 1 }],
    null,
    { cmd: "publish", topic: "t", payload: "p", qos: 1, retain: false, messageId: id },
    null,
  ]);
  t.deepEqual(
    received.map((one) => (one as { cmd: string }).cmd),
    ["suback", "publish", "puback", "pubcomp", "unsuback"],
  );
  t.is(empty, 4);
  const [topic, payload, packet] = messages[0] as [string, Buffer, { messageId: number }];
  t.is(topic, "t");
  t.true(Buffer.isBuffer(payload));
  t.like(packet, { cmd: "publish", topic: "t", payload, qos: undefined, retain: undefined, dup: undefined });
  t.true(packet.messageId > 0);
  t.is(broker.received.length, 2);
});

test("reconnect() after end() and while waiting; disconnecting and disconnected; options", (t) => {
  const { client, clock, broker, modem } = connected({ clientId: "me" });
  t.deepEqual([client.disconnecting, client.disconnected], [false, false]);
  t.is(client.options.clientId, "me");
  const ends: unknown[] = [];
  client.end((error) => ends.push(error));
  t.true(client.disconnecting);
  clock.advance(5000);
  t.deepEqual([client.disconnecting, client.disconnected, client.connected], [false, true, false]);
  t.deepEqual(ends, [null]);
  const events: string[] = [];
  for (const event of ["reconnect", "connect"] as const) client.on(event, () => events.push(event));
  client.reconnect();
  t.true(client.reconnecting);
  clock.advance(5000);
  t.true(client.connected);
  t.false(client.reconnecting);
  t.deepEqual(events, ["reconnect", "connect"]);
  client.reconnect();
  clock.advance(5000);
  t.deepEqual(events, ["reconnect", "connect"], "of a connected client it does nothing");
  let published = false;
  client.publish("a", "b", { qos: 1 }, (error) => {
    published = !error;
  });
  clock.advance(5000);
  t.true(published);

  client.end().reconnect();
  clock.advance(10_000);
  t.true(client.connected);
  client.end();
  clock.advance(5000);
  const errors: string[] = [];
  client.on("error", (error) => errors.push((error as M95Error).message));
  modem.connect({ host: "other.example" });
  client.reconnect();
  clock.advance(5000);
  t.deepEqual(errors, ["connectionId 0 is used by another client meanwhile"]);
  t.is(broker.received.length, 1);
});

test("reconnect() behind an end by refusals has all its attempts again", (t) => {
  const b = bench();
  b.broker.connack = 5;
  const client = b.modem.connect({ host: "broker.example", refusedRetries: 2 });
  let refusals = 0;
  client.on("error", () => refusals++);
  for (const all of [3, 6]) {
    b.clock.run(() => client.disconnected, 600_000);
    t.is(refusals, all);
    client.reconnect();
  }
});

test("options are complete: the drawn clientId and the defaults", (t) => {
  const { client, sent } = connected({ keepalive: 30 });
  const { clientId, ...rest } = client.options;
  t.regex(clientId!, /^m95-[0-9a-f]+$/);
  t.true(sent.includes(`AT+QMTCONN=0,"${clientId}"`));
  const store = { load: () => [], append() {}, remove() {} };
  t.is(connected({ store }).client.options.unknown, "resend");
  t.like(rest, {
    host: "broker.example",
    unknown: "report",
    port: 1883,
    keepalive: 30,
    clean: true,
    reconnectPeriod: 1000,
    connectionId: 0,
  });
  t.is(connected({ clientId: "\u00e9" }).client.options.clientId, "\u00e9");
});

test("unknown options of a publish are refused, those of MQTT.js have no effect", (t) => {
  const { client, clock, broker } = connected();
  const outcomes: unknown[] = [];
  client.publish("a", "1", { retian: true } as never, (error) => outcomes.push(error?.message));
  client.publish("a", "2", { qos: 1, properties: {}, dup: false } as never, (error) => outcomes.push(error));
  clock.advance(10_000);
  t.deepEqual(outcomes, ["option retian is not known; did you mean retain?", null]);
  t.is(broker.received.length, 1);
});

test("the packet of a publish has its own message ID, whatever listeners publish meanwhile", (t) => {
  const { client, clock } = connected();
  const ids: { [topic: string]: (number | undefined)[] } = { inner: [], outer: [], none: [] };
  client.on("packetsend", ({ topic, messageId }) => {
    ids[topic!]!.push(messageId);
    if (topic === "outer")
      client.publish("inner", "x", { qos: 1 }, (_error, packet) => ids.inner!.push(packet?.messageId));
    if (topic === "none") client.publish("outer", "x", { qos: 1 });
  });
  client.publish("outer", "x", { qos: 1 }, (_error, packet) => ids.outer!.push(packet?.messageId));
  clock.advance(10_000);
  for (const topic of ["inner", "outer"]) t.is(ids[topic]![0], ids[topic]![1], topic);
  client.publish("none", "x", (_error, packet) => ids.none!.push(packet?.messageId));
  clock.advance(10_000);
  t.deepEqual(ids.none, [0, undefined]);
});

test("removeOutgoingMessage takes a waiting publish out of the queue", (t) => {
  const b = bench();
  const client = b.modem.connect({ host: "broker.example" });
  const outcomes: unknown[] = [];
  client.publish("a", "1", { qos: 1 }, (error) => outcomes.push((error as M95Error)?.code));
  client.removeOutgoingMessage(client.getLastMessageId()!).removeOutgoingMessage(77);
  client.publish("a", "2", { qos: 1 }, (error) => outcomes.push(error));
  b.clock.run(() => outcomes.length === 2, 60_000);
  t.deepEqual(outcomes, ["ECLOSED", null]);
  t.deepEqual(
    b.broker.received.map((one) => `${one.payload}`),
    ["2"],
  );
});

test("connect takes an URL, and what is given beside it goes before", (t) => {
  const b = bench();
  const client = b.modem.connect("mqtt://user:p%40ss@broker.example:1884?clientId=fromUrl", { username: "other" });
  b.clock.run(() => client.connected, 60_000);
  t.true(b.sent.includes('AT+QMTOPEN=0,"broker.example",1884'));
  t.true(b.sent.includes('AT+QMTCONN=0,"fromUrl","other","p@ss"'));
  for (const [url, message] of [
    ["broker.example", /^url must be one such as mqtt:/],
    ["ws://broker.example", /^protocol must be .*the modem has no WebSocket.*"ws"/],
    ["http://broker.example", /^protocol must be .*"http"/],
  ] as const)
    t.throws(() => b.modem.connect(url), { code: "EPARAM", message });
  t.throws(() => b.modem.connect("mqtts://broker.example"), { code: "EPARAM", message: /^tls\.ca must be given/ });
});

/** What is set for a connection with TLS. */
interface Leveled {
  secure: { level: number };
}

test("TLS in MQTT.js's words: never plain", (t) => {
  const b = bench();
  const pem = (name: string): string => `-----BEGIN ${name}-----\nAAAA\n-----END ${name}-----\n`;
  const open = (options: MqttJsOptions): string[] => {
    b.sent.length = 0;
    const client = b.modem.connect({ host: "broker.example", connectionId: 5, ...options });
    b.clock.run(() => b.sent.some((one) => one.startsWith("AT+QMTOPEN=")) || client.disconnected, 60_000);
    client.end(true);
    b.clock.advance(5000);
    return b.sent.filter((one) => /"SSL"|QMTOPEN|seclevel/.test(one));
  };
  const secure = open({ protocol: "mqtts", ca: [pem("CERTIFICATE")], rejectUnauthorized: true });
  t.true(secure.includes('AT+QMTCFG="SSL",5,1,0'), secure.join("\n"));
  t.true(secure.includes('AT+QMTOPEN=5,"broker.example",8883'));
  const unverified = open({ protocol: "mqtts:", rejectUnauthorized: false, port: 8884 });
  t.true(unverified.includes('AT+QSSLCFG="seclevel",0,0'), unverified.join("\n"));
  t.true(unverified.includes('AT+QMTOPEN=5,"broker.example",8884'));
  t.true(
    open({ key: pem("RSA PRIVATE KEY"), cert: pem("CERTIFICATE"), rejectUnauthorized: false }).includes(
      'AT+QMTCFG="SSL",5,1,0',
    ),
  );
  t.true(open({ rejectUnauthorized: false }).includes('AT+QMTCFG="SSL",5,0'));
  // Beside tls it is the same, and beside what the modem has.
  const ca = pem("CERTIFICATE");
  for (const tls of [{ ca }, { version: 3 }, { securityLevel: 0 }, true] as const)
    t.true(open({ tls, rejectUnauthorized: false }).includes('AT+QSSLCFG="seclevel",0,0'), JSON.stringify(tls));
  for (const tls of [{ securityLevel: 1, ca }, { configured: true }] as const)
    t.throws(() => open({ tls, rejectUnauthorized: false }), {
      code: "EPARAM",
      message: /rejectUnauthorized: false and tls\.(securityLevel|configured) /,
    });
  t.throws(() => open({ tls: { securityLevel: 0 }, rejectUnauthorized: true }), {
    code: "EPARAM",
    message: /^rejectUnauthorized: true and/,
  });
  const modem = new M95Class({ uart: { write() {}, onReceive() {} }, apn: "internet", tls: { ca } });
  const options = { host: "broker.example", rejectUnauthorized: false };
  for (const tls of [undefined, true]) t.is((modem.connect({ ...options, tls }) as unknown as Leveled).secure.level, 0);
  t.is(
    (modem.connect({ host: "broker.example", connectionId: 4, tls: { context: 1 } }) as unknown as Leveled).secure
      .level,
    1,
  );
  modem.close();
  for (const options of [
    { protocol: "mqtt", ca: pem("CERTIFICATE") },
    { protocol: "mqtts", tls: false },
    { ca: pem("CERTIFICATE"), tls: false },
  ] as MqttJsOptions[])
    t.throws(() => open(options), { code: "EPARAM", message: /not made in plain/ });
});

test("options: unknown names are refused with the nearest one, MQTT.js's own are taken or refused with the reason", async (t) => {
  const b = bench();
  const refused = (options: object): string =>
    (t.throws(() => b.modem.connect({ host: "b", ...options } as ClientOptions), { code: "EPARAM" }) as Error).message;
  t.is(refused({ keepAlive: 5 }), "option keepAlive is not known; did you mean keepalive?");
  t.is(refused({ client_id: "x" }), "option client_id is not known; did you mean clientId?");
  t.is(refused({ queLimit: 5 }), "option queLimit is not known; did you mean queueLimit?");
  t.is(refused({ zzz: 1 }), "option zzz is not known");
  t.is(refused({ tls: { caa: "x" } }), "option tls.caa is not known; did you mean tls.ca?");
  t.is(
    refused({ will: { topic: "a", payload: "b", retained: true } }),
    "option will.retained is not known; did you mean will.retain?",
  );
  t.is(refused({ protocolVersion: 5 }), "protocolVersion must be 3 or 4: the modem speaks MQTT 3.1, or 3.1.1, not 5");
  t.is(
    refused({ passphrase: "x" }),
    "option passphrase cannot be had here: the modem takes keys only in plain; decrypt the key",
  );
  t.regex(refused({ protocol: "wss" }), /the modem has no WebSocket/);
  t.regex(refused({ username: "u", password: Buffer.of(0xff) }), /^password must be text in UTF-8/);
  t.regex(refused({ will: { topic: "a", payload: '{"on":false}' } }), /^will\.?payload.*double quote/i);
  const misspelt = await t.throwsAsync(openM95(new PassThrough(), { recovery: { atempts: 1 } } as never), {
    code: "EPARAM",
  });
  t.is(misspelt?.message, "option recovery.atempts is not known; did you mean recovery.attempts?");
  const client = b.modem.connect({
    hostname: "broker.example",
    auth: "u:p",
    username: undefined,
    will: { topic: "a", payload: Buffer.from("[1,2]"), qos: 1 },
    protocolVersion: 4,
    connectTimeout: 5,
    reschedulePings: false,
  });
  b.clock.run(() => client.connected, 60_000);
  t.true(b.sent.some((one) => one.endsWith(',"u","p"')));
  t.true(b.sent.some((one) => one.includes('"WILL",0,1,1,0,"a","[1,2]"')));
  const { stderr } = await run(`
    for (let i = 0; i < 3; i++) modem.connect({ host: "b", protocolVersion: 4, connectTimeout: 3 });`);
  t.is(stderr.split("option connectTimeout has no effect").length - 1, 1, stderr);
});

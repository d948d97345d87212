// The Moddable target in XS, preloaded and frozen, on a small ESP32 in front of a virtual M95. Synchronous: `until` runs the
// simulated time. It measures nothing; run.mjs looks at the heap between the tests.

import { boards, Client, cycle, M95, M95Error, MqttClient, preferenceStore } from "m95-mqtt";
import DefaultClient from "m95-mqtt/client";
import { Digital, device, outside, Serial, Time, until, wait } from "./esp32.js";

const HOST = "broker.test";

function assert(ok, what) {
  if (!ok) throw new Error(what);
}

function is(actual, expected, what) {
  assert(Object.is(actual, expected), `${what}: ${String(actual)} instead of ${String(expected)}`);
}

/** An M95 on a new virtual one. */
function open(options = {}, world = {}) {
  outside({ op: "reset", ...world });
  device.traced = [];
  return new M95({
    board: "esp32-devkitc",
    serial: { io: Serial },
    power: { digital: Digital },
    apn: "internet",
    ...options,
  });
}

/** Runs until `start` calls back; returns what it says. */
function done(what, start) {
  let answer;
  start((error, value) => {
    assert(!answer, `${what} called back twice`);
    answer = { error, value };
  });
  until(what, () => answer);
  return answer;
}

function good(what, start) {
  const { error, value } = done(what, start);
  if (error) throw error;
  return value;
}

function connected(modem, options = {}) {
  const client = modem.connect({ host: HOST, clientId: "xs", ...options });
  until("connect", () => client.connected);
  return client;
}

function thrown(fn) {
  try {
    fn();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

function bytes(length, allowed = () => true) {
  const all = new Uint8Array(length);
  for (let i = 0, byte = 0; i < length; byte = (byte + 1) & 255) if (allowed(byte)) all[i++] = byte;
  return all;
}

function sameBytes(buffer, expected) {
  assert(buffer instanceof ArrayBuffer, "the payload is no ArrayBuffer");
  is(buffer.byteLength, expected.length, "bytes");
  const got = new Uint8Array(buffer);
  for (let i = 0; i < got.length; i++) is(got[i], expected[i], `byte ${i}`);
}

/** A file as the SDK's Resource offers it: no ArrayBuffer, in flash. */
function resource(label) {
  const text = `-----BEGIN ${label}-----\n${"TUlJQmFz".repeat(8)}\n-----END ${label}-----\n`;
  const buffer = ArrayBuffer.fromString(text);
  return Object.freeze({ byteLength: buffer.byteLength, slice: (from, to) => buffer.slice(from, to) });
}

/** The pins' and port's users are gone. */
function closed(modem) {
  modem.close();
  wait(100);
  is(device.ports.length + device.pins.length, 0, "ports and pins in use");
}

let modem;
let client;
let messages;

export const tests = {
  "what is preloaded is frozen"() {
    for (const [what, write] of [
      ["a class", () => (M95.limit = 1)],
      ["a prototype", () => (MqttClient.prototype.publish = 1)],
      ["a built-in", () => (Array.prototype.last = 1)],
      ["an error's own name", () => (new M95Error("EPARAM", "x").name = "x")],
      ["a table of the package", () => (boards["esp32-devkitc"].moddable.port = 1)],
    ])
      assert(thrown(write) instanceof TypeError, what);
  },
  "bad options are refused as M95Error, and nothing stays open"() {
    for (const options of [
      undefined,
      {},
      { serial: {} },
      { serial: { io: Serial }, power: {} },
      { serial: { io: Serial }, power: { digital: Digital } },
      { serial: { io: Serial }, board: "nucleo-f411re" },
      { serial: { io: Serial }, flowControl: "hardware" },
      { serial: { io: Serial }, apn: 5 },
      { serial: { io: Serial }, guardTime: -1 },
      { serial: { io: Serial }, power: { digital: Digital, pwrkey: 25 }, pin: "x" },
    ]) {
      const error = thrown(() => new M95(options));
      assert(error instanceof M95Error && error instanceof Error && error.code === "EPARAM", String(error));
      wait(10);
      is(device.ports.length + device.pins.length, 0, "ports and pins in use");
    }
  },
  "what the IO classes throw comes through, and nothing stays open"() {
    const serial = { io: Serial, baud: 0 };
    is(thrown(() => new M95({ serial })).message, "invalid baud", "error");
    const power = { digital: Digital, pwrkey: 25, status: 99 };
    is(thrown(() => new M95({ serial: { io: Serial }, power })).message, "invalid pin", "error");
    wait(10);
    is(device.ports.length + device.pins.length, 0, "ports and pins in use");
  },
  "a board stands for the port and the pins that are not given"() {
    const { moddable } = boards["esp32-devkitc"];
    const one = open({ power: { digital: Digital, supply: undefined } });
    is(device.serial.port, moddable.port, "port");
    is(
      device.pins.join(),
      [moddable.transmit, moddable.receive, moddable.pwrkey, moddable.status, moddable.emergOff].join(),
      "pins",
    );
    closed(one);
    const other = open({ serial: { io: Serial, port: 1 }, power: undefined });
    is(device.serial.port, 1, "port");
    closed(other);
  },
  "powers on over the pins and comes up"() {
    modem = open();
    is(modem.state, "off", "state");
    good("start", (callback) => modem.start(callback));
    is(modem.state, "ready", "state");
    is(device.status, 1, "STATUS");
    const identity = good("identity", (callback) => modem.identity(callback));
    assert(/M95/.test(identity.model), identity.model);
  },
  connects() {
    client = connected(modem);
    assert(client instanceof MqttClient, "another class");
    messages = [];
    client.on("message", (topic, payload, packet) => messages.push({ topic, payload, packet }));
  },
  "subscribes, with topics in UTF-8"() {
    const granted = good("subscribe", (callback) =>
      client.subscribe({ "up/#": { qos: 2 }, "down/ü": { qos: 1 } }, callback),
    );
    is(JSON.stringify(granted), '[{"topic":"up/#","qos":2},{"topic":"down/ü","qos":1}]', "granted");
  },
  "publishes at each QoS"() {
    for (const qos of [0, 1, 2]) {
      good("publish", (callback) => client.publish(`up/${qos}`, `text ${qos} ü`, { qos }, callback));
      until("the message", () => messages.length);
      const { topic, payload } = messages.pop();
      is(topic, `up/${qos}`, "topic");
      is(String.fromArrayBuffer(payload), `text ${qos} ü`, "text");
    }
  },
  "takes ArrayBuffers and views, and hands over ArrayBuffers"() {
    const all = Uint8Array.of(1, 2, 200, 0, 255, 5);
    for (const [payload, expected] of [
      [all.buffer, all],
      [all.subarray(1, 4), Uint8Array.of(2, 200, 0)],
      [new DataView(all.buffer, 4), Uint8Array.of(255, 5)],
    ]) {
      client.publish("up/x", payload);
      until("the message", () => messages.length);
      sameBytes(messages.pop().payload, expected);
    }
    for (const [payload, code] of [
      [5, "EPARAM"],
      [new Uint8Array(1549), "ETOOBIG"],
      [Uint8Array.of(26), "EPAYLOAD"],
      ["\x1b", "EPAYLOAD"],
    ])
      is(done("publish", (callback) => client.publish("up/x", payload, callback)).error?.code, code, "code");
  },
  "sends and receives 1,548 bytes of all allowed values, never more than the FIFO takes"() {
    const payload = bytes(1548, (byte) => byte !== 26 && byte !== 27);
    good("publish", (callback) => client.publish("up/big", payload, { qos: 1 }, callback));
    until("the message", () => messages.length);
    sameBytes(messages.pop().payload, payload);
    assert(device.longestWrite > 64 && device.longestWrite <= 128, `${device.longestWrite} bytes in one write`);
    is(device.refusedWrites, 0, "refused writes");
  },
  "receives 1,548 bytes of all values"() {
    outside({ op: "publish", topic: "down/ü", size: 1548 });
    until("the message", () => messages.length);
    sameBytes(messages.pop().payload, bytes(1548));
  },
  "what is taken for text and is none comes through as bytes"() {
    outside({ op: "publish", topic: "up/\xff\xfe", data: "x" });
    until("the message", () => messages.length);
    assert(messages.pop().topic.startsWith("up/"), "another topic");
  },
  "listeners and callbacks that throw stop nothing"() {
    const errors = [];
    const listener = (error) => errors.push(error.message);
    client.on("error", listener);
    client.once("message", () => {
      throw new Error("from a listener");
    });
    client.publish("up/x", "1", () => {
      throw new Error("from a callback");
    });
    until("both errors", () => errors.length === 2);
    client.off("error", listener);
    good("publish", (callback) => client.publish("up/x", "2", { qos: 1 }, callback));
    until("both messages", () => messages.length === 2);
    messages = [];
  },
  "an error that nobody listens to is traced"() {
    device.traced = [];
    client.publish("", "x");
    wait(10);
    assert(/^m95-mqtt: EPARAM: topic must/.test(device.traced[0]), device.traced.join());
  },
  "reconnects after the broker closed the connection, and subscribes again"() {
    const events = [];
    const listeners = ["close", "reconnect", "connect"].map((name) => [name, () => events.push(name)]);
    for (const [name, listener] of listeners) client.on(name, listener);
    outside({ op: "kick" });
    until("connect", () => events.includes("connect"));
    is(events.join(), "close,reconnect,connect", "events");
    for (const [name, listener] of listeners) client.off(name, listener);
    wait(5000);
    client.publish("up/x", "again");
    until("the message", () => messages.length);
    messages = [];
  },
  "switches the modem on again after its supply broke down"() {
    wait(5000);
    outside({ op: "brown-out" });
    until("close", () => !client.connected);
    until("connect", () => client.connected);
    is(device.status, 1, "STATUS");
    wait(5000);
  },
  "500 messages in and 500 out"() {
    thousand();
  },
  "500 more, and the heap is where it was"() {
    thousand();
  },
  "100 reconnects"() {
    reconnects(100);
  },
  "900 more, and the heap is where it was"() {
    reconnects(900);
  },
  "time goes on where the 32 bits of Time.ticks turn negative"() {
    assert(Time.ticks < 0, "they are not negative yet");
    const [ours, theirs] = [modem.clock.now(), device.now];
    assert(ours > 30_000 && Math.abs(ours - theirs) < 1000, `${ours} instead of ${theirs}`);
    wait(86_400_000);
    good("publish", (callback) => client.publish("up/x", "later", { qos: 1 }, callback));
    messages = [];
  },
  "ends, and powers off over the pins"() {
    good("end", (callback) => client.end(callback));
    good("stop", (callback) => modem.stop(callback));
    is(modem.state, "off", "state");
    is(device.status, 0, "STATUS");
    closed(modem);
    is(outside({ op: "violations" }).join(), "", "violations");
    modem = client = undefined;
  },
  "a store of preferences outlives a power cut; payloads go as base64"() {
    const values = new Map();
    const preference = {
      set: (domain, name, value) => values.set(`${domain}/${name}`, value.slice(0)),
      get: (domain, name) => values.get(`${domain}/${name}`),
      delete: (domain, name) => values.delete(`${domain}/${name}`),
      keys: (domain) =>
        [...values.keys()].filter((key) => key.startsWith(`${domain}/`)).map((key) => key.split("/")[1]),
    };
    values.set("other/10000002", new ArrayBuffer(1));
    // The application's own, in the same domain.
    for (const name of ["volume", "20240101", "1000000A"])
      values.set(`out/${name}`, ArrayBuffer.fromString("1in\nforeign"));
    const foreign = [...values.keys()].join();
    const all = Uint8Array.from({ length: 256 }, (_, i) => i);
    const first = open();
    const one = first.connect({ host: HOST, store: preferenceStore(preference, "out"), encoding: "base64" });
    one.publish("in", all, { qos: 2 });
    one.publish("in", "\0é", { qos: 1 });
    is([...values.keys()].join(), `${foreign},out/10000002,out/10000004`, "keys");
    const taken = thrown(() => preferenceStore(preference, "out").append(2, "1in\nx"));
    is(taken.message, "another's preference is called 10000002", "a name that is taken");
    for (const domain of ["", undefined, Symbol("s")])
      is(thrown(() => preferenceStore(preference, domain)).code, "EPARAM", "domain");
    closed(first);
    const second = open();
    const got = [];
    const two = connected(second, { encoding: "base64" });
    two.on("message", (_topic, payload, packet) => got.push([new Uint8Array(payload), packet.encoded]));
    good("subscribe", (callback) => two.subscribe("in", callback));
    second.connect({ host: HOST, clientId: "other", store: preferenceStore(preference, "out") });
    until("both", () => got.length === 2);
    is(got[0][0].join(), all.join(), "all bytes");
    is(got[1][0].join(), "0,195,169", "text");
    is(got[0][1], true, "encoded");
    outside({ op: "publish", topic: "in", data: "no base64" });
    until("plain", () => got.length === 3);
    is(got[2][1], false, "encoded");
    is(String.fromArrayBuffer(got[2][0].buffer), "no base64", "plain");
    until("gone from the store", () => [...values.keys()].join() === foreign);
    closed(second);
  },
  "TLS: files in flash are uploaded before the connection, and again when the modem has lost them"() {
    const files = { ca: resource("CERTIFICATE"), cert: resource("CERTIFICATE"), key: resource("RSA PRIVATE KEY") };
    const one = open({ tls: { ...files, ignoreTime: true } });
    const sent = [];
    one.on("trace", (direction, text) => {
      if (direction === ">" && /^AT.(QSECWRITE|QMTOPEN=)/.test(text)) sent.push(text.trim());
    });
    const own = connected(one);
    const expected = [
      `AT+QSECWRITE="RAM:ca0.pem",${files.ca.byteLength},100`,
      `AT+QSECWRITE="RAM:cert0.pem",${files.cert.byteLength},100`,
      `AT+QSECWRITE="RAM:key0.pem",${files.key.byteLength},100`,
      'AT+QMTOPEN=0,"broker.test",8883',
    ];
    is(sent.splice(0).join("\n"), expected.join("\n"), "sent");
    wait(5000);
    outside({ op: "brown-out" });
    until("close", () => !own.connected);
    until("connect", () => own.connected);
    is(sent.join("\n"), expected.join("\n"), "sent again");
    is(device.refusedWrites, 0, "refused writes");
    closed(one);
    const wrong = { serial: { io: Serial }, tls: { ca: resource("RSA PRIVATE KEY") } };
    is(thrown(() => new M95(wrong)).code, "EPARAM", "code");
    wait(10);
    is(device.ports.length + device.pins.length, 0, "ports and pins in use");
  },
  "recovery is told, and how old the last sign of a connection is"() {
    const one = open();
    const own = one.connect({ host: HOST, reconnectPeriod: 200 });
    is(own.age, Number.POSITIVE_INFINITY, "age before");
    until("connect", () => own.connected);
    assert(own.age < 1000, `${own.age} ms`);
    wait(5000);
    assert(own.age >= 5000, `${own.age} ms`);
    const told = [];
    one.on("recovery", (what) => told.push(what));
    outside({ op: "kick" });
    until("connect again", () => told.length && own.connected);
    is(`${told[0].cause} ${told[0].step} ${told[0].attempt}`, "+QMTSTAT: 0,1 reopen 1", "recovery");
    assert(own.age < 1000, `${own.age} ms`);
    closed(one);
  },
  "what looks like the modem's lines in a payload disturbs nothing"() {
    const one = open();
    const own = connected(one);
    const got = [];
    const alarms = [];
    own.on("message", (_topic, payload, packet) => got.push([String.fromArrayBuffer(payload), packet.ambiguous]));
    for (const event of ["close", "error"]) own.on(event, (error) => alarms.push(`${event} ${error?.message}`));
    one.on("recovery", ({ cause, step }) => alarms.push(`${cause} ${step}`));
    own.subscribe("in", { qos: 1 });
    wait(5000);
    for (const line of [
      "OK",
      "ERROR",
      "+QMTSTAT: 0,1",
      "+PDP DEACT",
      "RDY",
      "> ",
      "+QMTPUB: 0,1,0",
      "+CME ERROR: 8512",
    ])
      for (const text of [`head\r\n${line}\r\ntail`, `\r\n\r\n${line}\r\n\r\n`]) {
        outside({ op: "publish", topic: "in", data: text });
        wait(10_000);
        assert(got.length, "nothing was heard");
        for (const [heard, ambiguous] of got.splice(0))
          assert(heard === text || (ambiguous && text.startsWith(heard)), JSON.stringify([text, heard]));
        good("publish", (callback) => own.publish("up", "x", { qos: 1 }, callback));
      }
    is(alarms.join(), "", "alarms");
    outside({ op: "publish", topic: "in", data: "as ever" });
    until("the message", () => got.length);
    is(got[0].join(), "as ever,false", "message");
    closed(one);
  },
  "sleeps after a quiet time, wakes for a publish and for a message, and when it is told to"() {
    const one = open({ sleep: "auto", sleepAfter: 2000 });
    const own = connected(one, { keepalive: 600 });
    const got = [];
    own.on("message", (_topic, payload) => got.push(String.fromArrayBuffer(payload)));
    good("subscribe", (callback) => own.subscribe("in", { qos: 1 }, callback));
    until("asleep", () => one.asleep);
    good("publish", (callback) => own.publish("in", "woken", { qos: 1 }, callback));
    until("asleep again", () => got.length && one.asleep);
    outside({ op: "publish", topic: "in", data: "rung" });
    until("the message", () => got.length === 2);
    is(got.join(), "woken,rung", "messages");
    good("sleep", (callback) => one.sleep(callback));
    good("wake", (callback) => one.wake(callback));
    is(`${one.asleep} ${one.stats.sleeps} ${one.stats.wakes}`, "false 3 3", "asleep, sleeps, wakes");
    closed(one);
  },
  "asleep for a minute"() {
    modem = open({ sleep: "auto", sleepAfter: 2000 });
    client = connected(modem, { keepalive: 3600 });
    until("asleep", () => modem.asleep);
    wait(60_000);
  },
  "asleep for ten more, and the heap is where it was"() {
    wait(600_000);
    is(modem.asleep, true, "asleep");
  },
  "kept awake for a minute"() {
    for (let i = 0; i < 60; i++) {
      good("publish", (callback) => client.publish("up/x", "awake", { qos: 1 }, callback));
      wait(1000);
    }
  },
  "kept awake for five more, and the heap is where it was"() {
    for (let i = 0; i < 300; i++) {
      good("publish", (callback) => client.publish("up/x", "awake", { qos: 1 }, callback));
      wait(1000);
    }
  },
  "closed while it is awake"() {
    closed(modem);
    modem = client = undefined;
  },
  "a duty cycle: on, connect, publish, off, and again"() {
    const one = open();
    const rounds = [];
    const own = cycle(one, {
      every: 60_000,
      connect: { host: HOST, clientId: "xs" },
      work: (it, over) => it.publish("up/x", "1", { qos: 1 }, over),
      round: (error, { failures }) => rounds.push(`${error} ${failures} ${one.state} ${device.status}`),
    });
    until("two rounds", () => rounds.length === 2);
    is(rounds.join(), "null 0 off 0,null 0 off 0", "rounds");
    good("end", (callback) => own.end(callback));
    closed(one);
  },
  "reopens the port at another rate"() {
    const one = open({ baud: 9600, serial: { io: Serial, baud: 115200 } });
    is(device.serial.baud, 115200, "baud");
    good("start", (callback) => one.start(callback));
    is(device.serial.baud, 9600, "baud");
    const own = connected(one);
    good("publish", (callback) => own.publish("up/x", "slow", { qos: 1 }, callback));
    closed(one);
    const other = open({ baud: 38400 });
    is(device.serial.baud, 38400, "baud");
    closed(other);
  },
  "an unlucky UART that has less room than it says loses nothing"() {
    device.boast = 60;
    const one = open();
    const own = connected(one);
    let got;
    own.on("message", (_topic, payload) => {
      got = payload;
    });
    own.subscribe("up/x");
    const payload = bytes(1000, (byte) => byte > 64 && byte < 128);
    own.publish("up/x", payload);
    until("the message", () => got);
    sameBytes(got, payload);
    assert(device.refusedWrites > 0, "no write was refused");
    device.boast = 0;
    closed(one);
  },
  "an exception of the port becomes an error event"() {
    const one = open({ power: undefined, serial: { io: Broken } });
    const errors = [];
    one.on("error", (error) => errors.push(error.message));
    wait(10);
    is(errors.join(), "from the port", "errors");
    one.close();
    wait(10);
  },
  "an adapter that is unplugged ends the modem"() {
    const one = open({ power: undefined, serial: { io: Unplugged } });
    const { error } = done("start", (callback) => one.start(callback));
    is(error.code, "ECLOSED", "code");
    is(Unplugged.calls, 0, "calls after the end");
  },
  "close inside a message's listener: nothing touches port or pins afterwards"() {
    const one = open();
    const own = connected(one);
    own.subscribe("up/x");
    let ended = 0;
    own.on("end", () => ended++);
    own.once("message", () => one.close());
    own.publish("up/x", "1");
    const late = [];
    own.publish("up/x", "2", { qos: 1 }, (error) => late.push(error?.code));
    until("the end", () => late.length && ended);
    wait(300_000);
    assert(late[0] === "EUNKNOWN" || late[0] === "ECLOSED", late[0]);
    is(device.ports.length + device.pins.length, 0, "ports and pins in use");
    one.close();
    is(done("publish", (callback) => own.publish("up/x", "3", callback)).error.code, "ECLOSED", "code");
    is(done("start", (callback) => one.start(callback)).error.code, "ECLOSED", "code");
  },
  "close during a press of PWRKEY"() {
    const one = open();
    let error;
    one.start((why) => {
      error = why;
    });
    wait(1000);
    one.close();
    wait(60_000);
    is(error?.code, "ECLOSED", "code");
    is(device.ports.length + device.pins.length, 0, "ports and pins in use");
  },
  "classic client: this is the client, ArrayBuffers, numbers as text, one onClose"() {
    is(Client, DefaultClient, "class");
    const one = open();
    const mqtt = new Client({
      modem: one,
      host: HOST,
      id: "classic",
      timeout: 60_000,
      will: { topic: "w", message: "gone" },
    });
    const seen = [];
    mqtt.onReady = function () {
      seen.push(this === mqtt ? "ready" : "wrong this");
      this.subscribe("example/#");
      this.publish("example/random", 0.5);
      this.publish("example/bytes", Uint8Array.of(1, 255).buffer, { quality: 1, retain: true });
    };
    mqtt.onMessage = function (topic, data) {
      seen.push(this === mqtt ? `${topic} ${new Uint8Array(data).join()}` : "wrong this");
    };
    mqtt.onClose = function () {
      seen.push(this === mqtt ? "close" : "wrong this");
    };
    until("both messages", () => seen.length === 3);
    is(seen.join("; "), "ready; example/random 48,46,53; example/bytes 1,255", "calls");
    wait(5000);
    outside({ op: "kick" });
    until("onClose", () => seen.length > 3);
    wait(60_000);
    is(seen.slice(3).join(), "close", "calls");
    device.traced = [];
    mqtt.publish("example/late", "x");
    wait(10);
    assert(device.traced[0].includes("ECLOSED"), device.traced.join());
    const again = new Client({ modem: one, host: HOST, id: "classic", reconnectPeriod: 100 });
    let ready = 0;
    let lost = 0;
    again.onReady = () => ready++;
    again.onClose = () => lost++;
    until("onReady", () => ready === 1);
    wait(5000);
    outside({ op: "kick" });
    until("onReady again", () => ready === 2);
    is(lost, 1, "onClose");
    again.close();
    wait(5000);
    is(lost, 1, "onClose");
    closed(one);
  },
  "classic client: a modem that does not start closes it, onError says why"() {
    const one = open({}, { sim: "absent" });
    const mqtt = new Client({ modem: one, host: HOST });
    const seen = [];
    mqtt.onError = (error) => seen.push(error.code);
    mqtt.onClose = () => seen.push("close");
    until("onClose", () => seen.includes("close"));
    wait(60_000);
    is(seen.join(), "ESIM,close", "calls");
    closed(one);
  },
  "promises resolve and reject"() {
    const one = open();
    const own = connected(one);
    const seen = [];
    own
      .publishAsync("up/x", "1", { qos: 1 })
      .then(() => own.publishAsync("", "1"))
      .catch((error) => seen.push(error.code));
    promised = { one, seen };
  },
  "promises have resolved and rejected"() {
    // Their reactions run when a script has ended, so time goes on in between.
    wait(10_000);
  },
  "promises have told"() {
    wait(10);
  },
  "promises told once"() {
    is(promised.seen.join(), "EPARAM", "outcome");
    closed(promised.one);
  },
};

let promised;

/** The broker closes the connection so often; each time there is a message behind it. */
function reconnects(count) {
  for (let i = 0; i < count; i++) {
    outside({ op: "kick" });
    until("close", () => !client.connected);
    until("connect", () => client.connected);
    // Past the time after which a connection counts as good, or the next wait would be longer.
    wait(61_000);
    outside({ op: "publish", topic: "down/ü", data: `message ${i}` });
    until("the message", () => messages.length);
    messages = [];
  }
}

function thousand() {
  for (let i = 0; i < 100; i++) {
    for (let k = 0; k < 5; k++) outside({ op: "publish", topic: "down/ü", data: `message ${i} ${k}` });
    let left = 5;
    for (let k = 0; k < 5; k++)
      client.publish("nowhere", `message ${i} ${k}`, { qos: k % 3 }, (error) => {
        assert(!error, `${error}`);
        left--;
      });
    until("ten messages", () => left === 0 && messages.length === 5);
    messages = [];
  }
}

/** A port that fails inside a callback. */
class Broken {
  constructor({ onReadable }) {
    device.timers.push({ at: device.now, order: device.order++, callback: () => onReadable.call(this, 1) });
  }
  read() {
    throw new Error("from the port");
  }
  write() {}
  close() {}
}

/** A port of an operating system that goes away; from then on any call is a crash. */
class Unplugged {
  constructor({ onWritable, onError }) {
    this.gone = false;
    const later = (ms, fn) => device.timers.push({ at: device.now + ms, order: device.order++, callback: fn });
    later(0, () => onWritable.call(this, 1024));
    later(1000, () => {
      onError.call(this);
      this.gone = true;
    });
  }
  read() {
    if (this.gone) Unplugged.calls++;
  }
  write() {
    if (this.gone) Unplugged.calls++;
  }
  close() {}
}
Unplugged.calls = 0;

// The whole cycle on the engine itself. It tells its outcome in lines for run.mjs: `@passed title`, `@failed title: why`,
// `@ask what` for something that the broker's side has to do, and `@done`.

import Resource from "Resource";
import Serial from "embedded:io/serial";
import { Client, M95, M95Error, preferenceStore } from "m95-mqtt";
import DefaultClient from "m95-mqtt/client";
import config from "mc/config";
import modem from "modem";
import Preference from "preference";
import Timer from "timer";

const LIMIT = 60_000;
const HOST = "broker.test";

function assert(ok, what) {
  if (!ok) throw new Error(what);
}

/** Resolves when `start` calls back without an error. */
function done(what, start) {
  return new Promise((resolve, reject) => {
    const timer = Timer.set(() => reject(new Error(`${what}: no answer within ${LIMIT} ms`)), LIMIT);
    start((error, value) => {
      Timer.clear(timer);
      if (error) reject(error);
      else resolve(value);
    });
  });
}

/** Resolves with the arguments of the next event. */
function event(emitter, name) {
  return done(name, (callback) => emitter.once(name, (...args) => callback(undefined, args)));
}

function wait(ms) {
  return new Promise((resolve) => Timer.set(resolve, ms));
}

function ask(what) {
  trace(`@ask ${what}\n`);
}

/** The bytes from, from + 1, … that `allowed` lets pass, `length` in all. */
function pattern(length, allowed = () => true) {
  const bytes = new Uint8Array(length);
  for (let i = 0, byte = 0; i < length; byte = (byte + 1) & 255) if (allowed(byte)) bytes[i++] = byte;
  return bytes;
}

function sameBytes(buffer, bytes) {
  assert(buffer instanceof ArrayBuffer, "the payload is no ArrayBuffer");
  assert(buffer.byteLength === bytes.length, `${buffer.byteLength} bytes instead of ${bytes.length}`);
  const got = new Uint8Array(buffer);
  for (let i = 0; i < got.length; i++) assert(got[i] === bytes[i], `byte ${i} is ${got[i]} instead of ${bytes[i]}`);
}

let client;

const tests = {
  "bad options are refused before a port stays open"() {
    for (const options of [undefined, {}, { serial: {} }, { serial: { io: Serial }, board: "esp32" }])
      try {
        new M95(options);
        assert(false, "nothing was thrown");
      } catch (error) {
        assert(error instanceof M95Error && error.code === "EPARAM", `${error}`);
      }
  },
  "the package's names lead to one class"() {
    assert(Client === DefaultClient, "two classes");
  },
  async "powers on over the pins and comes up"() {
    assert(modem.state === "off", modem.state);
    await done("start", (callback) => modem.start(callback));
    assert(modem.state === "ready", modem.state);
    const identity = await done("identity", (callback) => modem.identity(callback));
    assert(identity.model.indexOf("M95") >= 0, JSON.stringify(identity));
  },
  async connects() {
    client = modem.connect({ host: HOST, clientId: "xs", reconnectPeriod: 200, maxReconnectPeriod: 400 });
    await event(client, "connect");
    assert(client.connected && client.state === "connected", client.state);
  },
  async subscribes() {
    const granted = await client.subscribeAsync({ "up/#": { qos: 2 }, "down/ü": { qos: 1 } });
    assert(granted.length === 2 && granted[1].topic === "down/ü" && granted[1].qos === 1, JSON.stringify(granted));
  },
  async "publishes at each QoS"() {
    for (const qos of [0, 1, 2]) {
      const back = event(client, "message");
      await client.publishAsync(`up/${qos}`, `text ${qos} ü`, { qos });
      const [topic, payload] = await back;
      assert(topic === `up/${qos}`, topic);
      assert(String.fromArrayBuffer(payload) === `text ${qos} ü`, "another text");
    }
  },
  async "refuses what the modem cannot send, without a byte on the line"() {
    for (const [payload, code] of [
      [new Uint8Array(1549), "ETOOBIG"],
      [Uint8Array.of(26), "EPAYLOAD"],
      [{}, "EPARAM"],
    ]) {
      const error = await client.publishAsync("up/0", payload).then(
        () => undefined,
        (reason) => reason,
      );
      assert(error?.code === code, `${error}`);
    }
  },
  async "sends and receives 1,548 bytes of all allowed values"() {
    const bytes = pattern(1548, (byte) => byte !== 26 && byte !== 27);
    const back = event(client, "message");
    await client.publishAsync("up/big", bytes.buffer, { qos: 1 });
    sameBytes((await back)[1], bytes);
  },
  async "receives 1,548 bytes of all values"() {
    const come = event(client, "message");
    ask("big");
    sameBytes((await come)[1], pattern(1548));
  },
  async "receives a burst of 20 messages in order"() {
    const got = [];
    const all = done("20 messages", (callback) => {
      const listener = (_topic, payload) => {
        got.push(String.fromArrayBuffer(payload));
        if (got.length < 20) return;
        client.off("message", listener);
        callback();
      };
      client.on("message", listener);
    });
    ask("burst");
    await all;
    for (let i = 0; i < got.length; i++) assert(got[i] === `message ${i}`, got.join());
  },
  async "a listener that throws stops nothing"() {
    const told = event(client, "error");
    client.once("message", () => {
      throw new Error("from a listener");
    });
    await client.publishAsync("up/0", "x");
    assert((await told)[0].message === "from a listener", "another error");
    await client.publishAsync("up/0", "x", { qos: 1 });
  },
  async "reconnects after the broker closed the connection, and subscribes again"() {
    const closed = event(client, "close");
    const again = event(client, "connect");
    ask("kick");
    await closed;
    await again;
    const back = event(client, "message");
    await client.publishAsync("up/1", "again", { qos: 1 });
    assert(String.fromArrayBuffer((await back)[1]) === "again", "another text");
  },
  async "switches the modem on again after its supply broke down"() {
    const again = event(client, "connect");
    // Right behind a message it could be part of that message, and would be asked about first.
    await client.publishAsync("nowhere", "x", { qos: 1 });
    ask("brown-out");
    await again;
  },
  async "sends what a store of preferences kept, over TLS with a Resource, payload as base64"() {
    const options = { host: HOST, store: preferenceStore(Preference, "outbox"), encoding: "base64" };
    const all = pattern(256);
    const first = modem.connect(options);
    first.publish("up/stored", all, { qos: 1 });
    await done("end", (callback) => first.end(true, callback));
    assert(Preference.keys("outbox").length === 1, "nothing was stored");
    const uploads = [];
    const listener = (direction, text) => {
      if (direction === ">" && text.startsWith("AT+QSECWRITE")) uploads.push(text.trim());
    };
    modem.on("trace", listener);
    const back = event(client, "message");
    const ca = new Resource("ca.pem");
    const second = modem.connect({ ...options, tls: { ca } });
    const [, payload] = await back;
    assert(String.fromArrayBuffer(payload).startsWith("AAECAwQF") && payload.byteLength === 344, "not base64");
    modem.off("trace", listener);
    assert(uploads.join() === `AT+QSECWRITE="RAM:ca0.pem",${ca.byteLength},100`, uploads.join());
    // Behind a message, the verdict counts after some silence.
    for (let i = 0; i < 30 && Preference.keys("outbox").length; i++) await wait(500);
    assert(Preference.keys("outbox").length === 0, "still stored");
    await second.endAsync();
  },
  async "tells of a recovery and of a connection's age"() {
    const told = event(modem, "recovery");
    const again = event(client, "connect");
    assert(client.age < LIMIT, `${client.age} ms`);
    ask("kick");
    const [{ cause, step }] = await told;
    assert(step === "reopen", `${cause} ${step}`);
    await again;
    assert(client.age < 1000, `${client.age} ms`);
  },
  async "sleeps when it is told to, and wakes for a publish"() {
    await done("sleep", (callback) => modem.sleep(callback));
    assert(modem.asleep && modem.stats.sleeps === 1, "awake");
    await wait(1000);
    const back = event(client, "message");
    await client.publishAsync("up/1", "woken", { qos: 1 });
    assert(String.fromArrayBuffer((await back)[1]) === "woken", "another text");
    assert(!modem.asleep && modem.stats.wakes === 1, "asleep");
  },
  async "runs the SDK's mqttbasic example over the modem"() {
    // What follows takes more stack than the driver ever did; samples come once a second.
    await wait(1500);
    trace("@stack\n");
    const { default: basic } = await import("mqttbasic");
    await wait(1500);
    trace("@x imported\n");
    await wait(4000);
    ask("basic");
    const told = done("onClose", (callback) => {
      const own = basic.onClose;
      basic.onClose = function () {
        own.call(this);
        callback();
      };
    });
    ask("kick-basic");
    await told;
  },
  async "ends and powers off over the pins"() {
    await done("end", (callback) => client.end(callback));
    await done("stop", (callback) => modem.stop(callback));
    assert(modem.state === "off", modem.state);
  },
  async "starts a second time, and does nothing after close"() {
    await done("start", (callback) => modem.start(callback));
    const error = await done("command", (callback) => {
      modem.command("AT+CSQ", (reason) => callback(undefined, reason));
      modem.close();
    });
    assert(error?.code === "ECLOSED" || error?.code === "EUNKNOWN", `${error}`);
    modem.close();
    const late = await done("command", (callback) => modem.command("AT", (reason) => callback(undefined, reason)));
    assert(late?.code === "ECLOSED", `${late}`);
    await wait(1000);
  },
};

async function main() {
  for (const title of Object.keys(tests)) {
    if (config.only && title.indexOf(config.only) < 0) continue;
    try {
      await tests[title]();
      trace(`@passed ${title}\n`);
    } catch (error) {
      trace(`@failed ${title}: ${error.code ?? ""} ${error.message ?? error}\n`);
    }
  }
  trace("@done\n");
}

main();

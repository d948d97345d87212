// What clients on Node do with their stores: one client at a time, nothing of anybody else is written over, what is taken out is gone.
import * as fs from "node:fs";
import os from "node:os";
import path from "node:path";
import test from "ava";
import { type ClientOptions, fileStore, M95, type M95Error, type MqttClient } from "../../targets/node/index.js";
import { MemoryBroker, SimClock, VirtualM95 } from "../../virtual-m95/index.js";
import { MemoryStore } from "../support/worlds.js";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "m95-stores-"));
test.after.always(() => fs.rmSync(folder, { recursive: true }));

const clock = new SimClock();

function modem(): { modem: M95; broker: MemoryBroker } {
  const broker = new MemoryBroker({ clock, latency: 100 });
  const virtual = new VirtualM95({ clock, network: broker.network, poweredOn: true });
  const one = new M95({ uart: virtual.uart, clock, apn: "internet" });
  one.on("error", () => {});
  return { modem: one, broker };
}

function connect(on: M95, options: Partial<ClientOptions>): MqttClient {
  const client = on.connect({ host: "broker.example", ...options } as ClientOptions);
  client.on("error", () => {});
  return client;
}

test("removeOutgoingMessage takes the publish out of the store, too: the next client does not send it", (t) => {
  const store = new MemoryStore();
  const first = modem();
  const client = connect(first.modem, { store });
  const outcomes: unknown[] = [];
  for (const qos of [1, 2] as const) {
    client.publish("removed", "x", { qos }, (error) => outcomes.push((error as M95Error)?.code));
    client.removeOutgoingMessage(client.getLastMessageId()!);
  }
  t.deepEqual([...store.records], []);
  client.publish("stays", "x", { qos: 1 }, (error) => outcomes.push((error as M95Error)?.code));
  client.end();
  clock.advance(1000);
  t.deepEqual(outcomes, ["ECLOSED", "ECLOSED", "ECLOSED"]);
  connect(first.modem, { store });
  clock.advance(60_000);
  t.deepEqual(
    first.broker.received.map(({ topic }) => topic),
    ["stays"],
  );
});

test("a file that holds something else is refused by its name and left as it is; an empty one, or a torn store, is not", (t) => {
  const file = path.join(folder, "foreign");
  for (const text of ["my precious\nnotes", "\nnotes", "deadbeef", "{}", "\n\nabc 1\n", "\0\0x"]) {
    fs.writeFileSync(file, text);
    const error = t.throws(() => connect(modem().modem, { store: fileStore(file) }), { code: "ESTORE" });
    t.true(error!.message.includes(`${file} holds something else`), error!.message);
    t.is(fs.readFileSync(file, "utf8"), text);
    t.false(fs.existsSync(`${file}.lock`));
  }
  const own = path.join(folder, "own");
  const store = fileStore(own);
  store.load();
  store.append(2, "1t\nx");
  const whole = fs.readFileSync(own, "latin1");
  const spoilt = whole.replace(/.$/, "#");
  for (const text of ["", "\0\0\0", "\n", "\n\0\0", spoilt, ...Array.from(whole, (_, i) => whole.slice(0, i))]) {
    fs.writeFileSync(file, text);
    t.deepEqual(fileStore(file).load(), [], JSON.stringify(text));
  }
});

test("a second client on a store gets ESTORE until the first one has ended, on another modem and by another name, too", (t) => {
  const file = path.join(folder, "shared");
  fs.writeFileSync(file, "");
  fs.symlinkSync("shared", path.join(folder, "link"));
  const [one, other] = [modem(), modem()];
  const store = fileStore(file);
  const memory = new MemoryStore();
  const first = connect(one.modem, { store });
  first.publish("t", "x", { qos: 1 });
  const second = connect(one.modem, { store: memory });
  for (const again of [store, fileStore(file), fileStore(path.join(folder, "link")), memory]) {
    const error = t.throws(() => connect(other.modem, { store: again }), { code: "ESTORE" });
    const what = again === memory ? "it" : fs.realpathSync(file);
    t.is(error!.message, `store: ${what} is in use by another client, which has not ended yet`);
  }
  clock.advance(60_000);
  t.deepEqual(
    one.broker.received.map(({ topic }) => topic),
    ["t"],
  );
  first.end();
  second.end();
  clock.advance(60_000);
  // One that could not begin, and one that is used again, do not hold it.
  t.throws(() => connect(other.modem, { store, keepalive: 9999 }), { code: "EPARAM" });
  const errors: string[] = [];
  const third = connect(other.modem, { store: fileStore(file) });
  first.on("error", (error) => errors.push((error as M95Error).code));
  first.reconnect();
  clock.advance(60_000);
  t.deepEqual(errors, ["ESTORE"]);
  t.true(first.disconnected);
  third.end();
  clock.advance(60_000);
  first.reconnect();
  clock.advance(60_000);
  t.true(first.connected);
  first.end();
  second.reconnect();
  clock.advance(60_000);
  t.true(second.connected);
});

// What calls on Node are handed beside their main arguments: callbacks that are none, options that are no object, names that nobody
// knows. Values of options are tested in test/input.
import { PassThrough } from "node:stream";
import test from "ava";
import {
  type ClientOptions,
  type M95,
  M95 as M95Class,
  type M95Error,
  openM95,
  powerSwitch,
  systemClock,
} from "../../targets/node/index.js";
import { MemoryBroker, SimClock, VirtualM95 } from "../../virtual-m95/index.js";

const warned: string[] = [];
process.emitWarning = ((text: string) => warned.push(text)) as never;

function connected() {
  const clock = new SimClock();
  const broker = new MemoryBroker({ clock, latency: 100 });
  const virtual = new VirtualM95({ clock, network: broker.network, poweredOn: true });
  const modem: M95 = new M95Class({ uart: virtual.uart, clock, apn: "internet" });
  const client = modem.connect({ host: "broker.example" });
  const errors: M95Error[] = [];
  modem.on("error", (error) => errors.push(error as M95Error));
  client.on("error", (error) => errors.push(error as M95Error));
  clock.run(() => client.connected, 60_000);
  return { clock, broker, virtual, modem, client, errors };
}

test("what is no callback is refused by name, and nothing is sent; an end is made all the same", (t) => {
  const { clock, modem, client, errors } = connected();
  const { commands } = modem.stats;
  for (const [value, shown] of [
    [Symbol("s"), "a symbol"],
    [5, "5"],
    [0, "0"],
    ["done", '"done"'],
    ["", '""'],
    [true, "true"],
    [false, "false"],
    [{}, "an object"],
    [Promise.resolve(), "an object"],
  ] as [never, string][]) {
    t.is(client.publish("t", "p", {}, value), client);
    t.is(client.subscribe("a", {}, value), client);
    t.is(client.unsubscribe("a", {}, value), client);
    for (const call of ["identity", "signal", "battery", "operator", "time", "start", "sleep", "wake"] as const)
      t.is(modem[call](value), undefined);
    t.is(modem.command("AT", {}, value), undefined);
    t.is(errors.length, 0, `${shown}: not at once`);
    clock.advance(1);
    t.deepEqual(
      errors.splice(0).map((error) => `${error.code} ${error.message}`),
      new Array(12).fill(`EPARAM callback must be a function, not ${shown}`),
    );
  }
  t.is(modem.stats.commands, commands);
  client.unsubscribe("a", 5 as never);
  t.is(client.end(false, Symbol("done") as never), client);
  clock.advance(60_000);
  t.is(client.state, "closed");
  modem.stop(5n as never);
  clock.advance(60_000);
  t.is(modem.state, "off");
  modem.close("done" as never);
  clock.advance(1);
  t.deepEqual(
    errors.map((error) => error.message),
    ["5", "a symbol", "a bigint", '"done"'].map((value) => `callback must be a function, not ${value}`),
  );
});

test("no callback, and one before the last place, are what they were", (t) => {
  const { clock, broker, client, modem, errors } = connected();
  const done: string[] = [];
  const tell = (name: string) => (error?: Error | null) => done.push(`${name} ${error}`);
  client.publish("t", "1", {}, undefined);
  client.publish("t", "2", undefined, null as never);
  client.publish("t", "3", tell("publish") as never, 5 as never);
  client.subscribe("a", tell("subscribe") as never, 5 as never);
  modem.command("AT", tell("command") as never, 5 as never);
  clock.advance(10_000);
  client.unsubscribe("a", undefined, tell("unsubscribe"));
  clock.advance(10_000);
  client.end(false, {}, tell("end"));
  clock.advance(10_000);
  t.is(broker.received.length, 3);
  t.deepEqual(
    done.sort(),
    ["command", "end", "publish", "subscribe", "unsubscribe"].map((name) => `${name} null`),
  );
  t.deepEqual(errors, []);
});

test("names that a subscribe, an unsubscribe or a command does not know are refused; MQTT.js's are told of once", (t) => {
  const { clock, virtual, client, modem, errors } = connected();
  warned.length = 0;
  const refused: (string | undefined)[] = [];
  const done = (error?: Error | null) => refused.push(error?.message);
  client.subscribe("a", { Qos: 1 } as never, done);
  client.subscribe({ a: { qos: 1, retain: true } } as never, done);
  client.subscribe("a", { quos: 1 } as never);
  client.unsubscribe("a", { qos: 1 }, done);
  modem.command("AT", { timeOut: 5 } as never, done);
  modem.command("AT", 5 as never, done);
  clock.advance(1);
  t.deepEqual(refused, [
    "option Qos is not known; did you mean qos?",
    "option retain is not known",
    "option qos is not known",
    "option timeOut is not known; did you mean timeout?",
    "options must be an object such as { timeout: 5000 }, not 5",
  ]);
  t.deepEqual(
    errors.map((error) => `${error.code} ${error.message}`),
    ["EPARAM option quos is not known; did you mean qos?"],
  );
  t.deepEqual(warned, []);
  refused.length = 0;
  for (let i = 0; i < 2; i++) {
    client.subscribe("a", { qos: 1, nl: true, rap: false } as never, done);
    client.subscribe({ b: { qos: 1, rh: 0 } } as never, done);
    client.unsubscribe("a", { properties: {} }, done);
  }
  clock.advance(20_000);
  t.deepEqual(refused, new Array(6).fill(undefined));
  t.deepEqual(warned, [
    "option nl of a subscribe has no effect: it is of MQTT 5",
    "option rap of a subscribe has no effect: it is of MQTT 5",
    "option rh of a subscribe has no effect: it is of MQTT 5",
    "option properties of an unsubscribe has no effect: the modem does that part by itself, or has nothing like it",
  ]);
  t.deepEqual(virtual.violations, []);
});

test("options that are no object are refused as that, and names inside `apn` as others are", async (t) => {
  const { modem, virtual, clock } = connected();
  for (const [options, shown] of [
    ["internet", '"internet"'],
    [() => {}, "a function"],
    [5, "5"],
  ] as [never, string][]) {
    const be = (such: string) => ({
      code: "EPARAM",
      message: `options must be an object such as ${such}, not ${shown}`,
    });
    await t.throwsAsync(openM95(new PassThrough(), options), be('{ apn: "internet" }'));
    t.throws(() => new M95Class(options), be('{ uart, apn: "internet" }'));
    t.throws(() => modem.connect("mqtt://b", options), be('{ clientId: "meter-17" }'));
    if (typeof options !== "string")
      t.throws(() => modem.connect(options as ClientOptions), be('{ host: "broker.example.org" }'));
  }
  t.throws(() => new M95Class({ uart: virtual.uart, clock, apn: { name: "internet", usrname: "u" } as never }), {
    code: "EPARAM",
    message: "option apn.usrname is not known; did you mean apn.username?",
  });
});

test("a misspelt pin or time of a power switch is refused; what else the object holds is not looked at", (t) => {
  const pwrkey = { write() {} };
  const refused = (pins: object, options?: object) =>
    t.throws(() => powerSwitch(pins as never, systemClock, options), { code: "EPARAM" })!.message;
  t.is(refused({ pwrkey, satus: { read: () => 0 } }), "option satus is not known; did you mean status?");
  t.is(refused({ pwrkey, emergoff: pwrkey }), "option emergoff is not known; did you mean emergOff?");
  t.is(refused({ pwrkey }, { onPuls: 5 }), "option onPuls is not known; did you mean onPulse?");
  t.notThrows(() => powerSwitch({ pwrkey, rx: 1, led: 2, onPulse: 1500 } as never, systemClock));
});

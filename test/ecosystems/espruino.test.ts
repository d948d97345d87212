// Sketches written for Espruino's MQTT module, unmodified but for the module itself: those of its own page and of a tutorial, from the
// folder that ESPRUINO_DOCS names, and some of ours that make the same calls. Run on Node, with the driver as it is built for Espruino
// and what they use of a board stood in for; test/engines/espruino runs such a sketch on the engine itself.
import { readFileSync } from "node:fs";
import path from "node:path";
import test from "ava";
import { espruino } from "../espruino/stand-in.js";
import { engine } from "../support/needs.js";
import { testWith } from "../support/test-with.js";

/** Runs a sketch, and gives what it says and does. @param start - what to run behind it */
function run(sketch: string, start = "") {
  const world = espruino("M95.min.js", [], { modem: { poweredOn: true } });
  const { clock, serial } = world;
  const said: string[] = [];
  // The change of import and connect: what the module's two functions make is a client of this modem.
  const modem = world.connect(serial, { apn: "internet" });
  const mqtt = {
    create: (host: string, options?: object) => modem.mqtt({ ...options, host }),
    connect: (options: object) => modem.mqtt(options),
  };
  const radio = {
    on() {},
    setHostname() {},
    stopAP() {},
    connect(...args: unknown[]) {
      const done = args.at(-1);
      if (typeof done === "function")
        clock.after(100, () => done(args.length === 3 && args[0] === "AccessPointName" ? "dhcp" : undefined));
      return radio;
    },
    getIP: (done?: (error: null, ip: object) => void) => {
      done?.(null, { ip: "10.0.0.2" });
      return { ip: "10.0.0.2" };
    },
  };
  const every = (fn: () => void, ms: number): void => {
    clock.after(ms, () => {
      fn();
      every(fn, ms);
    });
  };
  const log = (...words: unknown[]) => said.push(words.map(String).join(" "));
  const parameters = {
    require: (name: string) => (name === "MQTT" ? mqtt : radio),
    console: { log },
    print: log,
    setTimeout: (fn: () => void, ms: number) => clock.after(ms, fn),
    setInterval: every,
    setWatch: (fn: () => void) => clock.after(60_000, fn),
    digitalWrite: (pin: object, level: unknown) => log("pin", pin, Number(level)),
    E: { getTemperature: () => 21.5, on() {} },
    BTN: "BTN",
    modem,
    ...Object.fromEntries(
      ["B3", "B4", "D0", "D12", "D13"].map((pin) => [
        pin,
        { toString: () => pin, write: (level: unknown) => log("pin", pin, Number(level)) },
      ]),
    ),
  };
  const names = Object.keys(parameters).filter((name) => !new RegExp(`^var ${name}\\b`, "m").test(sketch));
  new Function(...names, `${sketch}\n${start}`)(...names.map((name) => parameters[name as "print"]));
  return { ...world, said, every };
}

const docs = engine("ESPRUINO_DOCS");

/** The programs in a page. */
function blocks(page: string): string[] {
  const text = readFileSync(path.join(docs!, page), "utf8");
  return [...text.matchAll(/^```(?:js)?\n([\s\S]*?)^```/gm)].map(([, code]) => code!);
}

testWith("ESPRUINO_DOCS")("the page of Espruino's MQTT module, its snippets one behind the other", (t) => {
  const all = blocks("modules/MQTT.md");
  const with_ = (text: string): string => all.find((one) => one.includes(text))!;
  const first = with_("CC3000");
  const later = [with_("Disconnected"), with_("reconnecting"), with_("hello, world"), with_("mqtt.unsubscribe(")];
  const rest = `mqtt.on("connected", function () { ${later.join("\n")} });`;
  const { until, said, broker, clock, modem } = run(first, rest);
  until("it has published", () => broker.received.length > 0);
  clock.advance(5000);
  broker.publish("test", "a message", 0);
  until("it hears", () => said.includes("message: a message"));
  t.true(said.includes("topic: test"));
  t.deepEqual(
    broker.received.map((one) => [one.topic, String(one.payload)]),
    [["test/espruino", "hello, world"]],
  );
  modem.dropLink(0, 1);
  until("it is told", () => said.includes("Disconnected"));
  until("it is back", () => broker.clients.length === 1);
  t.true(said.includes("MQTT disconnected... reconnecting."));
});

testWith("ESPRUINO_DOCS")("the page's way to connect directly, and to leave", (t) => {
  const all = blocks("modules/MQTT.md");
  const direct = all.find((one) => one.includes('require("MQTT").connect({\n  host'))!;
  const leave = all.find((one) => one.trim() === "mqtt.disconnect();")!;
  const { until, broker } = run(direct.split("// or specify")[0]!, `mqtt.on("connect", function () { ${leave} });`);
  until("it was there", () => broker.receivedCount >= 0 && broker.clients.length === 1);
  until("it has left", () => broker.clients.length === 0);
  t.pass();
});

testWith("ESPRUINO_DOCS")("two sketches of the tutorial on home automation", (t) => {
  const sketches = blocks("tutorials/Home Automation.md").filter((one) => one.includes('require("MQTT").connect('));
  t.true(sketches.length >= 2);
  for (const sketch of sketches.slice(0, 2)) {
    const { until, broker, said, clock } = run(sketch, "onInit();");
    until("connected", () => said.includes("MQTT connected"));
    clock.advance(5000);
    const set = sketch.includes("1/set") ? "1/set" : "set";
    broker.publish(`/mydevice/${set}`, "1", 0);
    until("its status", () => broker.received.some((one) => one.topic.endsWith("status")));
    t.is(String(broker.received.find((one) => one.topic.endsWith("status"))!.payload), "1");
    t.true(said.some((one) => one.startsWith("pin ")));
  }
});

test("a sketch of ours: what is neither text nor number nor bytes is refused; listeners come and go", (t) => {
  const { until, broker, said } = run(
    `var mqtt = require("MQTT").create("broker", { client_id: "x", keep_alive: 30 });
    function gone() { print("never"); }
    mqtt.on("connected", function () {
      mqtt.on("connected", gone).removeListener("connected", gone);
      modem.addListener("state", gone).removeListener("state", gone);
      mqtt.addListener("message", gone);
      mqtt.removeAllListeners("message");
      mqtt.on("error", function (e) { print(e.code, e.message); });
      mqtt.subscribe({ a: 1, b: 0 });
      mqtt.publish("a", true);
      mqtt.publish("a", 21.5);
      mqtt.publish("a", [1, 2]);
      mqtt.publish("a", { t: 1 });
      mqtt.publish("a", null);
      mqtt.publish("a", undefined, function (e) { print("done", e.code); });
      mqtt.publish("a", new Uint8Array([65, 66]), { qos: 1, retain: true });
    });
    mqtt.on("publish", function (pub) { print(pub.topic + "=" + pub.message); });`,
  );
  until("the last one", () => said.includes("a=AB"));
  t.deepEqual(
    broker.received.map((one) => String(one.payload)),
    ["21.5", "AB"],
  );
  for (const what of ["true", "an object", "null"])
    t.true(said.includes(`EPARAM payload must be a string or bytes, not ${what}`), said.join("\n"));
  t.true(said.includes("done EPARAM"));
  t.false(said.includes("never"));
});

test("connect() without arguments names what is missing", (t) => {
  const { connect, serial } = espruino("M95.min.js");
  t.throws(() => (connect as () => void)(), {
    message: /^serial must be an object with on, setup and write, not undefined/,
  });
  t.throws(() => connect(serial, { board: "arduino" }), { message: /^board must be a known board, not "arduino"/ });
  t.throws(() => connect(serial, { apn: "a", pwrkey: {} }), { message: /^pwrkey must be a pin/ });
});

// The built Espruino bundles, and the sources that they are made of, in a stand-in for Espruino's globals, on simulated time: what
// has to hold without the engine at hand. What only the engine can show is in test/engines/espruino.

import test from "ava";
import { espruino, PROGRAMS, stop } from "./stand-in.js";

test.afterEach.always(stop);

for (const program of PROGRAMS) {
  test.serial(`${program}: a board, from power-on to power-off`, (t) => {
    const { broker, modem, setups, serial, connect, until } = espruino(program, ["power"]);
    const heard: unknown[] = [];
    const driver = connect(
      serial,
      { board: "nucleo-f411re", apn: "internet", flow: "hardware" },
      (error: unknown, one: unknown) => heard.push(["ready", error, one === driver]),
    );
    const mqtt = driver.mqtt({ host: "broker.example", client_id: "bundle", keep_alive: 30 });
    mqtt.connect();
    for (const event of ["connected", "publish", "disconnected", "end"])
      mqtt.on(event, (value: unknown) => heard.push([event, value]));
    const once: unknown[] = [];
    mqtt.once("publish", (pub: { message: string }) => once.push(pub.message));
    const silent = () => heard.push("a listener that was taken away");
    mqtt.on("publish", silent).off("publish", silent);
    mqtt.subscribe("down", { qos: 1 }, (error: unknown, granted: { qos: number }[]) =>
      heard.push(["subscribed", error, granted[0]!.qos]),
    );
    until("subscribed", () => heard.length === 3);
    t.deepEqual(heard.splice(0), [
      ["ready", null, true],
      ["connected", undefined],
      ["subscribed", undefined, 1],
    ]);
    t.like(setups, [[115200, { tx: { name: "A9" }, rx: { name: "A10" }, cts: { name: "A7" }, flow: "none" }]]);
    t.false("path" in (setups as [number, object][])[0]![1], "boards refuse an option that they do not know");
    t.true(broker.clients.length === 1);

    for (const message of ["text", 21.5, new Uint8Array([0, 255])])
      mqtt.publish("up", message, { qos: 1 }, (error: unknown) => heard.push(error));
    mqtt.publish("up", true, (error: { code: string }) => heard.push(error.code));
    until("published", () => heard.length === 4);
    t.deepEqual(heard.splice(0), ["EPARAM", undefined, undefined, undefined]);
    t.deepEqual(
      broker.received.map(({ payload }) => Buffer.from(payload).toString("latin1")),
      ["text", "21.5", "\x00\xff"],
    );
    broker.publish("down", "hello");
    until("received", () => heard.length === 1);
    t.like(heard.splice(0), [["publish", { topic: "down", message: "hello", qos: 0, msgid: 0, ambiguous: false }]]);

    broker.publish("down", "again");
    until("received", () => heard.length === 1);
    t.like(heard.splice(0), [["publish", { message: "again" }]]);
    t.deepEqual(once, ["hello"]);

    mqtt.disconnect();
    until("ended", () => heard.length === 2);
    t.deepEqual(heard.splice(0), [
      ["disconnected", undefined],
      ["end", undefined],
    ]);
    driver.stop((error: unknown) => heard.push(error));
    until("off", () => heard.length === 1);
    t.deepEqual(heard, [undefined]);
    t.is(modem.pins.status.read(), 0);
    t.deepEqual(modem.violations, []);
  });

  test.serial(`${program}: setTime neither stops a wait nor ends one, wherever it goes`, (t) => {
    // The sources run on the time of the test's own process.
    if (program === "the sources") {
      t.pass();
      return;
    }
    for (const hours of [-1, -24 * 365 * 30, 24 * 365 * 26]) {
      let time = () => 0;
      const getTime = () => time();
      const { clock, serial, connect, until } = espruino(program, [], {
        modem: { poweredOn: true, registerAfter: 30_000 },
        globals: { getTime },
      });
      const base = 1_800_000_000;
      time = () => base + clock.now() / 1000;
      let asked = 0;
      const heard: unknown[] = [];
      const { write } = serial;
      serial.write = (data: string) => {
        if (data === "AT+QMTCONN?\r") asked++;
        write(data);
      };
      const driver = connect(serial, { apn: "internet" }, (error: unknown) => heard.push(error));
      const mqtt = driver.mqtt({ host: "broker.example", keep_alive: 60 });
      clock.advance(10_000);
      // While a network is searched, and again while the link is idle.
      time = () => base + hours * 3600 + clock.now() / 1000;
      until("connected", () => mqtt.connected);
      t.deepEqual(heard, [null]);
      t.true(clock.now() < 60_000);
      clock.advance(30_000);
      time = () => base + 2 * hours * 3600 + clock.now() / 1000;
      const before = asked;
      clock.advance(70_000);
      t.true(asked > before, `${hours}`);
      t.true(mqtt.connected && mqtt.age >= 0 && mqtt.age < 65_000, `${mqtt.age}`);
    }
  });

  test.serial(`${program}: an overflow is counted once, and what may be damaged is dropped`, (t) => {
    const { clock, modem, flags, serial, connect, until } = espruino(program, ["power"]);
    const driver = connect(serial, { apn: "internet", pwrkey: modem.pins.pwrkey, status: modem.pins.status });
    const mqtt = driver.mqtt({ host: "broker.example" });
    const messages: string[] = [];
    let connected = false;
    mqtt.on("connect", () => {
      connected = true;
    });
    mqtt.on("message", (_topic: string, message: string) => messages.push(message));
    until("connected", () => connected);
    const say = (text: string) => modem.uart.onReceive(text);
    say('\r\n+QMTRECV: 0,0,"t",on');
    flags[0]!(["LOW_MEMORY"]);
    say("e\r\n\r\n+CREG: 1\r\n");
    clock.advance(1000);
    t.deepEqual(messages.splice(0), ["one"]);
    t.is(driver.stats.overruns, 0);

    say('\r\n+QMTRECV: 0,0,"t",tw');
    flags[0]!(["FIFO_FULL"]);
    say('o\r\n\r\n+QMTRECV: 0,0,"t",thr');
    clock.advance(1);
    say('ee\r\n\r\n+QMTRECV: 0,0,"t",four\r\n');
    clock.advance(1000);
    t.deepEqual(messages, ["four"]);
    t.is(driver.stats.overruns, 1);
  });
}

for (const program of PROGRAMS)
  test.serial(`${program}: what events hand out has the names of the contract`, (t) => {
    const { broker, modem, serial, connect, until } = espruino(program, ["power"]);
    const driver = connect(serial, { apn: "internet", pwrkey: modem.pins.pwrkey, status: modem.pins.status });
    const mqtt = driver.mqtt({ host: "broker.example", queueLimit: 1, queuePolicy: "drop-oldest" });
    const packets: unknown[] = [];
    const told: { [event: string]: unknown[] } = {};
    mqtt.on("packetsend", (packet: unknown) => packets.push(packet));
    for (const event of ["message", "drop"])
      mqtt.on(event, (...values: unknown[]) => Object.assign(told, { [event]: values }));
    driver.on("recovery", (...values: unknown[]) => Object.assign(told, { recovery: values }));
    mqtt.subscribe({ a: { qos: 1 }, "b/#": { qos: 0 } });
    mqtt.publish("up", "1");
    mqtt.publish("up", "2", { qos: 2, retain: true });
    until("published", () => broker.received.length === 1);
    broker.publish("a", "hello");
    mqtt.unsubscribe("a");
    until("unsubscribed", () => packets.length === 3 && told.message !== undefined);
    const bare = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
    // Drawn at random.
    const ids = packets.map((one) => (one as { messageId: number }).messageId);
    for (const id of ids) t.true(id > 0 && id < 65536);
    t.deepEqual(bare(packets), [
      { cmd: "subscribe", messageId: ids[0], topics: ["a", "b/#"], qos: 1, retain: false },
      { cmd: "publish", messageId: ids[1], topic: "up", qos: 2, retain: true },
      { cmd: "unsubscribe", messageId: ids[2], topics: ["a"], qos: 1, retain: false },
    ]);
    t.deepEqual(bare(told.message), ["a", "hello", { qos: 0, msgid: 0, ambiguous: false }]);
    t.deepEqual(bare(told.drop), ["up", "1", { qos: 0, retain: false }]);
    modem.uart.onReceive("\r\n+PDP DEACT\r\n");
    until("recovering", () => told.recovery !== undefined);
    t.deepEqual(Object.keys(told.recovery![0] as object), ["cause", "step", "attempt", "next"]);
  });

for (const program of PROGRAMS)
  test.serial(`${program}: a store in Storage, and payloads as base64`, (t) => {
    const { broker, modem, serial, files, store, connect, until } = espruino(program, ["power", "store", "base64"]);
    files.set("out.10000002", "1up\nkept.").set("out.10000004", "1up\ntorn\xff").set("output", "not its own.");
    const driver = connect(serial, { apn: "internet", pwrkey: modem.pins.pwrkey, status: modem.pins.status });
    const mqtt = driver.mqtt({ host: "broker.example", store: store("out"), encoding: { bin: "base64" } });
    const results: unknown[] = [];
    mqtt.publish("bin", "\x1a\xff", { qos: 2 }, (error: unknown) => results.push(error));
    t.deepEqual(
      [...files],
      [
        ["out.10000002", "1up\nkept."],
        ["output", "not its own."],
        ["out.10000004", "2bin\nGv8=."],
      ],
    );
    until("published", () => results.length === 1);
    t.deepEqual(results, [undefined]);
    t.deepEqual(
      broker.received.map(({ topic, payload }) => `${topic} ${payload}`),
      ["up kept", "bin Gv8="],
    );
    t.deepEqual([...files.keys()], ["output"]);
    t.throws(() => store(""), { code: "EPARAM" });
    t.throws(() => store("x".repeat(20)), { code: "EPARAM" });
  });

for (const program of PROGRAMS)
  test.serial(`${program}: a store touches no file but its own`, (t) => {
    const { files, store } = espruino(program, ["store"]);
    const foreign = {
      "m95.json": '{"apn":"internet"}',
      "m95.boot.js": "start()",
      // Another store's: its name begins with this one's.
      "m95.b.10000002": "1up\nother.",
      // Digits, but not as a key makes them; torn or not.
      "m95.20240101": "a log\xff",
      "m95.00000002": "1up\nx.",
      "m95.1000000A": "1up\nx.",
      "m95.1000000aa": "1up\nx.",
      "m95.1000000": "1up\nx.",
      "m95.10000000": "1up\nx.",
      "m95.+1000002": "1up\nx.",
      "m95.1000002 ": "1up\nx.",
      "m95.": "1up\nx.",
      m95: "1up\nx.",
      // Its name could be a key's; what it holds is no record, whole or torn.
      "m95.1000000e": "another's",
    };
    for (const [name, data] of Object.entries(foreign)) files.set(name, data);
    files.set("m95.10000002", "1up\nkept.").set("m95.10000004", "1up\nto\xff\xff").set("m95.1000000b", "-.");
    const records = (name: string) =>
      store(name)
        .load()
        .map((one: { key: number; record: string }) => [one.key, one.record]);
    t.deepEqual(records("m95"), [
      [2, "1up\nkept"],
      [11, "-"],
    ]);
    t.deepEqual(records("m95.b"), [[2, "1up\nother"]]);
    const own = store("m95");
    own.append(16, "1up\nmore");
    for (const key of [2, 11]) own.remove(key);
    t.throws(() => own.append(14, "1up\nx"), { message: "another's file is called m95.1000000e" });
    t.throws(() => store("m95.b").append(2, "1up\nx"));
    own.remove(16);
    t.deepEqual(Object.fromEntries(files), foreign);
    // In flash a name ends at a NUL: this would be the file of somebody called `m95`.
    for (const name of ["m95\0", "a\nb", undefined, 5, {}, Symbol("s")])
      t.throws(() => store(name as string), { code: "EPARAM" });
  });

for (const program of PROGRAMS)
  test.serial(`${program}: of any view its bytes are published, and what only looks like bytes is refused`, (t) => {
    const { broker, modem, serial, connect, until } = espruino(program, [], { modem: { poweredOn: true } });
    const mqtt = connect(serial, { apn: "internet" }).mqtt({ host: "h" });
    const bytes = new Uint8Array([9, 9, 1, 2, 3, 4, 9, 9]).buffer;
    const payloads = [
      new Uint16Array([1, 258]),
      new Uint16Array(bytes, 2, 2),
      new Float32Array([1.5]),
      new DataView(bytes, 2, 3),
      new Uint8Array(bytes).subarray(2, 5),
      new Uint8Array(bytes, 2, 0),
      bytes,
    ];
    const told: unknown[] = [];
    for (const payload of payloads) mqtt.publish("up", payload, { qos: 1 }, (error?: Error) => told.push(error));
    until("published", () => told.length === payloads.length);
    t.deepEqual([...new Set(told)], [undefined]);
    t.deepEqual(
      broker.received.map(({ payload }) => [...payload]),
      [[1, 0, 2, 1], [1, 2, 3, 4], [0, 0, 192, 63], [1, 2, 3], [1, 2, 3], [], [9, 9, 1, 2, 3, 4, 9, 9]],
    );
    const refused: string[] = [];
    for (const payload of [{ byteLength: 3 }, { buffer: [1], byteLength: 1 }, [1, 2], true, null])
      mqtt.publish("up", payload, {}, (error: Error) => refused.push(error.message));
    until("refused", () => refused.length === 5);
    t.deepEqual(refused, [
      "payload must be a string or bytes, not an object",
      "payload must be a string or bytes, not an object",
      "payload must be a string or bytes, not an object",
      "payload must be a string or bytes, not true",
      "payload must be a string or bytes, not null",
    ]);
    t.deepEqual(modem.violations, []);
  });

for (const program of PROGRAMS)
  test.serial(`${program}: bad options are refused at once`, (t) => {
    const { serial, connect } = espruino(program, ["power"]);
    const refused = (options: object) => {
      try {
        connect(serial, options);
        return "taken";
      } catch (error) {
        return (error as { code?: string }).code;
      }
    };
    t.is(refused({ apn: "a", board: "toaster" }), "EPARAM");
    t.is(refused({ apn: "a", flow: "cts" }), "EPARAM");
    t.is(refused({ apn: "a\r\nAT+QPOWD=0" }), "EPARAM");
    // Names that every object has are no boards.
    t.is(refused({ apn: "a", board: "toString" }), "EPARAM");
    t.is(refused({ apn: "a", pwrkey: "A8" }), "EPARAM");
    t.is(refused({ apn: "a", pwrkey: { write() {} }, onPulse: "long" }), "EPARAM");
    const says = (options: object) =>
      t.throws(() => connect(serial, { apn: "a", ...options }), { code: "EPARAM" })!.message;
    for (const flow of ["software", "rts", "", true])
      t.is(
        says({ flow }),
        `flow must be "none", "hardware" or "xon", not ${typeof flow === "string" ? `"${flow}"` : flow}`,
      );
    for (const [options, shown] of [
      ["internet", '"internet"'],
      [() => {}, "a function"],
      [5, "5"],
    ])
      t.throws(() => connect(serial, options as never), {
        code: "EPARAM",
        message: `options must be an object with apn, not ${shown}`,
      });
    for (const pin of ["nonsense", {}, true, 7]) {
      t.is(says({ pwrkey: { write() {} }, ri: pin }), "ri must be a pin, with read");
      t.is(says({ pwrkey: { write() {} }, dtr: pin }), "dtr must be a pin, with write");
    }
    const thrown = () => {
      throw new Error("mine");
    };
    t.is(refused({ apn: "a", toString: thrown, board: { toString: thrown } }), "EPARAM");
    t.is(refused(Object.defineProperty({}, "apn", { get: thrown, enumerable: true })), "EPARAM");
    for (const options of [undefined, null, 5, "apn", Symbol("s"), 5n])
      for (const port of [undefined, null, 5, Symbol("s"), {}, { on() {} }])
        t.throws(() => connect(port, options as never), { code: "EPARAM" });
    const driver = connect(serial, { apn: "internet" });
    for (const options of [
      undefined,
      null,
      5,
      "host",
      Symbol("s"),
      { host: Symbol("s") },
      { client_id: 5n, host: "h" },
    ])
      t.throws(() => driver.mqtt(options), { code: "EPARAM" });
  });

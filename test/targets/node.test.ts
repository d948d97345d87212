// The Node target by itself: ports of every kind, what is refused and how, streams that fail, clock and codec. Whole
// cycles are test/e2e's.
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Duplex, PassThrough, Readable, Writable } from "node:stream";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import test from "ava";
import { cycle, M95, M95Error, openM95, streamUart, systemClock } from "../../targets/node/index.js";

const entry = new URL("../../targets/node/index.js", import.meta.url);

/** A stream whose other end the test holds. */
function line(): { port: Duplex; written: string[]; say(text: string): void } {
  const written: string[] = [];
  const port = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      written.push(chunk.toString("latin1"));
      done();
    },
  });
  return { port, written, say: (text) => port.push(Buffer.from(text, "latin1")) };
}

/** Runs a module in a process of its own and gives what it prints. */
async function runModule(code: string, ...args: string[]): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "m95-node-"));
  try {
    const file = join(directory, "program.mjs");
    await writeFile(file, code);
    return (await promisify(execFile)(process.execPath, [...args, file], { timeout: 20_000 })).stdout;
  } finally {
    await rm(directory, { recursive: true });
  }
}

test("opening sends nothing and leaves the modem off", async (t) => {
  const { port, written } = line();
  const modem = await openM95(port, { apn: "internet" });
  t.true(modem instanceof M95);
  t.is(modem.state, "off");
  await new Promise((resolve) => setTimeout(resolve, 50));
  t.deepEqual(written, []);
});

test("sleep and wake without option sleep: an error that names it, by the callback, the promise or the event", async (t) => {
  for (const options of [{}, { sleep: "off" as const }]) {
    const { port, written } = line();
    const modem = await openM95(port, options);
    const expected = { code: "EPARAM", message: /^sleep must be "auto" or "manual" in the options of the modem/ };
    t.false(modem.asleep);
    await t.throwsAsync(modem.sleepAsync(), expected);
    await t.throwsAsync(modem.wakeAsync(), expected);
    const told = once(modem, "never").catch((error: Error) => error);
    modem.sleep();
    t.is(((await told) as M95Error).code, "EPARAM");
    t.deepEqual(written, []);
  }
  const { port } = line();
  const modem = await openM95(port, { sleep: "manual" });
  await t.throwsAsync(modem.sleepAsync(), { code: "ECLOSED", message: "the modem is not ready to sleep: off" });
  await modem.wakeAsync();
});

test("a duty cycle refuses names that it does not know, those of the client's options included", async (t) => {
  const { port } = line();
  const modem = await openM95(port, { apn: "internet" });
  const options = { every: 60_000, connect: { host: "h", clientId: "c" }, work: () => {} };
  const refused = (more: object) => t.throws(() => cycle(modem, { ...options, ...more }), { code: "EPARAM" })!.message;
  t.is(refused({ widow: 1 }), "option widow is not known; did you mean window?");
  t.is(refused({ connect: { host: "h", clientID: "c" } }), "option clientID is not known; did you mean clientId?");
  t.is(refused({ connect: "mqtt://h" }), 'connect must be the options of a client, not "mqtt://h"');
  t.regex(refused({ every: 10 }), /^every must be an integer/);
  const own = cycle(modem, options);
  await new Promise((resolve) => own.end(resolve as never));
});

test("what is no port is refused with its kind", async (t) => {
  for (const [port, text] of [
    [undefined, "undefined"],
    [null, "null"],
    [7, "number"],
    [{}, "object"],
    [Readable.from([]), "object"],
    [new Writable(), "object"],
    ["", "empty string"],
  ] as const) {
    const error = await t.throwsAsync(openM95(port as unknown as Duplex), { code: "EPARAM" }, text);
    t.true(error instanceof M95Error);
    t.true(error.message.startsWith("port must be a path or a Duplex stream, not "), error.message);
    t.true(error.message.endsWith(text), error.message);
  }
});

test("a stream of text and a closed stream are refused", async (t) => {
  const text = new PassThrough().setEncoding("utf8");
  await t.throwsAsync(openM95(text), { code: "EPARAM", message: /stream of bytes.*utf8/ });
  await t.notThrowsAsync(openM95(new PassThrough().setEncoding("latin1")));
  const closed = new PassThrough().destroy();
  await t.throwsAsync(openM95(closed), { code: "EPARAM", message: /open stream/ });
});

test("bad options are refused before the port is opened", async (t) => {
  const { port } = line();
  await t.throwsAsync(openM95(port, { pin: "x" }), { code: "EPARAM", message: /^pin/ });
  t.is(port.listenerCount("data"), 0);
  await t.throwsAsync(openM95("/dev/no-such-port", { receiveLimit: 1 }), { code: "EPARAM", message: /receiveLimit/ });
  await t.throwsAsync(openM95("/dev/no-such-port", { baudRate: 0 }), { code: "EPARAM", message: /baudRate/ });
});

test("what is no recording is refused before the port is opened; whatever fails behind that closes the port again", async (t) => {
  const hooks = `export async function resolve(name, context, next) {
    const text = \`import { PassThrough } from "node:stream";
      export class SerialPort extends PassThrough {
        isOpen = true;
        constructor(options, done) { super(); console.log("open"); setImmediate(done, null); }
        close(done) { this.isOpen = false; console.log("closed"); setImmediate(done); }
      }\`;
    if (name === "serialport") return { url: "data:text/javascript," + encodeURIComponent(text), shortCircuit: true };
    return next(name, context);
  }`;
  const stdout = await runModule(`
    import { register } from "node:module";
    register("data:text/javascript," + encodeURIComponent(${JSON.stringify(hooks)}));
    const { M95, openM95 } = await import(${JSON.stringify(entry.href)});
    for (const trace of ["field.jsonl", null, {}])
      await openM95("/dev/ttyUSB0", { trace }).catch(({ code, message }) => console.log(code, message));
    try { new M95({ uart: { write() {} }, trace: 5 }); } catch ({ code, message }) { console.log(code, message); }
    const trace = { begin() { throw new Error("no room"); }, attach() {} };
    await openM95("/dev/ttyUSB0", { trace }).catch(({ message }) => console.log(message));`);
  const wanted = 'EPARAM trace must be a recording such as recorder("field.jsonl"), not';
  t.deepEqual(stdout.trim().split("\n"), [
    `${wanted} "field.jsonl"`,
    `${wanted} null`,
    `${wanted} an object`,
    `${wanted} 5`,
    "open",
    "closed",
    "no room",
  ]);
});

test("a socket may still be connecting; a refused connection rejects", async (t) => {
  const server = net.createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as net.AddressInfo;
  const modem = await openM95(net.connect(port, "127.0.0.1"));
  modem.close();
  await once(server.close(), "close");
  await t.throwsAsync(openM95(net.connect(port, "127.0.0.1")), { code: "ECONNREFUSED" });
});

test("a path that does not exist rejects with the path", async (t) => {
  const stdout = await runModule(`
    import { openM95 } from ${JSON.stringify(entry.href)};
    await openM95("/dev/no-such-port").catch((error) => console.log(error.message));`);
  t.true(stdout.includes("/dev/no-such-port"), stdout);
});

test("without the package serialport a path is refused with the way to install it, a stream is not", async (t) => {
  const hooks = `export async function resolve(name, context, next) {
    if (name === "serialport") throw Object.assign(new Error("Cannot find package"), { code: "ERR_MODULE_NOT_FOUND" });
    return next(name, context);
  }`;
  const stdout = await runModule(`
    import { register } from "node:module";
    import { PassThrough } from "node:stream";
    register("data:text/javascript," + encodeURIComponent(${JSON.stringify(hooks)}));
    const { M95Error, openM95 } = await import(${JSON.stringify(entry.href)});
    const { state } = await openM95(new PassThrough());
    const error = await openM95("/dev/ttyUSB0").catch((error) => error);
    console.log(JSON.stringify({
      state, code: error.code, message: error.message, ours: error instanceof M95Error, cause: error.cause.code,
    }));`);
  const { message, ...rest } = JSON.parse(stdout);
  t.deepEqual(rest, { state: "off", code: "EPARAM", ours: true, cause: "ERR_MODULE_NOT_FOUND" });
  t.true(message.includes("/dev/ttyUSB0"), message);
  t.true(message.endsWith("npm install serialport"), message);
});

test("a stream's error is the modem's error event, and ends a start", async (t) => {
  const { port } = line();
  const modem = await openM95(port);
  const errors: Error[] = [];
  modem.on("error", (error) => errors.push(error));
  const start = modem.startAsync();
  const cause = new Error("unplugged");
  port.destroy(cause);
  await t.throwsAsync(start, { code: "ECLOSED" });
  t.true(errors.includes(cause));
  t.is(modem.state, "failed");
  await t.throwsAsync(modem.startAsync(), { code: "ECLOSED" });
});

test("a stream that ends, and close(), end a start; nothing is written any more", async (t) => {
  for (const end of [(port: Duplex) => port.push(null), (_port: Duplex, modem: M95) => modem.close()]) {
    const { port, written } = line();
    const modem = await openM95(port);
    const start = modem.startAsync();
    await new Promise((resolve) => setTimeout(resolve, 20));
    const before = written.length;
    end(port, modem);
    await t.throwsAsync(start, { code: "ECLOSED" });
    await t.throwsAsync(modem.commandAsync("AT"), { code: "ECLOSED" });
    t.is(written.length, before);
  }
});

test("streamUart: bytes both ways as they are, in text and in Buffers; the rate of a serial port", (t) => {
  const { port, written } = line();
  const rates: unknown[] = [];
  const uart = streamUart(Object.assign(port, { update: (options: unknown) => rates.push(options) }));
  const heard: string[] = [];
  uart.onReceive = (chunk) => heard.push(chunk);
  const bytes = String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i));
  uart.write(bytes);
  t.deepEqual(written, [bytes]);
  port.emit("data", Buffer.from(bytes, "latin1"));
  port.emit("data", bytes);
  t.deepEqual(heard, [bytes, bytes]);
  uart.setBaud!(9600);
  t.deepEqual(rates, [{ baudRate: 9600 }]);
  t.is(streamUart(new PassThrough()).setBaud, undefined);
});

test("an M95 needs a uart and nothing else; undefined options are no options", (t) => {
  const uart = { write() {}, onReceive() {} };
  t.is(new M95({ uart }).clock, systemClock);
  t.is(new M95({ uart, clock: undefined as never }).clock, systemClock);
  t.throws(() => new M95({} as never), { code: "EPARAM", message: /^uart/ });
  t.throws(() => new M95(undefined as never), { code: "EPARAM", message: /^uart/ });
  t.notThrows(() => new M95({ uart }).close());
});

test("the system's clock runs timers behind pending input, and cancels them at any time", async (t) => {
  const ran: string[] = [];
  const start = systemClock.now();
  await new Promise<void>((resolve) => {
    systemClock.cancel(systemClock.after(5, () => ran.push("cancelled")));
    systemClock.after(20, () => {
      ran.push("twenty");
      resolve();
    });
    systemClock.after(0, () => ran.push("zero"));
  });
  t.deepEqual(ran, ["zero", "twenty"]);
  t.true(systemClock.now() - start >= 19);
  // Due, but waiting for pending input: it can still be cancelled.
  const late = systemClock.after(0, () => ran.push("late"));
  setTimeout(() => systemClock.cancel(late));
  const end = performance.now() + 5;
  while (performance.now() < end);
  await new Promise((resolve) => setTimeout(resolve, 10));
  t.false(ran.includes("late"));
});

test("the package's entry on Node is loadable without serialport and without side effects", async (t) => {
  const stdout = await runModule(`
    const names = Object.keys(await import(${JSON.stringify(pathToFileURL(fileURLToPath(entry)).href)}));
    console.log(JSON.stringify(names.sort()));`);
  t.deepEqual(JSON.parse(stdout), [
    "M95",
    "M95Error",
    "MqttClient",
    "boards",
    "cycle",
    "explain",
    "fileStore",
    "openM95",
    "powerSwitch",
    "recorder",
    "streamUart",
    "systemClock",
  ]);
});

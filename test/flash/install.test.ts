// Flashing a model of a board, without any port: what ends up in Storage, and what happens when things go wrong.
import test, { type ExecutionContext } from "ava";
import fc from "fast-check";
import { configOf } from "../../flash/board/config.js";
import { FlashError } from "../../flash/board/errors.js";
import { install, type Plan, type Show } from "../../flash/board/install.js";
import { fromBytes } from "../../flash/board/quote.js";
import { Session } from "../../flash/board/session.js";
import { writeFile } from "../../flash/board/storage.js";
import { connect } from "./model-session.js";

const quiet: Show = { found() {}, step: () => () => {} };

/** A module of some length with all kinds of bytes. */
const module = `exports.x="é\x00\x03\\\n";${"abcdefghij".repeat(150)}`.replace("é", "\xc3\xa9");

function plan(over: Partial<Plan> = {}): Plan {
  return { module, config: {}, compare: "bytes", start: true, ...over };
}

test("module, configuration and application are on the board afterwards, and the application runs", async (t) => {
  const { model, session } = connect(t);
  const lines: string[] = [];
  session.onOutput = (line) => lines.push(line);
  const config = configOf({
    board: "nucleo-f411re",
    apn: "internet",
    broker: "broker.example:8883",
    clientId: "zähler",
  });
  const shown: string[] = [];
  const show: Show = {
    found: ({ board, version }) => shown.push(`${board} ${version}`),
    step: (text) => {
      shown.push(text);
      return () => {};
    },
  };
  await install(session, plan({ config, app: 'print("app runs")' }), show);
  await session.run("1");
  t.is(model.files.get("M95"), module);
  t.is(model.files.get(".bootcde"), 'print("app runs")');
  t.deepEqual(JSON.parse(Buffer.from(model.files.get("m95.json")!, "latin1").toString("utf8")), {
    board: "nucleo-f411re",
    serial: "Serial1",
    apn: "internet",
    host: "broker.example",
    port: 8883,
    clientId: "zähler",
  });
  t.true(lines.includes("app runs"));
  t.deepEqual(shown.slice(0, 3), ["MODEL 2v29", "Making room", "Writing M95"]);
});

test("what the board's m95.json says stays unless it is given anew", async (t) => {
  const { model, session } = connect(t);
  model.files.set("m95.json", '{"apn":"old","host":"h","mine":1}');
  await install(session, plan({ config: { apn: "new" } }), quiet);
  t.deepEqual(JSON.parse(model.files.get("m95.json")!), { apn: "new", host: "h", mine: 1 });
});

test("without options and application only the module is written, and boot code stays", async (t) => {
  const { model, session } = connect(t);
  model.files.set(".bootcde", "1");
  await install(session, plan({ start: false }), quiet);
  t.deepEqual([...model.files.keys()].sort(), [".bootcde", "M95"]);
  t.is(model.files.get(".bootcde"), "1");
});

test("boot code that would take precedence goes when an application comes", async (t) => {
  const { model, session } = connect(t);
  model.files.set(".bootrst", "1");
  await install(session, plan({ app: "2" }), quiet);
  t.false(model.files.has(".bootrst"));
});

test("each statement fits into the smallest receive buffer", async (t) => {
  const { model, session } = connect(t);
  const receive = model.receive.bind(model);
  let length = 0;
  let longest = 0;
  model.receive = (data) => {
    for (const key of data) {
      length = key === "\n" ? 0 : length + 1;
      longest = Math.max(longest, length);
    }
    receive(data);
  };
  // Each byte of the worst kind: four characters in a string, so base64 it is.
  await install(session, plan({ module: "\xff".repeat(400) + "\\".repeat(400), app: "x".repeat(400) }), quiet);
  t.true(longest < 512, `${longest} bytes`);
  t.true(longest > 300);
});

test("any bytes arrive as they are", async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 1200 }), async (bytes) => {
      const { model, session } = connect(t);
      await writeFile(session, { name: "f", data: fromBytes(bytes) }, () => {});
      return model.files.get("f") === fromBytes(bytes);
    }),
    { numRuns: 30 },
  );
  t.pass();
});

test("an application that prints all the time does not disturb", async (t) => {
  const { model, session } = connect(t, { chatter: 1 });
  await install(session, plan(), quiet);
  t.is(model.files.get("M95"), module);
});

test("XOFF stops the sending, but for what is on its way, and XON goes on", async (t) => {
  const { model, session } = connect(t, { pause: { every: 300, ms: 15 } });
  await install(session, plan(), quiet);
  t.is(model.files.get("M95"), module);
  t.true(model.pauses > 5);
  t.true(model.overrun <= 64 * model.pauses, `${model.overrun} bytes came after ${model.pauses} XOFF`);
});

// A statement has some 300 characters; these positions hit its start, its middle, its end and the line ends.
for (const lose of [[1], [80], [700], [1000], [1234], [1500, 1501, 1502], [900, 2000, 3000]])
  test(`bytes lost on the way (${lose}) are sent again`, async (t) => {
    const { model, link } = connect(t, { lose });
    const session = new Session(link);
    const run = session.run.bind(session);
    // The same, with less patience.
    session.run = (expression, options) => run(expression, { ...options, timeout: 150 });
    await install(session, plan(), quiet);
    t.is(model.files.get("M95"), module);
  });

async function failure(t: ExecutionContext, promise: Promise<unknown>): Promise<FlashError> {
  const error = (await t.throwsAsync(promise)) as FlashError;
  t.true(error instanceof FlashError, error.stack);
  t.true(error.advice.length > 20);
  return error;
}

test("too little Storage says how much is needed and free, and leaves what is there alone", async (t) => {
  const { model, session } = connect(t, { storage: 1500 });
  model.files.set("M95", "old".repeat(100));
  model.files.set("photos", "x".repeat(100));
  const error = await failure(t, install(session, plan(), quiet));
  t.regex(error.message, /Not enough Storage: 15\d\d bytes are needed, 10\d\d are free/);
  t.regex(error.advice, /photos/);
  t.regex(error.advice, /erase/);
  t.is(model.files.get("M95"), "old".repeat(100));
});

test("old versions and trash make room when they must", async (t) => {
  const { model, session } = connect(t, { storage: 2600 });
  model.files.set("M95", "old".repeat(400));
  await install(session, plan(), quiet);
  t.is(model.files.get("M95"), module);
});

test("flash memory that forgets is noticed, byte by byte and by checksum", async (t) => {
  for (const compare of ["bytes", "checksum"] as const) {
    const { session } = connect(t, { worn: "M95" });
    const error = await failure(t, install(session, plan({ compare }), quiet));
    t.regex(error.message, /M95 is not what was sent/);
  }
});

test("what is silent, what is not Espruino, and what only sends back, are told apart", async (t) => {
  for (const [instead, message] of [
    ["silence", /^Nothing answers/],
    ["login", /not Espruino.*modem login/],
    ["echo", /not Espruino/],
  ] as const) {
    const { session } = connect(t, { instead });
    const error = await failure(t, session.prompt(true, 30));
    t.regex(error.message, message);
  }
});

test("what the board throws is passed on", async (t) => {
  const { session } = connect(t);
  const error = await failure(t, session.run('require("nothing")'));
  t.regex(error.message, /Module nothing not found/);
});

test("a board that falls silent ends the wait", async (t) => {
  const { model, session } = connect(t);
  await session.prompt();
  model.receive = () => {};
  t.regex((await failure(t, session.run("1", { timeout: 20, retries: 1 }))).message, /stopped answering/);
});

test("a lost connection ends the wait at once", async (t) => {
  const { link, session, model } = connect(t);
  await session.prompt();
  model.receive = () => {};
  const running = session.run("1");
  setImmediate(() => link.onClose());
  t.regex((await failure(t, running)).message, /connection .* lost/);
  t.regex((await failure(t, session.run("1"))).message, /connection .* lost/);
});

test("choices that cannot be right are refused", (t) => {
  for (const choices of [
    { board: "toaster" },
    { board: "constructor" },
    { broker: "mqtt://x" },
    { broker: "host:0" },
    { broker: "host:70000" },
    { broker: "h".repeat(101) },
    { apn: 'a"b' },
    { clientId: "a\r\nb" },
  ])
    t.throws(() => configOf(choices), { instanceOf: FlashError }, JSON.stringify(choices));
  t.deepEqual(configOf({ broker: "host" }), { host: "host", port: 1883 });
  t.deepEqual(configOf({ board: "", apn: "", broker: "", clientId: "" }), {});
  t.deepEqual(configOf({ board: "esp32-devkitc" }), { board: "esp32-devkitc", serial: "Serial3" });
});

// The driver in parts: which files a board gets, whether they fit, and what a board is left with when the power is cut.
import { readFileSync } from "node:fs";
import test, { type ExecutionContext } from "ava";
import type { FlashError } from "../../flash/board/errors.js";
import { install, type Plan, type Show } from "../../flash/board/install.js";
import {
  needsOf,
  type Parts,
  type PartsList,
  partNames,
  partsGiven,
  readsTokens,
  wanted,
} from "../../flash/board/parts.js";
import { CONNECTED_VARS, MOST_VARS } from "../../flash/board/room.js";
import { type Link, Session } from "../../flash/board/session.js";
import { HEAD } from "../../flash/board/storage.js";
import { engine } from "../support/needs.js";
import { testWith } from "../support/test-with.js";
import { connect } from "./model-session.js";
import { espruino } from "./pty.js";
import { type ModelOptions, ReplModel } from "./repl-model.js";

/** The list of the build, whose files are large; and one like it with small files. */
const built = JSON.parse(readFileSync("dist/espruino/parts.json", "utf8")) as PartsList;
const SIZES: { [part: string]: number } = { core: 4000, tls: 900, store: 300, info: 400, power: 200, texts: 100 };
const list: PartsList = {
  files: Object.entries(SIZES).map(([part, bytes]) => {
    const name = part === "core" ? "M95" : `M95-${part}`;
    return { name, file: `${name}.tokens`, plain: `${name}.js`, part, bytes };
  }),
  sets: {},
};
/** All kinds of bytes, another for each file; the driver's own says at its beginning what it is. */
const load = (file: string): string => {
  const { bytes } = list.files.find((one) => one.file === file || one.plain === file)!;
  const body = Array.from({ length: bytes }, (_, i) => String.fromCharCode((i * 7 + file.length) & 127)).join("");
  return `${file}|${body.slice(file.length + 2)}\0`;
};
const sizeOf = (...parts: string[]) => parts.reduce((sum, part) => sum + 32 + SIZES[part]!, 0);

const SENSOR = 'require("M95").connect(Serial1,{board:"x",apn:"a"})';

function plan(over: Partial<Plan> = {}, parts: Partial<Parts> = {}): Plan {
  return { module: { list, load, ...parts }, app: SENSOR, config: {}, compare: "bytes", start: true, ...over };
}

/** Flashes a model and tells what was said before anything was written. */
async function flash(t: ExecutionContext, options: ModelOptions, what: Plan, old?: ReplModel) {
  const { model, session } = connect(t, options, old);
  const said: string[] = [];
  const steps: string[] = [];
  const show: Show = {
    found() {},
    say: (text) => said.push(`${steps.length} ${text}`),
    step: (text) => {
      steps.push(text);
      return () => {};
    },
  };
  const files = await install(session, what, show);
  return { model, session, said, steps, files };
}

const names = (model: ReplModel) => [...model.files.keys()].filter((name) => name.startsWith("M95")).sort();

test("what an application needs is read from it: the examples get their sets", (t) => {
  for (const example of ["sensor", "switch", "tracker", "meter"]) {
    const app = readFileSync(`examples/espruino/${example}.js`, "latin1");
    const needs = needsOf(built, app, undefined).map(({ part }) => (part === "core" ? "M95" : `M95-${part}`));
    t.deepEqual(["M95", ...needs].sort(), [...built.sets[example]!].sort(), example);
  }
});

test("options and calls count, in any manner of writing them; comments, texts and other names do not", (t) => {
  const needs = (app: string) => needsOf(built, app, undefined).map(({ part }) => part);
  t.deepEqual(needs(""), []);
  t.deepEqual(needs("connect(s,{pwrkey:B1})"), ["power"]);
  t.deepEqual(needs('o["tls"]=true'), ["tls"]);
  t.deepEqual(needs("o = {'tls': 1}"), ["tls"]);
  t.deepEqual(needs("o.tls = 1 // store"), ["tls"]);
  t.deepEqual(needs("m.identity(f); m.time (f)"), ["info"]);
  t.deepEqual(needs('function sleep() {} sleep(); m.connect({ sleep: "auto" })'), ["sleep"]);
  t.deepEqual(needs("function sleep() {} sleep()"), []);
  t.deepEqual(needs('var c = require("M95-sleep").cycle; c(m, {})'), ["sleep"]);
  t.deepEqual(needs('if (storage.read("M95-sleep")) o.sleep = "auto"; // require("M95-tls")'), []);
  t.deepEqual(needs("m.command('AT',f)"), ["info"]);
  t.deepEqual(needs("x({encoding:'base64'})"), ["base64"]);
  t.deepEqual(needs("print(`$" + '{m.store("x")}`)'), ["store"]);
  t.deepEqual(needs('var time = 5; print("no tls, no store"); /* tls */ f(time); o.signal = 1; "a//b"; stored()'), []);
  t.deepEqual(
    needsOf(built, "", "nucleo-f411re").map(({ why }) => why),
    ['m95.json says board "nucleo-f411re"'],
  );
});

test("names of parts are taken apart, and others refused with those that there are", (t) => {
  t.deepEqual(partsGiven(built, "tls, store"), ["tls", "store"]);
  t.deepEqual(partsGiven(built, ""), []);
  const error = t.throws(() => partsGiven(built, "tls,toast")) as FlashError;
  t.is(error.message, 'There is no part "toast"');
  t.regex(error.advice, /tls.*store/);
});

test("firmware gets the tokens that it reads", (t) => {
  for (const version of ["2v25.396", "2v25.1000", "2v26", "2v29.277", "2v30"]) t.true(readsTokens(version), version);
  for (const version of ["2v25", "2v25.4", "2v25.395", "2v24.9999", "2v20.48", "1v99", "", "undefined", "3v1"])
    t.false(readsTokens(version), version);
});

test("a board gets the driver and the parts that its application needs, all in one form", async (t) => {
  for (const [version, form] of [
    ["2v29.277", "tokens"],
    ["2v24", "js"],
  ] as const) {
    const { model, said, files } = await flash(t, { version }, plan({}, { with: ["tls"] }));
    t.deepEqual(names(model), ["M95", "M95-power", "M95-tls"]);
    for (const name of names(model)) t.is(model.files.get(name), load(`${name}.${form}`));
    t.deepEqual(
      said.map((text) => text.replace(/:.*/, "")),
      ["0 Parts", "0 Storage"],
    );
    t.is(said[0], '0 Parts: power (the application has "board"), tls (it was asked for)');
    t.deepEqual(
      files.map(({ name }) => name),
      ["M95-tls", "M95-power", "M95", ".bootcde"],
    );
  }
});

test("what will be left of Storage and RAM is said before anything is written, and is right", async (t) => {
  const { model, said } = await flash(t, { storage: 20_000, memory: { total: 5100, free: 5000 } }, plan());
  const written = sizeOf("core", "power") + 32 + Math.ceil(SENSOR.length / 4) * 4;
  t.is(said[1], `0 Storage: ${written} bytes are written, ${20_000 - written} of 20000 are left`);
  t.is(said[2], `0 RAM: some ${5000 - CONNECTED_VARS} of 5100 jsVars are left when connected`);
  const used = [...model.files.values()].reduce((sum, { length }) => sum + 32 + Math.ceil(length / 4) * 4, 0);
  t.is(used, written);
});

test("without an application on the command line the board's own is read, and without any all parts are written", async (t) => {
  const first = await flash(t, {}, plan({ app: "m.store('x')" }));
  t.deepEqual(names(first.model), ["M95", "M95-store"]);
  const { app: _, ...keep } = plan({}, { with: ["tls"] });
  const second = await flash(t, {}, keep, first.model);
  t.deepEqual(names(second.model), ["M95", "M95-store", "M95-tls"]);
  t.is(second.model.files.get(".bootcde"), "m.store('x')");
  const { app: __, ...none } = plan();
  const third = await flash(t, {}, none);
  t.deepEqual(names(third.model), list.files.map(({ name }) => name).sort());
});

test("without an application, --with adds to the parts that the board has", async (t) => {
  const { app: _, ...none } = plan({}, { with: ["power"] });
  const first = await flash(t, {}, none);
  t.deepEqual(names(first.model), ["M95", "M95-power"]);
  const second = await flash(t, {}, { ...none, module: { list, load, with: ["tls"] } }, first.model);
  t.deepEqual(names(second.model), ["M95", "M95-power", "M95-tls"]);
  t.is(second.said[0], "0 Parts: power (the board has it), tls (it was asked for)");
});

test("the workbench's part is written when an application or a person asks for it, with what it uses, and otherwise never", (t) => {
  const asked = (app: string | undefined, more: Partial<Parts> = {}) =>
    wanted({ list: built, load, ...more }, needsOf(built, app, undefined)).map(({ part }) => part);
  t.deepEqual(asked('require("M95-workbench").watch(modem)').sort(), ["info", "workbench"]);
  t.deepEqual(asked("m({})", { with: ["workbench"] }), ["workbench", "info"]);
  t.deepEqual(asked("m({})", { with: ["workbench"], without: ["info"] }), ["workbench"]);
  t.false(asked(undefined).includes("workbench"));
  t.true(asked(undefined).includes("info"));
});

test("a part that is not wanted stays away, whatever the application says", async (t) => {
  const { model } = await flash(t, {}, plan({}, { without: ["power"] }));
  t.deepEqual(names(model), ["M95"]);
});

test("parts of an earlier version that nobody needs any more are erased, and no file of anybody else", async (t) => {
  const old = new ReplModel();
  for (const name of ["M95-tls", "M95-old", "M95", "M95x", "photos", "m95-ca.pem"]) old.files.set(name, "old");
  const { model, steps } = await flash(t, {}, plan(), old);
  t.deepEqual(names(model), ["M95", "M95-power", "M95x"]);
  t.true(model.files.has("photos") && model.files.has("m95-ca.pem"));
  t.true(steps.includes("Erasing M95-tls, M95-old"));
  const bundle = await flash(t, {}, plan({ module: "exports.x=1" }), model);
  t.deepEqual(names(bundle.model), ["M95", "M95x"]);
});

async function refused(t: ExecutionContext, options: ModelOptions, what: Plan, old?: ReplModel) {
  const { model, session } = connect(t, options, old);
  const before = new Map(model.files);
  const error = (await t.throwsAsync(install(session, what, { found() {}, step: () => () => {} }))) as FlashError;
  t.deepEqual(model.files, before, "nothing is erased or written");
  return error;
}

test("what does not fit is refused before anything is erased, and the message says what to leave out", async (t) => {
  const old = new ReplModel();
  old.files.set("M95", "old".repeat(300));
  old.files.set("photos", "x".repeat(500));
  const rest = sizeOf("core", "power") + 100 + 532;
  const app = `${SENSOR};m.store("x");o={tls:1}`;
  const error = await refused(t, { storage: rest + 500 }, plan({ app }), old);
  t.regex(error.message, /^Not enough Storage: 5\d\d\d bytes are needed, \d+ are free of \d+; old versions/);
  t.regex(
    error.advice,
    /^Leave out M95-tls \(932 bytes; the application has "tls"\): .*--without tls\. It also holds photos\./,
  );
  const both = await refused(t, { storage: rest + 20 }, plan({ app }), old);
  t.regex(both.advice, /^Leave out M95-tls \(.*\) and M95-store \(.*\): .*--without tls,store\. /);
  const none = await refused(t, { storage: 3000 }, plan({ app }), old);
  t.regex(none.advice, /^Even without M95-tls .* and M95-power .* it would not fit: \d+ bytes are missing\. /);
});

test("too little RAM is refused with reason and remedy", async (t) => {
  const error = await refused(t, { memory: { total: 2756, free: MOST_VARS - 1 } }, plan());
  t.is(
    error.message,
    `Not enough RAM: the driver takes up to ${MOST_VARS} jsVars until it is connected, ${MOST_VARS - 1} of 2756 are free`,
  );
  t.regex(error.advice, /more RAM/);
});

test("files that cannot be compacted around, for want of RAM, are named before anything is erased", async (t) => {
  const old = new ReplModel();
  old.files.set("M95", "o".repeat(4000));
  old.files.set("photos", "x".repeat(60_000));
  const options = { storage: 66_000, memory: { total: 5100, free: 3500 } };
  const error = await refused(t, { ...options, page: 131_072 }, plan(), old);
  t.regex(error.message, /cannot be compacted: 60032 bytes/);
  t.regex(error.advice, /photos/);
  // Small pages are compacted one after another, and a board that does not tell its pages is not held up.
  for (const page of [4096, undefined]) {
    const { model } = await flash(t, page ? { ...options, page } : options, plan(), old);
    t.is(model.files.get("photos")?.length, 60_000);
  }
});

test("a board that does not answer a question about itself is flashed without that check", async (t) => {
  const noMemory = await flash(t, {}, plan());
  t.false(noMemory.said.some((text) => text.includes("RAM")));
  for (const broken of ["getFree", "list"]) {
    const { model, session } = connect(t, {});
    await session.run(`(Storage=require("Storage"),Storage.${broken}=undefined,1)`).catch(() => {});
    const run = session.run.bind(session);
    session.run = (expression, options) =>
      expression.includes(broken) ? run("nobody.knows", options) : run(expression, options);
    await install(session, plan(), { found() {}, step: () => () => {} });
    t.deepEqual(names(model), ["M95", "M95-power"], broken);
  }
});

test("firmware that does not tell its trash is compacted when it must be", async (t) => {
  const old = new ReplModel();
  old.files.set("M95", "o".repeat(4000));
  const { model } = await flash(t, { storage: 6000, noStats: true }, plan(), old);
  t.is(model.files.get("M95"), load("M95.tokens"));
});

/** What a board has as its driver: nothing, one that says that it is not whole, or a whole one. */
function driverOn(t: ExecutionContext, model: ReplModel, allowed: string[]): string {
  const there = model.files.get("M95");
  if (there === undefined) return "none";
  if (allowed.includes(there)) return "whole";
  // Its beginning, with the check, is there; its end, which the check looks at, is not.
  t.regex(there, /^M95\.tokens\|/);
  t.true(
    [...there.slice(0, HEAD)].every((byte) => byte !== "\xff"),
    "the check is written at once",
  );
  t.is(there.at(-1), "\xff");
  return "says that it is not whole";
}

for (const [room, storage] of [
  ["beside the old version", 30_000],
  ["in place of the old version", 6000],
] as const)
  test(`an update ${room} can be cut off anywhere: the board has a whole driver or none, and can be flashed again`, async (t) => {
    const old = await flash(t, { storage }, plan());
    old.model.files.set("M95", "old driver".padEnd(4000));
    old.model.files.set("mine", "my data");
    const seen = new Set<string>();
    for (let cut = 500; ; cut += 1237) {
      const options = { storage, cut };
      const { model, session } = connect(t, options, old.model);
      const run = session.run.bind(session);
      session.run = (expression, how) => run(expression, { ...how, timeout: 100, retries: 0 });
      let isDone = false;
      try {
        await install(session, plan({ app: `${SENSOR}//new`, config: { apn: "new" } }), {
          found() {},
          step: () => () => {},
        });
        isDone = true;
      } catch {
        // The power was cut.
      }
      seen.add(driverOn(t, model, [load("M95.tokens"), "old driver".padEnd(4000)]));
      // At start somebody says so: the application is there, the old one or the new one.
      t.regex(model.files.get(".bootcde") ?? "", /require\("M95"\)/, `cut at ${cut}`);
      t.is(model.files.get("mine"), "my data");
      const again = await flash(t, { storage }, plan({ config: { apn: "b" } }), model);
      t.is(again.model.files.get("M95"), load("M95.tokens"), `cut at ${cut}`);
      if (isDone) break;
    }
    t.true(seen.has("says that it is not whole"));
    t.is(seen.has("none"), storage === 6000);
  });

testWith("ESPRUINO")(
  "a real Espruino without room for two is updated in place, and has a driver that loads",
  async (t) => {
    const board = espruino(engine("ESPRUINO")!);
    t.teardown(() => board.close());
    const link: Link = { onData: () => {}, onClose: () => {}, write: async (data) => board.receive(data) };
    board.onOutput = (data) => link.onData(data);
    const session = new Session(link);
    await session.prompt();
    const module: Parts = { list: built, load: (file) => readFileSync(`dist/espruino/${file}`, "latin1") };
    const steps: string[] = [];
    const show: Show = {
      found() {},
      step: (text) => {
        steps.push(text);
        return () => {};
      },
    };
    const update = (app: string) => install(session, { ...plan({ app, start: false }), module }, show);
    await update(SENSOR);
    const free = (await session.run('require("Storage").getFree()')) as number;
    await session.run(`require("Storage").write("mine","data",0,${free - 8000})`);
    steps.length = 0;
    await update(`${SENSOR}//new`);
    t.is(steps.indexOf("Writing .bootcde"), 1, "the application comes first");
    t.is(await session.run('require("Storage").read("mine",0,4)'), "data");
    t.is(await session.run('typeof require("M95").connect'), "function");
    const error = (await t.throwsAsync(update(`${SENSOR};o={tls:1,store:1};${"x".repeat(9000)}`))) as FlashError;
    t.regex(error.advice, /^(Leave out|Even without) M95-tls/);
    t.is(await session.run('typeof require("M95").connect'), "function", "refused before anything was erased");
  },
);

test("what RAM the driver takes is not said to be less than what is measured", (t) => {
  const page = readFileSync("docs/footprint.md", "utf8").split("<!-- boards -->")[1]!.split("<!-- /boards -->")[0]!;
  const cells = page.split("\n").map((line) => line.split("|").map((cell) => cell.trim()));
  const pico = cells.find(([, name]) => name === "`espruino-pico`")!;
  // What does not fit has no figure.
  const takes = pico
    .slice(4, 7)
    .flatMap((cell) => (cell.includes(" / ") ? [Number(pico[3]) - Number(cell.split(" / ")[1])] : []));
  t.true(takes.length >= 2);
  for (const vars of takes) t.true(vars > 500 && CONNECTED_VARS >= vars, `${vars}`);
  const { "espruino-ram": budgets } = JSON.parse(readFileSync("bench/budgets.json", "utf8"));
  t.true(MOST_VARS - CONNECTED_VARS >= budgets["espruino.vars.most"] - budgets["espruino.vars.connected"]);
});

test("the parts that words stand for are those of the build", (t) => {
  t.deepEqual(partNames(built).sort(), ["base64", "info", "power", "sleep", "store", "texts", "tls", "workbench"]);
});

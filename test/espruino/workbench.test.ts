// The part M95-workbench beside the driver, both as they were built, in front of the virtual M95: what it prints, what it keeps to
// itself, and that nobody else notices. The engine itself has test/engines/espruino/workbench.mjs.

import { readFileSync } from "node:fs";
import vm from "node:vm";
import test from "ava";
import * as source from "../../targets/espruino/workbench.js";
import { espruino, fileList, fileOf, stop } from "./stand-in.js";

const { checkSubset } = (await import(new URL("../../../scripts/espruino/subset.mjs", import.meta.url).href)) as {
  checkSubset(code: string): unknown[];
};

test.afterEach.always(() => {
  stop();
  here = undefined;
});

/** Bytes that the part may have: a few hundred. */
const LIMIT = 950;
/** Characters that a line may have: 300 of a text, each of them six in JSON at worst. */
const LINE = 1900;

interface Part {
  key: string;
  watch(modem: unknown, period?: number): void;
  look(): void;
  ask(text: string): void;
  stop(): void;
}

type Rig = ReturnType<typeof espruino>;
type Globals = { [name: string]: unknown };

/** Espruino's globals for the source, which is a module of this process; tests are synchronous, so nobody else has them. */
let here: Globals | undefined;
for (const name of ["print", "getTime", "setInterval", "clearInterval"]) {
  const own = (globalThis as Globals)[name];
  (globalThis as Globals)[name] = (...args: unknown[]) =>
    ((here?.[name] ?? own) as (...args: unknown[]) => unknown)(...args);
}

/** As it was built; and the source, for the coverage. */
const MADE = ["as built", "the source"];

/** The part on a rig's clock, and what it printed. */
function part(
  { clock }: Rig,
  made = MADE[0],
): {
  part: Part;
  lines: string[];
  said: () => [number, string, string][];
  timers: () => number;
} {
  const lines: string[] = [];
  const exports = made === MADE[0] ? ({} as Part) : (source as unknown as Part);
  const timers = new Map<number, unknown>();
  let last = 0;
  const globals = {
    exports,
    print: (text: string) => lines.push(text),
    getTime: () => clock.now() / 1000,
    setInterval(fn: () => void, ms: number) {
      const id = ++last;
      const round = () => {
        timers.set(id, clock.after(ms, round));
        fn();
      };
      timers.set(id, clock.after(ms, round));
      return id;
    },
    clearInterval(id: number) {
      clock.cancel(timers.get(id) as never);
      timers.delete(id);
    },
  };
  if (made === MADE[0]) vm.runInNewContext(fileOf("M95-workbench"), globals);
  else here = globals;
  const said = () =>
    lines.map((line) => {
      if (!line.startsWith(exports.key)) throw new Error(`what is this: ${line}`);
      return JSON.parse(line.slice(exports.key.length));
    });
  return { part: exports, lines, said, timers: () => timers.size };
}

const FORMS = ["M95.min.js", "M95 in Storage with all its parts"];

for (const [form, made] of FORMS.flatMap((form) => MADE.map((made) => [form, made] as const)))
  test(`states, signal, supply, counters and traffic of a modem are lines of their own (${form}, ${made})`, (t) => {
    const rig = espruino(form);
    const { part: workbench, said } = part(rig, made);
    const modem = rig.connect(rig.serial, { apn: "internet", board: "nucleo-f411re" });
    workbench.watch(modem);
    rig.until("ready", () => modem.state === "ready");
    rig.clock.advance(31_000);
    const texts = (kind: string) => said().flatMap(([, of, text]) => (of === kind ? [text] : []));
    t.deepEqual([...new Set(texts("state"))], ["starting", "syncing", "sim", "registering", "attaching", "ready"]);
    t.true(texts(">").includes("AT+CSQ\r"));
    t.true(texts("<").some((text) => /^\+CSQ: \d+,\d+$/.test(text)));
    t.true(texts("<").some((text) => /^\+CBC: \d,\d+,\d+$/.test(text)));
    t.regex(texts("stats").at(-1)!, /^(\w+ [1-9]\d*,)+$/);
    t.regex(texts("stats").at(-1)!, /\bcommands \d+,/);
    const times = said().map(([at]) => at);
    t.deepEqual(
      times,
      [...times].sort((a, b) => a - b),
    );
    rig.modem.faults.start("pdp-drop");
    rig.until("recovery", () => texts("recovery").length > 0);
    t.is(texts("recovery")[0], "pdp, attempt 1: +PDP DEACT");
  });

for (const made of MADE)
  test(`no PIN, no login and no file is printed, in whatever they stand (${made})`, (t) => {
    const rig = espruino("M95.min.js", [], { modem: { sim: { state: "pin", pin: "471199" } } });
    const { part: workbench, lines, said } = part(rig, made);
    const key = `-----BEGIN RSA PRIVATE KEY-----\n${"ATzX".repeat(400)}\n-----END RSA PRIVATE KEY-----\n`;
    const modem = rig.connect(rig.serial, {
      apn: { name: "internet", username: "apnuser", password: "apnpass" },
      pin: "471199",
      board: "nucleo-f411re",
      tls: {
        ca: key.replaceAll("RSA PRIVATE KEY", "CERTIFICATE"),
        cert: key.replaceAll("RSA PRIVATE KEY", "CERTIFICATE"),
        key,
      },
    });
    workbench.watch(modem);
    rig.until("ready", () => modem.state === "ready");
    modem.mqtt({ host: "broker.example", username: "mqttuser", password: "mqttpass", tls: false });
    modem.mqtt({ host: "broker.example" });
    rig.clock.advance(60_000);
    workbench.ask('AT+CPIN="471199"');
    rig.clock.advance(5000);
    const all = lines.join("\n");
    for (const secret of ["471199", "apnuser", "apnpass", "mqttuser", "mqttpass", "zXATzX"])
      t.false(all.includes(secret), secret);
    for (const command of ["AT+CPIN=...", "AT+QICSGP=...", "AT+QMTCONN=..."]) t.true(all.includes(command), command);
    t.true(said().some(([, kind, text]) => kind === ">" && /^\d+ bytes$/.test(text)));
    // And behind the file everything is seen again.
    const sent = said().flatMap(([, kind, text]) => (kind === ">" ? [text] : []));
    const file = sent.map((text) => /^\d+ bytes$/.test(text)).lastIndexOf(true);
    t.true(sent.slice(file).some((text) => text.startsWith("AT+QSSLCFG")));
  });

for (const made of MADE)
  test(`a line is bounded, whatever the message (${made})`, (t) => {
    const rig = espruino("M95.min.js");
    const { part: workbench, lines } = part(rig, made);
    const modem = rig.connect(rig.serial, { apn: "internet", board: "nucleo-f411re" });
    const client = modem.mqtt({ host: "broker.example" });
    workbench.watch(modem);
    rig.until("connected", () => client.connected);
    client.subscribe("t");
    client.publish("t", "\x01\xff".repeat(774), { qos: 1 });
    rig.clock.advance(20_000);
    t.true(lines.some((line) => line.includes("+QMTRECV")));
    for (const line of lines) t.true(line.length < LINE, `${line.length}: ${line.slice(0, 80)}`);
  });

for (const made of MADE)
  test(`it can be switched off, leaves nothing behind, and one modem is watched at a time (${made})`, (t) => {
    const rig = espruino("M95.min.js");
    const { part: workbench, lines, timers } = part(rig, made);
    const modem = rig.connect(rig.serial, { apn: "internet", board: "nucleo-f411re" });
    const heard: string[] = [];
    modem.on("state", (state: string) => heard.push(state));
    workbench.watch(modem);
    workbench.watch(modem, 10_000);
    t.is(timers(), 1);
    rig.until("ready", () => modem.state === "ready");
    const states = lines.filter((line) => line.includes('"state","sim"'));
    t.is(states.length, 1);
    workbench.stop();
    const before = lines.length;
    modem.command("AT+CSQ");
    rig.clock.advance(60_000);
    workbench.look();
    workbench.stop();
    t.is(lines.length, before);
    t.is(timers(), 0);
    t.throws(() => workbench.watch({}));
    workbench.watch(modem, 0);
    t.is(timers(), 0);
    rig.until("a look", () => lines.some((line) => line.includes("+CSQ: ")));
    t.deepEqual(
      heard,
      ["syncing", "sim", "registering", "attaching", "ready"].filter((state) => heard.includes(state)),
    );
  });

test("an application notices nothing: the same messages and outcomes, and a part that is missing is told, not thrown", (t) => {
  const outcomes = [false, true].map((isWatched) => {
    const rig = espruino("M95 in Storage", ["power"]);
    const { part: workbench, lines } = part(rig);
    const modem = rig.connect(rig.serial, { apn: "internet", board: "nucleo-f411re" });
    const seen: unknown[] = [];
    modem.on("error", (error: Error) => seen.push(error.message));
    if (isWatched) workbench.watch(modem, 1000);
    const client = modem.mqtt({ host: "broker.example" });
    client.on("message", (topic: string, text: string) => seen.push([topic, text]));
    client.subscribe("t", { qos: 1 }, (error?: Error) => seen.push(["subscribed", error]));
    for (let i = 0; i < 8; i++)
      client.publish("t", `message ${i}`, { qos: (i % 3) as 0 }, (error?: Error) => seen.push([i, error]));
    rig.until("all", () => seen.length >= 17);
    rig.clock.advance(20_000);
    if (isWatched) t.true(lines.some((line) => line.includes("part M95-info is not on the board")));
    return seen.map((one) => JSON.stringify(one)).sort();
  });
  t.deepEqual(outcomes[0], outcomes[1]);
});

test("it has a few hundred bytes, stands for itself, and keeps to what Espruino loads", (t) => {
  const { bytes, tool } = fileList.files.find(({ name }) => name === "M95-workbench")!;
  t.true(tool);
  t.true(bytes <= LIMIT, `${bytes}`);
  t.deepEqual(checkSubset(fileOf("M95-workbench")), []);
  t.notRegex(fileOf("M95-workbench"), /require\(/);
});

test("each start draws another key", (t) => {
  const rig = espruino("M95.min.js");
  const keys = new Set(Array.from({ length: 5 }, () => part(rig).part.key));
  t.true(keys.size > 1);
  for (const key of keys) t.regex(key, /^M95#\d{1,7}$/);
});

test("docs/workbench.md has the calls of the part", (t) => {
  const page = readFileSync("docs/workbench.md", "utf8");
  for (const call of ["watch(modem)", "stop()", "look()", "ask("]) t.true(page.includes(call), call);
});

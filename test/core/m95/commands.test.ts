// What the driver writes, held against the parameters of the documentation, and what the session must know of a command. That the table
// is the note's is tested in note.test.ts.
import { binary } from "../../../core/codec.js";
import type { M95Error } from "../../../core/errors.js";
import { nameOf, request, SLACK } from "../../../core/m95/commands.js";
import { setupOf } from "../../../core/m95/options.js";
import { type ConnectOptions, Profile } from "../../../core/mqtt/options.js";
import { readTable } from "../../../scripts/docs/command-table.js";
import test from "../../support/harness.js";

/** The commands of a client, by the names of their rows. */
function written(options: object, id = 0): { [row: string]: string } {
  const given = { host: "h", clientId: "", ...options } as ConnectOptions;
  const all = new Profile(given, id, { codec: binary(), random: Math.random }, undefined).composed();
  const rows = "QMTCFG.WILL QMTCFG.TIMEOUT QMTCFG.SESSION QMTCFG.KEEPALIVE QMTCFG.SSL QMTOPEN QMTCONN".split(" ");
  return Object.fromEntries(rows.map((name, i) => [name, all[i]!]));
}

/** AT+QICSGP of an access point. */
const apnOf = (apn: unknown): string => `AT${setupOf({ apn } as never, binary()).apn}`;

test("each write form, spelled as the note's examples", (t) => {
  t.like(
    written({
      will: { topic: "a/b", payload: "", qos: 2, retain: true },
      host: "220.180.239.212",
      clientId: "M95_0206",
    }),
    {
      "QMTCFG.WILL": 'AT+QMTCFG="WILL",0,1,2,1,"a/b",""',
      "QMTCFG.TIMEOUT": 'AT+QMTCFG="TIMEOUT",0,5,3,1',
      "QMTCFG.SESSION": 'AT+QMTCFG="SESSION",0,1',
      "QMTCFG.KEEPALIVE": 'AT+QMTCFG="KEEPALIVE",0,120',
      "QMTCFG.SSL": 'AT+QMTCFG="SSL",0,0',
      QMTOPEN: 'AT+QMTOPEN=0,"220.180.239.212",1883',
      QMTCONN: 'AT+QMTCONN=0,"M95_0206"',
    },
  );
  t.is(
    written({ clientId: "clientExample", username: "username", password: "password" }).QMTCONN,
    'AT+QMTCONN=0,"clientExample","username","password"',
  );
  t.is(apnOf("internet"), 'AT+QICSGP=1,"internet"');
  t.is(apnOf({ name: "internet" }), 'AT+QICSGP=1,"internet"');
  t.is(apnOf({ name: "internet", username: "me", password: "secret" }), 'AT+QICSGP=1,"internet","me","secret"');
});

/** Options that bring a value to a parameter, by the names that the parameters have in errors. */
const OPTIONS: { [parameter: string]: (value: unknown) => object } = {
  "will.qos": (qos) => ({ will: { topic: "w", qos } }),
  "will.topic": (topic) => ({ will: { topic } }),
  "will.payload": (payload) => ({ will: { topic: "w", payload } }),
  packetTimeout: (packetTimeout) => ({ packetTimeout }),
  retryTimes: (retryTimes) => ({ retryTimes }),
  keepalive: (keepalive) => ({ keepalive }),
  host: (host) => ({ host }),
  port: (port) => ({ port }),
  clientId: (clientId) => ({ clientId }),
  username: (username) => ({ username }),
  password: (password) => ({ username: "", password }),
  "apn.name": (name) => ({ name }),
  apn: (name) => ({ name }),
  "apn.username": (username) => ({ name: "a", username }),
  "apn.password": (password) => ({ name: "a", username: "u", password }),
};

for (const row of readTable())
  for (const parameter of row.parameters) {
    const option = OPTIONS[parameter.name];
    if (!option) continue;
    const write = (value: unknown): string =>
      row.name === "QICSGP" ? apnOf(option(value)) : written(option(value))[row.name]!;
    test(`limits of AT+${row.name}: ${parameter.name}`, (t) => {
      const name = parameter.name === "apn" ? "apn.name" : parameter.name;
      const good: unknown[] = [];
      const bad: [value: unknown, code: string, shown: string][] = [];
      if (parameter.bytes === undefined) {
        const { min, max } = parameter as { min: number; max: number };
        const limit = `an integer ${min}..${max}`;
        good.push(min, max);
        for (const value of [min - 1, max + 1, min + 0.5, Number.NaN, Number.POSITIVE_INFINITY, null, true])
          bad.push([value, "EPARAM", `${name} must be ${limit}, not ${value}`]);
        bad.push([`${min}`, "EPARAM", `${name} must be ${limit}, not "${min}"`]);
        bad.push([{}, "EPARAM", `${name} must be ${limit}, not an object`]);
      } else {
        good.push("x");
        for (const value of [0, null, false]) bad.push([value, "EPARAM", `${name} must be `]);
        bad.push(['a"b', "EPARAM", `${name} must `], ["a\r", "EPARAM", `${name} must not hold`]);
        if (parameter.bytes) {
          good.push("x".repeat(parameter.bytes));
          const long = `${name} must have at most ${parameter.bytes} bytes, not ${parameter.bytes + 1}`;
          bad.push(["x".repeat(parameter.bytes + 1), "ETOOBIG", long]);
        } else {
          // What the line has room for.
          const most = 257 - write("x").length;
          good.push("x".repeat(most));
          bad.push(["x".repeat(most + 1), "ETOOBIG", "the command line must have at most 256 bytes, not 257"]);
        }
      }
      for (const value of good) t.true(write(value).includes(`${value}`), String(value));
      for (const [value, code, shown] of bad) {
        const error = t.throws(() => write(value), { code }, String(value));
        t.true((error as M95Error).message.includes(shown), (error as M95Error).message);
      }
    });
  }

test("a line that is too long names the texts in it", (t) => {
  const long = "x".repeat(120);
  const text = "the command line must have at most 256 bytes, not";
  t.throws(() => written({ will: { topic: long, payload: long } }), {
    message: `will.topic,will.payload: ${text} 270`,
  });
  t.throws(() => written({ clientId: long, username: long, password: "" }), {
    message: `clientId,username,password: ${text} 261`,
  });
  t.throws(() => written({ clientId: long, username: long + long }), { message: `clientId,username: ${text} 378` });
});

test("the name in a command text", (t) => {
  const all: [text: string, name: string][] = [
    ['AT+QMTOPEN=0,"h",1', "QMTOPEN"],
    ["AT+QMTOPEN?", "QMTOPEN"],
    ["AT+QMTOPEN=?", "QMTOPEN"],
    ["at+qmtopen?", "QMTOPEN"],
    ['AT+QMTCFG="SSL",0', "QMTCFG"],
    ['AT+QMTSUB=0,1,"what?",0', "QMTSUB"],
    ["AT+QIACT", "QIACT"],
    ["ATE0", ""],
    ["AT", ""],
    ["", ""],
  ];
  for (const [text, name] of all) t.is(nameOf(text), name, text);
});

/** What the session is told of a command. */
function traits(text: string) {
  const { timeout, prompt, final } = request(text, () => {});
  return { timeout, prompt, final };
}

test("waiting time, prompt and final result", (t) => {
  t.deepEqual(traits('AT+QMTOPEN=0,"h",1'), { timeout: 300 + SLACK, prompt: undefined, final: undefined });
  t.deepEqual(traits('AT+QMTPUB=0,0,0,0,"a"'), { timeout: 5000 + SLACK, prompt: ">", final: undefined });
  t.deepEqual(traits("AT+QMTPUB=?"), { timeout: 5000 + SLACK, prompt: undefined, final: undefined });
  t.deepEqual(traits("AT+QIDEACT"), { timeout: 40000 + SLACK, prompt: undefined, final: "DEACT OK" });
  t.deepEqual(traits("AT+QICLOSE"), { timeout: 2000 + SLACK, prompt: undefined, final: "CLOSE OK" });
  t.deepEqual(traits("AT+QILOCIP"), { timeout: 1000 + SLACK, prompt: undefined, final: "#.#.#.#" });
  t.deepEqual(traits("AT+QPOWD=1"), { timeout: 15000 + SLACK, prompt: undefined, final: "NORMAL POWER DOWN" });
  t.deepEqual(traits("AT+QPOWD=?"), { timeout: 15000 + SLACK, prompt: undefined, final: undefined });
  t.deepEqual(traits('AT+QSECWRITE="RAM:a",1'), { timeout: 5000 + SLACK, prompt: "CONNECT", final: undefined });
});

test("a command without a row waits 5 s", (t) => {
  const unknown = { timeout: 5000, prompt: undefined, final: undefined };
  t.deepEqual(traits("AT+XYZ=1"), unknown);
  t.deepEqual(traits("ATI"), unknown);
  // Rows of configurations are no commands.
  t.deepEqual(traits("AT+QMT"), unknown);
});

// Builds commands out of the table and looks up what the session must know of them. That the table is the note's is
// tested in note.test.ts.
import type { M95Error } from "../../../core/errors.js";
import { build as buildAll, commands, nameOf, request, SLACK } from "../../../core/m95/commands.js";
import { type Parameter, type Row, readTable } from "../../../scripts/docs/command-table.js";
import test from "../../support/harness.js";

const build = (name: string, values: (number | string)[]): string => buildAll([[name, ...values]])[0]!;

test("each write form, spelled as the note's examples", (t) => {
  const all: [name: string, values: (number | string)[], text: string][] = [
    ["QMTCFG.WILL", [0, 1, 2, 1, "a/b", ""], 'AT+QMTCFG="WILL",0,1,2,1,"a/b",""'],
    ["QMTCFG.TIMEOUT", [0, 5, 3, 1], 'AT+QMTCFG="TIMEOUT",0,5,3,1'],
    ["QMTCFG.SESSION", [0, 1], 'AT+QMTCFG="SESSION",0,1'],
    ["QMTCFG.KEEPALIVE", [0, 120], 'AT+QMTCFG="KEEPALIVE",0,120'],
    ["QMTCFG.SSL", [0, 1, 2], 'AT+QMTCFG="SSL",0,1,2'],
    ["QMTOPEN", [0, "220.180.239.212", 1883], 'AT+QMTOPEN=0,"220.180.239.212",1883'],
    ["QMTCLOSE", [5], "AT+QMTCLOSE=5"],
    ["QMTCONN", [0, "M95_0206"], 'AT+QMTCONN=0,"M95_0206"'],
    ["QMTCONN", [0, "clientExample", "username", "password"], 'AT+QMTCONN=0,"clientExample","username","password"'],
    ["QMTDISC", [0], "AT+QMTDISC=0"],
    ["QMTSUB", [0, 1, "topic/example", 2], 'AT+QMTSUB=0,1,"topic/example",2'],
    ["QMTUNS", [0, 2, "topic/example"], 'AT+QMTUNS=0,2,"topic/example"'],
    ["QMTPUB", [0, 0, 0, 0, "topic/pub"], 'AT+QMTPUB=0,0,0,0,"topic/pub"'],
    ["QICSGP", [1, "internet"], 'AT+QICSGP=1,"internet"'],
    ["QICSGP", [1, "internet", "me", "secret"], 'AT+QICSGP=1,"internet","me","secret"'],
    ["QSECWRITE", ["RAM:ca", 1758, 100], 'AT+QSECWRITE="RAM:ca",1758,100'],
    ["CPIN", ["1234"], 'AT+CPIN="1234"'],
  ];
  for (const [name, values, text] of all) t.is(build(name, values), text);
});

test("values that are left out make the query", (t) => {
  t.is(build("QMTCFG.WILL", [0]), 'AT+QMTCFG="WILL",0');
  t.is(build("QMTCFG.SSL", [5]), 'AT+QMTCFG="SSL",5');
});

/** The least value a parameter takes. */
function least(parameter: Parameter): number | string {
  return parameter.bytes === undefined ? parameter.min! : "x";
}

/** Builds the row with one value put in the place of the least one. */
function withValue(row: Row, at: number, value: unknown): string {
  const values = row.parameters.slice(0, at + 1).map(least);
  values[at] = value as string;
  return build(row.name, values);
}

for (const row of readTable())
  if (row.table === commands() && row.parameters.length)
    test(`limits of AT+${row.name}`, (t) => {
      for (let at = 0; at < row.parameters.length; at++) {
        const one = row.parameters[at]!;
        const good: unknown[] = [];
        const bad: [value: unknown, code: string, shown: string][] = [];
        if (one.bytes === undefined) {
          const limit = `an integer ${one.min}..${one.max}`;
          good.push(one.min, one.max);
          for (const value of [one.min! - 1, one.max! + 1, one.min! + 0.5, Number.NaN, Number.POSITIVE_INFINITY])
            bad.push([value, "EPARAM", `${one.name} must be ${limit}, not ${value}`]);
          bad.push([`${one.min}`, "EPARAM", `${one.name} must be ${limit}, not "${one.min}"`]);
          for (const value of [undefined, null, true])
            bad.push([value, "EPARAM", `${one.name} must be ${limit}, not ${value}`]);
          bad.push([{}, "EPARAM", `${one.name} must be ${limit}, not an object`]);
        } else {
          good.push("", "x");
          for (const value of [0, undefined, null, false])
            bad.push([value, "EPARAM", `${one.name} must be a string, not ${value}`]);
          bad.push(['a"b', "EPARAM", `${one.name} must not hold`], ["a\r", "EPARAM", `${one.name} must not hold`]);
          if (one.bytes) {
            good.push("x".repeat(one.bytes));
            const long = `${one.name} must have at most ${one.bytes} bytes, not ${one.bytes + 1}`;
            bad.push(["x".repeat(one.bytes + 1), "ETOOBIG", long]);
          } else {
            // What the line has room for.
            const most = 256 - withValue(row, at, "").length;
            good.push("x".repeat(most));
            const fields = row.parameters
              .slice(0, at + 1)
              .filter((each) => each.bytes !== undefined)
              .map((each) => each.name);
            bad.push([
              "x".repeat(most + 1),
              "ETOOBIG",
              `${fields}: the command line must have at most 256 bytes, not 257`,
            ]);
          }
        }
        for (const value of good) t.notThrows(() => withValue(row, at, value), `${one.name} = ${String(value)}`);
        for (const [value, code, shown] of bad) {
          const error = t.throws(() => withValue(row, at, value), { code }, `${one.name} = ${String(value)}`);
          t.true((error as M95Error).message.includes(shown), (error as M95Error).message);
        }
      }
    });

test("a value too many", (t) => {
  t.throws(() => build("QMTCLOSE", [0, 1]), { code: "EPARAM", message: "QMTCLOSE takes at most 1 parameters" });
  t.throws(() => build("QMTCFG.SSL", [0, 1, 2, 3]), { code: "EPARAM", message: /at most 3/ });
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

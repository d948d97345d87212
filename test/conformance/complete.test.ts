// Holds the transcripts together against the tables: every form of every QMT command, every number and every URC of the
// application note stands in at least one of them. Whether they are right is tested in run.test.ts.
import test from "ava";
import { FAMILIES, listTexts } from "../../core/m95/texts.js";
import { readTable } from "../../scripts/docs/command-table.js";
import { readFolder } from "./transcript.js";

const all = readFolder(new URL("../../../test/conformance/", import.meta.url));
const steps = all.flatMap((one) => one.steps);
const host = steps.flatMap((step) => (step.kind === "host" ? step.bytes.split("\r") : []));
const modem = steps.flatMap((step) => (step.kind === "modem" ? step.bytes.split(/[\r\n]+/) : []));

/** How a command of a form looks on the line. */
function pattern(name: string, form: string, optional: boolean): RegExp {
  const [command, type] = name.split(".");
  if (form === "T") return new RegExp(`^AT\\+${command}=\\?$`);
  if (form === "R") return new RegExp(`^AT\\+${command}\\?$`);
  const start = `^AT\\+${command}=${type ? `"${type}", ?` : ""}`;
  // A query stops behind <tcpconnectID>.
  return new RegExp(form === "Q" ? `${start}\\d$` : `${start}.${optional ? ",." : ""}`);
}

for (const { name, forms, parameters } of readTable().filter((row) => row.name.startsWith("QMT")))
  test(`every form of ${name}`, (t) => {
    for (const form of forms) {
      const wanted = pattern(name, form, parameters[1]?.optional === true);
      t.true(
        host.some((line) => wanted.test(line)),
        `${form}: no transcript has ${wanted}`,
      );
    }
  });

/** Where the numbers of a family stand. */
const PLACES: { [family: string]: (code: string) => RegExp[] } = {
  open: (code) => [new RegExp(`^\\+QMTOPEN: \\d,${code}$`)],
  close: (code) => [new RegExp(`^\\+QMTCLOSE: \\d,${code}$`)],
  disc: (code) => [new RegExp(`^\\+QMTDISC: \\d,${code}$`)],
  packet: (code) => [
    new RegExp(`^\\+QMTCONN: \\d,${code}`),
    ...["SUB", "UNS", "PUB"].map((name) => new RegExp(`^\\+QMT${name}: \\d,\\d+,${code}`)),
  ],
  conn: (code) => [new RegExp(`^\\+QMTCONN: \\d,${code}$`)],
  ret: (code) => [new RegExp(`^\\+QMTCONN: \\d,0,${code}$`)],
  stat: (code) => [new RegExp(`^\\+QMTSTAT: \\d,${code}$`)],
  // Of the numbers of the GSM AT commands, those of the MQTT application note.
  cme: (code) => (Number(code) < 8503 ? [] : [new RegExp(`^\\+CME ERROR: ${code}$`)]),
};

for (const family of FAMILIES)
  test(`every number of the family ${family}`, (t) => {
    for (const text of listTexts(family))
      for (const wanted of PLACES[family]!(text.slice(0, text.indexOf(":"))))
        t.true(
          modem.some((line) => wanted.test(line)),
          `no transcript has ${wanted}`,
        );
    t.pass();
  });

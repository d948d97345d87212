// Holds the command, URC and text tables against what the application note lists, written here from the note by hand.
// How commands are built from them is tested in commands.test.ts.
import {
  AGAIN,
  ASK_ATTACHED,
  ATTACH_NOW,
  bringUpScript,
  CLOSE_LEFT,
  FRESH,
  STAY_AWAKE,
  STORE_RATE,
  THERE,
} from "../../../core/m95/bringup.js";
import { OPENING, PUBLISHING, QUICK, request, SLACK } from "../../../core/m95/commands.js";
import { explainAny, FAMILIES, listTexts } from "../../../core/m95/texts.js";
import { isUrc, RECEIVED } from "../../../core/m95/urcs.js";
import { KNOWN, type Row, readTable } from "../../../scripts/docs/command-table.js";
import test from "../../support/harness.js";

/** What the note says of a command: forms it has, maximum response time, parameters of its write form. */
interface Listed {
  section: string;
  name: string;
  forms: string;
  /** ms, or "packets" where it follows from <pkt_timeout> and <retry_times>; undefined without a result URC. */
  result?: number | "packets";
  /** ms; where there is a result URC the note gives no time for OK alone. */
  time?: number;
  /** Name and range; "string" with a size if the note has one. Optional ones in brackets, repeated ones with dots. */
  parameters: string;
}

const LIST: Listed[] = [
  { section: "3.2.1", name: "QMTCFG", forms: "T", time: 300, parameters: "" },
  {
    section: "3.2.1",
    name: "QMTCFG.WILL",
    forms: "WQ",
    time: 300,
    parameters: "0-5 [0-1] [0-2] [0-1] [string] [string]",
  },
  { section: "3.2.1", name: "QMTCFG.TIMEOUT", forms: "WQ", time: 300, parameters: "0-5 [1-60] [0-10] [0-1]" },
  { section: "3.2.1", name: "QMTCFG.SESSION", forms: "WQ", time: 300, parameters: "0-5 [0-1]" },
  { section: "3.2.1", name: "QMTCFG.KEEPALIVE", forms: "WQ", time: 300, parameters: "0-5 [0-3600]" },
  { section: "3.2.1", name: "QMTCFG.SSL", forms: "WQ", time: 300, parameters: "0-5 [0-1] [0-5]" },
  { section: "3.2.2", name: "QMTOPEN", forms: "TRW", result: 75000, parameters: "0-5 string100 1-65535" },
  { section: "3.2.3", name: "QMTCLOSE", forms: "TW", result: 300, parameters: "0-5" },
  { section: "3.2.4", name: "QMTCONN", forms: "TRW", result: "packets", parameters: "0-5 string [string] [string]" },
  { section: "3.2.5", name: "QMTDISC", forms: "TW", result: 300, parameters: "0-5" },
  { section: "3.2.6", name: "QMTSUB", forms: "TW", result: "packets", parameters: "0-5 1-65535 string… 0-2…" },
  { section: "3.2.7", name: "QMTUNS", forms: "TW", result: "packets", parameters: "0-5 1-65535 string…" },
  { section: "3.2.8", name: "QMTPUB", forms: "TW", result: "packets", parameters: "0-5 0-65535 0-2 0-1 string" },
];

function parametersOf(row: Row): string {
  const shown = row.parameters.map((one) => {
    const range = one.bytes === undefined ? `${one.min}-${one.max}` : `string${one.bytes || ""}`;
    return one.optional ? `[${range}]` : one.repeats ? `${range}…` : range;
  });
  return shown.join(" ");
}

test("the table holds the note's commands and no other +QMT ones", (t) => {
  const names = readTable().map((row) => row.name);
  t.deepEqual(
    names.filter((name) => name.startsWith("QMT")),
    LIST.map((one) => one.name),
  );
});

for (const listed of LIST)
  test(`${listed.name} as in ${listed.section}`, (t) => {
    const row = readTable().filter((one) => one.name === listed.name)[0]!;
    t.is(row.forms, listed.forms);
    t.is(parametersOf(row), listed.parameters);
    t.is(row.result, listed.result === undefined ? "" : listed.result === "packets" ? "P" : `${listed.result}`);
    if (listed.time !== undefined) t.is(row.wait, listed.time);
    if (listed.result === undefined) t.false(isUrc(`+${listed.name}: 0`, ""));
    else t.true(isUrc(`+${listed.name}: 0,0`, ""));
    t.is(row.prompt, listed.name === "QMTPUB" ? ">" : "");
    t.is(row.final, "");
  });

test("each row is found by its name, and has its parameters in the documentation", (t) => {
  const names = readTable().map((row) => row.name);
  for (const [name, [wait, prompt, final]] of KNOWN) {
    t.like(
      request(`AT+${name}=`, () => {}),
      { timeout: +wait! + SLACK, prompt: prompt || undefined, final },
    );
    t.true(names.includes(name), name);
  }
  t.is(KNOWN.size, 26);
});

test("times that stand beside the table are those of the table", (t) => {
  const row = (name: string) => readTable().find((one) => one.name === name)!;
  for (const name of ["QMTCFG", "QMTOPEN", "QMTCLOSE", "QMTCONN", "QMTDISC"]) t.is(row(name).wait, QUICK, name);
  for (const name of ["QMTCLOSE", "QMTDISC"]) t.is(row(name).result, `${QUICK}`, name);
  t.is(row("QMTPUB").wait, PUBLISHING);
  t.is(row("QMTOPEN").result, `${OPENING}`);
});

test("times and final results in the bring-up's scripts are those of the table", (t) => {
  const wanted = { apn: "+QICSGP=1", baud: 9600, flow: 2, reports: false };
  const rows = [FRESH, AGAIN, THERE].map((from) => bringUpScript(wanted, true, from)).join("");
  const inserted = [
    ATTACH_NOW,
    ASK_ATTACHED,
    STAY_AWAKE,
    `${CLOSE_LEFT}CLOSE=0\n${CLOSE_LEFT}DISC=0\n${STORE_RATE}`,
  ].join("");
  const commands = (rows + inserted).split("\n").filter((one) => one && one[0] !== ":");
  t.is(new Set(commands.map((one) => one.split("\t")[1])).size, 30);
  for (const one of commands) {
    const [head, text, final] = one.split("\t");
    const known = request(`AT${text}`, () => {});
    t.is(+head!.slice(1) * 1000, known.timeout, one);
    t.is(known.final, final, one);
  }
});

test("notifications of chapter 4", (t) => {
  t.is(RECEIVED, "+QMTRECV:");
  t.true(isUrc('+QMTRECV: 0,0,"a",b', ""));
  t.true(isUrc("+QMTSTAT: 0,1", ""));
});

/** Every number of the note, with a word of its meaning. */
const CODES: { [family: string]: [number, string][] } = {
  // 3.2.2
  open: [
    [-1, "failed to open"],
    [0, "opened"],
    [1, "wrong parameter"],
    [2, "occupied"],
    [3, "activate PDP"],
    [4, "domain name"],
    [5, "disconnection"],
  ],
  // 3.2.3
  close: [
    [-1, "failed to close"],
    [0, "closed"],
  ],
  // 3.2.5
  disc: [
    [-1, "failed to close"],
    [0, "closed"],
  ],
  // 3.2.4, 3.2.6 to 3.2.8
  packet: [
    [0, "acknowledged"],
    [1, "retransmission"],
    [2, "failed to send"],
  ],
  // 3.2.4
  conn: [
    [1, "initial"],
    [2, "is connecting"],
    [3, "is connected"],
    [4, "disconnecting"],
  ],
  // 3.2.4
  ret: [
    [0, "accepted"],
    [1, "protocol version"],
    [2, "identifier"],
    [3, "server unavailable"],
    [4, "user name or password"],
    [5, "not authorized"],
  ],
  // 4.1.1, with the advice
  stat: [
    [1, "reset by peer; reopen"],
    [2, "PINGREQ timed out or failed; deactivate and activate PDP, reopen"],
    [3, "CONNECT timed out or failed; check user name, password and client ID, reopen"],
    [4, "CONNACK timed out or failed; check user name, password and client ID, reopen"],
    [5, "DISCONNECT; normal"],
    [6, "packets could not be sent; check the data, reopen"],
    [7, "server unavailable; check"],
  ],
  // 6.2
  cme: [
    [8503, "MQTT link error"],
    [8504, "MQTT illegal packet"],
    [8505, "MQTT illegal character"],
    [8506, "MQTT illegal UTF-8"],
    [8507, "MQTT invalid parameter"],
    [8508, "MQTT packet too large"],
    [8509, "MQTT buffer overflow"],
    [8510, "MQTT out of memory"],
    [8511, "MQTT memory error"],
    [8512, "window of 5"],
    [8600, "MQTT unknown error"],
  ],
};

test("there is a family for each table of the note", (t) => {
  t.deepEqual(FAMILIES.slice().sort(), Object.keys(CODES).sort());
});

for (const family of Object.keys(CODES))
  test(`codes of the family ${family}`, (t) => {
    const listed = CODES[family]!;
    const onRecord = listTexts(family).map((text) => Number(text.split(":")[0]));
    // Of the GSM AT command set's numbers the driver has a choice; the note has those from 8503.
    t.deepEqual(
      onRecord.filter((code) => family !== "cme" || code >= 8503),
      listed.map((one) => one[0]),
    );
    for (const [code, word] of listed)
      t.true(explainAny(family, code).includes(word), `${code}: ${explainAny(family, code)}`);
  });

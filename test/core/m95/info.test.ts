// Reads the modem's answers about itself and its network. Their bytes on the line are in test/conformance/info.md.
import { M95Error } from "../../../core/errors.js";
import { type Ask, battery, identity, operator, readTime, signal, time } from "../../../core/m95/info.js";
import test from "../../support/harness.js";

type Answer = string[] | Error;

/** Answers from a list, by command. */
function answering(answers: { [command: string]: Answer }): Ask {
  return (text, done) => {
    const answer = answers[text];
    if (answer === undefined) throw new Error(`${text} was not expected`);
    if (answer instanceof Error) done(answer, []);
    else done(null, answer);
  };
}

/** What a function hands over: error or value. */
function result<T>(run: (done: (error?: Error | null, value?: T) => void) => void): { error: Error | null; value?: T } {
  let calls = 0;
  let got: { error: Error | null; value?: T } = { error: null };
  run((error, value) => {
    calls++;
    got = value === undefined ? { error: error || null } : { error: error || null, value };
  });
  if (calls !== 1) throw new Error(`called ${calls} times`);
  return got;
}

const REFUSED = new M95Error("ECME", "refused");
const SILENT = new M95Error("ETIMEOUT", "silent");

const IDENTITY: { [command: string]: Answer } = {
  ATI: ["Quectel_Ltd", "Quectel_M95", "Revision: M95FAR02A08"],
  "AT+GMR": ["Revision: M95FAR02A08"],
  "AT+GSN": ["861694035793816"],
  "AT+CIMI": ["262019876543210"],
  "AT+QCCID": ["89490200001234567890"],
};

const WHOLE = {
  manufacturer: "Quectel_Ltd",
  model: "Quectel_M95",
  revision: "M95FAR02A08",
  imei: "861694035793816",
  imsi: "262019876543210",
  iccid: "89490200001234567890",
};

test("identity", (t) => {
  const all: [answers: { [command: string]: Answer }, differs: { [field: string]: string | undefined }][] = [
    [{}, {}],
    [{ "AT+QCCID": ['+QCCID: "8949020000123456789F"'] }, { iccid: "8949020000123456789F" }],
    [{ "AT+QCCID": ["+QCCID: 894902000012345678"] }, { iccid: "894902000012345678" }],
    [{ "AT+QCCID": ["89490200001234567"] }, { iccid: undefined }],
    [{ "AT+QCCID": ["89490200001234567890123"] }, { iccid: undefined }],
    [{ "AT+QCCID": ["8949020000123456789G"] }, { iccid: undefined }],
    [{ "AT+CIMI": ["DST: 1", "262019876543210"] }, {}],
    [{ "AT+CIMI": ["DST: 1"] }, { imsi: undefined }],
    [{ "AT+CIMI": ["26201987654321"] }, { imsi: undefined }],
    [{ "AT+CIMI": ["2620198765432101"] }, { imsi: undefined }],
    [{ "AT+CIMI": ["26201987654321A"] }, { imsi: undefined }],
    [{ "AT+CIMI": [] }, { imsi: undefined }],
    [
      { "AT+CIMI": REFUSED, "AT+QCCID": REFUSED },
      { imsi: undefined, iccid: undefined },
    ],
    [{ "AT+GMR": REFUSED }, {}],
    [{ "AT+GMR": ["M95FAR02A09"] }, { revision: "M95FAR02A09" }],
    [
      { ATI: REFUSED, "AT+GMR": REFUSED },
      { manufacturer: undefined, model: undefined, revision: undefined },
    ],
    [
      { ATI: [], "AT+GMR": [] },
      { manufacturer: undefined, model: undefined, revision: undefined },
    ],
  ];
  for (const [answers, differs] of all) {
    const { error, value } = result<object>((done) => identity(answering({ ...IDENTITY, ...answers }), done));
    t.is(error, null);
    t.deepEqual(value, { ...WHOLE, ...differs });
  }
});

test("identity of a modem that is gone asks no further", (t) => {
  t.is(result((done) => identity(answering({ ATI: SILENT }), done)).error, SILENT);
  t.is(result((done) => identity(answering({ ATI: REFUSED, "AT+GMR": SILENT }), done)).error, SILENT);
});

test("signal", (t) => {
  const all: [line: string, value: object][] = [
    ["+CSQ: 0,0", { rssi: 0, dbm: -113, ber: 0 }],
    ["+CSQ: 31,7", { rssi: 31, dbm: -51, ber: 7 }],
    ["+CSQ:15,99", { rssi: 15, dbm: -83, ber: 99 }],
    ["+CSQ: 99,99", { rssi: 99, dbm: undefined, ber: 99 }],
  ];
  for (const [line, value] of all)
    t.deepEqual(
      result((done) => signal(answering({ "AT+CSQ": [line] }), done)),
      { error: null, value },
    );
});

test("battery", (t) => {
  const value = { charging: 1, percent: 82, millivolts: 3955 };
  t.deepEqual(
    result((done) => battery(answering({ "AT+CBC": ["+CBC: 1,82,3955"] }), done)),
    { error: null, value },
  );
});

test("operator", (t) => {
  const all: [lines: string[], name: string | undefined][] = [
    [['+COPS: 0,0,"Example"'], "Example"],
    [['+COPS: 0,0,"Example, Net"'], "Example, Net"],
    [["+COPS: 0"], undefined],
    [[], undefined],
    [['+CMTI: "SM",3,x', '+COPS: 0,0,"Example"'], "Example"],
  ];
  for (const [lines, name] of all)
    t.deepEqual(
      result((done) => operator(answering({ "AT+COPS?": lines }), done)),
      { error: null, value: { name } },
    );
  t.is(result((done) => operator(answering({ "AT+COPS?": REFUSED }), done)).error, REFUSED);
});

test("numbers of unknown shape are an error with the line", (t) => {
  const all: [lines: string[], raw: string | undefined][] = [
    [["+CSQ: 20"], "+CSQ: 20"],
    [["+CSQ: a,b"], "+CSQ: a,b"],
    [["+CSQ: -1,0"], "+CSQ: -1,0"],
    [["+CSQ: ,"], "+CSQ: ,"],
    [["20,0"], "20,0"],
    [[], undefined],
  ];
  for (const [lines, raw] of all) {
    const { error } = result((done) => signal(answering({ "AT+CSQ": lines }), done));
    t.is((error as M95Error).code, "ECME");
    t.is((error as M95Error).command, "AT+CSQ");
    t.is((error as M95Error).raw, raw);
  }
  t.is(result((done) => signal(answering({ "AT+CSQ": SILENT }), done)).error, SILENT);
});

const UNSET = ['+CCLK: "04/01/01,00:05:12+00"'];

test("time of the modem's clock, else of the network", (t) => {
  const set = ['+CCLK: "27/07/06,17:26:27+08"'];
  const network = ['+QLTS: "27/07/06,17:26:27+08,0"'];
  const value = { utc: Date.UTC(2027, 6, 6, 15, 26, 27), zone: 8 };
  const of = (clock: Answer, other?: Answer) =>
    result((done) => time(answering(other ? { "AT+CCLK?": clock, "AT+QLTS": other } : { "AT+CCLK?": clock }), done));
  t.deepEqual(of(set), { error: null, value });
  t.deepEqual(of(UNSET, network), { error: null, value });
  t.deepEqual(of(REFUSED, network), { error: null, value });
  t.deepEqual(of([], network), { error: null, value });
});

test("time that nobody knows is an error", (t) => {
  const of = (clock: Answer, other: Answer) =>
    result((done) => time(answering({ "AT+CCLK?": clock, "AT+QLTS": other }), done)).error as M95Error;
  t.is(of(SILENT, REFUSED), SILENT);
  t.is(of(UNSET, SILENT), SILENT);
  for (const clock of [
    "80/01/06,00:00:16+00",
    "70/01/01,00:00:00+00",
    "04/01/01,00:00:00+00",
    "25/12/31,23:59:59+00",
    "46/01/01,00:00:00+00",
  ])
    t.is(of([`+CCLK: "${clock}"`], REFUSED).code, "ECLOCK", clock);
  t.is(of(REFUSED, REFUSED).code, "ECLOCK");
  t.regex(of(UNSET, ['+QLTS: ""']).message, /knows the time/);
  t.regex(of(UNSET, ['+QLTS: "04/01/01,00:00:00+00,0"']).message, /knows the time/);
  t.is(of(["+CCLK: nonsense"], ['+QLTS: ""']).raw, '+QLTS: ""');
});

test("times of the calendar", (t) => {
  const all: [text: string, utc: number, zone: number][] = [
    ["70/01/01,00:00:00+00", Date.UTC(2070, 0, 1), 0],
    ["00/01/01,00:00:00+00", Date.UTC(2000, 0, 1), 0],
    ["00/02/29,23:59:59+00", Date.UTC(2000, 1, 29, 23, 59, 59), 0],
    ["19/02/28,00:00:00+00", Date.UTC(2019, 1, 28), 0],
    ["20/02/29,12:00:00+00", Date.UTC(2020, 1, 29, 12), 0],
    ["20/03/01,00:00:00+00", Date.UTC(2020, 2, 1), 0],
    ["99/12/31,23:59:59+00", Date.UTC(2099, 11, 31, 23, 59, 59), 0],
    // Beyond 2038 seconds need more than 31 bits.
    ["38/01/19,03:14:07+00", 2147483647000, 0],
    ["38/01/19,03:14:08+00", 2147483648000, 0],
    // Zones are quarters of an hour, local minus UTC.
    ["20/01/01,00:00:00+04", Date.UTC(2019, 11, 31, 23), 4],
    ["19/12/31,23:00:00-04", Date.UTC(2020, 0, 1), -4],
    ["20/01/01,05:45:00+23", Date.UTC(2020, 0, 1), 23],
    ["20/01/01,14:00:00+56", Date.UTC(2020, 0, 1), 56],
    ["19/12/31,12:00:00-48", Date.UTC(2020, 0, 1), -48],
    // Without a zone.
    ["20/01/01,00:00:00", Date.UTC(2020, 0, 1), 0],
  ];
  for (const [text, utc, zone] of all) t.deepEqual(readTime(`+CCLK: "${text}"`), { utc, zone }, text);
});

test("what is no time", (t) => {
  const all = [
    "",
    "+CCLK:",
    '+CCLK: ""',
    '+CCLK: "19/07/06"',
    '+CCLK: "19/07/06,17:26+08"',
    '+CCLK: "2019/07/06,17:26:27+08"',
    '+CCLK: "19-07-06,17:26:27+08"',
    '+CCLK: "19/00/06,17:26:27+08"',
    '+CCLK: "19/13/06,17:26:27+08"',
    '+CCLK: "19/07/00,17:26:27+08"',
    '+CCLK: "19/07/32,17:26:27+08"',
    '+CCLK: "19/07/06,24:26:27+08"',
    '+CCLK: "19/07/06,17:60:27+08"',
    '+CCLK: "19/07/06,17:26:60+08"',
    '+CCLK: "19/07/06,17:26:27+xx"',
    '+CCLK: "19/07/06,17:26:27+99"',
    '+CCLK: "19/07/06,-1:26:27+08"',
    '+CCLK: "ab/cd/ef,gh:ij:kl+mn"',
  ];
  for (const line of all) t.is(readTime(line), undefined, line);
});

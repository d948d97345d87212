// Parameters, settings and error codes of the AT+QMT commands (note 3.2 and 6.2). Delivery is tested elsewhere.

import test from "ava";
import { cmeError, ok, type Rig, running } from "./rig.js";

function setting(rig: Rig, query: string): string {
  return rig.say(`AT+QMTCFG=${query}\r`).replace(`\r\n${ok}`, "").replace("\r\n+QMTCFG: ", "");
}

test("every AT+QMT command has a test form", (t) => {
  const rig = running().online(t);
  t.is(
    rig.say("AT+QMTCFG=?\r"),
    [
      '\r\n+QMTCFG: "WILL",(0-5),(0,1),(0-2),(0,1),"<will_topic>","<will_msg>"',
      '+QMTCFG: "TIMEOUT",(0-5),(1-60),(0-10),(0,1)',
      '+QMTCFG: "SESSION",(0-5),(0,1)',
      '+QMTCFG: "KEEPALIVE",(0-5),(0-3600)',
      '+QMTCFG: "SSL",(0-5),(0,1),(0-5)',
      ok,
    ].join("\r\n"),
  );
  for (const name of ["OPEN", "CLOSE", "CONN", "DISC", "SUB", "UNS", "PUB"]) {
    t.regex(rig.say(`AT+QMT${name}=?\r`), new RegExp(`^\r\n\\+QMT${name} ?: <tcpconnectID>.*\r\n\r\nOK\r\n$`), name);
  }
});

test("QMTCFG: defaults, what is set, each tcpconnectID for itself, gone after a reset", (t) => {
  const rig = running({ baud: 115_200 }).online(t);
  const defaults = { WILL: "0", TIMEOUT: "5,3,0", SESSION: "1", KEEPALIVE: "120", SSL: "0" };
  const set = {
    WILL: '1,2,1,"will/topic","gone"',
    TIMEOUT: "60,10,1",
    SESSION: "0",
    KEEPALIVE: "3600",
    SSL: "1,5",
  };
  for (const [type, value] of Object.entries(defaults)) t.is(setting(rig, `"${type}",0`), value, type);
  for (const [type, value] of Object.entries(set)) {
    t.is(rig.say(`AT+QMTCFG="${type}",0,${value}\r`), ok, type);
    t.is(setting(rig, `"${type}",0`), value, type);
    t.is(setting(rig, `"${type}",5`), defaults[type as keyof typeof defaults], type);
  }
  t.is(rig.say('AT+QMTCFG="TIMEOUT",0,7\r'), ok);
  t.is(setting(rig, '"TIMEOUT",0'), "7,10,1");
  t.is(rig.say('AT+QMTCFG="WILL",0,0\r'), ok);
  t.is(setting(rig, '"WILL",0'), "0");
  t.is(rig.say('AT+QMTCFG="WILL",0,1,0,0,"t",""\r'), ok);
  t.is(setting(rig, '"WILL",0'), '1,0,0,"t",""');
  rig.modem.reboot();
  rig.hear(8000);
  rig.say("ATE0\r");
  for (const [type, value] of Object.entries(defaults)) t.is(setting(rig, `"${type}",0`), value, type);
  t.deepEqual(rig.modem.violations, []);
});

/** Each is refused with 8507 and recorded as the host's fault. */
const outOfRange = [
  'AT+QMTCFG="NOSUCH",0,1',
  'AT+QMTCFG="session",0,1',
  "AT+QMTCFG=SESSION,0,1",
  'AT+QMTCFG="SESSION"',
  'AT+QMTCFG="SESSION",6',
  'AT+QMTCFG="SESSION",0,2',
  'AT+QMTCFG="SESSION",0,1,1',
  'AT+QMTCFG="KEEPALIVE",0,3601',
  'AT+QMTCFG="KEEPALIVE",0,-1',
  'AT+QMTCFG="TIMEOUT",0,0',
  'AT+QMTCFG="TIMEOUT",0,61',
  'AT+QMTCFG="TIMEOUT",0,5,11',
  'AT+QMTCFG="TIMEOUT",0,5,3,2',
  'AT+QMTCFG="WILL",0,2',
  'AT+QMTCFG="WILL",0,1',
  'AT+QMTCFG="WILL",0,1,3,0,"t","m"',
  'AT+QMTCFG="WILL",0,1,0,2,"t","m"',
  'AT+QMTCFG="WILL",0,1,0,0,"t"',
  'AT+QMTCFG="WILL",0,1,0,0,"","m"',
  'AT+QMTCFG="SSL",0,2,0',
  'AT+QMTCFG="SSL",0,1',
  'AT+QMTCFG="SSL",0,1,6',
  'AT+QMTCFG="VERSION",0,3',
  'AT+QMTCFG="SHOWRECVLEN",0,1',
  'AT+QMTOPEN=6,"broker.example",1883',
  'AT+QMTOPEN=-1,"broker.example",1883',
  "AT+QMTOPEN=1,broker.example,1883",
  'AT+QMTOPEN=1,"",1883',
  `AT+QMTOPEN=1,"${"h".repeat(101)}",1883`,
  'AT+QMTOPEN=1,"broker.example",0',
  'AT+QMTOPEN=1,"broker.example",65536',
  'AT+QMTOPEN=1,"broker.example"',
  'AT+QMTOPEN=1,"broker.example',
  'AT+QMTOPEN=1,"broker.example"x,1883',
  "AT+QMTCLOSE=6",
  "AT+QMTCLOSE=0,0",
  "AT+QMTDISC=6",
  'AT+QMTCONN=6,"c"',
  "AT+QMTCONN=0,c",
  'AT+QMTCONN=0,"c","u","p","x"',
  'AT+QMTSUB=0,0,"t",0',
  'AT+QMTSUB=0,65536,"t",0',
  'AT+QMTSUB=0,1,"t",3',
  'AT+QMTSUB=0,1,"t"',
  'AT+QMTSUB=0,1,"",0',
  'AT+QMTSUB=0,1,"t",0,"u"',
  'AT+QMTUNS=0,0,"t"',
  "AT+QMTUNS=0,1",
  "AT+QMTUNS=0,1,t",
  'AT+QMTPUB=6,0,0,0,"t"',
  'AT+QMTPUB=0,65536,1,0,"t"',
  'AT+QMTPUB=0,1,3,0,"t"',
  'AT+QMTPUB=0,1,1,2,"t"',
  'AT+QMTPUB=0,0,1,0,"t"',
  'AT+QMTPUB=0,0,0,0,""',
  'AT+QMTPUB=0,0,0,0,"t",5',
  "AT+QMTPUB=0,0,0,0,t",
];

test("8507: a parameter outside the note's ranges, missing, unquoted or one too many", (t) => {
  const rig = running().connected(t);
  for (const command of outOfRange) {
    t.is(rig.say(`${command}\r`), cmeError(8507), command);
    t.is(rig.modem.violations.at(-1)?.kind, "parameter", command);
  }
  t.is(rig.modem.violations.length, outOfRange.length);
});

test("the ends of the ranges are accepted", (t) => {
  const rig = running().connected(t);
  for (const command of [
    'AT+QMTCFG="KEEPALIVE",5,0',
    'AT+QMTCFG="TIMEOUT",5,1,0,0',
    'AT+QMTCFG="TIMEOUT",5,60,10,1',
    'AT+QMTSUB=0,65535,"t",2,"u/+",1,"v/#",0',
    'AT+QMTUNS=0,65535,"t","u/+"',
    `AT+QMTOPEN=5,"${"h".repeat(100)}","65535"`,
  ]) {
    t.true(rig.say(`${command}\r`).startsWith(ok), command);
  }
  t.deepEqual(rig.modem.violations, []);
});

test("8505: control characters and wildcards where none belong", (t) => {
  const rig = running().connected(t);
  t.is(rig.say('AT+QMTSUB=0,1,"a\x01b",0\r'), cmeError(8505));
  t.deepEqual(rig.kinds, ["control-char"]);
  for (const topic of ["a/+", "#"]) t.is(rig.say(`AT+QMTPUB=0,0,0,0,"${topic}"\r`), cmeError(8505));
});

test("8506: topics, clientID and will topic must be UTF-8", (t) => {
  const rig = running().online(t);
  rig.say('AT+QMTOPEN=0,"broker.example",1883\r');
  t.is(rig.say('AT+QMTCONN=0,"\xff\xfe"\r'), cmeError(8506));
  t.is(rig.say('AT+QMTCFG="WILL",0,1,0,0,"\xc3","m"\r'), cmeError(8506));
  t.true(rig.say('AT+QMTCONN=0,"m\xc3\xa4rz"\r').includes("+QMTCONN: 0,0,0"));
  t.deepEqual(rig.broker.clients, ["märz"]);
  t.is(rig.say('AT+QMTSUB=0,1,"\xc3(",0\r'), cmeError(8506));
  t.is(rig.say('AT+QMTPUB=0,0,0,0,"\xc3("\r'), cmeError(8506));
});

test("8503: commands that need a connection without one", (t) => {
  const rig = running().online(t);
  t.is(rig.say('AT+QMTCONN=0,"c"\r'), cmeError(8503));
  for (const open of [false, true]) {
    if (open) rig.say('AT+QMTOPEN=0,"broker.example",1883\r');
    t.is(rig.say('AT+QMTSUB=0,1,"t",0\r'), cmeError(8503));
    t.is(rig.say('AT+QMTUNS=0,1,"t"\r'), cmeError(8503));
    t.is(rig.say('AT+QMTPUB=0,0,0,0,"t"\r'), cmeError(8503));
  }
  rig.say('AT+QMTCONN=0,"c"\r');
  t.is(rig.say('AT+QMTCONN=0,"c"\r'), cmeError(8503));
  t.deepEqual(rig.modem.violations, []);
});

test("8504: a CONNECT that MQTT does not know", (t) => {
  const rig = running().online(t);
  rig.say('AT+QMTOPEN=0,"broker.example",1883\r');
  t.is(rig.say('AT+QMTCONN=0,""\r'), cmeError(8504));
  t.is(rig.say('AT+QMTCONN=0,"c",,"password"\r'), cmeError(8504));
});

test("8508 and 8509: a SUBSCRIBE too large, too many of them", (t) => {
  const rig = running().connected(t);
  t.is(rig.say(`AT+QMTSUB=0,1,"${"t".repeat(1460)}",0\r`), cmeError(8508));
  rig.broker.ignore = () => true;
  for (let id = 1; id <= 5; id++) t.is(rig.say(`AT+QMTSUB=0,${id},"t",0\r`), ok);
  t.is(rig.say('AT+QMTUNS=0,6,"t"\r'), cmeError(8509));
});

test("8510, 8511, 8600 and any other can be provoked", (t) => {
  const rig = running().connected(t);
  for (const code of [8510, 8511, 8600]) {
    rig.modem.failNext("+QMTPUB", code);
    t.is(rig.say('AT+QMTPUB=0,0,0,0,"t"\r'), cmeError(code));
  }
  t.is(rig.say('AT+QMTPUB=0,0,0,0,"t"\r'), "\r\n>");
});

test("QMTOPEN results: refused -1, wrong parameter 1, occupied 2, no PDP 3, unknown host 4, network lost 5", (t) => {
  const rig = running({}, { unresolved: ["nowhere.example"], refused: [1884] });
  rig.say("ATE0;+CMEE=1\r");
  const open = (host: string, port = 1883): string => rig.say(`AT+QMTOPEN=0,"${host}",${port}\r`);
  t.is(open("broker.example"), `${ok}\r\n+QMTOPEN: 0,3\r\n`);
  rig.online(t);
  t.is(open("broker.example", 1884), `${ok}\r\n+QMTOPEN: 0,-1\r\n`);
  t.is(open("mqtt://broker"), `${ok}\r\n+QMTOPEN: 0,1\r\n`);
  t.is(open("nowhere.example"), `${ok}\r\n+QMTOPEN: 0,4\r\n`);
  t.is(open("broker.example"), `${ok}\r\n+QMTOPEN: 0,0\r\n`);
  t.is(open("broker.example"), `${ok}\r\n+QMTOPEN: 0,2\r\n`);
  t.is(rig.say("AT+QMTCONN?\r"), `\r\n+QMTCONN: 0,1\r\n${ok}`);
  rig.modem.networkDown(true);
  t.is(rig.say('AT+QMTOPEN=1,"broker.example",1883\r'), ok);
  rig.modem.dropPdp();
  t.is(rig.hear(50), "\r\n+PDP DEACT\r\n\r\n+QMTSTAT: 0,1\r\n\r\n+QMTOPEN: 1,5\r\n");
});

test("QMTOPEN gives up after the note's 75 s", (t) => {
  const rig = running().online(t);
  rig.modem.networkDown(true);
  t.is(rig.say('AT+QMTOPEN=0,"broker.example",1883\r', 74_900), ok);
  t.is(rig.hear(200), "\r\n+QMTOPEN: 0,-1\r\n");
});

test("quirk selfActivate: QMTOPEN activates the context by itself", (t) => {
  const rig = running({ quirks: { selfActivate: true } });
  rig.say("ATE0\r");
  t.is(rig.say('AT+QMTOPEN=0,"broker.example",1883\r', 2000), `${ok}\r\n+QMTOPEN: 0,0\r\n`);
  const wrong = running({ quirks: { selfActivate: true }, apn: "internet" });
  wrong.say("ATE0\r");
  t.is(wrong.say('AT+QMTOPEN=0,"broker.example",1883\r', 2000), `${ok}\r\n+QMTOPEN: 0,3\r\n`);
});

test("QMTCONN: refused codes 1 to 5, then the broker's close", (t) => {
  for (const code of [1, 2, 3, 4, 5]) {
    const rig = running().online(t);
    rig.broker.connack = code;
    rig.say('AT+QMTOPEN=0,"broker.example",1883\r');
    t.is(rig.say('AT+QMTCONN=0,"c"\r'), `${ok}\r\n+QMTCONN: 0,0,${code}\r\n\r\n+QMTSTAT: 0,1\r\n`);
    t.is(rig.say("AT+QMTCONN?\r"), ok);
  }
});

test("QMTCONN? shows 1 initial, 2 connecting, 3 connected, one line per client", (t) => {
  const rig = running().connected(t, 3).connected(t, 0);
  rig.say('AT+QMTOPEN=1,"broker.example",1883\r');
  rig.say('AT+QMTOPEN=2,"broker.example",1883\r');
  rig.broker.ignore = () => true;
  rig.say('AT+QMTCONN=2,"c"\r');
  t.is(rig.say("AT+QMTCONN?\r"), `\r\n+QMTCONN: 0,3\r\n+QMTCONN: 1,1\r\n+QMTCONN: 2,2\r\n+QMTCONN: 3,3\r\n${ok}`);
});

test("QMTCLOSE and QMTDISC: results, and -1 where there is nothing to close", (t) => {
  const rig = running().connected(t);
  t.is(rig.say("AT+QMTCLOSE=0\r"), `${ok}\r\n+QMTCLOSE: 0,0\r\n`);
  t.is(rig.say("AT+QMTCLOSE=0\r"), `${ok}\r\n+QMTCLOSE: 0,-1\r\n`);
  t.is(rig.say("AT+QMTDISC=0\r"), `${ok}\r\n+QMTDISC: 0,-1\r\n`);
  t.is(rig.say("AT+QMTCONN?\r"), ok);
});

test("quirks of closing: no QMTCLOSE result, +QMTSTAT 5 before or after QMTDISC, identifier still occupied", (t) => {
  const silent = running({ quirks: { qmtcloseResult: false } }).connected(t);
  t.is(silent.say("AT+QMTCLOSE=0\r"), ok);
  const after = running({ quirks: { statAfterDisc: true } }).connected(t);
  t.is(after.say("AT+QMTDISC=0\r"), `${ok}\r\n+QMTDISC: 0,0\r\n\r\n+QMTSTAT: 0,5\r\n`);
  const before = running({ quirks: { statBeforeDiscResult: true } }).connected(t);
  t.is(before.say("AT+QMTDISC=0\r"), `${ok}\r\n+QMTSTAT: 0,5\r\n\r\n+QMTDISC: 0,0\r\n`);
  const occupied = running({ quirks: { occupiedAfterDisc: true } }).connected(t);
  occupied.say("AT+QMTDISC=0\r");
  t.is(occupied.say("AT+QMTCONN?\r"), `\r\n+QMTCONN: 0,4\r\n${ok}`);
  t.is(occupied.say('AT+QMTOPEN=0,"broker.example",1883\r'), `${ok}\r\n+QMTOPEN: 0,2\r\n`);
  t.is(occupied.say("AT+QMTCLOSE=0\r"), `${ok}\r\n+QMTCLOSE: 0,0\r\n`);
  t.is(occupied.say('AT+QMTOPEN=0,"broker.example",1883\r'), `${ok}\r\n+QMTOPEN: 0,0\r\n`);
});

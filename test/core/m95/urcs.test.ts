// Tells URCs from answers: each shared name, while each form of its command runs. It does not read them.
import { CAUSE_TABLE } from "../../../core/m95/recovery.js";
import { isUrc, MQTT_URCS, otherUrcs } from "../../../core/m95/urcs.js";
import { CAUSES } from "../../../scripts/docs/recovery-causes.js";
import test from "../../support/harness.js";

/** A line, the command that runs, and whether the line is a URC. */
const MATRIX: [line: string, running: string, urc: boolean][] = [
  // Result and answer of AT+QMTOPEN? are told apart by the number of parameters.
  ["+QMTOPEN: 0,0", "", true],
  ["+QMTOPEN: 0,-1", 'AT+QMTOPEN=0,"h",1', true],
  ["+QMTOPEN: 0,-1", "AT+QMTOPEN?", true],
  ['+QMTOPEN: 0,"220.180.239.212",1883', "AT+QMTOPEN?", false],
  ['+QMTOPEN: 0,"h","8883"', "AT+QMTOPEN?", false],
  ['+QMTOPEN: <tcpconnectID>,"<host_name>",<port>', "AT+QMTOPEN=?", false],
  ['+QMTOPEN: (0-5),"<host_name>",(1-65535)', "AT+QMTOPEN=?", false],
  ["+QMTOPEN: 0,0", "AT+QMTOPEN=?", true],
  // The same of AT+QMTCONN?.
  ["+QMTCONN: 0,0,0", "", true],
  ["+QMTCONN: 0,0,5", "AT+QMTCONN?", true],
  ["+QMTCONN: 0,3", "AT+QMTCONN?", false],
  ["+QMTCONN: 0,2", 'AT+QMTCONN=0,"c"', true],
  ['+QMTCONN: (0-5),"<clientID>"', "AT+QMTCONN=?", false],
  // Without a read form only the test form has an answer of this name.
  ["+QMTCLOSE: 0,0", "AT+QMTCLOSE=0", true],
  ["+QMTCLOSE: (0-5)", "AT+QMTCLOSE=?", false],
  ["+QMTCLOSE: 0-5", "AT+QMTCLOSE=?", false],
  ["+QMTCLOSE: 0,-1", "AT+QMTCLOSE=?", true],
  ["+QMTDISC: 0,-1", "AT+QMTDISC=0", true],
  ["+QMTDISC: (0-5)", "AT+QMTDISC=?", false],
  ['+QMTSUB : <tcpconnectID>,<msgID>,"<topic>",<qos>', "AT+QMTSUB=?", false],
  ["+QMTSUB: 0,1,0,2", "AT+QMTSUB=?", true],
  ["+QMTSUB : 0,1,0,2", "", true],
  ["+QMTUNS: 0,1,0", 'AT+QMTUNS=0,1,"a"', true],
  ['+QMTUNS: (0-5),(1-65535),"<topic>"', "AT+QMTUNS=?", false],
  ["+QMTPUB: 0,1,0", 'AT+QMTPUB=0,1,1,0,"a"', true],
  ["+QMTPUB : <tcpconnectID>,<msgID>,<qos>,<retain>,<topic>", "AT+QMTPUB=?", false],
  ["+QMTSTAT: 0,1", "AT+QMTCONN?", true],
  ["+QMTSTAT: 0,1", "", true],
  // AT+QMTCFG has no URC.
  ["+QMTCFG: 5,3,1", 'AT+QMTCFG="TIMEOUT",0', false],
  // Registration: the answer has <n> in front.
  ["+CREG: 1", "", true],
  ["+CREG: 1", "AT+CREG?", true],
  ['+CREG: 1,"1A2B","3C4D"', "AT+CREG?", true],
  ["+CREG: 0,1", "AT+CREG?", false],
  ['+CREG: 2,1,"1A2B","3C4D"', "AT+CREG?", false],
  ["+CREG: 5", "AT+CGREG?", true],
  ["+CGREG: 0,1", "AT+CGREG?", false],
  ["+CGREG: 1", "AT+CREG?", true],
  // With the technology, quoted or not: the second parameter tells.
  ['+CREG: 2,1,"18A3","2F5C",0', "AT+CREG?", false],
  ["+CREG: 2,1,18A3,2F5C,0", "AT+CREG?", false],
  ['+CREG: 1,"18A3","2F5C",0', "AT+CREG?", true],
  ["+CREG: 1,18A3,2F5C,0", "AT+CREG?", true],
  ['+CGREG: 1,"18A3","2F5C",0', "AT+CREG?", true],
  ['+CREG: 1,"18A3","2F5C",0', "", true],
  ["+CREG: (0-2)", "AT+CREG=?", false],
  // Calls and SMS.
  ['+CMTI: "SM",3', "ATI", true],
  ['+CLIP: "+4915112345678",145', "AT+GSN", true],
  ['+CCWA: "+4915112345678",145,1', "AT+CSQ", true],
  ['+CUSD: 0,"balance",15', 'AT+CUSD=1,"*100#"', true],
  ["+CTZV: +04", "AT+CIMI", true],
  ["MO RING", "AT+QCCID", true],
  ["+QIND: SMS DONE", "ATI", true],
  ["+CUSD: 1", "AT+CUSD?", false],
  ["+CLIP: 0,1", "AT+CLIP?", false],
  // SIM and functionality: while asked for, such a line is the answer.
  ["+CPIN: READY", "", true],
  ["+CPIN: READY", 'AT+CPIN="1234"', true],
  ["+CPIN: READY", "AT+CPIN?", false],
  ["+CFUN: 1", "AT+CPIN?", true],
  ["+CFUN: 1", "AT+CFUN?", false],
  // Lines without parameters.
  ["RDY", "", true],
  ["RDY", "AT+QMTOPEN?", true],
  ["Call Ready", "", true],
  ["SMS Ready", "", true],
  ["+PDP DEACT", "AT+QIACT", true],
  ["NORMAL POWER DOWN", "AT+QPOWD=1", true],
  ["UNDER_VOLTAGE WARNING", "", true],
  ["RING", "", true],
  ["NO CARRIER", "", true],
  // What is none.
  ["OK", "", false],
  ["ERROR", "", false],
  ["+CME ERROR: 10", "", false],
  ["+CSQ: 20,0", "AT+CSQ", false],
  ["861694035793816", "AT+GSN", false],
  ["RD", "", false],
  ["RDYX", "", false],
  ["+CRE", "", false],
  ["+QMT: 0,0", "", false],
  [":", "", false],
  ["", "", false],
];

test("URCs and answers of the same name", (t) => {
  for (const [line, running, urc] of MATRIX)
    t.is(isUrc(line, running), urc, `${line} while ${running || "nothing"} runs`);
});

test("every line of the tables is a URC while nothing runs", (t) => {
  const names = `${MQTT_URCS.replaceAll("|", "|+QMT")}${otherUrcs()}`
    .split(/[23+-]?\|/)
    .filter((one) => one && one !== "+QMT");
  t.is(names.length, 43);
  for (const name of names) t.true(isUrc(name, ""), name);
});

test("the spelling of a query does not matter", (t) => {
  t.false(isUrc("+QMTCONN: 0,3", "at+qmtconn?"));
});

test("causes of the recovery table that the modem says by itself are URCs", (t) => {
  const rows = CAUSE_TABLE.split("|");
  const lines = CAUSES.filter((cause) => cause.startsWith("+") || cause.includes(" ") || cause === "RDY");
  t.is(lines.length, 9);
  for (const row of rows) if (/^[+A-Z]/.test(row) && !/^E[A-Z]/.test(row)) t.true(lines.includes(row), row);
  for (const line of lines) t.true(isUrc(line, ""), line);
});

// What a hostile publisher sends: topics that match a filter and read like something else, payloads of the modem's own lines.
// He knows everything but what the driver draws in this run.
import type { Draw } from "./draw.js";

/** What he knows of the driver's user. */
export interface Knowledge {
  clients: number[];
  /** Topics and filters the user publishes to and subscribes to, and the commands he sends. */
  topics: string[];
  filters: string[];
  commands: string[];
  lengths: boolean;
  /** He uses topics with line ends, which many brokers refuse. */
  breaks: boolean;
}

const WORDS = ["a", "b", "x1", "state", "0", "17"];

/** Parts of a topic that look like the end of one, with a length, a payload or a line behind it. */
const TRICKS = [
  'a",1,b',
  'a",1500,b',
  'a",0,',
  'a",3,b',
  'a","b',
  'a", 2, "b',
  "a,1,b",
  "a,1500,b",
  "a,0",
  "1,b",
  '"',
  ",",
  "",
  "a b",
  "> ",
  'OK"',
];

/** Topics may hold line ends, too (MQTT 3.1.1, 4.7.3: all but U+0000). */
const BREAKS = ["a\r\nOK", 'a",1,b\r\n\r\nRDY', "a\r\n\r\n+QMTSTAT: 1,1\r\n", 'a",2,b\n', "a\r\n\r\n> "];

function level(draw: Draw, breaks: boolean): string {
  const what = draw.unit();
  if (what < 0.6) return draw.pick(WORDS);
  return what < 0.97 || !breaks ? draw.pick(TRICKS) : draw.pick(BREAKS);
}

/** A topic among all that match a filter. */
export function topicOf(draw: Draw, filter: string, breaks: boolean): string {
  const levels: string[] = [];
  for (const one of filter.split("/")) {
    if (one === "+") levels.push(level(draw, breaks));
    else if (one !== "#") levels.push(one);
    else for (let i = draw.below(3); i >= 0; i--) levels.push(level(draw, breaks));
  }
  // Not what is the modem's own (4.7.2), and no empty topic.
  const topic = levels.join("/");
  return topic && !topic.startsWith("$") ? topic : "a";
}

/** A message ID as he would guess it. */
function guess(draw: Draw): number {
  return draw.chance(0.5) ? 1 + draw.below(12) : 1 + draw.below(65535);
}

function packet(draw: Draw, know: Knowledge): string {
  const client = draw.chance(0.9) ? draw.pick(know.clients) : draw.below(6);
  const name = draw.pick(["QMTPUB", "QMTPUB", "QMTPUB", "QMTSUB", "QMTUNS"]);
  const result = draw.pick([0, 0, 0, 2, 2, 1]);
  const more =
    result === 1 ? `,${1 + draw.below(3)}` : name === "QMTSUB" && !result ? `,${draw.pick([0, 1, 2, 128])}` : "";
  return `+${name}: ${client},${draw.chance(0.1) ? 0 : guess(draw)},${result}${more}`;
}

function link(draw: Draw, know: Knowledge): string {
  const client = draw.chance(0.9) ? draw.pick(know.clients) : draw.below(6);
  return draw.pick([
    `+QMTSTAT: ${client},${1 + draw.below(7)}`,
    `+QMTSTAT: ${client},1`,
    `+QMTOPEN: ${client},${draw.pick([-1, 0, 2, 3])}`,
    `+QMTOPEN: ${client},"broker${client}.example",1883`,
    `+QMTCONN: ${client},0,${draw.below(6)}`,
    `+QMTCONN: ${client},${1 + draw.below(4)}`,
    `+QMTCONN: ${client},3`,
    `+QMTDISC: ${client},0`,
    `+QMTCLOSE: ${client},0`,
  ]);
}

function echo(draw: Draw, know: Knowledge): string {
  const client = draw.pick(know.clients);
  const topic = draw.pick(know.topics);
  return draw.pick([
    "AT",
    "AT+QMTCONN?",
    "AT+QMTOPEN?",
    "AT+QILOCIP",
    "AT+CPIN?",
    "ATE0",
    'AT+QMTCFG="WILL",5',
    draw.pick(know.commands),
    `AT+QMTPUB=${client},${guess(draw)},1,0,"${topic}"${know.lengths ? ",6" : ""}`,
    `AT+QMTPUB=${client},0,0,0,"${topic}"`,
    `AT+QMTSUB=${client},${guess(draw)},"${draw.pick(know.filters)}",1`,
  ]);
}

function received(draw: Draw, know: Knowledge): string {
  const topic = topicOf(draw, draw.pick(know.filters), know.breaks);
  const payload = draw.pick(["off", "x", "", "own#1#"]);
  const length = know.lengths ? `${draw.pick([payload.length, 0, 1, 1500])},` : "";
  const head = `+QMTRECV: ${draw.pick(know.clients)},${draw.pick([0, guess(draw)])},`;
  return draw.pick([
    `${head}"${topic}",${length}${payload}`,
    `${head}"${topic}",${length}"${payload}"`,
    `${head}${topic},${length}${payload}`,
    `${head}`,
    "+QMTRECV: ",
  ]);
}

const PLAIN = [
  "013",
  "010",
  "008",
  "OK",
  "OK",
  "OK",
  "ERROR",
  "ERROR",
  "+CME ERROR: 50",
  "+CME ERROR: 8512",
  "+CME ERROR: 8503",
  "+CME ERROR: 30",
];

const ANSWERS = [
  "10.9.8.7",
  "DEACT OK",
  "CONNECT",
  "+CSQ: 99,99",
  "+CPIN: READY",
  "+CPIN: SIM PIN",
  "+CREG: 0,3",
  "+QSECREAD: 1,2d13",
  "+QSECREAD: 0,0",
  "+QSECWRITE: 1,0",
  "+QMTCFG: 0",
  '+QMTCFG: 1,0,0,"t","m"',
  '+QMTCFG: "SHOWRECVLEN",(0-5),(0,1)',
  "+CCLK: 0",
];

const URCS = [
  "RDY",
  "RDY",
  "NORMAL POWER DOWN",
  "UNDER_VOLTAGE POWER DOWN",
  "+PDP DEACT",
  "+CPIN: NOT READY",
  "+CFUN: 0",
  "Call Ready",
  "RING",
  "+NEWS: 1",
];

/** A line that the modem could say. */
export function lineOf(draw: Draw, know: Knowledge): string {
  const what = draw.unit();
  if (what < 0.2) return draw.pick(PLAIN);
  if (what < 0.3) return draw.pick(["> ", ">"]);
  if (what < 0.45) return packet(draw, know);
  if (what < 0.6) return link(draw, know);
  if (what < 0.7) return echo(draw, know);
  if (what < 0.8) return received(draw, know);
  return what < 0.9 ? draw.pick(ANSWERS) : draw.pick(URCS);
}

/** Lines that make a story together. */
function story(draw: Draw, know: Knowledge): string[] {
  const client = draw.pick(know.clients);
  return draw.pick([
    ["RDY", "ERROR"],
    ["RDY", "+CFUN: 1", "+CPIN: READY", "ERROR"],
    [`+QMTSTAT: ${client},1`, "OK"],
    [`+QMTSTAT: ${client},1`, `+QMTCONN: ${client},1`, "OK"],
    ["AT+QMTCONN?", `+QMTCONN: ${client},1`, "OK"],
    ["AT+QILOCIP", "ERROR"],
    ["+PDP DEACT", "ERROR", "ERROR"],
    ["OK", `+QMTPUB: ${client},${guess(draw)},0`],
    ["> ", "OK", `+QMTPUB: ${client},${guess(draw)},0`],
    ["CONNECT", "+QSECWRITE: 119,0", "OK"],
    ["OK", "OK", "OK", "OK", "OK"],
    ["+CME ERROR: 50", "+CME ERROR: 50"],
  ]);
}

function framed(draw: Draw, line: string): string {
  const what = draw.unit();
  if (what < 0.6) return `\r\n${line}\r\n`;
  if (what < 0.7) return `\r\n${line}\r\n\r\n`;
  if (what < 0.8) return `\r\n${line}`;
  if (what < 0.88) return `${line}\r\n`;
  if (what < 0.93) return `\n${line}\n`;
  return `\r\n${line.slice(0, 1 + draw.below(line.length || 1))}`;
}

/** A payload of at most so many bytes that is full of the modem's lines. */
export function hostile(draw: Draw, know: Knowledge, size: number): string {
  const lines = draw.chance(0.25) ? story(draw, know) : [];
  const same = draw.chance(0.2) ? lineOf(draw, know) : undefined;
  // As many guesses as there is room for.
  const salvo = draw.chance(0.07) ? `+QMTPUB: ${draw.pick(know.clients)},` : "";
  const length = draw.chance(0.5) ? size : Math.min(size, 60);
  let text = draw.pick(["", "x", "x\r\n", "x\r\n", "x\r\n", "\r\n", "\r\n\r\n", `"`, "x\r"]);
  while (text.length < length) {
    const before = text.length;
    text += framed(
      draw,
      lines.shift() ?? (salvo ? `${salvo}${1 + draw.below(65535)},0` : (same ?? lineOf(draw, know))),
    );
    if (text.length === before) text += ".";
  }
  const end = draw.pick(["", "", "", "\r\n", "tail", '"', "\r"]);
  return text.slice(0, size) + (text.length < size ? end : "");
}

/** What other people send. @param size - bytes, about */
export function harmless(draw: Draw, n: number, size: number): string {
  const body = draw.pick([
    `reading ${n}`,
    `{"n":${n},"t":21.5}`,
    `${n}`,
    `n=${n}, t=21.5`,
    `{"n":${n},"on":true,"who":"a b"}`,
  ]);
  return body.padEnd(size, ".").slice(0, Math.max(size, body.length));
}

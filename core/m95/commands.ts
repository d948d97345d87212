// The command table: every command the driver knows, with its waiting times and parameters, and the builder that
// turns a row and values into text. It sends nothing.

import { integer } from "../arguments.js";
import { checkLine, quote } from "../at/params.js";
import type { Request } from "../at/types.js";
import { M95Error } from "../errors.js";

/** ms granted on top of a time of the table before an answer counts as lost: a late answer costs more than a wait. */
export const SLACK = 2000;

/** ms for a command that has no row. */
const DEFAULT_WAIT = 5000;

// Times of the table that are wanted without a look into it, which takes Espruino long; ms. A test holds them against it.

/** Of the commands that configure, open, connect, disconnect and close. */
export const QUICK = 300;
/** Of AT+QMTPUB. */
export const PUBLISHING = 5000;
/** Until the result of AT+QMTOPEN. */
export const OPENING = 75000;

/**
 * One row a line, fields split by "|", empty ones at the end left out:
 *
 * 1. name; behind a dot the `<config_type>` of AT+QMTCFG
 * 2. maximum response time until the final result, ms
 * 3. parameters, `name:min-max` for integers, `name:"max` for quoted strings of at most max bytes; "/" in front
 *    of the first optional one, "*" in front of the first one that repeats
 * 4. maximum time until the result URC, ms; P: the packet time-outs of AT+QMTCFG="TIMEOUT"; empty: there is none
 * 5. prompt behind which data is sent
 * 6. final result besides OK and the errors
 *
 * QMT rows are those of the application note, chapter 3.2; the others come from the GSM AT command set as used by the
 * M95, with the waiting times that its drivers agree on. In a function, because on Espruino its text then stays in flash. The dot
 * at the end is for Espruino too: it finds what begins with the last character of a text, and goes on otherwise.
 */
export function commands(): string {
  return (
    "\nQMTCFG|300" +
    '\nQMTCFG.WILL|300|id:0-5 /will:0-1 will.qos:0-2 will.retain:0-1 will.topic:" will.payload:"' +
    "\nQMTCFG.TIMEOUT|300|id:0-5 /packetTimeout:1-60 retryTimes:0-10 notice:0-1" +
    "\nQMTCFG.SESSION|300|id:0-5 /clean:0-1" +
    "\nQMTCFG.KEEPALIVE|300|id:0-5 /keepalive:0-3600" +
    "\nQMTCFG.SSL|300|id:0-5 /tls:0-1 tls.context:0-5" +
    '\nQMTOPEN|300|id:0-5 host:"100 port:1-65535|75000' +
    "\nQMTCLOSE|300|id:0-5|300" +
    '\nQMTCONN|300|id:0-5 clientId:" /username:" password:"|P' +
    "\nQMTDISC|300|id:0-5|300" +
    '\nQMTSUB|300|id:0-5 msgID:1-65535 *topic:" qos:0-2|P' +
    '\nQMTUNS|300|id:0-5 msgID:1-65535 *topic:"|P' +
    '\nQMTPUB|5000|id:0-5 msgID:0-65535 qos:0-2 retain:0-1 topic:"|P|>' +
    '\nCPIN|5000|pin:"8' +
    "\nCREG|1000" +
    "\nCGREG|1000" +
    "\nCGATT|75000" +
    "\nCOPS|180000" +
    "\nCFUN|15000" +
    "\nIPR|1000" +
    "\nIFC|1000" +
    "\nQIFGCNT|5000" +
    '\nQICSGP|5000|context:1-1 apn:"100 /apn.username:"50 apn.password:"50' +
    "\nQIREGAPP|5000" +
    "\nQIACT|150000" +
    "\nQIDEACT|40000||||DEACT OK" +
    "\nQILOCIP|1000||||#.#.#.#" +
    "\nQICLOSE|2000||||CLOSE OK" +
    '\nQSECWRITE|5000|tls.file:" tls.size:1-32768 tls.wait:1-1000||CONNECT' +
    "\nQSCLK|300" +
    "\nQPOWD|15000||||NORMAL POWER DOWN\n."
  );
}

// Fields of a row behind its name.
const WAIT = 1;
const PARAMETERS = 2;
const PROMPT = 4;
const FINAL = 5;

/** The fields of a row, none for a command without a row: what stands before the table is empty. */
function row(table: string, name: string): string[] {
  const at = table.indexOf("\n" + name + "|");
  return table.substring(at, table.indexOf("\n", at + 1)).split("|");
}

/** `QMTOPEN` of `AT+QMTOPEN=0,"host",1883`, "" for a command without a plus. */
export function nameOf(text: string): string {
  const name = text.split("=")[0]!.split("?")[0]!.toUpperCase();
  return name.startsWith("AT+") ? name.substring(3) : "";
}

/**
 * A command for the session, with what the table knows of it: waiting time, prompt, final result, and whether there are
 * information lines.
 * @param data - bytes for its prompt, end mark included
 */
export function request(text: string, done: Request["done"], data?: string): Request {
  const name = nameOf(text);
  const fields = row(commands(), name);
  const asks = text.endsWith("?");
  return {
    text,
    timeout: fields[WAIT] ? +fields[WAIT] + SLACK : DEFAULT_WAIT,
    // A setting has no lines of its own: what looks like one does not spoil its OK.
    info: name && (asks || text.indexOf("=") < 0) ? "+" + name : undefined,
    // Only the write form has the prompt.
    prompt: (!asks && fields[PROMPT]) || undefined,
    data,
    final: (!asks && fields[FINAL]) || undefined,
    done,
  };
}

/**
 * The write forms of some commands: all at once, because on Espruino it takes long to get at the table. Values past the last given one are left out; those that repeat are
 * given once.
 * @param list - for each command the name of its row, and its values, or an object that has them by the names of the parameters, id among them; the
 * first one that this has not ends the command
 * @throws M95Error `EPARAM` or `ETOOBIG`, naming the parameter, its limit and the value, or all of them when the line is too long
 */
export function build(list: (number | string | object)[][]): string[] {
  const table = commands();
  return list.map((values) => {
    const name = values[0] as string;
    const type = name.split(".");
    const parameters = row(table, name)[PARAMETERS]!.split(" ");
    let text = "AT+" + type[0] + (type[1] ? '="' + type[1] + '"' : "");
    const names: string[] = [];
    const named: any = values[1];
    if (values.length > parameters.length + 1)
      throw new M95Error("EPARAM", name + " takes at most " + parameters.length + " parameters");
    for (let i = 0; i < parameters.length; i++) {
      // Without the mark in front.
      const field = parameters[i]!.substring("/*".indexOf(parameters[i]![0]!) < 0 ? 0 : 1).split(":");
      const value: unknown = named && named.id !== undefined ? named[field[0]!] : values[i + 1];
      if (value === undefined && i + 1 >= values.length) break;
      const range = field[1]!.split("-");
      if (!range[1]) names.push(field[0]!);
      text +=
        (i || type[1] ? "," : "=") +
        (range[1]
          ? integer(field[0]!, value, +range[0]!, +range[1])
          : quote(field[0]!, value, +range[0]!.substring(1)));
    }
    return checkLine(names.join(), text);
  });
}

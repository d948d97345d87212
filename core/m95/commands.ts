// The command table: every command the driver knows, with its forms, waiting times and parameters, and the builder that
// turns a row and values into text. It sends nothing.
// @part tls: tlsCommands

import { integer } from "../arguments.js";
import { quote } from "../at/params.js";
import type { Request } from "../at/types.js";
import { M95Error } from "../errors.js";

/**
 * One row a command, fields split by "|":
 *
 * 1. name; behind a dot the `<config_type>` of AT+QMTCFG
 * 2. forms: T test, R read, W write, Q write that leaves values out and so queries, X execution
 * 3. maximum response time until the final result, ms
 * 4. maximum time until the result URC, ms; P: the packet time-outs of AT+QMTCFG="TIMEOUT"; empty: there is none
 * 5. prompt behind which data is sent
 * 6. final result besides OK and the errors
 * 7. parameters, `name:min-max` for integers, `name:"max` for quoted strings of at most max bytes; "/" in front
 *    of the first optional one, "*" in front of the first one that repeats
 *
 * QMT rows are those of the application note, chapter 3.2; the others come from the GSM AT command set as used by the
 * M95, with the waiting times that its drivers agree on. In a function, because on Espruino
 * its text then stays in flash.
 */
export function commands(): string {
  return (
    "\nQMTCFG|T|300||||" +
    '\nQMTCFG.WILL|WQ|300||||id:0-5 /will:0-1 will.qos:0-2 will.retain:0-1 will.topic:" will.payload:"' +
    "\nQMTCFG.TIMEOUT|WQ|300||||id:0-5 /packetTimeout:1-60 retryTimes:0-10 notice:0-1" +
    "\nQMTCFG.SESSION|WQ|300||||id:0-5 /clean:0-1" +
    "\nQMTCFG.KEEPALIVE|WQ|300||||id:0-5 /keepalive:0-3600" +
    "\nQMTCFG.SSL|WQ|300||||id:0-5 /tls:0-1 tls.context:0-5" +
    '\nQMTOPEN|TRW|300|75000|||id:0-5 host:"100 port:1-65535' +
    "\nQMTCLOSE|TW|300|300|||id:0-5" +
    '\nQMTCONN|TRW|300|P|||id:0-5 clientId:" /username:" password:"' +
    "\nQMTDISC|TW|300|300|||id:0-5" +
    '\nQMTSUB|TW|300|P|||id:0-5 msgID:1-65535 *topic:" qos:0-2' +
    '\nQMTUNS|TW|300|P|||id:0-5 msgID:1-65535 *topic:"' +
    '\nQMTPUB|TW|5000|P|>||id:0-5 msgID:0-65535 qos:0-2 retain:0-1 topic:"' +
    '\nCPIN|RW|5000||||pin:"8' +
    "\nCREG|RW|1000||||" +
    "\nCGREG|RW|1000||||" +
    "\nCGATT|RW|75000||||" +
    "\nCOPS|TRW|180000||||" +
    "\nCFUN|RW|15000||||" +
    "\nIPR|RW|1000||||" +
    "\nIFC|RW|1000||||" +
    "\nQIFGCNT|W|5000||||" +
    '\nQICSGP|W|5000||||context:1-1 apn:"100 /apn.username:"50 apn.password:"50' +
    "\nQIREGAPP|X|5000||||" +
    "\nQIACT|X|150000||||" +
    "\nQIDEACT|X|40000|||DEACT OK|" +
    "\nQILOCIP|X|1000|||#.#.#.#|" +
    "\nQICLOSE|X|2000|||CLOSE OK|" +
    '\nQSECWRITE|W|5000||CONNECT||tls.file:" tls.size:1-32768 tls.wait:1-1000' +
    "\nQPOWD|W|15000|||NORMAL POWER DOWN|"
  );
}

/** Rows of the commands that only m95/tls.ts sends; a build without it leaves them out. */
export function tlsCommands(): string {
  return (
    '\nQSECREAD|W|5000||||tls.file:"' +
    '\nQSECDEL|W|5000||||tls.file:"' +
    '\nQSSLCFG.cacert|W|5000||||tls.context:0-5 tls.file:"' +
    '\nQSSLCFG.clientcert|W|5000||||tls.context:0-5 tls.file:"' +
    '\nQSSLCFG.clientkey|W|5000||||tls.context:0-5 tls.file:"' +
    "\nQSSLCFG.seclevel|W|5000||||tls.context:0-5 tls.securityLevel:0-2" +
    "\nQSSLCFG.sslversion|W|5000||||tls.context:0-5 tls.version:0-4" +
    '\nQSSLCFG.ciphersuite|W|5000||||tls.context:0-5 tls.cipherSuites:"6' +
    "\nQSSLCFG.ignorertctime|W|5000||||tls.ignoreTime:0-1" +
    "\nQSSLCFG.negotiatetime|W|5000||||tls.context:0-5 tls.negotiateTime:10-300" +
    '\nCCLK|RW|5000||||time:"20'
  );
}

/** ms granted on top of a time of the table before an answer counts as lost: a late answer costs more than a wait. */
export const SLACK = 2000;

/** ms for a command that has no row. */
const DEFAULT_WAIT = 5000;

// Fields of a row behind its name; the first one, the forms, is for people and for the documentation.
const WAIT = 1;
const RESULT = 2;
const PROMPT = 3;
const FINAL = 4;
const PARAMETERS = 5;

/** The fields of a row behind its name, or undefined for a command that has none. */
function row(name: string, rows?: string): string[] | undefined {
  const table = rows || commands();
  const at = table.indexOf("\n" + name + "|");
  if (at < 0) return undefined;
  const start = at + name.length + 2;
  const end = table.indexOf("\n", start);
  return table.substring(start, end < 0 ? table.length : end).split("|");
}

/** `QMTOPEN` of `AT+QMTOPEN=0,"host",1883`, "" for a command without a plus. */
export function nameOf(text: string): string {
  if (text.substring(0, 3).toUpperCase() !== "AT+") return "";
  let end = text.indexOf("=");
  const query = text.indexOf("?");
  if (end < 0 || (query >= 0 && query < end)) end = query;
  return text.substring(3, end < 0 ? text.length : end).toUpperCase();
}

/**
 * A command for the session, with what the table knows of it: waiting time, prompt, final result, and whether there are
 * information lines.
 * @param data - bytes for its prompt, end mark included
 */
export function request(text: string, done: Request["done"], data?: string): Request {
  const name = nameOf(text);
  const fields = row(name);
  const asks = text.endsWith("?");
  return {
    text,
    timeout: fields ? +fields[WAIT]! + SLACK : DEFAULT_WAIT,
    // A setting has no lines of its own: what looks like one does not spoil its OK.
    info: name && (asks || text.indexOf("=") < 0) ? "+" + name : undefined,
    // Only the write form has the prompt.
    prompt: (!asks && fields && fields[PROMPT]) || undefined,
    data,
    final: (!asks && fields && fields[FINAL]) || undefined,
    done,
  };
}

/** ms until the result URC of a command counts as lost. @param packets - what the packet time-outs add up to, ms */
export function resultWait(name: string, packets: number): number {
  const wait = row(name)![RESULT]!;
  return (wait === "P" ? packets : +wait) + SLACK;
}

/**
 * The write form of a command. Values past the last given one are left out.
 * @param name - name of a row
 * @param table - the rows, if not `commands()`
 * @throws M95Error `EPARAM` or `ETOOBIG`, naming the parameter, its limit and the value
 */
export function build(name: string, values: (number | string)[], table?: string): string {
  const parameters = row(name, table)![PARAMETERS]!.split(" ");
  const dot = name.indexOf(".");
  let text = "AT+" + (dot < 0 ? name + "=" : name.substring(0, dot) + '="' + name.substring(dot + 1) + '",');
  let at = 0;
  // Where those begin that repeat: behind the end if none does.
  let again = parameters.length;
  for (let i = 0; i < values.length; i++) {
    if (at === parameters.length) at = again;
    let parameter = parameters[at];
    if (!parameter) throw new M95Error("EPARAM", name + " takes at most " + at + " parameters");
    if (parameter[0] === "*") again = at;
    if (parameter[0] === "*" || parameter[0] === "/") parameter = parameter.substring(1);
    at++;
    const parts = parameter.split(":");
    const field = parts[0]!;
    const limit = parts[1]!;
    if (i) text += ",";
    if (limit[0] === '"') text += quote(field, values[i], +limit.substring(1));
    else {
      const range = limit.split("-");
      text += integer(field, values[i], +range[0]!, +range[1]!);
    }
  }
  return text;
}

// The command table: how long the driver waits for each command it knows, and what it is answered with besides information lines. It
// sends nothing; the parameters are checked by those who have them.
import type { Request } from "../at/types.js";

/** ms granted on top of a time of the table before an answer counts as lost: a late answer costs more than a wait. */
export const SLACK = 2000;

/** ms for a command that has no row. */
export const DEFAULT_WAIT = 5000;

// Times that are wanted without a look into the table, which takes Espruino long, or that are not in it; ms. A test holds them against it.

/** Of the commands that configure, open, connect, disconnect and close. */
export const QUICK = 300;
/** Of AT+QMTPUB. */
export const PUBLISHING = 5000;
/** Until the result of AT+QMTOPEN. */
export const OPENING = 75000;

/**
 * One row a line, fields split by "|", empty ones at the end left out:
 *
 * 1. names, a blank in front of each and at the end
 * 2. maximum response time until the final result, ms
 * 3. prompt behind which data is sent
 * 4. final result besides OK and the errors
 *
 * QMT rows are those of the application note, chapter 3.2; the others come from the GSM AT command set as used by the
 * M95, with the waiting times that its drivers agree on. The dot at the end is for Espruino: it finds what begins with the last character of a text, and goes on otherwise.
 */
export const COMMAND_TABLE =
  "\n QMTCFG QMTOPEN QMTCLOSE QMTCONN QMTDISC QMTSUB QMTUNS QSCLK |300" +
  "\n QMTPUB |5000|>" +
  "\n QSECWRITE |5000|CONNECT" +
  "\n CPIN QIFGCNT QICSGP QIREGAPP |5000" +
  "\n CREG CGREG IPR IFC |1000" +
  "\n CGATT |75000" +
  "\n COPS |180000" +
  "\n CFUN |15000" +
  "\n QIACT |150000" +
  "\n QIDEACT |40000||DEACT OK" +
  "\n QILOCIP |1000||#.#.#.#" +
  "\n QICLOSE |2000||CLOSE OK" +
  "\n QPOWD |15000||NORMAL POWER DOWN\n.";

// Fields of a row behind its names.
const WAIT = 1;
const PROMPT = 2;
const FINAL = 3;

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
  const table = COMMAND_TABLE;
  const at = table.indexOf(" " + name + " ");
  // None for a command without a row: what stands before the first one is empty.
  const fields = table.substring(at, table.indexOf("\n", at + 1)).split("|");
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

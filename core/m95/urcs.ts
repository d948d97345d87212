// The URC table: which lines the modem sends unasked, and how a URC is told from an answer of the same name.
// @resident urcTable isUrc
import { number, split } from "../at/params.js";
import { nameOf } from "./commands.js";

/** How a line starts that carries a message (application note 4.1.2). */
export const RECEIVED = "+QMTRECV:";

/**
 * URCs by the part before the colon. A digit behind the "=" tells how many parameters the URC has while the query of the
 * same name runs; lines with another number are its answer. "+": an odd number, "-": while its query runs every such line
 * is the answer. Names of the application note: chapters 3.2 and 4; the others: GSM start-up, registration and power.
 * In a function, because on Espruino its text then stays in flash.
 */
export function urcTable(): string {
  return (
    "|+QMTOPEN=2|+QMTCONN=3|+QMTCLOSE|+QMTDISC|+QMTSUB|+QMTUNS|+QMTPUB|+QMTSTAT|+QMTRECV" +
    "|RDY|+CFUN=-|+CPIN=-|Call Ready|SMS Ready|+CREG=+|+CGREG=+|+PDP DEACT|+QNITZ|+QNTP|RING|NO CARRIER" +
    "|NORMAL POWER DOWN|UNDER_VOLTAGE WARNING|UNDER_VOLTAGE POWER DOWN|OVER_VOLTAGE WARNING|OVER_VOLTAGE POWER DOWN|"
  );
}

/**
 * Whether a line is a URC.
 * @param running - the command that runs, "" if none
 */
export function isUrc(line: string, running: string): boolean {
  const colon = line.indexOf(":");
  const name = (colon < 0 ? line : line.substring(0, colon)).trim();
  const urcs = urcTable();
  const at = urcs.indexOf("|" + name);
  if (at < 0 || !name) return false;
  const next = at + name.length + 1;
  const behind = urcs[next];
  if (behind !== "|" && behind !== "=") return false;
  if (!running.endsWith("?") || "+" + nameOf(running) !== name) return true;
  // The test form is answered with ranges and names, a URC starts with a number.
  if (running.endsWith("=?")) return !isNaN(number(split(line)[0]));
  const rule = urcs[next + 1];
  const fields = line.split(",").length;
  return behind === "|" || (rule === "+" ? fields % 2 === 1 : rule !== "-" && fields === +rule!);
}

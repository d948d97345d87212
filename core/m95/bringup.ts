// The bring-up script: which commands take a modem that answers AT to one with an open PDP context. Texts only; script.ts
// runs them.

/** States of the modem's lifecycle, in the order of a bring-up, then the ones beside it. */
export type ModemState =
  | "off"
  | "starting"
  | "syncing"
  | "sim"
  | "registering"
  | "attaching"
  | "ready"
  | "recovering"
  | "stopping"
  | "failed";

// A script has one row a line. ":" and the state that begins there, nothing at the end; or a command behind the rule for its answer:

/** An error ends the attempt. */
export const MUST = "!";
/** An error does not matter. */
export const MAY = "-";
/** `+IPR: n`: change and save it, with the echo on, unless both are as wanted already. */
export const RATE = "r";
/** The rate was changed: follow it. */
export const FOLLOW = "f";
/** `+QSCLK: n`: a modem that was left to sleep is told not to. */
export const SLEEPS = "k";
/** `+CPIN: …`: ready, wait, enter the PIN, or fail. */
export const SIM = "s";
/** `+CREG: n,stat`, `+CGREG: n,stat`: wait for home or roaming. */
export const NETWORK = "n";
/** `+CGREG: n,stat`: only a denial counts, the network may want CGATT first. */
export const DENIED = "d";
/** `+CGATT: 1`, or attach. */
export const ATTACHED = "t";
/** An address, or deactivate and try again. */
export const ADDRESS = "a";
/** What an earlier run left open is closed. */
export const STALE = "o";

/** Access point of the network operator. */
export interface Apn {
  name: string;
  username?: string;
  password?: string;
}

/**
 * Opens the PDP context, behind commands that close a half-open one when `again`.
 * @param apn - AT+QICSGP with the access point
 */
export function pdpScript(apn: string | undefined, again: boolean): string {
  return (
    ":attaching\n" +
    (again && apn ? "-AT+QIDEACT\n" : "") +
    // Refused while the context is active, which the address tells; so is registering twice.
    (apn ? "-AT+QIFGCNT=0\n-" + apn + "\n-AT+QIREGAPP\n-AT+QIACT\naAT+QILOCIP\n" : "") +
    "oAT+QMTOPEN?\noAT+QMTCONN?\n:\n"
  );
}

/**
 * The whole script.
 * @param baud - fixed rate to store in the modem; 0: leave it as it is
 * @param flow - `<dce>` and `<dte>` of AT+IFC; below 0: leave them as they are
 * @param cycle - switches the radio and the SIM off and on
 */
export function bringUpScript(apn: string | undefined, baud: number, flow: number, cycle: boolean): string {
  return (
    ":syncing\n" +
    // First of all, so that what is saved is the modem's own settings and not ours: of a reboot whose RDY got lost, only its
    // echo tells.
    (baud ? "rAT+IPR?\n" : "") +
    "!ATE0\n-ATV1\n-AT+CMEE=1\nkAT+QSCLK?\n" +
    (flow < 0 ? "" : "!AT+IFC=" + flow + "," + flow + "\n") +
    // A host may have stopped behind AT+CFUN=0, be it in this very ladder.
    (cycle ? "-AT+CFUN=0\n" : "") +
    "-AT+CFUN=1\n:sim\nsAT+CPIN?\n:registering\nnAT+CREG?\ndAT+CGREG?\n:attaching\ntAT+CGATT?\nnAT+CGREG?\n" +
    pdpScript(apn, false)
  );
}

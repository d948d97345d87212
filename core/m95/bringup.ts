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

// A script has one row a line. ":" and the state that begins there, nothing at the end; or, split by tabs, which no option can hold: the
// rule for an answer with the seconds until the final result, the command behind its AT, and that result if it is none of the usual. Seconds are those
// of the command table with `SLACK`, which takes Espruino long to look into; a test holds them against it. Rules:

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
// What decides is the packet side; where its answers disagree, the context is tried. A denial may pass, as a search does.

/** `+CREG: n,stat`: noted. */
export const NETWORK = "n";
/** `+CGREG: n,stat`: goes on if this or the one before says home or roaming, asks for CGATT if it is idle or there is no time left, or waits. */
export const PACKET = "p";
/** `+CGATT: 1`, or attach if there is a network. */
export const ATTACHED = "t";
/** `+CGREG: n,stat` behind it: goes on if either says so. */
export const SERVED = "e";
/** An address, or deactivate and try again. */
export const ADDRESS = "a";
/** What an earlier run left open is closed. */
export const STALE = "o";

/** Access point of the network operator. */
export interface Apn {
  /** At most 100 bytes. */
  name: string;
  /** Who logs in. */
  username?: string;
  /** With `username` only. */
  password?: string;
}

/** Looks for a network. */
export const SEARCH = "n3\t+CREG?\np3\t+CGREG?\n";
/** Attaches to it. */
export const ATTACH = "t77\t+CGATT?\ne3\t+CGREG?\n";

// Rows that an answer may put in front of the others.

/** Attaches; the question again. */
export const ATTACH_NOW = "-77\t+CGATT=1\n";
export const ASK_ATTACHED = "t77\t+CGATT?\n";
/** Switches sleeping off. */
export const STAY_AWAKE = "-2.3\t+QSCLK=0\n";
/** Beginning of what closes a client that an earlier run has left. */
export const CLOSE_LEFT = "-2.3\t+QMT";
/** Beginning of what stores the rate. */
export const STORE_RATE = "-5\tE1\nf3\t+IPR=";

/** What a bring-up is to set. */
export interface Wanted {
  /** AT+QICSGP with the access point, without its AT. */
  readonly apn: string | undefined;
  /** Fixed rate to store in the modem; 0: leave it as it is. */
  readonly baud: number;
  /** `<dce>` and `<dte>` of AT+IFC; below 0: leave them as they are. */
  readonly flow: number;
  /** false: none of SMS and calls. */
  readonly reports: boolean | undefined;
}

// What a PDP script finds.

/** Nothing: the modem has booted. */
export const FRESH = 0;
/** A context that may be half open, and may have no network: it is closed first. */
export const AGAIN = 1;
/** One that may be open: then nothing is set up. */
export const THERE = 2;

/**
 * Opens the PDP context.
 * @param apn - see `Wanted`
 * @param from - one of the list above
 */
export function pdpScript(apn: string | undefined, from: number): string {
  return (
    ":attaching\n" +
    (apn
      ? (from === AGAIN ? "-42\t+QIDEACT\tDEACT OK\n" + SEARCH : "") +
        // Refused while the context is active, which the address tells; so is registering twice.
        (from === THERE ? "" : "-7\t+QIFGCNT=0\n-7\t" + apn + "\n-7\t+QIREGAPP\n-152\t+QIACT\n") +
        "a3\t+QILOCIP\t#.#.#.#\n"
      : "") +
    "o2.3\t+QMTOPEN?\no2.3\t+QMTCONN?\n:\n"
  );
}

/**
 * The whole script.
 * @param cycle - switches the radio and the SIM off and on
 * @param from - as for `pdpScript`
 */
export function bringUpScript(wanted: Wanted, cycle: boolean, from: number): string {
  const flow = wanted.flow;
  return (
    ":syncing\n" +
    // First of all, so that what is saved is the modem's own settings and not ours: of a reboot whose RDY got lost, only its
    // echo tells.
    (wanted.baud ? "r3\t+IPR?\n" : "") +
    "!5\tE0\n-5\tV1\n-5\t+CMEE=1\nk2.3\t+QSCLK?\n" +
    (flow < 0 ? "" : "!3\t+IFC=" + flow + "," + flow + "\n") +
    // A host may have stopped behind AT+CFUN=0, be it in this very ladder.
    (cycle ? "-17\t+CFUN=0\n" : "") +
    "-17\t+CFUN=1\n:sim\ns7\t+CPIN?\n" +
    (wanted.reports === false ? "-5\t+CNMI=0,0,0,0,0\n-5\t+CLIP=0\n-5\t+CCWA=0\n-5\t+CUSD=0\n" : "") +
    ":registering\n" +
    SEARCH +
    ":attaching\n" +
    ATTACH +
    pdpScript(wanted.apn, from)
  );
}

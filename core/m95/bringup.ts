// The bring-up script: which commands take a modem that answers AT to one with an open PDP context. Data only; lifecycle.ts
// runs it.
import { build } from "./commands.js";

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

// What to do with the answer of a step.

/** An error ends the attempt. */
export const MUST = 0;
/** An error does not matter. */
export const MAY = 1;
/** `+IPR: n`: change and save it, with the echo on, unless both are as wanted already. */
export const RATE = 2;
/** The rate was changed: follow it. */
export const FOLLOW = 3;
/** `+CPIN: …`: ready, wait, enter the PIN, or fail. */
export const SIM = 4;
/** `+CREG: n,stat`: wait for home or roaming. */
export const REGISTERED = 5;
/** `+CGREG: n,stat`: only a denial counts, the network may want CGATT first. */
export const ALLOWED = 6;
/** `+CGATT: 1`, or attach. */
export const ATTACHED = 7;
/** `+CGREG: n,stat`: wait for home or roaming. */
export const GPRS = 8;
/** An address, or deactivate and try again. */
export const ADDRESS = 9;
/** What an earlier run left open is closed. */
export const STALE = 10;

export interface Step {
  readonly state: ModemState;
  readonly text: string;
  /** One of the rules above. */
  readonly rule: number;
}

/** Access point of the network operator. */
export interface Apn {
  name: string;
  username?: string;
  password?: string;
}

/** What the script depends on. */
export interface Settings {
  apn: Apn | undefined;
  /** Fixed rate to store in the modem, baud; 0: leave it as it is. */
  baud: number;
  /** `<dce>,<dte>` of AT+IFC, "" to leave it as it is. */
  flow: string;
}

/** Commands that open the PDP context, behind those that close a half-open one when `again`. */
export function pdpSteps(settings: Settings, again: boolean): Step[] {
  const steps: Step[] = [];
  const apn = settings.apn;
  if (apn) {
    const values: (string | number)[] = [1, apn.name];
    if (apn.username !== undefined) values.push(apn.username, apn.password || "");
    if (again) steps.push({ state: "attaching", text: "AT+QIDEACT", rule: MAY });
    steps.push(
      { state: "attaching", text: "AT+QIFGCNT=0", rule: MAY },
      // Refused while the context is active, which the address tells; so is registering twice.
      { state: "attaching", text: build("QICSGP", values), rule: MAY },
      { state: "attaching", text: "AT+QIREGAPP", rule: MAY },
      { state: "attaching", text: "AT+QIACT", rule: MAY },
      { state: "attaching", text: "AT+QILOCIP", rule: ADDRESS },
    );
  }
  steps.push(
    { state: "attaching", text: "AT+QMTOPEN?", rule: STALE },
    { state: "attaching", text: "AT+QMTCONN?", rule: STALE },
  );
  return steps;
}

/**
 * The whole script.
 * @param cycle - switches the radio and the SIM off and on
 * @throws M95Error `EPARAM` or `ETOOBIG` for an APN that cannot be sent
 */
export function bringUp(settings: Settings, cycle: boolean): Step[] {
  const steps: Step[] = [];
  // First of all, so that what is saved is the modem's own settings and not ours: of a reboot whose RDY got lost, only its
  // echo tells.
  if (settings.baud) steps.push({ state: "syncing", text: "AT+IPR?", rule: RATE });
  steps.push(
    { state: "syncing", text: "ATE0", rule: MUST },
    { state: "syncing", text: "ATV1", rule: MAY },
    { state: "syncing", text: "AT+CMEE=1", rule: MAY },
  );
  if (settings.flow) steps.push({ state: "syncing", text: "AT+IFC=" + settings.flow, rule: MUST });
  // A host may have stopped behind AT+CFUN=0, be it in this very ladder.
  if (cycle) steps.push({ state: "syncing", text: "AT+CFUN=0", rule: MAY });
  steps.push(
    { state: "syncing", text: "AT+CFUN=1", rule: MAY },
    { state: "sim", text: "AT+CPIN?", rule: SIM },
    { state: "registering", text: "AT+CREG?", rule: REGISTERED },
    { state: "registering", text: "AT+CGREG?", rule: ALLOWED },
    { state: "attaching", text: "AT+CGATT?", rule: ATTACHED },
    { state: "attaching", text: "AT+CGREG?", rule: GPRS },
  );
  return steps.concat(pdpSteps(settings, false));
}

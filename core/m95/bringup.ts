// The bring-up script: which commands take a modem that answers AT to one with an open PDP context. Data only; modem.ts
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

/** What to do with the answer of a step. */
export enum Rule {
  /** An error ends the attempt. */
  Must,
  /** An error does not matter. */
  May,
  /** `+IPR: n`: change and save the rate unless it is the wanted one. */
  Rate,
  /** The rate was changed: follow it. */
  Follow,
  /** `+CPIN: …`: ready, wait, enter the PIN, or fail. */
  Sim,
  /** `+CREG: n,stat`: wait for home or roaming. */
  Registered,
  /** `+CGREG: n,stat`: only a denial counts, the network may want CGATT first. */
  Allowed,
  /** `+CGATT: 1`, or attach. */
  Attached,
  /** `+CGREG: n,stat`: wait for home or roaming. */
  Gprs,
  /** An address, or deactivate and try again. */
  Address,
  /** What an earlier run left open is closed. */
  Stale,
}

export interface Step {
  readonly state: ModemState;
  readonly text: string;
  readonly rule: Rule;
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
    if (again) steps.push({ state: "attaching", text: "AT+QIDEACT", rule: Rule.May });
    steps.push(
      { state: "attaching", text: "AT+QIFGCNT=0", rule: Rule.May },
      // Refused while the context is active, which the address tells; so is registering twice.
      { state: "attaching", text: build("QICSGP", values), rule: Rule.May },
      { state: "attaching", text: "AT+QIREGAPP", rule: Rule.May },
      { state: "attaching", text: "AT+QIACT", rule: Rule.May },
      { state: "attaching", text: "AT+QILOCIP", rule: Rule.Address },
    );
  }
  steps.push(
    { state: "attaching", text: "AT+QMTOPEN?", rule: Rule.Stale },
    { state: "attaching", text: "AT+QMTCONN?", rule: Rule.Stale },
  );
  return steps;
}

/**
 * The whole script.
 * @throws M95Error `EPARAM` or `ETOOBIG` for an APN that cannot be sent
 */
export function bringUp(settings: Settings): Step[] {
  const steps: Step[] = [
    { state: "syncing", text: "ATE0", rule: Rule.Must },
    { state: "syncing", text: "ATV1", rule: Rule.May },
    { state: "syncing", text: "AT+CMEE=1", rule: Rule.May },
  ];
  if (settings.baud) steps.push({ state: "syncing", text: "AT+IPR?", rule: Rule.Rate });
  if (settings.flow) steps.push({ state: "syncing", text: "AT+IFC=" + settings.flow, rule: Rule.Must });
  steps.push(
    { state: "sim", text: "AT+CPIN?", rule: Rule.Sim },
    { state: "registering", text: "AT+CREG?", rule: Rule.Registered },
    { state: "registering", text: "AT+CGREG?", rule: Rule.Allowed },
    { state: "attaching", text: "AT+CGATT?", rule: Rule.Attached },
    { state: "attaching", text: "AT+CGREG?", rule: Rule.Gprs },
  );
  return steps.concat(pdpSteps(settings, false));
}

// CME error numbers and texts (facts sheet 6, note 6.2). It does not decide when an error occurs.

import type { ViolationKind } from "../options.js";

/** Ends the running command with `+CME ERROR: code`; `kind` says what the host did wrong, if it did. */
export class CmeError extends Error {
  constructor(
    readonly code: number,
    readonly kind?: ViolationKind,
    detail = "",
  ) {
    super(detail);
  }
}

export const cme = {
  notAllowed: 3,
  simNotInserted: 10,
  simPin: 11,
  simPuk: 12,
  simBusy: 14,
  badPassword: 16,
  memoryFull: 20,
  notFound: 22,
  memoryFailure: 23,
  noNetwork: 30,
  pdpUnspecified: 148,
  unknownCommand: 601,
  syntax: 603,
  lineTooLong: 608,
  invalidParameter: 3518,
  mqttLink: 8503,
  mqttIllegalPacket: 8504,
  mqttIllegalCharacter: 8505,
  mqttIllegalUtf8: 8506,
  mqttParameter: 8507,
  mqttPacketTooLarge: 8508,
  mqttBufferOverflow: 8509,
  mqttWindow: 8512,
} as const;

const texts: Record<number, string> = {
  3: "operation not allowed",
  4: "operation not supported",
  10: "SIM not inserted",
  11: "SIM PIN required",
  12: "SIM PUK required",
  13: "SIM failure",
  14: "SIM busy",
  15: "SIM wrong",
  16: "incorrect password",
  20: "memory full",
  21: "invalid index",
  22: "not found",
  23: "memory failure",
  30: "no network service",
  107: "GPRS services not allowed",
  148: "unspecified GPRS error",
  601: "unrecognized command",
  603: "syntax error",
  608: "multi-command too long",
  3518: "invalid parameter",
  8503: "MQTT link error",
  8504: "MQTT illegal packet",
  8505: "MQTT illegal character",
  8506: "MQTT illegal UTF8",
  8507: "MQTT invalid parameter",
  8508: "MQTT packet too large",
  8509: "MQTT buffer overflow",
  8510: "MQTT out of memory",
  8511: "MQTT memory error",
  8512: "MQTT maximum quantity of transmitting packet greater than that of in-flight windows",
  8600: "MQTT unknown error",
};

/** Text behind `+CME ERROR: ` with AT+CMEE=2. */
export function cmeText(code: number): string {
  return texts[code] ?? "unknown";
}

// The one error type of the driver. It holds no texts: what a number of the modem means stands in m95/texts.ts.

/**
 * Why something failed.
 *
 * | code | meaning |
 * |---|---|
 * | `ETIMEOUT` | the modem did not answer in time, or gave up sending a packet (`result` 2) |
 * | `ECME` | the modem answered `ERROR`, `+CME ERROR` or `+CMS ERROR` (`cme` has the number) |
 * | `EPARAM` | an argument is of the wrong kind or out of range; nothing was sent |
 * | `ETOOBIG` | an argument is too long; nothing was sent |
 * | `EPAYLOAD` | a payload holds a byte that the modem's data prompt cannot take; nothing was sent |
 * | `EQUEUE` | a queue is full; nothing was sent |
 * | `ELIMIT` | a client has as many subscriptions as it can have; nothing was sent |
 * | `ESTORE` | the store of the outbox failed; a publish that gets it was not sent |
 * | `EUNKNOWN` | it was sent and no verdict came: it may or may not have arrived |
 * | `ESTALLED` | the modem calls the client connected, and its packets fail one after the other; it is connected anew |
 * | `EREFUSED` | the broker refused CONNECT (`returnCode`), or every topic of a SUBSCRIBE |
 * | `EOPEN` | the network for the client could not be opened (`result` of AT+QMTOPEN) |
 * | `ESIM` | SIM absent, locked or broken |
 * | `EREG` | the network denies registration, or none was found in time |
 * | `EPDP` | no PDP context |
 * | `ECLOCK` | neither modem nor network knows the time |
 * | `EPOWER` | power could not be switched |
 * | `ETLS` | TLS set-up failed |
 * | `ECLOSED` | client, modem or port was closed before it could be done |
 */
export type ErrorCode =
  | "ETIMEOUT"
  | "ECME"
  | "EPARAM"
  | "ETOOBIG"
  | "EPAYLOAD"
  | "EQUEUE"
  | "ELIMIT"
  | "ESTORE"
  | "EUNKNOWN"
  | "ESTALLED"
  | "EREFUSED"
  | "EOPEN"
  | "ESIM"
  | "EREG"
  | "EPDP"
  | "ECLOCK"
  | "EPOWER"
  | "ETLS"
  | "ECLOSED";

/** Error of the driver. */
export interface M95Error extends Error {
  /** Its kind. */
  readonly code: ErrorCode;
  /** The AT command that failed, without its secrets' protection: treat it as confidential. */
  command?: string;
  /** Number behind `+CME ERROR:` or `+CMS ERROR:`. */
  cme?: number;
  /** `<result>` of a result URC, or `<err_code>` of `+QMTSTAT`. */
  result?: number;
  /** `<ret_code>` of `+QMTCONN`. */
  returnCode?: number;
  /** Message ID of the packet, with `EUNKNOWN` and `ETIMEOUT` of a publish. */
  messageId?: number;
  /** The line of the modem that said so. */
  raw?: string;
}

interface M95ErrorConstructor {
  new (code: ErrorCode, message: string, command?: string): M95Error;
  /** What all of them share. */
  readonly prototype: M95Error;
}

// Not a class: `extends Error` breaks on Espruino, and assigning `message` on an instance throws on preloaded XS.
function Make(code: ErrorCode, message: string, command?: string): M95Error {
  const error = new Error(message) as M95Error & { code: ErrorCode };
  Object.setPrototypeOf(error, Make.prototype);
  error.code = code;
  if (command !== undefined) error.command = command;
  return error;
}
Make.prototype = Object.create(Error.prototype);

/** Error of the driver; `instanceof Error` and `instanceof M95Error` hold. */
export const M95Error = Make as unknown as M95ErrorConstructor;

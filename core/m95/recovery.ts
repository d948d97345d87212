// The recovery ladder as data: the steps in order, which causes begin and end on which of them, and the place on it. It
// takes no step itself: the session, mqtt/link.ts, mqtt/client.ts and lifecycle.ts do.
import { REOPENS, RETRIES } from "../counters.js";
import type { M95Error } from "../errors.js";
import { MAX_PERIOD, PERIOD, REST_PERIOD, ROUNDS } from "./options.js";

/** A step of recovery. */
export interface Recovery {
  /** What was noticed: the modem's line, or an error's message. */
  cause: string;
  /** What is done about it: `retry`, `resync`, `reopen`, `pdp`, `restart`, `cfun`, `power`, `kill`, `cut` or `rest`. */
  step: string;
  /** Times in a row that it is done, from 1. */
  attempt: number;
  /** ms until it begins; with `rest`, how long that takes. */
  next: number;
}

/** Steps of recovery that were begun, by kind; `resyncs` counts one more. */
export interface RecoveryStats {
  /** Commands and packets offered to the modem again. */
  retries: number;
  /** Attempts to connect again that a client has announced. */
  reopens: number;
  /** PDP contexts deactivated and activated again. */
  pdpCycles: number;
  /** Modems set up anew, powered on if need be. */
  restarts: number;
  /** AT+CFUN=0 and AT+CFUN=1. */
  cfunCycles: number;
  /** PWRKEY off and on. */
  powerCycles: number;
  /** EMERG_OFF. */
  kills: number;
  /** Supply off and on. */
  cuts: number;
  /** Rests, when everything had been tried often enough. */
  rests: number;
}

/**
 * The steps. The first two are none: nothing is done, or the modem is asked whether it still holds the connections. In a
 * function, because on Espruino it then stays in flash.
 */
export function stepNames(): string[] {
  return "none ask retry resync reopen pdp restart cfun power kill cut rest".split(" ");
}

// Places in that list.
export const RETRY = 2;
export const RESYNC = 3;
export const REOPEN = 4;
export const PDP = 5;
export const RESTART = 6;
export const CFUN = 7;
/** And, behind it, the other ways of `Power`. */
export const POWER = 8;
export const REST = 11;

/**
 * The causes, split by "|", each with the first and the last step that may help, as hexadecimal digits. What the modem
 * says stands for itself; everything else is the code of an error and the modem's number: ECLOSED is +QMTSTAT (application
 * note 4.1.1) or, without a number, an answer of AT+QMTCONN?; EOPEN +QMTOPEN (3.2.2); EREFUSED the return code and ETIMEOUT
 * the result of +QMTCONN (3.2.4), ECME the number of +CME ERROR (6.2). "*": what has no row, reserved codes among them. A last step 0:
 * it does not heal by itself, so that the client ends after `refusedRetries` more attempts.
 */
export function causeTable(): string {
  return (
    "|ECLOSED1=44|ECLOSED2=58|ECLOSED3=48|ECLOSED4=48|ECLOSED5=44|ECLOSED6=48|ECLOSED7=48|ECLOSED=48" +
    "|EOPEN-1=48|EOPEN1=40|EOPEN2=28|EOPEN3=58|EOPEN4=48|EOPEN5=48" +
    "|EREFUSED1=40|EREFUSED2=40|EREFUSED3=44|EREFUSED4=40|EREFUSED5=40|ETIMEOUT2=48|ETIMEOUT=38|ECME=28|ECME8504=40|ECME8505=40|ECME8506=40|ECME8507=40|ECME8508=40|ESTALLED=48|EUNKNOWN=44|*=48" +
    "|EPDP=68|EREG=78|ESIM=78|EPOWER=8a|+PDP DEACT=58|+CPIN: NOT READY=68|+CPIN: NOT INSERTED=68" +
    "|RDY=6a|NORMAL POWER DOWN=68|UNDER_VOLTAGE POWER DOWN=68|OVER_VOLTAGE POWER DOWN=68" +
    "|UNDER_VOLTAGE WARNING=00|OVER_VOLTAGE WARNING=00" +
    "|echo=6a|status=6a|mute=6a|silent=8a|prompt=3a|overrun=11|"
  );
}

/** First step times 16 plus the last one; 0 for what is no cause. */
export function stepsOf(cause: string): number {
  const table = causeTable();
  const at = table.indexOf("|" + cause + "=") + cause.length + 2;
  return at <= cause.length + 1 ? 0 : parseInt(table.substring(at, at + 2), 16);
}

/** The row of an error. */
export function causeOf(error: M95Error): string {
  const code = error.code;
  const number = error.returnCode === undefined ? error.result : error.returnCode;
  const cause = code + (number === undefined ? error.cme : number);
  return stepsOf(cause) ? cause : number === undefined && stepsOf(code) ? code : "*";
}

/** Times in a row that a step is taken before the next one follows; a rest: NaN. */
export function attemptsOf(step: number): number {
  return +"00258242111"[step]!;
}

/** The place of a step's counter; the session counts resyncs by itself. */
export function counterOf(step: number): number {
  return step === RETRY ? RETRIES : step + REOPENS - REOPEN;
}

/** The place on the ladder of one modem, from its first step to the time when all is well again. */
export interface Ladder {
  step: number;
  /** Times in a row that this step was taken. */
  attempt: number;
  _rounds: number;
  /** Steps that were taken. */
  waits: number;
  /** Of option `recovery`. */
  readonly limits: Uint32Array;
}

/** The foot of the ladder. */
export function newLadder(limits: Uint32Array): Ladder {
  return { step: 0, attempt: 0, _rounds: 0, waits: 0, limits };
}

/**
 * Goes to the step that follows, and returns the ms until it begins: full jitter under a doubling cap.
 * @param least - the lowest step that makes sense now
 * @param can - whether a step can be taken here and now
 */
export function climb(
  ladder: Ladder,
  cause: string,
  least: number,
  random: number,
  can: (step: number) => boolean,
): number {
  const limits = ladder.limits;
  const steps = stepsOf(cause);
  const last = Math.max(steps & 15, RESTART);
  const reach = (step: number): number => {
    while (step <= last && !can(step)) step++;
    return step;
  };
  let first = reach(Math.max(steps >> 4, least));
  // A modem that cannot be switched can still be spoken to.
  if (first > last) first = RESTART;
  let step = Math.max(first, ladder.step);
  if (step === ladder.step && ladder.attempt >= attemptsOf(step)) step++;
  step = reach(step);
  if (step !== ladder.step) ladder.attempt = 0;
  if (step > last) {
    ladder.attempt = 0;
    step = ++ladder._rounds < limits[ROUNDS]! ? first : REST;
  }
  ladder.step = step;
  ladder.attempt++;
  if (step === REST) return limits[REST_PERIOD]!;
  const cap = limits[PERIOD]! * Math.pow(2, ladder.waits++);
  return Math.round(random * Math.min(limits[MAX_PERIOD]!, cap));
}

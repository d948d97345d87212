// The recovery ladder as data: the steps in order, which causes begin and end on which of them, and the place on it. It
// takes no step itself: the session, mqtt/link.ts, mqtt/client.ts and lifecycle.ts do.
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
 * The steps. The first two are none: nothing is done, or the modem is asked whether it still holds the connections.
 */
export const STEP_NAMES = "none ask retry resync reopen pdp restart cfun power kill cut rest";

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
 * The causes, "|" around each, behind those of a line the first and the last step that may help, as hexadecimal digits. What the modem
 * says stands for itself; everything else is the code of an error and the modem's number: ECLOSED is +QMTSTAT (application
 * note 4.1.1); EOPEN +QMTOPEN (3.2.2); EREFUSED the return code of +QMTCONN (3.2.4), ECME the number of +CME ERROR (6.2). A last step 0:
 * it does not heal by itself, so that the client ends after `refusedRetries` more attempts.
 */
export const CAUSE_TABLE =
  "|ECLOSED1|ECLOSED5|EREFUSED3|EUNKNOWN|\n44" +
  "|ECLOSED2|EOPEN3|+PDP DEACT|\n58" +
  "|EOPEN1|EREFUSED1|EREFUSED2|EREFUSED4|EREFUSED5|ECME8504|ECME8505|ECME8506|ECME8507|ECME8508|\n40" +
  "|EOPEN2|ECME|\n28" +
  "|ETIMEOUT|\n38" +
  "|EPDP|+CPIN: NOT READY|+CPIN: NOT INSERTED|NORMAL POWER DOWN|UNDER_VOLTAGE POWER DOWN|OVER_VOLTAGE POWER DOWN|\n68" +
  "|EREG|ESIM|\n78" +
  "|EPOWER|\n8a" +
  "|RDY|\n6a";

// The same of what has no row.

/** Errors, with reserved codes among them. */
export const OTHERS = 0x48;
/** A modem that was ready has rebooted without a word, is off or does not answer. */
export const GONE = 0x6a;
/** One that was to be set up does not answer. */
export const NEVER_THERE = 0x8a;
/** The data prompt does not come, or does not end, again and again. */
export const NO_PROMPT = 0x3a;

/** First step times 16 plus the last one; 0 for what is no cause. */
export function stepsOf(cause: string): number {
  const table = CAUSE_TABLE;
  const at = table.indexOf("|" + cause + "|");
  const end = table.indexOf("\n", at) + 1;
  return at < 0 ? 0 : parseInt(table.substring(end, end + 2), 16);
}

/** The same for an error. */
export function helpFor(error: M95Error): number {
  const code = error.code;
  const number = error.returnCode === undefined ? error.result : error.returnCode;
  return (
    stepsOf(code + (number === undefined ? error.cme : number)) || (number === undefined && stepsOf(code)) || OTHERS
  );
}

/** Times in a row that a step is taken before the next one follows; a rest: NaN. */
export function attemptsOf(step: number): number {
  return +"00258242111"[step]!;
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
 * @param steps - see `stepsOf`
 * @param least - the lowest step that makes sense now
 * @param can - whether a step can be taken here and now
 */
export function climb(
  ladder: Ladder,
  steps: number,
  least: number,
  random: number,
  can: (step: number) => boolean,
): number {
  const limits = ladder.limits;
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

// What one can ask a modem about itself and its network: identity, signal, battery, operator, time. It keeps nothing.
// @part info
// @part info tls: time readTime days isSet own malformed
import { number, split } from "../at/params.js";
import { M95Error } from "../errors.js";
import { nameOf } from "./commands.js";

/** Runs a command and hands over its information lines. */
export type Ask = (text: string, done: (error: Error | null, lines: string[]) => void) => void;

/** A value is undefined when the modem did not give one of the right shape. */
export interface Identity {
  /** Such as `Quectel_Ltd`; undefined when the modem does not tell. */
  manufacturer: string | undefined;
  /** Such as `Quectel_M95`. */
  model: string | undefined;
  /** Of the firmware. */
  revision: string | undefined;
  /** 15 digits. */
  imei: string | undefined;
  /** 15 digits. */
  imsi: string | undefined;
  /** 18 to 22 hexadecimal digits. */
  iccid: string | undefined;
}

/** AT+CSQ. */
export interface Signal {
  /** 0..31, 99: not known. */
  rssi: number;
  /** Undefined when not known. */
  dbm: number | undefined;
  /** 0..7, 99: not known. */
  ber: number;
}

/** AT+CBC. */
export interface Battery {
  /** 0 not charging, 1 charging, 2 full. */
  charging: number;
  /** 0..100, charge. */
  percent: number;
  /** Of the supply. */
  millivolts: number;
}

/** AT+COPS?. */
export interface Operator {
  /** Undefined when not registered. */
  name: string | undefined;
}

/** AT+CCLK?, AT+QLTS. */
export interface Time {
  /** Milliseconds since 1970, UTC. */
  utc: number;
  /** Local time's distance from UTC, quarters of an hour. */
  zone: number;
}

/** Who gets a value, or why there is none. */
export type Give<T> = (error?: Error | null, value?: T) => void;

const DECIMAL = "0123456789";

/** A value that comes bare, quoted, or behind a name and a colon. */
function bare(line: string): string {
  return split(line)[0]!;
}

/** The first line that consists of `min` to `max` digits of the given kind: lines of nobody knows what may be in front. */
function digits(lines: string[], min: number, max: number, kind: string): string | undefined {
  const fits = (text: string): boolean =>
    text.length >= min && text.length <= max && text.split("").every((one) => kind.indexOf(one) >= 0);
  return lines.map(bare).filter(fits)[0];
}

/** The line of an answer that has the command's own name, "" if there is none. */
function own(text: string, lines: string[]): string {
  const name = "+" + nameOf(text);
  return lines.filter((line) => line.startsWith(name))[0] || "";
}

function malformed(text: string, lines: string[]): M95Error {
  const error = new M95Error("ECME", text + ": an answer of unknown shape", text);
  if (lines.length) error.raw = lines[0]!;
  return error;
}

export function identity(ask: Ask, done: Give<Identity>): void {
  const commands = ["ATI", "AT+GMR", "AT+GSN", "AT+CIMI", "AT+QCCID"];
  const answers: string[][] = [];
  function next(): void {
    const command = commands[answers.length];
    if (command) {
      ask(command, (error, lines) => {
        answers.push(error ? [] : lines);
        // A missing SIM leaves its own numbers out; a modem that is gone fails the whole.
        if (error && (error as M95Error).code !== "ECME") done(error);
        else next();
      });
      return;
    }
    const about = answers[0]!;
    const revision = answers[1]!.length ? answers[1]![0]! : about[2];
    done(null, {
      manufacturer: about[0],
      model: about[1],
      revision: revision && bare(revision),
      imei: digits(answers[2]!, 15, 15, DECIMAL),
      imsi: digits(answers[3]!, 15, 15, DECIMAL),
      iccid: digits(answers[4]!, 18, 22, DECIMAL + "ABCDEFabcdef"),
    });
  }
  next();
}

/** Asks one thing and reads the numbers of its answer. */
function numbers<T>(ask: Ask, text: string, count: number, done: Give<T>, read: (values: number[]) => T): void {
  ask(text, (error, lines) => {
    const values = split(own(text, lines)).slice(0, count).map(number);
    if (error) done(error);
    else if (values.filter((value) => value >= 0).length < count) done(malformed(text, lines));
    else done(null, read(values));
  });
}

export function signal(ask: Ask, done: Give<Signal>): void {
  numbers(ask, "AT+CSQ", 2, done, (v) => {
    const rssi = v[0]!;
    return { rssi, dbm: rssi <= 31 ? 2 * rssi - 113 : undefined, ber: v[1]! };
  });
}

export function battery(ask: Ask, done: Give<Battery>): void {
  numbers(ask, "AT+CBC", 3, done, (v) => ({ charging: v[0]!, percent: v[1]!, millivolts: v[2]! }));
}

export function operator(ask: Ask, done: Give<Operator>): void {
  ask("AT+COPS?", (error, lines) => {
    if (error) done(error);
    else done(null, { name: split(own("AT+COPS?", lines))[2] });
  });
}

/** Days from 1970-01-01 to a date of the years 2000, which is a leap year, to 2099; month 1..12. */
function days(year: number, month: number, day: number): number {
  // From March on, so that what the leap day shifts is behind it.
  const y = month > 2 ? year : year - 1;
  return 365 * y + Math.floor(y / 4) + Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day + 11016;
}

/** Reads `yy/MM/dd,hh:mm:ss±zz`, behind `+CCLK:` or `+QLTS:`; undefined if it is no such thing. */
export function readTime(line: string): Time | undefined {
  const text = line.substring(line.indexOf('"') + 1);
  let good = text[2]! + text[5] + text[8] + text[11] + text[14] === "//,::";
  const part = (at: number, min: number, max: number): number => {
    const value = number(text.substring(at, at + 2));
    if (!(value >= min && value <= max)) good = false;
    return value;
  };
  const sign = text[17];
  const quarters = sign === "+" || sign === "-" ? part(18, 0, 60) : 0;
  const zone = sign === "-" ? -quarters : quarters;
  const day = days(part(0, 0, 99), part(3, 1, 12), part(6, 1, 31));
  const seconds = day * 86400 + part(9, 0, 23) * 3600 + part(12, 0, 59) * 60 + part(15, 0, 59) - zone * 900;
  return good ? { utc: seconds * 1000, zone } : undefined;
}

/** ms since 1970 of 2026-01-01: before that, or twenty years and more behind it, a clock was never set. Raised with releases. */
const FIRST = 1767225600000;
const TWENTY_YEARS = 631152000000;

/** Whether a clock that shows this was set. @param utc - ms since 1970 */
export function isSet(utc: number): boolean {
  return utc >= FIRST && utc < FIRST + TWENTY_YEARS;
}

export function time(ask: Ask, done: Give<Time>): void {
  ask("AT+CCLK?", (error, lines) => {
    const clock = error ? undefined : readTime(own("AT+CCLK?", lines));
    if (clock && isSet(clock.utc)) {
      done(null, clock);
      return;
    }
    // The network's time, if it sent one.
    ask("AT+QLTS", (refused, more) => {
      const network = refused ? undefined : readTime(own("AT+QLTS", more));
      const failed = (error || refused) as M95Error | null;
      if (network && isSet(network.utc)) done(null, network);
      else if (failed && failed.code !== "ECME") done(failed);
      else if (failed || clock) done(new M95Error("ECLOCK", "neither modem nor network knows the time", "AT+QLTS"));
      else done(malformed("AT+QLTS", more));
    });
  });
}

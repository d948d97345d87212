// What one can ask a modem about itself and its network: identity, signal, battery, operator, time. It keeps nothing.
import { number, split } from "../at/params.js";
import { M95Error } from "../errors.js";

/** Runs a command and hands over its information lines. */
export type Ask = (text: string, done: (error: Error | null, lines: string[]) => void) => void;

/** A value is undefined when the modem did not give one of the right shape. */
export interface Identity {
  manufacturer: string | undefined;
  model: string | undefined;
  revision: string | undefined;
  /** 15 digits. */
  imei: string | undefined;
  /** 15 digits. */
  imsi: string | undefined;
  /** 18 to 22 hexadecimal digits. */
  iccid: string | undefined;
}

export interface Signal {
  /** 0..31, 99: not known. */
  rssi: number;
  /** Undefined when not known. */
  dbm: number | undefined;
  /** 0..7, 99: not known. */
  ber: number;
}

export interface Battery {
  /** 0 not charging, 1 charging, 2 full. */
  charging: number;
  percent: number;
  millivolts: number;
}

export interface Operator {
  /** Undefined when not registered. */
  name: string | undefined;
}

export interface Time {
  /** Milliseconds since 1970, UTC. */
  utc: number;
  /** Local time's distance from UTC, quarters of an hour. */
  zone: number;
}

type Give<T> = (error?: Error | null, value?: T) => void;

/** The text if it consists of `min` to `max` digits of the given kind. */
function digits(text: string, min: number, max: number, kind: string): string | undefined {
  if (text.length < min || text.length > max) return undefined;
  for (let i = 0; i < text.length; i++) if (kind.indexOf(text[i]!) < 0) return undefined;
  return text;
}

/** A value that comes bare, quoted, or behind a name and a colon. */
function bare(line: string | undefined): string {
  return line === undefined ? "" : split(line)[0]!;
}

function malformed(text: string, line: string | undefined): M95Error {
  const error = new M95Error("ECME", text + ": an answer of unknown shape", text);
  if (line !== undefined) error.raw = line;
  return error;
}

const DECIMAL = "0123456789";

export function identity(ask: Ask, done: Give<Identity>): void {
  const commands = ["ATI", "AT+GMR", "AT+GSN", "AT+CIMI", "AT+QCCID"];
  const answers: string[][] = [];
  let failed: Error | null = null;
  function next(): void {
    if (answers.length < commands.length) {
      ask(commands[answers.length]!, (error, lines) => {
        // A missing SIM leaves its own numbers out; a modem that is gone fails the whole.
        if (error && (error as M95Error).code !== "ECME") failed = error;
        answers.push(error ? [] : lines);
        if (failed) done(failed);
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
      imei: digits(bare(answers[2]![0]), 15, 15, DECIMAL),
      imsi: digits(bare(answers[3]![0]), 15, 15, DECIMAL),
      iccid: digits(bare(answers[4]![0]), 18, 22, DECIMAL + "ABCDEFabcdef"),
    });
  }
  next();
}

/** Asks one thing and reads the numbers of its answer. */
function numbers(ask: Ask, text: string, count: number, done: Give<never>, read: (values: number[]) => void): void {
  ask(text, (error, lines) => {
    if (error) {
      done(error);
      return;
    }
    const values = split(lines[0] || "").map(number);
    for (let i = 0; i < count; i++)
      if (!(values[i]! >= 0)) {
        done(malformed(text, lines[0]));
        return;
      }
    read(values);
  });
}

export function signal(ask: Ask, done: Give<Signal>): void {
  numbers(ask, "AT+CSQ", 2, done, (v) => {
    const rssi = v[0]!;
    done(null, { rssi, dbm: rssi <= 31 ? 2 * rssi - 113 : undefined, ber: v[1]! });
  });
}

export function battery(ask: Ask, done: Give<Battery>): void {
  numbers(ask, "AT+CBC", 3, done, (v) => done(null, { charging: v[0]!, percent: v[1]!, millivolts: v[2]! }));
}

export function operator(ask: Ask, done: Give<Operator>): void {
  ask("AT+COPS?", (error, lines) => {
    if (error) done(error);
    else done(null, { name: split(lines[0] || "")[2] });
  });
}

/** Days from 1970-01-01 to a date of the Gregorian calendar; month 1..12. */
function days(year: number, month: number, day: number): number {
  const y = month > 2 ? year : year - 1;
  const m = (month + 9) % 12;
  const leap = Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400);
  return 365 * y + leap + Math.floor((153 * m + 2) / 5) + day - 719469;
}

/** Reads `yy/MM/dd,hh:mm:ss±zz`, behind `+CCLK:` or `+QLTS:`; undefined if it is no such thing. */
export function readTime(line: string): Time | undefined {
  const start = line.indexOf('"') + 1;
  const part = (at: number): number => number(line.substring(start + at, start + at + 2));
  const sign = line[start + 17];
  const zone = sign === "-" ? -part(18) : sign === "+" ? part(18) : 0;
  const seconds =
    days(2000 + part(0), part(3), part(6)) * 86400 + part(9) * 3600 + part(12) * 60 + part(15) - zone * 900;
  return isNaN(seconds) ? undefined : { utc: seconds * 1000, zone };
}

/** Years before this one mean that the modem's clock was never set. */
const CLOCK_SET = days(2016, 1, 1) * 86400000;

export function time(ask: Ask, done: Give<Time>): void {
  ask("AT+CCLK?", (error, lines) => {
    const clock = error ? undefined : readTime(lines[0] || "");
    if (clock && clock.utc > CLOCK_SET) {
      done(null, clock);
      return;
    }
    // The network's time, if it sent one.
    ask("AT+QLTS", (refused, more) => {
      const network = refused ? undefined : readTime(more[0] || "");
      if (network && network.utc > CLOCK_SET) done(null, network);
      else done(error || refused || malformed("AT+CCLK?", lines[0]));
    });
  });
}

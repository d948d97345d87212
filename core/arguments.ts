// What callers hand in: checks, and the errors that name field, limit and value. It knows no command.
// @resident optionsOf integer
import { M95Error } from "./errors.js";

/** Text of an `EPARAM` message: field, limit, and the value that was given. */
export function wrong(field: string, limit: string, value: unknown): M95Error {
  return new M95Error("EPARAM", field + " must be " + limit + ", not " + show(value));
}

function show(value: any): string {
  const kind = typeof value;
  if (kind === "string") return '"' + (value.length > 40 ? value.substring(0, 40) + "..." : value) + '"';
  // What an object, a symbol or a function says of itself may throw, or be long.
  if (!value || kind === "number" || kind === "boolean") return "" + value;
  return (kind === "object" ? "an " : "a ") + kind;
}

/** What somebody else's code threw, in words. */
export function reason(thrown: any): string {
  const text = (thrown && thrown.message) || thrown;
  return typeof text === "string" ? text : show(text);
}

/** What a call with bad arguments ends with: an error of the driver, also for what reading an argument threw. */
export function refusal(thrown: unknown): M95Error {
  return thrown instanceof M95Error ? thrown : new M95Error("EPARAM", "an argument cannot be read: " + reason(thrown));
}

/** A copy of a call's options, which reads each of them once. @throws M95Error `EPARAM` when one cannot be read */
export function readable<T extends object>(options: T | undefined): T {
  try {
    return Object.assign({}, options) as T;
  } catch (error) {
    throw refusal(error);
  }
}

/** Checks a function. @throws M95Error `EPARAM` */
export function callable(field: string, value: unknown): void {
  if (typeof value !== "function") throw wrong(field, "a function", value);
}

/** The options of a call, of which a number is the QoS, as in Espruino's MQTT module. @throws M95Error `EPARAM` */
export function optionsOf(options: any): any {
  const kind = typeof options;
  if (kind === "number") return { qos: options };
  if (!options || kind === "function") return {};
  if (kind !== "object") throw wrong("options", "an object", options);
  return options;
}

/**
 * Checks an integer.
 * @throws M95Error `EPARAM` naming field, limit and value
 */
export function integer(field: string, value: unknown, min: number, max: number): number {
  if (typeof value !== "number" || !(value >= min && value <= max) || Math.floor(value) !== value)
    throw wrong(field, "an integer " + min + ".." + max, value);
  return value;
}

/** A boolean, or undefined. @throws M95Error `EPARAM` */
export function flag(field: string, value: unknown): unknown {
  if (value !== undefined && typeof value !== "boolean") throw wrong(field, "true or false", value);
  return value;
}

/**
 * Reads options by their rows: one a line, name, range and default, as JSON, split by "|". Ranges: `0-9` an integer; `ms` a
 * time; `?` true or false; `()` a function; `a/b` one of these words; `text` what is looked at elsewhere.
 * The first line is left to others.
 * @param prefix - stands before the names in errors
 * @returns those that were given, and the defaults of the others that have one
 * @throws M95Error `EPARAM`
 */
export function readOptions<T>(table: string, prefix: string, given: T): Partial<T> {
  const rows = table.split("\n");
  const read: any = {};
  for (let i = 1; i < rows.length; i++) {
    const parts = rows[i]!.split("|");
    const key = parts[0]!;
    const value = (given as any)[key];
    if (value === undefined) {
      if (parts[2]) read[key] = JSON.parse(parts[2]);
      continue;
    }
    const name = prefix + key;
    const range = parts[1] === "ms" ? "1-86400000" : parts[1]!;
    const limits = range.split("-");
    if (range === "?") flag(name, value);
    else if (range === "()") callable(name, value);
    else if (+limits[0]! >= 0) integer(name, value, +limits[0]!, +limits[1]!);
    else {
      const words = range.split("/");
      const last = words.pop()!;
      if (words.length && value !== last && words.indexOf(value) < 0)
        throw wrong(name, '"' + words.join('", "') + '" or "' + last + '"', value);
    }
    read[key] = value;
  }
  return read;
}

// What callers hand in: checks, and the errors that name field, limit and value. It knows no command.
// @resident optionsOf integer
import { M95Error } from "./errors.js";

/** Text of an `EPARAM` message: field, limit, and the value that was given. */
export function wrong(field: string, limit: string, value: unknown): M95Error {
  return new M95Error("EPARAM", field + " must be " + limit + ", not " + show(value));
}

function show(value: unknown): string {
  const kind = typeof value;
  if (typeof value === "string") return '"' + (value.length > 40 ? value.substring(0, 40) + "..." : value) + '"';
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
  if (kind === "object" && options) return options;
  if (options && kind !== "function") throw wrong("options", "an object", options);
  return {};
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

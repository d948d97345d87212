// Quoting of outgoing parameters and splitting of incoming ones. The one place where a user's string becomes part of a
// command; it knows no command.
import { M95Error } from "../errors.js";

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

/**
 * A quoted parameter, quotes included. The modem knows no escapes, so `"`, CR, LF and every other control byte is
 * refused.
 * @param max - bytes it may have, 0: no limit stated
 * @throws M95Error `EPARAM` for a wrong type or byte, `ETOOBIG` for too many bytes
 */
export function quote(field: string, value: unknown, max: number): string {
  if (typeof value !== "string") throw wrong(field, "a string", value);
  if (max && value.length > max)
    throw new M95Error("ETOOBIG", field + " must have at most " + max + " bytes, not " + value.length);
  // JSON escapes just what is forbidden here, the backslash and, on some engines, bytes above 126: those are looked at.
  if (JSON.stringify(value).length !== value.length + 2 || value.indexOf("\x7f") >= 0) {
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i);
      if (code < 32 || code === 34 || code === 127)
        throw new M95Error(
          "EPARAM",
          field + " must not hold a double quote or a control character, not byte " + code + " at " + i,
        );
    }
  }
  return '"' + value + '"';
}

/** The parameters behind the first colon of a line; commas inside quotes do not split, quotes and outer blanks go. */
export function split(line: string): string[] {
  const text = line.substring(line.indexOf(":") + 1);
  const parts = text.split(",");
  const fields: string[] = [];
  for (let i = 0; i < parts.length; i++) {
    let part = parts[i]!.trim();
    if (part[0] === '"') {
      // A quoted parameter that was cut at its commas is put together again, blanks included.
      part = parts[i]!.substring(parts[i]!.indexOf('"') + 1);
      while (!part.trim().endsWith('"') && i + 1 < parts.length) part += "," + parts[++i]!;
      const end = part.lastIndexOf('"');
      if (end >= 0) part = part.substring(0, end);
    }
    fields.push(part);
  }
  return fields;
}

/** A decimal integer, blanks around it allowed, or NaN for everything else. */
export function number(text: string | undefined): number {
  const value = parseInt(text!, 10);
  return value === +text! ? value : NaN;
}

/** Whether it is an IPv4 address. */
export function isAddress(line: string): boolean {
  const parts = line.split(".");
  return parts.length === 4 && parts.every((part) => number(part) >= 0 && number(part) <= 255);
}

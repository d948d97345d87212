// Quoting of outgoing parameters and splitting of incoming ones. The one place where a user's string becomes part of a
// command; it knows no command.
// @resident split number
import { wrong } from "../arguments.js";
import { M95Error } from "../errors.js";

/**
 * A quoted parameter, quotes included. The modem knows no escapes, so `"`, CR, LF and every other control byte is
 * refused.
 * @param max - bytes it may have, 0: no limit stated, below 0: a double quote is part of it
 * @throws M95Error `EPARAM` for a wrong type or byte, `ETOOBIG` for too many bytes
 */
export function quote(field: string, value: unknown, max: number): string {
  if (typeof value !== "string") throw wrong(field, "a string", value);
  if (max > 0 && value.length > max)
    throw new M95Error("ETOOBIG", field + " must have at most " + max + " bytes, not " + value.length);
  // JSON escapes just what is forbidden here, the backslash and, on some engines, bytes above 126: those are looked at.
  if (JSON.stringify(value).length !== value.length + 2 || value.indexOf("\x7f") >= 0) {
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i);
      if (code < 32 || (code === 34 && max >= 0) || code === 127)
        throw new M95Error(
          "EPARAM",
          field +
            (max < 0 ? " must be one line without" : " must not hold a double quote or") +
            " a control character, not byte " +
            code +
            " at " +
            i,
        );
    }
  }
  return '"' + value + '"';
}

/** Bytes that a command line may have; the modem runs no longer one. */
export const LINE = 256;

/** A command line. @throws M95Error `ETOOBIG` when it is longer than the modem's. @param field - what makes it long */
export function checkLine(field: string, line: string): string {
  if (line.length > LINE)
    throw new M95Error(
      "ETOOBIG",
      field + ": the command line must have at most " + LINE + " bytes, not " + line.length,
    );
  return line;
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

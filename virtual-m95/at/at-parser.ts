// Takes a command line apart: commands, forms, parameters and their ranges. It executes nothing.

import { CmeError, cme } from "./errors.js";

export type Form = "test" | "read" | "write" | "exec";

export interface Param {
  text: string;
  quoted: boolean;
}

export interface Command {
  /** `E`, `&W`, `+QMTPUB`: upper case. */
  name: string;
  form: Form;
  params: Param[];
  /** Why the parameters could not be read. */
  malformed?: string;
  raw: string;
}

/** Splits what follows `AT` into commands: `E0V1`, `+CMEE=1;+CREG=0`, `+IPR=115200&W`. */
export function splitLine(body: string): Command[] {
  const commands: Command[] = [];
  let at = 0;
  while (at < body.length) {
    if (body[at] === ";" || body[at] === " ") {
      at++;
      continue;
    }
    const end = body[at] === "+" ? extendedEnd(body, at) : basicEnd(body, at);
    commands.push(body[at] === "+" ? extended(body.slice(at, end)) : basic(body.slice(at, end)));
    at = end;
  }
  return commands;
}

function extendedEnd(body: string, from: number): number {
  let quoted = false;
  for (let i = from; i < body.length; i++) {
    const c = body[i];
    if (c === '"') quoted = !quoted;
    else if (!quoted && (c === ";" || c === "&")) return i;
  }
  return body.length;
}

function basicEnd(body: string, from: number): number {
  let i = from + (body[from] === "&" ? 2 : 1);
  while (i < body.length && /[0-9=?]/.test(body[i]!)) i++;
  return Math.min(i, body.length);
}

function basic(raw: string): Command {
  const letters = raw.startsWith("&") ? raw.slice(0, 2) : raw.slice(0, 1);
  const rest = raw.slice(letters.length);
  const params = rest === "" ? [] : [{ text: rest, quoted: false }];
  return { name: letters.toUpperCase(), form: "exec", params, raw };
}

function extended(raw: string): Command {
  const text = raw.trimEnd();
  const equals = text.indexOf("=");
  if (equals < 0) {
    const read = text.endsWith("?");
    const name = (read ? text.slice(0, -1) : text).trim().toUpperCase();
    return { name, form: read ? "read" : "exec", params: [], raw };
  }
  const name = text.slice(0, equals).trim().toUpperCase();
  const list = text.slice(equals + 1);
  if (list.trim() === "?") return { name, form: "test", params: [], raw };
  return { name, form: "write", raw, ...splitParams(list) };
}

/** `0, "a,b",1883` → three parameters; blanks around them do not count. */
function splitParams(list: string): { params: Param[]; malformed?: string } {
  const params: Param[] = [];
  let at = 0;
  for (;;) {
    while (list[at] === " ") at++;
    if (list[at] === '"') {
      const close = list.indexOf('"', at + 1);
      if (close < 0) return { params, malformed: "quote is not closed" };
      params.push({ text: list.slice(at + 1, close), quoted: true });
      at = close + 1;
      while (list[at] === " ") at++;
      if (at < list.length && list[at] !== ",") return { params, malformed: "text behind a closing quote" };
    } else {
      const comma = list.indexOf(",", at);
      const end = comma < 0 ? list.length : comma;
      const text = list.slice(at, end).trim();
      if (text.includes('"')) return { params, malformed: "quote inside a parameter" };
      params.push({ text, quoted: false });
      at = end;
    }
    if (at >= list.length) return { params };
    at++;
  }
}

/** Parameters of one command, checked while they are read. `invalid` is the CME code of a bad one. */
export class Params {
  constructor(
    readonly list: Param[],
    readonly invalid: number,
    readonly raw: string,
  ) {}

  get count(): number {
    return this.list.length;
  }

  has(index: number): boolean {
    const param = this.list[index];
    return param !== undefined && (param.quoted || param.text !== "");
  }

  expect(min: number, max: number): void {
    if (this.count < min || this.count > max) this.fail(`${this.count} parameters where ${min} to ${max} belong`);
  }

  int(index: number, min: number, max: number, what: string, quotedToo = false): number {
    const param = this.list[index];
    if (!param || (param.quoted && !quotedToo)) return this.fail(`${what} is not a number`);
    if (!/^-?\d{1,10}$/.test(param.text)) return this.fail(`${what} is not a number`);
    const value = Number(param.text);
    if (value < min || value > max) return this.fail(`${what} ${value} is outside ${min}–${max}`);
    return value;
  }

  string(index: number, what: string, max = 65_535): string {
    const param = this.list[index];
    if (!param?.quoted) return this.fail(`${what} is not a quoted string`);
    for (let i = 0; i < param.text.length; i++) {
      const code = param.text.charCodeAt(i);
      if (code >= 0x20 && code !== 0x7f) continue;
      const illegal = this.invalid === cme.mqttParameter ? cme.mqttIllegalCharacter : this.invalid;
      throw new CmeError(illegal, "control-char", `${what} holds byte ${code}: ${JSON.stringify(this.raw)}`);
    }
    if (param.text.length > max) return this.fail(`${what} is longer than ${max} bytes`);
    return param.text;
  }

  fail(detail: string): never {
    throw new CmeError(this.invalid, "parameter", `${detail}: ${this.raw}`);
  }
}

// Veils what is nobody's business in lines between host and modem, and in options. Lengths stay: a digit becomes 0, anything
// else x, so that what counts bytes still fits. Topics and payloads of messages are left as they are.

/** What can be veiled, in the words that a list of it uses. */
export type Secret = "PIN" | "APN login" | "MQTT login" | "telephone number" | "IMEI, IMSI or ICCID" | "cell" | "key";

/** `1` → `0`, everything else → `x`. */
export function veil(text: string): string {
  return text.replace(/\D/g, "x").replace(/\d/g, "0");
}

const string = '(?:,"([^"]*)")?';
const hex = '"?([0-9A-F]{3,8})"?';

/** Groups are veiled. Each line may be a command, its echo, an answer, or something unasked. */
const RULES: [Secret, RegExp][] = [
  ["PIN", /AT\+CPIN="?([^",\r\n]*)"?(?:,"?([^",\r\n]*))?/di],
  ["PIN", /AT\+C(?:PWD|LCK)="\w+",(?:\d,)?"?([^",\r\n]*)"?(?:,"?([^",\r\n]*))?/di],
  ["APN login", new RegExp(`AT\\+QI(?:CSGP=1,|REGAPP=)"[^"]*"${string}${string}`, "di")],
  ["MQTT login", new RegExp(`AT\\+QMTCONN=\\d,"[^"]*"${string}${string}`, "di")],
  ["telephone number", /\+C(?:LIP|MT|MGR|MGL|MGS|NUM|CWA|OLP)\b.*?"(\+?[\d*#]{3,})"/di],
  ["telephone number", /AT(?:\+CMGS="?|\+CSCA="?|D)(\+?[\d*#]{3,})/di],
  ["IMEI, IMSI or ICCID", /^\s*(?:\+Q?CCID: ?)?"?([0-9]{14,20}F?)"?\s*$/di],
  ["cell", new RegExp(`^\\s*\\+CG?REG: ?(?:\\d,)?\\d,${hex},${hex}`, "di")],
  ["cell", /^\s*\+QENG: ?0,(\d+,\w+,\w+,\w+,\w+,\w+),/di],
  ["cell", /^\s*\+QENG: ?1,(.*)/di],
  ["cell", /^\s*\+Q(?:GSMLOC|CELLLOC): ?(.*)/di],
];

/** One direction of the wire, line by line: of a key it has to know the lines before. */
export class Mask {
  #inKey = false;

  /** Called with each kind that is veiled. */
  constructor(private readonly found: (kind: Secret) => void) {}

  /** A line with its end, or as much of one as there is; `over` when it has ended. */
  line(text: string, over = true): string {
    if (this.#inKey || /-----BEGIN [A-Z ]*PRIVATE KEY/.test(text)) {
      const border = text.includes("-----");
      if (over) this.#inKey = !/-----END/.test(text);
      if (border) return text;
      this.found("key");
      return text.replace(/[^\r\n=]/g, (char) => veil(char));
    }
    let shown = text;
    for (const [kind, rule] of RULES)
      for (const range of rule.exec(text)?.indices?.slice(1) ?? []) {
        const part = range && shown.slice(...range);
        if (!part) continue;
        const hidden = kind === "cell" ? part.replace(/\w/g, (char) => (char === "x" ? char : "0")) : veil(part);
        if (hidden !== part) this.found(kind);
        shown = shown.slice(0, range[0]) + hidden + shown.slice(range[1]);
      }
    return shown;
  }

  /** A whole text of any number of lines. */
  text(text: string): string {
    return text.replace(/[^\r\n\x1a]*[\r\n\x1a]|[^\r\n\x1a]+$/g, (line) => this.line(line));
  }

  /** Options or arguments as JSON can have them: functions left out, bytes as `{ bytes }`, secrets by their names. */
  value(value: unknown, name = "", of = ""): unknown {
    if (typeof value === "string") {
      const kind = SECRET_NAMES[name];
      if (kind && value !== "") this.found(kind === "MQTT login" && of === "apn" ? "APN login" : kind);
      return kind && kind !== "key" ? veil(value) : this.text(value);
    }
    if (value instanceof Error) {
      const { code } = value as { code?: unknown };
      return { error: this.text(value.message), ...(code !== undefined && { code }) };
    }
    if (value instanceof ArrayBuffer) return this.value(new Uint8Array(value));
    if (value instanceof Uint8Array) return { bytes: Array.from(value, (byte) => String.fromCharCode(byte)).join("") };
    if (Array.isArray(value)) return value.map((one) => this.value(one));
    if (typeof value !== "object" || value === null) return typeof value === "function" ? undefined : value;
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, inner]) => {
        const shown = this.value(inner, key, name);
        return shown === undefined ? [] : [[key, shown]];
      }),
    );
  }
}

/** What goes by such a name, wherever it stands. */
const SECRET_NAMES: Record<string, Secret | undefined> = {
  pin: "PIN",
  password: "MQTT login",
  username: "MQTT login",
  key: "key",
  imei: "IMEI, IMSI or ICCID",
  imsi: "IMEI, IMSI or ICCID",
  iccid: "IMEI, IMSI or ICCID",
};

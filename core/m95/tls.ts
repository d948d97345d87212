// TLS: the check of certificates and settings, their way into the modem, its clock. An optional part: a target that wants it
// puts `secure` into the M95. It does no cryptography; who signed what is not looked at.
// @part tls
import { readOptions, wrong } from "../arguments.js";
import { placeOf } from "../at/lines.js";
import { number, quote, split } from "../at/params.js";
import type { Session } from "../at/session.js";
import type { Codec } from "../codec.js";
import { M95Error } from "../errors.js";
import { nameOf, request, SLACK } from "./commands.js";
import { isSet, time } from "./info.js";
import type { PemSource, TlsOptions } from "./options.js";

/** What it uses of the M95. */
export interface TlsHost {
  readonly codec: Codec;
  readonly wallClock: (() => number) | undefined;
  listenerThrew(error: unknown): void;
  readonly tls: Tls | undefined;
  readonly session: Pick<Session, "send">;
  readonly clients: ({ secure: Tls | undefined } | undefined)[];
}

interface TlsFile {
  field: string;
  source: PemSource;
  size: number;
  sum: number;
  name: string;
}

/** Bytes that a file may have. */
const RAM_LIMIT = 32768;
const NVRAM_LIMIT = 2017;

/** Seconds the modem waits for the bytes of a file, as in the application note (5.2). The driver waits as long: what has arrived is told then. */
const UPLOAD_WAIT = 100;

/** Seconds the modem may take for the handshake: less than it has for AT+QMTOPEN. */
const NEGOTIATE = 60;

/** ms by which the modem's clock may be off: more than a day matters to certificates. */
const DAY = 86400000;

const BEGIN = "-----BEGIN ";
const DASHES = "-----";

// Its text may be a key: no message has a part of it.
function bad(field: string, what: string): M95Error {
  return new M95Error("EPARAM", "tls." + field + " must " + what);
}

/** The modem's checksum: the XOR of 16-bit words, the first byte high, an odd last one as if a 0 followed. */
export function checksum(text: string): number {
  let sum = 0;
  // Behind the end it is NaN, which counts as 0. A third of a PEM file's cost on Espruino, so: two bytes a turn.
  for (let i = 0; i < text.length; i += 2) sum ^= (text.charCodeAt(i) << 8) | text.charCodeAt(i + 1);
  return sum;
}

/**
 * Looks at a PEM text: its marks whole and of the right kind, nothing around them, base64 and one kind of line end between
 * them. All of it by what engines do natively: to look at each byte costs Espruino four times as much.
 * @returns its checksum, or what it must be
 */
export function checkPem(field: string, text: string): number | string {
  const key = field === "key";
  const kind = key ? "PRIVATE KEY" : "CERTIFICATE";
  let at = 0;
  if (!text) return "not be empty";
  if (placeOf(text, "ENCRYPTED", 0) >= 0) return "not be encrypted: the modem takes no password";
  while (at < text.length) {
    const from = at + BEGIN.length;
    const head = text.indexOf(DASHES, from);
    const label = text.substring(from, head);
    if (head < 0 || label.length > 24 || text.substring(at, from) !== BEGIN)
      return "be PEM text, begin with -----BEGIN and have nothing around it";
    const isKey = label.endsWith("PRIVATE KEY");
    if (key ? !isKey : label !== kind)
      return (
        "be a " +
        kind +
        ", not a " +
        label +
        (key || isKey ? "; is it swapped with tls." + (key ? "cert?" : "key?") : "")
      );
    const mark = "-----END " + label + DASHES;
    const body = head + DASHES.length;
    const end = text.indexOf(mark, body);
    // The first dash and the first blank behind the head are the mark's.
    if (end < body + 4 || text.indexOf("-", body) !== end || text.indexOf(" ", body) !== end + 8)
      return "have base64 up to " + mark;
    at = end + mark.length;
    while (text[at] === "\r" || text[at] === "\n") at++;
  }
  // Neither base64 nor a blank or a dash, which the marks have; of control characters only DEL. In the function, where it stays
  // in flash on Espruino.
  const strange = "!\"#$%&'()*,.:;<>?@[\\]^_`{|}~\x7f";
  for (let i = 0; i < strange.length; i++) {
    const found = text.indexOf(strange[i]!);
    if (found >= 0) return "have base64 between its marks, not " + strange[i] + " at " + found;
  }
  const crs = text.split("\r").length;
  const lfs = text.split("\n").length;
  const sum = checksum(text);
  // JSON escapes control characters; of bytes above 127 an odd number shows in the checksum.
  if (JSON.stringify(text).length !== text.length + crs + lfs || sum & 0x8080)
    return "have base64 between its marks, not control characters";
  if (crs > 1 && (crs !== lfs || crs !== text.split("\r\n").length)) return "have the same line end everywhere";
  return sum;
}

/** Options of `tls`, for `readOptions`. */
export const TLS_OPTIONS =
  '\nsecurityLevel|0-2\nversion|0-4|3\ncipherSuites|text|"0XFFFF"\nignoreTime|?|false' +
  '\ncontext|0-5|0\nstorage|RAM/NVRAM|"RAM"\nconfigured|?|false';

export class Tls {
  readonly context: number;
  /** All options, those of the M95 included. */
  readonly options: TlsOptions;
  /** Files that go into the modem. */
  uses: TlsFile[];
  readonly level: number;
  /** AT+QSSLCFG and its values, in order. */
  commands: string[];
  private _host: TlsHost;
  /** The modem's clock is not set, and nobody knows the time. */
  private _timeless: boolean;
  /** The first command of a run waits for its turn. */
  private _first: boolean;
  private _dones: ((error: M95Error | null) => void)[];

  /** @throws M95Error `EPARAM` or `ETOOBIG` for bad options; what is missing is not looked at */
  constructor(host: TlsHost, own: any, base: Tls | undefined) {
    const o: any = Object.assign({}, base && base.options);
    for (const name in own) if (own[name] !== undefined) o[name] = own[name];
    Object.assign(o, readOptions(TLS_OPTIONS, "tls.", o));
    const nvram = o.storage === "NVRAM";
    const suites = o.cipherSuites;
    const context = o.context;
    const level = o.securityLevel === undefined ? (o.cert && o.key ? 2 : 1) : o.securityLevel;
    const limit = nvram ? NVRAM_LIMIT : RAM_LIMIT;
    this._host = host;
    this.options = o;
    this.context = context;
    this.level = level;
    this.uses = [];
    this.commands = [];
    this._dones = [];
    this._timeless = this._first = false;
    const set = (type: string, value: number | string): void => {
      this.commands.push('AT+QSSLCFG="' + type + '",' + context + "," + value);
    };
    for (let i = 0; i < 3; i++) {
      // The option, its name in NVRAM, the type of AT+QSSLCFG that points at it.
      const names = ["ca|CA0|cacert", "cert|CC0|clientcert", "key|CK0|clientkey"][i]!.split("|");
      const field = names[0]!;
      const source = o[field];
      if (source === undefined) continue;
      // The M95's own was looked at before.
      const known = base && base.uses.filter((one) => one.field === field && one.source === source)[0];
      const text = known ? "" : host.codec.toBytes(source);
      if (text === undefined) throw bad(field, "be PEM text, not " + typeof source);
      const size = known ? known.size : text.length;
      if (size > limit)
        throw new M95Error("ETOOBIG", "tls." + field + " must have at most " + limit + " bytes, not " + size);
      const sum = known ? known.sum : checkPem(field, text);
      if (typeof sum === "string") throw bad(field, sum);
      if (level < (i ? 2 : 1)) continue;
      const name = nvram ? "NVRAM:" + names[1] : "RAM:" + field + context + ".pem";
      this.uses.push({ field, source, size, sum, name });
      set(names[2]!, '"' + name + '"');
    }
    set("seclevel", level);
    set("sslversion", o.version);
    set("ciphersuite", quote("tls.cipherSuites", suites, 6));
    const digits = ("000" + parseInt(suites, 16).toString(16)).slice(-4);
    if ("0X" + digits.toUpperCase() !== suites.toUpperCase())
      throw wrong("tls.cipherSuites", '"0X" and four hexadecimal digits', suites);
    // One setting for all contexts; without a check it does not matter.
    if (level) this.commands.push('AT+QSSLCFG="ignorertctime",' + (o.ignoreTime ? 1 : 0));
    set("negotiatetime", NEGOTIATE);
    if (o.configured) {
      this.uses = [];
      this.commands = [];
    }
  }

  /** @throws M95Error `EPARAM` naming what is missing */
  complete(): void {
    const o = this.options;
    if (o.configured) return;
    if (this.level && !o.ca)
      throw bad("ca", "be given, or tls.securityLevel be 0: without it the broker cannot be verified");
    if (!o.cert !== !o.key || (this.level > 1 && !o.key))
      throw bad(o.cert ? "key" : "cert", "be given for a device that is verified");
  }

  /** What this and another one want differently and cannot have both, with `words` between what and where; "" if nothing. */
  clash(other: Tls, words: string): string {
    const codec = this._host.codec;
    const file = this.uses.filter((mine) =>
      other.uses.some((its) => its.name === mine.name && codec.toBytes(its.source) !== codec.toBytes(mine.source)),
    )[0];
    if (file) return "tls." + file.field + words + file.name;
    if (this.context === other.context && this.commands.join() !== other.commands.join())
      return "tls" + words + "SSL context " + this.context;
    return this.uses.length && other.uses.length && !this.options.ignoreTime !== !other.options.ignoreTime
      ? "tls.ignoreTime" + words + "the modem's clock"
      : "";
  }

  // ---- for the link

  prepare(done: (error: M95Error | null) => void): void {
    // Each time, also when it was done before: a modem that has rebooted without a word verifies nobody any more.
    if (this.options.configured) done(null);
    else if (this._dones.push(done) === 1) {
      this._first = false;
      this._file(0);
    }
  }

  causes(): string {
    let text = "; with TLS, look at ";
    if (this.level && !this.options.ignoreTime) text += "the modem's clock" + (this._timeless ? " (not set), " : ", ");
    if (this.level) text += "ca, ";
    return text + (this.level > 1 ? "cert and key" : "securityLevel") + ", host and port, version and cipherSuites";
  }

  // ---- into the modem

  private _file(at: number): void {
    const file = this.uses[at];
    if (!file) {
      this._time();
      return;
    }
    this._ask('AT+QSECREAD="' + file.name + '"', (error, lines) => {
      const answer = split(lines[0] || "");
      if (error && error.code !== "ECME") this._end(error, file);
      else if (!error && answer[0] === "1" && parseInt(answer[1]!, 16) === file.sum) this._file(at + 1);
      else this._upload(at, true);
    });
  }

  private _upload(at: number, again: boolean): void {
    const file = this.uses[at]!;
    // A name that is taken cannot be written, and what is there may be the half of a file.
    this._ask('AT+QSECDEL="' + file.name + '"', (gone) => {
      if (gone && gone.code !== "ECME") {
        this._end(gone, file);
        return;
      }
      const text = 'AT+QSECWRITE="' + file.name + '",' + file.size + "," + UPLOAD_WAIT;
      this._ask(
        text,
        (error, lines) => {
          const stored = split(lines[0] || "");
          if (!error && number(stored[0]) === file.size && parseInt(stored[1]!, 16) === file.sum) this._file(at + 1);
          // Whether the modem asked for the bytes is not known, or what became of them: it is asked what it has.
          else if (error && error.code === "EUNKNOWN") this._file(at);
          else if (again && !(error && error.code === "ECLOSED")) this._upload(at, false);
          else
            this._end(
              error ||
                new M95Error(
                  "ETLS",
                  text +
                    ": " +
                    stored[0] +
                    " bytes arrived with checksum " +
                    stored[1] +
                    ", not " +
                    file.size +
                    " with " +
                    file.sum.toString(16) +
                    (number(stored[0]) < file.size
                      ? "; they get lost on the way: wire RTS and CTS and set flowControl"
                      : ""),
                  text,
                ),
              file,
            );
        },
        this._host.codec.toBytes(file.source),
      );
    });
  }

  // Certificates are valid from and until: the modem must know what day it is.
  private _time(): void {
    if (!this.level || this.options.ignoreTime) {
      this._set(0);
      return;
    }
    let asked = "";
    time(
      (text, done) => {
        asked = text;
        this._ask(text, done);
      },
      (error, known) => {
        let wall = 0;
        try {
          if (this._host.wallClock) wall = this._host.wallClock();
        } catch (thrown) {
          this._host.listenerThrew(thrown);
        }
        const utc = isSet(wall) ? wall : known ? known.utc : 0;
        this._timeless = !utc;
        if (error && (error as M95Error).code === "ECLOSED") this._end(error as M95Error);
        else if (!utc || (known && asked === "AT+CCLK?" && Math.abs(utc - known.utc) <= DAY)) this._set(0);
        else {
          const iso = new Date(utc).toISOString();
          const date = iso.substring(2, 10).split("-").join("/");
          this._ask('AT+CCLK="' + date + "," + iso.substring(11, 19) + '+00"', (refused) => {
            this._timeless = !!refused;
            this._set(0);
          });
        }
      },
    );
  }

  private _set(at: number): void {
    const text = this.commands[at];
    if (!text) {
      this._end(null);
      return;
    }
    this._ask(text, (error) => {
      // The last one, negotiatetime, is not known to all firmware.
      if (error && (error.code !== "ECME" || at + 1 < this.commands.length)) this._end(error);
      else this._set(at + 1);
    });
  }

  private _end(error: M95Error | null, file?: TlsFile): void {
    let failure = error;
    if (error && error.code !== "ECLOSED") {
      failure = new M95Error("ETLS", "tls" + (file ? "." + file.field : "") + ": " + error.message, error.command);
      if (error.cme !== undefined) failure.cme = error.cme;
    }
    this._dones.splice(0).forEach((done) => {
      done(failure);
    });
  }

  /** From the second one on, commands go before all that waits: no other run gets in between. */
  private _ask(text: string, done: (error: M95Error | null, lines: string[]) => void, data?: string): void {
    const first = this._first;
    const one = request(text, done, data);
    // Files are answered with lines although nothing is asked.
    one.info = "+" + nameOf(text);
    this._first = true;
    one.repeats = !data;
    one.upload = data && UPLOAD_WAIT * 1000 + SLACK;
    this._host.session.send(one, first);
  }
}

/**
 * `M95.secure` of a build with TLS.
 * @param id - the client's, or -1 for the M95's own option
 * @throws M95Error `EPARAM` or `ETOOBIG`, naming option and limit
 */
export function secure(this: TlsHost, id: number, tls: boolean | TlsOptions | undefined): Tls | undefined {
  const base = id < 0 ? undefined : this.tls;
  if (tls === false || (tls === undefined && !base)) return undefined;
  if (tls !== undefined && tls !== true && (typeof tls !== "object" || !tls))
    throw wrong("tls", "true, false or an object", tls);
  const mine = new Tls(this, typeof tls === "object" ? tls : {}, base);
  if (id < 0) return mine;
  mine.complete();
  for (let i = 0; i < this.clients.length; i++) {
    const client = this.clients[i];
    const other = client && client.secure;
    if (!other) continue;
    const clash = mine.clash(other, ": clients " + i + " and " + id + " differ, but share ");
    if (clash) throw new M95Error("EPARAM", clash);
    if (other.context === mine.context) return other;
  }
  return mine;
}

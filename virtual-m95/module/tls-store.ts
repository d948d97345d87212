// Certificates and TLS settings: QSECWRITE, QSECREAD, QSECDEL, QSSLCFG (facts sheet 5). No cryptography.

import type { X509Certificate } from "node:crypto";
import { certificatesIn, refusal } from "../../tls/certificates.js";
import { checksum, sizeLimit } from "../../tls/files.js";
import { allCipherSuites, cipherSuites, type TlsSettings, type TlsVersion } from "../../tls/settings.js";
import type { Params } from "../at/at-parser.js";
import { CmeError, cme } from "../at/errors.js";
import type { Call, CommandTable } from "../at/interpreter.js";
import type { Device } from "../device.js";

/** One set of files fits into NVRAM, under these names. */
const nvramNames = ["NVRAM:CA0", "NVRAM:CC0", "NVRAM:CK0"];
const levelTwoFiles = ["cacert", "clientcert", "clientkey"];

/** The value of "ciphersuite" that offers all of them. */
const allCiphers = "0XFFFF";

/** By the value of "sslversion", 1 to 4; 0 is SSL 3.0, which OpenSSL has no longer. */
const versions: readonly ([TlsVersion, TlsVersion] | undefined)[] = [
  undefined,
  ["TLSv1", "TLSv1"],
  ["TLSv1.1", "TLSv1.1"],
  ["TLSv1.2", "TLSv1.2"],
  ["TLSv1", "TLSv1.2"],
];

/** QSSLCFG types with a context index: a range, a file or a cipher suite. */
const contextSettings: Record<string, [min: number, max: number] | "file" | "cipher"> = {
  sslversion: [0, 4],
  seclevel: [0, 2],
  negotiatetime: [10, 300],
  ciphersuite: "cipher",
  cacert: "file",
  clientcert: "file",
  clientkey: "file",
};
/** Those without one; only the first concerns MQTT. */
const plainSettings: Record<string, [min: number, max: number]> = {
  ignorertctime: [0, 1],
  certchain: [0, 1],
  https: [0, 1],
  httpsctxi: [0, 5],
};

/** A handshake as an SSL context sets it up. */
export interface TlsSetup {
  settings: TlsSettings;
  /** Longest handshake in ms, undefined: as long as AT+QMTOPEN may take. */
  limit: number | undefined;
}

export interface TlsStoreHooks {
  /** Whether QSSLCFG fails now. */
  blocked(): boolean;
  /** The module's clock, ms UTC. */
  time(): number;
}

export class TlsStore {
  readonly #device: Device;
  readonly #hooks: TlsStoreHooks;
  readonly #files = new Map<string, string>();
  readonly #contexts = new Map<number, Map<string, string>>();
  readonly #plain = new Map<string, number>();

  constructor(device: Device, hooks: TlsStoreHooks) {
    this.#device = device;
    this.#hooks = hooks;
  }

  /** Power-off: what is in RAM is lost. */
  reset(): void {
    for (const name of this.#files.keys()) if (name.startsWith("RAM:")) this.#files.delete(name);
    this.#contexts.clear();
    this.#plain.clear();
  }

  /** What a context comes to for a connection to `host`; a string says what is missing. */
  setup(context: number, host: string): TlsSetup | string {
    const settings = this.#contexts.get(context);
    const value = (type: string, otherwise: number): number => Number(settings?.get(type) ?? otherwise);
    const level = value("seclevel", 0);
    const needed = levelTwoFiles.slice(0, level === 2 ? 3 : level);
    const files = needed.map((type) => this.#files.get(settings?.get(type) ?? ""));
    const missing = needed.find((_type, index) => files[index] === undefined);
    if (missing) return `seclevel ${level} needs ${missing}, which is not in the modem`;
    const version = versions[value("sslversion", 4)];
    if (!version) return "SSL 3.0 is not simulated";
    const suite = settings?.get("ciphersuite") ?? allCiphers;
    const [ca, cert, key] = files;
    const limit = settings?.get("negotiatetime");
    return {
      limit: limit === undefined ? undefined : Number(limit) * 1000,
      settings: {
        minVersion: version[0],
        maxVersion: version[1],
        ciphers: suite === allCiphers ? allCipherSuites : [cipherSuites[suite]!],
        ...(cert !== undefined && { cert }),
        ...(key !== undefined && { key }),
        refuse: (chain) => (ca === undefined ? undefined : this.#refuse(chain, ca, host)),
      },
    };
  }

  commands(): CommandTable {
    return {
      "+QSECWRITE": {
        test: '+QSECWRITE: "<filename>",<length>,<timeout>',
        write: (call, params) => this.#write(call, params),
      },
      "+QSECREAD": {
        test: '+QSECREAD: "<filename>"',
        write: (call, params) => {
          params.expect(1, 1);
          const data = this.#files.get(this.#name(params));
          if (data === undefined && !this.#device.quirks.secReadMissing) throw new CmeError(cme.notFound);
          call.info(data === undefined ? "+QSECREAD: 0,0" : `+QSECREAD: 1,${checksum(data).toString(16)}`);
        },
      },
      "+QSECDEL": {
        test: '+QSECDEL: "<filename>"',
        write: (_call, params) => {
          params.expect(1, 1);
          if (!this.#files.delete(this.#name(params))) throw new CmeError(cme.notFound);
        },
      },
      "+QSSLCFG": {
        test: '+QSSLCFG: "type",(0-5),"value"',
        write: (call, params) => this.#configure(call, params),
      },
    };
  }

  #refuse(chain: X509Certificate[], ca: string, host: string): string | undefined {
    try {
      return refusal(chain, {
        anchors: certificatesIn(ca),
        host: this.#device.quirks.tlsHostName ? host : undefined,
        time: this.#plain.get("ignorertctime") === 1 ? undefined : this.#hooks.time(),
      });
    } catch (error) {
      return `a certificate cannot be read: ${(error as Error).message}`;
    }
  }

  #name(params: Params, index = 0): string {
    const name = params.string(index, "<filename>", 64);
    if (!/^(RAM|NVRAM):.+/.test(name)) params.fail(`<filename> ${name} is neither RAM: nor NVRAM:`);
    if (name.startsWith("NVRAM:") && !this.#device.quirks.nvramAnyName && !nvramNames.includes(name)) {
      params.fail(`<filename> ${name} is none of ${nvramNames.join(", ")}`);
    }
    return name;
  }

  #write(call: Call, params: Params): void {
    params.expect(2, 4);
    const name = this.#name(params);
    const store = name.slice(0, name.indexOf(":")) as keyof typeof sizeLimit;
    const size = params.int(1, 1, sizeLimit[store], "<length>");
    const seconds = params.has(2) ? params.int(2, 1, 65_535, "<timeout>") : this.#device.timing.secWrite / 1000;
    // Seen in the wild, meaning unknown.
    if (params.has(3)) params.int(3, 0, 65_535, "the fourth parameter");
    if (this.#files.has(name)) throw new CmeError(cme.memoryFailure);
    if (store === "RAM" && this.#used() + size > sizeLimit.RAM) throw new CmeError(cme.memoryFull);
    call.prompt({
      text: "\r\nCONNECT\r\n",
      limit: size,
      exact: true,
      buffer: this.#device.quirks.uploadBuffer,
      timeout: seconds * 1000,
      onData: (data) => {
        this.#files.set(name, data);
        call.info(`+QSECWRITE: ${data.length},${checksum(data).toString(16)}`);
      },
    });
  }

  /** Bytes in RAM. */
  #used(): number {
    return [...this.#files].reduce((sum, [name, data]) => sum + (name.startsWith("RAM:") ? data.length : 0), 0);
  }

  #configure(call: Call, params: Params): void {
    if (this.#hooks.blocked()) throw new CmeError(cme.notAllowed);
    const spelled = params.string(0, "<type>").toLowerCase();
    // The note's example 5.2 spells it so.
    const type = spelled === "secllevel" && this.#device.quirks.secllevel ? "seclevel" : spelled;
    const range = plainSettings[type];
    if (range) {
      params.expect(2, 2);
      this.#plain.set(type, params.int(1, ...range, type));
      return;
    }
    const context = params.int(1, 0, 5, "<ctxindex>");
    if (type === "ctxindex") {
      params.expect(2, 2);
      for (const [key, value] of this.#contexts.get(context) ?? []) {
        call.info(`+QSSLCFG: "${key}",${context},${value}`);
      }
      call.info(`+QSSLCFG: "ignorertctime",${this.#plain.get("ignorertctime") ?? 0}`);
      return;
    }
    if (!contextSettings[type]) params.fail(`no QSSLCFG type ${type}`);
    params.expect(3, 3);
    const value = this.#value(type, params);
    if (!this.#contexts.has(context)) this.#contexts.set(context, new Map());
    this.#contexts.get(context)!.set(type, value);
  }

  #value(type: string, params: Params): string {
    const kind = contextSettings[type]!;
    if (kind === "file") return this.#name(params, 2);
    if (kind !== "cipher") return String(params.int(2, kind[0], kind[1], type));
    const suite = params.string(2, type).toUpperCase();
    if (suite !== allCiphers && !cipherSuites[suite]) params.fail(`no cipher suite ${suite}`);
    return suite;
  }
}

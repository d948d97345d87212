// Certificates and TLS settings: QSECWRITE, QSECREAD, QSECDEL, QSSLCFG (facts sheet 5). No cryptography.

import type { Params } from "./at-parser.js";
import type { Device } from "./device.js";
import { CmeError, cme } from "./errors.js";
import type { Call, CommandTable } from "./interpreter.js";

const sizeLimit = { RAM: 32_768, NVRAM: 2017 } as const;

/** QSSLCFG types with a context index: their value, a range or a quoted string. */
const contextSettings: Record<string, [min: number, max: number] | "string"> = {
  sslversion: [0, 4],
  seclevel: [0, 2],
  // The note's example 5.2 spells it so.
  secllevel: [0, 2],
  negotiatetime: [10, 300],
  ciphersuite: "string",
  cacert: "string",
  clientcert: "string",
  clientkey: "string",
};

/** XOR of the 16-bit big-endian words, the last byte of an odd length counting as a high byte. */
export function checksum(data: string): number {
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum ^= i % 2 === 0 ? data.charCodeAt(i) << 8 : data.charCodeAt(i);
  return sum;
}

export class TlsStore {
  readonly #device: Device;
  readonly #blocked: () => boolean;
  readonly #files = new Map<string, string>();
  readonly #contexts = new Map<number, Map<string, string>>();
  #ignoreRtcTime = 0;

  /** `blocked`: whether QSSLCFG fails now. */
  constructor(device: Device, blocked: () => boolean) {
    this.#device = device;
    this.#blocked = blocked;
  }

  /** Power-off: what is in RAM is lost. */
  reset(): void {
    for (const name of this.#files.keys()) if (name.startsWith("RAM:")) this.#files.delete(name);
    this.#contexts.clear();
    this.#ignoreRtcTime = 0;
  }

  /** Whether a handshake with this context has the files it needs. */
  usable(context: number): boolean {
    const settings = this.#contexts.get(context);
    const level = Number(settings?.get("seclevel") ?? 0);
    const needed = level === 0 ? [] : level === 1 ? ["cacert"] : ["cacert", "clientcert", "clientkey"];
    return needed.every((type) => this.#files.has(settings?.get(type) ?? ""));
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
          const data = this.#files.get(this.#name(params));
          if (data === undefined) throw new CmeError(cme.notFound);
          call.info(`+QSECREAD: 1,${checksum(data).toString(16)}`);
        },
      },
      "+QSECDEL": {
        test: '+QSECDEL: "<filename>"',
        write: (_call, params) => {
          if (!this.#files.delete(this.#name(params))) throw new CmeError(cme.notFound);
        },
      },
      "+QSSLCFG": {
        test: '+QSSLCFG: "type",(0-5),"value"',
        write: (call, params) => this.#configure(call, params),
      },
    };
  }

  #name(params: Params): string {
    const name = params.string(0, "<filename>", 64);
    if (!/^(RAM|NVRAM):.+/.test(name)) params.fail(`<filename> ${name} is neither RAM: nor NVRAM:`);
    return name;
  }

  #write(call: Call, params: Params): void {
    params.expect(2, 4);
    const name = this.#name(params);
    const store = name.slice(0, name.indexOf(":")) as keyof typeof sizeLimit;
    const size = params.int(1, 1, sizeLimit[store], "<length>");
    const seconds = params.has(2) ? params.int(2, 1, 65_535, "<timeout>") : this.#device.timing.secWrite / 1000;
    if (this.#files.has(name)) throw new CmeError(cme.memoryFailure);
    call.prompt({
      text: "\r\nCONNECT\r\n",
      limit: size,
      exact: true,
      timeout: seconds * 1000,
      onData: (data) => {
        this.#files.set(name, data);
        call.info(`+QSECWRITE: ${data.length},${checksum(data).toString(16)}`);
      },
    });
  }

  #configure(call: Call, params: Params): void {
    if (this.#blocked()) throw new CmeError(cme.notAllowed);
    const type = params.string(0, "<type>").toLowerCase();
    if (type === "ignorertctime") {
      params.expect(2, 2);
      this.#ignoreRtcTime = params.int(1, 0, 1, "<ignorertctime>");
      return;
    }
    const context = params.int(1, 0, 5, "<ctxindex>");
    if (type === "ctxindex") {
      params.expect(2, 2);
      for (const [key, value] of this.#contexts.get(context) ?? []) {
        call.info(`+QSSLCFG: "${key}",${context},${value}`);
      }
      call.info(`+QSSLCFG: "ignorertctime",${this.#ignoreRtcTime}`);
      return;
    }
    const kind = contextSettings[type];
    if (!kind) {
      params.fail(`no QSSLCFG type ${type}`);
      return;
    }
    params.expect(3, 3);
    const value = kind === "string" ? params.string(2, type) : String(params.int(2, kind[0], kind[1], type));
    if (type === "ciphersuite" && !/^0x[0-9a-f]{4}$/i.test(value)) params.fail(`ciphersuite ${value} is no 0Xnnnn`);
    if (!this.#contexts.has(context)) this.#contexts.set(context, new Map());
    this.#contexts.get(context)!.set(type === "secllevel" ? "seclevel" : type, value);
  }
}

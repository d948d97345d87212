// What tests of the upload share: small PEM texts, a client with TLS on a virtual M95, its AT+QSEC and AT+QSSLCFG traffic.
import type { ConnectOptions, M95Error, M95Options, TlsOptions } from "../../core/index.js";
import type { VirtualM95Options } from "../../virtual-m95/index.js";
import { type Rig, rig } from "../support/rig.js";

export function pem(label: string, body: string, end = "\n"): string {
  return `-----BEGIN ${label}-----${end}${body}${end}-----END ${label}-----${end}`;
}
export const ca = pem("CERTIFICATE", "Y2E=");
export const cert = pem("CERTIFICATE", "Y2VydA==");
export const key = pem("RSA PRIVATE KEY", "a2V5");

export interface Bench extends Rig {
  errors: M95Error[];
}

/** A modem that is on, with `tls` as its option. */
export function bench(
  tls?: TlsOptions,
  modem: Partial<M95Options> = {},
  virtual: Partial<VirtualM95Options> = {},
): Bench {
  const r = rig({ power: false, modem: tls ? { ...modem, tls } : modem, virtual });
  const errors: M95Error[] = [];
  r.modem.on("error", (error) => errors.push(error as M95Error));
  return { ...r, errors };
}

export function connect(b: Bench, options: Partial<ConnectOptions> = {}) {
  const client = b.modem.connect({ host: "broker.example", clientId: "me", ...options });
  client.on("error", (error) => b.errors.push(error as M95Error));
  return client;
}

/** Commands of TLS and what the modem said to them, shortened: the names without AT+, the bytes of a file as `[n bytes]`. */
export function traffic(r: Rig, from = 0): string[] {
  const lines: string[] = [];
  let ours = false;
  for (const line of r.trace.slice(from)) {
    if (line.startsWith(">AT")) ours = /^>AT\+(QSEC|QSSLCFG|CCLK|QLTS|QMTCFG="SSL"|QMTOPEN=)/.test(line);
    if (!ours) continue;
    if (line.startsWith(">AT")) lines.push(line.slice(4).trim());
    else if (line.startsWith(">")) lines.push(`[${line.length - 1} bytes]`);
    else if (!line.startsWith("<+QMT") && line !== "<OK") lines.push(line.slice(1));
  }
  return lines;
}

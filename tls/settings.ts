// What a module offers in a TLS handshake: versions, cipher suites, identity. It makes none.

import type { X509Certificate } from "node:crypto";

/** By the value of AT+QSSLCFG="ciphersuite": OpenSSL's name. RSA key exchange only. */
export const cipherSuites: Readonly<Record<string, string>> = {
  "0X0035": "AES256-SHA",
  "0X002F": "AES128-SHA",
  "0X0005": "RC4-SHA",
  "0X0004": "RC4-MD5",
  "0X000A": "DES-CBC3-SHA",
  "0X003D": "AES256-SHA256",
};

/** OpenSSL's names of what is offered with "0XFFFF". */
export const allCipherSuites: readonly string[] = Object.values(cipherSuites);

export type TlsVersion = "TLSv1" | "TLSv1.1" | "TLSv1.2";

/** What an SSL context of the modem (AT+QSSLCFG) comes to. */
export interface TlsSettings {
  minVersion: TlsVersion;
  maxVersion: TlsVersion;
  /** By OpenSSL's names. */
  ciphers: readonly string[];
  /** PEM; only with seclevel 2. */
  cert?: string;
  key?: string;
  /** Says why the modem refuses these certificates, the server's own first; undefined when it does not. */
  refuse(chain: X509Certificate[]): string | undefined;
}

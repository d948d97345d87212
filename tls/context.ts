// The two ends of a real handshake that takes an M95's part: OpenSSL's context in front, the chain that came behind. It
// opens no connection.

import { X509Certificate } from "node:crypto";
import tls from "node:tls";
import { identityFault } from "./certificates.js";
import type { TlsSettings } from "./settings.js";

/** An Error for what no handshake can be made of: no cipher that OpenSSL has, a key that is not the certificate's. */
export function contextOf(settings: TlsSettings): tls.SecureContext | Error {
  const fault = identityFault(settings);
  if (fault !== undefined) return new Error(fault);
  const { minVersion, maxVersion, ciphers, cert, key } = settings;
  try {
    return tls.createSecureContext({
      minVersion,
      maxVersion,
      // What the module offers is too old for OpenSSL's ordinary demands.
      ciphers: [...ciphers, "@SECLEVEL=0"].join(":"),
      ca: [],
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
    });
  } catch (error) {
    return error as Error;
  }
}

/** The certificates that the server sent, its own first. */
export function sentBy(socket: tls.TLSSocket): X509Certificate[] {
  const chain: X509Certificate[] = [];
  let next: tls.DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  while (next?.raw && !chain.some(({ raw }) => raw.equals(next!.raw))) {
    chain.push(new X509Certificate(next.raw));
    next = next.issuerCertificate;
  }
  return chain;
}

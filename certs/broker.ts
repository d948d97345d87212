// A broker tried out from this machine: a handshake as an M95 makes it, and if that fails an ordinary one to see why.

import type { X509Certificate } from "node:crypto";
import net from "node:net";
import tls from "node:tls";
import { nameOf, refusal, signatureOf } from "../tls/certificates.js";
import { contextOf, sentBy } from "../tls/context.js";
import { allCipherSuites, type TlsSettings } from "../tls/settings.js";
import { type Finding, keyName } from "./inspect.js";
import type { CheckedSet } from "./set.js";

export interface BrokerAddress {
  host: string;
  port: number;
}

/** ms for one handshake. */
const LIMIT = 15_000;

interface Handshake {
  protocol: string;
  cipher: string;
  chain: X509Certificate[];
}

/**
 * What a handshake with the broker shows. A broker that cannot be reached is a problem too.
 * `name`: what its certificate has to be for.
 */
export async function tryBroker(
  { host, port }: BrokerAddress,
  name: string,
  { parts }: CheckedSet,
  time: number,
): Promise<Finding[]> {
  const where = `${host}:${port}`;
  const found = (level: Finding["level"], code: string, text: string): Finding => ({
    level,
    role: "broker",
    code,
    text,
  });
  const identity = parts.cert?.normal && parts.key?.normal ? { cert: parts.cert.normal, key: parts.key.normal } : {};
  const settings: TlsSettings = {
    minVersion: "TLSv1",
    maxVersion: "TLSv1.2",
    ciphers: allCipherSuites,
    refuse: () => undefined,
    ...identity,
  };
  const secureContext = contextOf(settings);
  if (secureContext instanceof Error)
    return [found("problem", "files", `No handshake with these files: ${secureContext.message}.`)];
  const asModem = await shake({ host, port, secureContext, servername: "" });
  if (!(asModem instanceof Error)) {
    const findings = [
      found("note", "handshake", `${where} accepts what an M95 offers: ${asModem.protocol}, ${asModem.cipher}.`),
    ];
    const anchors = parts.ca?.certificates ?? [];
    const why = anchors.length > 0 ? refusal(asModem.chain, { anchors, host: name, time }) : undefined;
    if (why !== undefined) findings.push(found("problem", "refused", `The modem would refuse ${where}: ${why}.`));
    return findings;
  }
  if (isUnreached(asModem)) return [found("problem", "unreached", `${where} cannot be reached: ${asModem.message}.`)];
  const failed = `${where} does not accept what an M95 offers (TLS 1.0 to 1.2, RSA key exchange, no SNI): ${asModem.message}.`;
  const usual = await shake({ host, port, ...identity, ...(net.isIP(name) ? {} : { servername: name }) });
  if (usual instanceof Error)
    return [found("problem", "handshake", `${failed} An ordinary handshake fails as well: ${usual.message}.`)];
  const [leaf] = usual.chain;
  const certificate = leaf
    ? `, the certificate of ${nameOf(leaf)} (${keyName(leaf.publicKey)}, ${signatureOf(leaf)})`
    : "";
  return [
    found(
      "problem",
      "handshake",
      `${failed} An ordinary client gets ${usual.protocol}, ${usual.cipher}${certificate}.`,
    ),
  ];
}

/** TCP did not come about, or the name is unknown. */
function isUnreached(error: Error): boolean {
  const { code, syscall } = error as NodeJS.ErrnoException;
  return syscall === "connect" || syscall === "getaddrinfo" || code === "ENOTFOUND";
}

/** OpenSSL's own words only, and what several addresses failed with. */
function worded(error: Error & { reason?: string; code?: string; syscall?: string; errors?: Error[] }): Error {
  const first = error.errors?.[0] as NodeJS.ErrnoException | undefined;
  if (first) return first;
  if (error.reason) error.message = error.reason;
  return error;
}

function shake(options: tls.ConnectionOptions): Promise<Handshake | Error> {
  return new Promise((resolve) => {
    const socket = tls.connect({ ...options, rejectUnauthorized: false, timeout: LIMIT });
    const settle = (result: Handshake | Error): void => {
      resolve(result);
      socket.destroy();
    };
    socket.on("timeout", () => settle(new Error(`no answer within ${LIMIT / 1000} s`)));
    socket.on("error", (error) => settle(worded(error)));
    socket.on("close", () => settle(new Error("the connection was closed")));
    socket.on("secureConnect", () => {
      settle({ protocol: socket.getProtocol()!, cipher: socket.getCipher().name, chain: sentBy(socket) });
    });
  });
}

// Certificates as an M95 judges them: the broker's chain, dates, name and algorithms, and its own identity. It reads no
// files and opens no connection.

import { createPrivateKey, X509Certificate } from "node:crypto";

/** DER of the object identifiers in hex, and what they name. */
const signatures: Record<string, string> = {
  "2a864886f70d010104": "RSA-MD5",
  "2a864886f70d010105": "RSA-SHA1",
  "2a864886f70d01010e": "RSA-SHA224",
  "2a864886f70d01010b": "RSA-SHA256",
  "2a864886f70d01010c": "RSA-SHA384",
  "2a864886f70d01010d": "RSA-SHA512",
  "2a864886f70d01010a": "RSA-PSS",
  "2a8648ce3d0401": "ECDSA-SHA1",
  "2a8648ce3d040302": "ECDSA-SHA256",
  "2a8648ce3d040303": "ECDSA-SHA384",
  "2a8648ce3d040304": "ECDSA-SHA512",
  "2b6570": "Ed25519",
  "2b6571": "Ed448",
};

/** What the TLS of such a module is taken to verify; nothing is documented. */
const verifiable = ["RSA-MD5", "RSA-SHA1", "RSA-SHA224", "RSA-SHA256"];

/** The algorithm of a certificate's signature, such as `RSA-SHA256`; its hexadecimal identifier if it has no name here. */
export function signatureOf(certificate: X509Certificate): string {
  const [, algorithm] = elements(content(certificate.raw));
  const id = content(elements(content(algorithm!))[0]!).toString("hex");
  return signatures[id] ?? id;
}

export function canVerify(signature: string): boolean {
  return verifiable.includes(signature);
}

/** Every certificate of a PEM text, in its order. @throws Error for one that cannot be read */
export function certificatesIn(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => new X509Certificate(block));
}

/** Says why no handshake can be made with this client certificate and key (PEM); undefined when it can. */
export function identityFault({ cert, key }: { cert?: string; key?: string }): string | undefined {
  try {
    const own = cert === undefined ? undefined : new X509Certificate(cert);
    const secret = key === undefined ? undefined : createPrivateKey(key);
    const kind = secret?.asymmetricKeyType ?? "rsa";
    if (kind !== "rsa") return `the client key is ${kind}, not RSA`;
    // In OpenSSL's words.
    return own && secret && !own.checkPrivateKey(secret) ? "key values mismatch" : undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

export interface Trust {
  anchors: X509Certificate[];
  /** The name or address that was dialled; undefined: names are not looked at. */
  host: string | undefined;
  /** The time to judge dates by, ms UTC; undefined: dates are not looked at. */
  time: number | undefined;
}

/** Says why a module would refuse this chain, the server's own certificate first; undefined when it would not. */
export function refusal(chain: X509Certificate[], { anchors, host, time }: Trust): string | undefined {
  const [server] = chain;
  if (!server) return "no server certificate came";
  const path = pathTo(anchors, chain);
  if (!path)
    return `no CA certificate of the modem vouches for ${nameOf(server)}, issued by ${nameOf(server, "issuer")}`;
  for (const [index, certificate] of path.entries()) {
    const wrong = fault(certificate, index === path.length - 1, time);
    if (wrong !== undefined) return `${nameOf(certificate)}: ${wrong}`;
  }
  if (host === undefined || isFor(server, host)) return undefined;
  return `the certificate is for ${server.subjectAltName ?? nameOf(server)}, not for ${host}`;
}

/** `when` the certificate is not valid at `time`, in words. */
export function dateFault(certificate: X509Certificate, time: number): string | undefined {
  const day = (text: string): string => new Date(text).toISOString().slice(0, 10);
  const clock = `the clock says ${new Date(time).toISOString().slice(0, 10)}`;
  if (time < Date.parse(certificate.validFrom)) return `not valid before ${day(certificate.validFrom)}, ${clock}`;
  if (time > Date.parse(certificate.validTo)) return `expired on ${day(certificate.validTo)}, ${clock}`;
  return undefined;
}

export function isFor(certificate: X509Certificate, host: string): boolean {
  const isAddress = /^[\d.]+$|:/.test(host);
  return (isAddress ? certificate.checkIP(host) : certificate.checkHost(host)) !== undefined;
}

/** The common name, or the whole name where there is none. */
export function nameOf(certificate: X509Certificate, which: "subject" | "issuer" = "subject"): string {
  const name = certificate[which] ?? "";
  return /^CN=(.*)$/m.exec(name)?.[1] ?? name.replaceAll("\n", ", ");
}

/** Whether the second certificate's key signed the first one. */
export function issued(certificate: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
  } catch {
    // A key of a kind that cannot have made this signature.
    return false;
  }
}

/** From the server's certificate to a trusted one that issued itself, or that is the server's own. */
function pathTo(anchors: X509Certificate[], chain: X509Certificate[]): X509Certificate[] | undefined {
  const path = [chain[0]!];
  for (;;) {
    const last = path[path.length - 1]!;
    const trusted = anchors.some((anchor) => anchor.raw.equals(last.raw));
    if (trusted && (path.length === 1 || issued(last, last))) return path;
    const next = [...anchors, ...chain.slice(1)].find(
      (candidate) => candidate.ca && !path.includes(candidate) && issued(last, candidate),
    );
    if (!next) return undefined;
    path.push(next);
  }
}

function fault(certificate: X509Certificate, anchor: boolean, time: number | undefined): string | undefined {
  const { asymmetricKeyType } = certificate.publicKey;
  if (asymmetricKeyType !== "rsa") return `its key is ${asymmetricKeyType}, not RSA`;
  // A trusted certificate's own signature proves nothing and is not looked at.
  if (!anchor && !canVerify(signatureOf(certificate))) return `it is signed with ${signatureOf(certificate)}`;
  return time === undefined ? undefined : dateFault(certificate, time);
}

/** The elements that follow each other in DER, each with its tag and length. */
function elements(der: Buffer): Buffer[] {
  const all: Buffer[] = [];
  for (let rest = der; rest.length > 0; ) {
    const { head, length } = header(rest);
    all.push(rest.subarray(0, head + length));
    rest = rest.subarray(head + length);
  }
  return all;
}

function content(element: Buffer): Buffer {
  const { head, length } = header(element);
  return element.subarray(head, head + length);
}

function header(der: Buffer): { head: number; length: number } {
  const short = der[1]!;
  if (short < 0x80) return { head: 2, length: short };
  const bytes = short - 0x80;
  return { head: 2 + bytes, length: der.readUIntBE(2, bytes) };
}

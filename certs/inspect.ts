// One file of a set: what it is, and what of it does not work on an M95. Other files are not looked at.

import type { KeyObject, X509Certificate } from "node:crypto";
import { canVerify, dateFault, nameOf, signatureOf } from "../tls/certificates.js";
import { checksum, sizeLimit } from "../tls/files.js";
import {
  certificatePem,
  isEncrypted,
  isKey,
  keyPem,
  type PemText,
  readCertificates,
  readKey,
  takeApart,
} from "./pem.js";

/** `server`: what the broker sends, its own certificate first. It stays on the host. */
export type Role = "ca" | "cert" | "key" | "server";

export interface Finding {
  /** Only a problem makes the check fail. */
  level: "problem" | "warning" | "note";
  role: Role | "set" | "broker";
  /** Short and lasting, for programs. */
  code: string;
  text: string;
}

export interface CertificateFacts {
  subject: string;
  issuer: string;
  /** ISO 8601. */
  notBefore: string;
  notAfter: string;
  key: string;
  signature: string;
  /** A CA's certificate. */
  ca: boolean;
}

export interface FileFacts {
  role: Role;
  file: string;
  bytes: number;
  /** As AT+QSECWRITE and AT+QSECREAD print it for the file as it is. */
  checksum: string;
  certificates?: CertificateFacts[];
  /** Kind and size, such as `RSA 2048`. */
  key?: string;
}

export interface Inspected {
  facts: FileFacts;
  findings: Finding[];
  certificates: X509Certificate[];
  key: KeyObject | undefined;
  /** As it should go into the modem; undefined when the file cannot be read. */
  normal: string | undefined;
}

export interface Conditions {
  /** The time to judge dates by, ms UTC. */
  time: number;
  storage: "RAM" | "NVRAM";
}

/** Soon, for a certificate that expires. */
const SOON = 30 * 86_400_000;

const noun = { ca: "certificate", cert: "certificate", key: "private key", server: "certificate" };

export function inspect(role: Role, file: string, data: Buffer, conditions: Conditions): Inspected {
  const text = data.toString("latin1");
  const pem = takeApart(text);
  const findings: Finding[] = [];
  const find: Find = (level, code, what) => findings.push({ level, role, code, text: what });
  const facts: FileFacts = { role, file, bytes: data.length, checksum: checksum(text).toString(16) };
  const result: Inspected = { facts, findings, certificates: [], key: undefined, normal: undefined };
  if (role !== "server") form(text, pem, conditions, find);
  if (!content(role, pem, find)) return result;
  try {
    if (role === "key") {
      result.key = readKey(pem, text);
      facts.key = keyName(result.key);
      result.normal = keyPem(result.key);
    } else {
      result.certificates = readCertificates(pem, text);
      facts.certificates = result.certificates.map(factsOf);
      result.normal = certificatePem(result.certificates);
    }
  } catch (error) {
    find("problem", "unreadable", `The ${noun[role]} cannot be read: ${(error as Error).message}.`);
    return result;
  }
  if (result.key) judgeKey(result.key, pem, find);
  for (const [index, certificate] of result.certificates.entries()) {
    judgeCertificate(role, index, certificate, conditions.time, find);
  }
  const count = result.certificates.length;
  if (count > 1 && role !== "server") {
    find("warning", "several", `${count} certificates: whether an M95 takes more than the first is not known.`);
  }
  return result;
}

type Find = (level: Finding["level"], code: string, text: string) => void;

/** What concerns the bytes. */
function form(
  text: string,
  { form: is, lineEnds, around, blocks }: PemText,
  { storage }: Conditions,
  find: Find,
): void {
  if (is === "DER") find("problem", "der", "It is DER; the modem takes PEM.");
  if (is === "PEM" && lineEnds === "mixed")
    find("problem", "line-ends", "Some lines end in LF and some in CR LF; the driver refuses that.");
  if (is === "PEM" && lineEnds === "CRLF") {
    const saved = text.split("\n").length - 1;
    find("note", "crlf", `Lines end in CR LF; LF alone saves ${saved} bytes.`);
  }
  if (around) find("problem", "text-around", "There is text around the PEM blocks; the driver refuses that.");
  const limit = sizeLimit[storage];
  if (is === "PEM" && text.length > limit) {
    find("problem", "too-large", `${text.length} bytes; ${storage} takes ${limit}.`);
  } else if (is === "PEM" && text.length > sizeLimit.NVRAM) {
    find("note", "not-nvram", `${text.length} bytes: too large for NVRAM (${sizeLimit.NVRAM}), fine for RAM.`);
  }
  if (is === "PEM" && blocks.some((block) => block.text.includes("+++"))) {
    find(
      "warning",
      "escape",
      'It contains "+++", which may end the upload early; issue it anew if the upload comes out short.',
    );
  }
}

/** Whether the file holds what its role wants. */
function content(role: Role, { form: is, blocks }: PemText, find: Find): boolean {
  if (is === "DER") return true;
  if (is === "neither") {
    find("problem", "not-pem", "It is no PEM file: no -----BEGIN …----- with its -----END …-----.");
    return false;
  }
  const key = blocks.find(isKey);
  const certificate = blocks.find(({ label }) => label === "CERTIFICATE");
  const other = blocks.find((block) => !isKey(block) && block.label !== "CERTIFICATE");
  if (other)
    find("problem", "label", `It holds a ${other.label}; only CERTIFICATE and PRIVATE KEY have a meaning here.`);
  if (key && certificate) {
    find("problem", "both", "It holds a private key and a certificate; the modem wants them in two files.");
  }
  const wanted = role === "key" ? key : certificate;
  if (!wanted) {
    if (key || certificate)
      find("problem", "swapped", `It holds a ${(key ?? certificate)!.label}, not a ${noun[role]}.`);
    return false;
  }
  if (role !== "key" || !isEncrypted(wanted)) return true;
  find("problem", "encrypted", "The key is encrypted; the modem takes no password. Decrypt it first.");
  return false;
}

function judgeKey(key: KeyObject, { form: is, blocks }: PemText, find: Find): void {
  const { asymmetricKeyType: type } = key;
  if (type !== "rsa") {
    find("problem", "key-type", `The key is ${keyName(key)}; the modem's cipher suites need RSA.`);
    return;
  }
  size(bitsOf(key), "The key", find);
  if (is === "PEM" && blocks.find(isKey)!.label === "PRIVATE KEY") {
    const advice = "the application note's example has the size of PKCS#1. Try that form if the handshake fails.";
    find("note", "pkcs8", `The key is in PKCS#8; ${advice}`);
  }
}

function judgeCertificate(role: Role, index: number, certificate: X509Certificate, time: number, find: Find): void {
  const name = nameOf(certificate);
  const key = certificate.publicKey;
  if (key.asymmetricKeyType === "rsa") size(bitsOf(key), `The key of ${name}`, find);
  else find("problem", "key-type", `${name} has a key of kind ${keyName(key)}; the modem's cipher suites need RSA.`);
  const signature = signatureOf(certificate);
  const itself = certificate.subject === certificate.issuer;
  if (!canVerify(signature)) {
    // Nobody verifies the signature of what is trusted to begin with.
    if (role === "ca" || itself) {
      find(
        "warning",
        "signature",
        `${name} is signed with ${signature}: not to be verified, but the modem has to read it.`,
      );
    } else find("problem", "signature", `${name} is signed with ${signature}: too new for an M95.`);
  } else if (role !== "ca" && /MD5|SHA1/.test(signature)) {
    find("warning", "old-signature", `${name} is signed with ${signature}; brokers of today may refuse it.`);
  }
  const fault = dateFault(certificate, time);
  if (fault !== undefined) find("problem", "dates", `${name}: ${fault}.`);
  else if (Date.parse(certificate.validTo) - time < SOON) {
    find("warning", "expires", `${name} expires on ${isoOf(certificate.validTo).slice(0, 10)}.`);
  }
  if (role === "ca" && !certificate.ca) {
    find("warning", "no-ca", `${name} is no CA's certificate: it fits only a broker that sends this very certificate.`);
  } else if (role === "ca" && !itself) {
    find(
      "warning",
      "intermediate",
      `${name} was issued by ${nameOf(certificate, "issuer")}; the modem may want that root's.`,
    );
  }
  // Extended key usage 1.3.6.1.5.5.7.3.2: client authentication.
  const usage = certificate.keyUsage as string[] | undefined;
  if (role === "cert" && index === 0 && usage && !usage.includes("1.3.6.1.5.5.7.3.2")) {
    find("warning", "usage", `${name} is not meant for clients; the broker may refuse it.`);
  }
}

function size(bits: number, what: string, find: Find): void {
  if (bits < 1024 || bits > 4096) find("problem", "key-size", `${what} has ${bits} bits; 1024 to 4096 can work.`);
  else if (bits < 2048)
    find("warning", "key-size", `${what} has ${bits} bits; brokers of today refuse less than 2048.`);
  else if (bits > 2048)
    find("warning", "key-size", `${what} has ${bits} bits; more than 2048 is slow on an M95, if it works.`);
}

function factsOf(certificate: X509Certificate): CertificateFacts {
  return {
    subject: nameOf(certificate),
    issuer: nameOf(certificate, "issuer"),
    notBefore: isoOf(certificate.validFrom),
    notAfter: isoOf(certificate.validTo),
    key: keyName(certificate.publicKey),
    signature: signatureOf(certificate),
    ca: certificate.ca,
  };
}

export function keyName(key: KeyObject): string {
  const { asymmetricKeyType: type = "unknown", asymmetricKeyDetails: details } = key;
  if (details?.modulusLength) return `${type.toUpperCase()} ${details.modulusLength}`;
  return details?.namedCurve ? `EC ${details.namedCurve}` : type;
}

function bitsOf(key: KeyObject): number {
  return key.asymmetricKeyDetails?.modulusLength ?? 0;
}

function isoOf(date: string): string {
  return new Date(date).toISOString();
}

// Certificates and keys for tests and the demo, made as they are needed: just enough DER for X.509 version 3. It keeps
// nothing and checks nothing.

import { createPrivateKey, generateKeyPair, type KeyObject, randomBytes, sign } from "node:crypto";
import net from "node:net";
import { promisify } from "node:util";

const day = 86_400_000;

export interface CertificateOptions {
  /** Common name. */
  name: string;
  /** Who signs; default: the certificate itself. */
  signer?: Issued;
  ca?: boolean;
  /** Host names and IPv4 addresses of a server. */
  hosts?: string[];
  /** What it may be used for; default: anything. */
  usage?: "server" | "client";
  /** Default: from yesterday, for a year. */
  notBefore?: Date;
  notAfter?: Date;
  key?: "rsa-1024" | "rsa-2048" | "rsa-4096" | "ec";
  /** Of the signature. */
  hash?: "sha1" | "sha256" | "sha384";
}

export interface Issued {
  name: string;
  /** PEM with LF. */
  cert: string;
  /** PEM with LF, PKCS#1 for RSA as in the application note's example. */
  key: string;
}

/** Object identifiers, DER in hex. */
const oid = {
  commonName: "0603550403",
  basicConstraints: "0603551d13",
  keyUsage: "0603551d0f",
  extendedKeyUsage: "0603551d25",
  subjectAltName: "0603551d11",
  server: "06082b06010505070301",
  client: "06082b06010505070302",
  rsa: { sha1: "06092a864886f70d010105", sha256: "06092a864886f70d01010b", sha384: "06092a864886f70d01010c" },
  ec: { sha1: "06072a8648ce3d0401", sha256: "06082a8648ce3d040302", sha384: "06082a8648ce3d040303" },
};

/** None of its texts holds "+++", of which a modem may take notice: chance alone puts it into one in some hundred and fifty. */
export async function makeCertificate(options: CertificateOptions): Promise<Issued> {
  for (;;) {
    const issued = await draw(options);
    if (![issued.cert, issued.key, plainPkcs8(issued.key)].some(holdsEscape)) return issued;
  }
}

async function draw(options: CertificateOptions): Promise<Issued> {
  const { name, signer, hash = "sha256" } = options;
  const { publicKey, privateKey } = await newKeys(options.key ?? "rsa-2048");
  const signingKey = signer ? createPrivateKey(signer.key) : privateKey;
  const algorithm =
    signingKey.asymmetricKeyType === "ec" ? sequence(raw(oid.ec[hash])) : sequence(raw(oid.rsa[hash]), raw("0500"));
  const body = sequence(
    der(0xa0, raw("020102")),
    der(0x02, Buffer.from([1]), randomBytes(8)),
    algorithm,
    named(signer?.name ?? name),
    sequence(time(options.notBefore ?? new Date(Date.now() - day)), time(options.notAfter ?? inAYear())),
    named(name),
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(...extensions(options))),
  );
  const certificate = sequence(body, algorithm, der(0x03, Buffer.from([0]), sign(hash, body, signingKey)));
  return { name, cert: pem(certificate), key: keyPem(privateKey) };
}

/** The same key as PKCS#8, encrypted if there is a passphrase. */
export function pkcs8(key: string, passphrase?: string): string {
  if (passphrase === undefined) return plainPkcs8(key);
  for (;;) {
    const text = createPrivateKey(key).export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase });
    if (!holdsEscape(text as string)) return text as string;
  }
}

function plainPkcs8(key: string): string {
  return createPrivateKey(key).export({ type: "pkcs8", format: "pem" }) as string;
}

/** Wherever its lines end. */
function holdsEscape(text: string): boolean {
  return text.replaceAll("\n", "").includes("+++");
}

function newKeys(
  kind: NonNullable<CertificateOptions["key"]>,
): Promise<{ publicKey: KeyObject; privateKey: KeyObject }> {
  if (kind === "ec") return promisify(generateKeyPair)("ec", { namedCurve: "P-256" });
  return promisify(generateKeyPair)("rsa", { modulusLength: Number(kind.slice(4)) });
}

function keyPem(key: KeyObject): string {
  const type = key.asymmetricKeyType === "ec" ? "sec1" : "pkcs1";
  return key.export({ type, format: "pem" }) as string;
}

function extensions({ ca = false, hosts = [], usage }: CertificateOptions): Buffer[] {
  const all = [extension(oid.basicConstraints, sequence(...(ca ? [raw("0101ff")] : [])), true)];
  // keyCertSign and cRLSign.
  if (ca) all.push(extension(oid.keyUsage, raw("03020106"), true));
  if (usage) all.push(extension(oid.extendedKeyUsage, sequence(raw(oid[usage]))));
  if (hosts.length > 0) all.push(extension(oid.subjectAltName, sequence(...hosts.map(hostName))));
  return all;
}

function extension(id: string, value: Buffer, critical = false): Buffer {
  return sequence(raw(id), ...(critical ? [raw("0101ff")] : []), der(0x04, value));
}

function hostName(host: string): Buffer {
  return net.isIP(host) ? der(0x87, Buffer.from(host.split(".").map(Number))) : der(0x82, Buffer.from(host));
}

function named(name: string): Buffer {
  return sequence(der(0x31, sequence(raw(oid.commonName), der(0x0c, Buffer.from(name)))));
}

/** UTCTime until 2049, GeneralizedTime from 2050 on. */
function time(date: Date): Buffer {
  const text = `${date.toISOString().slice(0, 19).replace(/\D/g, "")}Z`;
  return date.getUTCFullYear() < 2050 ? der(0x17, Buffer.from(text.slice(2))) : der(0x18, Buffer.from(text));
}

function inAYear(): Date {
  return new Date(Date.now() + 365 * day);
}

function sequence(...parts: Buffer[]): Buffer {
  return der(0x30, ...parts);
}

function der(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function raw(hex: string): Buffer {
  return Buffer.from(hex, "hex");
}

function pem(certificate: Buffer): string {
  const lines = certificate.toString("base64").match(/.{1,64}/g)!;
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

// PEM and DER: what a file holds, byte for byte, and how it is written for the modem. It judges nothing.

import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";

export interface Block {
  /** As between the dashes: `CERTIFICATE`, `RSA PRIVATE KEY`. */
  label: string;
  text: string;
}

export interface PemText {
  form: "PEM" | "DER" | "neither";
  blocks: Block[];
  /** Text in front of, between or behind the blocks, a byte order mark included. */
  around: boolean;
  lineEnds: "LF" | "CRLF" | "mixed" | "none";
}

const DASHES = "-----";
const MARK = /-----(BEGIN|END) ([A-Z0-9 ]+)(?=-----)/g;

/**
 * Every BEGIN with the first END of its label behind it, none inside another, and what is outside of all. Each mark is looked
 * at once: a file may have thousands that belong to nothing.
 */
function blocksOf(text: string): { blocks: Block[]; rest: string } {
  const begins: { label: string; at: number; body: number }[] = [];
  const ends = new Map<string, { all: number[]; next: number }>();
  // The last dashes of a mark may be the first of another.
  for (const { 0: mark, 1: kind, 2: label = "", index: at } of text.matchAll(MARK)) {
    if (kind === "END") {
      const known = ends.get(label) ?? { all: [], next: 0 };
      known.all.push(at);
      ends.set(label, known);
    } else begins.push({ label, at, body: at + mark.length + DASHES.length });
  }
  const blocks: Block[] = [];
  let rest = "";
  let done = 0;
  for (const { label, at, body } of begins) {
    const own = ends.get(label);
    if (at < done || !own) continue;
    while (own.next < own.all.length && own.all[own.next]! < body) own.next++;
    const end = own.all[own.next];
    if (end === undefined) continue;
    rest += text.slice(done, at);
    done = end + `-----END ${label}-----`.length;
    blocks.push({ label, text: text.slice(at, done) });
  }
  return { blocks, rest: rest + text.slice(done) };
}

/** `text` is binary: one character, one byte. */
export function takeApart(text: string): PemText {
  const { blocks, rest } = blocksOf(text);
  const crlf = text.match(/\r\n/g)?.length ?? 0;
  const ends = text.match(/[\r\n]/g)?.length ?? 0;
  const one = crlf === 0 && !text.includes("\r") ? "LF" : ends === 2 * crlf ? "CRLF" : "mixed";
  return {
    form: blocks.length > 0 ? "PEM" : text.startsWith("\x30") ? "DER" : "neither",
    blocks,
    around: blocks.length > 0 && rest.trim() !== "",
    lineEnds: ends === 0 ? "none" : one,
  };
}

/** Certificates of a DER file or of the blocks. @throws Error for one that cannot be read */
export function readCertificates({ form, blocks }: PemText, text: string): X509Certificate[] {
  if (form === "DER") return [new X509Certificate(Buffer.from(text, "latin1"))];
  return blocks.filter(({ label }) => label === "CERTIFICATE").map((block) => new X509Certificate(block.text));
}

export function isKey({ label }: Block): boolean {
  return label.endsWith("PRIVATE KEY");
}

export function isEncrypted(block: Block): boolean {
  return block.label === "ENCRYPTED PRIVATE KEY" || /^Proc-Type:.*ENCRYPTED/m.test(block.text);
}

/** The private key of a DER file or of the first key block. @throws Error for one that cannot be read */
export function readKey({ form, blocks }: PemText, text: string): KeyObject {
  if (form !== "DER") return createPrivateKey(blocks.find(isKey)!.text);
  const key = Buffer.from(text, "latin1");
  for (const type of ["pkcs8", "pkcs1", "sec1"] as const) {
    try {
      return createPrivateKey({ key, format: "der", type });
    } catch {
      // Another of the three forms.
    }
  }
  throw new Error("no private key in DER");
}

/** LF, nothing around the blocks: the form with the fewest bytes. */
export function certificatePem(certificates: X509Certificate[]): string {
  return certificates.map((certificate) => `${certificate.toString().trim()}\n`).join("");
}

/** RSA as PKCS#1, the form whose size the application note's example 5.2 shows. */
export function keyPem(key: KeyObject): string {
  const type = key.asymmetricKeyType === "rsa" ? "pkcs1" : "pkcs8";
  return key.export({ type, format: "pem" }) as string;
}

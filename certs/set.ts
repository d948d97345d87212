// The files of a set against each other: key and certificate, chain and name of the broker, room in the modem.

import { issued, nameOf, refusal } from "../tls/certificates.js";
import { sizeLimit } from "../tls/files.js";
import { type Conditions, type FileFacts, type Finding, type Inspected, inspect, type Role } from "./inspect.js";

export interface SetOptions extends Conditions {
  /** The name the modem will dial, to be found in the broker's certificate. */
  host?: string;
}

export interface CheckedSet {
  /** No problem was found. */
  ok: boolean;
  /** What the driver's `tls.securityLevel` can be with these files. */
  securityLevel: 0 | 1 | 2;
  files: FileFacts[];
  findings: Finding[];
  parts: Partial<Record<Role, Inspected>>;
}

/** Files by role: name and bytes. */
export type Files = Partial<Record<Role, { file: string; data: Buffer }>>;

export const roles: readonly Role[] = ["ca", "cert", "key", "server"];

export function checkSet(files: Files, options: SetOptions): CheckedSet {
  const parts: CheckedSet["parts"] = {};
  for (const role of roles) {
    const given = files[role];
    if (given) parts[role] = inspect(role, given.file, given.data, options);
  }
  const inspected = roles.flatMap((role) => parts[role] ?? []);
  const findings = [...inspected.flatMap((part) => part.findings), ...together(parts, options)];
  return {
    ok: !findings.some(({ level }) => level === "problem"),
    securityLevel: parts.ca ? (parts.cert && parts.key ? 2 : 1) : 0,
    files: inspected.map(({ facts }) => facts),
    findings,
    parts,
  };
}

function together({ ca, cert, key, server }: CheckedSet["parts"], { host, time, storage }: SetOptions): Finding[] {
  const findings: Finding[] = [];
  const find = (level: Finding["level"], code: string, text: string): void => {
    findings.push({ level, role: "set", code, text });
  };
  const [own] = cert?.certificates ?? [];
  if (own && key?.key && !own.checkPrivateKey(key.key)) {
    find("problem", "key-mismatch", "The private key does not belong to the client certificate.");
  }
  if (cert && !key) find("problem", "no-key", "A client certificate is of no use without its private key.");
  if (key && !cert) find("problem", "no-cert", "A private key is of no use without its certificate.");
  if ((cert || key) && !ca) {
    find("problem", "no-ca-file", "A client certificate goes with securityLevel 2, which also needs the broker's CA.");
  }
  if (own && ca && ca.certificates.length > 0 && !issuedByAny(cert!, ca)) {
    const right = "right when the broker trusts another CA for its clients, as AWS IoT does";
    find(
      "note",
      "other-ca",
      `The client certificate was issued by ${nameOf(own, "issuer")}, not by the CA of --ca: ${right}.`,
    );
  }
  if (server && ca && server.certificates.length > 0 && ca.certificates.length > 0) {
    const why = refusal(server.certificates, { anchors: ca.certificates, host, time });
    if (why !== undefined) find("problem", "refused", `The modem would refuse the broker: ${why}.`);
  }
  const bytes = [ca, cert, key].reduce((sum, part) => sum + (part?.facts.bytes ?? 0), 0);
  if (storage === "RAM" && bytes > sizeLimit.RAM) {
    find("problem", "no-room", `${bytes} bytes together; the modem's RAM takes ${sizeLimit.RAM}.`);
  }
  return findings;
}

function issuedByAny(cert: Inspected, ca: Inspected): boolean {
  const [own, ...between] = cert.certificates;
  return [...ca.certificates, ...between].some((issuer) => issued(own!, issuer));
}

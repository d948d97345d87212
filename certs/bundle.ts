// The files of a set as Espruino and Moddable want them. It gives texts; who calls it writes them.

import { checksum } from "../tls/files.js";
import type { Role } from "./inspect.js";
import type { CheckedSet } from "./set.js";

export const runtimes = ["espruino", "moddable", "node"] as const;
export type Runtime = (typeof runtimes)[number];

export interface BundledFile {
  /** Path below the output folder, with slashes. */
  path: string;
  bytes: number;
  /** As the modem prints it, for the files that go into the modem. */
  checksum?: string;
  text: string;
}

export interface Bundle {
  files: BundledFile[];
  /** The `tls` option of the driver, as source text. */
  usage: string;
}

const fields = ["ca", "cert", "key"] as const satisfies readonly Role[];

/** Bytes per write to Espruino's Storage: its input line is held in RAM. */
const PIECE = 512;

/** `prefix` begins the names of the PEM files: at most 15 characters, as Espruino's Storage takes names of 28. */
export function bundle(set: CheckedSet, runtime: Runtime, prefix: string): Bundle {
  const pems = fields.flatMap((field) => {
    const text = set.parts[field]?.normal;
    return text === undefined ? [] : [{ field, name: `${prefix}${field}.pem`, text }];
  });
  const folder = runtime === "moddable" ? "pem/" : "";
  const files: BundledFile[] = pems.map(({ name, text }) => ({
    path: folder + name,
    bytes: text.length,
    checksum: checksum(text).toString(16),
    text,
  }));
  const source = {
    espruino: (name: string) => `require("Storage").read("${name}")`,
    moddable: (name: string) => `new Resource("${name}")`,
    node: (name: string) => `readFileSync("${name}", "latin1")`,
  }[runtime];
  const usage = `tls: { ${pems.map(({ field, name }) => `${field}: ${source(name)}`).join(", ")} }`;
  if (runtime === "espruino") files.push(textFile("upload.js", uploadScript(pems)));
  if (runtime === "moddable")
    files.push(textFile("manifest.json", `${JSON.stringify({ data: { "*": "./pem/*" } }, null, 2)}\n`));
  return { files, usage };
}

function textFile(path: string, text: string): BundledFile {
  return { path, bytes: text.length, text };
}

/** Statements without a result, so that the console stays quiet. */
function uploadScript(pems: { name: string; text: string }[]): string {
  const lines = ["// Send it to the board once: it writes the files to Storage, and must not be saved as boot code."];
  for (const { name, text } of pems) {
    for (let at = 0; at < text.length; at += PIECE) {
      const piece = JSON.stringify(text.slice(at, at + PIECE));
      lines.push(`require("Storage").write(${JSON.stringify(name)},${piece},${at},${text.length});`);
    }
    lines.push(
      `print(${JSON.stringify(name)},require("Storage").read(${JSON.stringify(name)}).length==${text.length}?"ok":"FAILED");`,
    );
  }
  return `${lines.join("\n")}\n`;
}

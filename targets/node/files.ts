// PEM files by their names. It does not look into them; core/m95/tls.ts does.
import { readFileSync } from "node:fs";
import { M95Error, type PemSource, type TlsOptions } from "../../core/index.js";

/** Takes a string without a PEM mark for a file's name. @throws M95Error `EPARAM` when there is no such file */
function read(field: string, source: PemSource): PemSource {
  if (typeof source !== "string" || source === "" || source.includes("-----")) return source;
  try {
    return readFileSync(source);
  } catch (cause) {
    // What was meant as PEM text may be a key: that does not go into an error.
    const likeAName = source.length <= 255 && /^([./~\\]|[A-Za-z]:)|\./.test(source) && !/[\r\n]/.test(source);
    const name = likeAName ? ` "${source}"` : "";
    const reason = (cause as NodeJS.ErrnoException).code;
    throw new M95Error("EPARAM", `tls.${field}${name} is neither PEM text nor the name of a readable file: ${reason}`);
  }
}

/** TLS options with the files' contents in place of their names. */
export function readFiles(options: TlsOptions): TlsOptions {
  const all = { ...options };
  for (const field of ["ca", "cert", "key"] as const) {
    const source = all[field];
    if (source !== undefined) all[field] = read(field, source);
  }
  return all;
}

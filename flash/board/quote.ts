// Bytes as the source text of a JavaScript string that survives Espruino's console, their cutting into chunks, and
// their checksum. Bytes are binary strings here: one character is one byte. It sends nothing.

/** Bytes per chunk: a statement with one of them stays below 512 bytes, the smallest receive buffer of a board. */
export const CHUNK = 192;

/** UTF-8 bytes of a text. */
export function utf8(text: string): string {
  return fromBytes(new TextEncoder().encode(text));
}

/** The binary string of some bytes. */
export function fromBytes(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** One byte inside a double-quoted string. */
function escaped(byte: string): string {
  if (byte === '"' || byte === "\\") return `\\${byte}`;
  if (byte >= " " && byte <= "~") return byte;
  if (byte === "\n") return "\\n";
  return `\\x${byte.charCodeAt(0).toString(16).padStart(2, "0")}`;
}

/**
 * Source text, in printable ASCII only, of an expression whose value is `bytes`. The console takes control characters
 * as keys and boards without Unicode take text as UTF-8, so neither may be sent as it is.
 * Measured: our minified bundle grows by 3 % as a string and by 33 % as base64, random bytes by 188 % and 33 %. The
 * shorter one is taken.
 * @throws RangeError when `bytes` has a character above 255
 */
export function quote(bytes: string): string {
  let text = "";
  for (const byte of bytes) {
    if (byte > "\xff") throw new RangeError("Not a string of bytes");
    text += escaped(byte);
  }
  const base64 = `atob("${btoa(bytes)}")`;
  return text.length + 2 <= base64.length ? `"${text}"` : base64;
}

/** Cuts bytes into pieces with their offsets. No bytes make no piece. */
export function chunks(bytes: string, size = CHUNK): { offset: number; data: string }[] {
  const pieces = [];
  for (let offset = 0; offset < bytes.length; offset += size)
    pieces.push({ offset, data: bytes.slice(offset, offset + size) });
  return pieces;
}

/** The checksum that Espruino's `E.CRC32` gives. */
export function crc32(bytes: string): number {
  let crc = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) {
    crc ^= bytes.charCodeAt(i);
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (0xedb88320 & -(crc & 1));
  }
  return ~crc >>> 0;
}

// Base64 for XS: the SDK's module for it is deprecated, and what takes its place is not in every engine yet.

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Base64 of a binary string. */
export function toBase64(bytes: string): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i;
    const three =
      (bytes.charCodeAt(i) << 16) |
      (left > 1 ? bytes.charCodeAt(i + 1) << 8 : 0) |
      (left > 2 ? bytes.charCodeAt(i + 2) : 0);
    text += DIGITS[three >> 18]! + DIGITS[(three >> 12) & 63]!;
    text += left > 1 ? DIGITS[(three >> 6) & 63]! : "=";
    text += left > 2 ? DIGITS[three & 63]! : "=";
  }
  return text;
}

/** The way back; of text that is no base64 it makes something or other. */
export function fromBase64(text: string): string {
  let bytes = "";
  let bits = 0;
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = DIGITS.indexOf(text[i]!);
    if (digit < 0) continue;
    bits = ((bits << 6) | digit) & 0xffff;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += String.fromCharCode((bits >> count) & 255);
  }
  return bytes;
}

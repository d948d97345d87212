// Texts and payloads of a page to the core's binary strings and back. Payloads come out as Uint8Arrays.
import type { Codec } from "../../core/index.js";

/** Arguments of one call; engines have a bound. */
const PIECE = 8192;

/** Bytes to a binary string. */
export function fromBytes(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += PIECE) text += String.fromCharCode(...bytes.subarray(i, i + PIECE));
  return text;
}

/** A binary string to bytes. */
export function toBytes(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

export const codec: Codec = {
  toBytes(value) {
    if (typeof value === "string") return fromBytes(new TextEncoder().encode(value));
    if (value instanceof ArrayBuffer) return fromBytes(new Uint8Array(value));
    if (!ArrayBuffer.isView(value)) return undefined;
    return fromBytes(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  },
  toText: (bytes) => new TextDecoder().decode(toBytes(bytes)),
  toPayload: (bytes) => toBytes(bytes),
  toBase64: (bytes) => btoa(bytes),
  fromBase64: (text) => atob(text),
};

// Texts and bytes of XS to the core's binary strings and back. Payloads come out as ArrayBuffers.
import type { Codec } from "../../core/index.js";
import { fromBase64, toBase64 } from "./base64.js";

/** Arguments of one call. Each takes a slot of the stack, and an ESP32 has 384 of them for everything. */
const PIECE = 16;

/** Bytes to a binary string. */
export function fromBuffer(buffer: ArrayBuffer): string {
  try {
    // Native and fast, and right exactly when all bytes are ASCII.
    const text = String.fromArrayBuffer(buffer);
    if (text.length === buffer.byteLength) return text;
  } catch (_error) {
    // Line noise is no UTF-8.
  }
  const bytes = new Uint8Array(buffer);
  let text = "";
  for (let i = 0; i < bytes.length; i += PIECE)
    text += String.fromCharCode.apply(null, bytes.subarray(i, i + PIECE) as unknown as number[]);
  return text;
}

/** A binary string to bytes. */
export function toBuffer(text: string): ArrayBuffer {
  const buffer = ArrayBuffer.fromString(text);
  if (buffer.byteLength === text.length) return buffer;
  // Characters from 128 to 255 became two bytes each. Looking at bytes is cheaper than at characters of such a string.
  const bytes = new Uint8Array(buffer);
  let length = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    bytes[length++] = byte < 128 ? byte : ((byte & 3) << 6) | (bytes[++i]! & 63);
  }
  return buffer.slice(0, length);
}

export const codec: Codec = {
  toBytes(value) {
    if (typeof value === "string") return fromBuffer(ArrayBuffer.fromString(value));
    if (value instanceof ArrayBuffer) return fromBuffer(value);
    if (!ArrayBuffer.isView(value)) {
      // A Resource is no ArrayBuffer, but can be made one.
      const other = (value || {}) as Partial<ArrayBuffer>;
      return typeof other.byteLength === "number" && other.slice ? fromBuffer(other.slice(0)) : undefined;
    }
    return fromBuffer(value.buffer.slice(value.byteOffset, value.byteOffset + value.byteLength) as ArrayBuffer);
  },
  toText(bytes) {
    try {
      return String.fromArrayBuffer(toBuffer(bytes));
    } catch (_error) {
      return bytes;
    }
  },
  toPayload: toBuffer,
  toBase64,
  fromBase64,
};

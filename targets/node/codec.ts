// Texts and payloads of Node to the core's binary strings and back. Payloads come out as Buffers.
import type { Codec } from "../../core/index.js";

export const codec: Codec = {
  toBytes(value) {
    if (typeof value === "string") return Buffer.from(value, "utf8").toString("latin1");
    if (value instanceof ArrayBuffer) return Buffer.from(value).toString("latin1");
    if (ArrayBuffer.isView(value))
      return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("latin1");
    return undefined;
  },
  toText(bytes) {
    return Buffer.from(bytes, "latin1").toString("utf8");
  },
  toPayload(bytes) {
    return Buffer.from(bytes, "latin1");
  },
  toBase64(bytes) {
    return Buffer.from(bytes, "latin1").toString("base64");
  },
  fromBase64(text) {
    return Buffer.from(text, "base64").toString("latin1");
  },
};

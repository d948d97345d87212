// Which payloads travel as base64, and the way back for those that come in. The runtime's codec does the encoding itself.
// @part base64: prefixesOf isEncoded decode decoded
import { wrong } from "../arguments.js";
import { bytesOf, type Codec } from "../codec.js";
import type { Encoding, PacketInfo } from "./types.js";

/** Topic prefixes, in bytes, whose payloads are encoded. @throws M95Error `EPARAM` */
export function prefixesOf(codec: Codec, encoding: Encoding): string[] {
  if (encoding === "base64" && codec.toBase64) return [""];
  const prefixes = encoding && codec.toBase64 ? Object.keys(encoding) : [];
  if (!prefixes.length || prefixes.some((prefix) => (encoding as { [prefix: string]: unknown })[prefix] !== "base64"))
    throw wrong("encoding", '"base64", or topic prefixes with "base64" each, on a runtime that has it', encoding);
  return prefixes.map((prefix) => bytesOf(codec, "encoding", prefix));
}

/** Whether one of the prefixes begins the topic. Not to be asked where there are none: on Espruino it is in a part. */
export function isEncoded(prefixes: string[], topic: string): boolean {
  for (let i = 0; i < prefixes.length; i++) if (topic.startsWith(prefixes[i]!)) return true;
  return false;
}

/** The bytes behind base64, or undefined when it is none: encoding them once more has to give the same. */
export function decode(codec: Codec, text: string): string | undefined {
  const bytes = codec.fromBase64!(text);
  return codec.toBase64!(bytes) === text ? bytes : undefined;
}

/** The payload of a message, decoded if it is one of those; `info` gets whether it was. */
export function decoded(prefixes: string[], codec: Codec, topic: string, payload: string, info: PacketInfo): string {
  if (!isEncoded(prefixes, topic)) return payload;
  const bytes = decode(codec, payload);
  info.encoded = bytes !== undefined;
  return bytes === undefined ? payload : bytes;
}

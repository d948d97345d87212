// Texts and payloads of the runtime as the core's binary strings: the port for it, and the codec of runtimes whose strings are
// bytes already. It knows no modem and no MQTT.
// @resident bytesOf
import { wrong } from "./arguments.js";

/** Turns the runtime's texts and payloads into bytes and back. */
export interface Codec {
  /** Text (as UTF-8) or bytes in the runtime's forms to a binary string; undefined for anything else. */
  toBytes(value: unknown): string | undefined;
  /** Bytes to text; left out, with `toPayload`, where strings are bytes. */
  toText?(bytes: string): string;
  /** Bytes to the form in which payloads are handed to listeners. */
  toPayload?(bytes: string): unknown;
  /** Base64 (RFC 4648, section 4, with padding) of bytes; without it, the option `encoding` is refused. */
  toBase64?(bytes: string): string;
  /** The way back. What it gives for text that is no base64 does not matter; it must not throw. */
  fromBase64?(text: string): string;
}

/** For runtimes whose strings are bytes already. In a function: a target that has its own codec does not keep this one. */
export function binary(): Codec {
  return {
    toBytes(value) {
      return typeof value === "string" ? value : undefined;
    },
  };
}

/** A user's text as bytes. @throws M95Error `EPARAM` */
export function bytesOf(codec: Codec, field: string, value: unknown): string {
  if (typeof value !== "string") throw wrong(field, "a string", value);
  return codec.toBytes(value)!;
}

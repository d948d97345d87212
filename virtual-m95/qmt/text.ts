// Between the bytes of the UART (binary strings), MQTT's UTF-8 text and its packets. It checks form, not meaning.

import { generate, type Packet } from "mqtt-packet";
import { CmeError, cme } from "../at/errors.js";

/** Binary string → text; error 8506 when the bytes are not UTF-8. */
export function utf8(binary: string, what: string): string {
  const bytes = Buffer.from(binary, "latin1");
  const text = bytes.toString("utf8");
  if (!Buffer.from(text, "utf8").equals(bytes)) {
    throw new CmeError(cme.mqttIllegalUtf8, "parameter", `${what} is not UTF-8`);
  }
  return text;
}

/** Text → binary string. */
export function binary(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

/** Packet → bytes; error 8504 when MQTT has no such packet, as CONNECT without a clientID in 3.1. */
export function encode(packet: Packet): Buffer {
  try {
    return generate(packet);
  } catch (error) {
    throw new CmeError(cme.mqttIllegalPacket, "parameter", (error as Error).message);
  }
}

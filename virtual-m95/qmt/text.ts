// Between the bytes of the UART (binary strings) and MQTT's UTF-8 text. It checks encoding, not topics' meaning.

import { CmeError, cme } from "../errors.js";

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

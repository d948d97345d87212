// What the modem's numbers mean, with the advice of the application note. A small build leaves this file out; the driver
// then reports the numbers alone.
// @part texts?
import { placeOf } from "../at/lines.js";

/** The families of numbers that have texts. */
export const FAMILIES = ["open", "close", "disc", "packet", "conn", "ret", "stat", "cme"];

/**
 * The texts of numbers that errors have: a line each family, "code:meaning" split by "|". One text and
 * no table: the build puts it into the one function that uses it, so that on Espruino it stays in flash. The dot at the end is for Espruino too, see `commands`.
 */
const TEXTS =
  // 3.2.2
  "\nopen|-1:failed to open network|1:wrong parameter|2:MQTT identifier is occupied|3:failed to activate PDP" +
  "|4:failed to parse domain name|5:network disconnection error|" +
  // 3.2.4, 3.2.6, 3.2.7, 3.2.8
  "\npacket|2:failed to send packet|" +
  // 3.2.4
  "\nret|1:unacceptable protocol version|2:identifier rejected|3:server unavailable|4:bad user name or password" +
  "|5:not authorized|" +
  // 4.1.1
  "\nstat|1:connection closed or reset by peer; reopen it|2:PINGREQ timed out or failed; deactivate and activate PDP, reopen" +
  "|3:CONNECT timed out or failed; check user name, password and client ID, reopen" +
  "|4:CONNACK timed out or failed; check user name, password and client ID, reopen" +
  "|5:closed by the server after our DISCONNECT; normal|6:closed because packets could not be sent; check the data, reopen" +
  "|7:link not alive or server unavailable; check both|" +
  // 6.2, and of the GSM AT command set those that a user of this driver meets
  "\ncme|3:operation not allowed|4:operation not supported|10:SIM not inserted|11:SIM PIN required|12:SIM PUK required" +
  "|13:SIM failure|14:SIM busy|15:SIM wrong|16:incorrect password|17:SIM PIN2 required|18:SIM PUK2 required|30:no network service" +
  "|31:network time-out|32:emergency calls only|107:GPRS not allowed|111:PLMN not allowed|112:location area not allowed" +
  "|113:roaming not allowed|132:service not supported|133:service not subscribed|134:service out of order" +
  "|148:unspecified GPRS error|149:PDP authentication failure|601:unrecognised command|602:return error|603:syntax error" +
  "|604:unspecified|608:command line too long|3515:PS busy|3517:SM not ready|3518:invalid parameter" +
  "|8503:MQTT link error|8504:MQTT illegal packet|8505:MQTT illegal character|8506:MQTT illegal UTF-8" +
  "|8507:MQTT invalid parameter|8508:MQTT packet too large|8509:MQTT buffer overflow|8510:MQTT out of memory" +
  "|8511:MQTT memory error|8512:more packets in flight than the window of 5|8600:MQTT unknown error|" +
  "\n.";

/** The same of numbers that are in no error. Builds for microcontrollers do not hold them. */
const OTHER_TEXTS =
  // 3.2.2
  "\nopen|0:opened|" +
  // 3.2.4, 3.2.6, 3.2.7, 3.2.8
  "\npacket|0:sent, acknowledged by the server|1:packet retransmission|" +
  // 3.2.4
  "\nret|0:accepted|" +
  // 3.2.3
  "\nclose|-1:failed to close network|0:closed|" +
  // 3.2.5
  "\ndisc|-1:failed to close connection|0:closed|" +
  // 3.2.4
  "\nconn|1:MQTT is initial|2:MQTT is connecting|3:MQTT is connected|4:MQTT is disconnecting|" +
  "\n.";

/** The texts of a family, "" if it has none, "|" in front of each and at the end. */
function textsOf(all: string, family: string): string {
  const at = all.indexOf("\n" + family + "|");
  return at < 0 ? "" : all.substring(all.indexOf("|", at), all.indexOf("\n", at + 1));
}

/** The texts of a family, one "code:meaning" each; for the documentation. */
export function listTexts(family: string): string[] {
  const all = (textsOf(TEXTS, family) + textsOf(OTHER_TEXTS, family)).split("|").filter((text) => text);
  return all.sort((a, b) => parseInt(a, 10) - parseInt(b, 10));
}

function find(all: string, family: string, code: number): string {
  const text = textsOf(all, family);
  const key = "|" + code + ":";
  const at = placeOf(text, key, 0);
  return at < 0 ? "" : text.substring(at + key.length, text.indexOf("|", at + 1));
}

/** The meaning of a number that an error has, "" when there is none on record. */
export function explain(family: string, code: number): string {
  return find(TEXTS, family, code) || (family === "stat" && code >= 8 && code <= 255 ? "reserved" : "");
}

/** The meaning of any number of the application note. */
export function explainAny(family: string, code: number): string {
  return explain(family, code) || find(OTHER_TEXTS, family, code);
}

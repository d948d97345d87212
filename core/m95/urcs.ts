// The URC tables: which lines the modem sends unasked, and how a URC is told from an answer of the same name.
import { number, split } from "../at/params.js";

/** How a line starts that carries a message (application note 4.1.2). */
export const RECEIVED = "+QMTRECV:";

/**
 * URCs of MQTT, by the part between `+QMT` and the colon (application note, chapters 3.2 and 4). What is behind the name tells
 * a URC from the answer while the query of the same name runs: a digit, how many parameters the URC has; "+": the second one, if there is
 * any, has more than one character, an answer has <stat> there; "-": every such line is the answer.
 */
export const MQTT_URCS = "|OPEN2|CONN3|CLOSE|DISC|SUB|UNS|PUB|STAT|RECV|";

/** The others, whole: GSM start-up, registration, power, calls and SMS; what begins like another one stands behind it. In a function, because on Espruino its text then stays in flash. */
export function otherUrcs(): string {
  return (
    "|RDY|+CFUN-|+CPIN-|Call Ready|SMS Ready|+CREG+|+CGREG+|+PDP DEACT|+CGEV|+QNITZ|+QNTP|+CTZV|+CTZE|+QIND|RING|+CRING-|MO RING|MO CONNECTED" +
    "|NO CARRIER|+CLIP-|+CCWA-|+CUSD-|+CSSI|+CSSU|+CMT|+CMTI|+CDS|+CDSI|+CBM|NORMAL POWER DOWN" +
    "|UNDER_VOLTAGE WARNING|UNDER_VOLTAGE POWER DOWN|OVER_VOLTAGE WARNING|OVER_VOLTAGE POWER DOWN|"
  );
}

/** What they begin with: a line of a payload mostly does not, and is not looked for. */
const FIRST = "+RCSNUOM";

/**
 * Whether a line is a URC.
 * @param running - the command that runs, "" if none
 */
export function isUrc(line: string, running: string): boolean {
  const mqtt = line.startsWith("+QMT");
  if (!mqtt && FIRST.indexOf(line[0]!) < 0) return false;
  const colon = line.indexOf(":");
  const name = line.substring(mqtt ? 4 : 0, colon < 0 ? line.length : colon).trim();
  const urcs = mqtt ? MQTT_URCS : otherUrcs();
  const at = urcs.indexOf("|" + name);
  const rule = urcs[at + name.length + 1]!;
  if (at < 0 || "|23+-".indexOf(rule) < 0) return false;
  const query = (mqtt ? "AT+QMT" : "AT") + name;
  const form = running.substring(query.length);
  // Neither its read form runs nor its test form.
  if (!form.endsWith("?") || "=?".indexOf(form[0]!) < 0 || !running.toUpperCase().startsWith(query)) return true;
  // The test form is answered with ranges and names, a URC starts with a number.
  if (form.endsWith("=?")) return !isNaN(number(split(line)[0]));
  const fields = split(line);
  return rule === "|" || (rule === "+" ? !(fields.length > 1 && fields[1]!.length === 1) : fields.length === +rule);
}

// A PUBLISH, SUBSCRIBE or UNSUBSCRIBE on its way: what it holds, and what its command says of it. It sends nothing.
import { split } from "../at/params.js";
import { M95Error } from "../errors.js";
import { nameOf } from "../m95/commands.js";

/** `<result>` of +QMTCONN, +QMTSUB, +QMTUNS and +QMTPUB (application note 3.2.4, 3.2.6 to 3.2.8). */
export const ACKNOWLEDGED = 0;
export const RETRANSMITTED = 1;

/** A topic filter, in bytes, with the wished or the granted QoS. */
export interface Filter {
  topic: string;
  /** Undefined when the modem gave fewer values than there were topics. */
  qos: number | undefined;
}

/** What is 0, or nothing, is left out: a packet waits in RAM, and each field takes some of it. Flags are 0 or 1. */
export interface Packet {
  /** The command that hands it to the modem, which says all there is to say of it: its values are kept nowhere else. */
  text: string;
  /** Message ID; 0 for QoS 0. */
  msgid: number;
  /** The payload of a PUBLISH, as it goes to the modem; undefined: it is none. */
  data?: string;
  /** Of a SUBSCRIBE or UNSUBSCRIBE. */
  filters?: Filter[];
  /** Sent again when the link is lost before its verdict. */
  again?: number;
  /** Its place; one that has to wait again waits in front of all that came after it. */
  order?: number;
  /** Its key in the store. */
  key?: number;
  /** Of QoS 2, the key under which the store is told that it is handed over; 0: it was told. */
  handoverKey?: number;
  /** Seconds until its verdict is overdue; it is not in the modem's hands without. */
  left?: number;
  tries?: number;
  /** Times it was offered and it is not certain whether the modem was ready for it. */
  offers?: number;
  /** Times it was sent; once, and what became of it is unknown. */
  sent?: number;
  /** The link went while it was being handed over. */
  lost?: number;
  /** A verdict that may be part of a message. */
  unproven?: string | undefined;
  /** The unproven verdict does not count: there was another one, or bytes were lost since the packet was handed over. */
  discredited?: number;
  /**
   * Of a PUBLISH, the user's callback. Of the others, called once.
   * @param values - the granted QoS vector of a SUBSCRIBE
   */
  done?: ((error: any, values?: any) => void) | undefined;
}

/** A publish in bytes, with its payload as it goes to the modem. */
export interface Publication {
  topic: string;
  payload: string;
  qos: number;
  retain: number;
}

/** The values of its command: tcpconnectID, message ID, and of a PUBLISH QoS, retain and topic (application note 3.2.6 to 3.2.8). */
export function valuesOf(packet: Packet): string[] {
  return split(":" + packet.text.substring(10));
}

/** What a packet ends with that was sent and has no verdict. */
export function unknownFate(packet: Packet): M95Error {
  const name = nameOf(packet.text) + " " + packet.msgid;
  const error = new M95Error("EUNKNOWN", name + " was sent, no verdict came", packet.text);
  error.messageId = packet.msgid;
  return error;
}

/** What a packet ends with that the modem has given up. @param line - that says so @param meaning - of its result */
export function givenUp(packet: Packet, result: number, line: string, meaning: string): M95Error {
  const error = new M95Error("ETIMEOUT", line + " (" + meaning + ")", packet.text);
  error.result = result;
  error.messageId = packet.msgid;
  error.raw = line;
  return error;
}

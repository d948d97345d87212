// A PUBLISH, SUBSCRIBE or UNSUBSCRIBE on its way: what it holds, and the command that hands it to the modem. It sends nothing.
// @resident packet commandOf
import type { M95Error } from "../errors.js";

/** `<result>` of +QMTCONN, +QMTSUB, +QMTUNS and +QMTPUB (application note 3.2.4, 3.2.6 to 3.2.8). */
export const ACKNOWLEDGED = 0;
export const RETRANSMITTED = 1;

/** A topic filter, in bytes, with the wished or the granted QoS. */
export interface Filter {
  topic: string;
  /** Undefined when the modem gave fewer values than there were topics. */
  qos: number | undefined;
}

export interface Packet {
  /** Row of the command table. */
  name: "QMTPUB" | "QMTSUB" | "QMTUNS";
  /** Message ID; 0 for QoS 0. */
  msgid: number;
  /** Of a PUBLISH, in bytes. */
  topic: string;
  /** Of a PUBLISH, as it goes to the modem; undefined: it is none. */
  payload: string | undefined;
  /** Of the packet: SUBSCRIBE and UNSUBSCRIBE have 1 (MQTT 3.1.1, 2.2.2), whatever their topics are to get. */
  qos: number;
  /** 0 or 1. */
  retain: number;
  /** Of a SUBSCRIBE or UNSUBSCRIBE. */
  filters: Filter[];
  /** Sent again when the link is lost before its verdict. */
  again: boolean;
  /** Its place; one that has to wait again waits in front of all that came after it. */
  order: number;
  /** Key under which the store is told that it is handed over; 0: it is not told. */
  handoverKey: number;
  /** Seconds until its verdict is overdue; 0: it is not in the modem's hands yet. */
  left: number;
  tries: number;
  /** It was sent at least once, so what became of it is unknown. */
  sent: boolean;
  /** The link went while it was being handed over. */
  lost: boolean;
  /** The fields of a verdict that may be part of a message. */
  unprovenVerdict: string[] | undefined;
  /** The line they stood in. */
  unprovenLine: string;
  /** The unproven verdict does not count: there was another one, or bytes were lost since the packet was handed over. */
  discredited: boolean;
  /** Called once. @param values - the granted QoS vector of a SUBSCRIBE */
  done(error: M95Error | null, values: string[]): void;
}

/** A packet that was not sent yet; to become a PUBLISH it needs topic, payload and QoS. */
export function packet(name: Packet["name"], msgid: number, filters: Filter[], done: Packet["done"]): Packet {
  return {
    name,
    msgid,
    topic: "",
    payload: undefined,
    qos: 1,
    retain: 0,
    filters,
    again: true,
    order: 0,
    handoverKey: 0,
    left: 0,
    tries: 0,
    sent: false,
    lost: false,
    unprovenVerdict: undefined,
    unprovenLine: "",
    discredited: false,
    done,
  };
}

/**
 * The command of a packet (application note 3.2.6 to 3.2.8), whose values were checked when it was made: not built from the
 * command table, which then need not be loaded for each message.
 * @param id - tcpconnectID of its client
 */
export function commandOf(id: number, packet: Packet): string {
  let text = "AT+" + packet.name + "=" + id + "," + packet.msgid;
  if (packet.payload !== undefined) text += "," + packet.qos + "," + packet.retain + ',"' + packet.topic + '"';
  const filters = packet.filters;
  for (let i = 0; i < filters.length; i++)
    text += ',"' + filters[i]!.topic + '"' + (packet.name === "QMTSUB" ? "," + filters[i]!.qos : "");
  return text;
}

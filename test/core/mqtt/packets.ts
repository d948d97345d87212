// Packets as tests of the outbox add them. It asserts nothing.
import type { Outbox } from "../../../core/mqtt/outbox.js";
import { type Packet, packet } from "../../../core/mqtt/packet.js";

/** A PUBLISH of "x" to a topic. @param again - it is sent again when the link goes before its verdict */
export function publish(outbox: Outbox, topic: string, qos: number, again: boolean, done: Packet["done"]): Packet {
  const one = packet("QMTPUB", qos ? outbox.nextId() : 0, [], done);
  return Object.assign(one, { topic, payload: "x", qos, again });
}

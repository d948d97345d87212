// Packets as tests of the outbox add them. It asserts nothing.
import type { Profile } from "../../../core/mqtt/options.js";
import type { Outbox } from "../../../core/mqtt/outbox.js";
import type { Packet } from "../../../core/mqtt/packet.js";

/** A PUBLISH of "x" to a topic. @param again - it is sent again when the link goes before its verdict */
export function publish(outbox: Outbox, topic: string, qos: number, again: boolean, done: Packet["done"]): Packet {
  const msgid = qos ? outbox.nextId() : 0;
  return { text: `AT+QMTPUB=0,${msgid},${qos},0,"${topic}"`, msgid, data: "x", again: again ? 1 : 0, done };
}

/** A SUBSCRIBE. */
export function subscribe(outbox: Outbox, topic: string, done: Packet["done"]): Packet {
  const msgid = outbox.nextId();
  return { text: `AT+QMTSUB=0,${msgid},"${topic}",1`, msgid, filters: [{ topic, qos: 1 }], again: 1, done };
}

/** Of a client's options, what an outbox needs: packet time-outs of the first try, and of all, ms. */
export function profile(notice: number, packets: number): Profile {
  return { packets, notice, limit: 16 } as unknown as Profile;
}

/** What an outbox needs of its client, for one that has none. */
export const OWNER = {
  connected: true,
  connectionId: 0,
  emit: () => false,
  _answer: (error: unknown, done: Packet["done"]) => done!(error),
  sending: () => {},
  drained: () => {},
};

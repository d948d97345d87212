// Publishes of QoS 1 and 2 that outlive a power cut: their records in the store that the user lends. It sends nothing.
// @part store
import { reason, wrong } from "../arguments.js";
import { M95Error } from "../errors.js";
import { type Packet, type Publication, valuesOf } from "./packet.js";
import type { OutboxStore } from "./types.js";

/** A publish of an earlier run. */
export interface Kept extends Publication {
  key: number;
  /** It was handed to the modem, and what became of it is not known. Only told of QoS 2. */
  sent: boolean;
}

/** Record of a key that marks the publish before it as handed to the modem. */
const HANDED_OVER = "-";

/** The packet of a publish that was kept. */
export function packetOf(one: Kept, connectionId: number, msgid: number): Packet {
  const values = [connectionId, msgid, one.qos, one.retain, '"' + one.topic + '"'];
  const packet: Packet = { text: "AT+QMTPUB=" + values.join(), msgid, data: one.payload };
  packet.key = one.key;
  if (one.qos === 2) packet.handoverKey = one.key + 1;
  return packet;
}

/**
 * A record is one digit, the QoS plus 4 if retained; the topic; a line feed, which no topic holds; the payload. Its key is even.
 * The odd key behind it holds a mark once the publish is handed over: QoS 2 must not be sent twice, QoS 1 may be, so that
 * only QoS 2 costs the store a second write.
 */
export class Durable {
  private _store: OutboxStore;
  private _next: number;
  private _report: (error: M95Error) => void;

  /**
   * @param report - told of what the store refuses when nobody waits for it
   * @throws M95Error `EPARAM` for what is no store
   */
  constructor(store: OutboxStore, report: (error: M95Error) => void) {
    if (!store || !store.load || !store.append || !store.remove)
      throw wrong("store", "an object with load, append and remove", store);
    this._store = store;
    this._next = 2;
    this._report = report;
  }

  /** What an earlier run left, in its order. @throws M95Error `ESTORE` */
  readKept(): Kept[] {
    const kept: Kept[] = [];
    try {
      const list = this._store.load();
      for (let i = 0; i < list.length; i++) {
        const key = list[i]!.key;
        const record = list[i]!.record;
        const flags = +record[0]!;
        const end = record.indexOf("\n");
        const last = kept[kept.length - 1];
        this._next = key + 2 - (key % 2);
        if (record === HANDED_OVER && last && last.key === key - 1) last.sent = true;
        else if (end > 1 && (flags & 3) % 3)
          kept.push({
            key,
            qos: flags & 3,
            retain: flags >> 2,
            topic: record.substring(1, end),
            payload: record.substring(end + 1),
            sent: false,
          });
        // The mark of a publish that is gone already, or nothing of ours.
        else this._note(key);
      }
    } catch (error) {
      throw this._failure(error);
    }
    return kept;
  }

  /** Keeps a publish of QoS 1 or 2. @throws M95Error `ESTORE` */
  keepPacket(packet: Packet): void {
    const values = valuesOf(packet);
    const key = this._next;
    // Also when it is not kept: a key may be half used then.
    this._next += 2;
    try {
      this._store.append(key, +values[2]! + 4 * +values[3]! + values[4]! + "\n" + packet.data);
    } catch (error) {
      throw this._failure(error);
    }
    packet.key = key;
    if (values[2] === "2") packet.handoverKey = key + 1;
  }

  /** Forgets a packet that has ended, but what was never sent, or is to be sent again: that is left to the next client. */
  forgetPacket(packet: Packet, error: M95Error | null): void {
    const code = error && error.code;
    if (code === "ECLOSED" || (packet.again && code === "EUNKNOWN")) return;
    this._note(packet.key!);
    if (packet.handoverKey !== undefined) this._note(packet.key! + 1);
  }

  /** Notes that a publish is handed over. @param key - the odd one */
  noteHandover(key: number): void {
    this._note(key, HANDED_OVER);
  }

  /** What may fail without anybody waiting for it. @param record - undefined: the key's is forgotten */
  private _note(key: number, record?: string): void {
    try {
      if (record) this._store.append(key, record);
      else this._store.remove(key);
    } catch (error) {
      this._report(this._failure(error));
    }
  }

  private _failure(error: unknown): M95Error {
    return new M95Error("ESTORE", "store: " + reason(error));
  }
}

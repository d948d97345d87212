// Publishing for one client: checks, the limit of the queue and what makes room in it, the store. Sending is the outbox's, which it
// is a part of: on Espruino two objects would take more room than one.
// @part store: restoreKept
// @resident publish
import { flag, integer } from "../arguments.js";
import { checkLine, LINE, quote } from "../at/params.js";
import { bytesOf } from "../codec.js";
import { DROPPED } from "../counters.js";
import { M95Error } from "../errors.js";
import type { Done } from "../ports.js";
import { Durable, packetOf } from "./durable.js";
import { decode, isEncoded } from "./encoding.js";
import { IN_PUBLISH } from "./inbox.js";
import { payloadOf } from "./options.js";
import { Outbox } from "./outbox.js";
import { type Packet, type Publication, valuesOf } from "./packet.js";
import { checkTopic } from "./topics.js";
import type { OutboxStore, PublishOptions } from "./types.js";

export class Publisher extends Outbox {
  /** See `MqttClient.publish`. @throws M95Error what it refuses */
  publish(topic: string, payload: unknown, options: PublishOptions, done: Done | undefined): void {
    const owner = this._owner;
    const host = this._host;
    const profile = this._profile;
    const name = bytesOf(host.codec, "topic", topic);
    const qos = options.qos === undefined ? 0 : options.qos;
    const retain = options.retain;
    // Refused before it matters whether there is room. The checks are called only where there is something to find.
    if (!name || name.indexOf("#") >= 0 || name.indexOf("+") >= 0) checkTopic("topic", name);
    if (retain !== undefined && retain !== !!retain) flag("retain", retain);
    const data = payloadOf(
      host.codec,
      payload,
      host.inbox.offers === IN_PUBLISH,
      profile.encoded.length > 0 && isEncoded(profile.encoded, name),
    );
    integer("qos", qos, 0, 2);
    if (JSON.stringify(name).length !== name.length + 2 || name.indexOf("\x7f") >= 0) quote("topic", name, 0);
    const msgid = qos ? this.nextId() : 0;
    const values = owner.connectionId + "," + msgid + "," + qos + "," + (retain ? 1 : 0);
    const packet: Packet = { text: "AT+QMTPUB=" + values + ',"' + name + '"', msgid, data, done };
    if (packet.text.length > LINE) checkLine("topic", packet.text);
    if (qos === 1 && profile.resends) packet.again = 1;
    packet.order = ++this._back;
    if (!owner.connected || this._durable || this._wait.length >= profile.settled.queueLimit) this._admit(packet, qos);
    else this._wait.push(packet);
    this._advance();
  }

  // A publish while offline, with a store, or with a queue that may be full. @throws M95Error `EQUEUE`, `ESTORE`
  private _admit(packet: Packet, qos: number): void {
    const owner = this._owner;
    const waiting = this.waiting(true);
    const o = this._profile.settled;
    let gone: Packet | undefined;
    if (!owner.connected && !qos && !o.queueQoSZero)
      throw new M95Error("EQUEUE", "not connected, and queueQoSZero is false");
    if (waiting >= o.queueLimit) {
      // The publish that has waited longest makes room.
      gone = this._wait.filter((one) => one.data !== undefined && !(o.queuePolicy === "drop-qos0" && one.msgid))[0];
      if (!gone || o.queuePolicy === "reject")
        throw new M95Error("EQUEUE", waiting + " publishes wait already, queueLimit is " + o.queueLimit);
    }
    if (this._durable && qos) this._durable.keepPacket(packet);
    // The store is somebody else's code: it may have closed the port.
    if (this._closed) throw this._closed;
    if (gone) this._displace(gone);
    this._wait.push(packet);
    // Last of all: who listens may end the client.
    if (!owner.connected && !waiting) owner.emit("offline");
  }

  // Takes a publish out of the queue.
  private _displace(gone: Packet): void {
    this._host.counters[DROPPED]!++;
    this._wait.splice(this._wait.indexOf(gone), 1);
    gone.again = 0;
    // Told later, so that who publishes it once more at once does not come back in here.
    this._clock.after(0, () => {
      const values = valuesOf(gone);
      this._tellOf("drop", { topic: values[4]!, payload: gone.data!, qos: +values[2]!, retain: +values[3]! });
      this._fail(gone, new M95Error("EQUEUE", "dropped: the queue was full", gone.text));
    });
  }

  /** Tells listeners of a publish that is not sent: topic, payload and the rest, in the runtime's forms. */
  private _tellOf(event: "drop" | "unknown", what: Publication): boolean {
    const codec = this._host.codec;
    const encoded = this._profile.encoded;
    const topic = what.topic;
    const bytes = encoded.length && isEncoded(encoded, topic) ? decode(codec, what.payload) : undefined;
    const payload = bytes === undefined ? what.payload : bytes;
    return this._owner.emit(
      event,
      codec.toText ? codec.toText(topic) : topic,
      codec.toPayload ? codec.toPayload(payload) : payload,
      { qos: what.qos, retain: !!what.retain },
    );
  }

  // Queues what an earlier run left. @throws M95Error `EPARAM`, `ESTORE`
  restoreKept(store: OutboxStore): void {
    const durable = new Durable(store, (error) => this._owner.emit("error", error));
    const kept = durable.readKept();
    this._durable = durable;
    kept.forEach((one) => {
      const packet = packetOf(one, this._owner.connectionId, this.nextId());
      if (one.qos === 1 && this._profile.resends) packet.again = 1;
      try {
        quote("topic", one.topic, 0);
        checkLine("topic", packet.text);
        if (one.sent)
          throw new M95Error("EUNKNOWN", "handed to the modem before a restart, no verdict came", packet.text);
        this.add(packet);
      } catch (error) {
        // Later, so that listeners can be attached first.
        this._clock.after(0, () => {
          if (!this._tellOf("unknown", one)) this._owner.emit("error", error);
          durable.forgetPacket(packet, null);
        });
      }
    });
  }
}

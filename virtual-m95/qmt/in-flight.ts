// Packets that wait for their acknowledgement: window, msgIDs, retransmission (note 3.2.1 TIMEOUT, 3.2.6–3.2.8).

import type { Packet } from "mqtt-packet";
import type { Timers } from "../time/timers.js";
import type { QmtConfig } from "./config.js";
import { limits } from "./limits.js";

export type Operation = "QMTPUB" | "QMTSUB" | "QMTUNS";

interface Entry {
  operation: Operation;
  /** What is sent again: after PUBREC the PUBREL. */
  packet: Packet;
  tries: number;
  timer: unknown;
}

export interface InFlightHooks {
  send(packet: Packet): void;
  /** `+<operation>: id,msgID,result[,value]`. */
  result(operation: Operation, msgID: number, result: 0 | 1 | 2, value?: string): void;
  /** A packet was given up. */
  failed(): void;
}

export class InFlight {
  readonly #timers: Timers;
  readonly #config: () => QmtConfig;
  readonly #hooks: InFlightHooks;
  readonly #entries = new Map<number, Entry>();
  /** QoS 0 publishes whose result has not been reported. */
  #sending = 0;

  constructor(timers: Timers, config: () => QmtConfig, hooks: InFlightHooks) {
    this.#timers = timers;
    this.#config = config;
    this.#hooks = hooks;
  }

  has(msgID: number): boolean {
    return this.#entries.has(msgID);
  }

  get windowFull(): boolean {
    return this.#sending + this.#count("QMTPUB") >= limits.inFlightWindow;
  }

  get subscriptionsFull(): boolean {
    return this.#entries.size - this.#count("QMTPUB") >= limits.subscriptionsInFlight;
  }

  clear(): void {
    this.#entries.clear();
    this.#sending = 0;
  }

  /** A QoS 0 publish: its result only says that it left. */
  sendUnacknowledged(packet: Packet, msgID: number, ms: number): void {
    this.#sending++;
    this.#hooks.send(packet);
    this.#timers.after(ms, () => {
      this.#sending--;
      this.#hooks.result("QMTPUB", msgID, 0);
    });
  }

  start(operation: Operation, msgID: number, packet: Packet): void {
    const entry: Entry = { operation, packet, tries: 0, timer: undefined };
    this.#entries.set(msgID, entry);
    this.#transmit(msgID, entry);
  }

  /** An acknowledgement; false when nothing of that kind waits for it. */
  acknowledge(operation: Operation, msgID: number, value?: string): boolean {
    const entry = this.#entries.get(msgID);
    if (entry?.operation !== operation) return false;
    this.#timers.cancel(entry.timer);
    this.#entries.delete(msgID);
    this.#hooks.result(operation, msgID, 0, value);
    return true;
  }

  /** PUBREC: from now on PUBREL is what is sent again. */
  release(msgID: number): void {
    const entry = this.#entries.get(msgID);
    const pubrel: Packet = { cmd: "pubrel", messageId: msgID };
    if (entry?.operation !== "QMTPUB") {
      this.#hooks.send(pubrel);
      return;
    }
    this.#timers.cancel(entry.timer);
    entry.packet = pubrel;
    entry.tries = 0;
    this.#transmit(msgID, entry);
  }

  #count(operation: Operation): number {
    let count = 0;
    for (const entry of this.#entries.values()) if (entry.operation === operation) count++;
    return count;
  }

  #transmit(msgID: number, entry: Entry): void {
    this.#hooks.send(entry.packet);
    entry.timer = this.#timers.after(this.#config().timeout.packet * 1000, () => this.#timedOut(msgID, entry));
  }

  #timedOut(msgID: number, entry: Entry): void {
    const { retries, notice } = this.#config().timeout;
    if (entry.tries >= retries) {
      this.#entries.delete(msgID);
      this.#hooks.result(entry.operation, msgID, 2);
      this.#hooks.failed();
      return;
    }
    entry.tries++;
    if (entry.packet.cmd === "publish") entry.packet.dup = true;
    if (notice) this.#hooks.result(entry.operation, msgID, 1, String(entry.tries));
    this.#transmit(msgID, entry);
  }
}

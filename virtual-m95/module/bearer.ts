// Packet flow between modem and network: while the radio is down bytes wait, as TCP makes them. It knows no MQTT.

import type { TlsSettings } from "../../tls/settings.js";
import type { EnergyMeter } from "../energy/meter.js";
import type { Handlers, Network, Socket } from "../network/network.js";

/** Events that may wait on one connection before it counts as lost. */
const waitLimit = 1000;

/** First byte of CONNACK; the fourth is the return code (MQTT 3.1). */
const connack = 0x20;

export class Bearer {
  /** Nothing listens at the other end: connections are refused. */
  unreachable = false;
  readonly #network: Network;
  readonly #energy: EnergyMeter;
  /** Calls back later: a connection never ends inside the call that opens it. */
  readonly #later: (fn: () => void) => void;
  readonly #links = new Set<Link>();
  #up = false;
  #refusals = 0;
  #refusalCode = 0;
  #refused = (): void => {};

  constructor(network: Network, energy: EnergyMeter, later: (fn: () => void) => void) {
    this.#network = network;
    this.#energy = energy;
    this.#later = later;
  }

  /** The next `count` connections that the broker accepts are refused with `code`, and closed. `done`: that was the last. */
  refuse(code: number, count: number, done: () => void): void {
    this.#refusalCode = code;
    this.#refusals = count;
    this.#refused = done;
  }

  /** The peer closes every connection. */
  resetAll(): void {
    for (const link of [...this.#links]) link.closedByPeer();
  }

  /** Whether a host name leads to an address. */
  knows(host: string): boolean {
    return this.#network.knows?.(host) ?? true;
  }

  get up(): boolean {
    return this.#up;
  }

  set up(up: boolean) {
    if (up === this.#up) return;
    this.#up = up;
    if (up) for (const link of this.#links) link.flush();
  }

  connect(host: string, port: number, tls: TlsSettings | undefined, handlers: Handlers): Socket {
    const network = this.#network;
    const dial = (inner: Handlers): Socket => {
      this.#energy.up(0);
      if (this.unreachable) return this.#dead(inner);
      return tls && network.connectTls
        ? network.connectTls(host, port, inner, tls)
        : network.connect(host, port, inner);
    };
    const link = new Link(dial, handlers, {
      energy: this.#energy,
      connected: () => {
        this.#energy.down(0);
        if (tls) this.#energy.handshake();
      },
      up: () => this.#up,
      gone: () => this.#links.delete(link),
      refusal: () => {
        if (this.#refusals === 0) return 0;
        const code = this.#refusalCode;
        if (--this.#refusals === 0) this.#refused();
        return code;
      },
    });
    this.#links.add(link);
    link.flush();
    return link;
  }

  /** Every connection vanishes without a word to either side. */
  destroyAll(): void {
    for (const link of [...this.#links]) link.destroy();
  }

  #dead(inner: Handlers): Socket {
    this.#later(() => inner.onClose(Object.assign(new Error("refused"), { code: "ECONNREFUSED" })));
    return { write: () => {}, end: () => {}, destroy: () => {} };
  }
}

class Link implements Socket {
  #socket: Socket | undefined;
  #waiting: (() => void)[] = [];
  #live = true;

  constructor(
    private readonly dial: (inner: Handlers) => Socket,
    private readonly handlers: Handlers,
    private readonly bearer: {
      energy: EnergyMeter;
      connected(): void;
      up(): boolean;
      gone(): void;
      refusal(): number;
    },
  ) {
    this.#pass(() => {
      this.#socket = this.dial({
        onHandshake: () => this.#pass(() => this.handlers.onHandshake?.()),
        onConnect: () =>
          this.#pass(() => {
            this.bearer.connected();
            this.handlers.onConnect();
          }),
        onData: (bytes) => this.#pass(() => this.#data(bytes)),
        onClose: (error) =>
          this.#pass(() => {
            this.#die();
            this.handlers.onClose(error);
          }),
      });
    });
  }

  write(bytes: Buffer): void {
    this.#pass(() => {
      this.bearer.energy.up(bytes.length);
      this.#socket?.write(bytes);
    });
  }

  end(): void {
    if (!this.bearer.up()) {
      this.destroy();
      return;
    }
    this.bearer.energy.up(0);
    this.#socket?.end();
  }

  destroy(): void {
    if (!this.#live) return;
    this.#die();
    this.#socket?.destroy();
  }

  /** Both sides learn of it. */
  closedByPeer(): void {
    if (!this.#live) return;
    this.#die();
    this.#socket?.end();
    this.handlers.onClose();
  }

  flush(): void {
    while (this.#live && this.bearer.up() && this.#waiting.length > 0) this.#waiting.shift()!();
  }

  #data(bytes: Buffer): void {
    this.bearer.energy.down(bytes.length);
    const refusal = bytes[0] === connack ? this.bearer.refusal() : 0;
    if (refusal === 0) {
      this.handlers.onData(bytes);
      return;
    }
    this.handlers.onData(Buffer.from([connack, 2, 0, refusal]));
    this.closedByPeer();
  }

  #die(): void {
    this.#live = false;
    this.#waiting = [];
    this.bearer.gone();
  }

  #pass(event: () => void): void {
    if (!this.#live) return;
    this.#waiting.push(event);
    if (this.#waiting.length > waitLimit) {
      this.destroy();
      this.handlers.onClose(new Error("too much waiting"));
      return;
    }
    this.flush();
  }
}

// Packet flow between modem and network: while the radio is down bytes wait, as TCP makes them. It knows no MQTT.

import type { Handlers, Network, Socket, TlsSettings } from "./network.js";

/** Events that may wait on one connection before it counts as lost. */
const waitLimit = 1000;

export class Bearer {
  readonly #network: Network;
  readonly #links = new Set<Link>();
  #up = false;

  constructor(network: Network) {
    this.#network = network;
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
    const dial = (inner: Handlers): Socket =>
      tls && network.connectTls ? network.connectTls(host, port, inner, tls) : network.connect(host, port, inner);
    const link = new Link(dial, handlers, {
      up: () => this.#up,
      gone: () => this.#links.delete(link),
    });
    this.#links.add(link);
    link.flush();
    return link;
  }

  /** Every connection vanishes without a word to either side. */
  destroyAll(): void {
    for (const link of [...this.#links]) link.destroy();
  }
}

class Link implements Socket {
  #socket: Socket | undefined;
  #waiting: (() => void)[] = [];
  #live = true;

  constructor(
    private readonly dial: (inner: Handlers) => Socket,
    private readonly handlers: Handlers,
    private readonly bearer: { up(): boolean; gone(): void },
  ) {
    this.#pass(() => {
      this.#socket = this.dial({
        onHandshake: () => this.#pass(() => this.handlers.onHandshake?.()),
        onConnect: () => this.#pass(() => this.handlers.onConnect()),
        onData: (bytes) => this.#pass(() => this.handlers.onData(bytes)),
        onClose: (error) =>
          this.#pass(() => {
            this.#die();
            this.handlers.onClose(error);
          }),
      });
    });
  }

  write(bytes: Buffer): void {
    this.#pass(() => this.#socket?.write(bytes));
  }

  end(): void {
    if (!this.bearer.up()) {
      this.destroy();
      return;
    }
    this.#socket?.end();
  }

  destroy(): void {
    if (!this.#live) return;
    this.#die();
    this.#socket?.destroy();
  }

  flush(): void {
    while (this.#live && this.bearer.up() && this.#waiting.length > 0) this.#waiting.shift()!();
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

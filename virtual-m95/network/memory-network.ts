// An in-memory network on the simulated clock: host names, ports, latency. It carries bytes and knows no MQTT. Of TLS it
// only has the certificates looked at.

import { certificatesIn, identityFault } from "../../tls/certificates.js";
import type { TlsSettings } from "../../tls/settings.js";
import type { Clock } from "../options.js";
import type { Handlers, Network, Socket } from "./network.js";

export interface MemoryNetworkOptions {
  clock: Clock;
  /** One way, ms; default 50. */
  latency?: number;
  /** Host names that do not resolve. */
  unresolved?: Iterable<string>;
  /** Ports on which nothing listens. */
  refused?: Iterable<number>;
  /** PEM of the certificates that the broker sends in a handshake, its own first; without it every handshake succeeds. */
  certificate?: string;
}

/** The listening side: called per connection with the way back, gives the way in. */
export type Accept = (peer: Socket) => { onData(bytes: Buffer): void; onClose(): void };

export class MemoryNetwork implements Network {
  readonly unresolved: Set<string>;
  readonly refused: Set<number>;
  latency: number;
  certificate: string | undefined;
  readonly #clock: Clock;
  #accept: Accept | undefined;

  constructor(options: MemoryNetworkOptions) {
    this.#clock = options.clock;
    this.latency = options.latency ?? 50;
    this.unresolved = new Set(options.unresolved);
    this.refused = new Set(options.refused);
    this.certificate = options.certificate;
  }

  /** Every name and port leads to this listener; undefined: connections are refused. */
  listen(accept: Accept | undefined): void {
    this.#accept = accept;
  }

  knows(host: string): boolean {
    return !this.unresolved.has(host);
  }

  connect(host: string, port: number, handlers: Handlers): Socket {
    return this.#dial(host, port, handlers, () => undefined);
  }

  connectTls(host: string, port: number, handlers: Handlers, settings: TlsSettings): Socket {
    const { certificate } = this;
    if (certificate === undefined) return this.connect(host, port, handlers);
    return this.#dial(
      host,
      port,
      handlers,
      () => identityFault(settings) ?? settings.refuse(certificatesIn(certificate)),
    );
  }

  /** `refuse`: why the modem gives up once it has reached the listener. */
  #dial(host: string, port: number, handlers: Handlers, refuse: () => string | undefined): Socket {
    const pipe = new Pipe(this.#clock, () => this.latency);
    pipe.toServer(() => {
      const code = this.unresolved.has(host) ? "ENOTFOUND" : "ECONNREFUSED";
      const unreached = code === "ENOTFOUND" || this.refused.has(port) || !this.#accept;
      const message = unreached ? `${code} ${host}:${port}` : refuse();
      if (message !== undefined || !this.#accept) {
        return pipe.toClient(() => {
          pipe.clientOpen = false;
          handlers.onClose(Object.assign(new Error(message), unreached ? { code } : {}));
        });
      }
      const server = this.#accept({
        write: (bytes) => pipe.toClient(() => handlers.onData(bytes)),
        end: () => {
          pipe.serverOpen = false;
          pipe.toClient(() => {
            pipe.clientOpen = false;
            handlers.onClose();
          });
        },
        destroy: () => {
          pipe.serverOpen = false;
        },
      });
      pipe.onServerData = (bytes) => server.onData(bytes);
      pipe.onServerClose = () => server.onClose();
      pipe.toClient(() => handlers.onConnect());
    });
    return {
      write: (bytes) => pipe.toServer(() => pipe.onServerData(bytes)),
      end: () => {
        pipe.clientOpen = false;
        pipe.toServer(() => {
          pipe.serverOpen = false;
          pipe.onServerClose();
        });
      },
      destroy: () => {
        pipe.clientOpen = false;
      },
    };
  }
}

/** Delivers events in order after the latency, while the receiving side is open. */
class Pipe {
  clientOpen = true;
  serverOpen = true;
  onServerData: (bytes: Buffer) => void = () => {};
  onServerClose: () => void = () => {};

  constructor(
    private readonly clock: Clock,
    private readonly latency: () => number,
  ) {}

  toServer(event: () => void): void {
    this.clock.after(this.latency(), () => {
      if (this.serverOpen) event();
    });
  }

  toClient(event: () => void): void {
    this.clock.after(this.latency(), () => {
      if (this.clientOpen) event();
    });
  }
}

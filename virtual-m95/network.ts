// The network behind the modem: the interface, and real TCP over node:net. It knows no MQTT.

import net from "node:net";

export interface Handlers {
  onConnect(): void;
  onData(bytes: Buffer): void;
  /** Once, when the connection ends or never came about. `error.code` "ENOTFOUND" means an unknown host name. */
  onClose(error?: Error & { code?: string }): void;
}

export interface Socket {
  write(bytes: Buffer): void;
  /** Orderly close: the peer learns of it. */
  end(): void;
  /** The connection vanishes, as when power is cut; no handler is called any more. */
  destroy(): void;
}

export interface Network {
  connect(host: string, port: number, handlers: Handlers): Socket;
  /** For AT+QMTCFG="SSL",id,1; without it the simulator connects in plain TCP. */
  connectTls?(host: string, port: number, handlers: Handlers): Socket;
}

export interface TcpNetworkOptions {
  /** Host names of the simulated world and the hosts they stand for; others are resolved as usual. */
  resolve?: Record<string, string>;
  /** Every connection goes to this address, whatever host and port were asked for. */
  only?: [host: string, port: number];
}

/** Real TCP connections. Needs real time: use a `ScaledClock`, not a `SimClock`. */
export function tcpNetwork(options: TcpNetworkOptions = {}): Network {
  return {
    connect(host, port, handlers) {
      const target = options.only ?? [options.resolve?.[host] ?? host, port];
      return open(net.connect({ host: target[0], port: target[1], noDelay: true }), handlers);
    },
  };
}

function open(socket: net.Socket, handlers: Handlers): Socket {
  let live = true;
  let failure: Error | undefined;
  socket.on("connect", () => live && handlers.onConnect());
  socket.on("data", (bytes) => live && handlers.onData(bytes));
  socket.on("error", (error) => {
    failure = error;
  });
  socket.on("close", () => {
    if (!live) return;
    live = false;
    handlers.onClose(failure);
  });
  return {
    write: (bytes) => {
      if (live) socket.write(bytes);
    },
    end: () => {
      live = false;
      socket.destroySoon();
    },
    destroy: () => {
      live = false;
      socket.destroy();
    },
  };
}

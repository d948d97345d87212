// The real network: TCP and TLS over node:net and node:tls. It knows no MQTT and does not judge certificates.

import net from "node:net";
import tls from "node:tls";
import { contextOf, sentBy } from "../../tls/context.js";
import type { Handlers, Network, Socket } from "./network.js";

export interface TcpNetworkOptions {
  /** Host names of the simulated world and the hosts they stand for; others are resolved as usual. */
  resolve?: Record<string, string>;
  /** Every connection goes to this address, whatever host and port were asked for. */
  only?: [host: string, port: number];
}

/** Real connections, TCP and TLS. They need real time: use a `ScaledClock`, not a `SimClock`. */
export function tcpNetwork(options: TcpNetworkOptions = {}): Required<Network> {
  const target = (host: string, port: number): { host: string; port: number } => {
    const [to, at] = options.only ?? [options.resolve?.[host] ?? host, port];
    return { host: to, port: at };
  };
  return {
    // Names are looked up when a connection is made.
    knows: () => true,
    connect(host, port, handlers) {
      return open(net.connect({ ...target(host, port), noDelay: true }), handlers, "connect");
    },
    connectTls(host, port, handlers, settings) {
      const secureContext = contextOf(settings);
      if (secureContext instanceof Error) return failed(handlers, secureContext);
      // No SNI: no modem of this family has a setting for it. The modem's clock and files judge, not this machine's.
      const socket = tls.connect({ ...target(host, port), secureContext, servername: "", rejectUnauthorized: false });
      socket.setNoDelay(true);
      return open(socket, handlers, "secureConnect", () => settings.refuse(sentBy(socket)));
    },
  };
}

/** A connection that never comes about. */
function failed(handlers: Handlers, error: Error): Socket {
  let live = true;
  const forget = (): void => {
    live = false;
  };
  setImmediate(() => live && handlers.onClose(error));
  return { write: () => {}, end: forget, destroy: forget };
}

function open(
  socket: net.Socket,
  handlers: Handlers,
  ready: "connect" | "secureConnect",
  refuse?: () => string | undefined,
): Socket {
  let live = true;
  let failure: Error | undefined;
  if (ready === "secureConnect") socket.on("connect", () => live && handlers.onHandshake?.());
  socket.on(ready, () => {
    if (!live) return;
    const refused = refuse?.();
    if (refused === undefined) handlers.onConnect();
    else socket.destroy(new Error(refused));
  });
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

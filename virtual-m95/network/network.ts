// The network behind the modem: the interface, and real TCP and TLS over node:net and node:tls. It knows no MQTT and does
// not judge certificates.

import { createPrivateKey, X509Certificate } from "node:crypto";
import net from "node:net";
import tls from "node:tls";

export interface Handlers {
  /** TCP is there and TLS begins; not called in plain TCP. */
  onHandshake?(): void;
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

export type TlsVersion = "TLSv1" | "TLSv1.1" | "TLSv1.2";

/** What an SSL context of the modem (AT+QSSLCFG) comes to. */
export interface TlsSettings {
  minVersion: TlsVersion;
  maxVersion: TlsVersion;
  /** By OpenSSL's names. */
  ciphers: readonly string[];
  /** PEM; only with seclevel 2. */
  cert?: string;
  key?: string;
  /** Says why the modem refuses these certificates, the server's own first; undefined when it does not. */
  refuse(chain: X509Certificate[]): string | undefined;
}

export interface Network {
  connect(host: string, port: number, handlers: Handlers): Socket;
  /** For AT+QMTCFG="SSL",id,1; without it the simulator connects in plain TCP and no certificate is looked at. */
  connectTls?(host: string, port: number, handlers: Handlers, settings: TlsSettings): Socket;
}

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

/** An Error for what no handshake can be made of: no cipher that OpenSSL has, a key that is not the certificate's. */
export function contextOf({ minVersion, maxVersion, ciphers, cert, key }: TlsSettings): tls.SecureContext | Error {
  try {
    const kind = key === undefined ? "rsa" : createPrivateKey(key).asymmetricKeyType;
    if (kind !== "rsa") return new Error(`the client key is ${kind}, not RSA`);
    return tls.createSecureContext({
      minVersion,
      maxVersion,
      // What the module offers is too old for OpenSSL's ordinary demands.
      ciphers: [...ciphers, "@SECLEVEL=0"].join(":"),
      ca: [],
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
    });
  } catch (error) {
    return error as Error;
  }
}

/** The certificates that the server sent, its own first. */
export function sentBy(socket: tls.TLSSocket): X509Certificate[] {
  const chain: X509Certificate[] = [];
  let next: tls.DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  while (next?.raw && !chain.some(({ raw }) => raw.equals(next!.raw))) {
    chain.push(new X509Certificate(next.raw));
    next = next.issuerCertificate;
  }
  return chain;
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

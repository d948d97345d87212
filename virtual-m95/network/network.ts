// The network behind the modem: what the modem asks of it, and nothing that could do it.

import type { TlsSettings } from "../../tls/settings.js";

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

export interface Network {
  connect(host: string, port: number, handlers: Handlers): Socket;
  /** For AT+QIDNSGIP and AT+QPING; without it every name is known. */
  knows?(host: string): boolean;
  /** For AT+QMTCFG="SSL",id,1; without it the simulator connects in plain TCP and no certificate is looked at. */
  connectTls?(host: string, port: number, handlers: Handlers, settings: TlsSettings): Socket;
}

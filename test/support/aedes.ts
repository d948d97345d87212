// An MQTT broker inside the test process (Aedes), on a free loopback port, on demand behind node:tls. For a second opinion
// there is Mosquitto.

import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";
import { Aedes, type AedesOptions } from "aedes";

/** A message that a client published. */
export interface PublishedMessage {
  clientId: string;
  topic: string;
  payload: Buffer;
  qos: number;
  retain: boolean;
}

/** A running broker. After `restart` it is another `broker` behind another `server`, on the same port. */
export interface RunningAedes {
  readonly port: number;
  readonly broker: Aedes;
  readonly server: Server;
  /** What clients have published since the start, over all restarts. */
  readonly published: readonly PublishedMessage[];
  /** Resolves with the published messages once there are `count` of them; rejects after `limit` ms. */
  waitForPublished(count: number, limit?: number): Promise<readonly PublishedMessage[]>;
  /** Cuts all connections without a DISCONNECT and frees the port. Doing it twice does no harm. */
  stop(): Promise<void>;
  /** Stops if need be, and starts on the same port with no memory of sessions and retained messages. */
  restart(): Promise<void>;
}

export interface StartOptions extends AedesOptions {
  /** For those who need a certain one. */
  port?: number;
  tls?: TlsOptions;
}

/** Starts a broker; the other options are Aedes' own. */
export async function startAedes(options: StartOptions = {}): Promise<RunningAedes> {
  const { port: wantedPort = 0, tls, ...aedesOptions } = options;
  const published: PublishedMessage[] = [];
  const waiting = new Set<() => void>();
  const sockets = new Set<Socket>();
  let broker: Aedes;
  let server: Server;
  let port = wantedPort;

  const start = async () => {
    broker = await Aedes.createBroker(aedesOptions);
    broker.on("publish", ({ topic, payload, qos, retain }, client) => {
      if (!client) return;
      published.push({ clientId: client.id, topic, payload: Buffer.from(payload), qos, retain });
      for (const look of waiting) look();
    });
    server = tls ? createTlsServer(tls, (socket) => broker.handle(socket)) : createServer(broker.handle);
    server.on("connection", (socket: Socket) => {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
    });
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    port = (server.address() as AddressInfo).port;
  };

  const stop = async () => {
    if (!server.listening) return;
    const closed = once(server, "close");
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
    await new Promise<void>((resolve) => broker.close(resolve));
  };

  await start();
  return {
    get port() {
      return port;
    },
    get broker() {
      return broker;
    },
    get server() {
      return server;
    },
    published,
    waitForPublished(count, limit = 5000) {
      return new Promise((resolve, reject) => {
        const settle = (act: () => void) => {
          clearTimeout(timer);
          waiting.delete(look);
          act();
        };
        const look = () => {
          if (published.length >= count) settle(() => resolve(published));
        };
        const late = () => new Error(`${published.length} of ${count} messages were published within ${limit} ms`);
        const timer = setTimeout(() => settle(() => reject(late())), limit);
        waiting.add(look);
        look();
      });
    },
    stop,
    async restart() {
      await stop();
      await start();
    },
  };
}

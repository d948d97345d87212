// A virtual M95 as a server: the UART on one TCP port, the control protocol on another. No command line here.

import net from "node:net";
import { tcpNetwork } from "../network/tcp-network.js";
import type { VirtualM95Options } from "../options.js";
import { ScaledClock } from "../time/scaled-clock.js";
import { VirtualM95 } from "../virtual-m95.js";
import { runControlLine } from "./control.js";

export interface Address {
  host: string;
  port: number;
}

export interface ServerOptions {
  /** Where the UART's bytes are served; default a free port on 127.0.0.1. */
  listen?: Address;
  /** Where the control protocol is served; none by default. */
  control?: Address;
  /** The broker all MQTT connections lead to; default 127.0.0.1:1883. */
  broker?: Address;
  /** Simulated per real time, default 1. */
  speed?: number;
  /** The modem itself; clock and network are made here unless given. */
  modem?: Partial<VirtualM95Options>;
}

export interface VirtualM95Server {
  readonly modem: VirtualM95;
  readonly port: number;
  readonly controlPort: number | undefined;
  /** Resolves when the server has ended: by `close`, or `quit` on the control port. */
  readonly closed: Promise<void>;
  close(): Promise<void>;
}

const local: Address = { host: "127.0.0.1", port: 0 };

/** Starts listening; rejects when a port cannot be had. */
export async function startVirtualM95Server(options: ServerOptions = {}): Promise<VirtualM95Server> {
  const broker = options.broker ?? { host: "127.0.0.1", port: 1883 };
  const modem = new VirtualM95({
    clock: new ScaledClock(options.speed),
    network: tcpNetwork({ only: [broker.host, broker.port] }),
    // A TCP connection has no rate that could be wrong.
    hostBaud: 0,
    ...options.modem,
  });
  const sockets = new Set<net.Socket>();
  const servers: net.Server[] = [];
  let ended = (): void => {};
  const closed = new Promise<void>((resolve) => {
    ended = resolve;
  });
  const close = async (): Promise<void> => {
    modem.dispose();
    for (const socket of sockets) socket.destroySoon();
    await Promise.all(servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))));
    ended();
  };
  const serve = async (address: Address, onSocket: (socket: net.Socket) => void): Promise<number> => {
    const server = net.createServer({ noDelay: true }, (socket) => {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
      // A peer that goes away without goodbye is no concern of the modem.
      socket.on("error", () => socket.destroy());
      socket.setEncoding("latin1");
      onSocket(socket);
    });
    servers.push(server);
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(address.port, address.host, resolve);
    });
    return (server.address() as net.AddressInfo).port;
  };
  try {
    const port = await serve(options.listen ?? local, uartOf(modem));
    const controlPort = options.control && (await serve(options.control, controlOf(modem, close)));
    return { modem, port, controlPort, closed, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A UART has one host: a second connection is turned away. */
function uartOf(modem: VirtualM95): (socket: net.Socket) => void {
  let host: net.Socket | undefined;
  modem.uart.onReceive = (chunk) => host?.write(chunk, "latin1");
  return (socket) => {
    if (host) {
      socket.destroy();
      return;
    }
    host = socket;
    socket.on("data", (data) => modem.uart.write(String(data)));
    socket.on("close", () => {
      host = undefined;
    });
  };
}

function controlOf(modem: VirtualM95, close: () => Promise<void>): (socket: net.Socket) => void {
  return (socket) => {
    let pending = "";
    socket.on("data", async (data) => {
      const lines = (pending + data).split(/\r?\n/);
      pending = lines.pop()!;
      for (const line of lines) {
        if (line.trim() === "") continue;
        if (line.trim() === "quit") {
          socket.end("ok\n");
          await close();
          return;
        }
        socket.write(`${await runControlLine(modem, line)}\n`, "latin1");
      }
    });
  };
}

// A virtual M95 as a server: the UART on one TCP port, the control protocol on another. No command line here, and nothing
// for web pages.

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

/** What can be served: a UART, and lines of the control port. */
export interface Served {
  readonly uart: { write(data: string): void; onReceive: (chunk: string) => void };
  dispose(): void;
}

/** A listening server without its modem. */
export type Listening = Omit<VirtualM95Server, "modem">;

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
  return { modem, ...(await listen(modem, options, (line) => runControlLine(modem, line))) };
}

/** Serves a UART on one port, and what answers control lines on another. */
export async function listen(
  modem: Served,
  options: Pick<ServerOptions, "listen" | "control">,
  runLine: (line: string) => Promise<string>,
): Promise<Listening> {
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
  const serve = async (
    address: Address,
    encoding: "latin1" | "utf8",
    onSocket: (socket: net.Socket) => void,
  ): Promise<number> => {
    const server = net.createServer({ noDelay: true }, (socket) => {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
      // A peer that goes away without goodbye is no concern of the modem.
      socket.on("error", () => socket.destroy());
      socket.setEncoding(encoding);
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
    const port = await serve(options.listen ?? local, "latin1", uartOf(modem));
    const controlPort = options.control && (await serve(options.control, "utf8", controlOf(runLine, close)));
    return { port, controlPort, closed, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * How a browser begins: any page on this machine can have it call any port here. AT commands have no such word in front of a
 * path, and nothing of such a request has a chance to be one.
 */
const request = /^(GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH) /;

/** A UART has one host: a second connection is turned away, and so is a browser. */
function uartOf(modem: Served): (socket: net.Socket) => void {
  let host: net.Socket | undefined;
  modem.uart.onReceive = (chunk) => host?.write(chunk, "latin1");
  return (socket) => {
    if (host) {
      socket.destroy();
      return;
    }
    let begin = "";
    host = socket;
    socket.on("data", (data) => {
      if (begin.length < 8) begin += String(data).slice(0, 8);
      if (request.test(begin)) socket.destroy();
      else modem.uart.write(String(data));
    });
    socket.on("close", () => {
      host = undefined;
    });
  };
}

/** Characters of a line on the control port, at most. */
const lineLimit = 4096;
/** ms that what a peer still sends is read and dropped, so that it hears why it was hung up on. */
const farewell = 1000;

/** What is wrong with a line, or with what has come of it; undefined if nothing. */
function fault(line: string): string | undefined {
  if (request.test(line) || / HTTP\/\d/.test(line)) return "this is no web server";
  if (line.length > lineLimit) return `a line has at most ${lineLimit} characters`;
  // A TLS handshake has some, and no command.
  return /[\0-\x08\x0b-\x1f\x7f]/.test(line) ? "control characters have no meaning here" : undefined;
}

/** One line after the other; the first that cannot be one ends the connection, and what is behind it is not looked at. */
function controlOf(
  runLine: (line: string) => Promise<string>,
  close: () => Promise<void>,
): (socket: net.Socket) => void {
  return (socket) => {
    let pending = "";
    let over = false;
    const hangUp = (word: string): void => {
      over = true;
      socket.end(`${word}\n`);
      socket.resume();
      setTimeout(() => socket.destroy(), farewell).unref();
    };
    socket.on("data", async (data) => {
      if (over) return;
      const lines = (pending + data).split("\n");
      pending = lines.pop()!;
      // One after the other, and no more is read meanwhile.
      socket.pause();
      for (const text of lines) {
        const line = text.trim();
        const wrong = fault(line);
        if (wrong !== undefined) {
          hangUp(`error ${wrong}`);
          return;
        }
        if (line === "") continue;
        if (line === "quit") {
          socket.end("ok\n");
          await close();
          return;
        }
        socket.write(`${await runLine(line)}\n`);
      }
      const wrong = fault(pending.trim());
      if (wrong === undefined) socket.resume();
      else hangUp(`error ${wrong}`);
    });
  };
}

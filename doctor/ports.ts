// Where a modem can be reached from Node: a serial port, a TCP serial server; and how its key can be pressed. It examines nothing.
import net from "node:net";
import { createInterface } from "node:readline";
import type { Key, Port } from "./conversation.js";

export interface OpenPort extends Port {
  /** The adapter's control lines, where it has some. */
  lines?: { dtr?: boolean; rts?: boolean };
  setLines?(lines: { dtr?: boolean; rts?: boolean }): void;
  close(): Promise<void>;
}

/** `host:port`, but neither a path nor COM3. */
export const SERVER = /^(?:\[([^\]]+)\]|([^/\\:]+)):(\d{1,5})$/;

async function openServer(host: string, port: number): Promise<OpenPort> {
  const socket = net.connect({ host, port, noDelay: true });
  await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  socket.setEncoding("latin1");
  const made: OpenPort = {
    write: (data) => void socket.write(data, "latin1"),
    onReceive: () => {},
    close: async () => {
      socket.destroy();
    },
  };
  socket.on("data", (chunk) => made.onReceive(String(chunk)));
  socket.on("error", () => socket.destroy());
  return made;
}

async function openSerial(path: string, baudRate: number): Promise<OpenPort> {
  const { SerialPort } = await import("serialport").catch(() => {
    throw new Error(`${path} is a path, and opening one needs the package serialport: npm install serialport`);
  });
  const port = await new Promise<InstanceType<typeof SerialPort>>((resolve, reject) => {
    const made: InstanceType<typeof SerialPort> = new SerialPort({ path, baudRate }, (error) =>
      error ? reject(error) : resolve(made),
    );
  });
  const made: OpenPort = {
    write: (data) => void port.write(Buffer.from(data, "latin1")),
    onReceive: () => {},
    setBaud: (baud) => port.update({ baudRate: baud }),
    setLines: (lines) => port.set(lines),
    // An adapter's DTR output is low when it is asserted.
    dtr: (level) => port.set({ dtr: level === 0 }),
    close: () => new Promise((resolve) => port.close(() => resolve())),
  };
  port.on("data", (chunk: Buffer) => made.onReceive(chunk.toString("latin1")));
  port.on("error", () => {});
  return made;
}

/** @throws Error that says why the port cannot be had */
export async function openPort(name: string, baud: number): Promise<OpenPort> {
  const server = SERVER.exec(name);
  try {
    return await (server ? openServer((server[1] ?? server[2])!, Number(server[3])) : openSerial(name, baud));
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    throw new Error(`${name} cannot be opened: ${message || code}`);
  }
}

export interface OpenKey extends Key {
  close(): void;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * The key: a line of the adapter behind a transistor (`rts`, `dtr`: asserted presses), or the control port of a virtual M95
 * (`host:port`).
 * @throws Error for a line that the port has not
 */
export async function openKey(name: string, port: OpenPort): Promise<OpenKey> {
  if (name === "rts" || name === "dtr") {
    const { setLines } = port;
    if (!setLines) throw new Error(`--power-key ${name}: this port has no such line`);
    // It is this line that presses: it cannot wake as well.
    if (name === "dtr") delete port.dtr;
    return {
      async press(ms) {
        setLines({ [name]: true });
        await sleep(ms);
        setLines({ [name]: false });
      },
      close: () => {},
    };
  }
  const server = SERVER.exec(name)!;
  const socket = net.connect(Number(server[3]), (server[1] ?? server[2])!);
  await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  const waiting: ((line: string) => void)[] = [];
  createInterface({ input: socket }).on("line", (line) => waiting.shift()?.(line));
  socket.on("close", () => {
    for (const one of waiting.splice(0)) one("error the control port was closed");
  });
  socket.on("error", () => {});
  const ask = (line: string): Promise<string> =>
    new Promise((resolve) => {
      waiting.push(resolve);
      socket.write(`${line}\n`);
    });
  return {
    async press(ms) {
      await ask(`press ${ms}`);
    },
    async status() {
      const level = /^ok ([01])$/.exec(await ask("status"))?.[1];
      return level === undefined ? undefined : (Number(level) as 0 | 1);
    },
    close: () => socket.destroy(),
  };
}

// What the demo runs on: a virtual M95 behind a TCP socket, or a real one on a serial port; an embedded broker, or yours.
import { once } from "node:events";
import net from "node:net";
import { type M95, openM95, powerSwitch } from "../../targets/node/index.js";
import { type RunningAedes, startAedes } from "../../test/support/aedes.js";
import { ScaledClock } from "../../virtual-m95/scaled-clock.js";
import { startVirtualM95Server, type VirtualM95Server } from "../../virtual-m95/server.js";

export interface Settings {
  /** `host:port` of a broker to use instead of the embedded one. */
  broker: string | undefined;
  /** Serial port of a real modem. */
  port: string | undefined;
  baud: number;
  apn: string;
  /** Simulated per real time, with the virtual modem. */
  speed: number;
}

export interface Bench {
  modem: M95;
  /** Host and port that the modem is to connect to. */
  host: string;
  hostPort: number;
  /** What it consists of, for people. */
  about: string[];
  embedded: RunningAedes | undefined;
  virtual: VirtualM95Server | undefined;
  close(): Promise<void>;
}

/** The broker's address in the application note's example 5.1; the virtual network leads it to the real broker. */
const EXAMPLE_HOST = "220.180.239.212";

export async function setUp(settings: Settings): Promise<Bench> {
  const about: string[] = [];
  const embedded = settings.broker === undefined ? await startAedes() : undefined;
  const address = embedded ? { host: "127.0.0.1", port: embedded.port } : addressOf(settings.broker!);
  about.push(`broker   ${embedded ? "Aedes, in this process" : "given"}, ${address.host}:${address.port}`);
  if (settings.port !== undefined) {
    const modem = await openM95(settings.port, { baudRate: settings.baud, apn: settings.apn });
    about.push(`modem    on ${settings.port}, ${settings.baud} baud, taken as powered on`);
    return { modem, host: address.host, hostPort: address.port, about, embedded, virtual: undefined, close };
  }
  const clock = new ScaledClock(settings.speed);
  const virtual = await startVirtualM95Server({ broker: address, modem: { clock, protocolVersion: 4 } });
  const socket = net.connect({ host: "127.0.0.1", port: virtual.port, noDelay: true });
  await once(socket, "connect");
  const power = powerSwitch(virtual.modem.pins, clock);
  const modem = await openM95(socket, { clock, power, apn: settings.apn });
  about.push(
    `modem    virtual M95 behind TCP port ${virtual.port}, switched off, time runs ${settings.speed} times as fast`,
  );
  return { modem, host: EXAMPLE_HOST, hostPort: 1883, about, embedded, virtual, close };

  async function close(): Promise<void> {
    await virtual?.close();
    await embedded?.stop();
  }
}

/** @throws Error for a text that is not `host:port` */
export function addressOf(text: string): { host: string; port: number } {
  const at = text.lastIndexOf(":");
  const port = Number(text.slice(at + 1));
  if (at < 1 || !Number.isInteger(port) || port < 1 || port > 65535)
    throw new Error(`broker must be host:port with a port of 1..65535, not "${text}"`);
  return { host: text.slice(0, at), port };
}

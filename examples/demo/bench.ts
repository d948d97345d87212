// What the demo runs on: a virtual M95 behind a TCP socket, or a real one on a serial port; an embedded broker, or yours.
import net from "node:net";
import { type Clock, type M95, openM95, powerSwitch, recorder, systemClock } from "../../targets/node/index.js";
import { startVirtualM95Server, type VirtualM95Server } from "../../virtual-m95/server/server.js";
import { ScaledClock } from "../../virtual-m95/time/scaled-clock.js";
import { type OwnBroker, startBroker, startTlsBroker } from "./brokers.js";

export interface Settings {
  /** A broker to use instead of the embedded one. */
  broker: Address | undefined;
  /** Serial port of a real modem. */
  port: string | undefined;
  baud: number;
  apn: string;
  /** Simulated per real time, with the virtual modem. */
  speed: number;
  /** TLS both ways, with certificates made at the start and a broker that demands the client's. */
  tls?: boolean;
  /** A file for what passes. */
  record?: string;
}

export interface Address {
  host: string;
  port: number;
}

export interface Bench {
  modem: M95;
  /** The time that the modem lives in. */
  clock: Clock;
  /** Where the modem is to connect to. */
  address: Address;
  /** What it consists of, for people. */
  about: string[];
  embedded: OwnBroker | undefined;
  /** What the clients need for it. */
  tls: { ca: string; cert: string; key: string } | undefined;
  virtual: VirtualM95Server | undefined;
  close(): Promise<void>;
}

/** The broker's address in the application note's example 5.1; the virtual network leads it to the real broker. */
const EXAMPLE: Address = { host: "220.180.239.212", port: 1883 };

/** The same of example 5.2, where the broker wants TLS. */
const TLS_EXAMPLE: Address = { host: "a1zgnxur10j8ux.iot.us-east-1.amazonaws.com", port: 8883 };

/** ms in which a broker has to accept a connection. */
const BROKER_LIMIT = 5000;

/** Rejects when broker or serial port cannot be reached. */
export async function setUp(settings: Settings): Promise<Bench> {
  const about: string[] = [];
  const recording = settings.record === undefined ? undefined : recorder(settings.record);
  const trace = recording && { trace: recording };
  const secured = settings.tls ? await startTlsBroker(TLS_EXAMPLE.host) : undefined;
  const embedded = settings.broker ? undefined : (secured?.broker ?? (await startBroker()));
  const address = settings.broker ?? { host: "127.0.0.1", port: embedded!.port };
  about.push(`broker   ${embedded?.name ?? "yours"}, ${address.host}:${address.port}`);
  if (secured)
    about.push("TLS      certificates made just now; the broker demands the client's, the modem verifies the broker's");
  if (settings.port !== undefined) {
    // One try, so that a modem that is off or wired wrongly is reported soon.
    const recovery = { attempts: 1, syncTimeout: 10_000 };
    const modem = await openM95(settings.port, { baudRate: settings.baud, apn: settings.apn, recovery, ...trace });
    about.push(`modem    on ${settings.port}, ${settings.baud} baud, taken as powered on; switched off at the end`);
    if (embedded) about.push("hint     a real modem cannot reach a broker on this machine: give one with --broker");
    return { modem, clock: systemClock, address, about, embedded, tls: undefined, virtual: undefined, close };

    async function close(): Promise<void> {
      modem.close();
      recording?.close();
      await embedded?.stop();
    }
  }
  await reach(address);
  const clock = new ScaledClock(settings.speed);
  const virtual = await startVirtualM95Server({ broker: address, modem: { clock, protocolVersion: 4 } });
  const socket = net.connect({ host: "127.0.0.1", port: virtual.port, noDelay: true });
  const pins = recording ? recording.pins(virtual.modem.pins) : virtual.modem.pins;
  const modem = await openM95(socket, { clock, power: powerSwitch(pins, clock), apn: settings.apn, ...trace });
  about.push(
    `modem    virtual M95 behind TCP port ${virtual.port}, switched off; its time runs ${settings.speed} times as fast`,
    "network  simulated; whatever address the modem connects to, it ends up at the broker",
  );
  return {
    modem,
    clock,
    address: secured ? TLS_EXAMPLE : EXAMPLE,
    about,
    embedded,
    tls: secured?.options,
    virtual,
    async close() {
      modem.close();
      recording?.close();
      await virtual.close();
      await embedded?.stop();
    },
  };
}

/** Says at once what the modem could only tell as the failure of AT+QMTOPEN. */
async function reach({ host, port }: Address): Promise<void> {
  const socket = net.connect(port, host);
  socket.setTimeout(BROKER_LIMIT, () => socket.destroy(new Error("no answer")));
  try {
    await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  } catch (error) {
    // An error of several addresses has its text in the single ones.
    const { message, code } = error as NodeJS.ErrnoException;
    throw new Error(`the broker ${host}:${port} cannot be reached: ${message || code}`);
  } finally {
    socket.destroy();
  }
}

/** @throws Error for a text that is not `host:port` */
export function addressOf(text: string): Address {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (!match || port < 1 || port > 65535)
    throw new Error(`It must be host:port with a port of 1..65535, not "${text}".`);
  return { host: (match[1] ?? match[2])!, port };
}

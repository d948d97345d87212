// What the end-to-end tests have in common: the driver on Node over TCP to a virtual M95, whose network leads to a real
// broker, Aedes and Mosquitto in turn. It tests nothing itself.
import net from "node:net";
import test, { type ExecutionContext } from "ava";
import {
  type ConnectOptions,
  type M95,
  type MqttClient,
  type OpenOptions,
  openM95,
  powerSwitch,
} from "../../targets/node/index.js";
import {
  ScaledClock,
  startVirtualM95Server,
  type Violation,
  type VirtualM95,
  type VirtualM95Options,
} from "../../virtual-m95/index.js";
import { type RunningAedes, startAedes } from "../support/aedes.js";
import { startMosquitto } from "../support/mosquitto.js";
import { connectPeer, type Peer } from "../support/peer.js";
import { testWith } from "../support/test-with.js";

/** Real ms in which anything has to happen; generous, for machines that are busy. */
const LIMIT = 20_000;

/** Lines of traffic that a failing test shows. */
const TRAFFIC = 60;

export interface BrokerOptions {
  /** Those who may connect; default: anyone may. */
  users?: Record<string, string>;
}

export interface Broker {
  readonly name: string;
  readonly port: number;
  stop(): Promise<void>;
  /** On the same port, with no memory. */
  restart(): Promise<void>;
}

export interface OpenedModem {
  modem: M95;
  virtual: VirtualM95;
  /** The last lines of traffic. */
  traffic: string[];
}

export interface ModemOptions {
  virtual?: Partial<VirtualM95Options>;
  modem?: OpenOptions;
  /** Switched off at first, with a PowerSwitch on its pins; default: running, without one. */
  off?: boolean;
  /** Simulated per real time, default 20. */
  speed?: number;
}

export interface Rig {
  t: ExecutionContext;
  broker: Broker;
  /** A modem of its own with a driver of its own. */
  open(options?: ModemOptions): Promise<OpenedModem>;
  /** An independent client at the broker. */
  peer(login?: { username?: string; password?: string }): Promise<Peer>;
}

async function aedesBroker({ users }: BrokerOptions): Promise<Broker> {
  const running = await startAedes({
    ...(users && {
      authenticate: (_client, name, password, done) => {
        if (name !== undefined && users[name] === String(password)) done(null, true);
        else done(Object.assign(new Error("refused"), { returnCode: 5 as const }), false);
      },
    }),
  });
  return { name: "aedes", port: running.port, stop: () => running.stop(), restart: () => running.restart() };
}

async function mosquittoBroker(options: BrokerOptions): Promise<Broker> {
  const first = await startMosquitto(options);
  let running = first;
  return {
    name: "mosquitto",
    port: first.port,
    stop: () => running.stop(),
    async restart() {
      await running.stop();
      running = await startMosquitto({ ...options, port: first.port });
    },
  };
}

/** A test against each of the brokers; no virtual modem may have had anything to object to. */
export function withBrokers(title: string, run: (rig: Rig) => Promise<void>, options: BrokerOptions = {}): void {
  for (const [name, start, declare] of [
    ["aedes", aedesBroker, test],
    ["mosquitto", mosquittoBroker, testWith("mosquitto")],
  ] as const) {
    declare(`${title} (${name})`, async (t: ExecutionContext) => {
      const broker = await start(options);
      t.teardown(() => broker.stop());
      const modems: OpenedModem[] = [];
      const tested = run({
        t,
        broker,
        async open(modemOptions = {}) {
          const opened = await openModem(t, broker.port, modemOptions);
          modems.push(opened);
          return opened;
        },
        async peer(login) {
          const peer = await connectPeer(broker.port, login);
          t.teardown(() => peer.end());
          return peer;
        },
      });
      try {
        await tested;
      } catch (error) {
        for (const { traffic } of modems) t.log(traffic.join("\n"));
        throw error;
      }
      for (const { virtual } of modems) t.deepEqual(virtual.violations, []);
    });
  }
}

/** A virtual M95 behind a TCP port, and the driver on the other end. */
export async function openModem(t: ExecutionContext, brokerPort: number, options: ModemOptions): Promise<OpenedModem> {
  const clock = new ScaledClock(options.speed ?? 20);
  const server = await startVirtualM95Server({
    broker: { host: "127.0.0.1", port: brokerPort },
    modem: { clock, poweredOn: !options.off, protocolVersion: 4, ...options.virtual },
  });
  t.teardown(() => server.close());
  const socket = net.connect({ host: "127.0.0.1", port: server.port, noDelay: true });
  const modem = await openM95(socket, {
    clock,
    apn: "internet",
    ...(options.off && { power: powerSwitch(server.modem.pins, clock) }),
    ...options.modem,
  });
  t.teardown(() => modem.close());
  const traffic: string[] = [];
  modem.on("trace", (direction, text) => {
    traffic.push(`${clock.now().toFixed(0).padStart(8)} ${direction} ${JSON.stringify(text.slice(0, 100))}`);
    if (traffic.length > TRAFFIC) traffic.shift();
  });
  return { modem, virtual: server.modem, traffic };
}

/** Waits until a condition holds. */
export async function until(what: string, condition: () => boolean, limit = LIMIT): Promise<void> {
  const end = performance.now() + limit;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`${what}: not within ${limit / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A client that is connected, with what it receives. */
export interface Connected {
  client: MqttClient;
  inbox: { topic: string; payload: Buffer }[];
}

/** Any address will do: the virtual network leads to the broker. */
export async function connect(modem: M95, options: Partial<ConnectOptions> = {}): Promise<Connected> {
  const client = modem.connect({ host: "broker.example", reconnectPeriod: 500, ...options });
  const inbox: Connected["inbox"] = [];
  client.on("message", (topic, payload) => inbox.push({ topic, payload }));
  await until(`connect of ${options.clientId ?? "a client"}`, () => client.connected);
  return { client, inbox };
}

/** A modem that is on, on a TCP port, in front of Aedes; both end with the test. */
export async function serveModem(
  t: ExecutionContext,
  modem: Partial<VirtualM95Options> = {},
): Promise<{ broker: RunningAedes; port: number; violations: readonly Violation[] }> {
  const broker = await startAedes();
  t.teardown(() => broker.stop());
  const virtual = await startVirtualM95Server({
    broker: { host: "127.0.0.1", port: broker.port },
    speed: 5,
    modem: { poweredOn: true, protocolVersion: 4, ...modem },
  });
  t.teardown(() => virtual.close());
  return { broker, port: virtual.port, violations: virtual.modem.violations };
}

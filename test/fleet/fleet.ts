// A fleet of devices, each a driver with its own virtual M95, on one broker that restarts. It counts connection attempts.

import { M95 } from "../../core/index.js";
import { MemoryBroker, type Network, SimClock, VirtualM95 } from "../../virtual-m95/index.js";
import { random } from "../support/rig.js";

export interface FleetOptions {
  devices: number;
  /** Waiting times are drawn at random, as the driver does by itself; false: each device waits as long as it may. */
  jitter: boolean;
  /** The clients' `reconnectPeriod`, ms; default the driver's. */
  reconnectPeriod?: number;
  /** How long the broker is down, ms. */
  down: number;
  /** Longest time given to come back, ms. */
  limit: number;
  /** Called now and then. */
  onProgress?: (connected: number, seconds: number) => void;
}

export interface FleetResult {
  /** Connection attempts in each second from the broker's end on. */
  attempts: number[];
  /** Those of them that the broker, up again, had to serve. */
  served: number[];
  /** Seconds from the broker's return until half of the devices, and all of them, were connected again. */
  half: number;
  all: number;
}

/** Devices come up within this time before the broker fails, ms. */
const dawn = 600_000;

export function fleet(options: FleetOptions): FleetResult {
  const { devices, jitter, reconnectPeriod, down, limit, onProgress } = options;
  const clock = new SimClock();
  const broker = new MemoryBroker({ clock, latency: 200, receivedLimit: 1 });
  let died = Number.POSITIVE_INFINITY;
  let up = true;
  const result: FleetResult = { attempts: [], served: [], half: 0, all: 0 };
  const count = (list: number[]): void => {
    const second = Math.floor((clock.now() - died) / 1000);
    if (second < 0) return;
    while (list.length <= second) list.push(0);
    list[second]!++;
  };
  const network: Network = {
    connect(host, port, handlers) {
      count(result.attempts);
      if (up) count(result.served);
      return broker.network.connect(host, port, handlers);
    },
  };
  const modems: M95[] = [];
  const virtuals: VirtualM95[] = [];
  let connected = 0;
  for (let i = 0; i < devices; i++) {
    const draw = random(i + 1);
    for (let k = 0; k < 5; k++) draw();
    clock.after(draw() * dawn, () => {
      const virtual = new VirtualM95({ clock, network, poweredOn: true, chunk: "line" });
      virtuals.push(virtual);
      const modem = new M95({ uart: virtual.uart, clock, apn: "internet", random: jitter ? draw : () => 0.999999 });
      modem.on("error", () => {});
      modems.push(modem);
      const client = modem.connect({
        host: "broker.example",
        clientId: `device-${i}`,
        ...(reconnectPeriod && { reconnectPeriod }),
      });
      client.on("error", () => {});
      let counted = false;
      client.on("connect", () => {
        if (!counted) connected++;
        counted = true;
      });
      client.on("close", () => {
        if (counted) connected--;
        counted = false;
      });
    });
  }
  clock.advance(dawn);
  if (!clock.run(() => connected === devices, 600_000))
    throw new Error(`only ${connected} of ${devices} ever connected`);
  // Past the time after which a connection counts as good: waiting times start from the first one.
  clock.advance(300_000);
  died = clock.now();
  up = false;
  broker.stop();
  clock.advance(down);
  up = true;
  broker.start();
  const back = clock.now();
  while (connected < devices) {
    if (clock.now() - back > limit)
      throw new Error(`only ${connected} of ${devices} came back within ${limit / 1000} s`);
    clock.advance(1000);
    if (!result.half && connected * 2 >= devices) result.half = (clock.now() - back) / 1000;
    onProgress?.(connected, Math.round((clock.now() - died) / 1000));
  }
  result.all = (clock.now() - back) / 1000;
  for (const virtual of virtuals) virtual.dispose();
  return result;
}

export const peak = (list: number[]): number => Math.max(0, ...list);

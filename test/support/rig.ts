// A driver in front of a virtual M95 and an in-memory broker, all on one simulated clock. It asserts nothing.

import { powerSwitch } from "../../board-wiring/index.js";
import { explain, M95, type M95Options, type Secure, secure, type TlsOptions } from "../../core/index.js";
import { MemoryBroker, SimClock, VirtualM95, type VirtualM95Options } from "../../virtual-m95/index.js";

export interface RigOptions {
  virtual?: Partial<VirtualM95Options>;
  modem?: Partial<M95Options>;
  broker?: Partial<ConstructorParameters<typeof MemoryBroker>[0]>;
  /** Drive PWRKEY, STATUS and EMERG_OFF; false: the modem is powered on already. Default true. */
  power?: boolean;
}

export interface Rig {
  clock: SimClock;
  broker: MemoryBroker;
  virtual: VirtualM95;
  modem: M95;
  /** Traffic, ">" from the host, "<" from the modem. */
  trace: string[];
  /** Runs the clock until the condition holds; throws after `limit` ms of simulated time. */
  until(what: string, condition: () => boolean, limit?: number): void;
}

/** A repeatable source of numbers in 0..1. */
export function random(seed = 1): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 0x100000000;
  };
}

class ExplainingM95 extends M95 {
  override explain(family: string, code: number): string {
    return explain(family, code);
  }
  override secured(id: number, tls: boolean | TlsOptions | undefined): Secure | undefined {
    return secure.call(this as never, id, tls);
  }
}

export function rig(options: RigOptions = {}): Rig {
  const clock = new SimClock();
  const broker = new MemoryBroker({ clock, latency: 100, ...options.broker });
  const powered = options.power === false;
  const virtual = new VirtualM95({ clock, network: broker.network, poweredOn: powered, ...options.virtual });
  const modem = new ExplainingM95({
    uart: virtual.uart,
    clock,
    apn: "internet",
    random: random(),
    ...(powered ? {} : { power: powerSwitch(virtual.pins, clock) }),
    ...options.modem,
  });
  const trace: string[] = [];
  modem.on("trace", (direction: string, text: string) => trace.push(direction + text));
  return {
    clock,
    broker,
    virtual,
    modem,
    trace,
    until(what, condition, limit = 600_000) {
      if (!clock.run(condition, limit))
        throw new Error(`${what}: not within ${limit} ms\n${trace.slice(-40).join("\n")}`);
    },
  };
}

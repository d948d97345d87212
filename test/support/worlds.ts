// One broker and clock through which driver and modem live, are cut off from power, and live again with what their store held.
// It asserts nothing.
import { type ConnectOptions, M95, type MqttClient, type OutboxStore } from "../../core/index.js";
import { MemoryBroker, SimClock, VirtualM95 } from "../../virtual-m95/index.js";
import { random } from "./rig.js";

export interface Life {
  client: MqttClient;
  modem: M95;
  virtual: VirtualM95;
  /** The power is there. */
  alive: boolean;
  cut(): void;
}

export class Worlds {
  readonly clock = new SimClock();
  readonly broker = new MemoryBroker({ clock: this.clock, latency: 100, receivedLimit: 10_000 });

  /** Power on. Whatever the driver had planned does not happen any more behind `cut`. */
  live(store: OutboxStore, options: Partial<ConnectOptions> = {}): Life {
    const { clock, broker } = this;
    const virtual = new VirtualM95({ clock, network: broker.network, poweredOn: true });
    const life = { virtual, alive: true } as Life;
    const { write } = virtual.uart;
    virtual.uart.write = (data) => {
      if (life.alive) write.call(virtual.uart, data);
    };
    life.cut = () => {
      life.alive = false;
      virtual.dispose();
    };
    life.modem = new M95({
      uart: virtual.uart,
      clock: {
        now: () => clock.now(),
        after: (ms, fn) => clock.after(ms, () => life.alive && fn()),
        cancel: (handle) => clock.cancel(handle as never),
      },
      apn: "internet",
      random: random(),
    });
    life.client = life.modem.connect({ host: "broker.example", clientId: "me", store, ...options });
    return life;
  }
}

/** A store in memory. `before` and `after` see each operation but `load`; either may throw. */
export class MemoryStore implements OutboxStore {
  readonly records = new Map<number, string>();
  before: (what: string, key: number) => void = () => {};
  after: (what: string, key: number) => void = () => {};

  load(): { key: number; record: string }[] {
    return [...this.records].map(([key, record]) => ({ key, record })).sort((a, b) => a.key - b.key);
  }

  append(key: number, record: string): void {
    this.before("append", key);
    this.records.set(key, record);
    this.after("append", key);
  }

  remove(key: number): void {
    this.before("remove", key);
    this.records.delete(key);
    this.after("remove", key);
  }
}

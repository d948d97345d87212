// Days of a battery meter, simulated with driver, modem and broker: what the modem draws, and what arrives.

import { powerSwitch } from "../../board-wiring/index.js";
import { cycle, M95, type M95Options, type MqttClient } from "../../core/index.js";
import { day, type Use, type Way } from "../../energy/sums.js";
import { type EnergyReport, MemoryBroker, SimClock, VirtualM95 } from "../../virtual-m95/index.js";
import { random } from "../support/rig.js";

export interface Month {
  days: number;
  energy: EnergyReport;
  mAhPerDay: number;
  sent: number;
  confirmed: number;
  arrived: number;
  violations: string[];
}

const settling = 3_600_000;

/**
 * Lets a meter run for `days`, and some time before that nothing of is counted.
 * @param options - further options of the driver
 * @param network - it is there all the time, gone when counting begins, or was never there
 */
export function month(
  way: Way,
  use: Use,
  days: number,
  options: Partial<M95Options> = {},
  network: "there" | "gone" | "never" = "there",
): Month {
  const clock = new SimClock();
  const broker = new MemoryBroker({ clock, latency: 300, receivedLimit: 10 });
  const virtual = new VirtualM95({
    clock,
    network: broker.network,
    baud: 115_200,
    registerAfter: use.registration,
    signal: { rssi: use.rssi, ber: 0 },
    ...(network === "never" && { creg: 2, cgreg: 2 }),
    energy: { drx: use.drx, gprsClass: use.gprsClass, facts: use.facts },
  });
  const { pwrkey, status, emergOff, supply, dtr, ri } = virtual.pins;
  const modem = new M95({
    uart: virtual.uart,
    clock,
    apn: "internet",
    baud: 115_200,
    random: random(1),
    ...options,
    power: powerSwitch({ pwrkey, status, emergOff, supply, ...(way === "asleep" && { dtr, ri }) }, clock),
    ...(way === "asleep" && { sleep: "auto" as const, sleepAfter: use.sleepAfter }),
  });
  const problems: string[] = [];
  const result = { sent: 0, confirmed: 0 };
  const failed = (error: unknown): void => void problems.push(String(error));
  modem.on("error", failed);
  const host = { host: "broker.example", clientId: "meter-000017", keepalive: use.keepalive };
  const send = (client: MqttClient, done: () => void): void => {
    result.sent++;
    client.publish("m".repeat(use.topic), "x".repeat(use.payload), { qos: use.qos }, (error) => {
      if (!error) result.confirmed++;
      done();
    });
  };
  if (way === "off") {
    const { every, window } = use;
    // Without spread, so that as many rounds fall into a day as the sums say.
    cycle(modem, { every, window, spread: 0, connect: host, work: send, round: (error) => error && failed(error) });
  } else {
    const client = modem.connect(host).on("error", failed);
    const again = (): void => {
      clock.after(use.every, again);
      send(client, () => {});
    };
    clock.after(use.every, again);
  }
  // So that no message falls on the moment in which counting begins or ends.
  clock.advance(settling + use.every / 2);
  if (network === "gone") virtual.setRegistration(2);
  virtual.energy.reset();
  result.sent = result.confirmed = 0;
  const before = broker.receivedCount;
  clock.advance(days * day);
  const energy = virtual.energy.report();
  clock.advance(60_000);
  return {
    days,
    energy,
    mAhPerDay: energy.mAh / days,
    ...result,
    arrived: broker.receivedCount - before,
    violations: [...problems, ...virtual.violations.map(({ kind }) => kind)],
  };
}

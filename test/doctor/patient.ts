// A virtual M95 to be examined, on the simulated clock, with faults planted: in the line, in the module, in the network, in the
// broker. It judges nothing.

import { type Key, type Port, pinKey } from "../../doctor/conversation.js";
import type { Examination, ExamineOptions } from "../../doctor/examination.js";
import { examine } from "../../doctor/examine.js";
import { MemoryBroker, SimClock, VirtualM95, type VirtualM95Options } from "../../virtual-m95/index.js";

export interface Patient {
  clock: SimClock;
  virtual: VirtualM95;
  broker: MemoryBroker;
  port: Port;
  options: ExamineOptions;
}

export interface Fault {
  virtual?: Partial<VirtualM95Options>;
  options?: Partial<ExamineOptions>;
  /** With the modem's own rate, not the host's. */
  rated?: boolean;
  plant?: (patient: Patient) => void;
}

/** Presses the virtual modem's key. */
export function keyOf({ clock, virtual }: Pick<Patient, "clock" | "virtual">, status = true): Key {
  const key = pinKey(virtual.pins, clock);
  return status ? key : { ...key, status: async () => undefined };
}

/** Answers a command itself: every `pattern` gets these lines instead of the modem's. */
export function answered(patient: Patient, pattern: RegExp, ...lines: string[]): void {
  const { virtual, clock } = patient;
  const before = virtual.onWire;
  virtual.onWire = (data, direction) => {
    if (direction === "rx" && pattern.test(data)) {
      clock.after(20, () => patient.port.onReceive(lines.map((line) => `\r\n${line}\r\n`).join("")));
      return "";
    }
    return before ? before(data, direction) : data;
  };
}

/** Once, `ms` behind the first command that fits. */
export function when(patient: Patient, pattern: RegExp, what: () => void, ms = 100): void {
  const { write } = patient.port;
  let done = false;
  patient.port.write = (data) => {
    if (!done && pattern.test(data)) {
      done = true;
      patient.clock.after(ms, what);
    }
    write(data);
  };
}

export function patient(fault: Fault = {}): Patient {
  const clock = new SimClock();
  const broker = new MemoryBroker({ clock, latency: 100 });
  const virtual = new VirtualM95({
    clock,
    network: broker.network,
    poweredOn: true,
    hostBaud: fault.rated ? 115_200 : 0,
    ...fault.virtual,
  });
  const port: Port = {
    write: (data) => virtual.uart.write(data),
    onReceive: () => {},
    setBaud: (baud) => virtual.uart.setBaud(fault.rated ? baud : 0),
  };
  virtual.uart.onReceive = (chunk) => port.onReceive(chunk);
  const made: Patient = {
    clock,
    virtual,
    broker,
    port,
    options: { clock, apn: "internet", broker: { host: "broker.example", port: 1883 }, ...fault.options },
  };
  fault.plant?.(made);
  return made;
}

/** Runs the clock until the check-up has ended. */
export async function examined({ port, options, clock }: Patient): Promise<Examination> {
  let ended = false;
  const running = examine(port, options).finally(() => {
    ended = true;
  });
  for (;;) {
    await new Promise((resolve) => setImmediate(resolve));
    if (ended) return running;
    if (!clock.step()) throw new Error("nothing more will happen, and the check-up has not ended");
  }
}

// The world around the tests of the Moddable target: clock, broker and virtual M95, asked in JSON. It knows no engine.

/**
 * @param {{ [op: string]: (request: object) => unknown }} on what it answers besides
 * @returns {(question: Buffer) => Buffer} answers what the tests ask for, at once
 */
export async function makeWorld(on) {
  const { MemoryBroker, SimClock, VirtualM95 } = await import("../../dist/virtual-m95/index.js");
  const clock = new SimClock();
  let broker;
  let modem;
  let arrived = "";
  const operations = {
    reset({ hostBaud = 115200, sim = "ready" }) {
      modem?.dispose();
      arrived = "";
      broker = new MemoryBroker({ clock, latency: 100 });
      modem = new VirtualM95({ clock, network: broker.network, poweredOn: false, hostBaud, sim: { state: sim } });
      modem.uart.onReceive = (chunk) => {
        arrived += chunk;
      };
    },
    baud({ baud }) {
      modem?.uart.setBaud?.(baud);
    },
    write: ({ data }) => modem.uart.write(data),
    ri: () => modem.pins.ri.read(),
    pin: ({ name, level }) => modem.pins[name].write(level),
    run({ until }) {
      // A pause of the line ends a chunk; between chunks the engine has the word.
      while (clock.now() < until && arrived === "") if (!clock.step(until)) clock.advance(until - clock.now());
      const data = arrived;
      arrived = "";
      return { now: clock.now(), status: modem?.pins.status.read() ?? 0, data };
    },
    publish({ topic, data, size = 0 }) {
      const payload = data === undefined ? Buffer.from(Array.from({ length: size }, (_, i) => i & 255)) : data;
      broker.publish(topic, payload, 1);
    },
    kick: () => broker.kickAll(),
    "brown-out": () => modem.brownOut(),
    violations: () => modem.violations.map(({ kind, detail }) => `${kind} ${detail}`),
    ...on,
  };
  operations.reset({});
  return (question) => {
    const request = JSON.parse(question.toString("utf8"));
    return Buffer.from(JSON.stringify(operations[request.op](request) ?? null));
  };
}

// Makes the first traces of the corpus: a virtual M95 on the simulated clock, and examples of the application note as
// the transcripts have them. `node build/test/traces/record.js` writes them; those of users are left alone.

import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { powerSwitch } from "../../board-wiring/index.js";
import { M95 } from "../../targets/node/index.js";
import { Recorder } from "../../trace/recorder.js";
import { MemoryBroker, SimClock, VirtualM95, type VirtualM95Options } from "../../virtual-m95/index.js";
import { play } from "../conformance/play.js";
import { readFolder } from "../conformance/transcript.js";
import { random } from "../support/rig.js";

const folder = fileURLToPath(new URL("../../../test/traces/", import.meta.url));

interface World {
  modem: M95;
  virtual: VirtualM95;
  broker: MemoryBroker;
  until(condition: () => boolean): void;
  wait(ms: number): void;
}

/** Records what `run` does with a modem; its lines. */
export function record(
  run: (world: World) => void,
  virtualOptions: Partial<VirtualM95Options> = {},
  options: Partial<ConstructorParameters<typeof M95>[0]> = {},
): string {
  const lines: string[] = [];
  const clock = new SimClock();
  const broker = new MemoryBroker({ clock, latency: 100 });
  const virtual = new VirtualM95({ clock, network: broker.network, poweredOn: true, ...virtualOptions });
  const recorder = new Recorder((line) => lines.push(line.replace(/,"date":"[^"]*"/, "")));
  const power =
    virtualOptions.poweredOn === false ? { power: powerSwitch(recorder.pins(virtual.pins), clock) } : undefined;
  const modem = new M95({
    uart: virtual.uart,
    clock,
    apn: "internet",
    random: random(),
    ...power,
    ...options,
    trace: recorder,
  });
  modem.on("error", () => {});
  run({
    modem,
    virtual,
    broker,
    until: (condition) => {
      if (!clock.run(condition)) throw new Error(`it does not come to ${condition}`);
    },
    wait: (ms) => clock.advance(ms),
  });
  recorder.close();
  return `${lines.join("\n")}\n`;
}

const login = { host: "broker.example", clientId: "trace", username: "user", password: "secret1" };

const made: Record<string, () => string> = {
  "power-on": () =>
    record(
      ({ modem, until, wait }) => {
        let ends = 0;
        const end = (): void => void ends++;
        modem.start(end);
        until(() => ends === 1);
        wait(500);
        modem.identity(end);
        modem.signal(end);
        until(() => ends === 3);
        modem.stop(end);
        until(() => ends === 4);
      },
      { poweredOn: false, sim: { state: "pin", pin: "4711" } },
      { pin: "4711", apn: { name: "internet", username: "me", password: "apnpass" } },
    ),
  messages: () =>
    record(({ modem, broker, until, wait }) => {
      let ends = 0;
      const end = (): void => void ends++;
      const client = modem.connect(login);
      until(() => client.connected);
      client.subscribe("down/#", { qos: 2 }, end);
      until(() => ends === 1);
      for (const qos of [0, 1, 2] as const) client.publish("up", `{"qos":${qos}}`, { qos }, end);
      until(() => ends === 4);
      broker.publish("down/a", 'commas, "quotes" and\r\nlines', 1);
      broker.publish("down/b", Buffer.from([0, 1, 0xe9, 0xff]), 0);
      wait(3000);
      client.unsubscribe("down/#", end);
      until(() => ends === 5);
      client.end(false, end);
      until(() => ends === 6);
    }),
  "lost-link": () =>
    record(({ modem, virtual, until, wait }) => {
      const client = modem.connect({ ...login, reconnectPeriod: 500 });
      let connects = 0;
      let ends = 0;
      client.on("connect", () => connects++);
      client.on("error", () => {});
      until(() => connects === 1);
      wait(1000);
      virtual.dropLink(0, 1);
      until(() => connects === 2);
      wait(1000);
      virtual.dropPdp();
      client.publish("up", "while it was away", { qos: 1 }, () => ends++);
      until(() => connects === 3 && ends === 1);
      wait(100);
    }),
};

const transcripts = readFolder(new URL("../../../test/conformance/", import.meta.url));
for (const one of transcripts.filter(({ file }) => file.startsWith("note-5.1"))) {
  const name = `note-5.1-${one.title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 40)}`;
  made[name] = () => {
    const lines: string[] = [];
    const recorder = new Recorder((line) => lines.push(line.replace(/,"date":"[^"]*"/, "")));
    play(one, transcripts, "whole", recorder);
    recorder.close();
    return `${lines.join("\n")}\n`;
  };
}

/** The traces that can be made, by name. */
export const recordings: Readonly<Record<string, () => string>> = made;

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(folder, { recursive: true });
  for (const [name, make] of Object.entries(made)) writeFileSync(path.join(folder, `${name}.jsonl`), make());
}

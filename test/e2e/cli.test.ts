// End to end with the program m95-virtual as it is shipped: UART on one TCP port, pins and mishaps on another.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import net from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import test, { type ExecutionContext } from "ava";
import { openM95, type PowerSwitch } from "../../targets/node/index.js";
import { startAedes } from "../support/aedes.js";
import { connect, until } from "./rig.js";

const program = fileURLToPath(new URL("../../../dist/virtual-m95/cli.js", import.meta.url));

/** Starts it and reads the ports it prints. */
async function start(t: ExecutionContext, ...args: string[]): Promise<{ child: ChildProcess; ports: number[] }> {
  const child = spawn(process.execPath, [program, "--control", "0", ...args], { stdio: ["ignore", "pipe", "inherit"] });
  t.teardown(() => child.kill("SIGKILL"));
  const ports: number[] = [];
  for await (const line of createInterface(child.stdout!)) {
    ports.push(Number(/:(\d+)$/.exec(line)?.[1]));
    if (ports.length === 2) break;
  }
  return { child, ports };
}

/** The control port: a line out, a line back, one after the other. */
async function control(t: ExecutionContext, port: number): Promise<(line: string) => Promise<string>> {
  const socket = net.connect(port, "127.0.0.1");
  t.teardown(() => socket.destroy());
  await once(socket, "connect");
  const answers: ((line: string) => void)[] = [];
  createInterface(socket).on("line", (line) => answers.shift()?.(line));
  return (line) => {
    socket.write(`${line}\n`);
    return new Promise((resolve) => answers.push(resolve));
  };
}

/** A power switch as anyone would write it who has pins at the far end of a line. */
function remotePower(say: (line: string) => Promise<string>): PowerSwitch & { look(): Promise<void> } {
  let on: boolean | undefined;
  const look = async (): Promise<void> => {
    on = (await say("status")) === "ok 1";
  };
  const press = async (ms: number, wanted: boolean): Promise<void> => {
    await look();
    if (on === wanted) return;
    await say(`press ${ms}`);
    for (let i = 0; i < 150 && on !== wanted; i++) {
      await say("wait 100");
      await look();
    }
    if (on !== wanted) throw new Error(`STATUS did not become ${wanted ? 1 : 0}`);
  };
  return {
    look,
    isOn: () => on,
    on: (done) => void press(1200, true).then(() => done(), done),
    off: (done) => void press(800, false).then(() => done(), done),
  };
}

test("m95-virtual: PWRKEY over the control port, messages, a mishap, power-off, quit", async (t) => {
  const broker = await startAedes();
  t.teardown(() => broker.stop());
  const { child, ports } = await start(t, "--broker", `127.0.0.1:${broker.port}`, "--speed", "5", "--mqtt", "4");
  const say = await control(t, ports[1]!);
  t.is(await say("status"), "ok 0");
  const power = remotePower(say);
  await power.look();
  const modem = await openM95(net.connect(ports[0]!, "127.0.0.1"), { apn: "internet", power });
  const { client, inbox } = await connect(modem, { clientId: "remote" });
  t.is(await say("status"), "ok 1");
  await client.subscribeAsync("loop", { qos: 1 });
  await client.publishAsync("loop", "one", { qos: 1 });
  await until("the first message", () => inbox.length === 1);

  t.is(await say(`drop-link ${client.connectionId} 1`), "ok");
  await until("the reconnect", () => modem.stats.connects === 2);
  await client.publishAsync("loop", "two", { qos: 1 });
  await until("the second message", () => inbox.length === 2);
  t.deepEqual(
    inbox.map(({ payload }) => String(payload)),
    ["one", "two"],
  );

  await modem.stopAsync();
  t.is(await say("status"), "ok 0");
  t.is(await say("violations"), "ok 0");
  const ended = once(child, "exit");
  t.is(await say("quit"), "ok");
  t.deepEqual(await ended, [0, null]);
  modem.close();
});

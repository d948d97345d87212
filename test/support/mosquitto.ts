// Starts Debian's mosquitto on a free loopback port for a test and ends it by its pid. It configures nothing else.

import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import net from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

export interface Mosquitto {
  port: number;
  pid: number;
  stop(): Promise<void>;
}

/** What to tell a developer who does not have it. */
export const mosquittoHint = "mosquitto is missing: install the Debian package mosquitto to run this test";

const startLimit = 5000;

/**
 * A broker of one's own, open to anyone on the loopback; undefined when mosquitto is not installed. Where the
 * environment says CI or M95_REQUIRE_MOSQUITTO a missing mosquitto is an error.
 */
export async function startMosquitto(): Promise<Mosquitto | undefined> {
  const directory = await mkdtemp(join(tmpdir(), "m95-mosquitto-"));
  try {
    const port = await freePort();
    const config = join(directory, "mosquitto.conf");
    await writeFile(config, `listener ${port} 127.0.0.1\nallow_anonymous true\npersistence false\n`);
    return await launch(config, port, directory);
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    if (process.env.CI || process.env.M95_REQUIRE_MOSQUITTO) throw new Error(mosquittoHint);
    return undefined;
  }
}

async function launch(config: string, port: number, directory: string): Promise<Mosquitto> {
  // Debian puts it where an ordinary user's PATH does not look.
  const PATH = [process.env.PATH, "/usr/sbin", "/usr/local/sbin"].join(delimiter);
  const child = spawn("mosquitto", ["-c", config], { stdio: "ignore", env: { ...process.env, PATH } });
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", reject);
  });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
    await exited;
    await rm(directory, { recursive: true, force: true });
  };
  const deadline = Date.now() + startLimit;
  while (!(await answers(port))) {
    if (Date.now() < deadline && child.exitCode === null) continue;
    await stop();
    throw new Error(`mosquitto did not listen on port ${port} within ${startLimit} ms`);
  }
  return { port, pid: child.pid!, stop };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => setTimeout(() => resolve(false), 20));
  });
}

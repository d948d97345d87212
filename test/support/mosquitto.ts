// Starts Debian's mosquitto on a loopback port for a test and ends it by its pid. It makes no certificates, keeps nothing.

import { execFile, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { searchPath } from "./needs.js";

export interface Mosquitto {
  port: number;
  pid: number;
  stop(): Promise<void>;
}

/** PEM texts. */
export interface MosquittoTls {
  cert: string;
  key: string;
  /** The CA whose clients may connect, and none without its certificate; default: no certificate is asked for. */
  clientCa?: string;
}

export interface MosquittoOptions {
  /** Default: a free one. */
  port?: number;
  /** Names and passwords of those who may connect; default: anyone may. */
  users?: Record<string, string>;
  tls?: MosquittoTls;
}

const startLimit = 5000;

const env = { ...process.env, PATH: searchPath };

/** A broker of one's own; rejects when mosquitto is not installed. */
export async function startMosquitto(options: MosquittoOptions = {}): Promise<Mosquitto> {
  const directory = await mkdtemp(join(tmpdir(), "m95-mosquitto-"));
  try {
    const port = options.port ?? (await freePort());
    const config = join(directory, "mosquitto.conf");
    // Started by root it would become a user who may not read this directory.
    const lines = [`listener ${port} 127.0.0.1`, "persistence false", "user root"];
    if (options.users) {
      const passwords = join(directory, "passwords");
      await writeFile(passwords, "", { mode: 0o600 });
      for (const [name, password] of Object.entries(options.users))
        await promisify(execFile)("mosquitto_passwd", ["-b", passwords, name, password], { env });
      lines.push("allow_anonymous false", `password_file ${passwords}`);
    } else lines.push("allow_anonymous true");
    if (options.tls) lines.push(...(await tlsLines(options.tls, directory)));
    await writeFile(config, `${lines.join("\n")}\n`);
    return await launch(config, port, directory);
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
}

async function tlsLines({ cert, key, clientCa }: MosquittoTls, directory: string): Promise<string[]> {
  const file = async (keyword: string, text: string): Promise<string> => {
    await writeFile(join(directory, keyword), text, { mode: 0o600 });
    return `${keyword} ${join(directory, keyword)}`;
  };
  const lines = [await file("certfile", cert), await file("keyfile", key)];
  if (clientCa !== undefined) lines.push(await file("cafile", clientCa), "require_certificate true");
  return lines;
}

async function launch(config: string, port: number, directory: string): Promise<Mosquitto> {
  const child = spawn("mosquitto", ["-c", config], { stdio: "ignore", env });
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

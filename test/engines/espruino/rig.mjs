// A broker, a virtual M95 on a pty in front of it, and sketches in the engine that find the modem's pins there.
// It asserts nothing.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { startAedes } from "../../../build/test/support/aedes.js";
import { startVirtualM95Server } from "../../../build/virtual-m95/index.js";
import { startPty } from "../../../build/virtual-m95/server/pty.js";
import { Engine } from "./engine.mjs";

export const root = fileURLToPath(new URL("../../..", import.meta.url));
export const bundle = path.join(root, "dist/espruino/M95.min.js");
/** The bundle to be read, without its comments: with them it is larger than the Storage of the Linux build. */
export const plainBundle = path.join(mkdtempSync(path.join(os.tmpdir(), "m95-plain-")), "M95.js");
writeFileSync(
  plainBundle,
  readFileSync(path.join(root, "dist/espruino/M95.js"), "utf8").replace(/^[ \t]*(\/\/|\/\*\*|\*).*\n/gm, ""),
);
process.once("exit", () => rmSync(path.dirname(plainBundle), { recursive: true }));

const dist = path.join(root, "dist/espruino");
const { files } = JSON.parse(readFileSync(path.join(dist, "parts.json"), "utf8"));

/** The forms of the driver: in one piece, and in parts as they are sent to boards, or readable. */
export const FORMS = ["min", "file", "plain"];
let form = "min";
let everything = false;

/** From now on sketches get this form, with the parts that they need or with all. */
export function useForm(name, allParts) {
  form = name;
  everything = allParts;
}

const write = (name, file) =>
  `require("Storage").write(${JSON.stringify(name)}, require("fs").readFileSync(${JSON.stringify(file)}));\n`;

/** Puts the driver where the manual puts it, with the parts that a sketch needs. */
export function install(...parts) {
  if (form === "min") return write("M95", bundle);
  const wanted = files.filter(({ part, tool }) => (everything && !tool) || part === "core" || parts.includes(part));
  return wanted.map((one) => write(one.name, path.join(dist, one[form]))).join("");
}

/** Puts a tool beside it, which belongs to any form of the driver. */
export function installTool(part, which) {
  const one = files.find((file) => file.part === part);
  return write(one.name, path.join(dist, one[which]));
}

/** Puts one file there as the driver. */
export function installFile(file) {
  return write("M95", file);
}

/** The code of one of the sketches beside this file. */
export function sketch(name) {
  return readFileSync(new URL(`sketches/${name}.js`, import.meta.url), "utf8");
}

/**
 * @param {{ speed?: number, modem?: object, pty?: boolean, tls?: object }} [options] `speed` of the modem; the engine's time is
 * real; `tls` of the broker, as node:tls has it
 */
export async function startRig({ speed = 1, modem: modemOptions = {}, pty: withPty = true, tls } = {}) {
  const broker = await startAedes(tls ? { tls } : {});
  const server = await startVirtualM95Server({
    broker: { host: "127.0.0.1", port: broker.port },
    speed,
    modem: modemOptions,
  });
  const { modem } = server;
  let device = "";
  let broken;
  const pty = withPty
    ? await startPty(
        server.port,
        undefined,
        (name) => {
          device = name;
        },
        (error) => {
          broken = error;
        },
      )
    : undefined;
  const engines = [];
  const timers = [];
  return {
    broker,
    modem,
    /** Starts a sketch; `CONFIG` has `path` and what is given. */
    run(code, config = {}, options = {}) {
      const engine = new Engine(code, { path: device, ...config }, options);
      engines.push(engine);
      let status = -1;
      // The sketch's pins are this modem's.
      engine.onMark = (name, value) => {
        if (name !== "pin") return false;
        modem.pins[value[0]].write(value[1]);
        return true;
      };
      timers.push(
        setInterval(() => {
          const level = modem.pins.status.read();
          if (level === status) return;
          status = level;
          engine.tell(`STATUS=${level}`);
        }, 10),
      );
      return engine;
    },
    /** Waits until it holds. */
    async until(what, condition, limit = 20_000) {
      for (const end = Date.now() + limit; !condition(); await sleep(10)) {
        if (broken) throw broken;
        if (Date.now() > end)
          throw new Error(`${what}: not within ${limit} ms\n${engines.map((e) => e.report()).join("\n")}`);
      }
    },
    /** A message from elsewhere. */
    publish(topic, payload, qos = 0) {
      const packet = { cmd: "publish", topic, payload: Buffer.from(payload, "latin1"), qos, retain: false, dup: false };
      return new Promise((resolve, reject) =>
        broker.broker.publish(packet, (error) => (error ? reject(error) : resolve())),
      );
    },
    async stop() {
      for (const timer of timers) clearInterval(timer);
      for (const engine of engines) await engine.stop();
      await pty?.close();
      await server.close();
      await broker.stop();
    },
  };
}

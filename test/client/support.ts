// What tests of the client share: a connected client, and a diary of its events.
import type { ConnectOptions, M95Error, MqttClient } from "../../core/index.js";
import { type Rig, type RigOptions, rig } from "../support/rig.js";

export interface Bench extends Rig {
  client: MqttClient;
  /** Events in order, with what tells them apart. */
  diary: string[];
}

export function watch(client: MqttClient, diary: string[]): void {
  for (const event of ["connect", "reconnect", "offline", "end", "close"] as const)
    client.on(event, () => diary.push(event));
  client.on("error", (error) => {
    const { code, returnCode } = error as M95Error;
    diary.push(`error ${code}${returnCode === undefined ? "" : ` ${returnCode}`}`);
  });
  client.on("message", (topic: string, payload: string) => diary.push(`message ${topic} ${payload}`));
}

/** A client on a modem that is on already; connected unless told otherwise. */
export function bench(connect: Partial<ConnectOptions> = {}, options: RigOptions = {}, connected = true): Bench {
  const r = rig({ power: false, ...options });
  const client = r.modem.connect({ host: "broker.example", clientId: "me", ...connect });
  const diary: string[] = [];
  watch(client, diary);
  if (connected) r.until("connected", () => client.connected);
  return { ...r, client, diary };
}

/** Message IDs in order instead of drawn at random, for who reads the wire. */
export function numbered<T extends Bench>(b: T): T {
  let last = 0;
  b.client.outbox.nextId = () => ++last;
  return b;
}

/** How a call ended: "ok", or the error's code. */
export function outcome(results: string[], name: string): (error?: Error | null) => void {
  return (error) => results.push(`${name} ${error ? (error as unknown as { code: string }).code : "ok"}`);
}

/** Commands of the host that begin so. */
export function sent(r: Rig, start: string): string[] {
  return r.trace.filter((line) => line.startsWith(`>${start}`)).map((line) => line.slice(1).trimEnd());
}

/** Stops the modem; nothing may be left then. */
export function finish(r: Rig): number {
  let stopped = false;
  r.modem.stop(() => {
    stopped = true;
  });
  r.until("stopped", () => stopped);
  r.clock.advance(30_000);
  return r.clock.pending;
}

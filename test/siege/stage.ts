// What scenarios share: a modem with clients, messages that come all the time, and what must be so in the end. It plays nothing by itself.
import type { ExecutionContext } from "ava";
import type { Op } from "./oracle.js";
import { FIRMWARE, SETUP, type Setup, World } from "./world.js";

export const framed = (...lines: string[]): string => lines.map((line) => `\r\n${line}\r\n`).join("");

/** A modem with clients 0 and 1 connected and subscribed to cmd/+. */
export function world(setup: Partial<Setup> = {}, ids = [0, 1]): World {
  const w = new World({ ...SETUP, ...setup });
  w.setUp(ids, ["cmd/+"]);
  return w;
}

export function lengths(shape: 1 | 2 | 3 | 4 = 2): Partial<Setup> {
  return { firmware: { ...FIRMWARE, lengths: true, shape } };
}

export function faults(w: World): string[] {
  return w.oracle.problems.map(({ rule, text }) => `${rule}: ${text}`);
}

/** Nothing was done that should not have been, and every callback has come. */
export function good(t: ExecutionContext, w: World, delivered = false): void {
  if (!w.settle(300_000)) t.log("something hangs");
  w.time.advance(30_000);
  w.oracle.close(delivered);
  t.deepEqual(w.time.thrown, []);
  t.deepEqual(faults(w), []);
}

/** Message ID of the next PUBLISH or SUBSCRIBE, as only the UART shows it. */
export function nextId(w: World, name: string, then: (id: string) => void): void {
  w.onCommand = (text) => {
    const id = new RegExp(`^AT\\+${name}=\\d,(\\d+)`).exec(text)?.[1];
    if (!id) return;
    w.onCommand = () => {};
    then(id);
  };
}

/** Publishes of client 1, one a second, while messages come. */
export function publishes(w: World, count: number): Op[] {
  return Array.from({ length: count }, () => {
    const op = w.publish(1, "up", 1);
    w.time.advance(1000);
    return op;
  });
}

export function median(ops: Op[]): number {
  return ops.map((op) => op.doneAt - op.at).sort((a, b) => a - b)[ops.length >> 1]!;
}

export function flow(w: World, wait: () => number, text: (n: number) => string): void {
  let n = 0;
  const next = (): void => {
    w.qmt.inbound(0, "cmd/a", text(n++), 0);
    w.time.at(w.time.now() + wait(), next);
  };
  w.time.at(w.time.now() + wait(), next);
}

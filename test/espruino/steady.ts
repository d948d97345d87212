// What runs while messages flow: the driver for Espruino, connected and subscribed, gets and sends messages of all kinds. It tells which functions ran then; what else there is need not be loaded on a board.

import { parse } from "acorn";
import { espruino } from "./stand-in.js";

const root = new URL("../../../", import.meta.url);

interface Named {
  name: string;
  node: { body: { start: number } };
}

const { namedFunctions } = (await import(new URL("scripts/espruino/marks.mjs", root).href)) as {
  namedFunctions(tree: object, code: string): Named[];
};

/** How +QMTRECV looks (facts sheet 7), and how its bytes arrive. */
const SHAPES = [
  { recvShape: 1, chunk: 64 },
  { recvShape: 2, chunk: 16 },
  { recvShape: 3, chunk: "line" },
  { recvShape: 4, chunk: "byte" },
] as const;

/** The names of the functions that ran. */
export function steadyFunctions(): string[] {
  const ran = new Set<string>();
  for (const { recvShape, chunk } of SHAPES) for (const name of run(recvShape, chunk).steady) ran.add(name);
  return [...ran].sort();
}

/** How often each function ran before, until there was a subscription. */
export function firstFunctions(): Map<string, number> {
  return run(SHAPES[0].recvShape, SHAPES[0].chunk).first;
}

function run(recvShape: 1 | 2 | 3 | 4, chunk: number | "line" | "byte") {
  const ran = new Set<string>();
  const first = new Map<string, number>();
  let subscribed = false;
  const { broker, clock, serial, connect, until } = espruino("M95.js", [], {
    modem: { quirks: { recvShape }, chunk },
    change: (code) => {
      const functions = namedFunctions(parse(code, { ecmaVersion: 2022, sourceType: "script" }), code);
      let out = code;
      for (const { name, node } of [...functions].reverse()) {
        const at = node.body.start + 1;
        out = `${out.slice(0, at)}ran(${JSON.stringify(name)});${out.slice(at)}`;
      }
      return out;
    },
    globals: {
      ran: (name: string) => {
        ran.add(name);
        if (!subscribed) first.set(name, (first.get(name) ?? 0) + 1);
      },
    },
  });
  const driver = connect(serial, { board: "nucleo-f411re", apn: "internet" });
  const mqtt = driver.mqtt({ host: "broker.example", keepalive: 60 });
  let got = 0;
  mqtt.on("message", () => {
    got++;
  });
  mqtt.subscribe("a/#", { qos: 1 }, () => {
    subscribed = true;
  });
  until("subscribed", () => subscribed);
  clock.advance(5000);
  ran.clear();

  let wanted = 0;
  let done = 0;
  for (const payload of ["short", "x".repeat(1500), "two\nlines", '"quoted"', ""]) {
    for (const qos of [0, 1, 2] as const) {
      broker.publish(`a/${qos}`, payload, qos);
      mqtt.publish("up", payload, { qos }, () => done++);
      wanted++;
    }
    until("messages and verdicts", () => got === wanted && done === wanted);
    // Two in a row, without a publish in between.
    for (let i = 0; i < 2; i++) broker.publish("a/b", payload);
    wanted += 2;
    done += 2;
    until("messages", () => got === wanted);
  }
  // A while without traffic, but none of the looks whether the connection still stands: they come minutes apart.
  clock.advance(5000);
  return { first, steady: ran };
}

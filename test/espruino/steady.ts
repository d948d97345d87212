// What runs while messages flow: the driver for Espruino, connected and subscribed, gets and sends messages of all kinds. It tells which
// functions ran often then; what else there is need not be loaded on a board.

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

/** A function is loaded if it runs for so many of the messages, in and out: what is evaluated for one in four costs less than its variables. */
const SHARE = 0.3;

/** The names of the functions that ran often. */
export function steadyFunctions(): string[] {
  const counts = new Map<string, number>();
  let all = 0;
  for (const { recvShape, chunk } of SHAPES) {
    const { steady, messages } = run(recvShape, chunk);
    all += messages;
    for (const [name, count] of steady) counts.set(name, (counts.get(name) ?? 0) + count);
  }
  return [...counts.keys()].filter((name) => counts.get(name)! >= SHARE * all).sort();
}

/** How often each function ran before, until there was a subscription. */
export function firstFunctions(): Map<string, number> {
  return run(SHAPES[0].recvShape, SHAPES[0].chunk).first;
}

function run(recvShape: 1 | 2 | 3 | 4, chunk: number | "line" | "byte") {
  const first = new Map<string, number>();
  const steady = new Map<string, number>();
  let subscribed = false;
  let isSteady = false;
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
        const counts = isSteady ? steady : first;
        if (isSteady || !subscribed) counts.set(name, (counts.get(name) ?? 0) + 1);
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
  isSteady = true;

  let wanted = 0;
  let sent = 0;
  let done = 0;
  for (const payload of ["short", "x".repeat(1500), "two\nlines", '"quoted"', ""]) {
    for (const qos of [0, 1, 2] as const) {
      broker.publish(`a/${qos}`, payload, qos);
      mqtt.publish("up", payload, { qos }, () => done++);
      wanted++;
      sent++;
    }
    until("messages and verdicts", () => got === wanted && done === sent);
    // Two in a row, without a publish in between.
    for (let i = 0; i < 2; i++) broker.publish("a/b", payload);
    wanted += 2;
    until("messages", () => got === wanted);
  }
  // A while without traffic, but none of the looks whether the connection still stands: they come minutes apart.
  clock.advance(5000);
  return { first, steady, messages: got + sent };
}

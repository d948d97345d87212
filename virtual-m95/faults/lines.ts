// Faults of lines: lost, late, in the wrong order, glued, in pieces, doubled, with URCs in between. Bytes stay whole.

import { count, type FaultRow, type FaultWorld, seconds } from "./fault.js";

/** URCs that an M95 prints at any moment and that change nothing. */
const harmless = ["Call Ready", "+CREG: 1", "+CGREG: 1", '+QNITZ: "26/11/22,12:00:00+04,0"', "RING", "+CUSD: 4"];

/** Commands with a result URC behind their OK. */
const twoStage = /^AT\+QMT(OPEN|CONN|PUB|SUB|UNS|DISC|CLOSE)=/;

const isOk = (text: string): boolean => text.trim() === "OK";
const isResult = (text: string): boolean => /^\s*\+QMT(OPEN|CONN|PUB|SUB|UNS|DISC|CLOSE): /.test(text);

/** Calls `fn` for the next COUNT pieces that match, then the fault is over. */
function next(
  world: FaultWorld,
  n: number,
  matches: (text: string) => boolean,
  fn: (text: string) => string | string[] | null,
) {
  let left = n;
  return (text: string): string | string[] | null => {
    if (left <= 0 || !matches(text)) return text;
    if (--left === 0) world.over();
    return fn(text);
  };
}

export const lineFaults: Record<string, FaultRow> = {
  "urc-between": {
    help: "a URC in front of each of the next COUNT lines",
    args: [count(20)],
    start: (world, args) => ({
      send: next(
        world,
        args.count!,
        () => true,
        (text) => [world.modem.frame(harmless[world.below(harmless.length)]!), text],
      ),
    }),
  },
  "lost-ok": {
    help: "the next COUNT OKs are not printed",
    args: [count(1)],
    start: (world, args) => ({ send: next(world, args.count!, isOk, () => null) }),
  },
  "late-ok": {
    help: "the next COUNT OKs come SECONDS late, others overtake them",
    args: [seconds(3), count(1)],
    causes: { busy: "an OK this late may meet another command and end its wait early" },
    start: (world, args) => ({
      send: next(world, args.count!, isOk, (text) => {
        world.inModem(args.seconds! * 1000, () => world.release(text));
        return null;
      }),
    }),
  },
  "result-before-ok": {
    help: "the next COUNT results of AT+QMT commands come before their OK",
    args: [count(3)],
    start: (world, args) => {
      let command = "";
      let held: string | undefined;
      const free = (): void => {
        const text = held;
        held = undefined;
        if (text !== undefined) world.release(text);
      };
      let left = args.count!;
      return {
        wire: (data, direction) => {
          if (direction === "rx" && data.startsWith("AT")) command = data;
          return data;
        },
        send: (text) => {
          if (held !== undefined && isResult(text)) {
            const ok = held;
            held = undefined;
            if (--left <= 0) world.over();
            return [text, ok];
          }
          if (left <= 0 || held !== undefined || !isOk(text) || !twoStage.test(command)) return text;
          held = text;
          // A result that takes this long does not come.
          world.inModem(5000, free);
          return null;
        },
        reset: () => {
          held = undefined;
        },
        end: free,
      };
    },
  },
  "lost-results": {
    help: "the next COUNT result URCs (+QMTOPEN: … +QMTCLOSE: …) are not printed",
    args: [count(1)],
    start: (world, args) => ({ send: next(world, args.count!, isResult, () => null) }),
  },
  "lost-urcs": {
    help: "no URC is printed for SECONDS",
    args: [seconds(10)],
    start: (world, args) => {
      world.outside(args.seconds! * 1000, world.over);
      return { send: (text, kind) => (kind === "urc" ? null : text) };
    },
  },
  "doubled-lines": {
    help: "each of the next COUNT lines is printed twice",
    args: [count(10)],
    start: (world, args) => ({
      send: next(
        world,
        args.count!,
        () => true,
        (text) => [text, text],
      ),
    }),
  },
  glued: {
    help: "the next COUNT lines run together, without CR LF between them",
    args: [count(2)],
    start: (world, args) => {
      let left = args.count!;
      return {
        send: (text, kind) => {
          if (left <= 0 || kind === "prompt") return text;
          const first = left === args.count!;
          const last = --left === 0;
          if (last) world.over();
          const front = first ? text : text.replace(/^[\r\n]+/, "");
          return last ? front : front.replace(/[\r\n]+$/, "");
        },
      };
    },
  },
  tight: {
    help: "between the next COUNT lines stands one CR LF instead of two",
    args: [count(20)],
    causes: {
      busy: "a result that stands so behind a message proves nothing, and the line is led out of what may still run",
    },
    start: (world, args) => ({
      send: next(
        world,
        args.count!,
        (text) => /^\r\n.*\r\n$/s.test(text),
        (text) => text.slice(0, -2),
      ),
    }),
  },
  split: {
    help: "the next COUNT chunks arrive in pieces, with pauses up to PAUSE ms",
    args: [count(10), { name: "PAUSE", min: 0, max: 60_000, default: 300 }],
    causes: { busy: "answers that the pauses make late meet other commands, as with late-ok" },
    start: (world, args) => {
      const queue: string[] = [];
      let left = args.count!;
      let waiting = false;
      const deliver = (): void => {
        waiting = false;
        const piece = queue.shift();
        if (piece === undefined) return;
        if (queue.length > 0) wait();
        else if (left <= 0) world.over();
        world.modem.uart.onReceive(piece);
      };
      const wait = (): void => {
        waiting = true;
        world.outside(world.random() * args.pause!, deliver);
      };
      return {
        wire: (data, direction) => {
          if (direction === "rx" || (left <= 0 && queue.length === 0)) return data;
          left--;
          let at = 0;
          while (at < data.length) {
            const size = 1 + world.below(Math.min(20, data.length - at));
            queue.push(data.slice(at, at + size));
            at += size;
          }
          if (!waiting) wait();
          return "";
        },
        end: () => {
          for (const piece of queue.splice(0)) world.modem.uart.onReceive(piece);
        },
      };
    },
  },
  "long-line": {
    help: "a line of BYTES characters",
    args: [{ name: "BYTES", min: 1, max: 1e6, default: 4096 }],
    start: (world, args) => {
      world.release(`\r\n${"x".repeat(args.bytes!)}\r\n`);
      world.over();
      return {};
    },
  },
  "no-answer": {
    help: "the next COUNT commands do not reach the modem",
    args: [count(1)],
    start: (world, args) => {
      let left = args.count!;
      return {
        wire: (data, direction) => {
          if (direction === "tx" || left <= 0 || !data.startsWith("AT")) return data;
          if (--left === 0) world.over();
          return "";
        },
      };
    },
  },
  "no-prompt": {
    help: "the next COUNT prompts are not printed, the modem waits for data all the same",
    args: [count(1)],
    start: (world, args) => {
      let left = args.count!;
      return {
        send: (text, kind) => {
          if (left <= 0 || kind !== "prompt") return text;
          if (--left === 0) world.over();
          return null;
        },
      };
    },
  },
  "stuck-prompt": {
    help: "neither Ctrl+Z nor ESC leads out of the prompt, for SECONDS or until a reset",
    args: [seconds(30)],
    start: (world, args) => {
      let stuck = true;
      const out = (): void => {
        stuck = false;
        world.over();
      };
      if (args.seconds! > 0) world.outside(args.seconds! * 1000, out);
      return {
        wire: (data, direction) => (stuck && direction === "rx" ? data.replace(/[\x1a\x1b]/g, "") : data),
        reset: out,
      };
    },
  },
  retransmissions: {
    help: "result 1 (packet sent again) three times in front of the next COUNT results 0",
    args: [count(3)],
    start: (world, args) => ({
      send: next(
        world,
        args.count!,
        (text) => /^\s*\+QMT((PUB|SUB|UNS): \d+,\d+,0|CONN: \d+,0)/.test(text),
        (text) => {
          const head = text
            .replace(/,0(,[^\r\n]*)?\s*$/, "")
            .trim()
            .replace(/^(\+QMTCONN: \d+).*/, "$1");
          return [1, 2, 3].map((n) => world.modem.frame(`${head},1,${n}`)).concat(text);
        },
      ),
    }),
  },
};

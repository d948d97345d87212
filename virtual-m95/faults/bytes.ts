// Faults of bytes on the wire: lost, changed, doubled, too many, at the wrong rate. They do not know what a line is.

import type { ViolationKind } from "../options.js";
import { count, type FaultArg, type FaultRow, type FaultWorld, seconds } from "./fault.js";

const oneIn: FaultArg = { name: "ONE_IN", min: 1, max: 1e9, default: 200 };
const ways = ["both", "rx", "tx"] as const;
const way: FaultArg = { name: "WAY", choices: ways, default: "both" };

/** What a command becomes when bytes of it, or of the answer to it, are not what they were. */
const damage: Partial<Record<ViolationKind, string>> = {
  busy: "an answer that cannot be read ends no wait, and one that seems to be there ends it early",
  "data-without-prompt": "a command without its AT is no command any more",
  parameter: "a damaged parameter",
  "control-char": "a byte that became a control character",
  "payload-too-long": "a lost Ctrl+Z leaves the prompt open",
  "duplicate-msgid": "a damaged number",
};

/** Touches one byte in ONE_IN, for SECONDS. */
function damaging(help: string, touch: (byte: string, world: FaultWorld) => string): FaultRow {
  return {
    help: `${help}: one byte in ONE_IN, for SECONDS, towards the modem (rx), the host (tx) or both`,
    args: [oneIn, seconds(10), way],
    causes: damage,
    start: (world, args) => {
      const chosen = ways[args.way!]!;
      world.outside(args.seconds! * 1000, world.over);
      return {
        wire: (data, direction) => {
          if (chosen !== "both" && chosen !== direction) return data;
          let text = "";
          for (const byte of data) text += world.random() * args.one_in! < 1 ? touch(byte, world) : byte;
          return text;
        },
      };
    },
  };
}

const anyByte = (world: FaultWorld): string => String.fromCharCode(world.below(256));

export const byteFaults: Record<string, FaultRow> = {
  "lost-bytes": damaging("bytes are lost", () => ""),
  "garbled-bytes": damaging("bytes become others", (_byte, world) => anyByte(world)),
  "doubled-bytes": damaging("bytes come twice", (byte) => byte + byte),
  nuls: {
    help: "a NUL somewhere in each of the next COUNT lines",
    args: [count(10)],
    start: (world, args) => {
      let left = args.count!;
      return {
        send: (text) => {
          if (left <= 0) return text;
          if (--left === 0) world.over();
          const at = world.below(text.length + 1);
          return `${text.slice(0, at)}\0${text.slice(at)}`;
        },
      };
    },
  },
  noise: {
    help: "BYTES characters that no line end follows, as from another rate",
    args: [{ name: "BYTES", min: 1, max: 1e6, default: 200 }],
    start: (world, args) => {
      let text = "";
      for (let i = 0; i < args.bytes!; i++) text += String.fromCharCode(128 + world.below(128));
      world.release(text);
      world.over();
      return {};
    },
  },
  "wrong-baud": {
    help: "for SECONDS neither side can read the other, as when their rates differ",
    args: [seconds(5)],
    start: (world, args) => {
      world.outside(args.seconds! * 1000, world.over);
      // No line end survives, no printable character comes out.
      const noise = (data: string): string =>
        [...data].map((c) => String.fromCharCode((c.charCodeAt(0) ^ 0xa5) | 0x80)).join("");
      return { wire: noise };
    },
  },
};

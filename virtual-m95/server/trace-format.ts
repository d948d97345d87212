// Trace lines a human can read: time, direction, text with control characters spelled out. It writes nothing itself.

import pc from "picocolors";
import { visible } from "../../terminal/harmless.js";
import type { TraceDirection } from "../options.js";

const arrows: Record<TraceDirection, string> = { rx: ">", tx: "<", pin: "#", net: "~" };

/** `at` in ms. Coloured when the output is a terminal and NO_COLOR is not set. */
export function formatTrace(at: number, direction: TraceDirection, text: string): string {
  const colours = { rx: pc.cyan, tx: pc.green, pin: pc.yellow, net: pc.magenta };
  const colour = text.startsWith("VIOLATION") ? pc.red : colours[direction];
  return `${pc.dim((at / 1000).toFixed(3).padStart(10))} ${colour(`${arrows[direction]} ${visible(text)}`)}`;
}

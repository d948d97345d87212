// Trace lines a human can read: time, direction, text with control characters spelled out. It writes nothing itself.

import pc from "picocolors";
import type { TraceDirection } from "../options.js";

const names: Record<number, string> = { 9: "<TAB>", 10: "<LF>", 13: "<CR>", 26: "<Ctrl+Z>", 27: "<ESC>", 127: "<DEL>" };
const arrows: Record<TraceDirection, string> = { rx: ">", tx: "<", pin: "#", net: "~" };

/** `at` in ms. Coloured when the output is a terminal and NO_COLOR is not set. */
export function formatTrace(at: number, direction: TraceDirection, text: string): string {
  const colours = { rx: pc.cyan, tx: pc.green, pin: pc.yellow, net: pc.magenta };
  const colour = text.startsWith("VIOLATION") ? pc.red : colours[direction];
  return `${pc.dim((at / 1000).toFixed(3).padStart(10))} ${colour(`${arrows[direction]} ${visible(text)}`)}`;
}

/** Bytes outside printable ASCII as `<CR>`, `<LF>`, `<7F>`. */
export function visible(text: string): string {
  let out = "";
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const plain = code >= 0x20 && code < 0x7f;
    out += plain ? text[i] : (names[code] ?? `<${code.toString(16).toUpperCase().padStart(2, "0")}>`);
  }
  return out;
}

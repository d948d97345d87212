// A serial line whose other end follows a script: what is written is looked up, and the answer comes in chunks of any
// size, inside the write or later. It understands no AT.
import type { Clock, Uart } from "../../core/ports.js";

/** Cuts an answer into the chunks it arrives in. */
export type Cut = (text: string) => string[];

export const whole: Cut = (text) => (text ? [text] : []);
export const bytewise: Cut = (text) => text.split("");

/** Two chunks, the first one `at` bytes long. */
export function splitAt(at: number): Cut {
  return (text) => [text.substring(0, at), text.substring(at)].filter((part) => part !== "");
}

/** Chunks of `size` bytes, the last one shorter. */
export function inChunks(size: number): Cut {
  return (text) => {
    const parts: string[] = [];
    for (let i = 0; i < text.length; i += size) parts.push(text.substring(i, i + size));
    return parts;
  };
}

/** Whole, byte by byte, and in two at every position. */
export function everyCut(text: string): { name: string; cut: Cut }[] {
  const all = [
    { name: "whole", cut: whole },
    { name: "bytewise", cut: bytewise },
  ];
  for (let at = 1; at < text.length; at++) all.push({ name: `split at ${at}`, cut: splitAt(at) });
  return all;
}

export class FakeUart implements Uart {
  onReceive: (chunk: string) => void = () => {};
  onOverrun?: () => void;
  /** What was written, in order. */
  readonly written: string[] = [];
  cut: Cut = whole;
  private readonly clock: Clock;
  private readonly replies: { to: string; text: string; delay: number }[] = [];
  private readonly standing: { [to: string]: { text: string; delay: number } } = {};

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Answers the next write of `to`; each reply is used once. @param delay - ms, or -1 for inside the write */
  reply(to: string, text: string, delay = 1): this {
    this.replies.push({ to, text, delay });
    return this;
  }

  write(data: string): void {
    this.written.push(data);
    const at = this.replies.findIndex((reply) => reply.to === data);
    const reply = at < 0 ? this.standing[data] : this.replies.splice(at, 1)[0];
    if (!reply) return;
    const { text, delay } = reply;
    if (delay < 0) this.feed(text);
    else this.clock.after(delay, () => this.feed(text));
  }

  /** Answers every write of `to` for which no other reply is left. */
  always(to: string, text: string, delay = 1): this {
    this.standing[to] = { text, delay };
    return this;
  }

  /** The other end says something. */
  feed(text: string): void {
    for (const chunk of this.cut(text)) this.onReceive(chunk);
  }
}

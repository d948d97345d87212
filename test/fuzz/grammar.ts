// Makes inputs: a grammar of AT traffic with damage, and mutations of older inputs. The same seed makes the same input.
import { COMMANDS, type Input, type Step } from "./input.js";

/** Numbers from 0 up to 1, the same for the same seed (mulberry32). */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 0x100000000;
  };
}

const LINES = [
  ..."OK|ERROR|+CME ERROR: 10|+CMS ERROR: 500|+CSQ: 20,0|+CREG: 0,1|+CREG: 5|+QMTSTAT: 0,1|+QMTPUB: 0,1,0|RDY".split(
    "|",
  ),
  ..."CONNECT|10.0.0.1|DEACT OK|AT|ATV1|AT+CSQ|NORMAL POWER DOWN|+QMTCONN: 0,3|+QMTCONN: 0,0,0|0|hello".split("|"),
  ..."UNDER_VOLTAGE WARNING |Call Ready|+PDP DEACT|861234567890123|+QSECWRITE: 8,4142|>|> |+QMTRECV|AT+QILOCIP".split(
    "|",
  ),
];
const ENDS = ["\r\n", "\r\n", "\r\n", "\n", "\r\r\n", "\n\r", "\r\n\r\n", "\r"];
const NOISE = [
  "\x00",
  "\xff",
  "\x1a",
  "\x1b",
  " ",
  ">",
  "> ",
  '"',
  ",",
  "+QMT",
  "RECV: 0,",
  "+QMTRECV:",
  "O",
  "K",
  "\x7f\x80",
];
/** ms around the times that matter: silence 20, settle 100, hold 300, AT 500, patience 500, command 1000. */
const TIMES = [0, 1, 5, 19, 20, 21, 40, 99, 100, 101, 299, 300, 301, 499, 500, 501, 520, 999, 1000, 1001, 1030, 3000];

export class Grammar {
  private readonly rng: () => number;

  constructor(seed: number) {
    this.rng = random(seed);
  }

  /** An input: a new one, or one of the corpus changed. */
  input(corpus: Input[]): Input {
    if (corpus.length && this.chance(0.3)) return this.mutate(this.pick(corpus), corpus);
    const length = 1 + this.below(this.chance(0.3) ? 24 : 8);
    const steps: Step[] = [];
    for (let i = 0; i < length; i++) steps.push(...this.step());
    return steps;
  }

  below(limit: number): number {
    return Math.floor(this.rng() * limit);
  }

  chance(part: number): boolean {
    return this.rng() < part;
  }

  pick<T>(list: T[]): T {
    return list[this.below(list.length)]!;
  }

  private step(): Step[] {
    const dice = this.below(100);
    if (dice < 45) return this.feeds(this.traffic());
    if (dice < 60) return [{ do: "wait", ms: this.pick(TIMES) }];
    if (dice < 72) return [this.send()];
    if (dice < 88) return [{ do: "answer", ms: this.pick([-1, 0, 1, 1, 1, 30, 400, 1200]), text: this.traffic() }];
    if (dice < 91) return [{ do: "sync", tries: this.below(12) }];
    if (dice < 93) return [{ do: "overrun" }];
    if (dice < 96) return [{ do: this.pick(["expect", "expect", "strict", "lengths"]) }];
    if (dice < 97) return [{ do: "reset" }];
    if (dice < 98) return new Array(40 + this.below(20)).fill({ do: "send", text: "AT", first: false });
    return [{ do: "close" }, ...this.feeds(this.traffic()), { do: "open" }];
  }

  private send(): Step {
    return { do: "send", text: this.pick(Object.keys(COMMANDS)), first: this.chance(0.2) };
  }

  /** The pieces of a text as they arrive. */
  private feeds(text: string): Step[] {
    const steps: Step[] = [];
    let at = 0;
    while (at < text.length) {
      const length = this.chance(0.5) ? text.length : 1 + this.below(this.chance(0.5) ? 4 : 64);
      steps.push({ do: "feed", text: text.slice(at, at + length) });
      at += length;
      if (at < text.length && this.chance(0.1)) steps.push({ do: "wait", ms: this.pick(TIMES) });
    }
    return steps;
  }

  /** What a modem may say in one go. */
  private traffic(): string {
    let text = "";
    const pieces = 1 + this.below(4);
    for (let i = 0; i < pieces; i++) text += this.piece();
    return this.chance(0.25) ? this.damage(text) : text;
  }

  private piece(): string {
    const dice = this.below(100);
    if (dice < 45) return this.pick(ENDS) + this.pick(LINES) + this.pick(ENDS);
    if (dice < 70) return this.message();
    if (dice < 76) return `\r\n${this.pick([">", "> "])}`;
    if (dice < 84) return this.pick(ENDS).repeat(1 + this.below(3));
    if (dice < 92) return this.pick(NOISE).repeat(1 + this.below(3));
    if (dice < 96) return this.bytes(this.below(20));
    // About the limit of the benches, and beyond it.
    return "x".repeat(this.pick([180, 198, 199, 200, 201, 202, 260, 450])) + this.pick(["", "\n", "\r\n"]);
  }

  private message(): string {
    const payload = this.payload();
    const topic = this.pick(["t", "a/b", "$aws/x", "a,b", ""]);
    const head = `+QMTRECV: 0,${this.below(3)},`;
    const body = this.pick([
      `${head} "${topic}", "${payload}"`,
      `${head}"${topic}",${payload}`,
      `${head}${topic},${payload}`,
      `${head}"${topic}","${payload}"`,
      // A length, mostly the right one.
      `${head}"${topic}",${this.chance(0.9) ? payload.length : this.below(300)},${payload}`,
    ]);
    return this.pick(["\r\n", "\r\n", "\n", ""]) + body + this.pick(["\r\n", "\r\n", "\r\n", "\n", ""]);
  }

  private payload(): string {
    let text = "";
    const parts = this.below(4);
    for (let i = 0; i < parts; i++)
      text += this.chance(0.4)
        ? this.pick(ENDS) + this.pick(LINES) + this.pick(ENDS)
        : this.pick([() => "value", () => this.bytes(this.below(30)), () => '{"a": 1,\n "b": 2}', () => ","])();
    return text;
  }

  private bytes(length: number): string {
    let text = "";
    for (let i = 0; i < length; i++) text += String.fromCharCode(this.below(256));
    return text;
  }

  /** Bytes lost, doubled, changed or put in, as on a bad line. */
  private damage(text: string): string {
    const at = this.below(text.length + 1);
    const to = Math.min(text.length, at + 1 + this.below(6));
    switch (this.below(5)) {
      case 0:
        return text.slice(0, at);
      case 1:
        return text.slice(0, at) + text.slice(to);
      case 2:
        return text.slice(0, to) + text.slice(at);
      case 3:
        return text.slice(0, at) + this.pick(NOISE) + text.slice(at);
      default:
        return text.slice(0, at) + this.bytes(to - at) + text.slice(to);
    }
  }

  private mutate(parent: Input, corpus: Input[]): Input {
    const steps = parent.slice();
    const changes = 1 + this.below(4);
    for (let i = 0; i < changes; i++) {
      const at = this.below(steps.length + 1);
      const one = steps[at];
      const dice = this.below(6);
      if (dice === 0) steps.splice(at, 1 + this.below(3));
      else if (dice === 1) steps.splice(at, 0, ...this.step());
      else if (dice === 2) steps.splice(at, 0, ...steps.slice(at, at + 1 + this.below(4)));
      else if (dice === 3) {
        const other = this.pick(corpus);
        const from = this.below(other.length);
        steps.splice(at, 0, ...other.slice(from, from + 1 + this.below(5)));
      } else if (one && (one.do === "feed" || one.do === "answer")) steps[at] = { ...one, text: this.damage(one.text) };
      else if (one && one.do === "wait") steps[at] = { ...one, ms: this.pick(TIMES) };
    }
    return steps.slice(0, 200);
  }
}

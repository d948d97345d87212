// Packets that are sent again. With the shortest packet time-out there is, a slow round trip is long enough to see it; nobody is kept
// from answering for that. What it sends is in what the stage before announces.

import type { Examination } from "../examination.js";
import { ID } from "./broker.js";
import { lost, type Trip, topicOf, trip } from "./messages.js";

/** Packet time-out, s: the least that AT+QMTCFG takes. */
const PACKET = 1;
/** The most that it takes: a packet must not fail for this. */
const RETRIES = 10;
/** Publishes until one is sent again, at most. */
const TRIES = 4;
/** ms in which its copy comes back, too. */
const COPY = 2000;
/** ms by which a verdict may come later than the time-out without a notice. */
const SLACK = 100;
/** The usual time-outs, which the broker's stage has set. */
const USUAL = "5,3,1";
/** What the driver waits for. */
const TOLD = "result 1 and the times, then a final result";
const FOLLOWED = "result 1 is followed by a final result";

/** A notice that a packet was sent again: its message ID, and how often. */
const notices = (text: string): RegExpMatchArray[] => [
  ...text.matchAll(new RegExp(`\\+QMT(?:PUB|SUB): ?${ID},(\\d+),1(?:,(\\d+))?\\s`, "g")),
];

/** What became of all messages before, with the usual time-outs. */
function before(of: Examination): void {
  const again = notices(
    of.line
      .said(new RegExp(`^\\+QMT(?:PUB|SUB): ?${ID},`))
      .join("\n")
      .concat("\n"),
  );
  if (again.length === 0) return;
  of.answers.set(14, FOLLOWED);
  of.find("sent-again", "packets so far", `${again.length} times, with a packet time-out of 5 s`);
}

/** One of them was sent again. */
function seen(of: Examination, { raw, result, verdict }: Trip, copies: number): void {
  const times = notices(raw).map(([, , count]) => count ?? "no number");
  const asked = "a publish that is sent again";
  const alone = result === undefined;
  of.answers.set(14, alone ? "result 1 stays alone" : FOLLOWED);
  const counted = times.every((count, i) => count === String(i + 1));
  of.differs(asked, TOLD, alone ? "result 1 stays alone" : counted ? TOLD : `result 1 with ${times.join(", ")}`);
  const said = `result 1 with ${times.join(", ")}`;
  if (alone) of.find("retry-alone", asked, `${said}, and no final result`);
  else {
    const back = copies === 1 ? "once" : `${copies} times`;
    of.row(asked, `${said}, result ${result} after ${Math.round(verdict!)} ms; it came back ${back}`);
  }
}

export async function retransmission(of: Examination): Promise<boolean> {
  if (!of.passing) {
    of.row("", "left out: messages do not pass", "skipped");
    return true;
  }
  before(of);
  if (of.quick) return true;
  const { line } = of;
  const since = line.now;
  const setting = `AT+QMTCFG="TIMEOUT",${ID}`;
  const shortest = `${PACKET},${RETRIES},1`;
  await line.ask(`${setting},${shortest}`);
  const { lines, final } = await line.ask(setting);
  const set = (lines[0] ?? final ?? "no answer").replace(/^\+QMTCFG: ?/, "");
  of.row(setting, set === shortest ? `${set}, as was set` : `${set}, and ${shortest} was set`);
  of.differs(setting, shortest, set);
  let slowest = 0;
  let again = false;
  for (let i = 0; i < TRIES && !again; i++) {
    const one = await trip(of, `${topicOf(of)}/r`, `again ${i}`, 1);
    again = notices(one.raw).length > 0;
    if (again) {
      await line.wait(COPY);
      seen(of, one, [...line.raw.matchAll(new RegExp(`\\+QMTRECV:[^\r\n]*again ${i}`, "g"))].length);
    } else if (one.verdict === undefined) break;
    slowest = Math.max(slowest, one.verdict ?? 0);
  }
  if (lost(of, since)) return false;
  if (!again) {
    const silent = slowest > PACKET * 1000 + SLACK;
    of.row("a publish that is sent again", `none of ${TRIES} was; the slowest verdict took ${Math.round(slowest)} ms`);
    if (silent) of.differs(`a verdict after more than ${PACKET} s`, TOLD, "no notice in front of it");
  }
  await line.ask(`${setting},${USUAL}`);
  return true;
}

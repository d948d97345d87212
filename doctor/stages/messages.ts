// Messages there and back at every QoS, payloads of every kind, the window. It says before how many bytes it sends.

import type { Examination } from "../examination.js";
import { ID, RESULT } from "./broker.js";

/** ms in which an own message has to be back, once it is acknowledged. */
const BACK = 20_000;
const LONGEST = 1548;
const TRIPS = 5;
/** Bytes of the stage that has packets sent again. */
const AGAIN = 2500;

/** Every byte that the prompt lets through, CR and LF among them. */
const ALL_BYTES = Array.from({ length: 255 }, (_, i) => i + 1)
  .filter((byte) => byte !== 0x1a && byte !== 0x1b)
  .map((byte) => String.fromCharCode(byte))
  .join("");

export const topicOf = ({ options }: Examination): string => options.topic ?? "m95-doctor";

export interface Trip {
  /** Result of +QMTPUB, undefined: none came. */
  result: string | undefined;
  /** The line was refused. */
  refused: string | undefined;
  /** ms from the data to that result. */
  verdict: number | undefined;
  /** ms until it was back, undefined: it was not. */
  back: number | undefined;
  raw: string;
}

/** 1 and 2 are those of the subscription. */
let messageId = 2;

function nextId(): number {
  messageId = 3 + (messageId % 60_000);
  return messageId;
}

/** Publishes, and waits for its verdict and its return. */
export async function trip(
  of: Examination,
  topic: string,
  payload: string,
  qos: 0 | 1 | 2,
  mark = payload,
): Promise<Trip> {
  const { line } = of;
  const msgid = qos === 0 ? 0 : nextId();
  const since = line.now;
  line.clear();
  const { ok, final } = await line.ask(`AT+QMTPUB=${ID},${msgid},${qos},0,"${topic}"`, {
    data: `${payload}\x1a`,
    timeout: 15_000,
  });
  if (!ok)
    return { result: undefined, refused: final ?? "no answer", verdict: undefined, back: undefined, raw: line.raw };
  const handed = line.now;
  const back = (): boolean => line.raw.includes("+QMTRECV:") && line.raw.includes(mark);
  const wait = async (what: () => boolean, ms: number): Promise<boolean> => {
    const end = line.now + ms;
    while (!what() && line.now < end && !gone(of, since)) await line.wait(20);
    return what();
  };
  const result = new RegExp(`\\+QMTPUB: ?${ID},${msgid},([02])`);
  let returned: number | undefined;
  const judged = await wait(() => {
    if (returned === undefined && back()) returned = line.now - since;
    return result.test(line.raw);
  }, RESULT);
  const verdict = judged ? line.now - handed : undefined;
  if (returned === undefined && (await wait(back, judged ? BACK : 0))) returned = line.now - since;
  // The rest of a long message may be on its way.
  await line.wait(200);
  return { result: result.exec(line.raw)?.[1], refused: undefined, verdict, back: returned, raw: line.raw };
}

const gone = ({ line }: Examination, since: number): boolean =>
  line.said(new RegExp(`^\\+QMTSTAT: ?${ID},|^\\+PDP DEACT|^RDY$`), since).length > 0;

/** Which of the four shapes (facts sheet 7): quotes and blanks. */
function shapeOf(raw: string, topic: string): string {
  const at = raw.indexOf("+QMTRECV:");
  const text = raw.slice(at).split(/\r?\n/)[0]!;
  const match = /^\+QMTRECV: ?\d+,\d+,( ?)("?)/.exec(text);
  if (at < 0 || !match) return "unknown";
  const rest = text.slice(match[0].length + topic.length + match[2]!.length);
  const length = /^, ?\d+,/.test(rest) ? ", with a length" : "";
  const payload = rest.replace(/^,( ?)(?:\d+,)?/, "");
  if (match[2] === "") return `3: no quotes${length}`;
  if (!payload.startsWith('"')) return `2: quoted topic, bare payload${length}`;
  return match[1] === " " ? `1: both quoted, blanks${length}` : `4: both quoted, no blanks${length}`;
}

function distribution(times: number[]): string {
  const sorted = [...times].sort((a, b) => a - b);
  const [low, middle, high] = [sorted[0]!, sorted[Math.floor(sorted.length / 2)]!, sorted.at(-1)!];
  return `${Math.round(low)} / ${Math.round(middle)} / ${Math.round(high)} ms (least, median, most of ${sorted.length})`;
}

export async function messages(of: Examination): Promise<boolean> {
  const { line } = of;
  const topic = topicOf(of);
  const bytes = (of.quick ? 3 * 60 : 3000 + 2 * 2 * LONGEST + 12 * 120 + AGAIN) + 1000;
  of.row("data", `about ${bytes} bytes over the air in this stage and the next`, "note");
  const since = line.now;
  await line.ask(`AT+QMTSUB=${ID},1,"${topic}/#",2`);
  const granted = await line.expect(new RegExp(`^\\+QMTSUB: ?${ID},1,([02])(?:,(\\d+))?`), RESULT, since);
  if (granted?.[1] !== "0") {
    of.find("no-suback", "AT+QMTSUB", granted ? `result ${granted[1]}` : "no result in time");
    return !lost(of, since);
  }
  if (granted[2] === "128") {
    of.find("subscribe-refused", "AT+QMTSUB", `128 for ${topic}/#`);
    return !lost(of, since);
  }
  of.row("AT+QMTSUB", `granted QoS ${granted[2] ?? "unknown"}, ${((line.now - since) / 1000).toFixed(1)} s`);
  for (const qos of [0, 1, 2] as const) {
    const one = await trip(of, `${topic}/q`, `hello ${qos}`, qos);
    if (one.refused !== undefined || one.result !== "0") {
      if (one.result === "2" || !gone(of, since))
        of.find(
          "no-puback",
          `AT+QMTPUB, QoS ${qos}`,
          one.refused ?? (one.result ? "result 2: it timed out" : "no result in time"),
        );
      return !lost(of, since);
    }
    if (one.back === undefined) {
      if (!gone(of, since)) of.find("not-returned", `AT+QMTPUB, QoS ${qos}`, "acknowledged, and not back in 20 s");
      return !lost(of, since);
    }
    of.row(`AT+QMTPUB, QoS ${qos}`, `there and back in ${Math.round(one.back)} ms`);
    if (qos === 0) {
      const shape = shapeOf(one.raw, `${topic}/q`);
      of.answers.set(9, shape);
      of.facts["form of +QMTRECV"] = shape;
      of.differs("+QMTRECV", "2: quoted topic, bare payload", shape);
    }
  }
  if (!of.quick) {
    await distributions(of, topic);
    await payloads(of, topic);
    await window(of, topic);
  }
  of.passing = true;
  return !lost(of, since);
}

async function distributions(of: Examination, topic: string): Promise<void> {
  const times: number[] = [];
  for (let i = 0; i < TRIPS; i++) {
    const { back } = await trip(of, `${topic}/t`, `trip ${i}`, 1);
    if (back !== undefined) times.push(back);
  }
  if (times.length > 0) of.row("round trips, QoS 1", distribution(times), times.length < TRIPS ? "warning" : "ok");
}

async function payloads(of: Examination, topic: string): Promise<void> {
  const changed: string[] = [];
  const cases: [string, string][] = [
    ["commas and quotes", 'a,"b",c'],
    ["CR LF", "first\r\nsecond"],
    ["a line like an answer", "x\r\nOK\r\ny"],
    ["every byte from 1 to 255 but 0x1A and 0x1B", ALL_BYTES],
    [`${LONGEST} bytes`, `${"0123456789".repeat(154)}12345678`.slice(0, LONGEST)],
  ];
  for (const [what, payload] of cases) {
    const { result, back } = await trip(of, `${topic}/p`, payload, 1, payload.slice(-8));
    const whole = back !== undefined && of.line.raw.includes(payload);
    if (result === "0" && whole) continue;
    changed.push(result !== "0" ? `${what}: not sent` : back === undefined ? `${what}: not back` : `${what}: changed`);
  }
  of.answers.set(
    10,
    changed.some((one) => one.startsWith("every byte"))
      ? "not all bytes pass"
      : "all bytes but 0x1A and 0x1B pass (0x00 was not tried)",
  );
  if (changed.length > 0) of.find("payload", "payloads", changed.join("; "));
  else of.row("payloads", cases.map(([what]) => what).join(", "));
  // What ESC prints.
  const { line } = of;
  line.clear();
  const esc = await line.ask(`AT+QMTPUB=${ID},0,0,0,"${topic}/e"`, { data: "\x1b", timeout: 3000 });
  of.answers.set(11, esc.final ?? "nothing");
  of.differs("ESC at the prompt", "OK", esc.final ?? "nothing");
}

/** Six at once: the sixth is one too many, if the broker is slower than the line. */
async function window(of: Examination, topic: string): Promise<void> {
  const { line } = of;
  const since = line.now;
  let refused: number | undefined;
  for (let i = 0; i < 6 && refused === undefined; i++) {
    const { cme } = await line.ask(`AT+QMTPUB=${ID},${nextId()},1,0,"${topic}/w"`, {
      data: `w${i}\x1a`,
      timeout: 15_000,
    });
    refused = cme;
  }
  if (refused === 8512) of.answers.set(12, "a sixth publish gets +CME ERROR: 8512");
  of.row(
    "six publishes at once",
    refused === undefined ? "all taken; the broker was faster" : `the last got CME error ${refused}`,
  );
  await line.wait(5000);
  const failed = line.said(new RegExp(`^\\+QMTPUB: ?${ID},\\d+,2`), since);
  if (failed.length > 0) of.row("their results", `${failed.length} timed out`, "warning");
}

/** Whether the connection went meanwhile, which is a finding. */
export function lost(of: Examination, since: number): boolean {
  const said = of.line.said(new RegExp(`^\\+QMTSTAT: ?${ID},|^\\+PDP DEACT`), since);
  if (said.length > 0) of.find("link-lost", of.stage, said.join(", "));
  return said.length > 0;
}

// Messages whose payload looks like the modem's own lines, arriving in every phase of a command: nothing but a message comes
// of them. What is checked each time stands in rig.ts.
import test, { type ExecutionContext } from "ava";
import type { M95Error } from "../../core/index.js";
import { floods, Hostile, nameOf, type Payload, payloads, SUSPICION, wires } from "./rig.js";

/** Every so many-th payload in each phase on each wire; M95_HOSTILE=1 takes all of them. */
const STRIDE = Number(process.env.M95_HOSTILE ?? 60);

type Phase = [name: string, play: (h: Hostile, payload: Payload) => string[]];

/** What a message may cost a command, or a publish as long as nobody guesses message IDs, ms. */
const SOON = 2000;

/** Puts the payload in front of the piece that starts so, or behind it; once. */
function salt(h: Hostile, payload: Payload, start: string, behind = false): void {
  h.payload = payload;
  h.salt = (text) => {
    if (!text.trimStart().startsWith(start)) return [false, false];
    h.salt = undefined;
    return [!behind, behind];
  };
}

/** Runs the clock until there is an answer, then until the line is quiet. */
function settle(h: Hostile, answers: string[], limit: number): string[] {
  const came = h.rig.clock.run(() => answers.length > 0, limit);
  h.rig.clock.advance(2500);
  if (!came) return [`no answer within ${limit} ms`];
  if (h.salt) return ["the payload was not put on the line"];
  return answers.length > 1 ? [`answered ${answers.length} times: ${answers}`] : [];
}

function expect(answers: string[], right: string): string[] {
  return answers.length && answers[0] !== right ? [`${answers[0]} instead of ${right}`] : [];
}

function command(text: string, right: string, at: string, behind = false): Phase[1] {
  return (h, payload) => {
    const answers: string[] = [];
    salt(h, payload, at, behind);
    h.rig.modem.command(text, (error, lines) => answers.push(error ? `${error}` : `${lines}`));
    const own = new RegExp(`^>${text.replaceAll("+", "\\+").replaceAll("?", "\\?")}\r$`);
    return [...settle(h, answers, SOON), ...expect(answers, right), ...h.verdict(own)];
  };
}

let made = 0;

/**
 * A publisher does not know message IDs. The one that has hit upon the right one has guessed wrong before, tens of thousands of times,
 * and of the last time the driver knows; for all others it has forgotten.
 */
function guesses(h: Hostile, payload: Payload): void {
  h.rig.clock.advance(SUSPICION);
  if (!/,ID,/.test(payload.text)) return;
  h.put({ name: "", text: "x\r\n\r\n+QMTPUB: 0,NEXT,0\r\n" });
  h.rig.clock.advance(1000);
  for (const list of [h.alarms, h.sent, h.heard, h.rig.trace]) list.length = 0;
}

/** "Unknown" is the truth, too: of a verdict that is not the broker's, and of QoS 0, which has no ID, once somebody guesses. */
function unknowable(h: Hostile, payload: Payload, qos: number): boolean {
  return /QMTPUB: 0,ID,2/.test(payload.text) || (!qos && h.suspected);
}

/** @param delay - ms in which the broker takes nothing */
function publish(qos: 0 | 1 | 2, at: string, behind = false, delay = 0): Phase[1] {
  return (h, payload) => {
    const answers: string[] = [];
    const text = `publish ${++made}`;
    const { broker, clock } = h.rig;
    const arrived = () => broker.received.filter((one) => one.payload.toString() === text).length;
    guesses(h, payload);
    const from = clock.now() + delay;
    broker.ignore = (packet) => packet.cmd === "publish" && clock.now() < from;
    salt(h, payload, at, behind);
    h.client.publish("p/t", text, { qos }, (error) => {
      // QoS 0 is told when it is sent, the others when they have arrived.
      answers.push(error ? `${(error as M95Error).code}` : `confirmed, arrived ${qos ? arrived() : ""}`);
    });
    const problems = settle(h, answers, h.suspected || delay || /QMT(PUB|SUB|UNS)/.test(payload.text) ? 60_000 : SOON);
    if (answers[0] !== "EUNKNOWN" || !unknowable(h, payload, qos))
      problems.push(...expect(answers, `confirmed, arrived ${qos ? 1 : ""}`));
    if (arrived() !== 1) problems.push(`${text} arrived ${arrived()} times`);
    return [...problems, ...h.verdict(/^>AT\+QMTPUB=0,\d+,\d,0,"p\/t"(,\d+)?\r$/)];
  };
}

/** The broker gets it at the second repetition only: whatever the payload says, it is not confirmed before. */
function late(qos: 1 | 2, at: string, behind = false): Phase[1] {
  return publish(qos, at, behind, 7000);
}

/** @param granted - what the broker says, 128 is a refusal */
function subscribe(granted: 1 | 128, at: string, behind = false): Phase[1] {
  return (h, payload) => {
    const answers: string[] = [];
    const filter = `s/${++made}`;
    const there = () => h.rig.broker.sessions.get("me")!.subscriptions.has(filter);
    guesses(h, payload);
    h.rig.broker.grant = () => granted;
    salt(h, payload, at, behind);
    h.client.subscribe(filter, { qos: 1 }, (error, given) =>
      answers.push(error ? `${(error as M95Error).code}` : `granted ${given![0]!.qos}, ${there()}`),
    );
    const problems = settle(h, answers, 90_000);
    problems.push(...expect(answers, granted === 128 ? "EREFUSED" : "granted 1, true"));
    problems.push(...h.verdict(/^>AT\+QMTSUB=/));
    drop(h, filter);
    return problems;
  };
}

function unsubscribe(at: string, behind = false): Phase[1] {
  return (h, payload) => {
    const answers: string[] = [];
    const filter = `s/${++made}`;
    const there = () => h.rig.broker.sessions.get("me")!.subscriptions.has(filter);
    let subscribed = false;
    guesses(h, payload);
    h.rig.broker.grant = () => 1;
    h.client.subscribe(filter, { qos: 1 }, () => {
      subscribed = true;
    });
    h.rig.until("subscribed", () => subscribed);
    h.rig.trace.length = 0;
    salt(h, payload, at, behind);
    h.client.unsubscribe(filter, (error) => answers.push(error ? `${(error as M95Error).code}` : `there ${there()}`));
    const problems = settle(h, answers, 90_000);
    return [...problems, ...expect(answers, "there false"), ...h.verdict(/^>AT\+QMTUNS=/)];
  };
}

/** Takes a subscription back, so that lists do not grow. */
function drop(h: Hostile, filter: string): void {
  let gone = false;
  h.client.unsubscribe(filter, () => {
    gone = true;
  });
  h.rig.until("unsubscribed", () => gone);
  h.rig.trace.length = 0;
}

/** Another client connects and ends again. */
function another(at: string, behind = false): Phase[1] {
  return (h, payload) => {
    salt(h, payload, at, behind);
    const answers: string[] = [];
    const other = h.rig.modem.connect({ host: "other.example", clientId: "other", connectionId: 1, keepalive: 0 });
    h.watch(other, "other client: ");
    other.on("connect", () => answers.push("connected"));
    const problems = settle(h, answers, 200_000);
    if (!h.rig.broker.clients.includes("other")) problems.push("the broker knows nothing of it");
    problems.push(...h.verdict(/^>AT\+(QMTCFG=.*|QMTOPEN=1.*|QMTCONN=1.*)\r$/));
    let ended = false;
    other.end(true, () => {
      ended = true;
    });
    h.rig.until("ended", () => ended);
    h.rig.clock.advance(1000);
    h.alarms.length = h.rig.trace.length = 0;
    return problems;
  };
}

const phases: Phase[] = [
  [
    "idle",
    (h, payload) => {
      h.put(payload);
      h.rig.clock.advance(2500);
      return h.verdict();
    },
  ],
  [
    "idle, two in a row",
    (h, payload) => {
      h.put(payload);
      h.put(payload);
      h.rig.clock.advance(2500);
      return h.verdict();
    },
  ],
  ["AT+CSQ, in front of its line", command("AT+CSQ", "+CSQ: 21,0", "+CSQ")],
  ["AT+CSQ, between its line and OK", command("AT+CSQ", "+CSQ: 21,0", "OK")],
  ["AT+CSQ, behind OK", command("AT+CSQ", "+CSQ: 21,0", "OK", true)],
  ["AT, in front of OK", command("AT", "", "OK")],
  ["AT+QMTCONN?, in front of its line", command("AT+QMTCONN?", "+QMTCONN: 0,3", "+QMTCONN: 0,3")],
  ["AT+QMTCONN?, between its line and OK", command("AT+QMTCONN?", "+QMTCONN: 0,3", "OK")],
  ["AT+CPIN?, in front of its line", command("AT+CPIN?", "+CPIN: READY", "+CPIN: READY")],
  ["publish QoS 0, in front of the prompt", publish(0, ">")],
  ["publish QoS 1, in front of the prompt", publish(1, ">")],
  ["publish QoS 1, behind the prompt", publish(1, ">", true)],
  ["publish QoS 0, in front of OK", publish(0, "OK")],
  ["publish QoS 1, in front of OK", publish(1, "OK")],
  ["publish QoS 1, behind OK", publish(1, "OK", true)],
  ["publish QoS 2, in front of its result", publish(2, "+QMTPUB: 0,")],
  ["publish QoS 1, behind its result", publish(1, "+QMTPUB: 0,", true)],
  ["publish QoS 1 that arrives late, in front of OK", late(1, "OK")],
  ["publish QoS 1 that arrives late, behind OK", late(1, "OK", true)],
  ["publish QoS 2 that arrives late, in front of a retransmission", late(2, "+QMTPUB: 0,")],
  ["publish QoS 2 that arrives late, behind a retransmission", late(2, "+QMTPUB: 0,", true)],
  ["subscribe, in front of OK", subscribe(1, "OK")],
  ["subscribe, in front of its result", subscribe(1, "+QMTSUB: 0,")],
  ["subscribe that is refused, behind OK", subscribe(128, "OK", true)],
  ["subscribe that is refused, in front of its result", subscribe(128, "+QMTSUB: 0,")],
  ["unsubscribe, in front of OK", unsubscribe("OK")],
  ["unsubscribe, in front of its result", unsubscribe("+QMTUNS: 0,")],
  ["another client, in front of an OK of its settings", another("OK")],
  ["another client, in front of the result of QMTOPEN", another("+QMTOPEN: 1,0")],
  ["another client, behind the result of QMTOPEN", another("+QMTOPEN: 1,0", true)],
  ["another client, in front of the result of QMTCONN", another("+QMTCONN: 1,0,0")],
  ["another client, behind the result of QMTCONN", another("+QMTCONN: 1,0,0", true)],
];

/** Plays the phases with their share of payloads; one failure each is shown. */
function run(t: ExecutionContext, h: () => Hostile, offset: number): void {
  let rig = h();
  const failures: string[] = [];
  for (const [p, [name, play]] of phases.entries()) {
    const share = payloads.filter((_, i) => i % STRIDE === (offset * 5 + p * 7) % STRIDE);
    // Pauses would stretch these beyond the time-outs of the commands.
    if (!wires[offset]!.pause) share.push(floods[(offset + p) % floods.length]!);
    for (const payload of share) {
      let problems: string[];
      try {
        problems = play(rig, payload);
      } catch (error) {
        problems = [`${error}`];
      }
      if (!problems.length) continue;
      failures.push(`${name}: ${payload.name}\n  ${problems.join("\n  ")}`);
      rig = h();
    }
  }
  t.is(failures.length, 0, `${failures.length} of them:\n${failures.slice(0, 12).join("\n")}`);
}

for (const [i, wire] of wires.entries()) test(nameOf(wire), (t) => run(t, () => new Hostile(wire), i));

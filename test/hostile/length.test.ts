// Firmware that tells and takes lengths: any byte both ways, hostile payloads that are just payloads, and a way back to plain
// firmware. The transcripts stand in conformance/lengths.md.
import test from "ava";
import type { M95Error, MqttClient } from "../../core/index.js";
import { type Rig, type RigOptions, rig } from "../support/rig.js";
import { floods, Hostile, nameOf, payloads, wires } from "./rig.js";

/** At a fixed rate the modem says RDY when it boots. */
const LENGTHS = { quirks: { showRecvLen: true }, baud: 115200 };
const every = Array.from({ length: 256 }, (_, i) => String.fromCharCode(i)).join("");
const shapes = [1, 2, 3, 4] as const;

interface Heard {
  topic: string;
  payload: string;
  ambiguous: boolean;
}

function connected(options: RigOptions = {}): Rig & { client: MqttClient; heard: Heard[] } {
  const r = rig({ power: false, ...options, virtual: { ...LENGTHS, ...options.virtual } });
  const client = r.modem.connect({ host: "broker.example", clientId: "me" });
  const heard: Heard[] = [];
  client.on("message", (topic: string, payload: string, { ambiguous }: { ambiguous: boolean }) =>
    heard.push({ topic, payload, ambiguous }),
  );
  let subscribed = false;
  client.subscribe("t/#", { qos: 2 }, () => {
    subscribed = true;
  });
  r.until("subscribed", () => subscribed);
  return { ...r, client, heard };
}

for (const shape of shapes)
  for (const chunk of [1, 64, 100_000])
    test(`shape ${shape}, chunks of ${chunk}: every byte both ways, 1548 of them, at each QoS`, (t) => {
      const r = connected({ virtual: { quirks: { showRecvLen: true, recvShape: shape }, chunk } });
      const long = every.repeat(7).slice(100, 1648);
      for (const payload of [every, long, "\x1a", "\x1b", "\r\n", '"', '""', '"quoted"', ">"])
        for (const qos of [0, 1, 2] as const) {
          let outcome: unknown;
          r.client.publish("up", payload, { qos }, (error) => {
            outcome = error ?? "ok";
          });
          r.broker.publish("t/down", Buffer.from(payload, "latin1"), qos);
          r.until("both", () => outcome !== undefined && r.heard.length > 0);
          r.clock.advance(500);
          t.is(outcome, "ok");
          t.is(r.broker.received.at(-1)!.payload.toString("latin1"), payload);
          t.deepEqual(r.heard.splice(0), [{ topic: "t/down", payload, ambiguous: false }]);
        }
      t.deepEqual(r.virtual.violations, []);
      t.like(r.modem.stats, { overruns: 0, resyncs: 0, orphans: 0, strays: 0 });
    });

test("a length that has no room on the line of 256 bytes is left out, and what needs one is refused", (t) => {
  const r = connected();
  const outcomes: string[] = [];
  const publish = (room: number, payload: string) =>
    r.client.publish("t".repeat(256 - 'AT+QMTPUB=0,65535,1,0,""'.length - room), payload, { qos: 1 }, (error) =>
      outcomes.push(error ? (error as M95Error).code : "ok"),
    );
  r.client.outbox.nextId = () => 65535;
  for (const [room, payload] of [
    [5, "x".repeat(1000)],
    [4, "x".repeat(1000)],
    [0, "x"],
    [2, "\x1a"],
    [1, "\x1a"],
  ] as const) {
    publish(room, payload);
    r.clock.advance(3000);
  }
  t.deepEqual(outcomes, ["ok", "ok", "ok", "ok", "EPAYLOAD"]);
  const lines = r.trace.filter((line) => line.startsWith(">AT+QMTPUB=0")).map((line) => line.slice(1).trimEnd());
  t.deepEqual(
    lines.map((line) => [line.length, line.endsWith('"')]),
    [
      [256, false],
      [252, true],
      [256, true],
      [256, false],
    ],
  );
});

test("the probe: once a boot, when the first client opens; again behind a reboot", (t) => {
  const r = connected();
  const asked = (what: string) => r.trace.filter((line) => line.startsWith(`>AT+${what}`)).length;
  t.deepEqual([asked("QMTCFG=?"), asked("QMTPUB=?"), asked('QMTCFG="SHOWRECVLEN"')], [1, 1, 1]);
  r.virtual.dropLink(0, 1);
  r.until("lost", () => !r.client.connected);
  r.until("connected again", () => r.client.connected);
  t.deepEqual([asked("QMTCFG=?"), asked("QMTPUB=?"), asked('QMTCFG="SHOWRECVLEN"')], [1, 1, 2]);
  r.virtual.reboot();
  r.until("lost", () => !r.client.connected);
  r.until("connected again", () => r.client.connected);
  t.deepEqual([asked("QMTCFG=?"), asked("QMTPUB=?"), asked('QMTCFG="SHOWRECVLEN"')], [2, 2, 3]);
  r.clock.advance(2000);
  r.broker.publish("t/down", "\r\nOK\r\n");
  r.clock.advance(1000);
  t.is(r.heard.length, 1);
});

test("plain firmware: one question, and nothing else changes", (t) => {
  const r = connected({ virtual: { quirks: { showRecvLen: false } } });
  t.deepEqual(
    r.trace.filter((line) => /=\?|SHOWRECVLEN/.test(line) && line.startsWith(">")),
    [">AT+QMTCFG=?\r"],
  );
  r.broker.publish("t/down", "4,on");
  r.clock.advance(1000);
  t.deepEqual(r.heard, [{ topic: "t/down", payload: "4,on", ambiguous: false }]);
});

test("0x1A is refused before lengths are known, taken when they are, and never sent to firmware that has none", (t) => {
  const r = rig({ power: false, virtual: LENGTHS });
  const client = r.modem.connect({ host: "broker.example", clientId: "me" });
  const outcomes: string[] = [];
  const publish = (payload: string) =>
    client.publish("up", payload, { qos: 1 }, (error) =>
      outcomes.push(error ? (error as unknown as { code: string }).code : payload),
    );
  publish("a\x1a");
  r.clock.advance(0);
  t.deepEqual(outcomes.splice(0), ["EPAYLOAD"]);
  r.until("connected", () => client.connected);
  publish("b\x1a");
  r.until("published", () => outcomes.length === 1);
  t.deepEqual(outcomes.splice(0), ["b\x1a"]);
  // Accepted while the link is down; then the modem comes back without lengths, as after an exchange.
  r.broker.stop();
  r.until("lost", () => !client.connected);
  publish("c\x1a");
  publish("d");
  r.virtual.reboot();
  (r.virtual.quirks as { showRecvLen: boolean }).showRecvLen = false;
  // The list is made when the virtual modem is.
  r.virtual.onSend = (text) => (text.includes("SHOWRECVLEN") ? null : text);
  r.broker.start();
  r.until("settled", () => outcomes.length === 2);
  t.deepEqual(outcomes, ["EPAYLOAD", "d"]);
  t.deepEqual(
    r.broker.received.map((one) => one.payload.toString("latin1")),
    ["b\x1a", "d"],
  );
  t.deepEqual(r.virtual.violations, []);
});

test("SHOWRECVLEN is listed but refused: messages are read as plain ones", (t) => {
  let refuse = false;
  const r = connected({
    virtual: {
      ...LENGTHS,
      onSend: (text, kind) => {
        if (kind === "line" && text === "\r\nOK\r\n" && refuse) {
          refuse = false;
          return "\r\nERROR\r\n";
        }
        return text;
      },
      trace: (direction, text) => {
        if (direction === "rx" && text.includes("SHOWRECVLEN")) refuse = true;
      },
    },
  });
  // The modem has not taken it either.
  r.virtual.inject('\r\n+QMTRECV: 0,0,"t/a",5,plain\r\n');
  r.clock.advance(1000);
  t.deepEqual(r.heard, [{ topic: "t/a", payload: "5,plain", ambiguous: false }]);
});

for (const [i, wire] of wires.entries())
  test(`hostile payloads, ${nameOf(wire)}: handed over as they came, and none costs a query`, (t) => {
    const h = new Hostile(wire, { virtual: LENGTHS });
    const all = !!process.env.M95_HOSTILE;
    const share = payloads.filter((_, at) => all || at % 8 === i % 8).concat(wire.pause ? [] : floods);
    // In front of the answer of a query, of a prompt, of an OK and of a result.
    const starts = ["+CSQ", ">", "OK", "+QMTPUB: 0,"];
    const plays = share.flatMap((payload, n) =>
      starts.filter((_, at) => all || at === n % 4).map((start) => ({ payload, start })),
    );
    for (const { payload, start } of plays) {
      const answers: string[] = [];
      h.payload = payload;
      let salted = false;
      h.salt = (text) => {
        const hit = !salted && text.trimStart().startsWith(start);
        salted ||= hit;
        return [hit, false];
      };
      h.rig.modem.command("AT+CSQ", (error, lines) => answers.push(error ? `${error}` : `${lines}`));
      h.client.publish("up", "x", { qos: 1 }, (error) => answers.push(error ? `${error}` : "published"));
      h.rig.clock.run(() => answers.length === 2, 30_000);
      h.rig.clock.advance(1000);
      t.deepEqual(answers, ["+CSQ: 21,0", "published"], payload.name);
      t.deepEqual(
        h.heard.map((one) => [one.payload, one.ambiguous]),
        h.sent.map((one) => [one.payload, false]),
        payload.name,
      );
      t.deepEqual(h.verdict(/^>AT\+(CSQ|QMTPUB=.*)\r$/), [], payload.name);
    }
  });

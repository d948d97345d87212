// The check-up finds each planted fault and names it first, finds nothing on a modem that is well, harms nothing, and gives
// nothing away.

import { existsSync, readFileSync } from "node:fs";
import test from "ava";
import { causeText } from "../../doctor/causes.js";
import { stages } from "../../doctor/examination.js";
import { type FindingId, findingTexts } from "../../doctor/findings.js";
import { questions } from "../../doctor/questions.js";
import { markdown, reportOf } from "../../doctor/report.js";
import { makeCertificate } from "../support/certificates.js";
import { plantedFaults } from "./faults.js";
import { answered, examined, type Fault, keyOf, patient } from "./patient.js";

const ids = (examination: { findings: { id: string }[] }): string[] => examination.findings.map(({ id }) => id);

for (const [title, id, fault] of plantedFaults)
  test(`${title}: ${id}`, async (t) => {
    const of = await examined(patient(fault));
    t.is(ids(of)[0], id, JSON.stringify(of.rows.slice(-6)));
    const row = of.rows.find(({ finding }) => finding === id)!;
    t.is(row.verdict, findingTexts[id].verdict);
    t.truthy(row.asked && row.seen);
  });

test("at least thirty faults, and each finding there is has one", (t) => {
  t.true(plantedFaults.length >= 30);
  const planted = new Set<FindingId>(plantedFaults.map(([, id]) => id));
  for (const id of ["tls-clock", "tls-ca", "tls-file", "tls-refused"] as const) planted.add(id);
  t.deepEqual(
    Object.keys(findingTexts).filter((id) => !planted.has(id as FindingId)),
    [],
  );
});

test("nothing is found on a modem that is well, and every stage is reached", async (t) => {
  const well = patient();
  const of = await examined(well);
  t.deepEqual(of.findings, []);
  t.deepEqual(of.differences, []);
  t.deepEqual([...new Set(of.rows.map(({ stage }) => stage))], [...stages]);
  t.deepEqual(
    of.rows.filter(({ verdict }) => verdict === "fault" || verdict === "warning" || verdict === "skipped"),
    [],
  );
  // It asks for the window itself.
  t.deepEqual([...new Set(well.virtual.violations.map(({ kind }) => kind))], ["in-flight-window"]);
  t.deepEqual(well.broker.clients, []);
});

test("nor with other habits of the firmware: they are differences, not faults", async (t) => {
  for (const recvShape of [1, 3, 4] as const) {
    const of = await examined(patient({ virtual: { quirks: { recvShape, promptBlank: true, twoLeadingCrs: true } } }));
    t.deepEqual(of.findings, [], `shape ${recvShape}`);
    t.is(of.differences.length, 1);
    t.true(of.differences[0]!.seen.startsWith(String(recvShape)), of.differences[0]!.seen);
  }
  const later = await examined(
    patient({ virtual: { quirks: { showRecvLen: true, escAnswer: "", qmtcloseResult: false } } }),
  );
  t.deepEqual(ids(later), []);
  t.deepEqual(
    later.differences.map(({ what }) => what),
    ["AT+QMTPUB", "ESC at the prompt"],
  );
});

test("a packet that is sent again is seen on a slow network, in all that it does; what was set is set back", async (t) => {
  const slow = patient();
  slow.broker.ignore = (packet) => packet.cmd === "publish" && packet.topic.endsWith("/r") && !packet.dup;
  const sent: string[] = [];
  const { write } = slow.port;
  slow.port.write = (data) => {
    sent.push(data);
    write(data);
  };
  const of = await examined(slow);
  t.deepEqual(of.findings, []);
  t.deepEqual(of.differences, []);
  const row = of.rows.find(({ asked }) => asked === "a publish that is sent again")!;
  t.regex(row.seen, /^result 1 with 1, result 0 after 1\d\d\d ms; it came back once$/);
  t.is(row.stage, "retransmission");
  t.is(of.answers.get(14), "result 1 is followed by a final result");
  const settings = sent.filter((text) => text.startsWith('AT+QMTCFG="TIMEOUT",5,'));
  t.deepEqual(settings, [
    'AT+QMTCFG="TIMEOUT",5,5,3,1\r',
    'AT+QMTCFG="TIMEOUT",5,1,10,1\r',
    'AT+QMTCFG="TIMEOUT",5,5,3,1\r',
  ]);
  t.is(sent.filter((text) => text.includes("again ")).length, 1);
});

test("a SUBSCRIBE that is sent again is none that failed", async (t) => {
  const slow = patient({ options: { quick: true } });
  let subscribes = 0;
  slow.broker.ignore = (packet) => packet.cmd === "subscribe" && subscribes++ === 0;
  const of = await examined(slow);
  t.deepEqual(ids(of), ["sent-again"]);
  t.regex(of.rows.find(({ asked }) => asked === "AT+QMTSUB")!.seen, /^granted QoS 2/);
});

test("a firmware that sets other time-outs, gives other numbers or no notice is different, not broken", async (t) => {
  const again = (p: ReturnType<typeof patient>) => {
    p.broker.ignore = (packet) => packet.cmd === "publish" && packet.topic.endsWith("/r") && !packet.dup;
  };
  const whats = async (plant: Fault["plant"]) => {
    const of = await examined(patient({ plant: plant! }));
    t.deepEqual(ids(of), []);
    return of.differences.map(({ what, seen }) => `${what}: ${seen}`);
  };
  t.deepEqual(await whats((p) => answered(p, /^AT\+QMTCFG="TIMEOUT",5\r/, "+QMTCFG: 5,3,1", "OK")), [
    'AT+QMTCFG="TIMEOUT",5: 5,3,1',
  ]);
  t.deepEqual(
    await whats((p) => {
      again(p);
      p.virtual.onSend = (text) => text.replace(/(\+QMTPUB: 5,\d+,1),1/, "$1");
    }),
    ["a publish that is sent again: result 1 with no number"],
  );
  t.deepEqual(
    await whats((p) => {
      again(p);
      p.virtual.onSend = (text) => (/\+QMTPUB: 5,\d+,1/.test(text) ? null : text);
    }),
    ["a verdict after more than 1 s: no notice in front of it"],
  );
});

test("a modem that is off is switched on, and says how long it takes", async (t) => {
  const off = patient({ virtual: { poweredOn: false } });
  off.options.key = keyOf(off);
  const of = await examined(off);
  t.deepEqual(of.findings, []);
  t.regex(of.answers.get(7)!, /^\d\.\d s from the press/);
  t.true(off.virtual.running);
});

test("nothing stays that was not there before: echo, errors, engineering mode, context; nothing is stored", async (t) => {
  const one = patient({ options: { quick: true } });
  const sent: string[] = [];
  const { write } = one.port;
  one.port.write = (data) => {
    sent.push(data);
    write(data);
  };
  await examined(one);
  for (const never of [/&W/i, /\+CMG|ATD|\+CUSD/i, /\+IPR=[^?]/i])
    t.is(
      sent.find((text) => never.test(text)),
      undefined,
    );
  let heard = "";
  one.port.onReceive = (chunk) => {
    heard += chunk;
  };
  for (const ask of ["AT+CMEE?", "AT+QENG?", "AT+QMTCONN?", "AT+QISTAT"]) {
    one.virtual.uart.write(`${ask}\r`);
    one.clock.advance(500);
  }
  t.regex(heard, /AT\+CMEE\?\r\r\n\+CMEE: 0\r\n.*\+QENG: 0\r\n/s);
  t.regex(heard, /STATE: IP INITIAL/);
  t.false(heard.includes("+QMTCONN:"));
});

test("a damaged answer is no setting, and nothing is set for it", async (t) => {
  for (const damaged of ["\xd0+CFUN: 1", "+CFUN: 4"]) {
    const one = patient({ options: { quick: true } });
    const { onReceive } = one.virtual.uart;
    let left = 1;
    one.virtual.uart.onReceive = (chunk) =>
      onReceive(chunk.includes("+CFUN: 1") && left-- > 0 ? `\r\n${damaged}\r\n\r\nOK\r\n` : chunk);
    const sent: string[] = [];
    const { write } = one.port;
    one.port.write = (data) => {
      sent.push(data);
      write(data);
    };
    const of = await examined(one);
    t.deepEqual(ids(of), damaged.startsWith("+") ? ["radio-off"] : []);
    t.false(
      sent.some((text) => text.startsWith("AT+CFUN=") && !text.startsWith("AT+CFUN=?")),
      damaged,
    );
  }
});

test("a PIN is tried once, and not at all where a wrong one was tried before", async (t) => {
  const [, , wrong] = plantedFaults.find(([, id]) => id === "pin-wrong")!;
  const [, , before] = plantedFaults.find(([, id]) => id === "pin-tries")!;
  for (const [fault, times] of [
    [wrong, 1],
    [before, 0],
  ] as [Fault, number][]) {
    const one = patient(fault);
    let tries = 0;
    const { write } = one.port;
    one.port.write = (data) => {
      if (/^AT\+CPIN=[^?]/.test(data)) tries++;
      write(data);
    };
    await examined(one);
    t.is(tries, times);
  }
});

test("it says how much data it will send before it sends any", async (t) => {
  const of = await examined(patient());
  const said = of.rows.findIndex(({ asked }) => asked === "data");
  t.true(said >= 0 && said < of.rows.findIndex(({ asked }) => asked === "AT+QIDNSGIP"));
  const bytes = of.rows.filter(({ asked }) => asked === "data").map(({ seen }) => Number(/\d+/.exec(seen)![0]));
  t.is(bytes.length, 2);
});

const authority = makeCertificate({ name: "CA", ca: true });
const other = makeCertificate({ name: "Other CA", ca: true });

async function tlsPatient(fault: Fault & { chain?: string; clock?: string }) {
  const signer = await authority;
  const server = await makeCertificate({ name: "broker.example", hosts: ["broker.example"], usage: "server", signer });
  const now = new Date();
  const time = `${now.toISOString().slice(2, 10).replaceAll("-", "/")},12:00:00+00`;
  const one = patient({
    ...fault,
    virtual: { clockTime: fault.clock ?? time, ...fault.virtual },
    options: { quick: true, ca: signer.cert, broker: { host: "broker.example", port: 8883 }, ...fault.options },
  });
  one.broker.network.certificate = fault.chain ?? server.cert + signer.cert;
  return one;
}

test("TLS: nothing is found where certificate, name and dates are right", async (t) => {
  t.deepEqual(ids(await examined(await tlsPatient({}))), []);
});

test("TLS: the modem's clock, the wrong CA, a file that is none, and a broker that wants more are told apart", async (t) => {
  t.is(ids(await examined(await tlsPatient({ clock: "04/01/01,00:00:00+00" })))[0], "tls-clock");
  t.is(ids(await examined(await tlsPatient({ options: { ca: (await other).cert } })))[0], "tls-ca");
  const file = await tlsPatient({});
  answered(file, /QSECWRITE="/, "+CME ERROR: 4");
  t.is(ids(await examined(file))[0], "tls-file");
  const refused = await tlsPatient({});
  refused.broker.network.refused.add(8883);
  t.is(ids(await examined(refused))[0], "tls-refused");
});

test("the report has everything, and no secret", async (t) => {
  const one = patient({
    virtual: { sim: { state: "pin", pin: "471199" }, quirks: { recvShape: 3 } },
    options: { pin: "471199", apnUser: "apnuser", apnPassword: "apnpass", user: "mqttuser", password: "mqttpass" },
  });
  const of = await examined(one);
  of.row("AT+GSN", "861234567890123");
  of.row("AT+QMTCONN", "mqttuser is not known");
  const report = reportOf(of);
  const text = markdown(report, "2026-11-26") + JSON.stringify(report);
  for (const secret of ["471199", "apnuser", "apnpass", "mqttuser", "mqttpass", "861234567890123"])
    t.false(text.includes(secret), secret);
  t.deepEqual(report.masked.sort(), ["IMEI, IMSI or ICCID", "MQTT login"]);
  t.is(report.verdict, "ok");
  t.regex(text, /## What this modem does differently from what the driver assumes\n\n.*\n.*\n\| \+QMTRECV \|/);
  t.is(report.questions.length, 18);
  t.is(report.questions.find(({ number }) => number === 9)!.answer, "3: no quotes");
  t.true(report.commands.includes("AT+CPIN="));
});

test("nothing that a modem says becomes markup in the report", async (t) => {
  const one = patient({ virtual: { operator: "<b>|`x`\u001b[2J" }, options: { quick: true } });
  const text = markdown(reportOf(await examined(one)));
  t.true(text.includes("\\<b\\>\\|\\`x\\`"));
  t.false(text.includes("\u001b"));
});

test("every finding leads to a place in the manuals", (t) => {
  for (const { place, says, todo } of Object.values(findingTexts)) {
    const [file, anchor] = place.split("#");
    t.true(existsSync(file!), place);
    const headings = [...readFileSync(file!, "utf8").matchAll(/^#+ (.+)$/gm)].map(([, text]) =>
      text!
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, "")
        .replaceAll(" ", "-"),
    );
    if (anchor) t.true(headings.includes(anchor), place);
    t.true(says.length > 5 && todo.length > 10);
  }
});

test("causes of AT+CEER have words", (t) => {
  t.is(causeText("+CEER: 1,3099"), "unknown APN (1,3099)");
  t.is(causeText("+CEER: 2,114"), "no coverage (2,114)");
  t.is(causeText("+CEER: No information available"), "No information available");
  t.is(causeText("+CEER: 9,9"), "9,9");
});

test("docs/doctor.md has every finding and question", (t) => {
  const page = readFileSync("docs/doctor.md", "utf8");
  for (const [id, { verdict, says }] of Object.entries(findingTexts))
    t.true(page.includes(`| \`${id}\` | ${verdict} | ${says} |`), id);
  for (const [number, question] of Object.entries(questions))
    t.true(page.includes(`| ${number} | ${question} |`), number);
});

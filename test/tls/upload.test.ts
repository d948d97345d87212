// The way of certificates into the modem: asked for, uploaded, compared, configured; again after a reboot.
import { rootCertificates } from "node:tls";
import test from "ava";
import { M95Error } from "../../core/index.js";
import { checksum } from "../../core/m95/tls.js";
import { M95 } from "../../targets/node/index.js";
import { finish, outcome } from "../client/support.js";
import { type Bench, bench, ca, cert, connect, key, pem, traffic } from "./support.js";

const settings = (context: number, level: number) => [
  `QSSLCFG="seclevel",${context},${level}`,
  `QSSLCFG="sslversion",${context},3`,
  `QSSLCFG="ciphersuite",${context},"0XFFFF"`,
  'QSSLCFG="ignorertctime",1',
  `QSSLCFG="negotiatetime",${context},60`,
];

/** An upload of a file that is not there. */
const upload = (name: string, size: number, sum: string) => [
  `QSECREAD="${name}"`,
  "+CME ERROR: 22",
  `QSECDEL="${name}"`,
  "+CME ERROR: 22",
  `QSECWRITE="${name}",${size},100`,
  "CONNECT",
  `[${size} bytes]`,
  `+QSECWRITE: ${size},${sum}`,
];

test("all there is to do for a first connection", (t) => {
  const b = bench({ ca, cert, key, context: 2, ignoreTime: true });
  const client = connect(b);
  b.until("connected", () => client.connected);
  t.deepEqual(traffic(b), [
    ...upload("RAM:ca2.pem", 59, "6475"),
    ...upload("RAM:cert2.pem", 63, "2e4d"),
    ...upload("RAM:key2.pem", 67, "4072"),
    'QSSLCFG="cacert",2,"RAM:ca2.pem"',
    'QSSLCFG="clientcert",2,"RAM:cert2.pem"',
    'QSSLCFG="clientkey",2,"RAM:key2.pem"',
    ...settings(2, 2),
    'QMTCFG="SSL",0,1,2',
    'QMTOPEN=0,"broker.example",8883',
  ]);
  t.deepEqual(b.virtual.violations, []);
});

test("before each connection all is looked at; after a reboot all is done again", (t) => {
  const b = bench({ ca, ignoreTime: true }, { baud: 115200 }, { baud: 115200 });
  const client = connect(b);
  b.until("connected", () => client.connected);
  const first = traffic(b);
  b.virtual.dropLink(0, 1);
  b.until("connected again", () => b.modem.stats.connects === 2);
  t.deepEqual(traffic(b).slice(first.length), [
    'QSECREAD="RAM:ca0.pem"',
    "+QSECREAD: 1,6475",
    'QSSLCFG="cacert",0,"RAM:ca0.pem"',
    ...settings(0, 1),
    'QMTCFG="SSL",0,1,0',
    'QMTOPEN=0,"broker.example",8883',
  ]);
  const before = b.trace.length;
  b.virtual.reboot();
  b.until("connected once more", () => b.modem.stats.connects === 3);
  t.deepEqual(traffic(b, before), first);
});

test("a reboot that only an echo tells of does not leave a context that verifies nobody", (t) => {
  const b = bench({ ca, ignoreTime: true }, {}, { quirks: { selfActivate: true } });
  const client = connect(b);
  b.until("connected", () => client.connected);
  const before = b.trace.length;
  b.virtual.reboot();
  b.until("connected again", () => b.modem.stats.connects === 2);
  t.is(b.modem.stats.restarts, 1);
  const lines = traffic(b, before);
  for (const text of ['QSECWRITE="RAM:ca0.pem",59,100', 'QSSLCFG="seclevel",0,1'])
    t.true(lines.indexOf(text) >= 0 && lines.indexOf(text) < lines.indexOf('QMTOPEN=0,"broker.example",8883'), text);
});

test("files that are still there are not uploaded; one that was changed is", (t) => {
  const b = bench({ ca, ignoreTime: true });
  const client = connect(b);
  b.until("connected", () => client.connected);
  const before = b.trace.length;
  b.virtual.dropPdp();
  b.until("connected again", () => b.modem.stats.connects === 2);
  t.deepEqual(traffic(b, before), [
    'QSECREAD="RAM:ca0.pem"',
    "+QSECREAD: 1,6475",
    'QSSLCFG="cacert",0,"RAM:ca0.pem"',
    ...settings(0, 1),
    'QMTCFG="SSL",0,1,0',
    'QMTOPEN=0,"broker.example",8883',
  ]);
  let ended = false;
  client.end(false, () => {
    ended = true;
  });
  b.until("ended", () => ended);
  const between = b.trace.length;
  const other = connect(b, { tls: { ca: cert } });
  b.until("connected with another CA", () => other.connected);
  t.deepEqual(traffic(b, between).slice(0, 7), [
    'QSECREAD="RAM:ca0.pem"',
    "+QSECREAD: 1,6475",
    'QSECDEL="RAM:ca0.pem"',
    'QSECWRITE="RAM:ca0.pem",63,100',
    "CONNECT",
    "[63 bytes]",
    "+QSECWRITE: 63,2e4d",
  ]);
});

test("QSECREAD that says 0 or another checksum, and checksums of firmware that writes them in another way", (t) => {
  const answers: [answer: string, uploads: number][] = [
    ["+QSECREAD: 1,6475", 0],
    ["+QSECREAD: 1,006475", 0],
    ["+QSECREAD: 1, 6475", 0],
    ["+QSECREAD: 0,6475", 1],
    ["+QSECREAD: 1,6476", 1],
    ["+QSECREAD: 1", 1],
    ["+QSECREAD: ", 1],
  ];
  for (const [answer, uploads] of answers) {
    const b = bench({ ca, ignoreTime: true }, {}, { onSend: (text) => text.replace(/\+QSECREAD: .*/, answer) });
    const client = connect(b);
    b.until("connected", () => client.connected);
    const before = b.trace.length;
    b.virtual.dropPdp();
    b.until("connected again", () => b.modem.stats.connects === 2);
    t.is(traffic(b, before).filter((line) => line.startsWith("QSECWRITE")).length, uploads, answer);
  }
});

/** Calls `change` with each file that goes to the modem, and its number from 1; what it returns goes there in its place. */
function tamper(b: Bench, change: (data: string, nth: number) => string): { uploads: number } {
  const count = { uploads: 0 };
  const { uart } = b.virtual;
  const write = uart.write;
  uart.write = (data) => write.call(uart, data.startsWith("-----BEGIN") ? change(data, ++count.uploads) : data);
  return count;
}

test("an upload that ends after any of its bytes: the modem's report is waited for as long as the modem was told to, and it is made once more", (t) => {
  for (let at = 0; at < ca.length; at++) {
    const b = bench({ ca, ignoreTime: true });
    const count = tamper(b, (data, nth) => (nth === 1 ? data.slice(0, at) : data));
    const client = connect(b);
    b.until(`connected, ${at} bytes`, () => client.connected, 120_000);
    t.is(count.uploads, 2, `${at} bytes`);
    t.deepEqual(b.errors, []);
    t.is(traffic(b).at(-8 - 1), "+QSECWRITE: 59,6475", `${at} bytes`);
    t.is(b.modem.stats.resyncs, 0);
    t.deepEqual(b.virtual.violations, []);
  }
});

test("a byte lost anywhere in the middle, or turned", (t) => {
  for (let at = 0; at < ca.length; at++)
    for (const instead of ["", "*"]) {
      const b = bench({ ca, ignoreTime: true });
      tamper(b, (data, nth) => (nth === 1 ? data.slice(0, at) + instead + data.slice(at + 1) : data));
      const client = connect(b);
      b.until(`connected, byte ${at}`, () => client.connected, 120_000);
      t.deepEqual(b.errors, []);
    }
});

test("a host that restarts after any byte of an upload finds its way out and uploads the file", (t) => {
  for (let at = 0; at < ca.length; at += 1) {
    const b = bench();
    const { uart } = b.virtual;
    let alive = true;
    const first = {
      write(data: string) {
        if (alive) uart.write(data.startsWith("-----BEGIN") ? data.slice(0, at) : data);
        if (data.startsWith("-----BEGIN")) alive = false;
      },
      onReceive(_chunk: string) {},
    };
    const options = { clock: b.clock, apn: "internet", tls: { ca, ignoreTime: true } };
    const before = new M95({ uart: first, ...options });
    uart.onReceive = (chunk) => alive && first.onReceive(chunk);
    before.connect({ host: "broker.example" });
    b.until("the upload", () => !alive);
    b.clock.advance(1000);
    const after = new M95({ uart, ...options });
    const client = after.connect({ host: "broker.example" });
    b.until(`connected, ${at} bytes`, () => client.connected, 60_000);
    t.is(after.stats.restarts, 0);
    before.close();
  }
});

test("a wrong checksum twice, bytes lost twice: ETLS names file, step and numbers; the client tries again later", (t) => {
  const faults: [change: (data: string) => string, message: RegExp][] = [
    [
      (data) => data.replace("Y", "Z"),
      /^tls\.ca: AT\+QSECWRITE="RAM:ca0\.pem",59,100: 59 bytes arrived with checksum 6775, not 59 with 6475$/,
    ],
    [
      (data) => data.slice(1),
      /^tls\.ca: AT\+QSECWRITE="RAM:ca0\.pem",59,100: 58 bytes arrived with checksum [0-9a-f]{4}, not 59 with 6475; .*RTS.*flowControl$/,
    ],
  ];
  for (const [change, message] of faults) {
    const b = bench({ ca, ignoreTime: true });
    const count = tamper(b, (data, nth) => (nth <= 2 ? change(data) : data));
    const client = connect(b);
    b.until("the error", () => b.errors.length > 0, 240_000);
    const [error] = b.errors;
    t.true(error instanceof M95Error);
    t.is(error!.code, "ETLS");
    t.regex(error!.message, message);
    t.is(error!.command, 'AT+QSECWRITE="RAM:ca0.pem",59,100');
    t.is(count.uploads, 2);
    b.until("connected", () => client.connected);
    t.is(b.errors.length, 1);
    t.is(count.uploads, 3);
  }
});

test("a modem that loses what runs over its buffer gets the file all the same: in pieces, with pauses", (t) => {
  const large = pem("CERTIFICATE", `${"MIIC".repeat(16)}\n`.repeat(30).trimEnd());
  const b = bench({ ca: large, ignoreTime: true }, {}, { quirks: { uploadBuffer: 512 } });
  const sizes: number[] = [];
  b.modem.on("trace", (direction: string, text: string) => {
    if (direction === ">" && !text.startsWith("AT")) sizes.push(text.length);
  });
  const client = connect(b);
  b.until("connected", () => client.connected, 30_000);
  t.deepEqual(b.errors, []);
  t.true(large.length > 1500 && sizes.length > 5 && sizes.every((size) => size <= 512), sizes.join());
  t.is(traffic(b).filter((line) => line.startsWith("QSECWRITE")).length, 1);
});

test("CONNECT or the answer behind the bytes gets lost", (t) => {
  for (const lost of ["CONNECT", "+QSECWRITE: "]) {
    let times = 0;
    const onSend = (text: string) => (text.includes(lost) && ++times === 1 ? null : text);
    const b = bench({ ca, ignoreTime: true }, {}, { onSend });
    const client = connect(b);
    b.until(`connected, without ${lost}`, () => client.connected, 30_000);
    t.is(times, 2);
    t.deepEqual(b.errors, []);
  }
});

test("the modem refuses: the step is named, its number kept", (t) => {
  const steps: [name: string, message: RegExp, times: number][] = [
    ["+QSECWRITE", /^tls\.ca: AT\+QSECWRITE="RAM:ca0\.pem",59,100: \+CME ERROR: 20/, 2],
    ["+QSSLCFG", /^tls: AT\+QSSLCFG="cacert",0,"RAM:ca0\.pem": \+CME ERROR: 20/, 1],
  ];
  for (const [name, message, times] of steps) {
    const b = bench({ ca, ignoreTime: true });
    let left = times;
    b.modem.on("trace", (direction: string, text: string) => {
      if (direction === ">" && text.startsWith(`AT${name}`) && left-- > 0) b.virtual.failNext(name, 20);
    });
    const client = connect(b);
    b.until("the error", () => b.errors.length > 0);
    t.is(b.errors[0]!.code, "ETLS");
    t.is(b.errors[0]!.cme, 20);
    t.regex(b.errors[0]!.message, message);
    b.until("connected", () => client.connected);
  }
});

test("firmware without negotiatetime", (t) => {
  const b = bench({ ca, ignoreTime: true });
  b.modem.on("trace", (direction: string, text: string) => {
    if (direction === ">" && text.includes("negotiatetime")) b.virtual.failNext("+QSSLCFG", 3);
  });
  const client = connect(b);
  b.until("connected", () => client.connected);
  t.deepEqual(b.errors, []);
});

test("two clients share a context and its files, also when both begin at once", (t) => {
  const b = bench({ ca, cert, key, ignoreTime: true });
  const clients = [connect(b), connect(b, { clientId: "you" })];
  b.until("both", () => clients.every((client) => client.connected));
  const lines = traffic(b);
  t.is(lines.filter((line) => line.startsWith("QSECWRITE")).length, 3);
  t.is(lines.filter((line) => line.includes("seclevel")).length, 1);
  const third = connect(b, { clientId: "they" });
  b.until("the third", () => third.connected);
  t.is(traffic(b).filter((line) => line.startsWith("QSECWRITE")).length, 3);
});

test("clients with contexts of their own do not mix their files", (t) => {
  const b = bench(undefined, {});
  const clients = [0, 1, 2].map((context) =>
    connect(b, {
      clientId: `c${context}`,
      tls: { ca: pem("CERTIFICATE", "AAA".repeat(context + 1)), context, ignoreTime: true },
    }),
  );
  b.until("all", () => clients.every((client) => client.connected));
  const written = traffic(b).filter((line) => line.startsWith("QSECWRITE"));
  t.deepEqual(
    written,
    [0, 1, 2].map((c) => `QSECWRITE="RAM:ca${c}.pem",${58 + 3 * c},100`),
  );
});

test("ended, stopped, powered off in the middle of an upload: everything is settled and nothing is left", (t) => {
  const acts: [
    name: string,
    act: (b: Bench, client: ReturnType<typeof connect>, done: (error?: Error | null) => void) => void,
  ][] = [
    ["end", (_b, client, done) => client.end(false, done)],
    ["end(true)", (_b, client, done) => client.end(true, done)],
    ["stop", (b, _client, done) => b.modem.stop(done)],
  ];
  for (const [name, act] of acts)
    for (let ms = 0; ms < 60; ms += 3) {
      const b = bench({ ca, cert, key });
      const client = connect(b);
      const results: string[] = [];
      client.publish("a", "b", { qos: 1 }, outcome(results, "publish"));
      b.until("the upload", () => b.trace.some((line) => line.startsWith(">-----BEGIN")));
      b.clock.advance(ms);
      act(b, client, outcome(results, name));
      b.until(name, () => results.length === 2, 60_000);
      t.deepEqual(results.sort(), ["publish ECLOSED", `${name} ok`].sort());
      t.is(finish(b), 0);
    }
});

test("a reboot in the middle of an upload", (t) => {
  for (let ms = 0; ms < 120; ms += 5) {
    const b = bench({ ca, cert, key, ignoreTime: true });
    const client = connect(b);
    b.until("the upload", () => b.trace.some((line) => line.startsWith(">-----BEGIN")));
    b.clock.advance(ms);
    b.virtual.reboot();
    b.until("connected", () => client.connected, 120_000);
    t.is(client.state, "connected");
  }
});

test("checksums of root certificates, as modems have reported them", (t) => {
  // Facts sheet 5: with LF, a final one included; the first one also with CR LF.
  const all: [label: RegExp, bytes: number, sum: string][] = [
    [/^MIIDQTCCAimgAwIBAgITBmyfz5m/, 1188, "2d13"],
    [/^MIIFazCCA1OgAwIBAgIRAIIQz7DS/, 1939, "4f64"],
  ];
  for (const [start, bytes, sum] of all) {
    const root = rootCertificates.find((text) => start.test(text.split("\n")[1]!));
    const body = root!
      .split("\n")
      .slice(1, -1)
      .join("")
      .match(/.{1,64}/g)!;
    const text = pem("CERTIFICATE", body.join("\n"));
    t.is(text.length, bytes);
    t.is(checksum(text).toString(16), sum);
    if (bytes === 1188) t.is(checksum(text.replaceAll("\n", "\r\n")).toString(16), "5769");
  }
});

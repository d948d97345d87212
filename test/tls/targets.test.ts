// TLS options as the targets take them: files by name on Node, a Resource on Moddable, and a build without the part.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { M95 as CoreM95, type M95Error, type TlsOptions } from "../../core/index.js";
import { codec as moddable } from "../../targets/moddable/codec.js";
import { M95 } from "../../targets/node/index.js";
import { SimClock } from "../../virtual-m95/index.js";
import { bench, ca, cert, connect, key, traffic } from "./support.js";

const options = () => ({ uart: { write() {}, onReceive() {} }, clock: new SimClock(), apn: "internet" });

test("Node: files by name, as text and as bytes", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "m95-tls-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const b = bench();
  const modem = new M95({
    ...options(),
    uart: b.virtual.uart,
    clock: b.clock,
    tls: { ca: file("ca.pem", ca), cert: Buffer.from(cert), ignoreTime: true },
  });
  modem.on("trace", (direction, text) => b.trace.push(direction + text));
  const client = modem.connect({ host: "broker.example", tls: { key } });
  b.until("connected", () => client.connected);
  t.deepEqual(
    traffic(b).filter((line) => line.startsWith("+QSECWRITE")),
    ["+QSECWRITE: 59,6475", "+QSECWRITE: 63,2e4d", "+QSECWRITE: 67,4072"],
  );
  modem.close();
});

test("Node: a file that is not there, or a key without its marks: no message has any of it", (t) => {
  const wrong: [tls: TlsOptions, message: RegExp][] = [
    [
      { ca: "/no/such/ca.pem" },
      /^tls\.ca "\/no\/such\/ca\.pem" is neither PEM text nor the name of a readable file: ENOENT$/,
    ],
    [{ ca, cert, key: "c2VjcmV0" }, /^tls\.key is neither PEM text nor the name of a readable file: ENOENT$/],
    [{ ca: tmpdir() }, /^tls\.ca ".*" is neither PEM text nor the name of a readable file: EISDIR$/],
    [{ ca: "" }, /^tls\.ca must not be empty$/],
  ];
  for (const [tls, message] of wrong) {
    const error = t.throws(() => new M95({ ...options(), tls }), { code: "EPARAM", message }) as M95Error;
    t.false(JSON.stringify({ ...error, stack: error.stack }).includes("c2VjcmV0"));
    t.throws(() => new M95(options()).connect({ host: "h", tls }), { code: "EPARAM", message });
  }
});

test("Moddable: a Resource is no ArrayBuffer, but as good", (t) => {
  String.fromArrayBuffer = (buffer) => new TextDecoder("utf-8", { fatal: true }).decode(buffer);
  const { buffer } = new TextEncoder().encode(ca);
  class Resource {
    byteLength = buffer.byteLength;
    slice(from: number): ArrayBuffer {
      return buffer.slice(from);
    }
  }
  t.is(moddable.toBytes(new Resource()), ca);
  t.is(moddable.toBytes({}), undefined);
  t.is(moddable.toBytes(null), undefined);
  t.is(moddable.toBytes([65]), undefined);
});

test("a build without the part says so, and connects without TLS", (t) => {
  const error = { code: "ETLS", message: "tls: not in this build" };
  t.throws(() => new CoreM95({ ...options(), tls: { ca } }), error);
  t.throws(() => new CoreM95(options()).connect({ host: "h", tls: true }), error);
  t.notThrows(() => new CoreM95(options()).connect({ host: "h", tls: false }));
});

test("tls in the M95's options is the default of its clients; false is the way out of it", (t) => {
  const b = bench({ ca, ignoreTime: true });
  const plain = connect(b, { tls: false });
  const other = connect(b, { clientId: "you" });
  b.until("both", () => plain.connected && other.connected);
  const lines = traffic(b);
  t.deepEqual(
    lines.filter((line) => /^QMT(CFG="SSL",0|OPEN=0)/.test(line)),
    ['QMTCFG="SSL",0,0', 'QMTOPEN=0,"broker.example",1883'],
  );
  t.deepEqual(
    lines.filter((line) => /^QMT(CFG="SSL",1|OPEN=1)/.test(line)),
    ['QMTCFG="SSL",1,1,0', 'QMTOPEN=1,"broker.example",8883'],
  );
});

test("a context configured by other means is used as it is", (t) => {
  const b = bench();
  connect(b, { tls: { context: 3, configured: true } });
  b.until("the network", () => traffic(b).some((line) => line.startsWith("QMTOPEN")));
  t.deepEqual(traffic(b), ['QMTCFG="SSL",0,1,3', 'QMTOPEN=0,"broker.example",8883']);
});

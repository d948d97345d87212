// The modem's clock before certificates are verified, and what is said when the network does not open.
import test from "ava";
import { bench, ca, cert, connect, key, traffic } from "./support.js";

/** 2026-11-22 18:05:09 UTC. */
const NOW = 1795370709000;

/** The questions about the time, and what was set. */
const times = (b: ReturnType<typeof bench>) => traffic(b).filter((line) => /CCLK|QLTS/.test(line));

const QLTS = { onSend: (text: string) => text.replace(/\+QLTS: ".*"/, '+QLTS: "26/11/22,19:05:09+04,0"') };

test("a clock that is set is left alone", (t) => {
  const b = bench({ ca }, { wallClock: () => NOW }, { clockTime: "26/11/22,19:00:00+04" });
  const client = connect(b);
  b.until("connected", () => client.connected);
  t.deepEqual(
    times(b).map((line) => line.slice(0, 15)),
    ["CCLK?", '+CCLK: "26/11/2'],
  );
});

test("one that is off by more than a day is set by the host's, and left alone when the host does not know better", (t) => {
  const clocks: [clock: string, wallClock: (() => number) | undefined, last: string][] = [
    ["26/11/21,18:05:00+00", () => NOW, 'CCLK="26/11/22,18:05:09+00"'],
    ["26/11/23,18:06:00+00", () => NOW, 'CCLK="26/11/22,18:05:09+00"'],
    ["26/11/21,18:06:00+00", () => NOW, '+CCLK: "26/11/21,'],
    ["26/11/21,18:05:00+00", undefined, '+CCLK: "26/11/21,'],
    ["26/11/21,18:05:00+00", () => 1704067200001, '+CCLK: "26/11/21,'],
    ["80/01/06,00:00:16+00", () => NOW, 'CCLK="26/11/22,18:05:09+00"'],
  ];
  for (const [clockTime, wallClock, last] of clocks) {
    const b = bench({ ca }, wallClock ? { wallClock } : {}, { clockTime });
    connect(b);
    b.until("the network", () => traffic(b).some((line) => line.startsWith("QMTOPEN")));
    t.is(times(b).at(-1)!.slice(0, last.length), last, clockTime);
  }
});

test("one that shows 1980 is not set: with nobody who knows better, the failure says so", (t) => {
  const b = bench({ ca }, {}, { clockTime: "80/01/06,00:00:16+00" });
  b.broker.stop();
  connect(b);
  b.until("the error", () => b.errors.length > 0);
  t.regex(b.errors[0]!.message, /the modem's clock \(not set\)/);
});

test("one that was never set is set by the host's, or else by the network's", (t) => {
  const sources: [what: string, wallClock: (() => number) | undefined, virtual: object, last: string][] = [
    ["the host's", () => NOW, {}, 'CCLK="26/11/22,18:05:09+00"'],
    ["the host's before the network's", () => NOW + 1000, QLTS, 'CCLK="26/11/22,18:05:10+00"'],
    ["the network's", undefined, QLTS, 'CCLK="26/11/22,18:05:09+00"'],
    ["the network's, the host's being unset", () => 86400000, QLTS, 'CCLK="26/11/22,18:05:09+00"'],
    ["nobody's", undefined, {}, '+QLTS: "04/01/01,'],
    ["nobody's, the host's being unset", () => 1704067199999, {}, '+QLTS: "04/01/01,'],
  ];
  for (const [what, wallClock, virtual, last] of sources) {
    const b = bench({ ca }, wallClock ? { wallClock } : {}, virtual);
    connect(b);
    b.until("the network", () => traffic(b).some((line) => line.startsWith("QMTOPEN")));
    const all = times(b);
    t.is(all.at(-1)!.slice(0, last.length), last, what);
    t.is(all[2], "QLTS", what);
  }
});

test("without a check of certificates, or with ignoreTime, nobody asks", (t) => {
  for (const tls of [{ securityLevel: 0 as const }, { ca, ignoreTime: true }]) {
    const b = bench(tls, { wallClock: () => NOW });
    const client = connect(b);
    b.until("connected", () => client.connected);
    t.deepEqual(times(b), []);
  }
});

test("+QMTOPEN: -1 with TLS names what to look at, in order; without TLS it does not", (t) => {
  const end = ", host and port, version and cipherSuites";
  const causes: [tls: object | false, modem: object, message: string][] = [
    [{ ca }, {}, `the modem's clock (not set), ca, securityLevel${end}`],
    [{ ca }, { wallClock: () => NOW }, `the modem's clock, ca, securityLevel${end}`],
    [{ ca, cert, key }, { wallClock: () => NOW }, `the modem's clock, ca, cert and key${end}`],
    [{ ca, ignoreTime: true }, {}, `ca, securityLevel${end}`],
    [{ securityLevel: 0 }, {}, `securityLevel${end}`],
    [false, {}, ""],
  ];
  for (const [tls, modem, causesText] of causes) {
    const b = bench(undefined, modem);
    b.broker.stop();
    connect(b, { tls: tls as never });
    b.until("the error", () => b.errors.length > 0);
    t.is(b.errors[0]!.code, "EOPEN");
    t.is(b.errors[0]!.result, -1);
    t.is(b.errors[0]!.raw, "+QMTOPEN: 0,-1");
    const text = "+QMTOPEN: 0,-1 (failed to open network)";
    t.is(b.errors[0]!.message, causesText ? `${text}; with TLS, look at ${causesText}` : text);
  }
});

// Options of a client as the commands they become, and payloads as bytes.
import { flag } from "../../../core/arguments.js";
import { binary } from "../../../core/codec.js";
import { type ConnectOptions, PAYLOAD_LIMIT, Profile, payloadOf } from "../../../core/mqtt/options.js";
import test from "../../support/harness.js";

const profile = (options: Partial<ConnectOptions>) =>
  new Profile({ host: "h", ...options }, 2, { codec: binary(), random: () => 0.5 }, undefined);

test("defaults", (t) => {
  const p = profile({});
  t.deepEqual(p.composed(), [
    'AT+QMTCFG="WILL",2,0',
    'AT+QMTCFG="TIMEOUT",2,5,3,1',
    'AT+QMTCFG="SESSION",2,1',
    'AT+QMTCFG="KEEPALIVE",2,120',
    'AT+QMTCFG="SSL",2,0',
    'AT+QMTOPEN=2,"h",1883',
    'AT+QMTCONN=2,"m95-3fffffff"',
  ]);
  t.is(p.packets, 20000);
  t.is(p.secure, undefined);
  t.false(p.resends);
  const store = { load: () => [], append() {}, remove() {} };
  t.true(profile({ store }).resends);
  t.false(profile({ store, unknown: "report" }).resends);
  t.is(p.settled.queueLimit, 16);
});

test("TLS has a port and a context of its own", (t) => {
  const secure = { context: 3, prepare() {}, causes: () => "" };
  const opening = (port?: number) => {
    const options: ConnectOptions = port === undefined ? { host: "h" } : { host: "h", port };
    return new Profile(options, 2, { codec: binary(), random: () => 0.5 }, secure).composed().slice(4, 6);
  };
  t.deepEqual(opening(), ['AT+QMTCFG="SSL",2,1,3', 'AT+QMTOPEN=2,"h",8883']);
  t.deepEqual(opening(1), ['AT+QMTCFG="SSL",2,1,3', 'AT+QMTOPEN=2,"h",1']);
});

test("a will without payload is an empty message", (t) => {
  t.is(profile({ will: { topic: "w", payload: undefined } }).composed()[0], 'AT+QMTCFG="WILL",2,1,0,0,"w",""');
});

test("payloads: the limit, the two bytes that cannot be sent, and wrong kinds", (t) => {
  t.is(payloadOf(binary(), "\0\xff\r\n", false, false), "\0\xff\r\n");
  t.is(payloadOf(binary(), "x".repeat(PAYLOAD_LIMIT), false, false).length, 1548);
  t.throws(() => payloadOf(binary(), "x".repeat(PAYLOAD_LIMIT + 1), false, false), { code: "ETOOBIG" });
  t.throws(() => payloadOf(binary(), "a\x1a", false, false), { code: "EPAYLOAD" });
  t.throws(() => payloadOf(binary(), "a\x1b", false, false), { code: "EPAYLOAD" });
  t.throws(() => payloadOf(binary(), 1, false, false), { code: "EPARAM" });
  t.is(binary().toPayload, undefined);
});

test("flags can be false", (t) => {
  t.is(flag("f", undefined), undefined);
  t.false(flag("f", false));
  t.throws(() => flag("f", 0), { code: "EPARAM" });
});

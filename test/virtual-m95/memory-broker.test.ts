// The in-memory broker: sessions, QoS, retained messages, wildcards, refusals, bounds. Driven through virtual modems.

import test from "ava";
import { matches } from "../../virtual-m95/broker/topic-filter.js";
import { MemoryBroker, SimClock } from "../../virtual-m95/index.js";
import { ok, running } from "./rig.js";

test("topic filters", (t) => {
  const cases: [filter: string, topic: string, match: boolean][] = [
    ["a/b", "a/b", true],
    ["a/b", "a/b/c", false],
    ["a/b/c", "a/b", false],
    ["a/+", "a/b", true],
    ["a/+", "a", false],
    ["a/+", "a/", true],
    ["+/+", "/x", true],
    ["a/#", "a", true],
    ["a/#", "a/b/c", true],
    ["#", "a/b", true],
    ["#", "$SYS/x", false],
    ["+/x", "$SYS/x", false],
    ["$SYS/#", "$SYS/x", true],
    ["A", "a", false],
  ];
  for (const [filter, topic, match] of cases) t.is(matches(filter, topic), match, `${filter} ${topic}`);
});

test("a message goes once to each subscriber, at the lower of both QoS", (t) => {
  const rig = running().connected(t, 0).connected(t, 1);
  rig.say('AT+QMTSUB=0,1,"a/#",1,"a/+",0\r');
  rig.say('AT+QMTSUB=1,1,"b",2\r');
  rig.broker.publish("a/x", "1", 2);
  t.is(rig.hear(500), '\r\n+QMTRECV: 0,1,"a/x",1\r\n');
  rig.broker.publish("b", "2", 0);
  t.is(rig.hear(500), '\r\n+QMTRECV: 1,0,"b",2\r\n');
});

test("retained messages come with the subscription, the last one counts, an empty one deletes", (t) => {
  const rig = running().connected(t);
  rig.publish('0,0,0,1,"r"', "old");
  rig.publish('0,0,0,1,"r"', "new");
  t.is(rig.say('AT+QMTSUB=0,1,"r",1\r', 500), `${ok}\r\n+QMTSUB: 0,1,0,1\r\n\r\n+QMTRECV: 0,0,"r",new\r\n`);
  rig.publish('0,0,0,1,"r"', "");
  t.is(rig.broker.retained.size, 0);
});

test("a persistent session keeps subscriptions and QoS 1 and 2 messages, a clean one nothing", (t) => {
  for (const clean of [0, 1]) {
    const rig = running().online(t);
    rig.say(`AT+QMTCFG="SESSION",0,${clean}\r`);
    rig.connected(t).say('AT+QMTSUB=0,1,"t",2\r');
    rig.say("AT+QMTDISC=0\r");
    t.is(rig.broker.sessions.size, clean ? 0 : 1);
    rig.broker.publish("t", "zero", 0);
    rig.broker.publish("t", "one", 1);
    rig.broker.publish("t", "two", 2);
    rig.say('AT+QMTOPEN=0,"broker.example",1883\r');
    const late = '\r\n+QMTRECV: 0,1,"t",one\r\n\r\n+QMTRECV: 0,2,"t",two\r\n';
    t.is(rig.say('AT+QMTCONN=0,"m95-0"\r'), `${ok}\r\n+QMTCONN: 0,0,0\r\n${clean ? "" : late}`);
    t.is(rig.broker.sessions.get("m95-0")?.pending, 0);
  }
});

test("what a client has not acknowledged comes again after it reconnects", (t) => {
  const rig = running().online(t);
  rig.say('AT+QMTCFG="SESSION",0,0\r');
  rig.connected(t).say('AT+QMTSUB=0,1,"t",2\r');
  rig.broker.ignore = ({ cmd }) => cmd === "puback" || cmd === "pubrec";
  rig.broker.publish("t", "one", 1);
  rig.broker.publish("t", "two", 2);
  const both = '\r\n+QMTRECV: 0,1,"t",one\r\n\r\n+QMTRECV: 0,2,"t",two\r\n';
  t.is(rig.hear(200), both);
  rig.broker.kickAll();
  rig.broker.ignore = () => false;
  t.is(rig.hear(200), "\r\n+QMTSTAT: 0,1\r\n");
  rig.say('AT+QMTOPEN=0,"broker.example",1883\r');
  t.is(rig.say('AT+QMTCONN=0,"m95-0"\r', 500), `${ok}\r\n+QMTCONN: 0,0,0\r\n${both}`);
  t.is(rig.broker.sessions.get("m95-0")?.pending, 0);
});

test("queues of absent clients and the list of received messages are bounded", (t) => {
  const rig = running({}, { queueLimit: 3, receivedLimit: 2 }).online(t);
  rig.say('AT+QMTCFG="SESSION",0,0\r');
  rig.connected(t).say('AT+QMTSUB=0,1,"t",1\r');
  for (let i = 1; i <= 3; i++) rig.publish('0,0,0,0,"u"', String(i));
  t.is(rig.broker.receivedCount, 3);
  t.deepEqual(
    rig.broker.received.map(({ payload }) => String(payload)),
    ["2", "3"],
  );
  rig.say("AT+QMTDISC=0\r");
  for (let i = 0; i < 10; i++) rig.broker.publish("t", "x", 1);
  t.is(rig.broker.sessions.get("m95-0")?.pending, 3);
});

test("a second connection with the same clientID ends the first", (t) => {
  const rig = running().connected(t, 0);
  rig.say('AT+QMTOPEN=1,"broker.example",1883\r');
  const answer = rig.say('AT+QMTCONN=1,"m95-0"\r');
  t.true(answer.includes("\r\n+QMTSTAT: 0,1\r\n"));
  t.true(answer.includes("\r\n+QMTCONN: 1,0,0\r\n"));
  t.deepEqual(rig.broker.clients, ["m95-0"]);
});

test("stop refuses, start listens again, restart keeps sessions or forgets them", (t) => {
  const rig = running().online(t);
  rig.say('AT+QMTCFG="SESSION",0,0\r');
  rig.connected(t).publish('0,0,0,1,"r"', "kept");
  rig.broker.stop();
  t.is(rig.hear(200), "\r\n+QMTSTAT: 0,1\r\n");
  t.is(rig.say('AT+QMTOPEN=0,"broker.example",1883\r'), `${ok}\r\n+QMTOPEN: 0,-1\r\n`);
  rig.broker.start();
  rig.connected(t);
  rig.broker.restart();
  t.is(rig.hear(200), "\r\n+QMTSTAT: 0,1\r\n");
  t.deepEqual([rig.broker.sessions.size, rig.broker.retained.size], [1, 1]);
  rig.broker.restart(true);
  t.deepEqual([rig.broker.sessions.size, rig.broker.retained.size], [0, 0]);
});

test("a connection that talks before CONNECT, twice CONNECT or nonsense is closed", (t) => {
  for (const bytes of [
    [0xc0, 0],
    [0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  ]) {
    const clock = new SimClock();
    const broker = new MemoryBroker({ clock, latency: 10 });
    let closed = false;
    const socket = broker.network.connect("any", 1883, {
      onConnect: () => socket.write(Buffer.from(bytes)),
      onData: () => {},
      onClose: () => {
        closed = true;
      },
    });
    clock.advance(100);
    t.true(closed);
    t.is(broker.connections, 0);
  }
});

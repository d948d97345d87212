// Delivery by the virtual modem: prompt, window, QoS, retransmission, keepalive, QMTSTAT, QMTRECV (note 3.2.8 and 4).

import test from "ava";
import fc from "fast-check";
import { cmeError, ok, running } from "./rig.js";

test("QoS 0, 1 and 2 reach the broker once, with retain, and are reported", (t) => {
  const rig = running().connected(t);
  for (const qos of [0, 1, 2]) {
    t.is(rig.publish(`0,${qos},${qos},1,"a/${qos}"`, `payload ${qos}`), `\r\n>${ok}\r\n+QMTPUB: 0,${qos},0\r\n`);
  }
  t.deepEqual(
    rig.broker.received.map(({ topic, payload, qos, retain, dup }) => [topic, String(payload), qos, retain, dup]),
    [0, 1, 2].map((qos) => [`a/${qos}`, `payload ${qos}`, qos, true, false]),
  );
  t.deepEqual(rig.modem.violations, []);
});

test("a sixth publish in flight gets 8512; a msgID in flight is refused", (t) => {
  const rig = running().connected(t);
  rig.broker.ignore = ({ cmd }) => cmd === "publish";
  for (let id = 1; id <= 5; id++) t.is(rig.publish(`0,${id},1,0,"t"`, "x", 50), `\r\n>${ok}`);
  t.is(rig.say('AT+QMTPUB=0,3,1,0,"t"\r'), cmeError(8507));
  t.is(rig.say('AT+QMTPUB=0,6,1,0,"t"\r'), cmeError(8512));
  t.is(rig.say('AT+QMTSUB=0,5,"t",0\r'), cmeError(8507));
  t.deepEqual(rig.kinds, ["duplicate-msgid", "in-flight-window", "duplicate-msgid"]);
  rig.broker.ignore = () => false;
  t.is(rig.hear(6000).match(/\+QMTPUB: 0,[1-5],0/g)?.length, 5);
  t.is(rig.publish('0,6,1,0,"t"', "x"), `\r\n>${ok}\r\n+QMTPUB: 0,6,0\r\n`);
});

test("other clients have windows of their own", (t) => {
  const rig = running().connected(t, 0).connected(t, 1);
  rig.broker.ignore = ({ cmd }) => cmd === "publish";
  for (let id = 1; id <= 5; id++) rig.publish(`0,${id},1,0,"t"`, "x", 50);
  t.is(rig.publish('1,1,1,0,"t"', "x", 50), `\r\n>${ok}`);
});

test("1548 bytes pass, the surplus is dropped and a violation", (t) => {
  const rig = running().connected(t);
  rig.publish('0,0,0,0,"t"', "x".repeat(1548), 500);
  t.is(rig.broker.received.at(-1)?.payload.length, 1548);
  t.deepEqual(rig.modem.violations, []);
  t.is(rig.publish('0,0,0,0,"t"', "y".repeat(1550), 500), `\r\n>${ok}\r\n+QMTPUB: 0,0,0\r\n`);
  t.is(rig.broker.received.at(-1)?.payload.length, 1548);
  t.deepEqual(rig.kinds, ["payload-too-long"]);
});

test("an empty payload, and any bytes but 0x1A and 0x1B", (t) => {
  const rig = running({ paceUart: false }).connected(t);
  rig.publish('0,0,0,0,"t"', "");
  t.is(rig.broker.received.at(-1)?.payload.length, 0);
  const byte = fc.integer({ min: 0, max: 255 }).filter((code) => code !== 0x1a && code !== 0x1b);
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 60 }), (codes) => {
      const payload = String.fromCharCode(...codes);
      rig.publish('0,0,0,0,"t"', payload);
      return rig.broker.received.at(-1)!.payload.toString("latin1") === payload;
    }),
    { numRuns: 100 },
  );
  t.deepEqual(rig.modem.violations, []);
});

test("ESC cancels: OK, or nothing, and nothing is sent", (t) => {
  const rig = running().connected(t);
  rig.say('AT+QMTPUB=0,1,1,0,"t"\r');
  t.is(rig.say("half\x1b"), ok);
  const silent = running({ quirks: { escAnswer: "" } }).connected(t);
  silent.say('AT+QMTPUB=0,1,1,0,"t"\r');
  t.is(silent.say("half\x1b"), "");
  t.is(silent.say("AT\r"), ok);
  t.is(rig.broker.receivedCount + silent.broker.receivedCount, 0);
});

test("quirk promptBlank", (t) => {
  const rig = running({ quirks: { promptBlank: true } }).connected(t);
  t.is(rig.say('AT+QMTPUB=0,0,0,0,"t"\r'), "\r\n> ");
});

test("the LF of a CR LF behind AT+QMTPUB is ignored, or by quirk the first payload byte", (t) => {
  for (const [lfIntoPayload, payload] of [
    [false, "x"],
    [true, "\nx"],
  ] as const) {
    const rig = running({ quirks: { lfIntoPayload } }).connected(t);
    rig.say('AT+QMTPUB=0,0,0,0,"t"\r\n');
    rig.say("x\x1a");
    t.is(String(rig.broker.received[0]?.payload), payload);
  }
});

test("URCs wait while the prompt is open, or by quirk mix in", (t) => {
  const rig = running().connected(t);
  rig.say('AT+QMTSUB=0,1,"t",0\r');
  rig.say('AT+QMTPUB=0,0,0,0,"u"\r');
  rig.broker.publish("t", "news");
  t.is(rig.hear(500), "");
  t.is(rig.say("x\x1a"), `\r\n+QMTRECV: 0,0,"t",news\r\n${ok}\r\n+QMTPUB: 0,0,0\r\n`);
  const mixed = running({ quirks: { urcInPrompt: "mix" } });
  mixed.connected(t).say('AT+QMTPUB=0,0,0,0,"u"\r');
  mixed.modem.urc("+CREG: 2");
  t.is(mixed.hear(50), "\r\n+CREG: 2\r\n");
});

test("a prompt left open for ever does not collect URCs for ever", (t) => {
  const rig = running().connected(t);
  rig.say('AT+QMTPUB=0,0,0,0,"u"\r');
  for (let i = 0; i < 1500; i++) rig.modem.urc(`+CREG: ${i}`);
  t.is(rig.say("\x1b", 3000).match(/\+CREG/g)?.length, 1000);
});

test("data sent without waiting for the prompt is lost", (t) => {
  const rig = running().connected(t);
  t.is(rig.say('AT+QMTPUB=0,0,0,0,"t"\rx\x1a'), "\r\n>");
  t.deepEqual(rig.kinds, ["busy"]);
});

test("the four forms of +QMTRECV, binary payload as it is", (t) => {
  const forms = {
    1: '+QMTRECV: 0,1, "a,b", "p\r\n\x00"q"',
    2: '+QMTRECV: 0,1,"a,b",p\r\n\x00"q',
    3: '+QMTRECV: 0,1,a,b,p\r\n\x00"q',
    4: '+QMTRECV: 0,1,"a,b","p\r\n\x00"q"',
  };
  for (const [shape, text] of Object.entries(forms)) {
    const rig = running({ quirks: { recvShape: Number(shape) as 1 | 2 | 3 | 4 } }).connected(t);
    rig.say('AT+QMTSUB=0,1,"a,b",1\r');
    rig.broker.publish("a,b", 'p\r\n\x00"q', 1);
    t.is(rig.hear(200), `\r\n${text}\r\n`, `shape ${shape}`);
  }
});

test("quirk showRecvLen: lengths in +QMTRECV on demand, QMTPUB with a length and no Ctrl+Z", (t) => {
  const rig = running({ quirks: { showRecvLen: true } }).connected(t);
  t.true(rig.say("AT+QMTCFG=?\r").includes('+QMTCFG: "SHOWRECVLEN",(0-5),(0,1)\r\n'));
  t.true(rig.say("AT+QMTPUB=?\r").includes("<topic>,<length>"));
  rig.say('AT+QMTSUB=0,1,"t",0\r');
  t.is(rig.say('AT+QMTPUB=0,0,0,0,"t",6\r'), "\r\n>");
  t.is(rig.say("\x1a\x1b+++!"), `${ok}\r\n+QMTPUB: 0,0,0\r\n\r\n+QMTRECV: 0,0,"t",\x1a\x1b+++!\r\n`);
  t.is(rig.say('AT+QMTCFG="SHOWRECVLEN",0,1\r'), ok);
  t.is(rig.say('AT+QMTCFG="SHOWRECVLEN",0\r'), `\r\n+QMTCFG: 1\r\n${ok}`);
  rig.broker.publish("t", "grüße");
  t.is(rig.hear(200), '\r\n+QMTRECV: 0,0,"t",7,gr\xc3\xbc\xc3\x9fe\r\n');
});

test("UTF-8 topics travel both ways", (t) => {
  const rig = running().connected(t);
  rig.say('AT+QMTSUB=0,1,"gr\xc3\xbcn/#",0\r');
  t.true(rig.publish('0,0,0,0,"gr\xc3\xbcn/x"', "1").endsWith('\r\n+QMTRECV: 0,0,"gr\xc3\xbcn/x",1\r\n'));
  t.is(rig.broker.received[0]?.topic, "grün/x");
});

test("granted QoS comes as a vector, 128 for a refused filter", (t) => {
  const rig = running().connected(t);
  rig.broker.grant = (filter, qos) => (filter === "secret" ? 128 : Math.min(qos, 1));
  t.is(rig.say('AT+QMTSUB=0,7,"a",2,"secret",1,"b",0\r'), `${ok}\r\n+QMTSUB: 0,7,0,1,128,0\r\n`);
  rig.broker.publish("secret", "x");
  t.is(rig.hear(200), "");
});

test("a publish without acknowledgement is sent again with DUP, reported when asked for, and given up", (t) => {
  const rig = running().connected(t);
  t.is(rig.say('AT+QMTCFG="TIMEOUT",0,2,3,1\r'), ok);
  const sent: [at: number, dup: boolean][] = [];
  rig.broker.ignore = (packet) => {
    if (packet.cmd !== "publish") return false;
    sent.push([Math.round((rig.clock.now() - start) / 100) / 10, packet.dup]);
    return true;
  };
  rig.say('AT+QMTPUB=0,9,1,0,"t"\r');
  const start = rig.clock.now();
  t.is(rig.say("x\x1a", 1900), ok);
  t.is(rig.hear(2000), "\r\n+QMTPUB: 0,9,1,1\r\n");
  t.is(rig.hear(2000), "\r\n+QMTPUB: 0,9,1,2\r\n");
  t.is(rig.hear(2000), "\r\n+QMTPUB: 0,9,1,3\r\n");
  t.is(rig.hear(2000), "\r\n+QMTPUB: 0,9,2\r\n\r\n+QMTSTAT: 0,6\r\n");
  t.deepEqual(sent, [
    [0.1, false],
    [2.1, true],
    [4.1, true],
    [6.1, true],
  ]);
});

test("without timeout_notice only the end is reported; an acknowledgement in between settles it", (t) => {
  const rig = running().connected(t);
  let lost = 2;
  rig.broker.ignore = ({ cmd }) => cmd === "publish" && lost-- > 0;
  t.is(rig.publish('0,1,1,0,"t"', "x", 9900), `\r\n>${ok}`);
  t.is(rig.hear(500), "\r\n+QMTPUB: 0,1,0\r\n");
  t.is(rig.broker.received[0]?.dup, true);
});

test("quirk closeAfterFailures: result 2 without closing, or closing after several", (t) => {
  for (const [limit, last] of [
    [0, ""],
    [2, "\r\n+QMTSTAT: 0,6\r\n"],
  ] as const) {
    const rig = running({ quirks: { closeAfterFailures: limit } }).connected(t);
    rig.say('AT+QMTCFG="TIMEOUT",0,1,0\r');
    rig.broker.ignore = ({ cmd }) => cmd === "publish";
    t.is(rig.publish('0,1,1,0,"t"', "x", 1500), `\r\n>${ok}\r\n+QMTPUB: 0,1,2\r\n`);
    t.is(rig.publish('0,2,1,0,"t"', "x", 1500), `\r\n>${ok}\r\n+QMTPUB: 0,2,2\r\n${last}`);
  }
});

test("QoS 2: a lost PUBREC repeats PUBLISH, a lost PUBCOMP repeats PUBREL; delivered once", (t) => {
  const rig = running().connected(t);
  const seen: string[] = [];
  let lost = 0;
  rig.broker.ignore = ({ cmd }) => {
    seen.push(cmd);
    return lost-- > 0;
  };
  lost = 1;
  rig.publish('0,1,2,0,"t"', "x", 5080);
  lost = 1;
  t.is(rig.hear(6000), "\r\n+QMTPUB: 0,1,0\r\n");
  t.deepEqual(seen, ["publish", "publish", "pubrel", "pubrel"]);
  t.is(rig.broker.receivedCount, 1);
});

test("subscribe and unsubscribe are repeated and given up alike", (t) => {
  const rig = running({ quirks: { closeAfterFailures: 0 } }).connected(t);
  rig.say('AT+QMTCFG="TIMEOUT",0,1,1,1\r');
  rig.broker.ignore = () => true;
  t.is(rig.say('AT+QMTSUB=0,1,"t",1\r', 2500), `${ok}\r\n+QMTSUB: 0,1,1,1\r\n\r\n+QMTSUB: 0,1,2\r\n`);
  t.is(rig.say('AT+QMTUNS=0,2,"t"\r', 2500), `${ok}\r\n+QMTUNS: 0,2,1,1\r\n\r\n+QMTUNS: 0,2,2\r\n`);
});

test("CONNECT: no CONNACK ends in result 2 and +QMTSTAT 4, no radio in 3", (t) => {
  for (const [down, code] of [
    [false, 4],
    [true, 3],
  ] as const) {
    const rig = running({}, { connectTimeout: 60_000 }).online(t);
    rig.say('AT+QMTCFG="TIMEOUT",0,5,1,1\r');
    rig.say('AT+QMTOPEN=0,"broker.example",1883\r');
    rig.broker.ignore = () => true;
    rig.modem.networkDown(down);
    t.is(
      rig.say('AT+QMTCONN=0,"c"\r', 11_000),
      `${ok}\r\n+QMTCONN: 0,1,1\r\n\r\n+QMTCONN: 0,2\r\n\r\n+QMTSTAT: 0,${code}\r\n`,
    );
  }
});

test("a socket without CONNECT is closed by the broker: +QMTSTAT 1", (t) => {
  const rig = running().online(t);
  rig.say('AT+QMTOPEN=0,"broker.example",1883\r');
  t.is(rig.hear(11_000), "\r\n+QMTSTAT: 0,1\r\n");
});

test("the modem keeps the session alive with PINGREQ, and reports +QMTSTAT 2 without PINGRESP", (t) => {
  const rig = running().online(t);
  rig.say('AT+QMTCFG="KEEPALIVE",0,30\r');
  rig.connected(t);
  t.is(rig.hear(600_000), "");
  t.deepEqual(rig.broker.clients, ["m95-0"]);
  rig.broker.ignore = ({ cmd }) => cmd === "pingreq";
  t.is(rig.hear(30_000 + 4 * 5000), "\r\n+QMTSTAT: 0,2\r\n");
});

test("keepalive 0: no PINGREQ, no end", (t) => {
  const rig = running().online(t);
  rig.say('AT+QMTCFG="KEEPALIVE",0,0\r');
  rig.connected(t);
  let packets = 0;
  rig.broker.ignore = () => {
    packets++;
    return false;
  };
  t.is(rig.hear(86_400_000), "");
  t.is(packets, 0);
  t.deepEqual(rig.broker.clients, ["m95-0"]);
});

test("network down: bytes wait and flow again, or the modem gives up", (t) => {
  const rig = running().connected(t);
  rig.say('AT+QMTSUB=0,1,"t",1\r');
  rig.modem.networkDown(true);
  rig.broker.publish("t", "late", 1);
  t.is(rig.publish('0,2,1,0,"u"', "x", 3000), `\r\n>${ok}`);
  rig.modem.networkDown(false);
  t.is(rig.hear(200), '\r\n+QMTRECV: 0,1,"t",late\r\n\r\n+QMTPUB: 0,2,0\r\n');
  rig.modem.networkDown(true);
  t.is(rig.publish('0,3,1,0,"u"', "x", 21_000), `\r\n>${ok}\r\n+QMTPUB: 0,3,2\r\n\r\n+QMTSTAT: 0,6\r\n`);
  t.is(rig.say("AT+QMTCONN?\r"), ok);
});

test("losing the GPRS registration stops packets too", (t) => {
  const rig = running().connected(t);
  rig.modem.setRegistration(2, 2);
  t.is(rig.publish('0,1,1,0,"u"', "x", 1000), `\r\n>${ok}`);
  rig.modem.setRegistration(1, 1);
  t.is(rig.hear(500), "\r\n+QMTPUB: 0,1,0\r\n");
});

test("the broker closes, the modem is told to drop: +QMTSTAT with its code, publishes in flight stay without verdict", (t) => {
  const rig = running().connected(t);
  rig.broker.ignore = ({ cmd }) => cmd === "publish";
  rig.publish('0,1,1,0,"t"', "x");
  rig.broker.kickAll();
  t.is(rig.hear(60_000), "\r\n+QMTSTAT: 0,1\r\n");
  rig.broker.ignore = () => false;
  for (const code of [1, 2, 3, 4, 5, 6, 7]) {
    rig.connected(t);
    rig.modem.dropLink(0, code);
    t.is(rig.hear(100), `\r\n+QMTSTAT: 0,${code}\r\n`);
    t.is(rig.say("AT+QMTOPEN?\r"), ok);
  }
  rig.modem.dropLink(0, 1);
  t.is(rig.hear(100), "");
});

test("a reset, a power cut and dispose leave nothing behind; the broker hears of none of them", (t) => {
  for (const end of ["reboot", "cut", "dispose"] as const) {
    const rig = running({ baud: 115_200 }).online(t);
    rig.say('AT+QMTCFG="KEEPALIVE",0,60\r');
    rig.say('AT+QMTCFG="WILL",0,1,1,0,"will","gone"\r');
    rig.connected(t);
    if (end === "reboot") rig.modem.reboot();
    if (end === "cut") rig.modem.pins.supply.write(0);
    if (end === "dispose") rig.modem.dispose();
    rig.clock.advance(60_000);
    t.deepEqual(rig.broker.clients, ["m95-0"], end);
    rig.clock.advance(31_000);
    t.deepEqual(rig.broker.clients, [], end);
    t.deepEqual(
      rig.broker.received.map(({ topic, payload, qos }) => [topic, String(payload), qos]),
      [["will", "gone", 1]],
    );
    t.is(rig.clock.pending, 0);
  }
});

test("the will is not published after AT+QMTDISC, but after AT+QMTCLOSE", (t) => {
  for (const [command, wills] of [
    ["DISC", 0],
    ["CLOSE", 1],
  ] as const) {
    const rig = running().online(t);
    rig.say('AT+QMTCFG="WILL",0,1,0,0,"will","gone"\r');
    rig.connected(t).say(`AT+QMT${command}=0\r`);
    t.is(rig.broker.receivedCount, wills, command);
  }
});

test("CONNECT carries what QMTCFG and QMTCONN say, as MQTT 3.1 or 3.1.1", (t) => {
  for (const protocolVersion of [3, 4] as const) {
    const rig = running({ protocolVersion }).online(t);
    rig.say('AT+QMTCFG="SESSION",0,0\r');
    rig.say('AT+QMTCFG="KEEPALIVE",0,3600\r');
    rig.say('AT+QMTCFG="WILL",0,1,2,1,"w","m"\r');
    let seen: Record<string, unknown> = {};
    rig.broker.connack = (packet) => {
      seen = { ...packet };
      return 0;
    };
    rig.say('AT+QMTOPEN=0,"broker.example",1883\r');
    t.true(rig.say('AT+QMTCONN=0,"me","user","pass"\r').includes("+QMTCONN: 0,0,0"));
    t.like(seen, {
      protocolId: protocolVersion === 3 ? "MQIsdp" : "MQTT",
      protocolVersion,
      clean: false,
      keepalive: 3600,
      clientId: "me",
      username: "user",
      password: Buffer.from("pass"),
      will: { topic: "w", payload: Buffer.from("m"), qos: 2, retain: true },
    });
  }
});

test("messages held back behind a prompt come first, whatever arrives until they are out", (t) => {
  const rig = running().connected(t);
  t.true(rig.say('AT+QMTSUB=0,1,"down/#",0\r').includes("+QMTSUB: 0,1,0,0"));
  rig.say('AT+QMTPUB=0,0,0,0,"up"\r', 100);
  rig.modem.urc("+QMTRECV: 0,0,first");
  rig.say("payload\x1a", 1);
  rig.modem.urc("+QMTRECV: 0,0,second");
  rig.say('AT+QMTPUB=0,0,0,0,"up"\r', 1);
  rig.modem.urc("+QMTRECV: 0,0,third");
  const heard = rig.hear(300) + rig.say("payload\x1a");
  t.deepEqual(heard.match(/first|second|third/g), ["first", "second", "third"]);
});

test("an idle client pings on and on, and time goes by", (t) => {
  const rig = running().connected(t);
  rig.clock.advance(86_400_000);
  t.is(rig.say("AT+QMTCONN?\r"), `\r\n+QMTCONN: 0,3\r\n${ok}`);
  t.deepEqual(rig.kinds, []);
});

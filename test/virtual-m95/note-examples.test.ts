// The application note's examples (5.1, 5.2) against the virtual modem, byte for byte. The note's own text decides.

import test from "ava";
import { checksum } from "../../tls/files.js";
import { cmeError, ok, running } from "./rig.js";

test("5.1: MQTT without SSL", (t) => {
  const rig = running().online(t);
  const { broker } = rig;
  t.is(rig.say("AT+QMTOPEN=?\r"), `\r\n+QMTOPEN: <tcpconnectID>,"<host_name>",<port>\r\n${ok}`);
  t.is(rig.say('AT+QMTOPEN=0, "220.180.239.212",1883\r'), `${ok}\r\n+QMTOPEN: 0,0\r\n`);
  t.is(rig.say("AT+QMTOPEN?\r"), `\r\n+QMTOPEN: 0,"220.180.239.212",1883\r\n${ok}`);
  t.is(rig.say("AT+QMTCONN=?\r"), `\r\n+QMTCONN: <tcpconnectID>,"<clientID>"[,"<username>"[,"<password>"]]\r\n${ok}`);
  t.is(rig.say('AT+QMTCONN=0,"clientExample","username","password"\r'), `${ok}\r\n+QMTCONN: 0,0,0\r\n`);
  t.deepEqual(broker.clients, ["clientExample"]);
  t.is(rig.say("AT+QMTSUB=?\r"), `\r\n+QMTSUB : <tcpconnectID>,<msgID>,"<topic>",<qos>\r\n${ok}`);
  t.is(rig.say('AT+QMTSUB=0,1,"topic/example",2\r'), `${ok}\r\n+QMTSUB: 0,1,0,2\r\n`);
  t.is(rig.say('AT+QMTSUB=0,1,"topic/pub",0\r'), `${ok}\r\n+QMTSUB: 0,1,0,0\r\n`);
  broker.publish("topic/example", "This is the payload related to topic");
  t.is(rig.hear(100), '\r\n+QMTRECV: 0,0,"topic/example",This is the payload related to topic\r\n');
  t.is(rig.say('AT+QMTUNS=0,2, "topic/example"\r'), `${ok}\r\n+QMTUNS: 0,2,0\r\n`);
  t.is(rig.say("AT+QMTPUB=?\r"), `\r\n+QMTPUB : <tcpconnectID>,<msgID>,<qos>,<retain>,<topic>\r\n${ok}`);
  t.is(rig.say('AT+QMTPUB=0,0,0,0,"topic/pub"\r'), "\r\n>");
  t.is(
    rig.say("This is test data, hello MQTT.\x1a"),
    `${ok}\r\n+QMTPUB: 0,0,0\r\n\r\n+QMTRECV: 0,0,"topic/pub",This is test data, hello MQTT.\r\n`,
  );
  t.is(rig.say("AT+QMTDISC=0\r"), `${ok}\r\n+QMTDISC: 0,0\r\n`);
  t.deepEqual(broker.clients, []);
  t.deepEqual(rig.modem.violations, []);
});

test("4.1.2: the first example's quoted payload is shape 1", (t) => {
  const rig = running({ quirks: { recvShape: 1 } }).connected(t);
  rig.say('AT+QMTSUB=0,1,"topic/example",2\r');
  rig.broker.publish("topic/example", "This is the payload related to topic");
  t.is(rig.hear(100), '\r\n+QMTRECV: 0,0, "topic/example", "This is the payload related to topic"\r\n');
});

test("5.1 with echo on: the payload is echoed behind the prompt as the note shows it", (t) => {
  const rig = running().connected(t);
  rig.say("ATE1\r");
  t.is(rig.say('AT+QMTPUB=0,0,0,0,"topic/pub"\r'), 'AT+QMTPUB=0,0,0,0,"topic/pub"\r\r\n>');
  t.is(rig.say("hello\x1a"), `hello${ok}\r\n+QMTPUB: 0,0,0\r\n`);
});

test("5.2: MQTT with SSL", (t) => {
  const rig = running({ quirks: { secllevel: true } }).online(t);
  t.is(rig.say('AT+QMTCFG="SSL", 0, 1, 2\r'), ok);
  for (const [name, size] of [
    ["cacert.pem", 1758],
    ["client.pem", 1220],
    ["user_key.pem", 1679],
  ] as const) {
    const data = "0123456789abcdef\n".repeat(120).slice(0, size);
    t.is(rig.say(`AT+QSECWRITE="RAM:${name}",${size},100\r`), "\r\nCONNECT\r\n");
    t.is(rig.say(data), `\r\n+QSECWRITE: ${size},${checksum(data).toString(16)}\r\n${ok}`);
  }
  for (const command of [
    'AT+QSSLCFG="cacert",2,"RAM:cacert.pem"',
    'AT+QSSLCFG="clientcert",2,"RAM:client.pem"',
    'AT+QSSLCFG="clientkey",2,"RAM:user_key.pem"',
    'AT+QSSLCFG="secllevel",2,2',
    'AT+QSSLCFG="sslversion",2,4',
    'AT+QSSLCFG="ciphersuite",2,"0xFFFF"',
    'AT+Qsslcfg="ignorertctime",1',
  ]) {
    t.is(rig.say(`${command}\r`), ok, command);
  }
  t.is(rig.say('AT+QMTOPEN=0, "a1zgnxur10j8ux.iot.us-east-1.amazonaws.com", "8883"\r'), `${ok}\r\n+QMTOPEN: 0,0\r\n`);
  t.is(rig.say('AT+QMTCONN=0,"M95_0206"\r'), `${ok}\r\n+QMTCONN: 0,0,0\r\n`);
  const topic = "$aws/things/M95_0206/shadow/update/accepted";
  t.is(rig.say(`AT+QMTSUB=0,1,"${topic}",1\r`), `${ok}\r\n+QMTSUB: 0,1,0,1\r\n`);
  t.is(rig.say(`AT+QMTPUB=0,1,1,0,"${topic}"\r`), "\r\n>");
  t.is(
    rig.say("This is publish data from client\x1a"),
    `${ok}\r\n+QMTRECV: 0,1,"${topic}",This is publish data from client\r\n\r\n+QMTPUB: 0,1,0\r\n`,
  );
  t.is(rig.say("AT+QMTDISC=0\r"), `${ok}\r\n+QMTDISC: 0,0\r\n`);
  t.deepEqual(rig.modem.violations, []);
});

test("checksum: XOR of big-endian words, as logs of real modules show it", (t) => {
  const known = { A: "4100", AB: "4142", ABC: "242", hello: "6b09", "hello\n": "6b03", "123456789": "3908", "": "0" };
  for (const [text, sum] of Object.entries(known)) t.is(checksum(text).toString(16), sum, text);
});

test("certificates: existing names, read, delete, time-out, +++, what a power cycle leaves", (t) => {
  const rig = running({ baud: 115_200 });
  rig.say("ATE0;+CMEE=1\r");
  const write = (name: string, data: string): string => {
    rig.say(`AT+QSECWRITE="${name}",${data.length}\r`);
    return rig.say(data);
  };
  t.is(write("RAM:ca", "hello"), `\r\n+QSECWRITE: 5,6b09\r\n${ok}`);
  t.is(rig.say('AT+QSECWRITE="RAM:ca",5\r'), cmeError(23));
  t.is(rig.say('AT+QSECREAD="RAM:ca"\r'), `\r\n+QSECREAD: 1,6b09\r\n${ok}`);
  t.is(rig.say('AT+QSECDEL="RAM:ca"\r'), ok);
  t.is(rig.say('AT+QSECDEL="RAM:ca"\r'), cmeError(22));
  t.is(rig.say('AT+QSECREAD="RAM:ca"\r'), cmeError(22));
  // Asked for 10 bytes, got 5 until the time-out.
  t.is(rig.say('AT+QSECWRITE="RAM:short",10,5\r'), "\r\nCONNECT\r\n");
  t.is(rig.say("hello", 4000), "");
  t.is(rig.hear(1000), `\r\n+QSECWRITE: 5,6b09\r\n${ok}`);
  t.is(rig.say('AT+QSECWRITE="RAM:plus",10,5\r'), "\r\nCONNECT\r\n");
  // Three in a row inside a file are data; behind a pause they are the way out.
  t.is(rig.say("AB+++"), "");
  rig.hear(500);
  t.is(rig.say("+++"), `\r\n+QSECWRITE: 5,4169\r\n${ok}`);
  t.is(write("NVRAM:CA0", "ABC"), `\r\n+QSECWRITE: 3,242\r\n${ok}`);
  t.is(rig.say('AT+QSSLCFG="seclevel",1,1\r'), ok);
  t.is(rig.say('AT+QSSLCFG="ctxindex",1\r'), `\r\n+QSSLCFG: "seclevel",1,1\r\n+QSSLCFG: "ignorertctime",0\r\n${ok}`);
  rig.modem.reboot();
  rig.hear(8000);
  rig.say("ATE0;+CMEE=1\r");
  t.is(rig.say('AT+QSECREAD="RAM:short"\r'), cmeError(22));
  t.is(rig.say('AT+QSECREAD="NVRAM:CA0"\r'), `\r\n+QSECREAD: 1,242\r\n${ok}`);
  t.is(rig.say('AT+QSSLCFG="ctxindex",1\r'), `\r\n+QSSLCFG: "ignorertctime",0\r\n${ok}`);
  t.deepEqual(rig.modem.violations, []);
});

test("a handshake without the files its security level needs fails as +QMTOPEN: id,-1", (t) => {
  const rig = running().online(t);
  rig.say('AT+QMTCFG="SSL",0,1,2\r');
  rig.say('AT+QSSLCFG="seclevel",2,1\r');
  t.is(rig.say('AT+QMTOPEN=0,"broker.example",8883\r'), `${ok}\r\n+QMTOPEN: 0,-1\r\n`);
});

// The way of certificates into the modem: asked for, uploaded, compared, configured; again after a reboot.
import test from "ava";
import { bench, ca, cert, connect, key, traffic } from "./support.js";

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

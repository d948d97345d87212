// What is veiled in a trace, line by line, and what is left as it is.

import test from "ava";
import { Mask, type Secret, veil } from "../../trace/mask.js";

function masked(text: string): [string, Secret[]] {
  const kinds: Secret[] = [];
  const shown = new Mask((kind) => kinds.push(kind)).text(text);
  return [shown, [...new Set(kinds)]];
}

test("a veil keeps lengths, and digits apart from other characters", (t) => {
  t.is(veil("Ab1-é9"), "xx0xx0");
});

for (const [line, shown, kind] of [
  ['AT+CPIN="4711"\r', 'AT+CPIN="0000"\r', "PIN"],
  ["at+cpin=4711\r", "at+cpin=0000\r", "PIN"],
  ['AT+CPIN="12345678","4711"\r', 'AT+CPIN="00000000","0000"\r', "PIN"],
  ['AT+CLCK="SC",1,"4711"\r', 'AT+CLCK="SC",1,"0000"\r', "PIN"],
  ['AT+CPWD="SC","4711","0815"\r', 'AT+CPWD="SC","0000","0000"\r', "PIN"],
  ['AT+QICSGP=1,"internet","me","secret7"\r', 'AT+QICSGP=1,"internet","xx","xxxxxx0"\r', "APN login"],
  ['AT+QIREGAPP="internet","me","pw"\r', 'AT+QIREGAPP="internet","xx","xx"\r', "APN login"],
  ['AT+QMTCONN=0,"client 1","user","pass"\r', 'AT+QMTCONN=0,"client 1","xxxx","xxxx"\r', "MQTT login"],
  ['+CLIP: "+491701234567",145\r\n', '+CLIP: "x000000000000",145\r\n', "telephone number"],
  ['+CMGR: "REC UNREAD","+49170123",,"x"\r\n', '+CMGR: "REC UNREAD","x00000000",,"x"\r\n', "telephone number"],
  ['+CNUM: "","+491701234567",145\r\n', '+CNUM: "","x000000000000",145\r\n', "telephone number"],
  ['AT+CMGS="+49170"\r', 'AT+CMGS="x00000"\r', "telephone number"],
  ["ATD+49170;\r", "ATDx00000;\r", "telephone number"],
  ["861234567890123\r\n", "000000000000000\r\n", "IMEI, IMSI or ICCID"],
  ["89490200001234567890F\r\n", "00000000000000000000x\r\n", "IMEI, IMSI or ICCID"],
  ['+CCID: "89490200001234567890"\r\n', '+CCID: "00000000000000000000"\r\n', "IMEI, IMSI or ICCID"],
  ['+CREG: 2,1,"1A2B","3C4D"\r\n', '+CREG: 2,1,"0000","0000"\r\n', "cell"],
  ["+CGREG: 1,18A3,2F5C\r\n", "+CGREG: 1,0000,0000\r\n", "cell"],
  ["+QENG: 0,262,01,1a2b,3c4d,24,56,-61,0\r\n", "+QENG: 0,000,00,0000,0000,00,00,-61,0\r\n", "cell"],
  ["+QCELLLOC: 13.4049,52.5200\r\n", "+QCELLLOC: 00.0000,00.0000\r\n", "cell"],
] as [string, string, Secret][])
  test(`veiled: ${JSON.stringify(line)}`, (t) => t.deepEqual(masked(line), [shown, [kind]]));

for (const line of [
  "AT+CPIN?\r",
  "+CPIN: READY\r\n",
  "+CREG: 0,1\r\n",
  "+CSQ: 21,0\r\n",
  'AT+QMTCONN=0,"client"\r',
  'AT+QICSGP=1,"internet"\r',
  '+QMTRECV: 0,1,"meter/861234567890123","4711"\r\n',
  "10.76.132.9\r\n",
])
  test(`left: ${JSON.stringify(line)}`, (t) => t.deepEqual(masked(line), [line, []]));

test("a private key is veiled from its first line to its last, certificates are not", (t) => {
  const pem = (name: string, body: string) => `-----BEGIN ${name}-----\n${body}\n-----END ${name}-----\n`;
  const text = pem("CERTIFICATE", "MIIC0a==") + pem("RSA PRIVATE KEY", "MIIE/a1\nAb9==");
  t.deepEqual(masked(text), [pem("CERTIFICATE", "MIIC0a==") + pem("RSA PRIVATE KEY", "xxxxxx0\nxx0=="), ["key"]]);
});

test("values go by their names; bytes and errors have a form in JSON", (t) => {
  const kinds: Secret[] = [];
  const mask = new Mask((kind) => kinds.push(kind));
  t.deepEqual(
    mask.value({
      host: "broker",
      username: "me1",
      will: { topic: "t", payload: Uint8Array.of(0, 255) },
      done: () => {},
      none: undefined,
      list: [1, "AT+CPIN=1234"],
    }),
    { host: "broker", username: "xx0", will: { topic: "t", payload: { bytes: "\0\xff" } }, list: [1, "AT+CPIN=0000"] },
  );
  t.deepEqual(mask.value(Object.assign(new Error('AT+CPIN="4711" failed'), { code: "ESIM" })), {
    error: 'AT+CPIN="0000" failed',
    code: "ESIM",
  });
  t.deepEqual(mask.value({ apn: { name: "web", password: "pw" } }), { apn: { name: "web", password: "xx" } });
  t.deepEqual(kinds, ["MQTT login", "PIN", "PIN", "APN login"]);
});
